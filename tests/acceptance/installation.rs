//! cert-manager itself: two real releases, installed, upgraded, taken over, moved and removed. A cluster has one, so these
//! run one after the other, in a sandbox that has none.

mod cut;
mod far;
mod owners;
mod texts;
mod ways;

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::kubectl::{Namespace, apply, kubectl, kubectl_ok, object};
use crate::sandbox::value;
use crate::workspace::Workspace;

/// The whole cluster, without cert-manager in it; what is left is taken away in the end.
struct Cluster(#[expect(dead_code, reason = "held until the end")] MutexGuard<'static, ()>);

impl Cluster {
    fn empty() -> Self {
        static ONE: Mutex<()> = Mutex::new(());
        let held = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        clear();
        Self(held)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        clear();
    }
}

fn clear() {
    kubectl(&["delete", "--ignore-not-found", "--wait=false", "namespace", "cert-manager", "tls"]);
    kubectl(&["delete", "--ignore-not-found", "-f", &release("current")]);
    let leases = ["cert-manager-controller", "cert-manager-cainjector-leader-election"];
    kubectl(&[&["-n", "kube-system", "delete", "--ignore-not-found", "lease"], &leases[..]].concat());
    kubectl(&["wait", "--for=delete", "namespace/cert-manager", "namespace/tls", "--timeout=120s"]);
}

/// The path of a release's manifest: `former` or `current`.
fn release(name: &str) -> String {
    format!("{}/{name}.yaml", value("SANDBOX_CERT_MANAGER_RELEASES"))
}

/// A release whose controller no node can pull.
fn broken() -> String {
    let current = std::fs::read_to_string(release("current")).unwrap();
    current.replace("cert-manager-controller:v1.11.5", "cert-manager-controller-none:v1.11.5")
}

fn installed(manifest: &str, more: &str) -> String {
    format!("resource \"berth_cert_manager\" \"x\" {{\n  manifest = \"{manifest}\"\n{more}\n}}\n")
}

const ADDRESS: &str = "berth_cert_manager.x";

/// A CA for the whole cluster, whose Secret lies where the controller runs, and a certificate of it.
fn certificate(namespace: &str, controller: &str) -> String {
    let text = format!(
        r"
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {{name: root, namespace: {controller}}}
spec: {{selfSigned: {{}}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: ca, namespace: {controller}}}
spec: {{secretName: ca, commonName: ca, isCA: true, issuerRef: {{name: root}}}}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {{name: ca}}
spec: {{ca: {{secretName: ca}}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: web, namespace: {namespace}}}
spec: {{secretName: web, dnsNames: [web.sandbox.test], issuerRef: {{name: ca, kind: ClusterIssuer}}}}
"
    );
    apply(&text);
    kubectl_ok(&["-n", namespace, "wait", "certificate/web", "--for=condition=Ready", "--timeout=120s"]);
    certificate_of(namespace, "web")
}

/// What a Secret holds, which tells one issuance from another.
fn certificate_of(namespace: &str, secret: &str) -> String {
    object(namespace, "secret", secret).unwrap()["data"]["tls.crt"].as_str().unwrap().to_owned()
}

/// What came of the steps of the last apply.
fn results(state: &serde_json::Value) -> Vec<&str> {
    state["phases"].as_array().unwrap().iter().map(|it| it["result"].as_str().unwrap()).collect()
}

fn image_of(namespace: &str) -> String {
    let deployment = object(namespace, "deployment", "cert-manager").unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs the sandbox with cert-manager-releases, and without cert-manager"]
fn it_is_installed_upgraded_moved_and_removed_and_nothing_is_issued_anew() {
    let _cluster = Cluster::empty();
    let apps = Namespace::new("apps");
    let workspace = Workspace::new(&installed(&release("former"), ""));
    workspace.apply().succeeds();
    let state = workspace.attributes(ADDRESS);
    assert_eq!((&state["version"], &state["namespace"]), (&"1.10.2".into(), &"cert-manager".into()));
    assert_eq!(results(&state), ["46 were declared, of 1.10.2", "an Issuer was taken"]);
    // It stands: what comes next is taken at once.
    let issued = certificate(&apps.0, "cert-manager");
    workspace.plan().changes_nothing();

    workspace.configure(&installed(&release("current"), "  version = \"v1.11.5\""));
    let plan = workspace.plan().succeeds();
    assert_eq!(plan.warnings(), Vec::<String>::new(), "nothing breaks on this way");
    workspace.apply().succeeds();
    let state = workspace.attributes(ADDRESS);
    let phases: Vec<&str> =
        state["phases"].as_array().unwrap().iter().map(|it| it["result"].as_str().unwrap()).collect();
    assert_eq!(
        phases,
        ["2 were issued", "46 were declared, of 1.11.5", "an Issuer was taken", "none was issued anew so far"]
    );
    assert!(image_of("cert-manager").ends_with(":v1.11.5"));
    assert_eq!(certificate_of(&apps.0, "web"), issued);
    workspace.plan().changes_nothing();

    workspace.configure(&installed(&release("current"), "  namespace = \"tls\""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(object("cert-manager", "deployment", "cert-manager").is_none());
    assert_eq!(certificate_of("tls", "ca"), certificate_of("cert-manager", "ca"), "the CA of the cluster came along");
    kubectl_ok(&["delete", "-n", &apps.0, "secret", "web"]);
    kubectl_ok(&["-n", &apps.0, "wait", "secret/web", "--for=create", "--timeout=120s"]);
    kubectl_ok(&["-n", &apps.0, "wait", "certificate/web", "--for=condition=Ready", "--timeout=120s"]);

    let destroyed = workspace.destroy().succeeds();
    let told = destroyed.diagnostics();
    assert!(
        told.iter()
            .any(|it| it.detail.contains("BERTH-K8S-088") && it.detail.contains("issuers and Certificates stay"))
    );
    assert!(object("tls", "deployment", "cert-manager").is_none());
    for namespace in ["tls", "cert-manager"] {
        assert!(object(namespace, "secret", "cert-manager-webhook-ca").is_none(), "the webhook's own CA goes with it");
    }
    assert!(object(&apps.0, "certificate", "web").is_some(), "with the definitions, what users made stays");
    assert!(!kubectl_ok(&["get", "clusterrole,validatingwebhookconfiguration", "-o", "name"]).contains("cert-manager"));
}
