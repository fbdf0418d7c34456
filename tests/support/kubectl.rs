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

impl Drop for Namespace {
    fn drop(&mut self) {
        kubectl(&["delete", "namespace", &self.0, "--ignore-not-found", "--wait=false"]);
    }
}
