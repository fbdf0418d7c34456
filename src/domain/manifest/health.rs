//! Whether an object works, by what its kind says of itself.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;

use super::path::Path;

/// How an object stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It works, or its kind says nothing of that.
    Ready,
    /// Not yet; what is seen, in words.
    NotYet(String),
    /// Waiting does not help; the object's own words.
    Failed(String),
}

/// How an object stands.
pub fn health(object: &Value) -> Health {
    let group = text(object, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
    judge(group, text(object, "/kind")).map_or(Health::Ready, |judge| judge(object))
}

/// Whether its kind says of itself how it stands.
pub fn is_judged(object: &ObjectRef) -> bool {
    judge(object.group(), &object.kind).is_some()
}

/// Who tells how an object stands. Other groups have kinds of these names too, of which nothing is known.
fn judge(group: &str, kind: &str) -> Option<fn(&Value) -> Health> {
    Some(match (group, kind) {
        ("apps", "Deployment") => deployment,
        ("apps", "StatefulSet") => stateful_set,
        ("apps", "DaemonSet") => daemon_set,
        ("batch", "Job") => job,
        ("", "Pod") => pod,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition,
        ("apiregistration.k8s.io", "APIService") => |object| condition(object, "Available", "True"),
        _ => return None,
    })
}

/// Whether a condition has the wanted status, and speaks of the newest generation.
pub fn condition(object: &Value, kind: &str, status: &str) -> Health {
    let Some(found) = find_condition(object, kind) else {
        return Health::NotYet(format!("it has no condition {kind} yet"));
    };
    let observed = found.get("observedGeneration").and_then(Value::as_i64);
    if observed.is_some_and(|observed| observed < count(object, "/metadata/generation")) {
        return Health::NotYet(format!("its condition {kind} is of an older generation"));
    }
    match text(found, "/status") {
        is if is == status => Health::Ready,
        is => Health::NotYet(format!("{kind} is {is}{}", reason(found))),
    }
}

/// Whether an Ingress, Service or Gateway has an address.
pub fn address(object: &Value) -> Health {
    let lists = ["/status/loadBalancer/ingress", "/status/addresses"];
    let is_any =
        lists.iter().any(|list| object.pointer(list).and_then(Value::as_array).is_some_and(|it| !it.is_empty()));
    if is_any { Health::Ready } else { Health::NotYet("it has no address yet".to_owned()) }
}

/// Whether a field has a value, as text.
pub fn field(object: &Value, path: &str, wanted: &str) -> Health {
    let Some(value) = Path::parse(path).as_ref().and_then(|path| path.of(object)) else {
        return Health::NotYet(format!("it has no field {path} yet"));
    };
    let is = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if is == wanted { Health::Ready } else { Health::NotYet(format!("{path} is `{is}`")) }
}

fn deployment(object: &Value) -> Health {
    if let Some(stale) = stale(object) {
        return stale;
    }
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        // Nothing of it is rolled out before somebody lets it go on.
        return Health::Ready;
    }
    if let Some(stuck) =
        find_condition(object, "Progressing").filter(|it| text(it, "/reason") == "ProgressDeadlineExceeded")
    {
        return Health::Failed(text(stuck, "/message").to_owned());
    }
    let wanted = replicas(object);
    let status = |name: &str| count(object, &format!("/status/{name}"));
    if status("updatedReplicas") >= wanted && status("availableReplicas") >= wanted && status("replicas") <= wanted {
        return Health::Ready;
    }
    let why = find_condition(object, "ReplicaFailure").map(|it| format!(": {}", text(it, "/message")));
    Health::NotYet(format!("{} of {wanted} Pods are available{}", status("availableReplicas"), why.unwrap_or_default()))
}

fn stateful_set(object: &Value) -> Health {
    if let Some(stale) = stale(object) {
        return stale;
    }
    let (wanted, ready) = (replicas(object), count(object, "/status/readyReplicas"));
    if ready < wanted {
        return Health::NotYet(format!("{ready} of {wanted} Pods are ready"));
    }
    if text(object, "/spec/updateStrategy/type") == "OnDelete" {
        return Health::Ready;
    }
    let fresh = (wanted - count(object, "/spec/updateStrategy/rollingUpdate/partition")).max(0);
    let updated = count(object, "/status/updatedReplicas");
    if updated < fresh {
        return Health::NotYet(format!("{updated} of {fresh} Pods are of the newest version"));
    }
    Health::Ready
}

fn daemon_set(object: &Value) -> Health {
    if let Some(stale) = stale(object) {
        return stale;
    }
    let status = |name: &str| count(object, &format!("/status/{name}"));
    let wanted = status("desiredNumberScheduled");
    let is_updated =
        text(object, "/spec/updateStrategy/type") == "OnDelete" || status("updatedNumberScheduled") >= wanted;
    if is_updated && status("numberAvailable") >= wanted {
        return Health::Ready;
    }
    Health::NotYet(format!("its Pods are available on {} of {wanted} nodes", status("numberAvailable")))
}

fn job(object: &Value) -> Health {
    let is = |kind: &str| find_condition(object, kind).filter(|it| text(it, "/status") == "True");
    if let Some(failed) = is("Failed") {
        return Health::Failed(format!("{}{}", text(failed, "/reason"), spaced(text(failed, "/message"))));
    }
    if is("Complete").is_some() || object.pointer("/spec/suspend") == Some(&Value::Bool(true)) {
        return Health::Ready;
    }
    Health::NotYet(format!("{} of its Pods have succeeded", count(object, "/status/succeeded")))
}

fn pod(object: &Value) -> Health {
    match text(object, "/status/phase") {
        "Succeeded" => Health::Ready,
        "Failed" => Health::Failed(format!("it has failed{}", spaced(text(object, "/status/message")))),
        _ => condition(object, "Ready", "True"),
    }
}

fn definition(object: &Value) -> Health {
    if let Some(refused) = find_condition(object, "NamesAccepted").filter(|it| text(it, "/status") == "False") {
        return Health::Failed(text(refused, "/message").to_owned());
    }
    condition(object, "Established", "True")
}

/// Its controller has not seen the newest generation yet.
fn stale(object: &Value) -> Option<Health> {
    let is_seen = count(object, "/status/observedGeneration") >= count(object, "/metadata/generation");
    (!is_seen).then(|| Health::NotYet("its controller has not seen it yet".to_owned()))
}

/// A condition of an object.
pub fn find_condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| text(condition, "/type") == kind)
}

fn reason(condition: &Value) -> String {
    let (reason, message) = (text(condition, "/reason"), text(condition, "/message"));
    match (reason.is_empty(), message.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!(", {reason}"),
        (true, false) => format!(": {message}"),
        (false, false) => format!(", {reason}: {message}"),
    }
}

fn spaced(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

fn replicas(object: &Value) -> i64 {
    object.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1)
}

fn count(object: &Value, pointer: &str) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ready(object: &Value) -> bool {
        health(object) == Health::Ready
    }

    #[test]
    fn a_deployment_is_ready_when_all_pods_are_of_the_newest_generation() {
        let with = |observed: i64, updated: i64, all: i64| {
            json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "generation": 2 }, "spec": { "replicas": 2 },
                "status": { "observedGeneration": observed, "updatedReplicas": updated, "availableReplicas": 2, "replicas": all } })
        };
        assert!(ready(&with(2, 2, 2)) && !ready(&with(1, 2, 2)) && !ready(&with(2, 1, 2)) && !ready(&with(2, 2, 3)));
        let stuck = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "status": { "conditions": [{ "type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "late" }] } });
        assert_eq!(health(&stuck), Health::Failed("late".to_owned()));
        assert!(ready(
            &json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": { "replicas": 0 }, "status": {} })
        ));
        let paused = json!({ "apiVersion": "apps/v1", "kind": "Deployment", "spec": { "paused": true }, "status": {} });
        assert!(ready(&paused), "nothing is rolled out that could be waited for");
    }

    #[test]
    fn others_are_judged_by_their_own_words() {
        let job = |kind: &str| json!({ "apiVersion": "batch/v1", "kind": "Job", "status": { "conditions": [{ "type": kind, "status": "True", "reason": "R", "message": "m" }] } });
        assert!(ready(&job("Complete")) && health(&job("Failed")) == Health::Failed("R: m".to_owned()));
        let set = |ready: i64| json!({ "apiVersion": "apps/v1", "kind": "DaemonSet", "status": { "desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": ready } });
        assert!(ready(&set(2)) && !ready(&set(1)));
        let state = |updated: i64, partition: i64| json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "spec": { "replicas": 3, "updateStrategy": { "rollingUpdate": { "partition": partition } } }, "status": { "readyReplicas": 3, "updatedReplicas": updated } });
        assert!(ready(&state(3, 0)) && !ready(&state(1, 0)) && ready(&state(1, 2)));
        assert!(ready(&json!({ "apiVersion": "v1", "kind": "ConfigMap" })));
    }

    #[test]
    fn a_kind_of_the_same_name_in_another_group_is_not_judged() {
        let object = json!({ "apiVersion": "batch.volcano.sh/v1alpha1", "kind": "Job", "metadata": { "name": "a" }, "status": {} });
        assert!(ready(&object) && !is_judged(&ObjectRef::of(&object).unwrap()));
        assert!(is_judged(&ObjectRef::namespaced("batch/v1", "Job", "a", "b")));
    }

    #[test]
    fn conditions_fields_and_addresses_are_told_until_they_are_so() {
        let object = json!({ "metadata": { "generation": 2 }, "status": { "phase": "Bound", "n": 3, "loadBalancer": { "ingress": [] },
            "conditions": [{ "type": "Ready", "status": "False", "reason": "NotYet", "message": "wait" }, { "type": "Old", "status": "True", "observedGeneration": 1 }] } });
        assert_eq!(condition(&object, "Ready", "True"), Health::NotYet("Ready is False, NotYet: wait".to_owned()));
        assert_eq!(condition(&object, "Ready", "False"), Health::Ready);
        assert!(matches!(condition(&object, "Old", "True"), Health::NotYet(_)));
        assert_eq!(field(&object, "status.phase", "Bound"), Health::Ready);
        assert_eq!(field(&object, "status.conditions[0].reason", "NotYet"), Health::Ready);
        assert_eq!(field(&object, ".status.n", "4"), Health::NotYet(".status.n is `3`".to_owned()));
        assert!(matches!(address(&object), Health::NotYet(_)));
    }
}
