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

/// The password that a Secret has for a registry.
fn password_of(namespace: &str, host: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let secret = object(namespace, "secret", "pull").unwrap();
    let file = STANDARD.decode(secret["data"][".dockerconfigjson"].as_str().unwrap()).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    file["auths"][host]["password"].as_str().unwrap_or_default().to_owned()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_password_that_is_left_out_stays_as_it_is() {
    let (one, two) = (Namespace::new("kept"), Namespace::new("kept"));
    let given = |namespaces: &[&str]| configuration(namespaces, 1, "service_accounts = []");
    let left_out = |namespaces: &[&str]| given(namespaces).replace(" password_wo = var.password,", "");
    let workspace = Workspace::new(&left_out(&[&one.0])).secret("password", PASSWORD);
    let told = workspace.plan().fails();
    assert!(told.contains("The login to `registry.sandbox.test` has no password"), "{told}");
    workspace.configure(&given(&[&one.0]));
    workspace.apply().succeeds();

    workspace.configure(&left_out(&[&one.0]));
    workspace.plan().changes_nothing();
    // Another namespace gets the same, and another login comes beside it.
    let more = "\"other.test\" = { username = \"bob\", password_wo = \"of another\", password_wo_version = 1 }\n  }\n  service";
    workspace.configure(&left_out(&[&one.0, &two.0]).replace("}\n  service", more));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    for namespace in [&one.0, &two.0] {
        assert_eq!(password_of(namespace, "registry.sandbox.test"), PASSWORD);
        assert_eq!(password_of(namespace, "other.test"), "of another");
    }
    workspace.configure(&left_out(&[&one.0]).replace("\"ann\"", "\"eve\""));
    let told = workspace.plan().fails();
    assert!(told.contains("The login to `registry.sandbox.test` has no password"), "{told}");

    // An import needs no password either.
    workspace.configure(&left_out(&[&one.0]));
    workspace.apply().succeeds();
    workspace.run(&["state", "rm", "berth_pull_secret.this"]).succeeds();
    workspace.import("berth_pull_secret.this", &format!("{}/pull", one.0)).succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(password_of(&one.0, "registry.sandbox.test"), PASSWORD);
    workspace.destroy().succeeds();
}
