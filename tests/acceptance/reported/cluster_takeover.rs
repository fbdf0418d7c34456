//! Pull secrets and registries that others made, or that an import brought into the state.

use std::process::Command;

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

const PASSWORD: &str = "a password, taken over";
const OLD: &str = "an older password";

const VARIABLE: &str = "variable \"password\" {\n  type      = string\n  ephemeral = true\n}\n";

fn pull_secret(namespace: &str, more: &str) -> String {
    format!(
        "{VARIABLE}resource \"berth_pull_secret\" \"this\" {{\n  name = \"pull\"\n  namespaces = [\"{namespace}\"]\n  \
         registries = {{ \"hub.test\" = {{ username = \"ann\", password_wo = var.password, password_wo_version = 1 }} }}\n}}\n{more}"
    )
}

fn content(namespace: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let secret = object(namespace, "secret", "pull").unwrap();
    String::from_utf8(STANDARD.decode(secret["data"][".dockerconfigjson"].as_str().unwrap()).unwrap()).unwrap()
}

fn made_by_kubectl(namespace: &str) {
    kubectl_ok(&[
        "-n",
        namespace,
        "create",
        "secret",
        "docker-registry",
        "pull",
        "--docker-server=hub.test",
        "--docker-username=ann",
        &format!("--docker-password={OLD}"),
    ]);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_secret_of_another_tool_is_imported_and_taken_over() {
    for cli in Cli::all() {
        let namespace = Namespace::new("taken");
        made_by_kubectl(&namespace.0);
        let workspace = Workspace::on(&cli, &pull_secret(&namespace.0, "")).secret("password", PASSWORD);
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-K8S-009") && errors.contains("import it"), "{errors}");
        workspace.import("berth_pull_secret.this", &format!("{}/pull", namespace.0)).succeeds();
        assert!(content(&namespace.0).contains(OLD), "an import changes nothing");
        let plan = workspace.plan().changes_something();
        assert_eq!(plan.changes(), [("berth_pull_secret.this".to_owned(), "update".to_owned())]);
        assert!(shown(&workspace).contains("was made by another tool"), "{}", shown(&workspace));
        workspace.apply().succeeds();
        assert!(content(&namespace.0).contains(PASSWORD) && !content(&namespace.0).contains(OLD));
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(object(&namespace.0, "secret", "pull").is_none());
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_was_imported_and_never_applied_is_not_removed() {
    let namespace = Namespace::new("taken");
    made_by_kubectl(&namespace.0);
    let workspace = Workspace::new(&pull_secret(&namespace.0, "")).secret("password", PASSWORD);
    workspace.import("berth_pull_secret.this", &format!("{}/pull", namespace.0)).succeeds();
    workspace.destroy().succeeds();
    assert!(content(&namespace.0).contains(OLD));
    let errors = workspace.import("berth_pull_secret.this", &format!("{}/nothing", namespace.0)).fails();
    assert!(errors.contains("which does not exist"), "{errors}");
    kubectl_ok(&["-n", &namespace.0, "create", "secret", "generic", "other", "--from-literal=a=b"]);
    let errors = workspace.import("berth_pull_secret.this", &format!("{}/other", namespace.0)).fails();
    assert!(errors.contains("of the type Opaque"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_secret_of_the_kubernetes_provider_is_moved_and_its_password_leaves_the_state() {
    let namespace = Namespace::new("moved");
    made_by_kubectl(&namespace.0);
    let mut workspace = Workspace::new("").secret("password", PASSWORD);
    workspace.stand_in_for("hashicorp/kubernetes");
    let state = serde_json::json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "00000000-0000-4000-8000-000000000000",
        "outputs": {},
        "resources": [{
            "mode": "managed", "type": "kubernetes_secret_v1", "name": "pull",
            "provider": "provider[\"registry.terraform.io/hashicorp/kubernetes\"]",
            "instances": [{ "schema_version": 0, "attributes": {
                "id": format!("{}/pull", namespace.0), "type": "kubernetes.io/dockerconfigjson", "immutable": false,
                "data": { ".dockerconfigjson": content(&namespace.0) }, "binary_data": null,
                "metadata": [{ "name": "pull", "namespace": namespace.0, "annotations": {}, "labels": {} }],
            }, "sensitive_attributes": [] }],
        }],
    });
    workspace.write("terraform.tfstate", &state.to_string());
    let moved = "moved {\n  from = kubernetes_secret_v1.pull\n  to   = berth_pull_secret.this\n}\n";
    workspace.configure(&pull_secret(&namespace.0, moved));
    workspace.apply().succeeds();
    std::fs::remove_file(workspace.path("terraform.tfstate.backup")).unwrap();
    workspace.never_shows(OLD);
    workspace.plan().changes_nothing();
    assert!(content(&namespace.0).contains(PASSWORD));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_secret_that_somebody_froze_is_told_with_the_way_out() {
    let namespace = Namespace::new("frozen");
    let workspace = Workspace::new(&pull_secret(&namespace.0, "")).secret("password", PASSWORD);
    workspace.apply().succeeds();
    kubectl_ok(&["-n", &namespace.0, "patch", "secret", "pull", "--type=merge", "-p", "{\"immutable\":true}"]);
    workspace.plan().changes_nothing();
    workspace.configure(&pull_secret(&namespace.0, "").replace("ann", "bob"));
    let errors = workspace.apply().fails();
    let command = format!("kubectl delete secret pull --namespace {}", namespace.0);
    assert!(errors.contains("somebody has made immutable") && errors.contains(&command), "{errors}");
    kubectl_ok(&command.split(' ').skip(1).collect::<Vec<_>>());
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(content(&namespace.0).contains("bob"));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_apply_after_an_import_sets_the_passwords() {
    let namespace = Namespace::new("imported");
    let configuration = format!(
        "{VARIABLE}resource \"berth_registry\" \"this\" {{\n  name = \"hub\"\n  namespace = \"{}\"\n  host_port = 7451\n  \
         storage = {{ ephemeral = {{}} }}\n  users = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}\n}}\n",
        namespace.0
    );
    Workspace::new(&configuration).secret("password", OLD).apply().succeeds();
    let other = Workspace::new(&configuration).secret("password", PASSWORD);
    other.import("berth_registry.this", &format!("{}/hub", namespace.0)).succeeds();
    let told = other.plan().changes_something();
    assert!(told.stdout.contains("imported without its passwords"), "{told}");
    other.apply().succeeds();
    other.plan().changes_nothing();
    assert_eq!([status(OLD), status(PASSWORD)], ["401", "200"]);
    other.destroy().succeeds();
}

/// The kept plan as a person reads it.
fn shown(workspace: &Workspace) -> String {
    workspace.run(&["show", "-no-color", "saved.plan"]).succeeds().stdout
}

/// What the registry answers to a login.
fn status(password: &str) -> String {
    let url = format!("http://{}:7451/v2/", value("SANDBOX_NODE_IP"));
    let login = format!("ann:{password}");
    let arguments = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--retry", "3", "--retry-connrefused", "-u"];
    let output = Command::new("curl").args(arguments).args([&login, &url]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
