//! Roles and OIDC providers.

mod annotations;
mod credentials;
mod eks;
mod endings;
mod mistakes;
mod moved;
mod namesakes;
mod ownership;
pub(crate) mod pods;
mod providers;
mod quotas;
mod speed;

use std::collections::BTreeMap;

use berth::clients::aws::iam::{Iam, NewPolicy, Role};
use berth::domain::irsa::same_policy;
use serde_json::{Value, json};

use super::{Account, PROVIDER, unique};
use crate::workspace::{Cli, Workspace};

const ISSUER: &str = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A";

pub(super) fn role(name: &str, more: &str) -> String {
    format!(
        "{PROVIDER}resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n oidc_provider_arn = \"{ISSUER}\"\n \
         service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n{more}\n}}\n"
    )
}

fn statement(actions: &str) -> String {
    format!("{{ sid = \"Read\", actions = [{actions}], resources = [\"arn:aws:s3:::b\", \"arn:aws:s3:::b/*\"] }}")
}

impl Account {
    fn iam(&self) -> Iam {
        self.runtime.block_on(async { self.aws.iam().await.clone() })
    }

    /// A managed policy that somebody else made; its ARN.
    pub(super) fn policy(&self) -> String {
        let document = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}";
        let (name, document) = (unique("given"), document.to_owned());
        let policy = NewPolicy { name, path: "/".into(), document, ..NewPolicy::default() };
        self.runtime.block_on(self.iam().create_policy(&Self::budget(), &policy)).unwrap()
    }

    pub(crate) fn role(&self, name: &str) -> Option<Role> {
        self.runtime.block_on(self.iam().role(&Self::budget(), name)).unwrap()
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_lives_from_apply_to_destroy() {
    for cli in Cli::all() {
        let name = unique("role");
        let statements = format!("statements = [{}]", statement("\"s3:ListBucket\", \"s3:GetObject\""));
        let workspace = Workspace::on(&cli, &role(&name, &format!("{statements}\n tags = {{ team = \"a\" }}")));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let live = Account::open().role(&name).unwrap();
        let stored = workspace.attributes("berth_irsa_role.x");
        assert_eq!(stored["arn"], json!(live.arn));
        assert_eq!(stored["annotations"]["eks.amazonaws.com/role-arn"], json!(live.arn));
        assert_eq!(live.tags, BTreeMap::from([("made_by".into(), "berth".into()), ("team".into(), "a".into())]));
        assert!(same_policy(&live.trust_policy, stored["assume_role_policy"].as_str().unwrap()));
        assert!(same_policy(&live.inline_policies["berth"], stored["policy_json"].as_str().unwrap()));

        // Order, one text or a list, and the case of the effect make no difference.
        let other = "statements = [{ sid = \"Read\", effect = \"allow\", actions = [\"s3:GetObject\", \"s3:ListBucket\"], \
                     resources = [\"arn:aws:s3:::b/*\", \"arn:aws:s3:::b\"] }]";
        workspace.configure(&role(&name, &format!("{other}\n tags = {{ team = \"a\" }}")));
        workspace.plan().changes_nothing();

        // Everything but name and path changes in place.
        let given = Account::open().policy();
        let more = format!(
            "description = \"changed\"\n max_session_duration = 7200\n tags = {{ team = \"b\" }}\n \
             permissions_boundary = \"{given}\"\n managed_policy_arns = [\"{given}\"]"
        );
        workspace.configure(&role(&name, &format!("statements = [{}]\n{more}", statement("\"s3:GetObject\""))));
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let live = Account::open().role(&name).unwrap();
        assert_eq!((live.description.as_str(), live.max_session_duration), ("changed", 7200));
        assert_eq!(live.attached_policies.len(), 1);
        assert_eq!(live.tags["team"], "b");

        workspace.destroy().succeeds();
        assert_eq!(Account::open().role(&name), None);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn drift_of_trust_policy_attachments_and_tags_is_shown_and_undone() {
    let name = unique("drift");
    let workspace = Workspace::new(&role(&name, &format!("statements = [{}]", statement("\"s3:GetObject\""))));
    workspace.apply().succeeds();
    let before = Account::open().role(&name).unwrap();

    let account = Account::open();
    let (iam, budget, given) = (account.iam(), Account::budget(), account.policy());
    let strange =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}";
    let open_trust = before.trust_policy.replace("apps:web", "apps:other");
    account.runtime.block_on(async {
        iam.update_trust_policy(&budget, &name, &open_trust).await.unwrap();
        iam.put_inline_policy(&budget, &name, "strange", strange).await.unwrap();
        iam.attach_policy(&budget, &name, &given).await.unwrap();
        let mut tags = before.tags.clone();
        tags.insert("strange".into(), "x".into());
        tags.remove("made_by");
        iam.set_role_tags(&budget, &name, &before.tags, &tags).await.unwrap();
    });
    workspace.plan().changes_something();
    let drift = workspace.run(&["show", "-json", "saved.plan"]).succeeds();
    let drift: Value = serde_json::from_str(&drift.stdout).unwrap();
    let change = &drift["resource_changes"][0]["change"];
    for attribute in ["assume_role_policy", "policy_json", "managed_policy_arns", "tags", "tags_all"] {
        assert_ne!(change["before"][attribute], change["after"][attribute], "{attribute}");
    }
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    let after = Account::open().role(&name).unwrap();
    assert_eq!((&after.tags, &after.attached_policies), (&before.tags, &before.attached_policies));
    assert_eq!(after.inline_policies.len(), 1);
    assert!(same_policy(&after.trust_policy, &before.trust_policy));

    account.runtime.block_on(iam.delete_role(&budget, &name)).unwrap();
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn statements_move_between_the_role_and_policies_of_its_own() {
    let name = unique("kind");
    let many: Vec<_> = (0..30)
        .map(|i| {
            let actions: Vec<_> = (0..15).map(|j| format!("\"s3:Action{i}Number{j}\"")).collect();
            format!("{{ actions = [{}], resources = [\"*\"] }}", actions.join(", "))
        })
        .collect();
    let statements = format!("statements = [{}]", many.join(", "));
    let workspace = Workspace::new(&role(&name, &statements));
    let errors = workspace.validate().fails();
    for part in ["IAM allows 10240", "policy_kind", "BERTH-AWS-024"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    workspace.configure(&role(&name, &format!("{statements}\n policy_kind = \"managed\"")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let live = Account::open().role(&name).unwrap();
    assert!(live.inline_policies.is_empty() && live.attached_policies.len() > 1, "{live:?}");

    workspace.configure(&role(
        &name,
        &format!("statements = [{}]\n policy_kind = \"managed\"", statement("\"s3:GetObject\"")),
    ));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(Account::open().role(&name).unwrap().attached_policies.len(), 1);

    workspace.configure(&role(&name, &format!("statements = [{}]", statement("\"s3:GetObject\""))));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let live = Account::open().role(&name).unwrap();
    assert_eq!((live.inline_policies.len(), live.attached_policies.len()), (1, 0));
    let account = Account::open();
    let gone = format!("arn:aws:iam::123456789012:policy/{name}");
    assert_eq!(account.runtime.block_on(account.iam().policy(&Account::budget(), &gone)).unwrap(), None);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_that_exists_is_refused_and_can_be_imported() {
    let name = unique("taken");
    let configuration =
        role(&name, &format!("statements = [{}]\n description = \"first\"", statement("\"s3:GetObject\"")));
    let first = Workspace::new(&configuration);
    first.apply().succeeds();
    let second = Workspace::new(&configuration);
    let errors = second.apply().fails();
    for part in ["import", &name, "EntityAlreadyExists", "BERTH-AWS-005"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    second.import("berth_irsa_role.x", &name).succeeds();
    second.plan().changes_nothing();
    second.destroy().succeeds();
    first.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_plan_needs_no_reachable_aws() {
    let workspace = Workspace::new(&role("x", "")).env("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    workspace.plan().changes_something();
}

#[test]
#[ignore = "needs the sandbox"]
fn several_clusters_are_trusted_by_one_role() {
    for cli in Cli::all() {
        let name = unique("clusters");
        let configuration = |second: &str| {
            format!(
                "{PROVIDER}resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n \
                 oidc_providers = [{{ arn = \"{ISSUER}\" }}, {second}]\n \
                 service_accounts = [{{ namespace = \"apps\", name = \"web\" }}, {{ namespace = \"*\", name = \"job-?\" }}]\n}}\n"
            )
        };
        let workspace = Workspace::on(&cli, &configuration("{ issuer_url = \"https://oidc.example/id/B\" }"));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let trust: Value = serde_json::from_str(&Account::open().role(&name).unwrap().trust_policy).unwrap();
        let statements = trust["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 4, "exact and wildcard of each: {trust}");
        for statement in statements {
            let provider = statement["Principal"]["Federated"].as_str().unwrap();
            let host = provider.split_once("oidc-provider/").unwrap().1;
            let text = statement["Condition"].to_string();
            assert_eq!(statement["Condition"]["StringEquals"][format!("{host}:aud")], json!("sts.amazonaws.com"));
            assert!(text.contains(&format!("{host}:sub")), "{statement}");
        }

        let workspace_two = configuration("{ issuer_url = \"https://oidc.example/id/C\" }");
        workspace.configure(&workspace_two);
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let trust = Account::open().role(&name).unwrap().trust_policy;
        assert!(trust.contains("id/C") && !trust.contains("id/B"), "{trust}");

        let second = Workspace::on(
            &cli,
            &workspace_two.replace(
                "{ issuer_url = \"https://oidc.example/id/C\" }",
                &format!("{{ arn = \"{}\" }}", ISSUER.replace("id/A", "id/C")),
            ),
        );
        second.import("berth_irsa_role.x", &format!("arn:aws:iam::123456789012:role/{name}")).succeeds();
        second.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_name_is_made_from_its_beginning_and_kept() {
    let prefix = format!("{}-", unique("prefix"));
    let configuration = |prefix: &str| role("x", "").replace("name = \"x\"", &format!("name_prefix = \"{prefix}\""));
    let workspace = Workspace::new(&configuration(&prefix));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let name = workspace.attributes("berth_irsa_role.x")["name"].as_str().unwrap().to_owned();
    assert!(name.starts_with(&prefix) && name.len() == prefix.len() + 12, "{name}");

    // An import knows no prefix; the name fits it all the same.
    let second = Workspace::new(&configuration(&prefix));
    second.import("berth_irsa_role.x", &name).succeeds();
    let changes = second.plan().changes();
    assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");

    workspace.configure(&configuration(&format!("other-{prefix}")));
    let changes = workspace.plan().changes_something().changes();
    assert!(changes.iter().all(|(_, action)| action == "replace"), "{changes:?}");
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(Account::open().role(&name), None);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_boundary_is_set_changed_and_taken_away() {
    let (name, account) = (unique("bounded"), Account::open());
    let (first, second) = (account.policy(), account.policy());
    let bounded = |arn: &str| role(&name, &format!("permissions_boundary = \"{arn}\""));
    let live = || Account::open().role(&name).unwrap().permissions_boundary;
    let workspace = Workspace::new(&bounded(&first));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(live().as_ref(), Some(&first));
    for (configuration, expected) in [(bounded(&second), Some(second.clone())), (role(&name, ""), None)] {
        workspace.configure(&configuration);
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(live(), expected);
    }
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_others_hang_on_a_role_does_not_keep_it_from_going() {
    let name = unique("held");
    let workspace = Workspace::new(&role(&name, ""));
    workspace.apply().succeeds();
    let account = Account::open();
    let (iam, budget, given) = (account.iam(), Account::budget(), account.policy());
    let document =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}";
    account.runtime.block_on(async {
        iam.attach_policy(&budget, &name, &given).await.unwrap();
        iam.put_inline_policy(&budget, &name, "strange", document).await.unwrap();
    });
    workspace.run(&["destroy", "-json", "-input=false", "-auto-approve", "-refresh=false"]).succeeds();
    assert_eq!(Account::open().role(&name), None);
    let policy = account.runtime.block_on(iam.policy_itself(&budget, &given)).unwrap();
    assert!(policy.is_some(), "another's policy stays");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_policy_of_somebody_else_is_not_taken_for_the_roles_own() {
    let (name, account) = (unique("namesake"), Account::open());
    let document =
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}]}";
    let theirs = NewPolicy { name: name.clone(), path: "/".into(), document: document.into(), ..NewPolicy::default() };
    let arn = account.runtime.block_on(account.iam().create_policy(&Account::budget(), &theirs)).unwrap();
    let statements = format!("statements = [{}]\n policy_kind = \"managed\"", statement("\"s3:GetObject\""));
    let workspace = Workspace::new(&role(&name, &statements));
    let errors = workspace.apply().fails();
    assert!(errors.contains("somebody else made") && errors.contains(&arn), "{errors}");

    // Declared as what it is, it is attached, and stays when the role goes.
    workspace.configure(&role(&name, &format!("managed_policy_arns = [\"{arn}\"]")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    let policy = account.runtime.block_on(account.iam().policy_itself(&Account::budget(), &arn)).unwrap();
    assert!(same_policy(&policy.unwrap().document, document));
}

#[test]
#[ignore = "needs the sandbox"]
fn drift_shows_in_statements_and_accounts() {
    let name = unique("shown");
    let workspace = Workspace::new(&role(&name, &format!("statements = [{}]", statement("\"s3:GetObject\""))));
    workspace.apply().succeeds();
    let account = Account::open();
    let (iam, budget, before) = (account.iam(), Account::budget(), account.role(&name).unwrap());
    account.runtime.block_on(async {
        let wider = before.inline_policies["berth"].replace("s3:GetObject", "s3:*");
        iam.put_inline_policy(&budget, &name, "berth", &wider).await.unwrap();
        let open = before.trust_policy.replace("apps:web", "apps:other");
        iam.update_trust_policy(&budget, &name, &open).await.unwrap();
    });
    workspace.plan().changes_something();
    let shown = workspace.run(&["show", "-json", "saved.plan"]).succeeds();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let change = &shown["resource_changes"][0]["change"];
    assert_eq!(change["before"]["statements"][0]["actions"], json!(["s3:*"]));
    assert_eq!(change["after"]["statements"][0]["actions"], json!(["s3:GetObject"]));
    assert_eq!(change["before"]["service_accounts"][0]["name"], json!("other"));
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
