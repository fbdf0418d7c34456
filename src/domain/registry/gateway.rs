//! A Gateway as the way in to a registry (Gateway API, `gateway.networking.k8s.io/v1`): the route, and what the Gateway and the
//! route's status say of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Registry;
use super::workload::metadata;
use crate::domain::kubernetes::{ObjectRef, selects, text};

/// The version of the API: Gateways and `HTTPRoute`s are served in it since Gateway API 1.0.
pub const GATEWAY_API: &str = "gateway.networking.k8s.io/v1";

/// A Gateway that clients come through.
#[derive(Clone, Debug)]
pub struct Gateway {
    /// Where it is; the registry's namespace if none.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// The one listener that the route belongs to; all if none.
    pub section: Option<String>,
    /// Names of the registry beside its host.
    pub hostnames: Vec<String>,
    /// The port that clients come to.
    pub port: Option<u16>,
    /// How long a request may take, in the form of GEP-2257; the Gateway's own limit if none.
    pub request: Option<String>,
    /// The same, for one try.
    pub backend_request: Option<String>,
    /// Annotations of the route.
    pub annotations: BTreeMap<String, String>,
}

/// What a route's status says of its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteState {
    /// The Gateway takes it.
    Accepted,
    /// It does not, for now.
    Refused(String),
    /// Nobody has said anything of the route as it is now.
    Pending,
}

/// What a Gateway makes of a route before there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Clients will get through.
    Admits,
    /// None of its listeners takes the route, for this reason.
    Refuses(String),
    /// The listeners that take it speak the other of HTTP and HTTPS than clients shall.
    Speaks(&'static str),
}

impl Gateway {
    /// The Gateway of a registry in this namespace.
    pub fn reference(&self, namespace: &str) -> ObjectRef {
        let namespace = self.namespace.as_deref().unwrap_or(namespace);
        ObjectRef::namespaced(GATEWAY_API, "Gateway", namespace, &self.name)
    }
}

/// The route of a registry.
pub fn route_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::namespaced(GATEWAY_API, "HTTPRoute", namespace, name)
}

/// The route to the registry's Service.
pub fn route(registry: &Registry, gateway: &Gateway, host: &str) -> Value {
    let mut metadata = metadata(registry, &registry.name);
    if let Some(metadata) = metadata.as_object_mut().filter(|_| !gateway.annotations.is_empty()) {
        metadata.insert("annotations".to_owned(), json!(gateway.annotations));
    }
    let parent = given(&[
        ("name", Some(&gateway.name)),
        ("namespace", gateway.namespace.as_ref()),
        ("sectionName", gateway.section.as_ref()),
    ]);
    let timeouts =
        given(&[("request", gateway.request.as_ref()), ("backendRequest", gateway.backend_request.as_ref())]);
    let mut rule = json!({ "backendRefs": [{ "name": registry.name, "port": registry.service_port() }] });
    if let (Some(rule), false) = (rule.as_object_mut(), timeouts.is_empty()) {
        rule.insert("timeouts".to_owned(), json!(timeouts));
    }
    let spec = json!({ "parentRefs": [parent], "hostnames": hostnames(gateway, host), "rules": [rule] });
    json!({ "apiVersion": GATEWAY_API, "kind": "HTTPRoute", "metadata": metadata, "spec": spec })
}

fn given<'a>(parts: &[(&'a str, Option<&'a String>)]) -> BTreeMap<&'a str, &'a str> {
    parts.iter().filter_map(|(name, text)| Some((*name, text.as_ref()?.as_str()))).collect()
}

/// The names that the route answers to, the host first and none twice.
fn hostnames<'a>(gateway: &'a Gateway, host: &'a str) -> Vec<&'a str> {
    let others = gateway.hostnames.iter().map(String::as_str).filter(|name| *name != host);
    std::iter::once(host).chain(others).collect()
}

/// What a Gateway's listeners make of the route, as far as the objects tell: the labels are those of the route's namespace,
/// where they are known. The scheme is what clients shall speak, where that is for the Gateway to give.
pub fn admission(
    registry: &Registry,
    gateway: &Gateway,
    found: &Value,
    labels: Option<&Value>,
    scheme: Option<&str>,
) -> Admission {
    let listeners: Vec<&Value> =
        found.pointer("/spec/listeners").and_then(Value::as_array).into_iter().flatten().collect();
    let is_meant =
        |listener: &&Value| gateway.section.as_deref().is_none_or(|section| text(listener, "/name") == Some(section));
    let meant: Vec<&Value> = listeners.iter().copied().filter(is_meant).collect();
    if let (Some(section), true) = (&gateway.section, meant.is_empty()) {
        let names: Vec<&str> = listeners.iter().filter_map(|it| text(it, "/name")).collect();
        return Admission::Refuses(format!("has no listener `{section}`, but {}", names.join(", ")));
    }
    let route = Route { registry, gateway, is_neighbour: is_neighbour(registry, found), labels };
    let judged: Vec<(&Value, Option<String>)> = meant.into_iter().map(|it| (it, route.refusal_by(it))).collect();
    let taking: Vec<&str> =
        judged.iter().filter(|(_, refusal)| refusal.is_none()).filter_map(|(it, _)| text(it, "/protocol")).collect();
    if taking.is_empty() {
        let told: Vec<String> = judged.into_iter().filter_map(|(_, refusal)| refusal).collect();
        return if told.is_empty() { Admission::Admits } else { Admission::Refuses(told.join(", and ")) };
    }
    match scheme {
        Some("https") if !taking.contains(&"HTTPS") => Admission::Speaks("HTTP"),
        Some("http") if !taking.contains(&"HTTP") => Admission::Speaks("HTTPS"),
        _ => Admission::Admits,
    }
}

fn is_neighbour(registry: &Registry, gateway: &Value) -> bool {
    text(gateway, "/metadata/namespace").is_none_or(|namespace| namespace == registry.namespace)
}

struct Route<'a> {
    registry: &'a Registry,
    gateway: &'a Gateway,
    /// Whether the Gateway is in the same namespace.
    is_neighbour: bool,
    labels: Option<&'a Value>,
}

impl Route<'_> {
    /// Why a listener does not take the route, as a clause about the Gateway.
    fn refusal_by(&self, listener: &Value) -> Option<String> {
        let name = text(listener, "/name").unwrap_or_default();
        let protocol = text(listener, "/protocol").unwrap_or_default();
        if !matches!(protocol, "HTTP" | "HTTPS") {
            return Some(format!("its listener `{name}` speaks {protocol} and takes no HTTPRoute"));
        }
        let kinds =
            listener.pointer("/allowedRoutes/kinds").and_then(Value::as_array).filter(|kinds| !kinds.is_empty());
        if kinds.is_some_and(|kinds| !kinds.iter().any(|kind| text(kind, "/kind") == Some("HTTPRoute"))) {
            return Some(format!("its listener `{name}` takes no HTTPRoute (allowedRoutes.kinds)"));
        }
        if !self.may_come_from_here(listener) {
            let namespace = &self.registry.namespace;
            return Some(format!(
                "its listener `{name}` takes no route of the namespace `{namespace}` (allowedRoutes.namespaces)"
            ));
        }
        let host = self.registry.host.as_deref().unwrap_or_default();
        let pattern = text(listener, "/hostname")?;
        let fits = hostnames(self.gateway, host).iter().any(|name| meet(pattern, name));
        (!fits).then(|| format!("its listener `{name}` is for `{pattern}`, not for `{host}`"))
    }

    fn may_come_from_here(&self, listener: &Value) -> bool {
        match text(listener, "/allowedRoutes/namespaces/from").unwrap_or("Same") {
            "Same" => self.is_neighbour,
            "Selector" => {
                self.labels.is_none_or(|labels| takes(listener.pointer("/allowedRoutes/namespaces/selector"), labels))
            }
            "None" => false,
            _ => true,
        }
    }
}

/// Whether a selector takes a namespace; one with expressions is not judged.
fn takes(selector: Option<&Value>, labels: &Value) -> bool {
    let Some(selector) = selector else { return false };
    let is_simple = selector.get("matchExpressions").and_then(Value::as_array).is_none_or(Vec::is_empty);
    let names = selector.get("matchLabels").filter(|names| names.as_object().is_some_and(|names| !names.is_empty()));
    !is_simple || names.is_none() || selects(names, Some(labels))
}

/// Whether a listener's name and a route's name have hosts in common. A star stands for one label or more (`Hostname`).
fn meet(pattern: &str, name: &str) -> bool {
    let covers = |wide: &str, narrow: &str| {
        wide.strip_prefix('*').is_some_and(|end| narrow.trim_start_matches('*').ends_with(end))
    };
    pattern.eq_ignore_ascii_case(name) || covers(pattern, name) || covers(name, pattern)
}

/// What the status of a route says of its Gateway, if it speaks of the route as it is now.
pub fn route_state(route: &Value, gateway: &Gateway) -> RouteState {
    let generation = route.pointer("/metadata/generation").and_then(Value::as_i64);
    let parents = route.pointer("/status/parents").and_then(Value::as_array).into_iter().flatten();
    let mut refusal = None;
    for parent in parents.filter(|parent| is_parent(parent, gateway)) {
        let conditions: Vec<&Value> =
            parent.get("conditions").and_then(Value::as_array).into_iter().flatten().collect();
        let of =
            |kind: &str| conditions.iter().find(|it| text(it, "/type") == Some(kind) && is_current(it, generation));
        let wrong =
            ["Accepted", "ResolvedRefs"].into_iter().filter_map(of).find(|it| text(it, "/status") == Some("False"));
        match (wrong, of("Accepted")) {
            (Some(wrong), _) => refusal = Some(words(wrong)),
            (None, Some(accepted)) if text(accepted, "/status") == Some("True") => return RouteState::Accepted,
            (None, _) => {}
        }
    }
    refusal.map_or(RouteState::Pending, RouteState::Refused)
}

fn is_parent(parent: &Value, gateway: &Gateway) -> bool {
    let is = |pointer: &str, given: Option<&String>| given.is_none_or(|given| text(parent, pointer) == Some(given));
    is("/parentRef/name", Some(&gateway.name))
        && is("/parentRef/namespace", gateway.namespace.as_ref())
        && is("/parentRef/sectionName", gateway.section.as_ref())
}

fn is_current(condition: &Value, generation: Option<i64>) -> bool {
    let seen = condition.get("observedGeneration").and_then(Value::as_i64);
    seen.is_none_or(|seen| generation.is_none_or(|generation| seen >= generation))
}

/// A condition in words; the message is empty more often than not.
fn words(condition: &Value) -> String {
    let reason = text(condition, "/reason").unwrap_or("no reason given");
    match text(condition, "/message").map(str::trim).filter(|message| !message.is_empty()) {
        Some(message) => format!("{reason}: {message}"),
        None => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests;
