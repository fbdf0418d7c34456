//! How clients come in to a registry: by one way, which has a name, and needs what it needs.

use crate::resources::registry::model::milliseconds;
use crate::sdk::{Diagnostics, View};

use super::complaint;

/// The ways that exclude each other.
const WAYS_IN: [&str; 3] = ["ingress", "gateway", "host_port"];

/// The annotation that named an Ingress class before there was a field.
pub const OLD_CLASS: &str = "kubernetes.io/ingress.class";

/// All that can be told of the way in.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    one(config, found);
    ingress(config, found);
    gateway(config, found);
}

/// One way in, and a name for it.
fn one(config: View<'_>, found: &mut Diagnostics) {
    let ways: Vec<&str> = WAYS_IN.into_iter().filter(|way| config.at(way).is_given()).collect();
    if let [first, second, ..] = ways.as_slice() {
        let next = "keep one of them: clients come through an Ingress, through a Gateway, or to a port of the node";
        found.error(&complaint(&format!("`{first}` and `{second}` exclude each other"), next, second));
    }
    for (way, words) in [("ingress", "an Ingress"), ("gateway", "a Gateway")] {
        if config.at(way).is_given() && config.at("host").is_null() {
            let next = "set host to the name that clients use, such as registry.example.com";
            found.error(&complaint(&format!("`host` is needed for {words}"), next, "host"));
        }
    }
}

/// One class, by whichever of the two ways.
fn ingress(config: View<'_>, found: &mut Diagnostics) {
    let annotations = config.at("ingress.annotations").known();
    let old = annotations.and_then(|map| map.member(OLD_CLASS).as_str());
    let class = config.text("ingress.class").filter(|class| !class.is_empty());
    // Kubernetes, `validateIngressCreate`: both may be given if they are the same.
    if let (Some(old), Some(class)) = (old, class)
        && old != class
    {
        let what = format!("`ingress.class` is `{class}`, and the annotation {OLD_CLASS} says `{old}`");
        found.error(&complaint(&what, "remove the annotation, or give both the same value", "ingress.class"));
    }
}

/// What a Gateway leaves to the registry, and what it does not.
fn gateway(config: View<'_>, found: &mut Diagnostics) {
    if config.at("gateway").is_given() && config.at("tls").is_given() {
        let next = "remove tls, and give the certificate to the Gateway's listener (certificateRefs)";
        found.error(&complaint("`gateway` and `tls` exclude each other: the Gateway ends TLS", next, "tls"));
    }
    let length = |name: &str| config.text(&format!("gateway.timeouts.{name}")).and_then(milliseconds);
    // Gateway API, the rule of `HTTPRouteTimeouts`.
    if let (Some(request), Some(one)) = (length("request"), length("backend_request"))
        && request > 0
        && one > request
    {
        let what = "`gateway.timeouts.backend_request` is longer than `gateway.timeouts.request`";
        found.error(&complaint(what, "make it as long at most, or request `0s`", "gateway.timeouts.backend_request"));
    }
}
