//! Registries as their clients see them, and what of one is in reach in the cluster.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::registry_name::without_port;

use super::cause::Cause;
use super::challenge::{ingress_class, is_served, published};
use super::deployment::deployed;
use super::installation::ready_endpoints;
use super::report::{Evidence, Health, LinkState, Report, Severity};
use super::snapshot::{Answer, LoginAnswer, RegistryAnswer, Snapshot, text};
use super::walk::{Walk, age, evidence, reference, since};

/// How many days before its end a certificate is told of.
const DAYS: i64 = 10;

/// How old an Ingress is that has no address, in seconds, before it counts.
const PATIENCE: i64 = 30;

/// What can be done where the way ends before the registry.
const NOT_REACHED: &str =
    "mend what the words name: a proxy on the way (`HTTPS_PROXY`, `NO_PROXY`), or the roots to trust";

/// What can be done where the login that was given is refused: it stands in no Secret.
const GIVEN_LOGIN: &str = "correct user and password under `registries` of the provider, or the user at the registry";

/// Diagnoses a registry by its host and port.
pub fn registry(seen: &Snapshot, host: &str) -> Report {
    let mut walk = Walk::new(seen, format!("registry {host}"));
    let is_served = from_outside(&mut walk, host);
    let is_known = in_cluster(&mut walk, host);
    if is_served && !walk.has(Severity::Failure) {
        return walk.report(Health::Healthy);
    }
    if !is_known && seen.registries.is_empty() {
        return walk.report(Health::Unknown);
    }
    walk.report_failing(false)
}

/// What its clients meet; whether it serves.
fn from_outside(walk: &mut Walk<'_>, host: &str) -> bool {
    let place = format!("registry {host}");
    let bare = without_port(host);
    let mut dns = Vec::new();
    match walk.seen.names.get(bare) {
        Some(Answer::Told(told)) => {
            let all = if told.resolved.is_empty() { &told.own } else { &told.resolved };
            let state = if all.is_empty() { LinkState::Absent } else { LinkState::Ok };
            walk.link(0, format!("DNS {bare}"), state, all.join(", "));
            dns.push(evidence(
                format!("DNS {bare}"),
                "A, AAAA",
                if all.is_empty() { "none".to_owned() } else { all.join(", ") },
            ));
        }
        Some(Answer::Failed(why)) => {
            walk.link(0, format!("DNS {bare}"), LinkState::Unknown, why);
            dns.push(evidence(format!("DNS {bare}"), "asked from here", why));
        }
        None => {}
    }
    let Some(answer) = walk.seen.registries.get(host) else { return false };
    let mark = walk.mark();
    certificate(walk, &place, answer);
    if let Some(fault) = &answer.fault {
        walk.link(0, &place, LinkState::Failing, fault);
        let mut seen = vec![evidence(&place, "asked from here", fault)];
        seen.extend(dns);
        let cause = match (answer.unreached.as_deref(), answer.flaw.as_deref()) {
            (Some("name"), _) => Cause::NameNotFound,
            (Some("tls"), _) => Cause::NotTls,
            (Some("connection"), _) => Cause::PortClosed,
            // A proxy, a page for people, roots that are none: the port was not reached to be judged.
            (Some(_), _) => Cause::Unexplained,
            (None, Some("name")) => Cause::RegistryCertificateName,
            (None, Some("time")) => Cause::RegistryCertificateEnded,
            (None, _) => Cause::RegistryCertificateUntrusted,
        };
        if !walk.has_found_since(mark, Cause::RegistryCertificatePlaceholder) {
            seen.extend(presented(&place, answer));
            let remedy = way_to(walk.seen, host, cause);
            walk.fails(cause, &place, seen, remedy);
        }
        return false;
    }
    interface(walk, &place, answer)
}

/// What can be done about a name or a port that does not lead to the registry, by what of it is in the cluster.
fn way_to(seen: &Snapshot, host: &str, cause: Cause) -> String {
    let bare = without_port(host);
    let is_behind_ingress = seen.all("Ingress", None).any(|it| is_for(it, bare));
    let own = seen.all("Deployment", None).find(|it| is_registry(it)).filter(|_| !is_behind_ingress);
    let port = own.and_then(host_port);
    match (cause, own, port) {
        (Cause::Unexplained, ..) => NOT_REACHED.to_owned(),
        (Cause::NameNotFound, _, Some(_)) => format!("make a record of `{bare}` that leads to the address of the node that the registry's Pod runs on"),
        (Cause::NameNotFound, Some(_), None) => format!("make a record of `{bare}` that leads to the address of the registry's load balancer or Service"),
        (Cause::NameNotFound, None, _) if is_behind_ingress => format!("make a record of `{bare}` that leads to the load balancer of the ingress"),
        (Cause::NameNotFound, None, _) => format!("correct the host, or make a record of `{bare}` that leads to where the registry listens"),
        (Cause::PortClosed, _, Some(port)) => format!("see that `{bare}` leads to the node that the registry's Pod runs on, that the port is {port} (`host_port`), and that the way to it is open (security group, firewall)"),
        (Cause::PortClosed, Some(_), None) => "see that the port is that of the registry's load balancer or Service, and that the way to it is open (security group, firewall)".to_owned(),
        (Cause::PortClosed, None, _) if is_behind_ingress => "open the port on the way (security group, firewall, load balancer's listener), and see that the ingress controller runs".to_owned(),
        (Cause::PortClosed, None, _) => "correct host and port, start the registry, or open the way to it (security group, firewall)".to_owned(),
        _ => String::new(),
    }
}

/// The port of the node at which a registry listens, if it does so at one.
fn host_port(deployment: &Value) -> Option<i64> {
    let containers = deployment.pointer("/spec/template/spec/containers")?.as_array()?;
    let mut ports = containers.iter().filter_map(|it| it.get("ports")?.as_array()).flatten();
    ports.find_map(|port| port.get("hostPort")?.as_i64())
}

fn presented(place: &str, answer: &RegistryAnswer) -> Option<Evidence> {
    let shown = answer.certificate.as_ref()?;
    let names = if shown.names.is_empty() { shown.subject.clone() } else { shown.names.join(", ") };
    Some(evidence(
        place,
        "certificate",
        format!("for {names}, issued by {}, {} to {}", shown.issuer, shown.not_before, shown.not_after),
    ))
}

fn certificate(walk: &mut Walk<'_>, place: &str, answer: &RegistryAnswer) {
    let (Some(shown), Some(seen)) = (&answer.certificate, presented(place, answer)) else { return };
    if shown.is_placeholder {
        walk.fails(Cause::RegistryCertificatePlaceholder, place, vec![seen], "");
        return;
    }
    let left = since(walk.seen, &shown.not_after).map(|age| -age / 86_400);
    if let Some(left) = left.filter(|left| (0..DAYS).contains(left)) {
        let seen = Evidence { text: format!("{left} days left: {}", seen.text), ..seen };
        // Certificates that live for days only are renewed in their last ones.
        let lives = since(walk.seen, &shown.not_before).unwrap_or(0) / 86_400 + left;
        let severity = if lives > 3 * DAYS { Severity::Warning } else { Severity::Note };
        walk.finds(severity, Cause::RegistryCertificateEnding, place, vec![seen], "");
    }
}

/// What `/v2/` answers; whether that is a registry that serves.
fn interface(walk: &mut Walk<'_>, place: &str, answer: &RegistryAnswer) -> bool {
    let status = answer.status.unwrap_or(0);
    let is_told = if status == 200 && !answer.is_registry { ", and no registry says so" } else { "" };
    let seen = evidence(place, "/v2/ without a login", format!("status {status}{is_told}"));
    match status {
        401 => {}
        200 if answer.is_registry => walk.finds(Severity::Warning, Cause::RegistryOpen, place, vec![seen.clone()], ""),
        _ => {
            walk.link(0, place, LinkState::Failing, format!("status {status}"));
            walk.fails(Cause::NotARegistry, place, vec![seen], "");
            return false;
        }
    }
    if let (Some(realm), Some(fault)) = (&answer.realm, &answer.realm_fault) {
        let seen = vec![evidence(place, "WWW-Authenticate realm", realm), evidence(realm, "asked from here", fault)];
        walk.fails(Cause::RealmUnreachable, place, seen, "");
    }
    walk.link(0, place, LinkState::Ok, format!("answers {status} without a login"));
    for it in &answer.logins {
        if it.answer == LoginAnswer::Refused {
            let seen = vec![evidence(place, "login", format!("user `{}` of {}: {}", it.username, it.from, it.words))];
            walk.fails(Cause::RegistryLoginRefused, place, seen, GIVEN_LOGIN);
        }
    }
    true
}

/// The Ingress for the host, its Service, and the Pods behind; whether there is any.
fn in_cluster(walk: &mut Walk<'_>, host: &str) -> bool {
    let bare = without_port(host);
    let ingresses: Vec<&Value> = walk.seen.all("Ingress", None).filter(|it| is_for(it, bare)).collect();
    for ingress in &ingresses {
        ingress_way(walk, bare, ingress);
    }
    let deployments: Vec<&Value> = walk.seen.all("Deployment", None).filter(|it| is_registry(it)).collect();
    for deployment in &deployments {
        deployed(walk, deployment);
    }
    !ingresses.is_empty() || !deployments.is_empty()
}

/// Whether a Deployment is one of a registry that the collector has picked: those of cert-manager are in the snapshot as well.
fn is_registry(deployment: &Value) -> bool {
    text(deployment, "/metadata/labels/app") != Some("cert-manager")
}

fn is_for(ingress: &Value, host: &str) -> bool {
    let rules = ingress.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
    let mut hosts = rules.filter_map(|rule| rule.get("host")?.as_str());
    hosts.any(|it| it == host)
}

fn ingress_way(walk: &mut Walk<'_>, host: &str, ingress: &Value) {
    let object = reference(ingress);
    let namespace = object.namespace.clone().unwrap_or_default();
    let is_unserved = ingress_class(walk, 0, ingress);
    let addresses = published(walk, ingress);
    let is_old = age(walk.seen, ingress).is_some_and(|age| age > PATIENCE);
    let is_unreached =
        walk.seen.registries.values().any(|it| it.unreached.is_some() || it.status.is_some_and(|it| it == 404));
    if !is_unserved && !is_served(ingress) && is_old && is_unreached {
        walk.fails(Cause::IngressNotServed, &object, vec![evidence(&object, "status.loadBalancer", "empty")], "");
    }
    if let Some(Answer::Told(told)) = walk.seen.names.get(host) {
        let own = if told.own.is_empty() { &told.resolved } else { &told.own };
        let misses = !own.is_empty() && !addresses.is_empty() && !own.iter().any(|it| addresses.contains(it));
        if misses && is_unreached {
            let there = addresses.iter().cloned().collect::<Vec<_>>().join(", ");
            let seen = vec![
                evidence(format!("DNS {host}"), "A, AAAA", own.join(", ")),
                evidence(&object, "status.loadBalancer", &there),
            ];
            walk.fails(Cause::NamePointsElsewhere, host, seen, format!("let the record of `{host}` lead to {there}"));
        }
    }
    tls_secret(walk, &namespace, ingress, host);
    for service in services(ingress) {
        let service_object = ObjectRef::core("Service", &namespace, &service);
        if walk.get(&service_object).is_absent() {
            walk.link(1, &service_object, LinkState::Absent, "");
            walk.fails(
                Cause::ServiceWithoutEndpoints,
                &service_object,
                vec![evidence(
                    &object,
                    "spec.rules[].http.paths[].backend.service",
                    format!("{service}, which does not exist"),
                )],
                "",
            );
        } else if ready_endpoints(walk, &namespace, &service) == Some(0) {
            walk.link(1, &service_object, LinkState::Failing, "no ready endpoint");
            walk.fails(
                Cause::ServiceWithoutEndpoints,
                &service_object,
                vec![evidence(&service_object, "EndpointSlice", "no ready endpoint")],
                "",
            );
        }
    }
}

fn services(ingress: &Value) -> Vec<String> {
    let rules = ingress.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
    let paths = rules.filter_map(|rule| rule.pointer("/http/paths")?.as_array()).flatten();
    let mut names: Vec<String> =
        paths.filter_map(|path| path.pointer("/backend/service/name")?.as_str().map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

/// The Secret that the Ingress serves for the host.
fn tls_secret(walk: &mut Walk<'_>, namespace: &str, ingress: &Value, host: &str) {
    let all = ingress.pointer("/spec/tls").and_then(Value::as_array).into_iter().flatten();
    let mut of_host = all.filter(|it| {
        it.get("hosts").and_then(Value::as_array).is_none_or(|hosts| hosts.iter().any(|it| it.as_str() == Some(host)))
    });
    let Some(name) = of_host.find_map(|it| it.get("secretName")?.as_str()) else { return };
    let secret = ObjectRef::secret(namespace, name);
    if walk.get(&secret).is_absent() {
        walk.link(1, &secret, LinkState::Absent, "");
        let seen = vec![evidence(reference(ingress), "spec.tls[].secretName", format!("{name}, which does not exist"))];
        walk.fails(Cause::RegistryCertificatePlaceholder, format!("registry {host}"), seen, "");
    }
}
