//! Why an object of cert-manager is not ready, by what it and those below it say of themselves.
//!
//! The way down: Certificate → `CertificateRequest` → Order → Challenge, and the issuer beside it.

use serde_json::Value;

use crate::clients::cluster::Cluster;
use crate::domain::kubernetes::ObjectRef;
use crate::retry::Budget;

const API: &str = "cert-manager.io/v1";
const ACME: &str = "acme.cert-manager.io/v1";

/// What is seen, from the top down; what cannot be asked is left out.
pub async fn cause(budget: &Budget, cluster: &Cluster, object: &ObjectRef) -> Vec<String> {
    let Ok(Some(found)) = cluster.get(budget, object).await else { return Vec::new() };
    let mut seen: Vec<String> = said(&found).map(|words| format!("{object}: {words}")).collect();
    let Some(namespace) = object.namespace.as_deref().filter(|_| object.kind == "Certificate") else { return seen };
    seen.extend(issuer(budget, cluster, namespace, &found).await);
    let below = [(API, "CertificateRequest"), (ACME, "Order"), (ACME, "Challenge")];
    let mut above = vec![found];
    for (version, kind) in below {
        let like = ObjectRef::namespaced(version, kind, namespace, "");
        let Ok(all) = cluster.list(budget, &like, "").await else { return seen };
        let mut owned: Vec<Value> =
            all.into_iter().filter(|it| above.iter().any(|owner| is_owned(it, owner))).collect();
        if kind == "CertificateRequest" {
            owned = newest(owned);
        }
        seen.extend(owned.iter().flat_map(|it| {
            let name = it.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default().to_owned();
            said(it).map(move |words| format!("{kind} {namespace}/{name}: {words}")).collect::<Vec<_>>()
        }));
        if owned.is_empty() {
            return seen;
        }
        above = owned;
    }
    seen
}

async fn issuer(budget: &Budget, cluster: &Cluster, namespace: &str, certificate: &Value) -> Vec<String> {
    let text = |name: &str| certificate.pointer(&format!("/spec/issuerRef/{name}")).and_then(Value::as_str);
    let Some(name) = text("name") else { return Vec::new() };
    let object = match text("kind") {
        Some("ClusterIssuer") => ObjectRef::of_cluster(API, "ClusterIssuer", name),
        _ => ObjectRef::namespaced(API, "Issuer", namespace, name),
    };
    match cluster.get(budget, &object).await {
        Ok(Some(found)) => said(&found).map(|words| format!("{object}: {words}")).collect(),
        Ok(None) => vec![format!("{object} does not exist")],
        Err(_) => Vec::new(),
    }
}

/// What an object says of what is amiss: its conditions, or its state and reason.
fn said(object: &Value) -> impl Iterator<Item = String> {
    let text =
        |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let amiss = conditions.filter(|it| {
        let (kind, status) = (text(it, "/type"), text(it, "/status"));
        matches!(
            (kind.as_str(), status.as_str()),
            ("Ready", "False" | "Unknown") | ("Denied" | "InvalidRequest" | "Issuing", "True")
        )
    });
    let mut words: Vec<String> = amiss
        .map(|it| {
            format!(
                "{} is {} ({}): {}",
                text(it, "/type"),
                text(it, "/status"),
                text(it, "/reason"),
                text(it, "/message")
            )
        })
        .collect();
    let (state, reason) = (text(object, "/status/state"), text(object, "/status/reason"));
    match (state.as_str(), reason.as_str()) {
        ("" | "valid", "") => {}
        (state, "") => words.push(state.to_owned()),
        ("", reason) => words.push(reason.to_owned()),
        (state, reason) => words.push(format!("{state}: {reason}")),
    }
    words.into_iter()
}

fn is_owned(object: &Value, owner: &Value) -> bool {
    let uid = owner.pointer("/metadata/uid");
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array).into_iter().flatten();
    uid.is_some() && owners.filter_map(|owner| owner.get("uid")).any(|it| Some(it) == uid)
}

/// The request of the newest revision.
fn newest(requests: Vec<Value>) -> Vec<Value> {
    let revision = |it: &Value| {
        let annotations = it.pointer("/metadata/annotations");
        let text = annotations.and_then(|it| it.get("cert-manager.io/certificate-revision")).and_then(Value::as_str);
        text.and_then(|text| text.parse::<u64>().ok()).unwrap_or_default()
    };
    requests.into_iter().max_by_key(revision).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_amiss_is_told_and_what_is_well_is_not() {
        let told = |object: &Value| said(object).collect::<Vec<_>>();
        let ready = json!({ "status": { "conditions": [{ "type": "Ready", "status": "True" }] } });
        assert_eq!(told(&ready), Vec::<String>::new());
        let late = json!({ "status": { "conditions": [{ "type": "Ready", "status": "False", "reason": "Pending", "message": "no" }] } });
        assert_eq!(told(&late), ["Ready is False (Pending): no"]);
        assert_eq!(told(&json!({ "status": { "state": "pending", "reason": "Waiting" } })), ["pending: Waiting"]);
        assert_eq!(told(&json!({ "status": { "state": "valid" } })), Vec::<String>::new());
    }
}
