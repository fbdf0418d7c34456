//! Objects of the provider that everybody uses become berth's, in place.

use std::collections::BTreeMap;

use berth::clients::aws::iam::{NewProvider, NewRole};
use serde_json::{Value, json};

use super::{Account, ISSUER, role, statement, unique};
use crate::workspace::{Cli, Workspace};

/// A workspace whose state holds one object of the AWS provider, and whose configuration moves it to berth.
fn workspace(cli: &Cli, r#type: &str, to: &str, attributes: &Value, configuration: &str) -> Workspace {
    let workspace = Workspace::on(cli, configuration);
    workspace.write("moved.tf", &format!("moved {{\n  from = {type}.x\n  to   = {to}.x\n}}\n"));
    let registry = if cli.is_tofu() { "registry.opentofu.org" } else { "registry.terraform.io" };
    let state = json!({
        "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "9f4b0e2a-0000-4000-8000-000000000000",
        "outputs": {}, "check_results": null,
        "resources": [{
            "mode": "managed", "type": r#type, "name": "x",
            "provider": format!("provider[\"{registry}/hashicorp/aws\"]"),
            "instances": [{ "schema_version": 0, "attributes": attributes, "sensitive_attributes": [] }],
        }],
    });
    workspace.write("terraform.tfstate", &state.to_string());
    workspace.stand_in_for("hashicorp/aws");
    workspace
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_moves_without_a_change() {
    for cli in Cli::all() {
        let (name, account) = (unique("moved"), Account::open());
        let (iam, budget, given) = (account.iam(), Account::budget(), account.policy());
        let configuration = role(
            &name,
            &format!("statements = [{}]\n managed_policy_arns = [\"{given}\"]", statement("\"s3:GetObject\"")),
        );
        let host = ISSUER.split_once("oidc-provider/").unwrap().1;
        let trust = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": ["sts:AssumeRoleWithWebIdentity"], "Principal": { "Federated": ISSUER },
            "Condition": { "StringEquals": {
                format!("{host}:sub"): "system:serviceaccount:apps:web", format!("{host}:aud"): "sts.amazonaws.com",
            } },
        }] });
        let policy = json!({ "Version": "2012-10-17", "Statement": {
            "Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::b"],
        } });
        let made = account.runtime.block_on(async {
            let tags = BTreeMap::from([("made_by".to_owned(), "berth".to_owned())]);
            let new = NewRole {
                name: name.clone(),
                path: "/".into(),
                trust_policy: trust.to_string(),
                max_session_duration: 3600,
                tags,
                ..NewRole::default()
            };
            let made = iam.create_role(&budget, &new).await.unwrap();
            iam.put_inline_policy(&budget, &name, "terraform-1", &policy.to_string()).await.unwrap();
            iam.attach_policy(&budget, &name, &given).await.unwrap();
            made
        });
        let attributes = json!({
            "id": name, "name": name, "name_prefix": "", "arn": made.arn, "path": "/", "unique_id": made.unique_id,
            "create_date": "2024-01-01T00:00:00Z", "description": "", "force_detach_policies": false,
            "assume_role_policy": trust.to_string(), "max_session_duration": 3600, "permissions_boundary": "",
            "inline_policy": [{ "name": "terraform-1", "policy": policy.to_string() }],
            "managed_policy_arns": [given], "tags": null, "tags_all": { "made_by": "berth" },
        });
        let workspace = workspace(&cli, "aws_iam_role", "berth_irsa_role", &attributes, &configuration);
        let changes = workspace.plan().succeeds().changes();
        assert!(changes.iter().all(|(_, action)| action == "move" || action == "noop"), "{changes:?}");
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(workspace.attributes("berth_irsa_role.x")["unique_id"], json!(made.unique_id));
        let live = Account::open().role(&name).unwrap();
        assert!(live.inline_policies.contains_key("terraform-1"), "nothing was written: {live:?}");
        workspace.destroy().succeeds();
        assert_eq!(Account::open().role(&name), None);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_provider_moves_without_a_change() {
    for cli in Cli::all() {
        let (host, account) = (format!("{}.example/id/A", unique("moved")), Account::open());
        let (iam, budget) = (account.iam(), Account::budget());
        let new = NewProvider {
            url: format!("https://{host}"),
            client_ids: ["sts.amazonaws.com".to_owned()].into(),
            thumbprints: vec!["a".repeat(40)],
            tags: BTreeMap::from([("made_by".to_owned(), "berth".to_owned())]),
        };
        let arn = account.runtime.block_on(iam.create_provider(&budget, &new)).unwrap();
        let attributes = json!({
            "id": arn, "arn": arn, "url": host, "client_id_list": ["sts.amazonaws.com"],
            "thumbprint_list": ["a".repeat(40)], "tags": {}, "tags_all": { "made_by": "berth" },
        });
        let configuration = super::providers::provider(&format!("https://{host}"), "");
        let (from, to) = ("aws_iam_openid_connect_provider", "berth_oidc_provider");
        let workspace = workspace(&cli, from, to, &attributes, &configuration);
        let changes = workspace.plan().succeeds().changes();
        assert!(changes.iter().all(|(_, action)| action == "move" || action == "noop"), "{changes:?}");
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}
