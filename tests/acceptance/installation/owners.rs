//! Whose an installation is: the law of ownership, which every type keeps, and the namespace that somebody else has made.

use serde_json::Value;

use crate::kubectl::{Held, kubectl_ok, object};
use crate::workspace::Workspace;

use super::{Cluster, release};

const HELD: &str = "BERTH-K8S-015";
const TWICE: &str = "BERTH-K8S-016";

/// Installations under these labels. Nothing is waited for: that what runs answers is for others to see.
fn declared(labels: &[&str], more: &str) -> String {
    let manifest = release("current");
    let block = |label: &&str| {
        format!(
            "resource \"berth_cert_manager\" \"{label}\" {{\n  manifest = \"{manifest}\"\n  wait = false\n{more}\n}}\n"
        )
    };
    labels.iter().map(block).collect()
}

fn is_there(namespace: &str, kind: &str, name: &str) -> bool {
    object(namespace, kind, name).is_some_and(|found| found["metadata"]["deletionTimestamp"] == Value::Null)
}

#[track_caller]
fn stands(after: &str) {
    for (kind, name) in [
        ("namespace", "cert-manager"),
        ("deployment", "cert-manager"),
        ("deployment", "cert-manager-webhook"),
        ("serviceaccount", "cert-manager"),
        ("clusterrole", "cert-manager-view"),
        ("validatingwebhookconfiguration", "cert-manager-webhook"),
        ("crd", "issuers.cert-manager.io"),
    ] {
        assert!(is_there("cert-manager", kind, name), "{after}: the {kind} {name} is lost");
    }
}

fn replaced(workspace: &Workspace, label: &str) -> crate::workspace::Run {
    let replace = format!("-replace=berth_cert_manager.{label}");
    workspace.run(&["apply", "-json", "-input=false", "-auto-approve", &replace])
}

/// Applies until all is well, at most three times; whenever a run ends well, everything stands.
#[track_caller]
fn comes_to_rest(workspace: &Workspace, after: &str) {
    for _ in 0..3 {
        let run = workspace.apply();
        if run.is_success() {
            stands(after);
            workspace.plan().changes_nothing();
            return;
        }
        let errors = run.fails();
        assert!(errors.contains(HELD), "{after}: {errors}");
    }
    panic!("{after}: three applies were not enough");
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn an_installation_under_another_address_or_made_anew_loses_nothing() {
    let _cluster = Cluster::empty();
    let workspace = Workspace::new(&declared(&["before"], ""));
    workspace.apply().succeeds();
    workspace.configure(&declared(&["after"], ""));
    comes_to_rest(&workspace, "renamed without a moved block");

    let moved = "moved {\n  from = berth_cert_manager.after\n  to   = berth_cert_manager.it\n}\n";
    workspace.configure(&(declared(&["it"], "") + moved));
    let changes = workspace.plan().changes();
    assert_eq!(changes.iter().map(|(_, action)| action.as_str()).collect::<Vec<_>>(), ["move"]);
    workspace.apply_plan().succeeds();
    stands("moved");

    replaced(&workspace, "it").succeeds();
    stands("replaced");
    workspace.plan().changes_nothing();
    workspace.run(&["taint", "berth_cert_manager.it"]).succeeds();
    let applied = workspace.apply().succeeds();
    assert!(!applied.stdout.contains(HELD) && !applied.stdout.contains(TWICE), "it is its own successor: {applied}");
    stands("tainted and replaced");

    workspace.configure(&declared(&["it"], "  lifecycle {\n    create_before_destroy = true\n  }"));
    let errors = replaced(&workspace, "it").fails();
    assert!(errors.contains(HELD), "{errors}");
    stands("replaced before it was destroyed");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    workspace.apply().succeeds();
    stands("applied right after a destroy");
    workspace.destroy().succeeds();
    assert!(object("", "namespace", "cert-manager").is_none());
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn an_installation_that_another_has_is_refused_in_one_warning_and_taken_from_nobody() {
    let _cluster = Cluster::empty();
    let first = Workspace::new(&declared(&["it"], ""));
    first.apply().succeeds();
    let second = Workspace::new(&declared(&["it"], ""));
    let told = second.plan().changes_something().warnings();
    assert!(told.len() == 1 && told[0].contains(HELD), "{told:#?}");
    let errors = second.apply().fails();
    assert!(errors.contains(HELD) && errors.contains("another state"), "{errors}");
    second.destroy().succeeds();
    stands("refused to a second state");
    first.plan().changes_nothing();

    first.destroy().succeeds();
    first.configure(&declared(&["one", "other"], ""));
    let told = first.plan().warnings();
    assert!(told.len() == 1 && told[0].contains(TWICE), "{told:#?}");
    let errors = first.apply().fails();
    assert!(errors.contains(TWICE), "{errors}");
    stands("declared twice");
    let kept = ["one", "other"].into_iter().find(|it| first.instance(&format!("berth_cert_manager.{it}")).is_some());
    first.configure(&declared(&[kept.unwrap()], ""));
    first.plan().changes_nothing();
    first.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn a_namespace_that_is_there_is_used_and_stays_and_one_on_its_way_out_is_waited_for() {
    let _cluster = Cluster::empty();
    kubectl_ok(&["create", "namespace", "cert-manager"]);
    let workspace = Workspace::new(&declared(&["it"], ""));
    assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new());
    workspace.apply().succeeds();
    stands("in a namespace of somebody else");
    workspace.plan().changes_nothing();
    let namespace = object("", "namespace", "cert-manager").unwrap();
    assert_eq!(namespace["metadata"]["annotations"], Value::Null, "it stays as it was");
    workspace.destroy().succeeds();
    assert!(is_there("", "namespace", "cert-manager"), "it is not ours to take away");

    // On its way out.
    kubectl_ok(&["-n", "cert-manager", "create", "configmap", "held"]);
    let held = Held::of("cert-manager", "configmap", "held");
    kubectl_ok(&["delete", "namespace", "cert-manager", "--wait=false"]);
    let waits = || workspace.log().matches("waiting until it is gone").count();
    let before = waits();
    let running = workspace.start_apply();
    running.wait_until(|| waits() > before, "the wait for the namespace");
    drop(held);
    running.finish().succeeds();
    stands("made anew");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(object("", "namespace", "cert-manager").is_none(), "this one was ours");
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn a_namespace_of_the_same_configuration_is_used_and_goes_with_its_own_resource() {
    let _cluster = Cluster::empty();
    let namespace = "resource \"berth_manifest\" \"namespace\" {\n  yaml = <<-YAML\n    apiVersion: v1\n    \
                     kind: Namespace\n    metadata: {name: cert-manager, labels: {team: sea}}\n  YAML\n}\n";
    let all = declared(&["it"], "  depends_on = [berth_manifest.namespace]") + namespace;
    let workspace = Workspace::new(&all);
    assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new());
    workspace.apply().succeeds();
    stands("in a namespace of the same run");
    workspace.plan().changes_nothing();
    workspace.configure(namespace);
    workspace.apply().succeeds();
    assert!(is_there("", "namespace", "cert-manager"), "it has an owner");
    workspace.configure(&all);
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
    assert!(object("", "namespace", "cert-manager").is_none(), "its own resource takes it away");
}
