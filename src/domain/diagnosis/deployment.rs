//! Deployments: why their Pods do not serve.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;

use super::cause::Cause;
use super::installation::look_at_namespace;
use super::pod;
use super::report::{Health, LinkState, Report, Severity};
use super::snapshot::{Seen, Snapshot, text};
use super::walk::{Walk, age, condition, evidence, reference};

/// How long a Deployment may take to start, in seconds.
const PATIENCE: i64 = 30;

/// Diagnoses a Deployment by its Pods.
pub fn deployment(seen: &Snapshot, namespace: &str, name: &str) -> Report {
    let object = ObjectRef::deployment(namespace, name);
    let mut walk = Walk::new(seen, &object);
    if look_at_namespace(&mut walk, namespace) {
        return walk.report(Health::Failing);
    }
    match walk.get(&object) {
        Seen::Absent => {
            walk.link(0, &object, LinkState::Absent, "");
            walk.fails(Cause::ObjectMissing, &object, vec![evidence(&object, "metadata.name", "not found")], "");
            walk.report(Health::Failing)
        }
        Seen::Unread(_) | Seen::NotAsked => walk.report(Health::Unknown),
        Seen::Found(found) => {
            let is_whole = deployed(&mut walk, found);
            if is_whole && !walk.has(Severity::Failure) {
                return walk.report(Health::Healthy);
            }
            let is_young = age(seen, found).is_some_and(|age| age < PATIENCE)
                || pods(seen, found).into_iter().any(|it| pod::is_young(seen, it));
            walk.report_failing(is_young)
        }
    }
}

/// A Deployment and its Pods; whether as many as wanted serve.
pub fn deployed(walk: &mut Walk<'_>, deployment: &Value) -> bool {
    let object = reference(deployment);
    let count = |place: &str| deployment.pointer(place).and_then(Value::as_i64).unwrap_or(0);
    let (available, wanted) =
        (count("/status/availableReplicas"), deployment.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1));
    let state = if available >= wanted && wanted > 0 { LinkState::Ok } else { LinkState::Failing };
    walk.link(0, &object, state, format!("{available} of {wanted} available"));
    if wanted == 0 {
        walk.fails(
            Cause::ServiceWithoutEndpoints,
            &object,
            vec![evidence(&object, "spec.replicas", "0")],
            "scale it up",
        );
    }
    if let Some(refused) = condition(deployment, "ReplicaFailure").filter(super::walk::Condition::is_true) {
        walk.fails(Cause::PodsRefused, &object, vec![refused.evidence(&object, "ReplicaFailure")], "");
    }
    for it in pods(walk.seen, deployment) {
        pod::look(walk, 1, it);
    }
    state == LinkState::Ok
}

/// The Pods of a Deployment.
fn pods<'a>(seen: &'a Snapshot, deployment: &Value) -> Vec<&'a Value> {
    let namespace = text(deployment, "/metadata/namespace").unwrap_or_default();
    let labels =
        deployment.pointer("/spec/selector/matchLabels").and_then(Value::as_object).cloned().unwrap_or_default();
    let is_own = |it: &&Value| {
        labels.iter().all(|(name, value)| it.pointer("/metadata/labels").and_then(|own| own.get(name)) == Some(value))
    };
    let all = seen.all("Pod", None).filter(|it| text(it, "/metadata/namespace") == Some(namespace));
    all.filter(is_own).collect()
}
