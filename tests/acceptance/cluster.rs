//! The way to the cluster: what is said when there is none, and that plans do without it.

use std::net::TcpListener;

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
