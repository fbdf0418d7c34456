//! What is on its way out is not there: it is waited for, and made anew.

use super::subjects::{Subject, registry};
use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

/// Holds an object by a finalizer, or lets it go.
fn hold(subject: &Subject, kind: &str, name: &str, finalizers: &str) {
    let patch = format!("{{\"metadata\":{{\"finalizers\":{finalizers}}}}}");
    kubectl_ok(&["-n", &subject.namespace.0, "patch", kind, name, "--type=merge", "-p", &patch]);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_held_back_is_waited_for_and_made_anew() {
    let subject = registry();
    let workspace = subject.workspace(&Cli::terraform(), &subject.declared(&["it"]));
    workspace.apply().succeeds();
    for (kind, name) in [("service", "ship"), ("pvc", "ship-data")] {
        hold(&subject, kind, name, "[\"sandbox.test/hold\"]");
        workspace.run(&["taint", &subject.address("it")]).succeeds();
        let waited = workspace.log().matches("waiting until it is gone").count();
        let running = workspace.start_apply();
        running.wait_until(|| workspace.log().matches("waiting until it is gone").count() > waited, "the wait");
        hold(&subject, kind, name, "null");
        running.finish().succeeds();
        subject.stands(&format!("made anew while its {kind} was held back"));
        workspace.plan().changes_nothing();
    }
    workspace.destroy().succeeds();
    subject.is_gone("destroyed");
}

fn own_namespace(namespace: &Namespace) -> String {
    format!(
        "resource \"berth_registry\" \"it\" {{\n  name             = \"ship\"\n  namespace        = \"{}\"\n  \
         create_namespace = true\n  storage          = {{ ephemeral = {{}} }}\n}}\n",
        namespace.0
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_of_ours_is_made_anew_in_one_apply() {
    let namespace = Namespace::unused("owned");
    let workspace = Workspace::new(&own_namespace(&namespace));
    workspace.apply().succeeds();
    workspace.run(&["apply", "-json", "-input=false", "-auto-approve", "-replace=berth_registry.it"]).succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(object("default", "namespace", &namespace.0).is_none(), "a destroy waits until the namespace is gone");
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_stays_while_anything_of_others_is_in_it() {
    let namespace = Namespace::unused("shared");
    let role = ["create", "role", "theirs", "--verb=get", "--resource=pods"];
    let job = ["create", "cronjob", "theirs", "--image=busybox", "--schedule=0 0 1 1 *", "--", "true"];
    let quota = ["create", "quota", "theirs", "--hard=pods=100"];
    let ingress = ["create", "ingress", "theirs", "--rule=theirs.test/*=ship:5000"];
    for (kind, theirs) in [("role", &role[..]), ("cronjob", &job), ("quota", &quota), ("ingress", &ingress)] {
        let workspace = Workspace::new(&own_namespace(&namespace));
        workspace.apply().succeeds();
        kubectl_ok(&[&["-n", &namespace.0], theirs].concat());
        let destroyed = workspace.destroy().succeeds();
        let told = destroyed.diagnostics().iter().any(|shown| shown.summary.contains("was kept"));
        assert!(told, "{destroyed}");
        assert!(object(&namespace.0, kind, "theirs").is_some(), "{kind} went with the namespace");
        kubectl_ok(&["delete", "namespace", &namespace.0]);
    }
}
