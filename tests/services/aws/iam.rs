//! IAM: roles, policies and OIDC providers.

use std::collections::{BTreeMap, BTreeSet};

use berth::clients::aws::AwsError;
use berth::clients::aws::iam::{NewPolicy, NewProvider, NewRole};
use berth::domain::irsa::{ServiceAccount, Statement, Trust, policy_json, same_policy, trust_policy};
use futures_util::future::join_all;

use super::{Account, minute, unique};

fn tags(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn trust() -> String {
    let account = ServiceAccount { namespace: "a".into(), name: "b".into() };
    let provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A".into();
    trust_policy(&[Trust { provider_arn, audience: "sts.amazonaws.com".into(), service_accounts: vec![account] }])
        .unwrap()
}

fn policy(action: &str) -> String {
    let statement = Statement { actions: vec![action.into()], resources: vec!["*".into()], ..Statement::default() };
    policy_json(&[statement])
}

fn role(name: &str) -> NewRole {
    NewRole {
        name: name.into(),
        path: "/berth/".into(),
        description: "for a test".into(),
        trust_policy: trust(),
        max_session_duration: 7200,
        tags: tags(&[("owner", "berth")]),
        ..NewRole::default()
    }
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_role_is_made_read_changed_and_removed_with_all_that_hangs_on_it() {
    let account = Account::open().await;
    let (iam, budget, name) = (account.aws.iam().await, minute(), unique("role"));
    let made = iam.create_role(&budget, &role(&name)).await.unwrap();
    assert!(made.arn.ends_with(&format!("role/berth/{name}")), "{made:?}");
    iam.put_inline_policy(&budget, &name, "berth", &policy("s3:GetObject")).await.unwrap();
    let attached =
        NewPolicy { name: unique("policy"), path: "/".into(), document: policy("s3:*"), ..NewPolicy::default() };
    let arn = iam.create_policy(&budget, &attached).await.unwrap();
    iam.attach_policy(&budget, &name, &arn).await.unwrap();

    iam.update_role(&budget, &name, "changed", 3600).await.unwrap();
    iam.set_permissions_boundary(&budget, &name, Some(&arn)).await.unwrap();
    iam.set_role_tags(&budget, &name, &made.tags, &tags(&[("team", "x")])).await.unwrap();
    let read = iam.role(&budget, &name).await.unwrap().unwrap();
    assert_eq!((read.description.as_str(), read.max_session_duration), ("changed", 3600));
    assert_eq!((read.tags, read.permissions_boundary.as_deref()), (tags(&[("team", "x")]), Some(arn.as_str())));
    assert_eq!(read.attached_policies, BTreeSet::from([arn.clone()]));
    assert!(same_policy(&read.inline_policies["berth"], &policy("s3:GetObject")), "{:?}", read.inline_policies);
    assert!(same_policy(&read.trust_policy, &trust()), "{}", read.trust_policy);

    iam.set_permissions_boundary(&budget, &name, None).await.unwrap();
    iam.delete_role(&budget, &name).await.unwrap();
    assert_eq!(iam.role(&budget, &name).await.unwrap(), None);
    iam.delete_role(&budget, &name).await.unwrap();
    iam.delete_policy(&budget, &arn).await.unwrap();
    iam.delete_policy(&budget, &arn).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_name_that_is_taken_is_told_with_the_way_out() {
    let account = Account::open().await;
    let (iam, budget, name) = (account.aws.iam().await, minute(), unique("role"));
    iam.create_role(&budget, &role(&name)).await.unwrap();
    let error = iam.create_role(&budget, &role(&name)).await.unwrap_err();
    assert!(matches!(error, AwsError::AlreadyExists(_)), "{error}");
    let text = error.explain(format!("Cannot create the role `{name}`"), &name).to_string();
    assert!(text.contains("import the existing object") && text.contains("EntityAlreadyExists"), "{text}");
    iam.delete_role(&budget, &name).await.unwrap();
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_policy_changes_more_often_than_iam_keeps_versions() {
    let account = Account::open().await;
    let (iam, budget) = (account.aws.iam().await, minute());
    let new = NewPolicy { name: unique("policy"), path: "/".into(), document: policy("s3:*"), ..NewPolicy::default() };
    let arn = iam.create_policy(&budget, &new).await.unwrap();
    for action in ["a:A", "b:B", "c:C", "d:D", "e:E", "f:F", "g:G"] {
        iam.update_policy(&budget, &arn, &policy(action)).await.unwrap();
    }
    let read = iam.policy(&budget, &arn).await.unwrap().unwrap();
    assert!(same_policy(&read.document, &policy("g:G")), "{}", read.document);
    iam.delete_policy(&budget, &arn).await.unwrap();
    assert_eq!(iam.policy(&budget, &arn).await.unwrap(), None);
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_hundred_roles_are_read_in_few_calls() {
    let maker = Account::open().await;
    let (iam, budget) = (maker.aws.iam().await, minute());
    let names: Vec<_> = (0..100).map(|_| unique("many")).collect();
    let makers = names.iter().map(async |name| {
        iam.create_role(&budget, &role(name)).await.unwrap();
        iam.put_inline_policy(&budget, name, "berth", &policy("s3:GetObject")).await.unwrap();
    });
    join_all(makers).await;
    assert_eq!(maker.calls.requests().len(), 200);

    let reader = Account::open().await;
    let iam = reader.aws.iam().await;
    let roles = join_all(names.iter().map(|name| iam.role(&budget, name))).await;
    for role in roles {
        let role = role.unwrap().unwrap();
        assert_eq!((role.description.as_str(), role.max_session_duration), ("for a test", 7200));
        assert!(same_policy(&role.inline_policies["berth"], &policy("s3:GetObject")), "{role:?}");
        assert!(same_policy(&role.trust_policy, &trust()), "{role:?}");
        assert_eq!(role.tags, tags(&[("owner", "berth")]));
    }
    assert!(reader.calls.requests().len() <= 4, "{:?}", reader.calls.requests());

    // What we change ourselves is read anew; the listing goes on serving the others.
    let (first, second) = (names[0].as_str(), names[1].as_str());
    iam.put_inline_policy(&budget, first, "berth", &policy("s3:PutObject")).await.unwrap();
    let before = reader.calls.requests().len();
    let changed = iam.role(&budget, first).await.unwrap().unwrap();
    assert!(same_policy(&changed.inline_policies["berth"], &policy("s3:PutObject")), "{changed:?}");
    let read_anew = reader.calls.requests().len() - before;
    iam.role(&budget, second).await.unwrap().unwrap();
    assert_eq!((read_anew, reader.calls.requests().len() - before), (4, 4));
    join_all(names.iter().map(|name| iam.delete_role(&budget, name))).await;
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn an_oidc_provider_is_made_changed_in_place_and_removed() {
    let account = Account::open().await;
    let (iam, budget) = (account.aws.iam().await, minute());
    let mut provider = NewProvider {
        url: format!("https://{}.example/id/A", unique("oidc")),
        client_ids: BTreeSet::from(["sts.amazonaws.com".to_owned()]),
        thumbprints: vec!["a".repeat(40)],
        tags: tags(&[("a", "1")]),
    };
    let arn = iam.create_provider(&budget, &provider).await.unwrap();
    provider.thumbprints = vec!["b".repeat(40)];
    provider.tags = tags(&[("b", "2")]);
    let live = iam.provider(&budget, &arn).await.unwrap().unwrap();
    iam.update_provider(&budget, &live, &provider).await.unwrap();
    let live = iam.provider(&budget, &arn).await.unwrap().unwrap();
    assert_eq!(
        (live.client_ids, live.thumbprints, live.tags),
        (provider.client_ids, provider.thumbprints, provider.tags)
    );
    iam.delete_provider(&budget, &arn).await.unwrap();
    assert_eq!(iam.provider(&budget, &arn).await.unwrap(), None);
}
