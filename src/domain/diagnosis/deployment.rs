//! Deployments: why their Pods do not serve.

use serde_json::Value;

use crate::domain::kubernetes::{ObjectRef, selects};
use crate::domain::rollout::{self, Pod, ReplicaSet};

use super::cause::Cause;
use super::pod;
use super::report::{LinkState, Report};
use super::snapshot::{Snapshot, text};
use super::walk::{Walk, condition, evidence, owner_uid, reference, uid};

/// The annotation that counts a Deployment's templates, on it and on its `ReplicaSets`.
const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

/// Diagnoses a Deployment by its Pods.
pub fn deployment(seen: &Snapshot, namespace: &str, name: &str) -> Report {
    let object = ObjectRef::deployment(namespace, name);
    let is_young = |found: &Value| {
        pod::is_young(seen, found) || newest_pods(seen, found).into_iter().any(|it| pod::is_young(seen, it))
    };
    pod::examined(seen, &object, namespace, deployed, is_young)
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
    for it in newest_pods(walk.seen, deployment) {
        pod::look(walk, 1, it);
    }
    state == LinkState::Ok
}

/// The Pods of a Deployment's newest template that are not on their way out.
pub fn newest_pods<'a>(seen: &'a Snapshot, deployment: &Value) -> Vec<&'a Value> {
    let Ok(of) = serde_json::from_value::<rollout::Deployment>(deployment.clone()) else { return Vec::new() };
    let selector = deployment.pointer("/spec/selector/matchLabels");
    let is_own = |it: &&Value| {
        it.pointer("/metadata/namespace") == deployment.pointer("/metadata/namespace")
            && selects(selector, it.pointer("/metadata/labels"))
    };
    let own: Vec<&Value> = seen.all("Pod", None).filter(is_own).collect();
    let typed: Vec<Pod> = own.iter().filter_map(|it| serde_json::from_value((*it).clone()).ok()).collect();
    let newest = rollout::newest(&of, newest_sets(seen, deployment).as_deref(), &typed);
    let is_newest = |it: &&Value| newest.iter().any(|pod| text(it, "/metadata/name") == Some(&pod.metadata.name));
    own.into_iter().filter(is_newest).collect()
}

/// The `ReplicaSets` of a Deployment's revision, or all if none is; `None` if they could not be listed. By the template
/// alone they are not told apart: it is kept without what may be secret in it.
fn newest_sets(seen: &Snapshot, deployment: &Value) -> Option<Vec<ReplicaSet>> {
    let namespace = text(deployment, "/metadata/namespace");
    let own = uid(deployment).filter(|_| seen.is_listed("ReplicaSet", namespace))?;
    let all: Vec<&Value> =
        seen.all("ReplicaSet", namespace).filter(|it| owner_uid(it, "Deployment") == Some(own)).collect();
    let revision = text(deployment, REVISION);
    let of_revision: Vec<&Value> =
        all.iter().copied().filter(|it| revision.is_some() && text(it, REVISION) == revision).collect();
    let sets = if of_revision.is_empty() { all } else { of_revision };
    Some(sets.into_iter().filter_map(|it| serde_json::from_value(it.clone()).ok()).collect())
}
