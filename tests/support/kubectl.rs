//! The cluster as kubectl sees it, and namespaces of a test's own.

use std::{
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::Value;

/// Runs kubectl.
pub fn kubectl(arguments: &[&str]) -> Output {
    Command::new("kubectl").args(arguments).stdin(Stdio::null()).output().expect("kubectl is installed")
}

/// Runs kubectl and fails the test unless it succeeds.
#[track_caller]
pub fn kubectl_ok(arguments: &[&str]) -> String {
    let output = kubectl(arguments);
    assert!(output.status.success(), "kubectl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Applies a text.
#[track_caller]
pub fn apply(text: &str) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    kubectl_ok(&["apply", "-f", file.path().to_str().unwrap()]);
}

/// Writes a certificate of its own for a name as the Secret `registry-tls`.
#[track_caller]
pub fn certificate_for(namespace: &str, name: &str) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let data = serde_json::json!({ "tls.crt": made.cert.pem(), "tls.key": made.signing_key.serialize_pem() });
    let metadata = serde_json::json!({ "name": "registry-tls", "namespace": namespace });
    let secret = serde_json::json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata, "stringData": data,
    });
    apply(&secret.to_string());
}

/// One object; `None` if it does not exist.
pub fn object(namespace: &str, kind: &str, name: &str) -> Option<Value> {
    let output = kubectl(&["-n", namespace, "get", kind, name, "-o", "json"]);
    output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
}

/// The names of all objects of a kind in a namespace.
pub fn names(namespace: &str, kind: &str) -> Vec<String> {
    let text = kubectl_ok(&["-n", namespace, "get", kind, "-o", "name"]);
    text.lines().map(|line| line.rsplit('/').next().unwrap().to_owned()).collect()
}

/// A name for a namespace that no other test uses; the namespace is removed at the end if it exists.
pub struct Namespace(pub String);

impl Namespace {
    /// Only the name: the configuration makes the namespace.
    pub fn unused(purpose: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        Self(format!("{purpose}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// An existing namespace.
    pub fn new(purpose: &str) -> Self {
        let namespace = Self::unused(purpose);
        kubectl_ok(&["create", "namespace", &namespace.0]);
        namespace
    }
}

/// What a cluster may do to objects behind the back of who applies them (`sandbox/cluster/base.yaml`).
#[derive(Clone, Copy, Debug)]
pub enum Mutation {
    /// The first container gets a request of memory, where it has none.
    Requests,
    /// A toleration is added.
    Tolerations,
    /// Pods are given what EKS gives them by Pod Identity.
    PodIdentity,
}

impl Namespace {
    /// Has the cluster change all Deployments (or Pods) that are made or changed here from now on.
    pub fn mutates(&self, mutation: Mutation) {
        let label = match mutation {
            Mutation::Requests => "sandbox.berth/requests=true",
            Mutation::Tolerations => "sandbox.berth/tolerations=true",
            Mutation::PodIdentity => "sandbox.berth/pod-identity=true",
        };
        kubectl_ok(&["label", "namespace", &self.0, label]);
    }

    /// Limits what may be here: `hard` like `pods=0` or `requests.storage=1Gi,services=2`.
    pub fn quota(&self, name: &str, hard: &str) {
        kubectl_ok(&["-n", &self.0, "create", "quota", name, &format!("--hard={hard}")]);
    }

    /// Keeps an object from going, by a finalizer that nobody serves, until what this gives is dropped.
    pub fn hold(&self, kind: &str, name: &str) -> Held {
        Held::of(&self.0, kind, name)
    }
}

/// An object that does not go.
pub struct Held {
    namespace: String,
    kind: String,
    name: String,
}

impl Held {
    /// [`Namespace::hold`], in a namespace that is not the test's own.
    pub fn of(namespace: &str, kind: &str, name: &str) -> Self {
        let held = Self { namespace: namespace.to_owned(), kind: kind.to_owned(), name: name.to_owned() };
        let patched = held.set("[\"sandbox.berth/held\"]");
        assert!(patched.status.success(), "{}", String::from_utf8_lossy(&patched.stderr));
        held
    }

    fn set(&self, finalizers: &str) -> Output {
        let patch = format!("{{\"metadata\":{{\"finalizers\":{finalizers}}}}}");
        kubectl(&["-n", &self.namespace, "patch", &self.kind, &self.name, "--type=merge", "-p", &patch])
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set("null");
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        kubectl(&["delete", "namespace", &self.0, "--ignore-not-found", "--wait=false"]);
    }
}
