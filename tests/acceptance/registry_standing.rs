//! `berth_registry`: what stands though it does not serve yet is told truly and not torn down, and what others do to it is named.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;

use serde_json::{Value, json};

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

const EPHEMERAL: &str = "storage = { ephemeral = {} }";
/// The end of an apply that waited for what cannot come.
const WAITED: &str = "the time for this operation is used up";

fn registry(namespace: &str, name: &str, body: &str) -> String {
    format!(
        "resource \"berth_registry\" \"{name}\" {{\n  name = \"{name}\"\n  namespace = \"{namespace}\"\n  {body}\n}}\n"
    )
}

fn applied(workspace: &Workspace, name: &str, manifest: &Value) {
    let file = workspace.write(&format!("{name}.json"), &manifest.to_string());
    kubectl_ok(&["apply", "-f", file.to_str().unwrap()]);
}

/// A folder of the node that belongs to root, as a volume for the claim of a registry: what such a volume holds keeps its owner.
fn volume_of_root(workspace: &Workspace, namespace: &str) -> std::path::PathBuf {
    let folder = workspace.path("volume");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let spec = json!({
        "capacity": { "storage": "16Mi" }, "accessModes": ["ReadWriteOnce"], "hostPath": { "path": folder },
        "claimRef": { "namespace": namespace, "name": "this-data" }, "persistentVolumeReclaimPolicy": "Retain",
    });
    let volume =
        json!({ "apiVersion": "v1", "kind": "PersistentVolume", "metadata": { "name": namespace }, "spec": spec });
    applied(workspace, "volume", &volume);
    folder
}

fn drift(workspace: &Workspace) -> String {
    workspace.refresh().succeeds();
    workspace.attributes("berth_registry.this")["drift"].to_string()
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_volume_that_the_pods_may_not_write_to_is_told_until_they_may() {
    for cli in Cli::all() {
        let namespace = Namespace::new("readonly");
        let body = |level: &str| {
            format!("storage = {{ volume = {{ size = \"16Mi\", storage_class = \"\" }} }}\n  log_level = \"{level}\"")
        };
        let workspace = Workspace::on(&cli, &registry(&namespace.0, "this", &body("info")));
        let folder = volume_of_root(&workspace, &namespace.0);
        let told = workspace.apply().succeeds().warnings().join("\n");
        for words in ["may not write to its volume", "Permission denied", "uid=1000", "drwxr-xr-x", "security_context"]
        {
            assert!(told.contains(words), "{words}: {told}");
        }
        assert_eq!(workspace.plan().changes(), [("berth_registry.this".to_owned(), "update".to_owned())]);
        assert!(drift(&workspace).contains("Permission denied"));

        chown(&folder, Some(1000), Some(1000)).unwrap();
        workspace.plan().changes_nothing();
        assert!(is_empty(&folder), "the attempt leaves nothing");

        // The volume is ours, and a folder in it is somebody else's.
        std::fs::create_dir(folder.join("docker")).unwrap();
        workspace.configure(&registry(&namespace.0, "this", &body("debug")));
        let errors = workspace.apply().fails();
        assert!(errors.contains("/var/lib/registry/docker") && errors.contains("BERTH-K8S-014"), "{errors}");
        chown(folder.join("docker"), Some(1000), Some(1000)).unwrap();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        kubectl_ok(&["delete", "pv", &namespace.0, "--wait=false"]);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_that_does_not_get_up_is_mended_in_place() {
    let namespace = Namespace::new("mendable");
    let with = |image: &str| registry(&namespace.0, "this", &format!("{EPHEMERAL}\n  image = \"{image}\""));
    let workspace = Workspace::new(&with("registry:nonexistent"));
    let told = workspace.apply().succeeds().warnings().join("\n");
    assert!(told.contains("BERTH-K8S-014") && told.contains("nothing is removed"), "{told}");
    let uid = || object(&namespace.0, "deployment", "this").unwrap()["metadata"]["uid"].clone();
    let before = uid();
    workspace.configure(&with("registry:3"));
    workspace.apply().succeeds();
    assert_eq!(uid(), before, "the same Deployment");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_paused_deployment_is_named_at_once() {
    let namespace = Namespace::new("paused");
    let with = |level: &str| registry(&namespace.0, "this", &format!("{EPHEMERAL}\n  log_level = \"{level}\""));
    let workspace = Workspace::new(&with("info"));
    workspace.apply().succeeds();
    kubectl_ok(&["-n", &namespace.0, "rollout", "pause", "deployment/this"]);
    workspace.configure(&with("debug"));
    let errors = workspace.apply().fails();
    assert!(errors.contains("paused") && errors.contains("kubectl rollout resume"), "{errors}");
    assert!(!errors.contains(WAITED), "{errors}");
    assert!(drift(&workspace).contains("paused"));
    kubectl_ok(&["-n", &namespace.0, "rollout", "resume", "deployment/this"]);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_others_add_is_no_drift_and_what_they_change_is() {
    let namespace = Namespace::new("added");
    let workspace = Workspace::new(&registry(&namespace.0, "this", EPHEMERAL));
    workspace.apply().succeeds();
    // As the guide has it for the time of a garbage collection, and a setting that berth does not have.
    let read_only = "REGISTRY_STORAGE_MAINTENANCE_READONLY={\"enabled\":true}";
    kubectl_ok(&["-n", &namespace.0, "set", "env", "deploy/this", read_only]);
    kubectl_ok(&["-n", &namespace.0, "rollout", "status", "deploy/this", "--timeout=60s"]);
    let added = r#"{"stringData":{"REGISTRY_STORAGE_TAG_CONCURRENCYLIMIT":"8"}}"#;
    kubectl_ok(&["-n", &namespace.0, "patch", "secret", "this-credentials", "-p", added]);
    workspace.plan().changes_nothing();
    let push = "wget -q -S -O- --post-data= http://127.0.0.1:5000/v2/a/blobs/uploads/ 2>&1 | head -1";
    let answer = kubectl_ok(&["-n", &namespace.0, "exec", "deploy/this", "--", "sh", "-c", push]);
    assert!(answer.contains("405"), "{answer}");

    kubectl_ok(&["-n", &namespace.0, "set", "env", "deploy/this", "OTEL_TRACES_EXPORTER=console"]);
    let told = drift(&workspace);
    assert!(told.contains("console"), "{told}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_claim_that_somebody_deletes_below_a_running_pod_is_named() {
    let namespace = Namespace::new("leaving");
    let with = |level: &str| {
        let volume = "storage = { volume = { size = \"16Mi\", delete_on_destroy = true } }";
        registry(&namespace.0, "this", &format!("{volume}\n  log_level = \"{level}\""))
    };
    let workspace = Workspace::new(&with("info"));
    workspace.apply().succeeds();
    kubectl_ok(&["-n", &namespace.0, "delete", "pvc", "this-data", "--wait=false"]);
    workspace.configure(&with("debug"));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-REG-012") && errors.contains("copy the images elsewhere"), "{errors}");
    assert!(!errors.contains(WAITED), "{errors}");

    // As the message says.
    kubectl_ok(&["-n", &namespace.0, "scale", "deployment/this", "--replicas=0"]);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_that_two_asked_for_goes_with_the_last_of_them() {
    let namespace = Namespace::unused("asked");
    let body = format!("create_namespace = true\n  {EPHEMERAL}");
    let (one, two) = (registry(&namespace.0, "this", &body), registry(&namespace.0, "that", &body));
    let (first, second) = (Workspace::new(&one), Workspace::new(&two));
    first.apply().succeeds();
    second.apply().succeeds();
    first.destroy().succeeds();
    assert!(object("default", "namespace", &namespace.0).is_some(), "the second is in it");
    second.plan().changes_nothing();
    second.destroy().succeeds();
    assert!(object("default", "namespace", &namespace.0).is_none(), "nobody asks for it any more");
}

#[test]
#[ignore = "needs the sandbox"]
fn an_annotation_of_somebodys_account_is_set_back() {
    let namespace = Namespace::new("setback");
    kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "theirs"]);
    kubectl_ok(&["-n", &namespace.0, "annotate", "serviceaccount", "theirs", "team=before", "other=kept"]);
    let with = |value: &str| {
        let account = format!("service_account = {{ name = \"theirs\", annotations = {{ team = \"{value}\" }} }}");
        registry(&namespace.0, "this", &format!("{EPHEMERAL}\n  {account}"))
    };
    let annotations = || object(&namespace.0, "serviceaccount", "theirs").unwrap()["metadata"]["annotations"].clone();
    let workspace = Workspace::new(&with("ours"));
    workspace.apply().succeeds();
    workspace.configure(&with("ours-too"));
    workspace.apply().succeeds();
    assert_eq!(annotations()["team"], "ours-too");
    workspace.destroy().succeeds();
    assert_eq!((annotations()["team"].as_str(), annotations()["other"].as_str()), (Some("before"), Some("kept")));
}

#[test]
#[ignore = "needs the sandbox"]
fn an_address_is_waited_for_where_the_class_gives_one() {
    let namespace = Namespace::new("address");
    let class = |name: &str, controller: &str| {
        json!({
            "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass",
            "metadata": { "name": name }, "spec": { "controller": controller },
        })
    };
    let (gives, none) = (format!("{}-alb", namespace.0), format!("{}-none", namespace.0));
    let with = |class: &str| {
        let way = format!("anonymous = true\n  host = \"hub.example\"\n  ingress = {{ class = \"{class}\" }}");
        registry(&namespace.0, "this", &format!("{EPHEMERAL}\n  {way}"))
    };
    let workspace = Workspace::new(&with(&gives));
    applied(&workspace, "gives", &class(&gives, "ingress.k8s.aws/alb"));
    applied(&workspace, "none", &class(&none, "sandbox.berth/nobody"));
    let running = workspace.start_apply();
    running.wait_until(|| object(&namespace.0, "ingress", "this").is_some(), "the Ingress");
    running.wait_until(
        || object(&namespace.0, "deployment", "this").unwrap()["status"]["readyReplicas"] == 1,
        "the Pods to be ready",
    );
    let status = json!({ "status": { "loadBalancer": { "ingress": [{ "hostname": "lb.example" }] } } }).to_string();
    let patch = ["-n", &namespace.0, "patch", "ingress", "this", "--subresource=status", "--type=merge", "-p", &status];
    kubectl_ok(&patch);
    let told = running.finish().succeeds().warnings().join("\n");
    assert!(!told.contains("BERTH-REG-015"), "{told}");

    // Of a class that gives none it is not waited for.
    workspace.destroy().succeeds();
    workspace.configure(&with(&none));
    let told = workspace.apply().succeeds().warnings().join("\n");
    assert!(!told.contains("BERTH-REG-015"), "{told}");
    workspace.destroy().succeeds();
    kubectl_ok(&["delete", "ingressclass", &gives, &none]);
}
