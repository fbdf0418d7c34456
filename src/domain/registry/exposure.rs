//! The objects by which clients reach the registry: Service, and Ingress or `HTTPRoute`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::workload::metadata;
use super::{Exposure, Flavour, Ingress, Registry, gateway, ingress_ref};

/// How long an Ingress lets a push or pull of one layer take, in seconds.
const LAYER_SECONDS: &str = "900";

/// The Service.
pub fn service(registry: &Registry) -> Value {
    let mut port = json!({
        "name": "registry",
        "port": registry.service_port(),
        "protocol": "TCP",
        "targetPort": "registry",
    });
    if let (Some(number), Some(port)) = (registry.service.node_port, port.as_object_mut()) {
        port.insert("nodePort".to_owned(), json!(number));
    }
    let mut metadata = metadata(registry, &registry.name);
    let given = &registry.service;
    if let Some(metadata) = metadata.as_object_mut().filter(|_| !given.annotations.is_empty()) {
        metadata.insert("annotations".to_owned(), json!(given.annotations));
    }
    let mut spec = json!({ "type": given.r#type, "selector": registry.labels(), "ports": [port] });
    if let Some(spec) = spec.as_object_mut() {
        spec.extend(given.load_balancer_class.as_ref().map(|class| ("loadBalancerClass".to_owned(), json!(class))));
        let ranges = Some(&given.source_ranges).filter(|ranges| !ranges.is_empty());
        spec.extend(ranges.map(|ranges| ("loadBalancerSourceRanges".to_owned(), json!(ranges))));
    }
    json!({ "apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec })
}

/// The Ingress or the route, if clients come through one.
pub fn way_in(registry: &Registry) -> Option<Value> {
    let host = registry.host.as_deref()?;
    match &registry.exposure {
        Exposure::Ingress(given) => Some(ingress(registry, given, host)),
        Exposure::Gateway(given) => Some(gateway::route(registry, given, host)),
        Exposure::Service | Exposure::HostPort(_) => None,
    }
}

fn ingress(registry: &Registry, ingress: &Ingress, host: &str) -> Value {
    let mut metadata = metadata(registry, &ingress_ref(&registry.namespace, &registry.name).name);
    if let Some(metadata) = metadata.as_object_mut() {
        metadata.insert("annotations".to_owned(), json!(annotations(ingress)));
    }
    let backend = json!({ "service": { "name": registry.name, "port": { "name": "registry" } } });
    let path = json!({ "path": "/", "pathType": "Prefix", "backend": backend });
    let mut spec = json!({ "rules": [{ "host": host, "http": { "paths": [path] } }] });
    if let Some(spec) = spec.as_object_mut() {
        if let Some(class) = &ingress.class {
            spec.insert("ingressClassName".to_owned(), json!(class));
        }
        if let Some(secret) = tls_secret(registry, ingress) {
            spec.insert("tls".to_owned(), json!([{ "hosts": [host], "secretName": secret }]));
        }
    }
    json!({ "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec })
}

/// The Secret that the Ingress serves TLS from: the given one, or one that the issuer fills.
fn tls_secret(registry: &Registry, ingress: &Ingress) -> Option<String> {
    let own = || ingress.issuer.as_ref().map(|_| format!("{}-tls", registry.name));
    registry.tls_secret.clone().or_else(own)
}

/// What the controller must know to let large layers through; the user's own annotations win.
fn annotations(ingress: &Ingress) -> BTreeMap<String, String> {
    let known: &[(&str, &str)] = match ingress.flavour {
        Flavour::Nginx => &[
            ("nginx.ingress.kubernetes.io/proxy-body-size", &ingress.body_size),
            ("nginx.ingress.kubernetes.io/proxy-request-buffering", "off"),
            ("nginx.ingress.kubernetes.io/proxy-read-timeout", LAYER_SECONDS),
            ("nginx.ingress.kubernetes.io/proxy-send-timeout", LAYER_SECONDS),
        ],
        Flavour::Alb => &[
            ("alb.ingress.kubernetes.io/target-type", "ip"),
            ("alb.ingress.kubernetes.io/backend-protocol", "HTTP"),
            ("alb.ingress.kubernetes.io/healthcheck-path", "/"),
            ("alb.ingress.kubernetes.io/load-balancer-attributes", "idle_timeout.timeout_seconds=900"),
        ],
        // Traefik neither limits nor buffers bodies unless a middleware says so.
        Flavour::Traefik | Flavour::None => &[],
    };
    let mut annotations: BTreeMap<String, String> =
        known.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    if let Some(issuer) = &ingress.issuer {
        annotations.insert("cert-manager.io/cluster-issuer".to_owned(), issuer.clone());
    }
    annotations.extend(ingress.annotations.clone());
    annotations
}
