//! Clusters of EKS by their name.

use serde_json::json;

use super::unique;
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

fn cluster(name: &str) -> String {
    format!("data \"berth_eks_cluster\" \"x\" {{\n name = \"{name}\"\n}}\n")
}

#[test]
#[ignore = "needs the sandbox"]
fn a_cluster_tells_its_issuer_and_how_to_reach_it() {
    let cluster = cluster(&sandbox::value("SANDBOX_EKS_CLUSTER_NAME"));
    let role = format!(
        "resource \"berth_irsa_role\" \"x\" {{\n name = \"{}\"\n \
         oidc_provider_arn = data.berth_eks_cluster.x.oidc_provider_arn\n \
         service_accounts = [{{ namespace = \"apps\", name = \"web\" }}]\n}}\n",
        unique("eks")
    );
    for cli in Cli::all() {
        let workspace = Workspace::on(&cli, &format!("{cluster}{role}"));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let found = workspace.attributes("data.berth_eks_cluster.x");
        let issuer = found["issuer"].as_str().unwrap();
        let provider = issuer.replace("https://", "arn:aws:iam::123456789012:oidc-provider/");
        assert_eq!(found["oidc_provider_arn"], json!(provider));
        assert_eq!(found["status"], json!("ACTIVE"));
        assert!(found["endpoint"].as_str().unwrap().starts_with("https://"), "{found}");
        assert!(found["arn"].as_str().unwrap().contains(":cluster/"), "{found}");
        assert!(found["version"].is_string() && found["platform_version"].is_string(), "{found}");
        let trust = workspace.attributes("berth_irsa_role.x")["assume_role_policy"].clone();
        assert!(trust.as_str().unwrap().contains(&provider), "{trust}");
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_cluster_that_is_not_there_is_told_with_the_region() {
    let errors = Workspace::new(&cluster("nowhere")).env("AWS_REGION", "eu-west-3").plan().fails();
    for part in ["Cannot find the EKS cluster `nowhere`", "eu-west-3", "aws eks list-clusters", "BERTH-AWS-006"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
}
