//! `berth_node_trust`: a node that pulls what it could not pull before.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kubectl::{Namespace, kubectl_ok, names};
use crate::registry_check::certificate;
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

const PASSWORD: &str = "a password that nodes use";

/// Where the sandbox's node keeps its configuration, and an image that it has.
pub fn node() -> String {
    format!(
        "containerd_folder = \"{}\"\n  containerd_config = \"{}\"\n  image = \"{}\"",
        value("SANDBOX_CERTS_FOLDER"),
        value("SANDBOX_CONTAINERD_CONFIG"),
        value("SANDBOX_BUSYBOX_IMAGE")
    )
}

fn on_node(host: &str, file: &str) -> PathBuf {
    PathBuf::from(value("SANDBOX_CERTS_FOLDER")).join(host).join(file)
}

/// A registry with a certificate of an unknown CA, the login to it, and a check that a node can pull.
fn configuration(namespace: &str, port: u16, trust: &str) -> String {
    let address = value("SANDBOX_NODE_IP");
    format!(
        r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "this" {{
  name      = "registry"
  namespace = "{namespace}"
  host      = "{address}"
  storage   = {{ ephemeral = {{}} }}
  users     = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}
  tls       = {{ secret_name = "registry-tls" }}
  host_port = {port}
}}
resource "berth_pull_secret" "this" {{
  name       = "pull"
  namespaces = [berth_registry.this.namespace]
  registries = {{ "{address}:{port}" = {{ username = "ann", password_wo = var.password, password_wo_version = 1 }} }}
}}
{trust}
resource "berth_registry_check" "this" {{
  host        = "{address}:{port}"
  username    = "ann"
  password_wo = var.password
  ca_pem      = file("ca.pem")
  in_cluster  = {{ namespace = berth_pull_secret.this.secrets == null ? "" : "{namespace}" }}
  depends_on  = [TRUST]
  timeouts    = {{ create = "60s", update = "60s" }}
}}
"#
    )
}

/// Of a change that does not reach all nodes.
const PATIENCE: &str = "timeouts = { update = \"120s\" }";

fn trust(namespace: &str, hosts: &str) -> String {
    format!(
        "resource \"berth_node_trust\" \"this\" {{\n  name = \"trust\"\n  namespace = \"{namespace}\"\n  hosts = {{\n{hosts}\n  }}\n  {}\n  {PATIENCE}\n}}\n",
        node()
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_node_pulls_from_a_registry_of_an_unknown_ca_once_it_trusts_it() {
    for (port, cli) in (6464..).zip(Cli::all()) {
        let namespace = Namespace::new("trust");
        let workspace = Workspace::on(&cli, "").secret("password", PASSWORD);
        certificate(&workspace, &namespace.0);
        let host = format!("{}:{port}", value("SANDBOX_NODE_IP"));
        // What a run that was cut short has left there would count as somebody else's.
        let _ = fs::remove_dir_all(on_node(&host, ""));
        let without = configuration(&namespace.0, port, "").replace("[TRUST]", "[berth_pull_secret.this]");
        workspace.configure(&without);
        let told = workspace.apply().fails();
        assert!(told.contains("in_cluster") && told.contains("x509"), "{told}");

        let own = format!("    \"{host}\" = {{ ca_pem = file(\"ca.pem\") }}");
        let with = |hosts: &str| {
            configuration(&namespace.0, port, &trust(&namespace.0, hosts)).replace("[TRUST]", "[berth_node_trust.this]")
        };
        workspace.configure(&with(&own));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let nodes = workspace.attributes("berth_node_trust.this")["nodes"].clone();
        let told: Vec<&Value> = nodes.as_object().unwrap().values().collect();
        assert_eq!(told, ["trusted"]);

        // What somebody else wrote is left alone, and the node is named.
        let theirs = format!("{}.test", namespace.0);
        fs::create_dir_all(on_node(&theirs, "")).unwrap();
        fs::write(on_node(&theirs, "hosts.toml"), "# theirs\n").unwrap();
        let both = format!("{own}\n    \"{theirs}\" = {{ mirrors = [\"https://mirror.test\"] }}");
        workspace.configure(&with(&both));
        let told = workspace.apply().fails();
        let path = on_node(&theirs, "hosts.toml");
        assert!(told.contains("BERTH-TRUST-005"), "no waiting mends it: {told}");
        let flat = told.split_whitespace().collect::<String>();
        assert!(flat.contains(&format!("{}waswrittenbysomebodyelse", path.display())), "{told}");
        assert_eq!(fs::read_to_string(on_node(&theirs, "hosts.toml")).unwrap(), "# theirs\n");
        fs::remove_dir_all(on_node(&theirs, "")).unwrap();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert!(fs::read_to_string(on_node(&theirs, "hosts.toml")).unwrap().contains("mirror.test"));

        workspace.run(&["state", "rm", "berth_node_trust.this"]).succeeds();
        workspace.import("berth_node_trust.this", &format!("{}/trust", namespace.0)).succeeds();
        // How long berth may work is in no cluster: the next apply notes it, and touches nothing.
        workspace.configure(&with(&both).replace(PATIENCE, ""));
        workspace.plan().changes_nothing();
        workspace.configure(&with(&both));
        workspace.plan().changes_something();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(!on_node(&host, "").exists() && !on_node(&theirs, "").exists(), "the node keeps nothing");
        assert!(names(&namespace.0, "configmaps").iter().all(|name| name == "kube-root-ca.crt"));
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_changed_in_the_cluster_is_set_right() {
    let namespace = Namespace::new("trust");
    let host = format!("{}.test", namespace.0);
    let workspace =
        Workspace::new(&trust(&namespace.0, &format!("    \"{host}\" = {{ mirrors = [\"https://mirror.test\"] }}")));
    workspace.apply().succeeds();
    assert!(on_node(&host, "hosts.toml").exists());
    kubectl_ok(&["-n", &namespace.0, "delete", "configmap", "trust-files"]);
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    kubectl_ok(&["-n", &namespace.0, "delete", "daemonset", "trust"]);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(!on_node(&host, "").exists());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_folder_that_is_declared_no_more_is_left_as_it_was() {
    let namespace = Namespace::new("trust");
    let host = format!("{}.test", namespace.0);
    let new = trust(&namespace.0, &format!("    \"{host}\" = {{ mirrors = [\"https://mirror.test\"] }}"));
    let certs = value("SANDBOX_CERTS_FOLDER");
    let folder = format!("{}.d", namespace.0);
    let workspace = Workspace::new(&new.replace(&format!("\"{certs}\""), &format!("\"{certs}/{folder}\"")));
    workspace.apply().succeeds();
    let in_old = || on_node(&folder, &host);
    assert!(in_old().join("hosts.toml").exists());
    workspace.configure(&new);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(!in_old().exists() && on_node(&host, "hosts.toml").exists());
    workspace.destroy().succeeds();
    assert!(!on_node(&host, "").exists());
    let _ = fs::remove_dir(on_node(&folder, ""));
}

#[test]
#[ignore = "needs the sandbox"]
fn a_containerd_that_reads_no_folders_ends_the_wait_and_is_told_with_what_to_set() {
    let namespace = Namespace::new("trust");
    let host = format!("{}.test", namespace.0);
    let right = trust(&namespace.0, &format!("    \"{host}\" = {{ mirrors = [\"https://mirror.test\"] }}"));
    let config = value("SANDBOX_CONTAINERD_CONFIG");
    let folder = PathBuf::from(value("SANDBOX_CERTS_FOLDER")).join(format!("{}.conf", namespace.0));
    fs::create_dir_all(&folder).unwrap();
    let silent = folder.join("config.toml");
    fs::write(&silent, "version = 2\n").unwrap();
    let wrong = right.replace(&format!("\"{config}\""), &format!("\"{}\"", silent.display()));
    let workspace = Workspace::new(&wrong);
    let begun = Instant::now();
    let told = workspace.apply().succeeds().stdout;
    let took = begun.elapsed();
    assert!(took < Duration::from_mins(2), "{took:?}");
    assert!(told.contains("Not all nodes trust yet") && told.contains("containerd_config"), "{told}");
    workspace.configure(&right);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    let _ = fs::remove_dir_all(folder);
}

#[test]
#[ignore = "needs terraform"]
fn what_no_node_could_read_is_refused() {
    let declared = |hosts: &str, more: &str| {
        format!(
            "resource \"berth_node_trust\" \"x\" {{\n  name = \"a\"\n  namespace = \"b\"\n  hosts = {{ {hosts} }}\n  {more}\n}}\n"
        )
    };
    for (hosts, more, told) in [
        ("\"r.test\" = {}", "", "Nothing is said of the registry `r.test`"),
        ("\"https://r.test/v2\" = { mirrors = [\"https://m.test\"] }", "", "is not `HOST` or `HOST:PORT`"),
        ("\"r.test\" = { ca_pem = \"x\" }", "", "must be certificates in PEM"),
        ("\"r.test\" = { mirrors = [\"m.test\"] }", "", "must be a URL"),
        ("\"r.test\" = { mirrors = [\"https://m.test\"] }", "runtimes = [\"crio\"]", "No runtime reads the mirrors"),
        ("\"r.test\" = { mirrors = [\"https://m.test\"] }", "containerd_folder = \"certs.d\"", "begins with `/`"),
        (
            "\"r.test\" = { mirrors = [\"https://m.test\"] }",
            "tolerations = [{ value = \"x\" }]",
            "must have the operator `Exists`",
        ),
    ] {
        let errors = Workspace::new(&declared(hosts, more)).validate().fails();
        assert!(errors.contains(told), "{told}: {errors}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_kept_on_nodes_is_listed() {
    let namespace = Namespace::new("trust");
    let workspace = Workspace::on(
        &Cli::with_actions(),
        &trust(&namespace.0, "    \"l.test\" = { mirrors = [\"https://mirror.test\"] }"),
    );
    workspace.apply().succeeds();
    let query = format!(
        "list \"berth_node_trust\" \"x\" {{\n  provider = berth\n  config {{\n    namespace = \"{}\"\n  }}\n}}\n",
        namespace.0
    );
    workspace.write("x.tfquery.hcl", &query);
    let run = workspace.run(&["query", "-json"]).succeeds();
    assert!(run.stdout.contains(&format!("{}/trust", namespace.0)), "{run}");
    workspace.destroy().succeeds();
}
