//! Where scenes are played: namespaces of their own, records, and the program that diagnoses.

use std::fmt::Write as _;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use serde_json::Value;

use crate::kubectl::{Namespace, kubectl, kubectl_ok};
use crate::sandbox::{cluster, value};
use crate::workspace::Workspace;

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-berth");

/// One failure, and the cause that is to be named first.
pub struct Scene {
    pub name: String,
    pub cause: &'static str,
    /// What is diagnosed: `pod NS/web`.
    pub subject: String,
    /// Manifests; `$NS` stands for the scene's namespace: a word without `$` may stand in base64 by chance.
    pub objects: String,
    /// Records: name, type, value.
    pub records: Vec<(String, &'static str, String)>,
}

/// cert-manager belongs to all tests at once, and to those that stop it alone.
static CERT_MANAGER: RwLock<()> = RwLock::new(());

/// For as long as it is held, nobody stops cert-manager. A test that failed alone has started it again.
pub fn cert_manager_runs() -> RwLockReadGuard<'static, ()> {
    CERT_MANAGER.read().unwrap_or_else(PoisonError::into_inner)
}

/// For as long as it is held, nobody else needs cert-manager.
pub fn cert_manager_alone() -> RwLockWriteGuard<'static, ()> {
    CERT_MANAGER.write().unwrap_or_else(PoisonError::into_inner)
}

/// `ClusterIssuers` belong to no namespace: a backup of any namespace holds them, and its restore puts them back.
static CLUSTER_ISSUERS: RwLock<()> = RwLock::new(());

/// For as long as it is held, no `ClusterIssuer` comes or goes: from before a backup until it has been restored.
pub fn cluster_issuers_stay() -> RwLockReadGuard<'static, ()> {
    CLUSTER_ISSUERS.read().unwrap_or_else(PoisonError::into_inner)
}

/// For as long as it is held, nobody puts a `ClusterIssuer` back that has been destroyed.
pub fn cluster_issuers_go() -> RwLockWriteGuard<'static, ()> {
    CLUSTER_ISSUERS.write().unwrap_or_else(PoisonError::into_inner)
}

/// The report as JSON; its exit code fits it.
pub fn diagnosed(subject: &str, arguments: &[&str]) -> Value {
    let mut command = Command::new(PROGRAM);
    let output = command.arg("diagnose").args(subject.split(' ')).args(arguments).arg("--json").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report: Value = serde_json::from_str(&text)
        .unwrap_or_else(|_| panic!("{subject}: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let code = match report["health"].as_str() {
        Some("healthy") => 0,
        Some("failing") => 1,
        _ => 2,
    };
    assert_eq!(output.status.code(), Some(code), "{report:#}");
    report
}

/// Keeps what was seen of a scene, if that is wanted.
pub fn record(scene: &Scene, arguments: &[&str]) {
    let Some(folder) = std::env::var_os("RECORD") else { return };
    let kept =
        std::path::Path::new(&folder).join(format!("{}-{}.json", scene.subject.split(' ').next().unwrap(), scene.name));
    let path = kept.to_str().unwrap();
    diagnosed(&scene.subject, &[arguments, &["--record", path]].concat());
    let seen: Value = serde_json::from_slice(&std::fs::read(&kept).unwrap()).unwrap();
    let whole = serde_json::json!({ "subject": scene.subject, "cause": scene.cause, "seen": seen });
    std::fs::write(kept, whole.to_string()).unwrap();
}

/// The report as a person reads it.
pub fn shown(subject: &str) -> String {
    let mut command = Command::new(PROGRAM);
    command.arg("diagnose").args(subject.split(' ')).env("COLUMNS", "100");
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

/// The cause that is named first.
pub fn first(report: &Value) -> &str {
    report["findings"][0]["cause"].as_str().unwrap_or_default()
}

/// The place of a test's scenes.
pub struct Stage {
    /// What the names of its namespaces begin with.
    pub prefix: String,
    workspace: Workspace,
    namespaces: std::cell::RefCell<Vec<Namespace>>,
}

impl Stage {
    pub fn new(purpose: &str) -> Self {
        let prefix = Namespace::unused(purpose).0.clone();
        Self { prefix, workspace: Workspace::new(""), namespaces: std::cell::RefCell::default() }
    }

    /// The namespace of a scene.
    pub fn namespace(&self, scene: &str) -> String {
        format!("{}-{scene}", self.prefix)
    }

    /// A name in the sandbox's zone that nobody else uses.
    pub fn host(&self, label: &str) -> String {
        format!("{label}.{}.{}", self.prefix, value("SANDBOX_ZONE_NAME"))
    }

    /// A file of its own.
    pub fn write(&self, name: &str, text: &str) -> String {
        self.workspace.write(name, text).to_str().unwrap().to_owned()
    }

    /// Makes the scenes' records, in one go.
    pub fn records(&self, scenes: &[Scene]) {
        let all = scenes.iter().flat_map(|scene| &scene.records).enumerate();
        let mut lines = String::new();
        for (index, (name, kind, value)) in all {
            writeln!(lines, "r{index} = {{ name = \"{name}\", type = \"{kind}\", values = [{value:?}], ttl = 1 }}")
                .unwrap();
        }
        let zone = value("SANDBOX_ZONE_ID");
        self.workspace.configure(&format!(
            "resource \"berth_dns_records\" \"x\" {{\n  zone_id = \"{zone}\"\n  wait    = \"authoritative\"\n  records = {{\n{lines}  }}\n}}\n"
        ));
        self.workspace.apply().succeeds();
    }

    /// Makes the scenes' namespaces and objects, in one go.
    pub fn apply(&self, scenes: &[Scene]) {
        let mut text = String::new();
        for scene in scenes {
            let namespace = self.namespace(&scene.name);
            writeln!(text, "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}").unwrap();
            self.namespaces.borrow_mut().push(Namespace(namespace));
        }
        kubectl_ok(&["apply", "-f", &self.write("namespaces.yaml", &text)]);
        for scene in scenes {
            kubectl_ok(&[
                "-n",
                &self.namespace(&scene.name),
                "wait",
                "--for=create",
                "serviceaccount/default",
                "--timeout=60s",
            ]);
        }
        let objects = scenes.iter().map(|scene| scene.objects.replace("$NS", &self.namespace(&scene.name)));
        let file = self.write("objects.yaml", &objects.collect::<String>());
        kubectl_ok(&["apply", "-f", &file]);
    }

    /// A kubeconfig for a token.
    pub fn kubeconfig(&self, token: &str) -> String {
        let login = cluster();
        let data = kubectl_ok(&[
            "config",
            "view",
            "--raw",
            "--minify",
            "-o",
            "jsonpath={.clusters[0].cluster.certificate-authority-data}",
        ]);
        self.write(
            "kubeconfig",
            &format!(
                "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{server: {:?}, certificate-authority-data: {data}}}}}]\n\
                 contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{token: {token}}}}}]\n",
                login.host
            ),
        )
    }

    /// Takes everything away that no namespace takes along.
    pub fn destroy(self) {
        self.workspace.destroy().succeeds();
        kubectl(&["delete", "ingressclass,clusterissuer", "-l", &format!("sandbox.berth/test={}", self.prefix)]);
    }
}
