//! Objects that go, those that do not, and runs that end in the middle.

use super::{ADDRESS, config_map, declared, deployment, joined};
use crate::kubectl::{Namespace, kubectl, kubectl_ok, names, object};
use crate::workspace::Workspace;

#[test]
#[ignore = "needs the sandbox"]
fn an_object_that_is_held_is_explained_and_goes_with_the_next_run() {
    let namespace = Namespace::new("manifest");
    let text = joined(&[config_map(&namespace, "held", "{a: b}"), config_map(&namespace, "free", "{a: b}")]);
    let workspace = Workspace::new(&declared(&text, "  timeouts = { delete = \"4s\" }"));
    workspace.apply().succeeds();
    let held = namespace.hold("configmap", "held");
    let errors = workspace.destroy().fails();
    for words in ["BERTH-K8S-091", "sandbox.berth/held", "kubectl patch configmap held --namespace"] {
        assert!(errors.contains(words), "{words}: {errors}");
    }
    assert!(workspace.instance(ADDRESS).is_some());
    drop(held);
    workspace.destroy().succeeds();
    assert!(object(&namespace.0, "configmap", "held").is_none() && object(&namespace.0, "configmap", "free").is_none());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_of_the_text_comes_first_and_goes_only_if_nothing_of_others_is_in_it() {
    let namespace = Namespace::unused("manifest-own");
    let own = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n", namespace.0);
    let text = joined(&[config_map(&namespace, "a", "{a: b}"), own]);
    let workspace = Workspace::new(&declared(&text, ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    kubectl_ok(&["-n", &namespace.0, "create", "configmap", "theirs"]);
    let destroyed = workspace.destroy().succeeds();
    assert!(destroyed.stdout.contains("BERTH-K8S-018") && destroyed.stdout.contains("theirs"), "{destroyed}");
    assert_eq!(names(&namespace.0, "configmap").iter().filter(|name| *name == "theirs" || *name == "a").count(), 1);

    kubectl_ok(&["-n", &namespace.0, "delete", "configmap", "theirs"]);
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
    assert!(!kubectl(&["get", "namespace", &namespace.0]).status.success());
}

#[test]
#[ignore = "needs the sandbox"]
fn what_somebody_else_made_anew_is_theirs() {
    let namespace = Namespace::new("manifest");
    let text = joined(&[config_map(&namespace, "a", "{a: b}"), config_map(&namespace, "b", "{a: b}")]);
    let workspace = Workspace::new(&declared(&text, ""));
    workspace.apply().succeeds();
    kubectl_ok(&["-n", &namespace.0, "delete", "configmap", "a"]);
    kubectl_ok(&["-n", &namespace.0, "create", "configmap", "a", "--from-literal=theirs=x"]);
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-009"), "{errors}");
    let destroyed = workspace.destroy().succeeds();
    assert!(destroyed.stdout.contains("BERTH-K8S-017"), "{destroyed}");
    assert!(object(&namespace.0, "configmap", "a").is_some() && object(&namespace.0, "configmap", "b").is_none());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_rollout_that_fails_taints_nothing_and_an_update_says_why() {
    let namespace = Namespace::new("manifest");
    let job = |command: &str| {
        format!(
            "apiVersion: batch/v1\nkind: Job\nmetadata: {{name: once, namespace: {}}}\nspec: {{backoffLimit: 0, template: {{spec: {{restartPolicy: Never, containers: [{{name: a, image: \"docker.io/library/busybox:1.35\", imagePullPolicy: IfNotPresent, command: [{command}]}}]}}}}}}\n",
            namespace.0
        )
    };
    let workspace = Workspace::new(&declared(&job("\"false\""), ""));
    let applied = workspace.apply().succeeds();
    assert!(
        applied.warnings().iter().any(|told| told.contains("BERTH-K8S-086") && told.contains("BackoffLimitExceeded")),
        "{applied}"
    );
    assert_ne!(workspace.instance(ADDRESS).unwrap()["status"], "tainted");
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-086"), "{errors}");
    kubectl_ok(&["-n", &namespace.0, "delete", "job", "once"]);
    workspace.configure(&declared(&job("\"true\""), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.configure(&declared(&job("\"true\", x"), ""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("immutable") && errors.contains("kubectl delete"), "{errors}");
    workspace.configure(&declared(&job("\"true\""), ""));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_wait_in_vain_ends_with_the_cause() {
    let namespace = Namespace::new("manifest");
    let program =
        r#"command: [sh, -c, "echo no chart of the harbour; exit 3"], readinessProbe: {exec: {command: ["false"]}}"#;
    let text = deployment(&namespace, "web", program, "");
    let workspace = Workspace::new(&declared(&text, "  timeouts = { create = \"25s\" }"));
    let told = workspace.apply().succeeds().warnings().join("\n");
    assert!(told.contains("BERTH-K8S-012") && told.contains("cause crash-loop"), "{told}");
    assert!(told.contains("no chart of the harbour"), "{told}");
    workspace.destroy().succeeds();
}
