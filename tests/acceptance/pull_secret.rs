//! `berth_pull_secret`: written, bound, mended and taken away, beside what others do.

use serde_json::Value;

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

const PASSWORD: &str = "a password for pulling";

fn configuration(namespaces: &[&str], version: u32, accounts: &str) -> String {
    format!(
        r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_pull_secret" "this" {{
  name       = "pull"
  namespaces = {namespaces:?}
  registries = {{
    "registry.sandbox.test" = {{ username = "ann", password_wo = var.password, password_wo_version = {version} }}
  }}
  {accounts}
}}
"#
    )
}

/// The pull secrets that an account names.
fn used_by(namespace: &str, account: &str) -> Vec<String> {
    let account = object(namespace, "serviceaccount", account).unwrap();
    let elements = account["imagePullSecrets"].as_array().cloned().unwrap_or_default();
    elements.iter().map(|element| element["name"].as_str().unwrap().to_owned()).collect()
}

fn bind(namespace: &str, secrets: &[&str]) {
    let elements: Vec<Value> = secrets.iter().map(|name| serde_json::json!({ "name": name })).collect();
    let patch = serde_json::json!({ "imagePullSecrets": elements }).to_string();
    kubectl_ok(&["-n", namespace, "patch", "serviceaccount", "default", "--type=merge", "-p", &patch]);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_pull_secret_is_written_bound_mended_and_taken_away() {
    for cli in Cli::all() {
        let (one, two) = (Namespace::new("pull"), Namespace::new("pull"));
        kubectl_ok(&["-n", &one.0, "wait", "--for=create", "serviceaccount/default", "--timeout=30s"]);
        bind(&one.0, &["theirs"]);
        let both = configuration(&[&one.0, &two.0], 1, "");
        let workspace = Workspace::on(&cli, &both).secret("password", PASSWORD);
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(used_by(&one.0, "default"), ["theirs", "pull"]);
        assert_eq!(used_by(&two.0, "default"), ["pull"]);
        let secret = object(&one.0, "secret", "pull").unwrap();
        assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");

        bind(&one.0, &["theirs", "later"]);
        kubectl_ok(&["-n", &two.0, "delete", "secret", "pull"]);
        workspace.plan().changes_something();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(used_by(&one.0, "default"), ["theirs", "later", "pull"]);
        assert!(object(&two.0, "secret", "pull").is_some());

        workspace.configure(&configuration(&[&one.0], 1, ""));
        workspace.apply().succeeds();
        assert!(object(&two.0, "secret", "pull").is_none());
        assert_eq!(used_by(&two.0, "default"), Vec::<String>::new());

        workspace.destroy().succeeds();
        assert_eq!(used_by(&one.0, "default"), ["theirs", "later"]);
        assert!(object(&one.0, "secret", "pull").is_none());
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_new_password_and_other_accounts_come_in_place() {
    let namespace = Namespace::new("pull");
    kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "builder"]);
    let workspace = Workspace::new(&configuration(&[&namespace.0], 1, "")).secret("password", PASSWORD);
    workspace.apply().succeeds();
    let before = object(&namespace.0, "secret", "pull").unwrap();

    let accounts = "service_accounts = [\"builder\"]";
    workspace.configure(&configuration(&[&namespace.0], 2, accounts));
    let other = workspace.secret("password", "quite another password");
    let plan = other.plan();
    assert_eq!(plan.changes(), [("berth_pull_secret.this".to_owned(), "update".to_owned())]);
    other.apply().succeeds();
    other.plan().changes_nothing();
    let after = object(&namespace.0, "secret", "pull").unwrap();
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
    assert_ne!(before["data"], after["data"]);
    assert_eq!(used_by(&namespace.0, "builder"), ["pull"]);
    assert_eq!(used_by(&namespace.0, "default"), Vec::<String>::new());
    other.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_pull_secret_is_imported() {
    let namespace = Namespace::new("pull");
    let declared = configuration(&[&namespace.0], 1, "");
    let workspace = Workspace::new(&declared).secret("password", PASSWORD);
    workspace.apply().succeeds();
    let other = Workspace::new(&declared).secret("password", PASSWORD);
    other.import("berth_pull_secret.this", &format!("{}/pull", namespace.0)).succeeds();
    other.plan().changes_something();
    other.apply().succeeds();
    other.plan().changes_nothing();
    other.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn labels_find_the_namespaces() {
    let (one, two) = (Namespace::new("select"), Namespace::new("select"));
    let label = format!("team={}", one.0);
    kubectl_ok(&["label", "namespace", &one.0, &label]);
    let declared = format!(
        r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_pull_secret" "this" {{
  name               = "pull"
  namespace_selector = {{ team = "{}" }}
  registries         = {{ "registry.sandbox.test" = {{ username = "ann", password_wo = var.password }} }}
}}
"#,
        one.0
    );
    let workspace = Workspace::new(&declared).secret("password", PASSWORD);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(object(&one.0, "secret", "pull").is_some() && object(&two.0, "secret", "pull").is_none());
    kubectl_ok(&["label", "namespace", &two.0, &label]);
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    assert_eq!(used_by(&two.0, "default"), ["pull"]);
    workspace.destroy().succeeds();
    assert_eq!(used_by(&one.0, "default"), Vec::<String>::new());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_that_does_not_exist_is_named() {
    let declared = configuration(&["no-such-namespace"], 1, "");
    let workspace = Workspace::new(&declared).secret("password", PASSWORD);
    workspace.plan().changes_something();
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-006") && errors.contains("`no-such-namespace`"), "{errors}");
    assert!(workspace.instance("berth_pull_secret.this").is_none());
}
