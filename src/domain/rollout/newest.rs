//! Which Pods were made from a Deployment's newest template.

use serde_json::Value;

use super::observed::{Deployment, Pod, ReplicaSet};

/// The label by which Pods and their `ReplicaSet` know each other (Kubernetes: Deployments, "Pod-template-hash label").
const HASH: &str = "pod-template-hash";

/// The annotation that counts a Deployment's templates, on it and on its `ReplicaSets`.
const REVISION: &str = "deployment.kubernetes.io/revision";

/// The Pods of the newest template that are not on their way out. Where `ReplicaSets` may not be read, a Pod's annotations
/// tell, as far as they differ from those before.
pub fn newest<'a>(deployment: &Deployment, sets: Option<&[ReplicaSet]>, pods: &'a [Pod]) -> Vec<&'a Pod> {
    let staying = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none());
    match sets {
        Some(sets) => {
            let Some(hash) = newest_hash(deployment, sets) else { return Vec::new() };
            staying.filter(|pod| pod.metadata.labels.get(HASH).map(String::as_str) == Some(hash)).collect()
        }
        None => staying.filter(|pod| bears_marks_of(deployment, pod)).collect(),
    }
}

/// The controller's own rule: the oldest set whose template is the Deployment's but for the hash
/// (`pkg/controller/deployment/util`, `FindNewReplicaSet`). Where a webhook changed the set, the revision tells, which the
/// controller writes before it makes Pods; until then it is that of the template before.
fn newest_hash<'a>(deployment: &Deployment, sets: &'a [ReplicaSet]) -> Option<&'a str> {
    let wanted = without_hash(&deployment.spec.template);
    let same = sets.iter().filter(|set| without_hash(&set.spec.template) == wanted);
    let by_template = same.min_by_key(|set| &set.metadata.creation_timestamp);
    let has_pods = deployment.status.as_ref().is_some_and(|status| status.updated_replicas > 0);
    let set = by_template.or_else(|| sets.iter().find(|set| has_pods && is_of_revision(deployment, set)))?;
    set.metadata.labels.get(HASH).map(String::as_str)
}

fn is_of_revision(deployment: &Deployment, set: &ReplicaSet) -> bool {
    let revision = deployment.metadata.annotations.get(REVISION);
    revision.is_some() && revision == set.metadata.annotations.get(REVISION)
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(metadata) = template.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("creationTimestamp");
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove(HASH);
        }
    }
    template
}

fn bears_marks_of(deployment: &Deployment, pod: &Pod) -> bool {
    let marks = deployment.spec.template.pointer("/metadata/annotations").and_then(Value::as_object);
    let own = &pod.metadata.annotations;
    marks.into_iter().flatten().all(|(name, value)| own.get(name).map(String::as_str) == value.as_str())
}
