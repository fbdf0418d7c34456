//! What counts as left in a namespace that is to go, and what the cluster puts there by itself.

use serde_json::Value;

use super::kubernetes::ObjectRef;
use super::ownership::is_terminating;

/// Kinds that say something of other objects and are no one's property.
const REPORTS: [(&str, &str); 5] = [
    ("", "Event"),
    ("events.k8s.io", "Event"),
    // Kept by a controller for each Service; slices have an owner, these have none.
    ("", "Endpoints"),
    ("metrics.k8s.io", "PodMetrics"),
    ("cilium.io", "CiliumEndpoint"),
];

/// What clusters put into each namespace: Kubernetes, Istio and `OpenShift`.
const FURNITURE: [(&str, &str); 7] = [
    ("ServiceAccount", "default"),
    ("ServiceAccount", "builder"),
    ("ServiceAccount", "deployer"),
    ("ConfigMap", "kube-root-ca.crt"),
    ("ConfigMap", "istio-ca-root-cert"),
    ("ConfigMap", "openshift-service-ca.crt"),
    ("RoleBinding", "system:"),
];

/// Annotations of Secrets that a controller keeps for a service account.
const OF_ACCOUNTS: [&str; 2] =
    ["kubernetes.io/service-account.name", "openshift.io/internal-registry-auth-token.service-account"];

/// Whether objects of a kind count at all.
pub fn is_counted_kind(group: &str, kind: &str) -> bool {
    !REPORTS.contains(&(group, kind))
}

/// Whether an object keeps its namespace in use. What is on its way out does not, nor what goes with its owner, which is
/// looked at itself.
pub fn is_left_behind(kind: &str, object: &Value) -> bool {
    !is_terminating(object) && !has_controller(object) && !is_furniture(kind, object)
}

/// Whether every namespace has such an object by itself, made and made anew by the cluster: its account `default`.
pub fn is_of_every_namespace(object: &ObjectRef) -> bool {
    object.api_version == "v1" && object.kind == "ServiceAccount" && object.name == "default"
}

fn has_controller(object: &Value) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    owners.into_iter().flatten().any(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))
}

fn is_furniture(kind: &str, object: &Value) -> bool {
    let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let is_by_name = |(of, known): &(&str, &str)| {
        *of == kind && (*known == name || (known.ends_with(':') && name.starts_with(known)))
    };
    let annotations = object.pointer("/metadata/annotations");
    FURNITURE.iter().any(is_by_name)
        || (kind == "Secret" && OF_ACCOUNTS.iter().any(|name| annotations.is_some_and(|it| it.get(*name).is_some())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(name: &str) -> Value {
        json!({ "metadata": { "name": name } })
    }

    #[test]
    fn what_people_made_keeps_a_namespace() {
        for kind in ["CronJob", "Role", "Ingress", "ResourceQuota", "NetworkPolicy", "Certificate", "Secret"] {
            assert!(is_left_behind(kind, &object("theirs")), "{kind}");
        }
        assert!(is_left_behind("ServiceAccount", &object("theirs")));
        assert!(is_left_behind("RoleBinding", &object("theirs")));
    }

    #[test]
    fn what_clusters_make_does_not() {
        let cases = [
            ("ServiceAccount", object("default")),
            ("ConfigMap", object("kube-root-ca.crt")),
            ("ConfigMap", object("istio-ca-root-cert")),
            ("RoleBinding", object("system:image-pullers")),
            (
                "Secret",
                json!({ "metadata": { "name": "default-token-x", "annotations": { "kubernetes.io/service-account.name": "default" } } }),
            ),
            (
                "Pod",
                json!({ "metadata": { "name": "a", "ownerReferences": [{ "kind": "ReplicaSet", "controller": true }] } }),
            ),
            ("Secret", json!({ "metadata": { "name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z" } })),
        ];
        for (kind, object) in cases {
            assert!(!is_left_behind(kind, &object), "{kind} {object}");
        }
        assert!(!is_counted_kind("events.k8s.io", "Event") && is_counted_kind("example.com", "Event"));
    }
}
