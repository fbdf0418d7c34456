//! The functions of the configuration language, as Terraform and OpenTofu call them.

use serde_json::{Value, json};

use crate::aws::unique;
use crate::workspace::{Cli, Workspace};

const ARN: &str = "arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A";

/// What an expression gives, by each program.
#[track_caller]
fn results(expression: &str) -> Vec<Value> {
    let configuration = format!("output \"result\" {{ value = {expression} }}\n");
    let result = |cli: Cli| {
        let workspace = Workspace::on(&cli, &configuration);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.state()["outputs"]["result"]["value"].clone()
    };
    Cli::all().into_iter().map(result).collect()
}

/// What the hosts say of an expression that has no result.
#[track_caller]
fn refusals(expression: &str) -> Vec<String> {
    let configuration = format!("output \"result\" {{ value = {expression} }}\n");
    Cli::all().iter().map(|cli| Workspace::on(cli, &configuration).plan().fails().replace('\n', " ")).collect()
}

#[test]
#[ignore = "needs terraform"]
fn dockerconfigjson_gives_what_docker_reads() {
    let logins = r#"{
        "docker.io"         = { username = "hub", password = "h:ü" }
        "a.example.com:5000" = { username = "u", password = "p" }
    }"#;
    for result in results(&format!("provider::berth::dockerconfigjson({logins})")) {
        let document: Value = serde_json::from_str(result.as_str().unwrap()).unwrap();
        let expected = json!({ "auths": {
            "a.example.com:5000": { "username": "u", "password": "p", "auth": "dTpw" },
            "https://index.docker.io/v1/": { "username": "hub", "password": "h:ü", "auth": "aHViOmg6w7w=" },
        } });
        assert_eq!(document, expected);
    }
    for error in refusals("provider::berth::dockerconfigjson({ \"a b\" = { username = \"u\", password = \"p\" } })") {
        assert!(error.contains("a b"), "{error}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn irsa_trust_policy_is_what_a_role_gets() {
    for (role, call) in [
        (
            format!("oidc_provider_arn = \"{ARN}\""),
            format!("irsa_trust_policy(\"{ARN}\", [{{ namespace = \"a\", name = \"*\" }}, {{ namespace = \"b\", name = \"c\" }}])"),
        ),
        (
            "oidc_issuer_url = \"https://oidc.example/id/A\"\n audience = \"other\"".to_owned(),
            "irsa_trust_policy(\"https://oidc.example/id/A\", [{ namespace = \"b\", name = \"c\" }, { namespace = \"a\", name = \"*\" }], \
             { account_id = \"123456789012\", audience = \"other\" })".to_owned(),
        ),
    ] {
        for cli in Cli::all() {
            let configuration = format!(
                "resource \"berth_irsa_role\" \"x\" {{\n name = \"{}\"\n {role}\n service_accounts = [{{ namespace = \"b\", \
                 name = \"c\" }}, {{ namespace = \"a\", name = \"*\" }}]\n}}\n\
                 output \"same\" {{ value = provider::berth::{call} == berth_irsa_role.x.assume_role_policy }}\n",
                unique("trust")
            );
            let workspace = Workspace::on(&cli, &configuration);
            workspace.apply().succeeds();
            let state = workspace.state();
            assert_eq!(state["outputs"]["same"]["value"], json!(true), "{state:#}");
            workspace.destroy().succeeds();
        }
    }
}

#[test]
#[ignore = "needs terraform"]
fn each_function_tells_what_would_be_right() {
    for (expression, words) in [
        ("workload_policy(\"certmanager\", {})", "`cert-manager`"),
        ("workload_policy(\"cert-manager\", { zone = \"Z1\" })", "`hosted_zone_ids`"),
        ("workload_policy(\"registry-s3\", {})", "`bucket`"),
        ("irsa_trust_policy(\"https://oidc.example\", [{ namespace = \"a\", name = \"b\" }])", "`{ account_id"),
        ("required_permissions([\"aws_iam_role\"])", "`berth_irsa_role`"),
        ("required_permissions([], { zones = [\"Z1\"] })", "`hosted_zone_ids`"),
        ("required_kubernetes_permissions([\"kubernetes_secret\"])", "`berth_registry`"),
        ("required_kubernetes_permissions([], { attributes = [\"namespace\"] })", "`create_namespace`"),
        ("required_kubernetes_permissions([], { create_namespace = true })", "`attributes`"),
    ] {
        for error in refusals(&format!("provider::berth::{expression}")) {
            let error = error.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}

#[test]
#[ignore = "needs terraform"]
fn required_permissions_are_narrowed_by_options() {
    let call = "provider::berth::required_permissions([\"berth_dns_record\", \"data.berth_hosted_zone\"], \
                { hosted_zone_ids = [\"Z1\"], partition = \"aws-cn\", plan_only = true })";
    for result in results(call) {
        let document: Value = serde_json::from_str(result["json"].as_str().unwrap()).unwrap();
        let expected = json!({ "Version": "2012-10-17", "Statement": [
            { "Sid": "FindZones", "Effect": "Allow", "Action": "route53:ListHostedZones", "Resource": "*" },
            { "Sid": "ReadZones", "Effect": "Allow", "Action": "route53:GetHostedZone", "Resource": "arn:aws-cn:route53:::hostedzone/Z1" },
            { "Sid": "Records", "Effect": "Allow", "Action": "route53:ListResourceRecordSets", "Resource": "arn:aws-cn:route53:::hostedzone/Z1" },
        ] });
        assert_eq!(document, expected);
        assert_eq!(result["statements"].as_array().unwrap().len(), 3);
    }
}

#[test]
#[ignore = "needs terraform"]
fn required_kubernetes_permissions_are_rules_of_a_role() {
    let call = "provider::berth::required_kubernetes_permissions([\"berth_pull_secret\", \"berth_dns_record\"], \
                { attributes = [\"namespace_selector\"], plan_only = true })";
    for result in results(call) {
        let rule = |resource: &str, verb: &str| json!({ "apiGroups": [""], "resources": [resource], "verbs": [verb] });
        assert_eq!(result["cluster"], json!({ "rules": [rule("namespaces", "list")], "optional": [] }));
        let read = json!({ "apiGroups": [""], "resources": ["secrets", "serviceaccounts"], "verbs": ["get"] });
        assert_eq!(result["namespaced"], json!({ "rules": [read], "optional": [rule("namespaces", "get")] }));
    }
}
