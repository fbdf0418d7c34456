//! The cluster client against a real API server.

use std::time::Duration;

use berth::clients::cluster::{Binding, Cluster, ClusterError, Removal, Settings, pull_secrets};
use berth::domain::kubernetes::{ObjectRef, owner_labels};
use berth::domain::ownership::Claim;
use berth::env::Env;
use berth::owner::Owner;
use berth::retry::Budget;
use serde_json::{Value, json};

/// The sandbox's cluster, by its kubeconfig.
fn cluster() -> Cluster {
    let env = Env::process();
    assert!(env.get("KUBECONFIG").is_some(), "KUBECONFIG is not set: run the tests with `sandbox/sandbox exec`");
    Cluster::new(Settings::default(), env)
}

fn budget() -> Budget {
    Budget::uninterrupted(Duration::from_mins(1))
}

/// A namespace of the test's own; it is removed by [`remove`].
async fn namespace(cluster: &Cluster, purpose: &str) -> String {
    let name = format!("service-{purpose}-{}", std::process::id());
    cluster.ensure_namespace(&budget(), &name, &claim(&name, &name)).await.unwrap();
    name
}

/// What an installation of the tests claims in a namespace.
fn claim(namespace: &str, instance: &str) -> Claim {
    let lead = ObjectRef::core("ConfigMap", namespace, "it");
    Claim { application: "app", instance: instance.to_owned(), owner: Owner::random(), lead, is_open: false }
}

async fn remove(cluster: &Cluster, namespace: &str) {
    cluster.delete(&budget(), &ObjectRef::of_namespace(namespace), None).await.unwrap();
}

fn config_map(namespace: &str, text: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "it", "namespace": namespace, "labels": labels },
        "data": { "text": text },
    })
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn fields_of_another_manager_are_not_taken_and_our_own_objects_are_mended() {
    let cluster = cluster();
    let namespace = namespace(&cluster, "apply").await;
    let marked = config_map(&namespace, "ours", &owner_labels("app", "one"));
    let one = claim(&namespace, "one");
    cluster.apply_own(&budget(), &marked, &one).await.unwrap();
    let object = ObjectRef::core("ConfigMap", &namespace, "it");
    let edit =
        format!("kubectl -n {namespace} patch configmap it --type=merge -p '{{\"data\":{{\"text\":\"theirs\"}}}}'");
    assert!(std::process::Command::new("sh").arg("-c").arg(edit).status().unwrap().success());

    let refused = cluster.apply(&budget(), &marked).await.unwrap_err();
    let ClusterError::Conflict { manager, fields, .. } = &refused else { panic!("{refused:?}") };
    assert_eq!((manager.as_deref(), fields.as_slice()), (Some("kubectl-patch"), &[".data.text".to_owned()][..]));

    cluster.apply_own(&budget(), &marked, &one).await.unwrap();
    let found = cluster.get(&budget(), &object).await.unwrap().unwrap();
    assert_eq!(found.pointer("/data/text"), Some(&json!("ours")));
    let foreign = cluster.apply_own(&budget(), &marked, &claim(&namespace, "two")).await.unwrap_err();
    assert!(matches!(foreign, ClusterError::Foreign { .. }), "{foreign:?}");
    let other = claim(&namespace, "one");
    let held = cluster.apply_own(&budget(), &marked, &other).await.unwrap_err();
    assert!(matches!(held, ClusterError::Held { .. }), "{held:?}");
    for stranger in [claim(&namespace, "two"), other] {
        assert_eq!(cluster.delete_own(&budget(), &object, &stranger).await, Ok(Removal::Left));
    }
    assert!(cluster.get(&budget(), &object).await.unwrap().is_some());
    remove(&cluster, &namespace).await;
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_missing_namespace_is_told_by_a_real_api_server_too() {
    let manifest = config_map("no-such-namespace", "x", &json!({}));
    let error = cluster().apply(&budget(), &manifest).await.unwrap_err();
    assert_eq!(error, ClusterError::NamespaceMissing { namespace: "no-such-namespace".to_owned() });
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn ten_at_once_bind_ten_secrets_to_one_account() {
    let cluster = cluster();
    let namespace = namespace(&cluster, "bind").await;
    let account = ObjectRef::service_account(&namespace, "default");
    let names: Vec<String> = (0..10).map(|number| format!("secret-{number}")).collect();
    let all = budget();
    let binding = names.iter().map(|name| cluster.bind_pull_secret(&all, &account, name));
    let bound = futures_util::future::join_all(binding).await;
    assert!(bound.iter().all(|bound| *bound == Ok(Binding::Added)), "{bound:?}");
    let found = cluster.get(&budget(), &account).await.unwrap().unwrap();
    let mut found: Vec<String> = pull_secrets(&found).into_iter().map(str::to_owned).collect();
    found.sort();
    assert_eq!(found, names);
    remove(&cluster, &namespace).await;
}

#[tokio::test]
#[ignore = "needs the sandbox"]
async fn a_refused_object_names_its_field() {
    let cluster = cluster();
    let namespace = namespace(&cluster, "invalid").await;
    let mut manifest = config_map(&namespace, "x", &json!({ "label": "not a label!" }));
    manifest["metadata"]["name"] = json!("it");
    let error = cluster.apply(&budget(), &manifest).await.unwrap_err();
    assert!(
        matches!(&error, ClusterError::Invalid { faults, .. } if faults[0].field == "metadata.labels"),
        "{error:?}"
    );
    remove(&cluster, &namespace).await;
}
