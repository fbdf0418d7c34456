//! Roles that the provider itself assumes.

use serde_json::json;
use tokio::runtime::Runtime;

use super::unique;
use crate::recorder::Recorder;
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

/// A role of another account: what is made with it lies there.
const DEPLOYER: &str = "arn:aws:iam::210987654321:role/deployer";

/// A configuration with a role of ours whose trust policy names the caller's account.
fn configuration(aws: &str) -> String {
    format!(
        "provider \"berth\" {{\n aws = {{ {aws} }}\n}}\n\
         resource \"berth_irsa_role\" \"x\" {{\n name = \"{}\"\n oidc_issuer_url = \"https://oidc.example/id/A\"\n \
         service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n}}\n",
        unique("assumed")
    )
}

/// STS behind a proxy that notes what is asked.
fn recorder() -> (Runtime, Recorder) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let recorder = runtime.block_on(Recorder::before(&sandbox::value("AWS_ENDPOINT_URL")));
    (runtime, recorder)
}

/// Applies, and tells that everything happened in the other account.
fn lives_in_the_other_account(workspace: &Workspace) {
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let role = workspace.attributes("berth_irsa_role.x");
    assert!(role["arn"].as_str().unwrap().starts_with("arn:aws:iam::210987654321:role/"), "{role}");
    let trust = role["assume_role_policy"].as_str().unwrap();
    assert!(trust.contains("arn:aws:iam::210987654321:oidc-provider/oidc.example/id/A"), "{trust}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_is_assumed_by_its_session_name_and_external_id() {
    for cli in Cli::all() {
        let (_runtime, sts) = recorder();
        let role = format!("role_arn = \"{DEPLOYER}\", session_name = \"nightly\", external_id = \"tenant-7\"");
        let aws = format!("assume_role = {{ {role} }}, endpoints = {{ sts = \"{}\" }}", sts.url());
        lives_in_the_other_account(&Workspace::on(&cli, &configuration(&aws)));
        let asked = sts.bodies();
        assert!(asked.contains("Action=AssumeRole&"), "{asked}");
        assert!(asked.contains("RoleSessionName=nightly") && asked.contains("ExternalId=tenant-7"), "{asked}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_is_assumed_by_a_token_of_the_provider_block() {
    let (_runtime, sts) = recorder();
    let workspace = Workspace::new("");
    let token = workspace.write("token", "first.web.token\n");
    let identity =
        format!("role_arn = \"{DEPLOYER}\", token_file = \"{}\", session_name = \"pipeline\"", token.to_str().unwrap());
    let aws = format!("assume_role_with_web_identity = {{ {identity} }}, endpoints = {{ sts = \"{}\" }}", sts.url());
    workspace.configure(&configuration(&aws));
    // The token alone must do: no keys are left in the environment.
    let workspace = workspace.env("AWS_ACCESS_KEY_ID", "").env("AWS_SECRET_ACCESS_KEY", "");
    lives_in_the_other_account(&workspace);
    let asked = sts.bodies();
    assert!(asked.contains("Action=AssumeRoleWithWebIdentity"), "{asked}");
    assert!(asked.contains("WebIdentityToken=first.web.token&") || asked.contains("WebIdentityToken=first.web.token"));
    assert!(asked.contains("RoleSessionName=pipeline"), "{asked}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_is_assumed_by_the_token_that_a_pod_is_given() {
    let (_runtime, sts) = recorder();
    let workspace = Workspace::new(&configuration(""));
    let token = workspace.write("token", "pods.web.token");
    let workspace = workspace
        .env("AWS_ACCESS_KEY_ID", "")
        .env("AWS_SECRET_ACCESS_KEY", "")
        .env("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap())
        .env("AWS_ROLE_ARN", DEPLOYER)
        .env("AWS_ROLE_SESSION_NAME", "pod")
        .env("AWS_ENDPOINT_URL_STS", sts.url());
    lives_in_the_other_account(&workspace);
    let asked = sts.bodies();
    assert!(asked.contains("Action=AssumeRoleWithWebIdentity") && asked.contains("RoleSessionName=pod"), "{asked}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_token_file_that_is_not_there_is_named() {
    let identity = format!("role_arn = \"{DEPLOYER}\", token_file = \"/nowhere/token\"");
    let workspace = Workspace::new(&configuration(&format!("assume_role_with_web_identity = {{ {identity} }}")));
    let errors = workspace.apply().fails();
    assert!(errors.contains("/nowhere/token") && errors.contains("BERTH-AWS-001"), "{errors}");
    assert_eq!(
        workspace.state()["resources"].as_array().map(Vec::len).unwrap_or_default(),
        0,
        "{}",
        json!(workspace.state())
    );
}
