//! `berth_registry_check`: against a registry with TLS on a port of the node.

use std::process::Command;

use crate::kubectl::{Namespace, kubectl_ok, names};
use crate::sandbox::value;
use crate::workspace::{Run, Workspace};

const PASSWORD: &str = "a password for checking";

/// A certificate for the node's address, written as a Secret, and the CA that made it.
pub fn certificate(workspace: &Workspace, namespace: &str) -> String {
    let address = value("SANDBOX_NODE_IP");
    let path = |name: &str| workspace.path(name).to_str().unwrap().to_owned();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").args(arguments).output().expect("openssl is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
    let ca = ["req", "-x509", "-subj", "/CN=Test Root", "-keyout", &path("ca.key"), "-out", &path("ca.pem")];
    openssl(&[&ca[..], &new_key[..]].concat());
    let names = format!("subjectAltName=IP:{address}");
    let leaf = ["req", "-x509", "-subj", "/CN=registry", "-CA", &path("ca.pem"), "-CAkey", &path("ca.key")];
    let rest = ["-addext", &names, "-addext", "basicConstraints=CA:FALSE"];
    let files = ["-keyout", &path("tls.key"), "-out", &path("tls.pem")];
    openssl(&[&leaf[..], &new_key[..], &rest[..], &files[..]].concat());
    let (certificate, key) = (format!("--cert={}", path("tls.pem")), format!("--key={}", path("tls.key")));
    kubectl_ok(&["-n", namespace, "create", "secret", "tls", "registry-tls", &certificate, &key]);
    std::fs::read_to_string(workspace.path("ca.pem")).unwrap()
}

fn configuration(namespace: &str, port: u16, check: &str) -> String {
    let host = format!("{}:{port}", value("SANDBOX_NODE_IP"));
    format!(
        r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "this" {{
  name      = "registry"
  namespace = "{namespace}"
  host      = "{}"
  storage   = {{ ephemeral = {{}} }}
  users     = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}
  tls       = {{ secret_name = "registry-tls" }}
  host_port = {port}
}}
resource "berth_registry_check" "this" {{
  host       = "{host}"
  username   = "ann"
  depends_on = [berth_registry.this]
  {check}
}}
"#,
        value("SANDBOX_NODE_IP")
    )
}

fn steps(workspace: &Workspace) -> Vec<String> {
    let results = workspace.attributes("berth_registry_check.this")["results"].clone();
    results.as_array().unwrap().iter().map(|result| result["step"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "needs the sandbox"]
fn every_step_passes_and_runs_again_on_a_trigger() {
    let namespace = Namespace::new("check");
    let workspace = Workspace::new("").secret("password", PASSWORD);
    let root = certificate(&workspace, &namespace.0);
    let check = |trigger: u32| {
        format!(
            "password_wo = var.password\n  expect_issuer = \"test root\"\n  triggers = {{ run = \"{trigger}\" }}\n  \
             ca_pem = <<-EOT\n{root}EOT\n"
        )
    };
    workspace.configure(&configuration(&namespace.0, 6443 + 1, &check(1)));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(steps(&workspace), ["resolve", "tls", "anonymous", "login", "push", "pull"]);
    workspace.configure(&configuration(&namespace.0, 6443 + 1, &check(2)));
    let plan = workspace.plan();
    assert_eq!(plan.changes(), [("berth_registry_check.this".to_owned(), "update".to_owned())]);
    let shown = workspace.run(&["show", "-no-color", "saved.plan"]).succeeds().stdout;
    assert!(shown.contains("summary") && !shown.contains("elapsed_ms"), "the results stay out of it: {shown}");
    workspace.apply().succeeds();
    let attributes = workspace.attributes("berth_registry_check.this");
    assert_eq!(attributes["passed"], true);
    let summary = attributes["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("6 steps passed: resolve, tls") && summary.contains("issued by `Test Root`"),
        "{summary}"
    );
    assert_eq!(steps(&workspace), ["resolve", "tls", "anonymous", "login", "push", "pull"]);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn each_failure_names_its_step_and_cause() {
    let namespace = Namespace::new("check");
    let workspace = Workspace::new("").secret("password", PASSWORD);
    let root = certificate(&workspace, &namespace.0);
    let ca = format!("ca_pem = <<-EOT\n{root}EOT\n");
    let right = "password_wo = var.password";
    let fails = |check: &str| {
        workspace.configure(&configuration(&namespace.0, 6443 + 2, check));
        let run: Run = workspace.apply();
        run.fails()
    };
    let told = fails(right);
    assert!(told.contains("step `tls`") && told.contains("UnknownIssuer") && told.contains("`Test Root`"), "{told}");
    let told = fails(&format!("{right}\n  expect_issuer = \"Let's Encrypt\"\n  {ca}"));
    assert!(told.contains("step `tls`") && told.contains("not by `Let's Encrypt`"), "{told}");
    let told = fails(&format!("password_wo = \"wrong password\"\n  {ca}"));
    assert!(told.contains("step `login`") && told.contains("does not accept the login"), "{told}");
    let in_cluster = format!("in_cluster = {{ namespace = \"{}\" }}", namespace.0);
    let told = fails(&format!("{right}\n  {in_cluster}\n  {ca}"));
    assert!(told.contains("step `in_cluster`") && told.contains("cannot pull the image"), "{told}");
    assert!(!names(&namespace.0, "pods").iter().any(|pod| pod.starts_with("berth-check")));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_service_account_that_comes_late_is_waited_for() {
    let namespace = Namespace::new("check");
    let workspace = Workspace::new("").secret("password", PASSWORD);
    let root = certificate(&workspace, &namespace.0);
    let late = format!("in_cluster = {{ namespace = \"{}\", service_account = \"late\" }}", namespace.0);
    let check = format!("password_wo = var.password\n  {late}\n  ca_pem = <<-EOT\n{root}EOT\n");
    workspace.configure(&configuration(&namespace.0, 6443 + 3, &check));
    let apply = workspace.start_apply();
    apply.wait_for_log("waiting for a service account");
    kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "late"]);
    let told = apply.finish().fails();
    assert!(told.contains("step `in_cluster`"), "{told}");
    assert!(told.contains("late cannot pull the image"), "the account has no login: {told}");
    workspace.destroy().succeeds();
}

/// A registry whose certificate the nodes trust, with a limit for all that it may use.
fn trusted_registry(namespace: &str, host: &str, port: u16) -> String {
    format!(
        r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
provider "berth" {{
  acme = {{ directory_url = "{directory}", ca_file = "{trust}" }}
}}
resource "berth_acme_account" "this" {{
  terms_of_service_agreed = true
  account_key             = {{ kubernetes_secret = {{ namespace = "{namespace}", name = "account" }}, generate = true }}
}}
resource "berth_acme_certificate" "this" {{
  account_key       = {{ kubernetes_secret = berth_acme_account.this.account_key.kubernetes_secret }}
  account_url       = berth_acme_account.this.account_url
  dns_names         = ["{host}"]
  kubernetes_secret = {{ namespace = "{namespace}", name = "registry-tls" }}
}}
resource "berth_registry" "this" {{
  name           = "registry"
  namespace      = "{namespace}"
  host           = "{host}"
  host_port      = {port}
  storage        = {{ ephemeral = {{}} }}
  users          = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}
  tls            = {{ secret_name = berth_acme_certificate.this.kubernetes_secret.name }}
  resources      = {{ limits = {{ cpu = "500m", memory = "256Mi" }} }}
  delete_enabled = true
}}
"#,
        directory = value("SANDBOX_ACME_DIRECTORY"),
        trust = value("SANDBOX_ACME_CA_FILE"),
    )
}

/// A registry that the nodes trust, its name, and the login to it in its namespace; and what a check of it says of it.
pub(crate) fn served(namespace: &str, port: u16) -> (String, String) {
    let host = format!("{namespace}.{}", value("SANDBOX_ZONE_NAME"));
    let beside = format!(
        r#"
resource "berth_dns_record" "this" {{
  zone_id = "{zone}"
  name    = "{host}"
  type    = "A"
  ttl     = 5
  values  = ["{node}"]
}}
resource "berth_pull_secret" "this" {{
  name       = "pull"
  namespaces = [berth_registry.this.namespace]
  registries = {{ "https://{host}:{port}/v2/" = {{ username = "ann", password_wo = var.password, password_wo_version = 1 }} }}
}}
"#,
        zone = value("SANDBOX_ZONE_ID"),
        node = value("SANDBOX_NODE_IP"),
    );
    let check = format!(
        "host = \"{host}:{port}\"\n username = \"ann\"\n password_wo = var.password\n ca_pem = file(\"{}\")\n \
         in_cluster = {{ namespace = \"{namespace}\" }}\n",
        value("SANDBOX_ACME_ROOT_FILE")
    );
    (trusted_registry(namespace, &host, port) + &beside, check)
}

/// Four checks of one registry, of which one writes its name in capitals.
fn four_checks(namespace: &str) -> String {
    let (registry, check) = served(namespace, 6447);
    let named = format!("\"{namespace}.{}:6447\"", value("SANDBOX_ZONE_NAME"));
    let check = check.replace(&named, &format!("each.key == \"1\" ? upper({named}) : {named}"));
    let checks = format!(
        r#"
resource "berth_registry_check" "this" {{
  for_each   = toset(["1", "2", "3", "4"])
  triggers   = {{ run = each.key }}
  details    = true
  depends_on = [berth_pull_secret.this, berth_dns_record.this]
  {check}
}}
"#
    );
    registry + &checks
}

#[test]
#[ignore = "needs the sandbox"]
fn many_checks_of_one_registry_pass_side_by_side_where_a_quota_wants_limits() {
    let namespace = Namespace::new("checks");
    let quota = ["create", "quota", "limits", "--hard=limits.cpu=4,limits.memory=4Gi"];
    kubectl_ok(&[&["-n", &namespace.0], &quota[..]].concat());
    let workspace = Workspace::new(&four_checks(&namespace.0)).secret("password", PASSWORD);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let check = |key: u8| workspace.attributes(&format!("berth_registry_check.this[\"{key}\"]"));
    let pulled = |key: u8| check(key)["results"].as_array().unwrap().last().unwrap()["detail"].to_string();
    for key in 1..=4 {
        assert_eq!(check(key)["passed"], true);
        assert!(pulled(key).contains("the node node pulled"), "{}", pulled(key));
    }
    assert_ne!(pulled(1), pulled(2), "each has an image of its own");
    // Again, all at once from the first step on.
    for _ in 0..2 {
        let all = (1..=4).map(|key| format!("-replace=berth_registry_check.this[\"{key}\"]")).collect::<Vec<_>>();
        let replacing: Vec<&str> = all.iter().map(String::as_str).collect();
        let arguments = [&["apply", "-json", "-input=false", "-auto-approve"], &replacing[..]].concat();
        workspace.run(&arguments).succeeds();
    }
    assert!(!names(&namespace.0, "pods").iter().any(|pod| pod.starts_with("berth-check")));
    workspace.destroy().succeeds();
}
