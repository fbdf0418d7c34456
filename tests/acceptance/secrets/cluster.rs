//! What comes out of a cluster, and what may not go into the state.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::json;

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::sandbox;
use crate::workspace::Workspace;

const PASSWORD: &str = "a password: for/pulling?";

fn pull_secret(namespaces: &[&str], version: u32) -> String {
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
}}
"#
    )
}

/// The bytes of an entry of the pull secret.
fn entry(namespace: &str, name: &str) -> Option<Vec<u8>> {
    let secret = object(namespace, "secret", "pull").unwrap();
    Some(STANDARD.decode(secret["data"][name].as_str()?).unwrap())
}

fn hmac(key: &[u8], content: &[u8]) -> String {
    use aws_lc_rs::hmac;
    STANDARD_NO_PAD.encode(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), content))
}

#[test]
#[ignore = "needs the sandbox"]
fn no_guess_of_a_login_can_be_checked_by_the_state() {
    let (one, two) = (Namespace::new("digest"), Namespace::new("digest"));
    let workspace = Workspace::new(&pull_secret(&[&one.0], 1)).secret("password", PASSWORD);
    let digest = || workspace.attributes("berth_pull_secret.this")["digest"].clone();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let content = entry(&one.0, ".dockerconfigjson").unwrap();
    let key = entry(&one.0, "berth.digest-key").unwrap();
    let first = digest();
    assert_eq!(first, hmac(&key, &content), "the key is in the cluster");
    assert_ne!(first, hmac(b"pull", &content), "the name is no key");
    assert!(!workspace.state().to_string().contains(std::str::from_utf8(&key).unwrap()));

    // The same logins in one more namespace: the same digest, so that nothing that follows it changes.
    workspace.configure(&pull_secret(&[&one.0, &two.0], 1));
    workspace.apply().succeeds();
    assert_eq!(digest(), first);
    assert_eq!(entry(&two.0, "berth.digest-key"), Some(key));

    // Other logins by somebody else's hand are found.
    let other = json!({ "data": { ".dockerconfigjson": STANDARD.encode(r#"{"auths":{}}"#) } }).to_string();
    kubectl_ok(&["-n", &two.0, "patch", "secret", "pull", "--type=merge", "-p", &other]);
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();

    let imported = Workspace::new(&pull_secret(&[&one.0, &two.0], 1)).secret("password", PASSWORD);
    imported.import("berth_pull_secret.this", &format!("{}/pull", one.0)).succeeds();
    assert_eq!(imported.attributes("berth_pull_secret.this")["digest"], first);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_digest_of_an_earlier_berth_leaves_the_state_and_is_replaced() {
    let namespace = Namespace::new("digest");
    let workspace = Workspace::new(&pull_secret(&[&namespace.0], 1)).secret("password", PASSWORD);
    workspace.apply().succeeds();
    // As version 0.1 wrote it: no key in the Secret, and a digest by the name in the state.
    let without = json!([{ "op": "remove", "path": "/data/berth.digest-key" }]).to_string();
    kubectl_ok(&["-n", &namespace.0, "patch", "secret", "pull", "--type=json", "-p", &without]);
    let guessable = hmac(b"pull", &entry(&namespace.0, ".dockerconfigjson").unwrap());
    let mut state = workspace.state();
    state["resources"][0]["instances"][0]["attributes"]["digest"] = json!(guessable);
    workspace.write("terraform.tfstate", &state.to_string());

    workspace.refresh().succeeds();
    assert!(!workspace.state().to_string().contains(&guessable));
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(entry(&namespace.0, "berth.digest-key").is_some());
    assert!(workspace.attributes("berth_pull_secret.this")["digest"].is_string());
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_password_in_a_containers_log_is_not_in_ours() {
    let namespace = Namespace::new("logged");
    let configuration = |level: &str| {
        format!(
            r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "this" {{
  name      = "registry"
  namespace = "{}"
  storage   = {{ ephemeral = {{}} }}
  log_level = "{level}"
  proxy = {{
    remote_url          = "http://{}:5000"
    username            = "ann"
    password_wo         = var.password
    password_wo_version = 1
  }}
}}
"#,
            namespace.0,
            // Whatever answers: moto.
            sandbox::value("SANDBOX_NODE_IP"),
        )
    };
    let workspace = Workspace::new(&configuration("info")).secret("password", "proxy-password-4711");
    workspace.apply().succeeds();
    // Somebody has the program open a file of the password's name, which it logs.
    let command = json!(["registry", "serve", "$(REGISTRY_PROXY_PASSWORD)"]);
    let patch =
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "registry", "command": command }] } } } });
    kubectl_ok(&["-n", &namespace.0, "patch", "deployment", "registry", "-p", &patch.to_string()]);
    workspace.configure(&configuration("debug"));
    let told = workspace.apply().fails();
    assert!(told.contains("BERTH-K8S-014") && told.contains("(hidden)"), "{told}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn files_of_a_list_are_joined_as_kubectl_joins_them() {
    let namespace = Namespace::new("list");
    let skeleton = "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\ncurrent-context: \"\"\n";
    let real = sandbox::value("KUBECONFIG");
    let with = |list: &str| {
        let workspace = Workspace::new(&pull_secret(&[&namespace.0], 1)).secret("password", PASSWORD);
        workspace.env("KUBE_CONFIG_PATH", "").env("KUBECONFIG", list)
    };
    for list in
        [format!("/nonexistent/config:{real}"), format!("{real}:/nonexistent/config"), format!("skeleton:{real}")]
    {
        let workspace = with(&list);
        workspace.write("skeleton", skeleton);
        workspace.apply().succeeds();
        workspace.destroy().succeeds();
    }
    let told = with("/nonexistent/one:/nonexistent/two").apply().fails();
    assert!(
        told.contains("KUBECONFIG") && told.contains("/nonexistent/one") && told.contains("No such file"),
        "{told}"
    );
}

#[test]
#[ignore = "needs the sandbox"]
fn a_token_file_that_ends_with_a_line_break_logs_in() {
    let namespace = Namespace::new("token");
    let login = sandbox::cluster();
    let mut workspace = Workspace::new(&pull_secret(&[&namespace.0], 1)).secret("password", PASSWORD);
    workspace.never_shows(&login.token);
    workspace.write("token", &format!("{}\n", login.token));
    let file = std::fs::read_to_string(sandbox::value("KUBECONFIG")).unwrap();
    let file = file.replace(&format!("token: {}", login.token), "tokenFile: token");
    let file = file.replace(&format!("token: \"{}\"", login.token), "tokenFile: token");
    assert!(file.contains("tokenFile"), "the sandbox's kubeconfig holds its token in another way");
    let path = workspace.write("config", &file);
    let workspace = workspace.env("KUBE_CONFIG_PATH", path.to_str().unwrap());
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_a_quota_refuses_is_told_as_a_quota() {
    let namespace = Namespace::new("quota");
    kubectl_ok(&["-n", &namespace.0, "create", "quota", "tight", "--hard=requests.storage=1Mi"]);
    let configuration = format!(
        r#"
resource "berth_registry" "this" {{
  name      = "registry"
  namespace = "{}"
  storage   = {{ volume = {{ size = "64Mi" }} }}
}}
"#,
        namespace.0
    );
    let workspace = Workspace::new(&configuration);
    let told = workspace.apply().fails();
    assert!(told.contains("BERTH-K8S-019") && told.contains("exceeded quota: tight"), "{told}");
    assert!(told.contains("raise the namespace's quota") && !told.contains("grant"), "{told}");
    workspace.destroy().succeeds();
}
