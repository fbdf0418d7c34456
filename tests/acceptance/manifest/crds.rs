//! Definitions of kinds, and objects of these kinds in the same text.

use serde_json::Value;

use super::{ADDRESS, config_map, declared, drift, joined, on_all};
use crate::kubectl::{Namespace, kubectl, kubectl_ok, object};
use crate::workspace::Workspace;

/// A kind whose plural nobody would guess.
fn definition(group: &str) -> String {
    format!(
        r"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: piers-of-ships.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Pier, plural: piers-of-ships, singular: pier, listKind: PierList}}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {{status: {{}}}}
    schema: {{openAPIV3Schema: {{type: object, properties: {{spec: {{type: object, properties: {{depth: {{type: integer, default: 3}}, name: {{type: string}}}}}}, status: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}}}}}
"
    )
}

fn pier(group: &str, namespace: &Namespace) -> String {
    format!(
        "apiVersion: {group}/v1\nkind: Pier\nmetadata: {{name: one, namespace: {}}}\nspec: {{name: long}}\n",
        namespace.0
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_definition_and_its_object_come_in_one_apply_and_the_definition_stays_unless_told() {
    on_all(|cli| {
        let namespace = Namespace::new("manifest");
        let group = format!("{}.test", namespace.0);
        let kind = format!("pier.{group}");
        let text = joined(&[pier(&group, &namespace), definition(&group), config_map(&namespace, "beside", "{a: b}")]);
        let workspace = Workspace::on(cli, &declared(&text, ""));
        workspace.apply().succeeds();
        assert_eq!(object(&namespace.0, &kind, "one").unwrap()["spec"]["depth"], 3);
        workspace.plan().changes_nothing();

        let destroyed = workspace.destroy().succeeds();
        assert!(destroyed.stdout.contains("BERTH-K8S-088"), "{destroyed}");
        assert!(object(&namespace.0, &kind, "one").is_none());
        let crd = format!("crd/piers-of-ships.{group}");
        kubectl_ok(&["get", &crd]);

        // What was kept is free for whoever declares it next.
        let all = Workspace::on(cli, &declared(&text, "  keep = []"));
        all.apply().succeeds();
        all.plan().changes_nothing();
        all.destroy().succeeds();
        assert!(!kubectl(&["get", &crd]).status.success());
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn a_condition_and_a_field_are_waited_for() {
    let namespace = Namespace::new("manifest");
    let group = format!("{}.test", namespace.0);
    let text = joined(&[definition(&group), pier(&group, &namespace)]);
    let wait = "  keep = []\n  wait_for = [{ kind = \"Pier\", name = \"one\", condition = \"Ready\", field = { path = \"status.phase\", value = \"Moored\" } }]\n  timeouts = { create = \"3s\", update = \"60s\" }";
    let workspace = Workspace::new(&declared(&text, wait));
    let applied = workspace.apply().succeeds();
    assert!(
        applied.warnings().iter().any(|told| told.contains("BERTH-K8S-012") && told.contains("no condition Ready")),
        "{applied}"
    );
    assert_ne!(workspace.instance(ADDRESS).unwrap()["status"], "tainted");
    workspace.plan().changes_something();

    let running = workspace.start_apply();
    running.wait_for_log("watching");
    let status = r#"{"status":{"phase":"Moored","conditions":[{"type":"Ready","status":"True"}]}}"#;
    kubectl_ok(&[
        "-n",
        &namespace.0,
        "patch",
        &format!("pier.{group}"),
        "one",
        "--subresource=status",
        "--type=merge",
        "-p",
        status,
    ]);
    running.finish().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_kind_that_is_gone_takes_its_objects_with_it() {
    let namespace = Namespace::new("manifest");
    let group = format!("{}.test", namespace.0);
    kubectl_with(&definition(&group));
    let text = joined(&[pier(&group, &namespace), config_map(&namespace, "beside", "{a: b}")]);
    let workspace = Workspace::new(&declared(&text, ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    kubectl_ok(&["delete", "crd", &format!("piers-of-ships.{group}")]);
    workspace.refresh().succeeds();
    let told: Vec<Value> = workspace.attributes(ADDRESS)["drift"].as_array().unwrap().clone();
    assert!(told.iter().any(|it| it.as_str().unwrap().contains("one does not exist")), "{told:?}");
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-080"), "{errors}");
    workspace.destroy().succeeds();
    assert!(object(&namespace.0, "configmap", "beside").is_none());
}

#[test]
#[ignore = "needs the sandbox"]
fn another_version_of_an_object_is_the_same_object() {
    let namespace = Namespace::new("manifest");
    let scaler = |version: &str| {
        let target = "{apiVersion: apps/v1, kind: Deployment, name: none}";
        format!(
            "apiVersion: autoscaling/{version}\nkind: HorizontalPodAutoscaler\nmetadata: {{name: one, namespace: {}}}\nspec: {{minReplicas: 1, maxReplicas: 3, scaleTargetRef: {target}}}\n",
            namespace.0
        )
    };
    let uid = || object(&namespace.0, "hpa", "one").map(|it| it["metadata"]["uid"].clone());
    let workspace = Workspace::new(&declared(&scaler("v1"), ""));
    workspace.apply().succeeds();
    let made = uid();
    workspace.configure(&declared(&scaler("v2"), ""));
    workspace.apply().succeeds();
    assert!(made.is_some() && made == uid(), "it was neither removed nor made anew");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert_eq!(uid(), None);
}

#[test]
#[ignore = "needs the sandbox"]
fn an_object_whose_version_is_served_no_more_is_found_in_another() {
    let namespace = Namespace::new("manifest");
    let group = format!("{}.test", namespace.0);
    let beta = "  - name: v1beta1\n    served: true\n    storage: false\n    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}\n";
    kubectl_with(&(definition(&group) + beta));
    let old = pier(&group, &namespace).replace("/v1\n", "/v1beta1\n");
    let workspace = Workspace::new(&declared(&old, ""));
    workspace.apply().succeeds();
    kubectl_with(&(definition(&group) + &beta.replace("served: true", "served: false")));
    workspace.refresh().succeeds();
    assert!(drift(&workspace).iter().all(|told| told.contains("apiVersion")), "{:?}", drift(&workspace));
    assert!(workspace.apply().fails().contains("BERTH-K8S-080"));

    // The same in a version that is served.
    workspace.configure(&declared(&pier(&group, &namespace), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.run(&["state", "rm", ADDRESS]).succeeds();
    workspace.import(ADDRESS, &format!("{group}/v1beta1/Pier/{}/one", namespace.0)).fails();
    workspace.import(ADDRESS, &format!("{group}/v1/Pier/{}/one", namespace.0)).succeeds();
    workspace.destroy().succeeds();
    assert!(object(&namespace.0, &format!("pier.{group}"), "one").is_none());

    kubectl_with(&(definition(&group) + beta));
    workspace.configure(&declared(&old, ""));
    workspace.apply().succeeds();
    kubectl_with(&(definition(&group) + &beta.replace("served: true", "served: false")));
    workspace.destroy().succeeds();
    assert!(object(&namespace.0, &format!("pier.{group}"), "one").is_none(), "nothing is left behind");
    kubectl_ok(&["delete", "crd", &format!("piers-of-ships.{group}")]);
}

/// Applies a text by kubectl, and waits until the kind is there.
fn kubectl_with(text: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    kubectl_ok(&["apply", "-f", file.path().to_str().unwrap()]);
    kubectl_ok(&["wait", "--for=condition=Established", "-f", file.path().to_str().unwrap()]);
}
