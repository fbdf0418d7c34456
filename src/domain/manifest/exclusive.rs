//! What only one object can have at a time, and what is scarce: a port of the nodes, an address, a share of a quota.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::kubernetes::text;

/// Whether `standing` has what `wanted` was refused for in these words, so that the one comes only when the other is gone.
pub fn is_in_the_way(wanted: &Value, words: &str, standing: &Value) -> bool {
    if text(wanted, "/kind") != text(standing, "/kind") {
        return false;
    }
    if words.contains("exceeded quota") {
        return text(wanted, "/metadata/namespace") == text(standing, "/metadata/namespace");
    }
    let is_taken = ["already allocated", "already defined", "already exists", "already in use", "already taken"];
    is_taken.iter().any(|it| words.contains(it)) && !holdings(wanted).is_disjoint(&holdings(standing))
}

/// What an object holds by itself, each with what it is.
fn holdings(object: &Value) -> BTreeSet<(&'static str, String)> {
    let spec = object.get("spec").unwrap_or(&Value::Null);
    let single = ["clusterIP", "healthCheckNodePort", "loadBalancerIP"];
    let of_spec = single.iter().filter_map(|name| Some((*name, written(spec.get(*name)?)?)));
    let elements = |name: &str| spec.get(name).and_then(Value::as_array).into_iter().flatten();
    let ports = elements("ports").filter_map(|port| Some(("nodePort", written(port.get("nodePort")?)?)));
    let hosts = elements("rules").filter_map(|rule| Some(("host", written(rule.get("host")?)?)));
    of_spec.chain(ports).chain(hosts).collect()
}

fn written(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty() && text != "None"),
        Value::Number(number) => Some(number.to_string()).filter(|number| number != "0"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_has_the_same_port_address_or_host_is_in_the_way_and_nothing_else() {
        let service = |port: i64, address: &str| {
            json!({ "kind": "Service", "metadata": { "namespace": "a" },
                "spec": { "clusterIP": address, "ports": [{ "port": 80, "nodePort": port }] } })
        };
        let words = "spec.ports[0].nodePort: Invalid value: 30917: provided port is already allocated";
        assert!(is_in_the_way(&service(30917, ""), words, &service(30917, "10.0.0.9")));
        assert!(is_in_the_way(&service(0, "10.0.0.9"), words, &service(1, "10.0.0.9")));
        assert!(!is_in_the_way(&service(30917, "None"), words, &service(30918, "None")));
        assert!(!is_in_the_way(&service(30917, ""), "must be a number", &service(30917, "")));
        let ingress = json!({ "kind": "Ingress", "spec": { "rules": [{ "host": "a.test" }] } });
        let words = "host \"a.test\" and path \"/\" is already defined in ingress b/c";
        assert!(is_in_the_way(&ingress, words, &ingress));
        assert!(!is_in_the_way(&service(1, ""), words, &ingress));
    }

    #[test]
    fn a_quota_is_used_up_by_what_lies_in_the_same_namespace() {
        let claim =
            |namespace: &str| json!({ "kind": "PersistentVolumeClaim", "metadata": { "namespace": namespace } });
        let words = "exceeded quota: q, requested: persistentvolumeclaims=1";
        assert!(is_in_the_way(&claim("a"), words, &claim("a")) && !is_in_the_way(&claim("a"), words, &claim("b")));
    }
}
