//! What IAM says when it does not simply agree.

use std::time::Duration;

use super::*;
use crate::clients::aws::scripted::{Script, refusal};

fn minute() -> Budget {
    Budget::uninterrupted(Duration::from_mins(1))
}

fn role() -> NewRole {
    NewRole {
        name: "app".into(),
        path: "/".into(),
        trust_policy: "{\"Statement\":[]}".into(),
        max_session_duration: 3600,
        ..NewRole::default()
    }
}

fn role_xml() -> String {
    "<RoleName>app</RoleName><Path>/</Path><RoleId>AROA1</RoleId><Arn>arn:aws:iam::1:role/app</Arn>\
     <CreateDate>2026-01-01T00:00:00Z</CreateDate>\
     <AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument>"
        .to_owned()
}

fn created() -> String {
    format!("<CreateRoleResponse><CreateRoleResult><Role>{}</Role></CreateRoleResult></CreateRoleResponse>", role_xml())
}

#[tokio::test]
async fn a_new_role_that_iam_does_not_know_yet_is_waited_for() {
    let script = Script::of(vec![
        (200, created()),
        (404, refusal("NoSuchEntity", "The role with name app cannot be found.")),
        (200, "<PutRolePolicyResponse></PutRolePolicyResponse>".into()),
    ])
    .await;
    let iam = Iam::new(&script.config(), None, 100);
    iam.create_role(&minute(), &role()).await.unwrap();
    iam.put_inline_policy(&minute(), "app", "berth", "{}").await.unwrap();
    assert_eq!(script.requests().len(), 3);
}

#[tokio::test]
async fn an_old_role_that_is_not_there_is_an_error_at_once() {
    let script = Script::of(vec![(404, refusal("NoSuchEntity", "no"))]).await;
    let iam = Iam::new(&script.config(), None, 100);
    let error = iam.put_inline_policy(&minute(), "app", "berth", "{}").await.unwrap_err();
    assert!(matches!(error, AwsError::NotFound(_)), "{error}");
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test]
async fn a_role_that_exists_after_a_lost_answer_is_our_own() {
    let role_answer =
        format!("<GetRoleResponse><GetRoleResult><Role>{}</Role></GetRoleResult></GetRoleResponse>", role_xml());
    let inline = "<ListRolePoliciesResponse><ListRolePoliciesResult><PolicyNames/></ListRolePoliciesResult></ListRolePoliciesResponse>";
    let attached =
        "<ListAttachedRolePoliciesResponse><ListAttachedRolePoliciesResult/></ListAttachedRolePoliciesResponse>";
    let script = Script::of(vec![
        (502, "<html>Bad Gateway</html>".into()),
        (409, refusal("EntityAlreadyExists", "Role with name app already exists.")),
        (200, role_answer),
        (200, inline.into()),
        (200, attached.into()),
    ])
    .await;
    let made = Iam::new(&script.config(), None, 100).create_role(&minute(), &role()).await.unwrap();
    assert_eq!(made.unique_id, "AROA1");
}

#[tokio::test]
async fn a_provider_that_exists_after_a_lost_answer_is_our_own_if_it_is_as_wanted() {
    let arn = "arn:aws:iam::1:oidc-provider/oidc.example/id/A";
    let list = format!(
        "<ListOpenIDConnectProvidersResponse><ListOpenIDConnectProvidersResult><OpenIDConnectProviderList><member>\
         <Arn>arn:aws:iam::1:oidc-provider/other.example</Arn></member><member><Arn>{arn}</Arn></member>\
         </OpenIDConnectProviderList></ListOpenIDConnectProvidersResult></ListOpenIDConnectProvidersResponse>"
    );
    let live = "<GetOpenIDConnectProviderResponse><GetOpenIDConnectProviderResult><Url>oidc.example/id/A</Url>\
                <ClientIDList><member>sts.amazonaws.com</member></ClientIDList></GetOpenIDConnectProviderResult>\
                </GetOpenIDConnectProviderResponse>";
    for (client, ours) in [("sts.amazonaws.com", true), ("other", false)] {
        let script = Script::of(vec![
            (502, "<html>Bad Gateway</html>".into()),
            (409, refusal("EntityAlreadyExists", "Provider with url oidc.example/id/A already exists.")),
            (200, list.clone()),
            (200, live.into()),
        ])
        .await;
        let client_ids = BTreeSet::from([client.to_owned()]);
        let wanted = NewProvider { url: "https://oidc.example/id/A".into(), client_ids, ..NewProvider::default() };
        let made = Iam::new(&script.config(), None, 100).create_provider(&minute(), &wanted).await;
        assert_eq!(made.ok().as_deref(), ours.then_some(arn));
    }
}

#[tokio::test]
async fn without_the_right_to_list_the_providers_one_that_exists_is_told_as_such() {
    let script = Script::of(vec![
        (502, "<html>Bad Gateway</html>".into()),
        (409, refusal("EntityAlreadyExists", "Provider with url oidc.example/id/A already exists.")),
        (403, refusal("AccessDenied", "no")),
    ])
    .await;
    let wanted = NewProvider { url: "https://oidc.example/id/A".into(), ..NewProvider::default() };
    let error = Iam::new(&script.config(), None, 100).create_provider(&minute(), &wanted).await.unwrap_err();
    assert!(matches!(error, AwsError::AlreadyExists(_)), "{error}");
}

#[tokio::test]
async fn without_the_right_to_list_the_account_each_role_is_read_by_itself() {
    let mut answers = vec![(403, refusal("AccessDenied", "no"))];
    answers.extend((0..8).map(|_| (404, refusal("NoSuchEntity", "no"))));
    let script = Script::of(answers).await;
    let iam = Iam::new(&script.config(), None, 100);
    let budget = minute();
    let names: Vec<_> = (0..5).map(|i| format!("r{i}")).collect();
    let found = futures_util::future::join_all(names.iter().map(|name| iam.role(&budget, name))).await;
    assert!(found.into_iter().all(|role| matches!(role, Ok(None))), "{:?}", script.requests());
}

#[tokio::test]
async fn audiences_are_added_before_others_are_removed() {
    let script = Script::of(vec![
        (200, "<AddClientIDToOpenIDConnectProviderResponse/>".into()),
        (200, "<RemoveClientIDFromOpenIDConnectProviderResponse/>".into()),
    ])
    .await;
    let live =
        OidcProvider { arn: "arn:x".into(), client_ids: BTreeSet::from(["old".into()]), ..OidcProvider::default() };
    let wanted = NewProvider { client_ids: BTreeSet::from(["new".into()]), ..NewProvider::default() };
    Iam::new(&script.config(), None, 100).update_provider(&minute(), &live, &wanted).await.unwrap();
    let requests = script.requests();
    assert!(requests[0].contains("Action=AddClientID") && requests[0].contains("ClientID=new"), "{requests:?}");
    assert!(requests[1].contains("Action=RemoveClientID") && requests[1].contains("ClientID=old"), "{requests:?}");
}

fn listed(marker: Option<&str>) -> (u16, String) {
    let more = marker.map(|marker| format!("<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>"));
    let more = more.unwrap_or_else(|| "<IsTruncated>false</IsTruncated>".into());
    let answer = "GetAccountAuthorizationDetails";
    let answer = format!(
        "<{answer}Response><{answer}Result><RoleDetailList/><Policies/>{more}</{answer}Result></{answer}Response>"
    );
    (200, answer)
}

#[tokio::test]
async fn an_account_too_large_to_be_listed_for_one_role_is_not_listed() {
    let mut answers: Vec<_> = (0..=CALLS_FOR_ONE).map(|page| listed(Some(&page.to_string()))).collect();
    answers.push((404, refusal("NoSuchEntity", "no")));
    answers.push((404, refusal("NoSuchEntity", "no")));
    let script = Script::of(answers).await;
    let iam = Iam::new(&script.config(), None, 100);
    assert_eq!(iam.role(&minute(), "one").await.unwrap(), None);
    assert_eq!(iam.role(&minute(), "other").await.unwrap(), None);
    let requests = script.requests();
    let listings = requests.iter().filter(|request| request.contains("Action=GetAccount")).count();
    assert_eq!((requests.len(), listings), (CALLS_FOR_ONE + 3, CALLS_FOR_ONE + 1), "not tried again");
}
