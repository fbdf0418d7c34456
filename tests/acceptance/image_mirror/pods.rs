//! The images of a cluster's Pods.

use crate::cluster_permissions::{is_as_told, narrow};
use crate::kubectl::{Namespace, apply, kubectl_ok};
use crate::runner::Runner;
use crate::workspace::Cli;

use super::{MIRROR, Two, declared};

/// A Pod that no node takes.
fn runs(namespace: &Namespace, name: &str, image: &str) {
    apply(&format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: {0}}}\nspec:\n  nodeSelector: {{nowhere: \"true\"}}\n  \
         initContainers: [{{name: i, image: \"{image}\"}}]\n  containers: [{{name: c, image: \"other.test/left:1\"}}]\n",
        namespace.0
    ));
}

fn mirror(two: &Two, namespace: &Namespace) -> String {
    let pods = format!("pods = {{\n    namespaces = [\"{}\"]\n    exclude = [\"other.test\"]\n  }}", namespace.0);
    declared("x", &two.to.name("m"), &pods)
}

/// A cluster that does not answer.
const NOWHERE: &str = "provider \"berth\" {\n  kubernetes = { host = \"https://127.0.0.1:1\", token = \"none\" }\n";

#[test]
#[ignore = "needs the sandbox"]
fn what_pods_use_is_mirrored_and_stays_when_they_use_the_mirror() {
    let (two, namespace) = (Two::new(), Namespace::new("mirrored"));
    let (app, tool) = (two.puts("app:1", "app"), two.puts("tool:2", "tool"));
    runs(&namespace, "app", &two.from.name("app:1"));
    let workspace = two.workspace(&Cli::terraform(), "");
    let declared = mirror(&two, &namespace);
    workspace.configure(&two.configured(&declared));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(two.mirrored("app:1"), Some(app));

    // The Pod takes the copy, and another one comes.
    kubectl_ok(&["-n", &namespace.0, "delete", "pod", "app", "--force"]);
    runs(&namespace, "app", &two.to.name(&two.called("app:1")));
    workspace.plan().changes_nothing();
    runs(&namespace, "tool", &two.from.name("tool:2"));
    workspace.plan().changes_something();
    // What comes after the plan waits for the next one.
    two.puts("late:1", "late");
    runs(&namespace, "late", &two.from.name("late:1"));
    workspace.apply_plan().succeeds();
    assert_eq!((two.mirrored("tool:2"), two.mirrored("late:1")), (Some(tool), None));
    kubectl_ok(&["-n", &namespace.0, "delete", "pod", "late", "--force"]);
    workspace.plan().changes_nothing();
    assert_eq!(workspace.attributes(MIRROR)["mapping"].as_object().unwrap().len(), 2);

    // A cluster that does not answer takes nothing out of the mirror.
    workspace.configure(&two.configured(&declared).replace("provider \"berth\" {\n", NOWHERE));
    let plan = workspace.plan().changes_nothing();
    assert!(plan.warnings().concat().contains("BERTH-OCI-022"), "{:?}", plan.warnings());
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn the_right_to_list_pods_is_enough() {
    let (two, namespace) = (Two::new(), Namespace::new("mirrored"));
    two.puts("app:1", "app");
    runs(&namespace, "app", &two.from.name("app:1"));
    let runner: Runner = narrow(&["berth_image_mirror"], &["pods"], &[&namespace.0]);
    let workspace = two.workspace(&Cli::terraform(), &mirror(&two, &namespace));
    let workspace = runner.in_workspace(workspace);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    is_as_told(&["berth_image_mirror"], &["pods"], &runner, &[]);
}
