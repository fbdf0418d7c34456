//! Whose a role or a provider is: nothing is lost when addresses change, and nothing of another's is touched.

use berth::clients::aws::iam::NewRole;

use super::{Account, PROVIDER, role, statement, unique};
use crate::workspace::{Cli, Workspace};

/// A role and a provider at these addresses, with a policy of the role's own.
fn pair(name: &str, address: &str, more: &str) -> String {
    let statements = format!("statements = [{}]\n policy_kind = \"managed\"", statement("\"s3:GetObject\""));
    let role = role(name, &format!("{statements}\n{more}")).replace("\"x\"", &format!("\"{address}\""));
    let thumbprint = "a".repeat(40);
    format!(
        "{role}resource \"berth_oidc_provider\" \"{address}\" {{\n url = \"https://{name}.example/id/A\"\n \
         thumbprints = [\"{thumbprint}\"]\n{more}\n}}\n"
    )
}

/// The same, each from a map of one key.
fn keyed(name: &str, key: &str) -> String {
    pair(name, "x", &format!("for_each = {{ {key} = 1 }}"))
}

/// What there is of a pair: the role's unique id, its policies, and whether its provider is there.
fn live(name: &str) -> (Option<String>, usize, bool) {
    let account = Account::open();
    let role = account.role(name);
    let arn = format!("arn:aws:iam::123456789012:oidc-provider/{name}.example/id/A");
    let provider = account.runtime.block_on(account.iam().provider(&Account::budget(), &arn)).unwrap();
    let policies = role.as_ref().map_or(0, |role| role.attached_policies.len());
    (role.map(|role| role.unique_id), policies, provider.is_some())
}

#[test]
#[ignore = "needs the sandbox"]
fn another_address_or_key_makes_the_same_anew_and_loses_nothing() {
    for cli in Cli::all() {
        let name = unique("moving");
        let workspace = Workspace::on(&cli, &pair(&name, "x", ""));
        workspace.apply().succeeds();
        let configurations = [pair(&name, "y", ""), keyed(&name, "one"), keyed(&name, "two"), pair(&name, "x", "")];
        for configuration in configurations {
            let before = live(&name);
            workspace.configure(&configuration);
            workspace.apply().succeeds();
            workspace.plan().changes_nothing();
            let after = live(&name);
            assert!(after.0.is_some() && after.1 == 1 && after.2, "{after:?}");
            assert_ne!(before.0, after.0, "it was made anew");
        }
        workspace.destroy().succeeds();
        assert_eq!(live(&name), (None, 0, false));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn the_same_name_in_another_case_waits_for_the_old_role() {
    let name = unique("cased");
    let workspace = Workspace::new(&role(&name, ""));
    workspace.apply().succeeds();
    let other = name.replacen('c', "C", 1);
    workspace.configure(&role(&other, "").replace("\"x\"", "\"y\""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(Account::open().role(&other).map(|role| role.name), Some(other));
    workspace.destroy().succeeds();
    assert_eq!(Account::open().role(&name), None);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_to_be_made_before_it_goes_is_refused_and_stays() {
    let name = unique("deposed");
    let workspace = Workspace::new(&pair(&name, "x", "lifecycle {\n create_before_destroy = true\n }"));
    workspace.apply().succeeds();
    let before = live(&name);
    for address in ["berth_irsa_role.x", "berth_oidc_provider.x"] {
        let replace = format!("-replace={address}");
        let run = workspace.run(&["apply", "-json", "-input=false", "-auto-approve", &replace]);
        let errors = run.fails();
        assert!(errors.contains("BERTH-AWS-005") && errors.contains("import"), "{errors}");
        assert_eq!(live(&name), before);
        workspace.plan().changes_nothing();
    }
    workspace.destroy().succeeds();
    assert_eq!(live(&name), (None, 0, false));
}

#[test]
#[ignore = "needs the sandbox"]
fn what_another_state_holds_is_refused_and_not_taken_over() {
    let name = unique("twice");
    let (first, second) = (Workspace::new(&pair(&name, "x", "")), Workspace::new(&pair(&name, "x", "")));
    first.apply().succeeds();
    let before = live(&name);
    let errors = second.apply().fails();
    assert_eq!(errors.matches("BERTH-AWS-005").count(), 2, "{errors}");
    second.destroy().succeeds();
    assert_eq!(live(&name), before);
    first.plan().changes_nothing();
    first.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn two_resources_of_one_name_make_it_once() {
    let name = unique("double");
    let both = |name: &str| format!("{}{}", pair(name, "x", ""), pair(name, "y", "").replace(PROVIDER, ""));
    let workspace = Workspace::new(&both(&name));
    let errors = workspace.apply().fails();
    assert_eq!(errors.matches("BERTH-AWS-005").count(), 2, "{errors}");
    let made = live(&name);
    assert!(made.0.is_some() && made.1 == 1 && made.2, "{made:?}");
    let errors = workspace.apply().fails();
    assert_eq!(errors.matches("BERTH-AWS-005").count(), 2, "{errors}");
    assert_eq!(live(&name), made);
    workspace.destroy().succeeds();
    assert_eq!(live(&name), (None, 0, false));
}

#[test]
#[ignore = "needs the sandbox"]
fn tainted_or_destroyed_and_made_again_at_once_all_is_there() {
    let name = unique("again");
    let workspace = Workspace::new(&pair(&name, "x", ""));
    workspace.apply().succeeds();
    for address in ["berth_irsa_role.x", "berth_oidc_provider.x"] {
        workspace.run(&["taint", address]).succeeds();
    }
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    for _ in 0..3 {
        workspace.destroy().succeeds();
        assert_eq!(live(&name), (None, 0, false));
        workspace.apply().succeeds();
        let made = live(&name);
        assert!(made.0.is_some() && made.1 == 1 && made.2, "{made:?}");
    }
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_that_somebody_else_made_anew_is_theirs() {
    let (name, account) = (unique("theirs"), Account::open());
    let (iam, budget) = (account.iam(), Account::budget());
    let configuration = role(&name, &format!("statements = [{}]", statement("\"s3:GetObject\"")));
    let workspace = Workspace::new(&configuration);
    workspace.apply().succeeds();
    let ours = account.role(&name).unwrap();
    let theirs = NewRole {
        name: name.clone(),
        path: "/".into(),
        trust_policy: ours.trust_policy.clone(),
        max_session_duration: 3600,
        ..NewRole::default()
    };
    let made = account.runtime.block_on(async {
        iam.delete_role(&budget, &name).await.unwrap();
        iam.create_role(&budget, &theirs).await.unwrap()
    });
    assert_ne!(made.unique_id, ours.unique_id);

    let run = workspace.plan().changes_something();
    let told =
        |run: &crate::workspace::Run| run.diagnostics().iter().any(|shown| shown.detail.contains("BERTH-AWS-029"));
    assert!(told(&run), "{run}");
    assert!(run.changes().iter().all(|(_, action)| action == "create"), "{:?}", run.changes());
    let errors = workspace.apply().fails();
    assert!(errors.contains(&format!("terraform import berth_irsa_role.NAME {name}")), "{errors}");

    // A run that did not look before sees it in time.
    let second = Workspace::new(&configuration);
    second.import("berth_irsa_role.x", &name).succeeds();
    let stale = std::fs::read_to_string(second.path("terraform.tfstate")).unwrap();
    second.write("terraform.tfstate", &stale.replace(&made.unique_id, &ours.unique_id));
    let errors = second.run(&["apply", "-json", "-input=false", "-auto-approve", "-refresh=false"]).fails();
    assert!(errors.contains("BERTH-AWS-029"), "{errors}");
    let run = second.run(&["destroy", "-json", "-input=false", "-auto-approve", "-refresh=false"]).succeeds();
    assert!(told(&run), "{run}");
    let left = account.runtime.block_on(iam.role(&budget, &name)).unwrap().unwrap();
    assert_eq!((left.unique_id, left.inline_policies.len(), &left.tags), (made.unique_id, 0, &made.tags));

    // It may be taken over on purpose.
    workspace.import("berth_irsa_role.x", &name).succeeds();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert_eq!(Account::open().role(&name), None);
}

#[test]
#[ignore = "needs the sandbox"]
fn tags_that_are_one_to_iam_are_told_by_the_plan() {
    let tagged = |tags: &str| role("x", &format!("tags = {{ {tags} }}"));
    let defaults = |tags: &str| role("x", "").replace("made_by = \"berth\"", tags);
    let many = |range: std::ops::Range<u32>| range.map(|n| format!("t{n} = \"\"")).collect::<Vec<_>>().join(", ");
    for (configuration, parts) in [
        (tagged("Team = \"a\", team = \"b\""), ["`Team` and `team`", "differ by case only"]),
        (tagged("Made_By = \"me\""), ["`Made_By` and `made_by`", "`default_tags`"]),
        (defaults("Team = \"a\", team = \"b\""), ["`Team` and `team`", "default_tags"]),
        (tagged(&many(0..50)), ["are 51", "`default_tags`"]),
        (defaults(&many(0..51)), ["are 51", "default_tags"]),
    ] {
        let errors = Workspace::new(&configuration).plan().fails();
        for part in parts {
            assert!(errors.contains(part), "{part}: {errors}");
        }
    }
    Workspace::new(&tagged(&format!("made_by = \"me\", {}", many(0..49)))).plan().changes_something();
    // Of anything but a role they are two.
    let provider = super::providers::provider("https://a.example/id/A", "tags = { Team = \"a\", team = \"b\" }");
    Workspace::new(&provider.replace("made_by = \"berth\"", "Made_by = \"x\", made_by = \"y\""))
        .plan()
        .changes_something();
}
