//! Roles by EKS Pod Identity, beside the annotation and in its place.

use aws_sdk_eks::types::PodIdentityAssociation;
use berth::clients::aws::iam::NewRole;
use serde_json::{Value, json};

use super::{Account, unique};
use crate::kubectl::{Mutation, Namespace, kubectl_ok, object};
use crate::sandbox;
use crate::workspace::{Cli, Workspace};

const ANNOTATION: &str = "eks.amazonaws.com/role-arn";

/// A role that trusts a service for these actions; its ARN.
fn role(service: &str, actions: &[&str]) -> String {
    let account = Account::open();
    let trust = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": actions, "Principal": { "Service": service },
    }] });
    let new = NewRole {
        name: unique("pods"),
        path: "/".into(),
        trust_policy: trust.to_string(),
        max_session_duration: 3600,
        ..NewRole::default()
    };
    account.runtime.block_on(account.iam().create_role(&Account::budget(), &new)).unwrap().arn
}

/// A role that trusts EKS Pod Identity; its ARN.
pub(crate) fn trusting() -> String {
    role("pods.eks.amazonaws.com", &["sts:AssumeRole", "sts:TagSession"])
}

/// The association of the account `web`.
pub(crate) fn association(namespace: &str, role: &str, more: &str) -> String {
    format!(
        "resource \"berth_pod_identity\" \"x\" {{\n cluster_name = \"{}\"\n namespace = \"{namespace}\"\n \
         service_account = \"web\"\n role_arn = \"{role}\"\n{more}\n}}\n",
        sandbox::value("SANDBOX_EKS_CLUSTER_NAME")
    )
}

/// The associations of a namespace, as the SDK has them.
fn live(namespace: &str) -> Vec<PodIdentityAssociation> {
    Account::open().runtime.block_on(async {
        let version = aws_sdk_eks::config::BehaviorVersion::latest();
        let client = aws_sdk_eks::Client::new(&aws_config::defaults(version).load().await);
        let cluster = sandbox::value("SANDBOX_EKS_CLUSTER_NAME");
        let listed = client.list_pod_identity_associations().cluster_name(&cluster).namespace(namespace).send().await;
        let mut found = Vec::new();
        for summary in listed.unwrap().associations.unwrap_or_default() {
            let one = client.describe_pod_identity_association().cluster_name(&cluster);
            let one = one.association_id(summary.association_id.unwrap()).send().await.unwrap();
            found.push(one.association.unwrap());
        }
        found
    })
}

#[test]
#[ignore = "needs the sandbox"]
fn an_association_lives_from_apply_to_destroy() {
    for cli in Cli::all() {
        let (namespace, one, other) = (unique("pods"), trusting(), trusting());
        let workspace = Workspace::on(&cli, &association(&namespace, &one, "tags = { team = \"a\" }"));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let made = live(&namespace);
        assert_eq!(made.len(), 1);
        assert_eq!((made[0].role_arn(), made[0].external_id()), (Some(one.as_str()), None));

        let more = format!("tags = {{ team = \"b\" }}\n target_role_arn = \"{one}\"\n disable_session_tags = true");
        workspace.configure(&association(&namespace, &other, &more));
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let second = &live(&namespace)[0];
        assert_eq!(second.association_id(), made[0].association_id());
        assert_eq!((second.role_arn(), second.target_role_arn()), (Some(other.as_str()), Some(one.as_str())));
        assert_eq!(second.tags().unwrap()["team"], "b");
        let external_id = workspace.attributes("berth_pod_identity.x")["external_id"].clone();
        assert_eq!(external_id.as_str(), second.external_id());

        workspace.configure(&association(&namespace, &other, ""));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let bare = &live(&namespace)[0];
        assert_eq!(bare.target_role_arn().unwrap_or_default(), "");
        assert!(bare.tags().is_none_or(std::collections::HashMap::is_empty), "{bare:?}");

        workspace.destroy().succeeds();
        assert_eq!(live(&namespace), []);
        workspace.plan().changes_something();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_existing_association_is_refused_and_imported_by_what_the_message_says() {
    let (namespace, role) = (unique("pods"), trusting());
    let first = Workspace::new(&association(&namespace, &role, ""));
    first.apply().succeeds();
    let second = Workspace::new(&association(&namespace, &role, ""));
    let errors = second.apply().fails();
    let id = live(&namespace)[0].association_id().unwrap().to_owned();
    let cluster = sandbox::value("SANDBOX_EKS_CLUSTER_NAME");
    for part in ["BERTH-AWS-081", &format!("terraform import berth_pod_identity.NAME {cluster},{id}")] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    for id in [id, format!("{namespace}/web")] {
        let third = Workspace::new(&association(&namespace, &role, ""));
        third.import("berth_pod_identity.x", &format!("{cluster},{id}")).succeeds();
        third.plan().changes_nothing();
    }
    let missing = second.import("berth_pod_identity.x", &format!("{cluster},a-nothing")).fails();
    assert!(missing.contains("BERTH-AWS-006"), "{missing}");
    first.destroy().succeeds();
    assert_eq!(live(&namespace), []);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_that_does_not_trust_the_pods_is_told_before_and_refused() {
    let (namespace, role) = (unique("pods"), role("pods.eks.amazonaws.com", &["sts:AssumeRole"]));
    let workspace = Workspace::new(&association(&namespace, &role, ""));
    let warnings = workspace.plan().changes_something().warnings().join("\n");
    assert!(warnings.contains("BERTH-AWS-080") && warnings.contains("allows sts:TagSession to"), "{warnings}");
    let errors = workspace.apply().fails();
    for part in ["BERTH-AWS-080", "Trust policy of the role provided is invalid", "sts:TagSession"] {
        assert!(errors.contains(part), "{part}: {errors}");
    }
    assert_eq!(live(&namespace), []);
    let nowhere =
        association(&namespace, &trusting(), "").replace(&sandbox::value("SANDBOX_EKS_CLUSTER_NAME"), "nowhere");
    workspace.configure(&nowhere);
    let errors = workspace.apply().fails();
    assert!(errors.contains("aws eks list-clusters") && errors.contains("No cluster found"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_goes_from_its_annotation_to_the_association_and_back() {
    let (home, role) = (Namespace::new("handover"), trusting());
    let namespace = home.0.as_str();
    let annotation =
        || object(namespace, "serviceaccount", "web").unwrap()["metadata"]["annotations"][ANNOTATION].clone();
    let before = "arn:aws:iam::123456789012:role/before";
    kubectl_ok(&["-n", namespace, "create", "serviceaccount", "web"]);
    kubectl_ok(&["-n", namespace, "annotate", "serviceaccount", "web", &format!("{ANNOTATION}={before}")]);

    // New Pods do not get the association yet: the annotation stays, and so does the association.
    let hasty = "replaces_irsa = {}\n timeouts = { create = \"10s\" }";
    let workspace = Workspace::new(&association(namespace, &role, hasty));
    let told = workspace.apply().succeeds().warnings().join("\n");
    assert!(told.contains("BERTH-AWS-082") && told.contains("the next apply goes on"), "{told}");
    assert_eq!((annotation(), live(namespace).len()), (json!(before), 1));

    home.mutates(Mutation::PodIdentity);
    workspace.configure(&association(namespace, &role, "replaces_irsa = {}"));
    let changes = workspace.plan().changes_something().changes();
    assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
    workspace.apply_plan().succeeds();
    assert_eq!(annotation(), Value::Null);
    workspace.plan().changes_nothing();

    // Who puts it back is told by the plan.
    kubectl_ok(&["-n", namespace, "annotate", "serviceaccount", "web", &format!("{ANNOTATION}={before}")]);
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    assert_eq!(annotation(), Value::Null);

    workspace.destroy().succeeds();
    assert_eq!((annotation(), live(namespace).len()), (json!(before), 0));
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_of_berth_serves_pods_by_annotation_and_by_association() {
    for cli in Cli::all() {
        let namespace = Namespace::new("pods");
        let name = unique("pods");
        let host = format!("{name}.example.com");
        let role = |more: &str| format!("resource \"berth_irsa_role\" \"x\" {{\n  name = \"{name}\"\n{more}}}\n");
        let irsa = format!(
            "  oidc_issuer_url = \"https://{host}\"\n  service_accounts = [{{ namespace = \"{}\", name = \"web\" }}]\n",
            namespace.0
        );
        let association = association(&namespace.0, "${berth_irsa_role.x.arn}", "");
        let workspace = Workspace::on(&cli, &role(&irsa));
        workspace.apply().succeeds();
        let arn = workspace.attributes("berth_irsa_role.x")["unique_id"].clone();

        // The role that stands serves both, and then associations alone: it is changed in place.
        let both = role(&format!("{irsa}  pod_identity = true\n"));
        for declared in [both, role("  pod_identity = true\n")] {
            workspace.configure(&format!("{declared}{association}"));
            workspace.apply().succeeds();
            workspace.plan().changes_nothing();
            assert_eq!(workspace.attributes("berth_irsa_role.x")["unique_id"], arn);
            assert_eq!(live(&namespace.0).len(), 1);
        }
        workspace.run(&["state", "rm", "berth_irsa_role.x"]).succeeds();
        workspace.import("berth_irsa_role.x", &name).succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs terraform"]
fn a_role_says_whom_it_trusts_wholly() {
    let role = |more: &str| format!("resource \"berth_irsa_role\" \"x\" {{\n  name = \"x\"\n{more}}}\n");
    for (more, told) in [
        ("  service_accounts = [{ namespace = \"a\", name = \"b\" }]\n", "which cluster's accounts it trusts"),
        ("  oidc_issuer_url = \"https://a.test\"\n", "names no service account"),
        (
            "  pod_identity = true\n  service_accounts = [{ namespace = \"a\", name = \"b\" }]\n",
            "not the cluster's provider",
        ),
    ] {
        let errors = Workspace::new(&role(more)).validate().fails();
        assert!(errors.contains(told), "{told}: {errors}");
    }
    Workspace::new(&role("  pod_identity = true\n")).validate().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_role_of_another_account_is_told_in_the_plan() {
    let elsewhere = "arn:aws:iam::999999999999:role/x";
    let workspace = Workspace::new(&association(&unique("elsewhere"), elsewhere, ""));
    let told = workspace.plan().changes_something().warnings().join("\n");
    assert!(told.contains("BERTH-AWS-083") && told.contains("target_role_arn"), "{told}");
}
