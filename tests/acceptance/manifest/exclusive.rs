//! What only one object can have, and what several write to.

use super::{declared, joined};
use crate::kubectl::{Namespace, object};
use crate::workspace::Workspace;

fn service(namespace: &Namespace, name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {}}}\nspec: {{type: NodePort, selector: {{a: b}}, ports: [{{port: 80, nodePort: 31917}}]}}\n",
        namespace.0
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_service_keeps_its_fixed_port_under_another_name() {
    let namespace = Namespace::new("manifest");
    let workspace = Workspace::new(&declared(&service(&namespace, "one"), ""));
    workspace.apply().succeeds();
    workspace.configure(&declared(&service(&namespace, "two"), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(object(&namespace.0, "service", "one").is_none());
    assert_eq!(object(&namespace.0, "service", "two").unwrap()["spec"]["ports"][0]["nodePort"], 31917);

    // Where it is not what leaves that has the port, the refusal is told and nothing goes before its time.
    let other = Namespace::new("manifest");
    workspace.configure(&declared(&joined(&[service(&namespace, "two"), service(&other, "three")]), ""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-011") && errors.contains("already allocated"), "{errors}");
    assert!(object(&namespace.0, "service", "two").is_some());
    workspace.destroy().succeeds();
}

fn account(namespace: &Namespace, own: &str, label: &str) -> String {
    let metadata = format!("metadata: {{name: app, namespace: {}, labels: {{rev: {label}}}}}", namespace.0);
    format!("apiVersion: v1\nkind: ServiceAccount\n{metadata}\nimagePullSecrets: [{{name: {own}}}]\n")
}

fn with_pull_secret(namespace: &Namespace, manifest: &str) -> String {
    format!(
        r#"{manifest}
resource "berth_pull_secret" "pull" {{
  name             = "pull"
  namespaces       = ["{}"]
  service_accounts = ["app"]
  registries       = {{ "registry.sandbox.test" = {{ username = "ann", password_wo = "hunter22x", password_wo_version = 1 }} }}
  depends_on       = [berth_manifest.it]
}}
"#,
        namespace.0
    )
}

fn used_by(namespace: &Namespace) -> Vec<String> {
    let account = object(&namespace.0, "serviceaccount", "app").unwrap();
    let elements = account["imagePullSecrets"].as_array().cloned().unwrap_or_default();
    elements.iter().map(|element| element["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_with_a_pull_secret_of_its_own_has_another_bound_to_it() {
    let namespace = Namespace::new("manifest");
    let configured = |own: &str, label: &str, more: &str| {
        with_pull_secret(&namespace, &declared(&account(&namespace, own, label), more))
    };
    let workspace = Workspace::new(&configured("own", "first", ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(used_by(&namespace), ["own", "pull"]);
    workspace.configure(&configured("own", "second", ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(used_by(&namespace), ["own", "pull"]);
    for more in ["", "  force_conflicts = true"] {
        let own = if more.is_empty() { "other" } else { "third" };
        workspace.configure(&configured(own, "second", more));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(used_by(&namespace), ["pull", own]);
    }
    workspace.configure(&declared(&account(&namespace, "third", "second"), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(used_by(&namespace), ["third"]);
    workspace.destroy().succeeds();
}
