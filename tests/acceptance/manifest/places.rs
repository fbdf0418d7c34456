//! Where the objects of a text belong: in the namespace that `namespace` names, in one of the text, in one that is going.

use super::{ADDRESS, config_map, declared, joined};
use crate::kubectl::{Namespace, kubectl, kubectl_ok, object};
use crate::workspace::Workspace;

#[test]
#[ignore = "needs the sandbox"]
fn an_import_plans_nothing_where_the_namespace_stands_beside_the_text() {
    let namespace = Namespace::new("manifest");
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n";
    let beside = format!("  namespace = \"{}\"", namespace.0);
    let workspace = Workspace::new(&declared(text, &beside));
    workspace.apply().succeeds();
    workspace.run(&["state", "rm", ADDRESS]).succeeds();
    workspace.import(ADDRESS, &format!("v1/ConfigMap/{}/one", namespace.0)).succeeds();
    workspace.plan().changes_nothing();

    // What changes after that is written as it is declared.
    workspace.configure(&declared(&text.replace("{a: b}", "{a: c}"), &beside));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(workspace.attributes(ADDRESS)["namespace"], namespace.0);
    assert_eq!(object(&namespace.0, "configmap", "one").unwrap()["data"]["a"], "c");
    workspace.configure(&declared(&text.replace("{a: b}", "{a: c}"), ""));
    workspace.plan().changes_something();
    workspace.destroy().succeeds();
}

/// What a namespace's own account is declared with.
fn account(namespace: &Namespace) -> String {
    let metadata = format!("metadata: {{name: default, namespace: {}, labels: {{rev: one}}}}", namespace.0);
    format!("apiVersion: v1\nkind: ServiceAccount\n{metadata}\nimagePullSecrets: [{{name: own}}]\n")
}

#[test]
#[ignore = "needs the sandbox"]
fn the_account_that_the_cluster_makes_in_each_namespace_is_declared_beside_it() {
    let namespace = Namespace::unused("manifest-own");
    let own = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n", namespace.0);
    let workspace = Workspace::new(&declared(&joined(&[own, account(&namespace)]), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let made = object(&namespace.0, "serviceaccount", "default").unwrap();
    assert_eq!(made["imagePullSecrets"][0]["name"], "own");
    workspace.destroy().succeeds();
    assert!(!kubectl(&["get", "namespace", &namespace.0]).status.success());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_destroy_takes_off_what_was_declared_of_the_clusters_account_and_nothing_else() {
    let namespace = Namespace::new("manifest");
    let pull_secret = format!(
        r#"
resource "berth_pull_secret" "pull" {{
  name             = "pull"
  namespaces       = ["{}"]
  service_accounts = ["default"]
  registries       = {{ "registry.sandbox.test" = {{ username = "ann", password_wo = "hunter22x", password_wo_version = 1 }} }}
}}
"#,
        namespace.0
    );
    let first = object(&namespace.0, "serviceaccount", "default").unwrap()["metadata"]["uid"].clone();
    let workspace = Workspace::new(&format!("{}{pull_secret}", declared(&account(&namespace), "")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();

    workspace.configure(&pull_secret);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let left = object(&namespace.0, "serviceaccount", "default").unwrap();
    assert_eq!(left["metadata"]["uid"], first, "tokens of running Pods are bound to it");
    assert_eq!(left["imagePullSecrets"].as_array().unwrap().len(), 1);
    assert_eq!(left["imagePullSecrets"][0]["name"], "pull");
    assert!(left["metadata"]["labels"].get("rev").is_none(), "{left}");
    let marks = left["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    assert!(!marks.keys().any(|mark| mark.contains("owner")), "{left}");
    workspace.destroy().succeeds();
    let bare = object(&namespace.0, "serviceaccount", "default").unwrap();
    assert_eq!((bare.get("imagePullSecrets"), &bare["metadata"]["uid"]), (None, &first));
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_that_does_not_go_says_what_is_left_in_it() {
    let namespace = Namespace::unused("manifest-held");
    kubectl_ok(&["create", "namespace", &namespace.0]);
    kubectl_ok(&["-n", &namespace.0, "create", "configmap", "kept"]);
    let held = namespace.hold("configmap", "kept");
    kubectl_ok(&["delete", "namespace", &namespace.0, "--wait=false"]);
    let own = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {}}}\n", namespace.0);
    let workspace = Workspace::new(&declared(&own, "  timeouts = { create = \"20s\" }"));
    let errors = workspace.apply().fails();
    for words in ["BERTH-K8S-091", "configmaps. has 1 resource instances", "sandbox.berth/held"] {
        assert!(errors.contains(words), "{words}: {errors}");
    }
    workspace.configure(&declared(&config_map(&namespace, "a", "{}"), "  timeouts = { create = \"6s\" }"));
    let errors = workspace.apply().fails();
    assert!(errors.contains(&format!("kubectl describe namespace {}", namespace.0)), "{errors}");
    drop(held);
}
