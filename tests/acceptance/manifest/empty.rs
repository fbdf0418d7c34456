//! What is declared empty is meant so.

use serde_json::json;

use super::{declared, drift, joined, patched};
use crate::kubectl::{Namespace, object};
use crate::workspace::Workspace;

#[test]
#[ignore = "needs the sandbox"]
fn what_is_declared_empty_and_filled_by_others_is_told_and_set_back() {
    let namespace = Namespace::new("manifest");
    let metadata = |name: &str| format!("metadata: {{name: {name}, namespace: {}}}\n", namespace.0);
    let role = format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n{}rules: []\n", metadata("none"));
    let policy = format!(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{}spec: {{podSelector: {{}}, ingress: [], policyTypes: [Ingress]}}\n",
        metadata("closed")
    );
    let account = format!(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: app, namespace: {}, annotations: {{}}, labels: {{}}}}\nimagePullSecrets: []\n",
        namespace.0
    );
    let workspace = Workspace::new(&declared(&joined(&[role, policy, account]), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();

    patched(
        &namespace,
        "serviceaccount",
        "app",
        r#"{"metadata":{"annotations":{"a":"b"}},"imagePullSecrets":[{"name":"x"}]}"#,
    );
    workspace.plan().changes_nothing();
    patched(&namespace, "role", "none", r#"{"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}"#);
    patched(
        &namespace,
        "networkpolicy",
        "closed",
        r#"{"spec":{"podSelector":{"matchLabels":{"a":"b"}},"ingress":[{}]}}"#,
    );
    workspace.refresh().succeeds();
    let told = drift(&workspace).join("\n");
    for place in [".rules is", ".spec.podSelector is", ".spec.ingress is"] {
        assert!(told.contains(place), "{place}: {told}");
    }
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let rules = &object(&namespace.0, "role", "none").unwrap()["rules"];
    assert!(rules.as_array().is_none_or(Vec::is_empty), "{rules}");
    let spec = &object(&namespace.0, "networkpolicy", "closed").unwrap()["spec"];
    assert_eq!(spec["podSelector"], json!({}));
    assert!(spec["ingress"].as_array().is_none_or(Vec::is_empty), "{spec}");
    workspace.destroy().succeeds();
}
