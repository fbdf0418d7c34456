//! The way to the cluster: what is said when there is none, and that plans do without it.

use std::net::TcpListener;

use crate::kubectl::Namespace;
use crate::workspace::Workspace;

fn configuration(provider: &str) -> String {
    format!(
        r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
provider "berth" {{
  kubernetes = {{ {provider} }}
}}
resource "berth_pull_secret" "this" {{
  name       = "pull"
  namespaces = ["default"]
  registries = {{ "registry.sandbox.test" = {{ username = "ann", password_wo = var.password }} }}
}}
resource "berth_registry" "this" {{
  name      = "registry"
  namespace = "default"
  storage   = {{ ephemeral = {{}} }}
}}
"#
    )
}

fn workspace(provider: &str) -> Workspace {
    Workspace::new(&configuration(provider)).secret("password", "a password for pulling")
}

#[test]
#[ignore = "needs terraform"]
fn a_kubeconfig_that_does_not_exist_is_named_and_plans_do_without_it() {
    let workspace = workspace("config_path = \"/nonexistent/kubeconfig\"");
    workspace.plan().changes_something();
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-002"), "{errors}");
    assert!(errors.contains("kubernetes.config_path = \"/nonexistent/kubeconfig\""), "{errors}");
}

#[test]
#[ignore = "needs terraform"]
fn a_cluster_that_is_down_is_named_and_plans_do_without_it() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let workspace = workspace(&format!("host = \"https://{address}\""));
    workspace.plan().changes_something();
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-003") && errors.contains(&address.to_string()), "{errors}");
    assert!(errors.contains("kubernetes.host"), "{errors}");
}

#[test]
#[ignore = "needs terraform"]
fn without_any_setting_nothing_is_guessed() {
    let workspace = workspace("").env("KUBECONFIG", "").env("KUBE_CONFIG_PATH", "").env("KUBERNETES_SERVICE_HOST", "");
    workspace.plan().changes_something();
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-001") && !errors.contains("localhost"), "{errors}");
}

#[test]
#[ignore = "needs terraform"]
fn a_cluster_that_is_made_in_the_same_run_may_be_unknown_to_the_plan() {
    let made = "resource \"terraform_data\" \"cluster\" {\n  input = \"https://127.0.0.1:1\"\n}\n";
    let workspace = Workspace::new(&format!("{made}{}", configuration("host = terraform_data.cluster.output")))
        .secret("password", "a password for pulling");
    workspace.plan().changes_something();
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-003") && errors.contains("127.0.0.1:1"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_refresh_without_the_cluster_keeps_the_state_and_warns() {
    let namespace = Namespace::new("away");
    let declared = |provider: &str| configuration(provider).replace("\"default\"", &format!("{:?}", namespace.0));
    let here = format!("config_path = {:?}", crate::sandbox::value("KUBECONFIG"));
    let workspace = Workspace::new(&declared(&here)).secret("password", "a password for pulling");
    workspace.apply().succeeds();
    let before = workspace.state()["resources"].clone();

    workspace.configure(&declared("host = \"https://127.0.0.1:1\""));
    let plan = workspace.plan().changes_nothing();
    let warnings = plan.diagnostics();
    assert!(warnings.iter().any(|shown| shown.severity == "warning" && shown.detail.contains("127.0.0.1:1")), "{plan}");
    assert_eq!(workspace.state()["resources"], before);

    workspace.configure(&declared(&here));
    workspace.destroy().succeeds();
}
