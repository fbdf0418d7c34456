//! The law of ownership, over every type with objects in the cluster, under both hosts: whatever is done to addresses and
//! states, what stands belongs to one state, nothing of it is lost, and a run that loses something does not end well.

use super::subjects::{Subject, all};
use crate::workspace::Cli;

/// What is told of an object that another resource holds, and of one that is declared twice.
const HELD: &str = "BERTH-K8S-015";
/// Types whose plan looks for whoever holds what it is to make.
const TOLD_IN_PLAN: [&str; 7] = [
    "berth_cert_manager_backup",
    "berth_certificate",
    "berth_issuer",
    "berth_manifest",
    "berth_node_trust",
    "berth_pull_secret",
    "berth_registry",
];
const TWICE: &str = "BERTH-K8S-016";

/// Runs a law for every type under every host, all types at once.
#[track_caller]
fn holds(law: fn(&Cli, &Subject)) {
    for cli in Cli::all() {
        std::thread::scope(|scope| {
            let running: Vec<_> = all()
                .into_iter()
                .map(|subject| {
                    scope.spawn({
                        let cli = &cli;
                        move || law(cli, &subject)
                    })
                })
                .collect();
            for law in running {
                if let Err(failure) = law.join() {
                    std::panic::resume_unwind(failure);
                }
            }
        });
    }
}

/// Applies until all is well, at most three times; whenever a run ends well, everything stands.
#[track_caller]
fn comes_to_rest(workspace: &crate::workspace::Workspace, subject: &Subject, after: &str) {
    for _ in 0..3 {
        let run = workspace.apply();
        if run.is_success() {
            subject.stands(after);
            workspace.plan().changes_nothing();
            return;
        }
        let errors = run.fails();
        assert!(errors.contains(HELD), "{} {after}: {errors}", subject.r#type);
    }
    panic!("{} {after}: three applies were not enough", subject.r#type);
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_renamed_address_loses_nothing() {
    holds(|cli, subject| {
        let workspace = subject.workspace(cli, &subject.declared(&["before"]));
        workspace.apply().succeeds();
        subject.stands("made");
        workspace.configure(&subject.declared(&["after"]));
        comes_to_rest(&workspace, subject, "renamed without a moved block");

        workspace.configure(&(subject.declared(&["moved"]) + &moved(subject, "after", "moved")));
        let action = |(_, action): (String, String)| action;
        let actions: Vec<_> = workspace.plan().changes().into_iter().map(action).collect();
        assert_eq!(actions, ["move"], "{}", subject.r#type);
        workspace.apply_plan().succeeds();
        subject.stands("moved");
        workspace.destroy().succeeds();
        subject.is_gone("destroyed");
    });
}

fn moved(subject: &Subject, from: &str, to: &str) -> String {
    format!("moved {{\n  from = {}\n  to   = {}\n}}\n", subject.address(from), subject.address(to))
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_renamed_key_of_for_each_loses_nothing() {
    holds(|cli, subject| {
        let keyed = |key: &str| subject.with("it", &format!("  for_each = toset([\"{key}\"])"));
        let workspace = subject.workspace(cli, &keyed("a"));
        workspace.apply().succeeds();
        workspace.configure(&keyed("b"));
        comes_to_rest(&workspace, subject, "under another key");
        workspace.destroy().succeeds();
        subject.is_gone("destroyed");
    });
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn create_before_destroy_is_refused_and_leaves_what_stands() {
    holds(|cli, subject| {
        let workspace =
            subject.workspace(cli, &subject.with("it", "  lifecycle {\n    create_before_destroy = true\n  }"));
        workspace.apply().succeeds();
        let replace = format!("-replace={}", subject.address("it"));
        let errors = workspace.run(&["apply", "-json", "-input=false", "-auto-approve", &replace]).fails();
        assert!(errors.contains(HELD), "{errors}");
        subject.stands("replaced before it was destroyed");
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        subject.is_gone("destroyed");
    });
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_second_state_is_refused_and_its_destroy_takes_nothing() {
    holds(|cli, subject| {
        let first = subject.workspace(cli, &subject.declared(&["it"]));
        first.apply().succeeds();
        let second = subject.workspace(cli, &subject.declared(&["it"]));
        if TOLD_IN_PLAN.contains(&subject.r#type) {
            let told = second.plan().changes_something();
            assert!(told.diagnostics().iter().any(|shown| shown.detail.contains(HELD)), "{told}");
        }
        let errors = second.apply().fails();
        assert!(errors.contains(HELD) && errors.contains("another state"), "{errors}");
        second.destroy().succeeds();
        subject.stands("refused to a second state");
        first.plan().changes_nothing();
        first.destroy().succeeds();
        subject.is_gone("destroyed by its owner");
        second.apply().succeeds();
        subject.stands("free for the second state");
        second.destroy().succeeds();
    });
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_tainted_one_is_made_anew_in_one_apply() {
    holds(|cli, subject| {
        let workspace = subject.workspace(cli, &subject.declared(&["it"]));
        workspace.apply().succeeds();
        workspace.run(&["taint", &subject.address("it")]).succeeds();
        let applied = workspace.apply().succeeds();
        let told = |code: &str| applied.stdout.contains(code);
        assert!(!told(TWICE) && !told(HELD), "it is its own successor: {applied}");
        subject.stands("tainted and replaced");
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        subject.is_gone("destroyed");
    });
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn destroyed_and_applied_back_to_back_it_stands() {
    holds(|cli, subject| {
        let workspace = subject.workspace(cli, &subject.declared(&["it"]));
        for _ in 0..2 {
            workspace.apply().succeeds();
            subject.stands("applied right after a destroy");
            workspace.plan().changes_nothing();
            workspace.destroy().succeeds();
            subject.is_gone("destroyed");
        }
    });
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn of_two_of_one_name_the_second_is_refused() {
    holds(|cli, subject| {
        let workspace = subject.workspace(cli, &subject.declared(&["one", "other"]));
        let plan = workspace.plan();
        assert!(plan.diagnostics().iter().any(|shown| shown.detail.contains(TWICE)), "told in the plan: {plan}");
        let errors = workspace.apply().fails();
        assert!(errors.contains(TWICE), "{errors}");
        subject.stands("declared twice");
        let kept = ["one", "other"].into_iter().find(|label| workspace.instance(&subject.address(label)).is_some());
        workspace.configure(&subject.declared(&[kept.unwrap()]));
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        subject.is_gone("destroyed");
    });
}
