//! What the sandbox's cluster does where a test asks for it: changes, refusals, and objects that do not go.

use crate::kubectl::{Mutation, Namespace, kubectl, kubectl_ok, names, object};

const DEPLOYMENT: &[&str] = &["create", "deployment", "web", "--image=docker.io/library/busybox:1.35", "--replicas=0"];

fn spec(namespace: &Namespace) -> serde_json::Value {
    object(&namespace.0, "deployment", "web").unwrap()["spec"]["template"]["spec"].clone()
}

#[test]
#[ignore = "needs the sandbox"]
fn deployments_are_changed_in_the_namespaces_that_ask_for_it_and_no_others() {
    let (plain, changed) = (Namespace::new("plain"), Namespace::new("changed"));
    changed.mutates(Mutation::Requests);
    changed.mutates(Mutation::Tolerations);
    for namespace in [&plain, &changed] {
        kubectl_ok(&[&["-n", &namespace.0], DEPLOYMENT].concat());
    }
    let spec_of = spec(&changed);
    assert_eq!(spec_of["containers"][0]["resources"]["requests"]["memory"], "32Mi");
    assert_eq!(spec_of["tolerations"][0]["key"], "sandbox.berth/added");
    // Once is enough, whatever changes.
    kubectl_ok(&["-n", &changed.0, "set", "env", "deployment/web", "A=b"]);
    assert_eq!(spec(&changed)["tolerations"].as_array().map(Vec::len), Some(1));
    let spec_of = spec(&plain);
    assert!(
        spec_of["tolerations"].is_null() && spec_of["containers"][0]["resources"]["requests"].is_null(),
        "{spec_of}"
    );
}

#[test]
#[ignore = "needs the sandbox"]
fn a_quota_refuses_and_a_finalizer_holds_until_it_is_let_go() {
    let namespace = Namespace::new("bounded");
    namespace.quota("few", "count/configmaps=2");
    let create = |name: &str| kubectl(&["-n", &namespace.0, "create", "configmap", name]);
    // The API server counts by what the quota's status says, which a controller writes.
    let full = (0..200).any(|number| !create(&format!("c{number}")).status.success());
    assert!(full, "{:?}", names(&namespace.0, "configmap"));

    kubectl_ok(&["-n", &namespace.0, "create", "secret", "generic", "kept"]);
    let held = namespace.hold("secret", "kept");
    kubectl_ok(&["-n", &namespace.0, "delete", "secret", "kept", "--wait=false"]);
    assert!(!object(&namespace.0, "secret", "kept").unwrap()["metadata"]["deletionTimestamp"].is_null());
    drop(held);
    assert!(object(&namespace.0, "secret", "kept").is_none());
}
