//! Empty settings, as unset variables of CI systems give them, and settings that contradict each other.

use super::remotes::{ALL, World, asks};
use crate::workspace::Workspace;

const EMPTY: &str = r#"
  acme = { directory_url = "", ca_pem = "" }
  dns  = { check = "" }
  aws = {
    region = "", profile = "", access_key = "", secret_key = "", session_token = ""
    endpoints = { route53 = "", iam = "", sts = "", eks = "", s3 = "" }
  }
  kubernetes = {
    config_path = "", config_context = "", host = "", token = "", cluster_ca_certificate = "", client_certificate = ""
    client_key = "", tls_server_name = "", proxy_url = ""
  }
  registries = { "r.test" = { username = "", password = "" } }
"#;

#[test]
#[ignore = "needs the sandbox"]
fn a_block_of_empty_texts_is_as_no_block() {
    let world = World::open();
    for remote in ALL {
        let trust = crate::sandbox::value("SANDBOX_ACME_CA_FILE");
        asks(&world.workspace(remote, EMPTY).env("SSL_CERT_FILE", &trust)).succeeds();
    }
}

#[test]
#[ignore = "needs terraform"]
fn what_must_be_there_and_what_contradicts_itself_is_told_at_its_attribute() {
    for (block, words) in [
        ("aws = { assume_role = { role_arn = var.unset } }", "`aws.assume_role.role_arn` is empty"),
        ("kubernetes = { exec = { api_version = \"v1\", command = \"\" } }", "`kubernetes.exec.command` is empty"),
        ("aws = { access_key = \"AKIA\" }", "`aws.access_key` is set and `aws.secret_key` is not"),
        ("kubernetes = { host = \"cluster.test:6443\" }", "`kubernetes.host` does not begin with https://"),
        ("kubernetes = { proxy_url = \"socks4://p\" }", "`kubernetes.proxy_url` is no proxy"),
        ("kubernetes = { config_path = \"/a\", host = \"https://a\" }", "both name a cluster"),
        ("aws = { endpoints = { iam = \"localhost:5000\" } }", "`aws.endpoints.iam` does not begin with https://"),
        ("registries = { \"r.test\" = { username = \"a\" } }", "`password` is not"),
    ] {
        let workspace = Workspace::new(&format!(
            "variable \"unset\" {{ default = \"\" }}\nprovider \"berth\" {{\n  {block}\n}}\n\
             data \"berth_workload_policy\" \"x\" {{ workload = \"cert-manager\" }}\n"
        ));
        let errors = workspace.plan().fails();
        assert!(errors.contains(words), "{block}: {errors}");
    }
}
