//! Logins to the cluster and to AWS that cannot be used. None of it needs a remote.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::workspace;
use crate::workspace::Workspace;

const TOKEN: &str = "token-of-the-kubeconfig-0815";

#[test]
#[ignore = "needs terraform"]
fn a_kubeconfig_that_does_not_parse_shows_its_place_and_no_token() {
    let start = format!("users:\n- name: u\n  user:\n    token: {TOKEN}\n");
    for broken in [
        format!("{start}\tcontexts: []\n"),
        format!("{start}   bad: x\n"),
        format!("users:\n- name: u\n  user:\n    token: \"{TOKEN}\nclusters: []\n"),
        format!("users:\n- name: u\n  user: {{token: {{value: {TOKEN}}}}}\n"),
    ] {
        let mut workspace = workspace("kubernetes = { config_path = \"config\" }");
        workspace.never_shows(TOKEN);
        workspace.write("config", &broken);
        workspace.plan().changes_something();
        let told = workspace.apply().fails();
        assert!(told.contains("BERTH-K8S-002") && told.contains(" at line "), "{told}");
        assert!(!told.contains("token:") && !told.contains("| "), "a part of the file: {told}");
    }
}

#[test]
#[ignore = "needs terraform"]
fn a_program_that_gives_no_credentials_shows_neither_arguments_nor_variables_nor_output() {
    let exec = |script: &str| {
        format!(
            r#"kubernetes = {{
    host = "https://127.0.0.1:1"
    exec = {{
      api_version = "client.authentication.k8s.io/v1"
      command     = "sh"
      args        = ["-c", "{script}"]
      env         = {{ LOGIN_SECRET = "secret-of-the-program-4711" }}
    }}
  }}"#
        )
    };
    for (script, told_so) in [
        ("echo printed-by-the-program-1; echo no session for $LOGIN_SECRET >&2; exit 4", "no session for (hidden)"),
        ("echo printed-by-the-program-1", "printed no credentials"),
        ("echo 'status: {token: [printed-by-the-program-1]}'", "printed no credentials"),
        ("echo 'status: {token: printed-by-the-program-1'", "printed no credentials"),
    ] {
        let mut workspace = workspace(&exec(script));
        workspace.never_shows("printed-by-the-program-1");
        workspace.never_shows("secret-of-the-program-4711");
        let told = workspace.apply().fails();
        assert!(told.contains("BERTH-K8S-002") && told.contains(told_so), "{told}");
    }
}

#[test]
#[ignore = "needs terraform"]
fn what_a_login_cannot_be_is_told_at_its_attribute() {
    let token = "token-with-a-line-break-1\\nand-a-second-line-2";
    let pem = STANDARD.encode("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
    for (setting, named) in [
        (format!("token = \"{token}\""), "`kubernetes.token` holds a line break"),
        (format!("cluster_ca_certificate = \"{pem}\""), "`kubernetes.cluster_ca_certificate` holds no PEM block"),
        (format!("client_key = \"{pem}\""), "`kubernetes.client_key` holds no PEM block"),
    ] {
        let mut workspace = workspace(&format!("kubernetes = {{ host = \"https://127.0.0.1:1\", {setting} }}"));
        workspace.never_shows("token-with-a-line-break-1");
        workspace.never_shows("and-a-second-line-2");
        let told = workspace.plan().fails();
        assert!(told.contains(named), "{told}");
    }
}

#[test]
#[ignore = "needs terraform"]
fn aws_keys_with_a_line_break_are_told_where_they_stand() {
    let zone = "data \"berth_hosted_zone\" \"this\" {\n  name = \"sandbox.test\"\n}\n";
    let key = "secret-key-of-aws-0815";
    let block = |keys: &str| format!("provider \"berth\" {{\n  aws = {{ {keys} }}\n}}\n{zone}");
    let mut by_block = Workspace::new(&block(&format!("access_key = \"AKIAEXAMPLE\", secret_key = \"{key}\\nx\"")));
    by_block.never_shows(key);
    let told = by_block.plan().fails();
    assert!(told.contains("`aws.secret_key` holds a line break"), "{told}");

    // What is told of another setting may show no line with the key either, before the block is tried and after.
    for region in ["region = \"eu-central1\"", "region = \"\", session_token = \"line\\nbreak\""] {
        let mut beside =
            Workspace::new(&block(&format!("{region}, access_key = \"AKIAEXAMPLE\", secret_key = \"{key}\"")));
        beside = beside.env("AWS_ENDPOINT_URL", "");
        beside.never_shows(key);
        let told = beside.plan().fails();
        assert!(told.contains("`aws."), "{told}");
    }

    let mut by_environment =
        Workspace::new(zone).env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", &format!("{key}\n"));
    by_environment.never_shows(key);
    let told = by_environment.plan().fails();
    assert!(told.contains("AWS_SECRET_ACCESS_KEY, which has white space"), "{told}");
}

#[test]
#[ignore = "needs terraform"]
fn a_user_name_that_no_login_can_carry_is_refused_in_the_plan() {
    for (resource, at) in [
        (
            "berth_pull_secret",
            "registries = { \"a.test\" = { username = \"yard:ci\", password_wo = var.password } }\n  namespaces = [\"a\"]\n  name = \"p\"",
        ),
        ("berth_registry_check", "host = \"a.test\"\n  username = \"yard:ci\"\n  password_wo = var.password"),
        (
            "berth_registry",
            "name = \"r\"\n  namespace = \"a\"\n  storage = { ephemeral = {} }\n  proxy = { remote_url = \"https://a.test\", \
             username = \"yard:ci\", password_wo = var.password, password_wo_version = 1 }",
        ),
    ] {
        let variable = "variable \"password\" {\n  type      = string\n  ephemeral = true\n}\n";
        let workspace = Workspace::new(&format!("{variable}resource \"{resource}\" \"this\" {{\n  {at}\n}}\n"));
        let told = workspace.secret("password", "a password for nobody").plan().fails();
        assert!(told.contains("username") && told.contains("colon"), "{resource}: {told}");
    }
}
