//! Actions under the Terraform that has them, and what does the same under OpenTofu.

use std::fs;
use std::path::Path;

use crate::kubectl::{Namespace, names};
use crate::registry_check::served;
use crate::sandbox::value;
use crate::workspace::{Cli, Run, Workspace};

const PASSWORD: &str = "a password for actions";

pub fn invoke(workspace: &Workspace, action: &str) -> Run {
    let address = format!("-invoke=action.{action}");
    workspace.run(&["apply", "-json", "-input=false", "-auto-approve", &address])
}

/// What an action told on its way.
pub fn progress(run: &Run) -> Vec<String> {
    let lines = run.stdout.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let told = lines.filter(|line| line["type"] == "action_progress");
    told.map(|line| line["hook"]["message"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_is_checked_pulled_from_and_restarted_at_any_time() {
    let namespace = Namespace::new("actions");
    let (registry, check) = served(&namespace.0, 6461);
    let registry = registry.replace("delete_enabled = true", "delete_enabled = false");
    let host = format!("{}.{}:6461", namespace.0, value("SANDBOX_ZONE_NAME"));
    let action = |name: &str, config: &str| format!("{name}\"x\" {{\n  config {{\n    {config}\n  }}\n}}\n");
    let place = format!("namespace = \"{}\"", namespace.0);
    let all = registry
        + &action("action \"berth_registry_check\" ", &check)
        + &action("action \"berth_image_pull_check\" ", &format!("{place}\n image = \"{host}/berth-check:check\""))
        + &action("action \"berth_registry_restart\" ", &format!("{place}\n name = \"registry\""));
    let workspace = Workspace::on(&Cli::with_actions(), &all).secret("password", PASSWORD);
    workspace.apply().succeeds();

    let told = progress(&invoke(&workspace, "berth_registry_check.x").succeeds());
    assert_eq!(told.len(), 8, "{told:?}");
    assert!(told[0].starts_with("resolve: ") && told[7].starts_with("7 steps passed"), "{told:?}");

    let told = progress(&invoke(&workspace, "berth_image_pull_check.x").succeeds());
    assert!(told.last().is_some_and(|last| last.ends_with(" pulled it")), "{told:?}");
    assert!(!names(&namespace.0, "pods").iter().any(|pod| pod.starts_with("berth-pull")));

    let before = names(&namespace.0, "pods");
    let told = progress(&invoke(&workspace, "berth_registry_restart.x").succeeds());
    assert!(told.last().is_some_and(|last| last == "1 of them are ready"), "{told:?}");
    let after = names(&namespace.0, "pods");
    assert!(after.iter().any(|pod| !before.contains(pod)), "{before:?} {after:?}");
    workspace.plan().changes_nothing();

    workspace.configure(
        &all.replace("berth-check:check", "berth-check:no-such-tag")
            .replace("name = \"registry\"\n  }", "name = \"other\"\n  }"),
    );
    let told = invoke(&workspace, "berth_image_pull_check.x").fails();
    assert!(told.contains("BERTH-CHECK-003") && told.contains("not found"), "{told}");
    let told = invoke(&workspace, "berth_registry_restart.x").fails();
    assert!(told.contains("BERTH-REG-016"), "{told}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_wrong_password_is_told_and_not_kept() {
    let namespace = Namespace::new("actions");
    let (registry, check) = served(&namespace.0, 6462);
    let check = check.replace("var.password", "var.wrong");
    let declared = "variable \"wrong\" {\n  type = string\n  ephemeral = true\n}\n";
    let action = format!("action \"berth_registry_check\" \"x\" {{\n  config {{\n    {check}\n  }}\n}}\n");
    let workspace = Workspace::on(&Cli::with_actions(), &format!("{declared}{registry}{action}"));
    let workspace = workspace.secret("password", PASSWORD).secret("wrong", "not the password at all");
    workspace.apply().succeeds();
    let told = invoke(&workspace, "berth_registry_check.x").fails();
    assert!(told.contains("BERTH-CHECK-002") && told.contains("step `login`"), "{told}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_is_restarted_when_a_trigger_changes() {
    for cli in Cli::all() {
        let namespace = Namespace::new("restart");
        let registry = |triggers: &str| {
            format!(
                "resource \"berth_registry\" \"x\" {{\n  name = \"registry\"\n  namespace = \"{}\"\n  anonymous = true\n  storage = {{ ephemeral = {{}} }}\n{triggers}}}\n",
                namespace.0
            )
        };
        let workspace = Workspace::on(&cli, &registry(""));
        workspace.apply().succeeds();
        let mut before = names(&namespace.0, "pods");
        for triggers in ["  restart_triggers = { ca = \"1\" }\n", "  restart_triggers = { ca = \"2\" }\n"] {
            workspace.configure(&registry(triggers));
            workspace.apply().succeeds();
            workspace.plan().changes_nothing();
            let after = names(&namespace.0, "pods");
            assert!(after.iter().any(|pod| !before.contains(pod)), "{before:?} {after:?}");
            before = after;
        }
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn every_example_of_an_action_is_valid_and_formatted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/actions");
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path().join("action.tf")).unwrap();
        let workspace = Workspace::on(&Cli::with_actions(), &text);
        workspace.validate().succeeds();
        workspace.run(&["fmt", "-check", "-diff"]).succeeds();
    }
}
