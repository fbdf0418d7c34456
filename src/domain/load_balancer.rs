//! The addresses under which a load balancer serves an Ingress, a Gateway or a Service.

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
/// Sources: Kubernetes API reference, `IngressLoadBalancerStatus` and `LoadBalancerStatus`; Gateway API, `GatewayStatusAddress`.
pub fn addresses(object: &Value) -> Option<Addresses> {
    let is_gateway = object.get("kind").and_then(Value::as_str) == Some("Gateway");
    let found = if is_gateway { of_gateway(object)? } else { of_balancer(object)? };
    (!found.hostnames.is_empty() || !found.ips.is_empty()).then_some(found)
}

fn of_balancer(object: &Value) -> Option<Addresses> {
    let points = object.pointer("/status/loadBalancer/ingress")?.as_array()?;
    let texts = |name: &str| texts(points.iter().filter_map(|point| point.get(name)?.as_str()));
    Some(Addresses { hostnames: texts("hostname"), ips: texts("ip") })
}

/// An address without a type is one of IP; those of other types are known to their controller alone.
fn of_gateway(object: &Value) -> Option<Addresses> {
    let points = object.pointer("/status/addresses")?.as_array()?;
    let kind = |point: &Value| point.get("type").and_then(Value::as_str).unwrap_or("IPAddress").to_owned();
    let of = |wanted: &str| {
        texts(points.iter().filter(|point| kind(point) == wanted).filter_map(|point| point.get("value")?.as_str()))
    };
    Some(Addresses { hostnames: of("Hostname"), ips: of("IPAddress") })
}

fn texts<'a>(found: impl Iterator<Item = &'a str>) -> Vec<String> {
    found.filter(|text| !text.is_empty()).map(str::to_owned).collect()
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
    fn a_gateway_has_addresses_of_its_own() {
        let gateway = |points: Value| json!({ "kind": "Gateway", "status": { "addresses": points } });
        let found = addresses(&gateway(json!([
            { "type": "Hostname", "value": "lb.example" }, { "value": "192.0.2.1" }, { "type": "IPAddress", "value": "2001:db8::1" },
            { "type": "networking.gke.io/named", "value": "x" },
        ])));
        let found = found.unwrap();
        assert_eq!(found.hostnames, ["lb.example"]);
        assert_eq!(found.ips, ["192.0.2.1", "2001:db8::1"]);
        assert_eq!(addresses(&gateway(json!([]))), None);
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
