//! Fields that two want to set.

use serde_json::json;

use super::{config_map, declared, drift, joined, patched};
use crate::kubectl::{Namespace, apply, kubectl_ok, object};
use crate::workspace::Workspace;

/// Another tool declares a part of an object by server-side apply.
pub fn declares(namespace: &Namespace, manager: &str, text: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let manager = format!("--field-manager={manager}");
    kubectl_ok(&[
        "-n",
        &namespace.0,
        "apply",
        "--server-side",
        "--force-conflicts",
        &manager,
        "-f",
        file.path().to_str().unwrap(),
    ]);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_another_declares_is_refused_by_name_and_field_and_taken_only_by_force() {
    let namespace = Namespace::new("manifest");
    let workspace = Workspace::new(&declared(&config_map(&namespace, "shared", "{a: ours}"), ""));
    workspace.apply().succeeds();
    declares(&namespace, "harbour-master", &config_map(&namespace, "shared", "{a: theirs, b: theirs}"));
    workspace.refresh().succeeds();
    assert!(drift(&workspace).join("\n").contains(".data.a is \"theirs\""), "{:?}", drift(&workspace));
    let errors = workspace.apply().fails();
    for words in ["BERTH-K8S-010", "harbour-master", ".data.a", "force_conflicts"] {
        assert!(errors.contains(words), "{words}: {errors}");
    }
    assert_eq!(object(&namespace.0, "configmap", "shared").unwrap()["data"]["a"], "theirs");

    workspace.configure(&declared(&config_map(&namespace, "shared", "{a: ours}"), "  force_conflicts = true"));
    workspace.apply().succeeds();
    assert_eq!(object(&namespace.0, "configmap", "shared").unwrap()["data"], json!({ "a": "ours", "b": "theirs" }));
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_value_of_another_type_is_told_at_its_field() {
    let namespace = Namespace::new("manifest");
    let account = |name: &str| {
        let metadata = format!("{{name: one, namespace: {}}}", namespace.0);
        format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {metadata}\nsecrets: [{{name: {name}}}]\n")
    };
    let workspace = Workspace::new(&declared(&account("yes"), ""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-011") && errors.contains("expected string"), "{errors}");
    // What is known to hold texts only is told before.
    workspace.configure(&declared(&config_map(&namespace, "one", "{a: yes}"), ""));
    let errors = workspace.validate().fails();
    assert!(errors.contains("BERTH-K8S-082") && errors.contains("`a` in `data`"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn another_manager_takes_over_the_fields_and_what_leaves_the_text_leaves_the_object() {
    let namespace = Namespace::new("manifest");
    let workspace = Workspace::new(&declared(&config_map(&namespace, "one", "{a: x, b: z}"), ""));
    workspace.apply().succeeds();
    workspace.configure(&declared(&config_map(&namespace, "one", "{a: x}"), "  field_manager = \"pilot\""));
    workspace.apply().succeeds();
    assert_eq!(object(&namespace.0, "configmap", "one").unwrap()["data"], json!({ "a": "x" }));
    workspace.plan().changes_nothing();
    patched(&namespace, "configmap", "one", r#"{"data":{"a":"by hand"}}"#);
    workspace.apply().succeeds();
    assert_eq!(object(&namespace.0, "configmap", "one").unwrap()["data"]["a"], "x");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_exists_is_adopted_only_when_asked_and_is_ours_alone_then() {
    let namespace = Namespace::new("manifest");
    apply(&config_map(&namespace, "old", "{a: x, b: z}"));
    let workspace = Workspace::new(&declared(&config_map(&namespace, "old", "{a: x}"), ""));
    let planned = workspace.plan().changes_something();
    assert!(planned.warnings().iter().any(|told| told.contains("BERTH-K8S-009")), "{planned}");
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-009") && errors.contains("adopt"), "{errors}");
    workspace.configure(&declared(&config_map(&namespace, "old", "{a: x}"), "  adopt = true"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(object(&namespace.0, "configmap", "old").is_none());
}

/// What somebody has running is not half written, and never destroyed because an adoption failed.
#[test]
#[ignore = "needs the sandbox"]
fn an_adoption_that_would_be_refused_writes_nothing_and_one_that_fails_destroys_nothing() {
    let namespace = Namespace::new("manifest");
    let (one, two) = (config_map(&namespace, "one", "{a: x}"), config_map(&namespace, "two", "{a: x}"));
    apply(&joined(&[one.clone(), two.clone()]));
    let uid = |name: &str| object(&namespace.0, "configmap", name).unwrap()["metadata"]["uid"].clone();
    let mark =
        |name: &str| object(&namespace.0, "configmap", name).unwrap()["metadata"]["annotations"]["berth/owner"].clone();
    let (before, other) = (uid("one"), two.replace("{a: x}", "{a: z}"));
    let adopting = |texts: &[String], more: &str| declared(&joined(texts), &format!("  adopt = true\n{more}"));
    let workspace = Workspace::new(&adopting(&[one.clone(), other.clone()], ""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-010") && errors.contains("force_conflicts"), "{errors}");
    assert!(mark("one").is_null() && mark("two").is_null(), "nothing was written");
    assert!(workspace.instance("berth_manifest.it").is_none());

    // What fails later, a new object beside them, taints nothing.
    let lost = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lost, namespace: nowhere-at-all}\n".to_owned();
    workspace.configure(&adopting(&[one.clone(), other.clone(), lost], "  force_conflicts = true"));
    let run = workspace.apply().succeeds();
    assert!(run.warnings().concat().contains("nowhere-at-all"), "{run}");
    assert_eq!(workspace.plan().changes(), [("berth_manifest.it".to_owned(), "update".to_owned())]);
    workspace.configure(&adopting(&[one, other], "  force_conflicts = true"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(
        (uid("one"), object(&namespace.0, "configmap", "two").unwrap()["data"]["a"].clone()),
        (before, "z".into())
    );

    // What kubectl had put into the text leaves it, since it is the resource's alone by now.
    workspace.configure(&adopting(&[config_map(&namespace, "one", "{b: x}")], ""));
    workspace.apply().succeeds();
    assert!(object(&namespace.0, "configmap", "one").unwrap()["data"]["a"].is_null());
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_part_is_held_by_what_answers_for_it_also_where_that_belongs_to_the_whole_cluster() {
    let namespace = Namespace::new("manifest");
    let role = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {}}}\nrules: []\n",
        namespace.0
    );
    let first = Workspace::new(&declared(&joined(&[role, config_map(&namespace, "part", "{a: b}")]), ""));
    first.apply().succeeds();
    let lead = object(&namespace.0, "configmap", "part").unwrap()["metadata"]["annotations"]["berth/part-of"].clone();
    assert_eq!(lead, format!("rbac.authorization.k8s.io/v1/ClusterRole//{}", namespace.0));

    let second = Workspace::new(&declared(&config_map(&namespace, "part", "{a: c}"), ""));
    let planned = second.plan().changes_something();
    assert!(planned.warnings().iter().any(|told| told.contains("BERTH-K8S-015")), "{planned}");
    let errors = second.apply().fails();
    assert!(errors.contains("BERTH-K8S-015") && errors.contains("annotate clusterrole"), "{errors}");
    assert_eq!(object(&namespace.0, "configmap", "part").unwrap()["data"]["a"], "b");
    first.destroy().succeeds();
    second.apply().succeeds();
    second.destroy().succeeds();
}
