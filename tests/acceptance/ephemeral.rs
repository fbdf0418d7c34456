//! Ephemeral resources on both hosts: what they give, by whom it is taken, and that nothing of it is stored.

use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::distribution::{Distribution, PASSWORD, USER};
use crate::tokens::{self, Certificate};
use crate::workspace::{Cli, Workspace};

/// What curl, which knows nothing of ours, gets of the registry: the status.
fn status(registry: &Distribution, scheme: &str, path: &str, arguments: &[&str]) -> String {
    let url = format!("{scheme}://{}/v2/{path}", registry.place);
    let common = ["--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}", &url];
    let output = Command::new("curl").args(common).args(arguments).output().expect("curl is installed");
    String::from_utf8(output.stdout).unwrap()
}

/// A provisioner, which takes ephemeral values, that keeps this one in a file beside the configuration.
fn kept(name: &str, value: &str) -> String {
    format!(
        "resource \"terraform_data\" \"{name}\" {{\n  provisioner \"local-exec\" {{\n    command = \"printf %s \\\"$VALUE\\\" > {name}\"\n    \
         environment = {{ VALUE = {value} }}\n  }}\n}}\n"
    )
}

/// A workspace with the variable `password`.
fn workspace(cli: &Cli, configuration: &str, password: &str) -> Workspace {
    let variable = "variable \"password\" {\n  type = string\n  ephemeral = true\n}\n";
    Workspace::on(cli, &format!("{variable}{configuration}")).secret("password", password)
}

/// Applies it, and gives what the provisioners have kept. No file of the run, no log and no output has any of it.
fn applied(workspace: &Workspace, files: &[&str]) -> Vec<String> {
    workspace.plan().changes_something();
    workspace.apply_plan().succeeds();
    let kept: Vec<_> = files.iter().map(|name| fs::read_to_string(workspace.path(name)).unwrap()).collect();
    let (state, log) = (workspace.state().to_string(), workspace.log());
    for secret in &kept {
        assert!(!state.contains(secret.as_str()) && !log.contains(secret.as_str()), "{secret} is stored or logged");
    }
    workspace.plan().changes_nothing();
    kept
}

#[test]
#[ignore = "needs terraform"]
fn a_docker_config_holds_the_logins_that_are_given_and_those_of_the_provider() {
    for cli in Cli::all() {
        let configuration = "provider \"berth\" {\n  registries = { \"*.example.com\" = { username = \"cluster\", password = \
             var.password } }\n}\nephemeral \"berth_docker_config\" \"x\" {\n  registries = {\n    \"docker.io\" = { username = \
             \"hub\", password = \"another one\" }\n    \"registry.example.com\" = {}\n  }\n  lifecycle {\n    postcondition {\n      \
             condition = length(jsondecode(self.json).auths) == 2\n      error_message = \"not two logins\"\n    }\n  }\n}\n";
        let configuration = format!("{configuration}{}", kept("config", "ephemeral.berth_docker_config.x.json"));
        let workspace = workspace(&cli, &configuration, "correct horse battery");
        let file: Value = serde_json::from_str(&applied(&workspace, &["config"])[0]).unwrap();
        let expected = json!({ "auths": {
            "https://index.docker.io/v1/": { "username": "hub", "password": "another one", "auth": "aHViOmFub3RoZXIgb25l" },
            "registry.example.com": { "username": "cluster", "password": "correct horse battery",
                "auth": "Y2x1c3Rlcjpjb3JyZWN0IGhvcnNlIGJhdHRlcnk=" },
        } });
        assert_eq!(file, expected);
        workspace.configure("ephemeral \"berth_docker_config\" \"x\" {\n  registries = { \"a.test\" = {} }\n}\n");
        let told = workspace.plan().fails();
        assert!(told.contains("There is no login to `a.test`") && told.contains("BERTH-LOGIN-001"), "{told}");
        workspace.configure(
            "ephemeral \"berth_docker_config\" \"x\" {\n  registries = { \"a.test\" = { username = \"a\" } }\n}\n",
        );
        let told = workspace.validate();
        assert!(told.stdout.contains("has a username and no password"), "{}", told.stdout);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_lets_in_whom_a_password_file_names() {
    for cli in Cli::all() {
        let configuration = format!(
            "ephemeral \"berth_htpasswd\" \"x\" {{\n  users = {{ ann = var.password, bob = \"battery staple\" }}\n}}\n{}",
            kept("htpasswd", "ephemeral.berth_htpasswd.x.content")
        );
        let workspace = workspace(&cli, &configuration, PASSWORD);
        applied(&workspace, &["htpasswd"]);
        let auth = format!("  htpasswd: {{ realm: test, path: '{}' }}\n", workspace.path("htpasswd").display());
        let registry = Distribution::with_auth("  addr: '127.0.0.1:0'\n", &auth);
        for (login, expected) in
            [(format!("ann:{PASSWORD}"), "200"), ("bob:battery staple".into(), "200"), ("bob:x".into(), "401")]
        {
            assert_eq!(status(&registry, "http", "", &["--user", &login]), expected, "{login}");
        }
        let long = "battery".repeat(11);
        workspace.configure(&format!("ephemeral \"berth_htpasswd\" \"x\" {{\n  users = {{ ann = \"{long}\" }}\n}}\n"));
        // The host itself quotes the line of the configuration.
        let told = workspace.validate().fails();
        assert!(told.contains("77 bytes") && !told.contains(&long), "{told}");
    }
}

/// The token resource for a registry, with further arguments.
fn token(registry: &Distribution, certificate: &Certificate, rest: &str) -> String {
    format!(
        "ephemeral \"berth_registry_token\" \"x\" {{\n  host = \"{}\"\n  ca_pem = <<-PEM\n{}PEM\n  {rest}\n}}\n",
        registry.place,
        certificate.pem()
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_token_does_in_a_registry_what_it_was_asked_for_and_no_more() {
    let certificate = Arc::new(Certificate::new());
    let auth = tokens::serve(&certificate, Duration::from_mins(5));
    let registry = Distribution::with_auth(&certificate.http(), &auth);
    for cli in Cli::all() {
        let asked =
            format!("username = \"{USER}\"\n  password = var.password\n  scopes = [\"repository:team/app:pull\"]");
        let values = ["authorization", "expires_at", "scheme"]
            .map(|name| kept(name, &format!("ephemeral.berth_registry_token.x.{name}")));
        let configuration = format!("{}{}", token(&registry, &certificate, &asked), values.concat());
        let workspace = workspace(&cli, &configuration, PASSWORD);
        let header = format!("Authorization: {}", applied(&workspace, &["authorization"])[0]);
        assert_eq!(fs::read_to_string(workspace.path("scheme")).unwrap(), "Bearer");
        assert!(fs::read_to_string(workspace.path("expires_at")).unwrap().ends_with('Z'));
        // What is allowed is looked for and not there; what is not is refused.
        for (path, expected) in [("team/app/tags/list", "404"), ("team/other/tags/list", "401")] {
            assert_eq!(status(&registry, "https", path, &["--header", &header]), expected, "{path}");
        }
        let wrong = token(&registry, &certificate, &format!("username = \"{USER}\"\n  password = \"not this one\""));
        workspace.configure(&wrong);
        let told = workspace.plan().fails();
        assert!(
            told.contains("who are you") && told.contains("BERTH-LOGIN-003") && !told.contains("not this one"),
            "{told}"
        );
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_without_tokens_is_given_the_login_itself() {
    let certificate = Certificate::new();
    let registry = Distribution::start(&certificate.http(), "");
    for cli in Cli::all() {
        let asked = format!("username = \"{USER}\"\n  password = var.password");
        let value = kept("authorization", "ephemeral.berth_registry_token.x.authorization");
        let workspace = workspace(&cli, &format!("{}{value}", token(&registry, &certificate, &asked)), PASSWORD);
        let header = format!("Authorization: {}", applied(&workspace, &["authorization"])[0]);
        assert_eq!(status(&registry, "https", "team/app/tags/list", &["--header", &header]), "404");
        workspace.configure(&token(&registry, &certificate, ""));
        let told = workspace.plan().fails();
        assert!(
            told.contains("lets nobody in without a login") && told.contains("set username and password"),
            "{told}"
        );
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_token_that_runs_out_while_it_is_used_is_told() {
    let certificate = Arc::new(Certificate::new());
    let registry = Distribution::with_auth(&certificate.http(), &tokens::serve(&certificate, Duration::from_secs(2)));
    for cli in Cli::all() {
        let asked = format!("username = \"{USER}\"\n  password = var.password");
        let slow = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"sleep 5\"\n    environment = { \
                    TOKEN = ephemeral.berth_registry_token.x.token }\n  }\n}\n";
        let workspace = workspace(&cli, &format!("{}{slow}", token(&registry, &certificate, &asked)), PASSWORD);
        let warnings = workspace.apply().succeeds().warnings();
        assert!(
            warnings.iter().any(|told| told.contains("has run out") && told.contains("BERTH-LOGIN-005")),
            "{warnings:?}"
        );
    }
}
