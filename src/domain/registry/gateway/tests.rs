use serde_json::{Value, json};

use super::*;
use crate::domain::registry::tests::plain;
use crate::domain::registry::{Exposure, Registry};

fn edge() -> Gateway {
    Gateway {
        namespace: Some("edge".to_owned()),
        name: "public".to_owned(),
        section: None,
        hostnames: Vec::new(),
        port: None,
        request: Some("0s".to_owned()),
        backend_request: None,
        annotations: BTreeMap::new(),
    }
}

fn behind(gateway: Gateway) -> Registry {
    Registry {
        name: "hub".to_owned(),
        namespace: "apps".to_owned(),
        host: Some("hub.test".to_owned()),
        exposure: Exposure::Gateway(gateway),
        ..plain()
    }
}

fn listener(name: &str, protocol: &str, more: &Value) -> Value {
    let mut listener = json!({ "name": name, "protocol": protocol, "port": 443 });
    let more = more.as_object().cloned().unwrap_or_default();
    listener.as_object_mut().unwrap().extend(more);
    listener
}

fn open() -> Value {
    json!({ "allowedRoutes": { "namespaces": { "from": "All" } } })
}

/// What a Gateway of these listeners makes of a route of `hub.test` that clients shall come to by TLS.
fn judged(gateway: Gateway, listeners: &[Value], labels: Option<&Value>) -> Admission {
    let found = json!({ "metadata": { "namespace": "edge" }, "spec": { "listeners": listeners } });
    let registry = behind(gateway);
    let Exposure::Gateway(gateway) = &registry.exposure else { unreachable!() };
    admission(&registry, gateway, &found, labels, Some("https"))
}

#[track_caller]
fn assert_refused(listeners: &[Value], words: &str) {
    match judged(edge(), listeners, None) {
        Admission::Refuses(why) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_route_leads_to_the_service_without_a_limit_of_time() {
    let gateway = Gateway {
        section: Some("https".to_owned()),
        hostnames: vec!["a.test".to_owned(), "hub.test".to_owned()],
        ..edge()
    };
    let registry = behind(gateway);
    let Exposure::Gateway(gateway) = &registry.exposure else { unreachable!() };
    assert_eq!(
        route(&registry, gateway, "hub.test")["spec"],
        json!({
            "parentRefs": [{ "name": "public", "namespace": "edge", "sectionName": "https" }],
            "hostnames": ["hub.test", "a.test"],
            "rules": [{ "backendRefs": [{ "name": "hub", "port": 5000 }], "timeouts": { "request": "0s" } }],
        })
    );
    let bare = Gateway { request: None, namespace: None, ..edge() };
    let made = route(&registry, &bare, "hub.test");
    assert_eq!(made["spec"]["rules"][0].get("timeouts"), None, "for Gateways that do not take it");
    assert_eq!(made["spec"]["parentRefs"], json!([{ "name": "public" }]));
}

#[test]
fn the_address_is_that_of_the_gateway() {
    let at = |port, external_tls| Registry { external_tls, ..behind(Gateway { port, ..edge() }) }.url().unwrap();
    assert_eq!(at(None, None), "https://hub.test");
    assert_eq!(at(Some(8443), None), "https://hub.test:8443");
    assert_eq!(at(Some(80), None), "http://hub.test");
    assert_eq!(at(None, Some(false)), "http://hub.test");
    assert_eq!(at(Some(80), Some(true)), "https://hub.test:80");
}

#[test]
fn a_listener_takes_routes_of_its_own_namespace_unless_it_says_otherwise() {
    assert_refused(&[listener("web", "HTTPS", &json!({}))], "takes no route of the namespace `apps`");
    assert_eq!(judged(edge(), &[listener("web", "HTTPS", &open())], None), Admission::Admits);
    let selecting = |selector: Value| {
        listener(
            "web",
            "HTTPS",
            &json!({ "allowedRoutes": { "namespaces": { "from": "Selector", "selector": selector } } }),
        )
    };
    let named = [selecting(json!({ "matchLabels": { "team": "a" } }))];
    assert_eq!(judged(edge(), &named, Some(&json!({ "team": "a" }))), Admission::Admits);
    assert!(matches!(judged(edge(), &named, Some(&json!({ "team": "b" }))), Admission::Refuses(_)));
    assert_eq!(judged(edge(), &named, None), Admission::Admits, "the labels cannot be asked for");
    let expressions = [selecting(json!({ "matchExpressions": [{ "key": "team", "operator": "Exists" }] }))];
    assert_eq!(judged(edge(), &expressions, Some(&json!({}))), Admission::Admits, "it is not judged");
}

#[test]
fn a_listener_of_another_kind_or_name_is_told() {
    let with = |more: Value| {
        let mut all = open();
        all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        all
    };
    assert_refused(&[listener("tls", "TLS", &open())], "speaks TLS and takes no HTTPRoute");
    let kinds = json!({ "allowedRoutes": { "namespaces": { "from": "All" }, "kinds": [{ "kind": "GRPCRoute" }] } });
    assert_refused(&[listener("grpc", "HTTPS", &kinds)], "allowedRoutes.kinds");
    assert_refused(
        &[listener("web", "HTTPS", &with(json!({ "hostname": "www.test" })))],
        "is for `www.test`, not for `hub.test`",
    );
    for fits in ["hub.test", "*.test", "HUB.test", ""] {
        let fitting = [listener("web", "HTTPS", &with(json!({ "hostname": fits })))];
        assert_eq!(judged(edge(), &fitting, None), Admission::Admits, "{fits}");
    }
    let named = Gateway { section: Some("nope".to_owned()), ..edge() };
    let told = judged(named, &[listener("web", "HTTPS", &open())], None);
    assert_eq!(told, Admission::Refuses("has no listener `nope`, but web".to_owned()));
}

#[test]
fn a_gateway_that_speaks_http_alone_is_no_way_to_an_address_of_tls() {
    let plain = [listener("web", "HTTP", &open())];
    assert_eq!(judged(edge(), &plain, None), Admission::Speaks("HTTP"));
    let both = [listener("web", "HTTP", &open()), listener("secure", "HTTPS", &open())];
    assert_eq!(judged(edge(), &both, None), Admission::Admits);
    let section = Gateway { section: Some("web".to_owned()), ..edge() };
    assert_eq!(judged(section, &both, None), Admission::Speaks("HTTP"));
}

#[test]
fn a_route_is_taken_when_its_own_parent_says_so_of_its_present_form() {
    let status = |parent: Value, conditions: Value| json!({ "metadata": { "generation": 2 }, "status": { "parents": [{ "parentRef": parent, "conditions": conditions }] } });
    let parent =
        || json!({ "name": "public", "namespace": "edge", "group": "gateway.networking.k8s.io", "kind": "Gateway" });
    let said = |kind: &str, status: &str, generation: i64| json!({ "type": kind, "status": status, "reason": "Because", "message": "", "observedGeneration": generation });
    let state = |parent: Value, conditions: Value| route_state(&status(parent, conditions), &edge());
    let taken = || json!([said("Accepted", "True", 2), said("ResolvedRefs", "True", 2)]);
    assert_eq!(state(parent(), taken()), RouteState::Accepted);
    assert_eq!(state(json!({ "name": "other", "namespace": "edge" }), taken()), RouteState::Pending);
    assert_eq!(
        state(parent(), json!([said("Accepted", "True", 1)])),
        RouteState::Pending,
        "it speaks of an earlier form"
    );
    let unresolved = json!([said("Accepted", "True", 2), said("ResolvedRefs", "False", 2)]);
    assert_eq!(state(parent(), unresolved), RouteState::Refused("Because".to_owned()));
    assert_eq!(route_state(&json!({}), &edge()), RouteState::Pending);
}
