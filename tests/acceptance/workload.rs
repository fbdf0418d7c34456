//! The policies of workloads, in roles.

use std::fmt::Write as _;

use berth::domain::irsa::same_policy;
use berth::domain::workload::WORKLOADS;

use crate::aws::{Account, unique};
use crate::workspace::{Cli, Workspace};

/// Arguments without which a workload has no policy, as the language writes them.
fn arguments(workload: &str) -> &'static str {
    match workload {
        "external-secrets" => "{ secrets = [\"team/*\"], parameters = \"team/db\" }",
        "karpenter" => {
            "{ cluster_name = \"c\", region = \"eu-central-1\", account_id = \"123456789012\", node_role_arns = \
             [\"arn:aws:iam::123456789012:role/nodes\"] }"
        }
        "registry-s3" => "{ bucket = \"blobs\", kms_key_arns = [\"arn:aws:kms:eu-central-1:123456789012:key/a\"] }",
        "cert-manager" => {
            "{ hosted_zone_ids = [\"Z0123456789\", \"/hostedzone/Z9876543210\"], domains = [\"example.com\"] }"
        }
        _ => "{}",
    }
}

/// Every workload in a role of its own: half of them by the function, half by the data source.
fn configuration(prefix: &str) -> String {
    let mut text = String::new();
    for (index, workload) in WORKLOADS.iter().enumerate() {
        let (name, arguments) = (workload.name, arguments(workload.name));
        let statements = if index % 2 == 0 {
            format!("provider::berth::workload_policy(\"{name}\", {arguments}).statements")
        } else {
            let data = format!(
                "data \"berth_workload_policy\" \"{name}\" {{\n workload = \"{name}\"\n arguments = {arguments}\n}}\n"
            );
            text += &data;
            format!("data.berth_workload_policy.{name}.statements")
        };
        write!(
            text,
            "resource \"berth_irsa_role\" \"{name}\" {{\n name = \"{prefix}-{name}\"\n oidc_provider_arn = \
             \"arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A\"\n service_accounts = [{{ namespace = \"a\", name = \
             \"b\" }}]\n statements = {statements}\n policy_kind = \"{}\"\n}}\n\
             output \"{name}\" {{ value = provider::berth::workload_policy(\"{name}\", {arguments}).json }}\n",
            if index % 3 == 0 { "managed" } else { "inline" },
        )
        .unwrap();
    }
    text
}

#[test]
#[ignore = "needs the sandbox"]
fn every_workload_becomes_a_role() {
    for cli in Cli::all() {
        let prefix = unique("workload");
        let workspace = Workspace::on(&cli, &configuration(&prefix));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let state = workspace.state();
        for workload in WORKLOADS {
            let stored = workspace.attributes(&format!("berth_irsa_role.{}", workload.name));
            let (policy, document) =
                (stored["policy_json"].as_str().unwrap(), &state["outputs"][workload.name]["value"]);
            assert!(same_policy(policy, document.as_str().unwrap()), "{}: {policy}\n{document}", workload.name);
        }
        assert!(Account::open().role(&format!("{prefix}-cert-manager")).is_some());
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs terraform"]
fn a_mistake_is_told_before_anything_is_asked() {
    let data = |more: &str| format!("data \"berth_workload_policy\" \"x\" {{\n{more}\n}}\n");
    for (configuration, words) in [
        (data("workload = \"certmanager\""), "`cert-manager`"),
        (data("workload = \"registry-s3\""), "needs the argument `bucket`"),
        (data("workload = \"ebs-csi\"\n arguments = { kms = \"x\" }"), "`kms_key_arns`"),
        (data("workload = \"ebs-csi\"\n arguments = [\"x\"]"), "must be an object"),
    ] {
        let errors = Workspace::new(&configuration).validate().fails();
        assert!(errors.contains(words) && errors.contains("BERTH-POLICY-001"), "{words}: {errors}");
    }
}
