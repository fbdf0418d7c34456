//! `berth_manifest` on the real node: what a text declares comes, stays and goes as it says.

mod conflicts;
mod crds;
mod empty;
mod exclusive;
mod life;
mod places;
mod reading;
mod removal;
mod secrets;

use crate::kubectl::{Namespace, kubectl_ok};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

const ADDRESS: &str = "berth_manifest.it";

/// The resource with a text and more arguments.
fn declared(text: &str, more: &str) -> String {
    format!("resource \"berth_manifest\" \"it\" {{\n  yaml = <<-YAML\n{text}\n  YAML\n{more}\n}}\n")
}

/// A `ConfigMap` as one document.
fn config_map(namespace: &Namespace, name: &str, data: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {}}}\ndata: {data}\n", namespace.0)
}

/// A Deployment of one container, with more of its container and of its Pod.
fn deployment(namespace: &Namespace, name: &str, container: &str, pod: &str) -> String {
    format!(
        r#"apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: a, image: "{}", {container}}}], {pod}}}
"#,
        namespace.0,
        value("SANDBOX_BUSYBOX_IMAGE")
    )
}

fn joined(documents: &[String]) -> String {
    documents.join("---\n")
}

/// The sentences of the state about what differs.
fn drift(workspace: &Workspace) -> Vec<String> {
    let stored = workspace.attributes(ADDRESS)["drift"].clone();
    stored.as_array().into_iter().flatten().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// Changes an object by hand.
fn patched(namespace: &Namespace, kind: &str, name: &str, patch: &str) {
    kubectl_ok(&["-n", &namespace.0, "patch", kind, name, "--type=merge", "-p", patch]);
}

fn on_all(test: impl Fn(&Cli)) {
    Cli::all().iter().for_each(test);
}
