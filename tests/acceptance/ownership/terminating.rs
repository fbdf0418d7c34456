//! What is on its way out is not there: it is waited for, and made anew.

use std::time::Duration;

use super::subjects::{Subject, registry};
use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

/// Holds an object by a finalizer, and lets it go some seconds later.
fn hold_for(seconds: u64, subject: &Subject, kind: &str, name: &str) -> std::thread::JoinHandle<()> {
    let (namespace, kind, name) = (subject.namespace.0.clone(), kind.to_owned(), name.to_owned());
    let patch = |finalizers: &str| format!("{{\"metadata\":{{\"finalizers\":{finalizers}}}}}");
    kubectl_ok(&["-n", &namespace, "patch", &kind, &name, "--type=merge", "-p", &patch("[\"sandbox.test/hold\"]")]);
    std::thread::spawn(move || {
        while object(&namespace, &kind, &name).is_some_and(|found| found["metadata"]["deletionTimestamp"].is_null()) {
            std::thread::sleep(Duration::from_millis(100));
        }
        std::thread::sleep(Duration::from_secs(seconds));
        kubectl_ok(&["-n", &namespace, "patch", &kind, &name, "--type=merge", "-p", &patch("null")]);
    })
}

#[test]
#[ignore = "needs the sandbox"]
fn a_service_that_is_held_back_is_waited_for_and_made_anew() {
    let subject = registry();
    let workspace = subject.workspace(&Cli::terraform(), &subject.declared(&["it"]));
    workspace.apply().succeeds();
    for (kind, name) in [("service", "ship"), ("pvc", "ship-data")] {
        let holding = hold_for(4, &subject, kind, name);
        let replace = format!("-replace={}", subject.address("it"));
        workspace.run(&["apply", "-json", "-input=false", "-auto-approve", &replace]).succeeds();
        holding.join().unwrap();
        subject.stands(&format!("replaced while its {kind} was held back"));
        workspace.plan().changes_nothing();
    }
    let holding = hold_for(4, &subject, "service", "ship");
    workspace.destroy().succeeds();
    holding.join().unwrap();
    subject.is_gone("destroyed while its Service was held back");
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
