//! Whose credentials count, from profiles, variables and kubeconfigs, and what is told where there are none.

use super::remotes::{Remote, World, asks, kubeconfig};
use crate::sandbox::{cluster, requests, value};
use crate::workspace::Workspace;

/// A workspace that asks AWS with these shared files.
fn with_files(world: &World, provider: &str, config: &str, variables: &[(&str, &str)]) -> Workspace {
    let workspace = world.workspace(Remote::Aws, provider);
    let file = workspace.write("config", config).to_str().unwrap().to_owned();
    let none = workspace.write("credentials", "").to_str().unwrap().to_owned();
    let workspace = workspace.env("AWS_CONFIG_FILE", &file).env("AWS_SHARED_CREDENTIALS_FILE", &none);
    variables.iter().fold(workspace, |workspace, (name, value)| workspace.env(name, value))
}

const NO_KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", "")];

#[test]
#[ignore = "needs the sandbox"]
fn the_profile_of_the_provider_block_wins_over_the_keys_of_the_environment() {
    let world = World::open();
    let profile = "[profile other]\naws_access_key_id = AKIAOTHERACCOUNT0001\naws_secret_access_key = s\n";
    let before = requests().len();
    asks(&with_files(&world, "aws = { profile = \"other\" }", profile, &[])).succeeds();
    let signed = requests().split_off(before);
    let by = |key: &str| signed.iter().filter(|line| line.ends_with(key)).count();
    assert!(by("AKIAOTHERACCOUNT0001") > 0, "{signed:?}");
    let errors = asks(&with_files(&world, "aws = { profile = \"nosuch\" }", profile, &[])).fails();
    assert!(errors.contains("`nosuch` is in neither") && errors.contains("`other`"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn the_cause_of_missing_credentials_is_told_first_with_a_step_that_helps() {
    let world = World::open();
    let sso = "[profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = dev\n\
               [sso-session corp]\nsso_region = eu-central-1\nsso_start_url = https://corp.awsapps.com/start\n\
               [profile web]\nlogin_session = arn:aws:iam::123456789012:user/ann\n\
               [profile mfa]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = mfa\n\
               mfa_serial = arn:aws:iam::123456789012:mfa/ann\n";
    let with = |more: &[(&'static str, &'static str)]| [&NO_KEYS[..], more].concat();
    for (variables, words) in [
        (with(&[("AWS_PROFILE", "nosuch")]), vec!["the profile `nosuch` is in neither", "AWS_PROFILE", "`mfa`, `sso`"]),
        (with(&[("AWS_ACCESS_KEY_ID", "AKIA1")]), vec!["AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not"]),
        (
            with(&[("AWS_PROFILE", "sso")]),
            vec!["the profile `sso` gives no credentials", "aws sso login --profile sso"],
        ),
        (with(&[("AWS_PROFILE", "web")]), vec!["the profile `web` gives no credentials", "aws login --profile web"]),
        (with(&[("AWS_PROFILE", "mfa")]), vec!["`mfa_serial`", "aws sts get-session-token"]),
        (
            with(&[("AWS_ROLE_ARN", "arn:aws:iam::1:role/x"), ("AWS_WEB_IDENTITY_TOKEN_FILE", "/nonexistent/token")]),
            vec!["/nonexistent/token", "No such file"],
        ),
        (with(&[]), vec!["AWS_ACCESS_KEY_ID is not set", "no profile `default`", "no role of its own"]),
    ] {
        let errors = asks(&with_files(&world, "", sso, &variables)).fails();
        let flat = errors.split_whitespace().collect::<Vec<_>>().join(" ");
        for word in words {
            assert!(flat.contains(word), "{variables:?} {word}: {errors}");
        }
        assert!(flat.contains("BERTH-AWS-001") && !flat.contains("cargo feature"), "{errors}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn end_points_are_read_as_documented_and_told_with_who_named_them() {
    let world = World::open();
    let aws = value("AWS_ENDPOINT_URL");
    let services = format!("[default]\nservices = here\n[services here]\nroute_53 =\n  endpoint_url = {aws}\n");
    asks(&with_files(&world, "", &services, &[("AWS_ENDPOINT_URL", "")])).succeeds();
    let errors = asks(&with_files(&world, "", "", &[("AWS_ENDPOINT_URL", "http://127.0.0.1:9")])).fails();
    assert!(errors.contains("http://127.0.0.1:9, from the environment variable AWS_ENDPOINT_URL"), "{errors}");
    let fips = [("AWS_USE_FIPS_ENDPOINT", "true")];
    let errors = asks(&with_files(&world, "", "", &fips)).fails();
    assert!(errors.contains("FIPS"), "{errors}");
    // STS too, for the roles of profiles.
    let role = "[profile r]\nrole_arn = arn:aws:iam::123456789012:role/berth-env\nsource_profile = b\n\
                [profile b]\naws_access_key_id = AKIABASE000000000001\naws_secret_access_key = s\n";
    let block = format!("aws = {{ profile = \"r\", endpoints = {{ sts = \"{aws}\", route53 = \"{aws}\" }} }}");
    let before = requests().len();
    let run = asks(&with_files(&world, &block, role, &[("AWS_ENDPOINT_URL", "")]));
    let asked = requests().split_off(before);
    assert!(asked.iter().any(|line| line.contains("AssumeRole")), "{asked:?}\n{run}");
}

#[test]
#[ignore = "needs the sandbox"]
fn kubeconfigs_are_read_as_kubectl_reads_them() {
    let world = World::open();
    let token = cluster().token;
    let workspace = || world.workspace(Remote::Cluster, "");
    let on = |workspace: Workspace, path: &str| asks(&workspace.env("KUBE_CONFIG_PATH", "").env("KUBECONFIG", path));

    let real = value("KUBECONFIG");
    on(workspace(), &format!("/nonexistent/local.config:{real}")).succeeds();
    let given = format!("{{token: {token}}}");
    let by_file = workspace();
    by_file.write("token", &format!("{token}\n"));
    let file = kubeconfig(&by_file, &[(&given, "{token: stale, tokenFile: token}")]);
    on(by_file, &file).succeeds();
    let fallback = workspace();
    let both = format!("{{token: {token}, tokenFile: gone}}");
    let file = kubeconfig(&fallback, &[(&given, &both)]);
    on(fallback, &file).succeeds();

    let missing = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login, \
                   installHint: get it from your platform team}}";
    let exec = workspace();
    let file = kubeconfig(&exec, &[(&given, missing)]);
    let errors = on(exec, &file).fails();
    assert!(errors.contains("`no-such-login`") && errors.contains("get it from your platform team"), "{errors}");

    let other = world.workspace(Remote::Cluster, "kubernetes = { config_context = \"production\" }");
    let errors = asks(&other).fails();
    assert!(errors.contains("no context `production`; there is `sandbox`"), "{errors}");
}
