//! The claim of a registry's volume, which can grow and nothing else.

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::Workspace;

fn registry(namespace: &str, volume: &str) -> String {
    format!(
        "resource \"berth_registry\" \"this\" {{\n  name      = \"store\"\n  namespace = \"{namespace}\"\n  \
         storage   = {{ volume = {{ {volume}, delete_on_destroy = true }} }}\n}}\n"
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn what_a_claim_cannot_become_is_refused_by_the_plan_with_both_values() {
    let namespace = Namespace::new("claim");
    let workspace = Workspace::new(&registry(&namespace.0, "size = \"64Mi\", storage_class = \"sandbox\""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let uid = object(&namespace.0, "pvc", "store-data").unwrap()["metadata"]["uid"].clone();

    // The class left out: as it is.
    workspace.configure(&registry(&namespace.0, "size = \"64Mi\""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(object(&namespace.0, "pvc", "store-data").unwrap()["spec"]["storageClassName"], "sandbox");

    workspace.configure(&registry(
        &namespace.0,
        "size = \"64Mi\", storage_class = \"sandbox\", access_modes = [\"ReadWriteOnce\"]",
    ));
    workspace.apply().succeeds();
    for (volume, told) in [
        ("size = \"32Mi\", storage_class = \"sandbox\"", "storage.volume.size is `64Mi`, planned `32Mi`"),
        ("size = \"64Mi\", storage_class = \"other\"", "storage.volume.storage_class is `sandbox`, planned `other`"),
        (
            "size = \"64Mi\", access_modes = [\"ReadWriteMany\"]",
            "storage.volume.access_modes is `ReadWriteOnce`, planned `ReadWriteMany`",
        ),
    ] {
        workspace.configure(&registry(&namespace.0, volume));
        let errors = workspace.plan().fails();
        assert!(errors.contains("BERTH-REG-011") && errors.contains(told), "{errors}");
    }
    // Growing is what only the class can judge.
    workspace.configure(&registry(&namespace.0, "size = \"128Mi\", storage_class = \"sandbox\""));
    workspace.plan().changes_something();
    let run = workspace.apply();
    if !run.is_success() {
        let errors = run.fails();
        assert!(!errors.contains("grant the identity") && errors.contains("allowVolumeExpansion"), "{errors}");
        assert!(errors.contains("`storage.volume.size`"), "{errors}");
    }
    workspace.configure(&registry(&namespace.0, "size = \"64Mi\", storage_class = \"sandbox\""));
    assert_eq!(object(&namespace.0, "pvc", "store-data").unwrap()["metadata"]["uid"], uid, "the same claim throughout");
    // Where the claim is gone, any may be made.
    kubectl_ok(&["-n", &namespace.0, "scale", "deployment/store", "--replicas=0"]);
    kubectl_ok(&["-n", &namespace.0, "delete", "pvc", "store-data", "--wait=true", "--timeout=60s"]);
    workspace.configure(&registry(&namespace.0, "size = \"32Mi\", storage_class = \"sandbox\""));
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
