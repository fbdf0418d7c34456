//! The addresses under which a load balancer serves an Ingress or a Service.

use serde_json::Value;

/// The addresses of a load balancer; at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// Host names, in the cluster's order.
    pub hostnames: Vec<String>,
    /// IP addresses, in the cluster's order.
    pub ips: Vec<String>,
}

/// What an object's status says; none while its load balancer has no address.
///
/// Source: Kubernetes API reference, `IngressLoadBalancerStatus` and `LoadBalancerStatus`.
pub fn addresses(object: &Value) -> Option<Addresses> {
    let points = object.pointer("/status/loadBalancer/ingress")?.as_array()?;
    let texts = |name: &str| {
        let texts = points.iter().filter_map(|point| point.get(name)?.as_str());
        texts.filter(|text| !text.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };
    let found = Addresses { hostnames: texts("hostname"), ips: texts("ip") };
    (!found.hostnames.is_empty() || !found.ips.is_empty()).then_some(found)
}

/// Why an object can never have a load balancer.
pub fn cannot_have_one(object: &Value) -> Option<String> {
    let is_service = object.get("kind").and_then(Value::as_str) == Some("Service");
    let kind = object.pointer("/spec/type").and_then(Value::as_str).unwrap_or("ClusterIP");
    (is_service && kind != "LoadBalancer")
        .then(|| format!("the Service is of type {kind}, and only LoadBalancer gets one"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_a_host_name_or_an_ip() {
        let status = |points: Value| json!({ "status": { "loadBalancer": { "ingress": points } } });
        let both = addresses(&status(json!([{ "hostname": "lb.example" }, { "ip": "192.0.2.1" }]))).unwrap();
        assert_eq!(
            (both.hostnames.as_slice(), both.ips.as_slice()),
            (&["lb.example".to_owned()][..], &["192.0.2.1".to_owned()][..])
        );
        for nothing in [json!({}), status(json!([])), status(json!([{ "hostname": "" }])), json!({ "status": {} })] {
            assert_eq!(addresses(&nothing), None);
        }
    }

    #[test]
    fn only_some_services_get_a_load_balancer() {
        let service = |kind: Value| json!({ "kind": "Service", "spec": { "type": kind } });
        assert!(cannot_have_one(&service(json!("ClusterIP"))).is_some());
        assert!(cannot_have_one(&service(json!(null))).is_some());
        assert!(cannot_have_one(&service(json!("LoadBalancer"))).is_none());
        assert!(cannot_have_one(&json!({ "kind": "Ingress" })).is_none());
    }
}
