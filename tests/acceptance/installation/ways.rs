//! Other ways to an installation: a release that fails, one of another tool, and mistakes.

use crate::kubectl::{kubectl_ok, object};
use crate::runner::Runner;
use crate::workspace::Workspace;
use berth::domain::cluster_permissions::{Use, permissions};

use super::{ADDRESS, Cluster, broken, image_of, installed, release, results};

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn a_release_that_does_not_come_up_is_rolled_back_and_planned_again() {
    let _cluster = Cluster::empty();
    let workspace = Workspace::new(&installed(&release("former"), ""));
    workspace.apply().succeeds();
    workspace.write("broken.yaml", &broken());
    workspace.configure(&installed("broken.yaml", "  timeouts = { update = \"40s\" }"));
    let errors = workspace.apply().fails();
    assert!(errors.contains("rolled back: ") && errors.contains("those of 1.10.2 again"), "{errors}");
    assert!(image_of("cert-manager").ends_with(":v1.10.2"), "{}", image_of("cert-manager"));
    kubectl_ok(&["-n", "cert-manager", "rollout", "status", "deployment", "--timeout=120s"]);
    assert_eq!(workspace.attributes(ADDRESS)["version"], "1.10.2");

    // By way of a release between, which is applied for the way alone.
    let between =
        std::fs::read_to_string(release("former")).unwrap().replace("version: \"v1.10.2\"", "version: \"v1.10.9\"");
    workspace.write("between.yaml", &between);
    workspace.configure(&installed(
        &release("current"),
        &format!("  steps = [\"between.yaml\", \"{}\"]", release("former")),
    ));
    workspace.apply().succeeds();
    let state = workspace.attributes(ADDRESS);
    let passed: Vec<&str> = results(&state).into_iter().filter(|it| it.contains("declared")).collect();
    assert_eq!(passed, ["46 were declared, of 1.10.9", "46 were declared, of 1.11.5"]);
    assert_eq!(state["version"], "1.11.5");
    workspace.plan().changes_nothing();

    // What runs stays until what comes has proved itself.
    workspace.configure(&installed("broken.yaml", "  namespace = \"tls\"\n  timeouts = { update = \"30s\" }"));
    let errors = workspace.apply().fails();
    assert!(errors.contains("rolled back: "), "{errors}");
    assert!(image_of("cert-manager").ends_with("cert-manager-controller:v1.11.5"));
    kubectl_ok(&["-n", "cert-manager", "rollout", "status", "deployment", "--timeout=10s"]);
    assert_eq!(workspace.attributes(ADDRESS)["namespace"], "cert-manager");
    workspace.configure(&installed(&release("current"), ""));
    workspace.apply().succeeds();
    assert!(object("", "namespace", "tls").is_none(), "what did not come up is gone");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn what_kubectl_installed_is_refused_then_taken_over_and_upgraded() {
    let _cluster = Cluster::empty();
    kubectl_ok(&["apply", "-f", &release("former")]);
    let workspace = Workspace::new(&installed(&release("current"), ""));
    let refused = workspace.apply().fails();
    assert!(refused.contains("BERTH-K8S-009") && refused.contains("adopt = true"), "{refused}");
    workspace.configure(&installed(&release("current"), "  adopt = true"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(image_of("cert-manager").ends_with(":v1.11.5"));

    // Another state knows it by its namespace.
    let other = Workspace::new(&installed(&release("current"), ""));
    other.import(ADDRESS, "cert-manager").succeeds();
    other.apply().succeeds();
    other.plan().changes_nothing();
    other.destroy().succeeds();
    assert!(object("", "namespace", "cert-manager").is_none(), "nothing was left in it");
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn what_was_imported_is_rolled_back_as_well() {
    let _cluster = Cluster::empty();
    kubectl_ok(&["apply", "-f", &release("former")]);
    let workspace = Workspace::new(&installed("broken.yaml", "  timeouts = { update = \"30s\" }"));
    workspace.write("broken.yaml", &broken());
    workspace.import(ADDRESS, "cert-manager").succeeds();
    let errors = workspace.apply().fails();
    assert!(errors.contains("rolled back: ") && errors.contains("those of 1.10.2 again"), "{errors}");
    assert!(image_of("cert-manager").ends_with(":v1.10.2"), "{}", image_of("cert-manager"));
    kubectl_ok(&["-n", "cert-manager", "rollout", "status", "deployment", "--timeout=120s"]);
    assert_eq!(workspace.attributes(ADDRESS)["version"], "1.10.2");
    let role = object("", "clusterrole", "cert-manager-view").unwrap();
    assert_eq!(role["metadata"]["labels"]["app.kubernetes.io/version"], "v1.10.2");

    workspace.configure(&installed(&release("current"), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(object("", "namespace", "cert-manager").is_none(), "nothing was left in it");
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn drift_is_told_by_its_field_and_set_back() {
    let _cluster = Cluster::empty();
    let workspace = Workspace::new(&installed(&release("current"), ""));
    workspace.apply().succeeds();
    let patch = r#"{"spec":{"template":{"spec":{"containers":[{"name":"cert-manager-webhook","args":["--v=5"]}]}}}}"#;
    kubectl_ok(&["-n", "cert-manager", "patch", "deployment", "cert-manager-webhook", "-p", patch]);
    workspace.plan().changes_something();
    workspace.refresh().succeeds();
    let drift = workspace.attributes(ADDRESS)["drift"].to_string();
    assert!(drift.contains("Deployment cert-manager/cert-manager-webhook") && drift.contains("args"), "{drift}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn mistakes_are_told_in_the_plan() {
    let _cluster = Cluster::empty();
    let workspace = Workspace::new("");
    workspace.write("none.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n");
    let told = |manifest: &str, more: &str| {
        workspace.configure(&installed(manifest, more));
        workspace.plan().fails()
    };
    let none = told("none.yaml", "");
    assert!(none.contains("BERTH-CM-005") && none.contains("no Deployment of cert-manager's controller"), "{none}");
    let version = told(&release("current"), "  version = \"1.12.0\"");
    assert!(
        version.contains("BERTH-CM-006") && version.contains("is of version 1.11.5, and 1.12.0 is declared"),
        "{version}"
    );
    let digest = told(&release("current"), &format!("  manifest_sha256 = \"{}\"", "0".repeat(64)));
    assert!(digest.contains("BERTH-CM-006") && digest.contains("the manifest has the SHA-256"), "{digest}");
    workspace.configure(&installed("later.yaml", ""));
    assert!(workspace.plan().succeeds().warnings().iter().any(|it| it.contains("not there yet")));
    let absent = workspace.apply().fails();
    assert!(absent.contains("BERTH-CM-005") && absent.contains("correct the path"), "{absent}");
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn the_rights_of_the_table_are_enough() {
    let _cluster = Cluster::empty();
    let given = permissions(["berth_cert_manager"], &Use::default()).unwrap();
    let runner = Runner::new().may_everywhere(&given);
    let workspace = runner.in_workspace(Workspace::new(&installed(&release("current"), "")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
