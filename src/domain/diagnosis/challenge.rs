//! Challenges: what the self check meets, and what the world says to it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::dns::caa::{self, Objection};
use crate::domain::kubernetes::ObjectRef;

use super::cause::Cause;
use super::installation::ready_endpoints;
use super::report::{Evidence, LinkState};
use super::snapshot::{Answer, text};
use super::walk::{Walk, age, evidence, owner_uid, reference, uid};

/// How long a good challenge may look like one that fails, in seconds.
const PATIENCE: i64 = 20;

/// One challenge.
struct Challenge<'a> {
    object: ObjectRef,
    found: &'a Value,
    namespace: String,
    name: &'a str,
    reason: &'a str,
    age: i64,
}

/// Notes how a challenge is, and why it does not get further.
pub fn look(walk: &mut Walk<'_>, depth: usize, found: &Value) {
    let object = reference(found);
    let challenge = Challenge {
        namespace: object.namespace.clone().unwrap_or_default(),
        object,
        found,
        name: text(found, "/spec/dnsName").unwrap_or_default(),
        reason: text(found, "/status/reason").unwrap_or_default(),
        age: age(walk.seen, found).unwrap_or(0),
    };
    let state = text(found, "/status/state").unwrap_or_default();
    let link = match state {
        "valid" => LinkState::Ok,
        "invalid" | "errored" | "expired" => LinkState::Failing,
        _ => LinkState::Waiting,
    };
    walk.link(
        depth,
        &challenge.object,
        link,
        format!("{} {state} {}", challenge.name, challenge.reason).trim().to_owned(),
    );
    match link {
        LinkState::Ok => {}
        LinkState::Failing => refused(walk, &challenge),
        _ if found.pointer("/status/state").is_none()
            && found.pointer("/status/processing") != Some(&Value::Bool(true)) =>
        {
            queued(walk, &challenge);
        }
        _ if text(found, "/spec/type") == Some("DNS-01") => by_dns(walk, &challenge),
        _ => by_http(walk, depth + 1, &challenge),
    }
}

/// What a CA's error means, by its type (RFC 8555 §6.7).
pub fn cause_of_refusal(words: &str) -> Option<Cause> {
    let (_, kind) = words.split_once("urn:ietf:params:acme:error:")?;
    Some(match kind.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default() {
        "rejectedIdentifier" => Cause::NameRefused,
        "rateLimited" => Cause::RateLimited,
        "caa" => Cause::CaaForbids,
        "externalAccountRequired" => Cause::IssuerBindingMissing,
        "accountDoesNotExist" => Cause::IssuerAccountRejected,
        "dns" => Cause::NameNotFound,
        "connection" => Cause::PortClosed,
        _ => return None,
    })
}

impl Challenge<'_> {
    fn reason(&self) -> Evidence {
        evidence(&self.object, "status.reason", self.reason)
    }

    /// What was made for it.
    fn owned<'a>(&self, walk: &Walk<'a>, kind: &'a str) -> Option<&'a Value> {
        let own = uid(self.found);
        walk.seen.all(kind, None).find(|it| {
            text(it, "/metadata/namespace") == Some(&self.namespace)
                && own.is_some()
                && owner_uid(it, "Challenge") == own
        })
    }
}

fn refused(walk: &mut Walk<'_>, challenge: &Challenge<'_>) {
    let cause = cause_of_refusal(challenge.reason).unwrap_or(Cause::ChallengeRefused);
    walk.fails(cause, &challenge.object, vec![challenge.reason()], "");
}

/// A challenge that nobody works on: another one for the same name is first.
fn queued(walk: &mut Walk<'_>, challenge: &Challenge<'_>) {
    let first = walk.seen.all("Challenge", None).find(|it| {
        text(it, "/spec/dnsName") == Some(challenge.name)
            && uid(it) != uid(challenge.found)
            && it.pointer("/status/processing") == Some(&Value::Bool(true))
    });
    if let Some(first) = first {
        let other = reference(first);
        let seen = vec![
            evidence(&other, "status.processing", format!("true, for {}", challenge.name)),
            evidence(&challenge.object, "status", "empty"),
        ];
        walk.fails(Cause::ChallengeQueued, &challenge.object, seen, "");
    }
}

fn presenting(walk: &mut Walk<'_>, challenge: &Challenge<'_>) {
    let event = walk.seen.events(&challenge.object).into_iter().rev().find(|it| it.reason == "PresentError");
    if let Some(event) = event.filter(|_| challenge.found.pointer("/status/presented") != Some(&Value::Bool(true))) {
        let words = event.message.unwrap_or_default();
        let seen = vec![evidence(&challenge.object, "event PresentError", words).at(event.last_timestamp.as_deref())];
        walk.fails(Cause::ChallengePresent, &challenge.object, seen, "");
    }
}

fn by_dns(walk: &mut Walk<'_>, challenge: &Challenge<'_>) {
    presenting(walk, challenge);
    let is_presented = challenge.found.pointer("/status/presented") == Some(&Value::Bool(true));
    let place = format!("TXT _acme-challenge.{}", challenge.name);
    match walk.seen.txt.get(challenge.name) {
        Some(Answer::Told(told)) if !told.is_right && is_presented && challenge.age > PATIENCE => {
            let seen = vec![evidence(place, "at the zone's own servers", &told.words), challenge.reason()];
            walk.fails(Cause::TxtMissing, &challenge.object, seen, "");
        }
        Some(Answer::Failed(why)) => walk.unread(&format!("{place}: {why}")),
        _ => {}
    }
}

fn by_http(walk: &mut Walk<'_>, depth: usize, challenge: &Challenge<'_>) {
    let mark = walk.mark();
    presenting(walk, challenge);
    let ingress = challenge.owned(walk, "Ingress");
    let is_patient = challenge.age <= PATIENCE;
    let is_unserved = ingress.is_some_and(|it| ingress_class(walk, depth, it));
    let addresses = ingress.map(|it| published(walk, it)).unwrap_or_default();
    solver(walk, depth, challenge, is_patient);
    let url = format!("http://{}/.well-known/acme-challenge/", challenge.name);
    let visit =
        walk.seen.visits.iter().find(|(at, _)| at.starts_with(&url)).map(|(at, visit)| (at.clone(), visit.clone()));
    let is_right = visit.as_ref().is_some_and(|(_, visit)| visit.is_right);
    if challenge.reason.is_empty() && (is_right || visit.is_none()) {
        return;
    }
    let of_visit = || visit.iter().map(|(at, visit)| evidence(at, "asked from here", &visit.words));
    let mut seen: Vec<Evidence> = std::iter::once(challenge.reason()).filter(|it| !it.text.is_empty()).collect();
    let leads_elsewhere = name(walk, challenge, &addresses, &mut seen);
    seen.extend(of_visit());
    let says = |parts: &[&str]| parts.iter().any(|part| challenge.reason.contains(part));
    if says(&["no such host"]) {
        walk.fails(Cause::NameNotFound, challenge.name, seen, "");
    } else if says(&["connection refused", "i/o timeout", "deadline exceeded", "no route to host"]) {
        walk.fails(Cause::PortClosed, challenge.name, seen, "");
    } else if !is_patient && !leads_elsewhere && !is_unserved && !walk.has_found_since(mark, Cause::SolverNotServing) {
        // Silence from here is no wrong answer: then the words of the self check decide.
        let is_wrong = visit.filter(|(_, visit)| visit.is_answered).map_or(!challenge.reason.is_empty(), |_| !is_right);
        if let Some(object) = ingress.filter(|it| !is_served(it) && !is_right).map(reference) {
            seen.insert(0, evidence(&object, "status.loadBalancer", "empty"));
            walk.fails(Cause::IngressNotServed, object, seen, "");
        } else if is_wrong {
            walk.fails(Cause::ChallengeAnswerWrong, challenge.name, seen, "");
        }
    }
}

/// Holds what DNS has of the name against where the ingress is; whether the name leads elsewhere.
fn name(
    walk: &mut Walk<'_>,
    challenge: &Challenge<'_>,
    addresses: &BTreeSet<String>,
    seen: &mut Vec<Evidence>,
) -> bool {
    let place = format!("DNS {}", challenge.name);
    let Some(answer) = walk.seen.names.get(challenge.name) else { return false };
    let own: Vec<String> = match answer {
        Answer::Told(told) => told.own.clone(),
        Answer::Failed(why) => {
            seen.push(evidence(place, "asked from here", why));
            return false;
        }
    };
    if own.is_empty() {
        seen.push(evidence(place, "A, AAAA at the zone's own servers", "none"));
        let all = seen.clone();
        walk.fails(Cause::NameNotFound, challenge.name, all, "");
        return false;
    }
    seen.push(evidence(place, "A, AAAA at the zone's own servers", own.join(", ")));
    if addresses.is_empty() || own.iter().any(|one| addresses.contains(one)) {
        return false;
    }
    let where_it_is = addresses.iter().cloned().collect::<Vec<_>>().join(", ");
    let mut all = vec![
        evidence(format!("DNS {}", challenge.name), "A, AAAA", own.join(", ")),
        evidence("Ingress", "status.loadBalancer", &where_it_is),
    ];
    all.extend(seen.first().cloned());
    walk.fails(
        Cause::NamePointsElsewhere,
        challenge.name,
        all,
        format!("let the record of `{}` lead to {where_it_is}", challenge.name),
    );
    true
}

/// Notes the Ingress and its class; whether the class does not exist.
pub fn ingress_class(walk: &mut Walk<'_>, depth: usize, ingress: &Value) -> bool {
    let object = reference(ingress);
    let class = text(ingress, "/spec/ingressClassName")
        .or_else(|| text(ingress, "/metadata/annotations/kubernetes.io~1ingress.class"));
    let Some(class) = class else {
        walk.link(depth, &object, LinkState::Ok, "of the default class");
        return false;
    };
    let class_object = ObjectRef::of_cluster("networking.k8s.io/v1", "IngressClass", class);
    // The old annotation may name a class that no IngressClass stands for.
    let by_annotation = text(ingress, "/spec/ingressClassName").is_none();
    let is_served = is_served(ingress);
    if !walk.get(&class_object).is_absent() || (by_annotation && is_served) {
        walk.link(depth, &object, LinkState::Ok, format!("class {class}"));
        return false;
    }
    walk.link(depth, &object, LinkState::Failing, format!("class {class} does not exist"));
    let known: Vec<String> = walk.seen.all("IngressClass", None).map(|it| reference(it).name).collect();
    let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let field =
        if by_annotation { "metadata.annotations[kubernetes.io/ingress.class]" } else { "spec.ingressClassName" };
    let seen =
        vec![evidence(&object, field, class), evidence("IngressClass", "metadata.name", format!("there is {there}"))];
    walk.fails(Cause::IngressClassMissing, &object, seen, "");
    true
}

/// Whether a controller has taken an Ingress: it says where, if only by a name that does not resolve here.
pub fn is_served(ingress: &Value) -> bool {
    let points = ingress.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    points.is_some_and(|points| !points.is_empty())
}

/// The addresses at which an Ingress says that it is served, names of load balancers resolved.
pub fn published(walk: &Walk<'_>, ingress: &Value) -> BTreeSet<String> {
    let points = ingress.pointer("/status/loadBalancer/ingress").and_then(Value::as_array).into_iter().flatten();
    let mut addresses = BTreeSet::new();
    for point in points {
        addresses.extend(point.get("ip").and_then(Value::as_str).map(str::to_owned));
        let host = point.get("hostname").and_then(Value::as_str).unwrap_or_default();
        if let Some(Answer::Told(told)) = walk.seen.names.get(host) {
            addresses.extend(told.own.iter().chain(&told.resolved).cloned());
        }
    }
    addresses
}

/// The Pod and Service that answer.
fn solver(walk: &mut Walk<'_>, depth: usize, challenge: &Challenge<'_>, is_patient: bool) {
    let Some(service) = challenge.owned(walk, "Service").map(reference) else { return };
    let ready = ready_endpoints(walk, &challenge.namespace, &service.name);
    let pod = challenge.owned(walk, "Pod");
    let words = pod.and_then(|pod| {
        let typed = serde_json::from_value(pod.clone()).ok()?;
        crate::domain::rollout::obstacle(&typed).map(|it| format!("{it}: {}", it.words))
    });
    match ready {
        Some(0) => {
            walk.link(depth, &service, LinkState::Failing, "no ready endpoint");
            if is_patient {
                return;
            }
            let mut seen = vec![evidence(&service, "endpoints", "none is ready")];
            seen.extend(pod.zip(words).map(|(pod, words)| evidence(reference(pod), "status", words)));
            seen.push(challenge.reason());
            walk.fails(Cause::SolverNotServing, &service, seen, "");
        }
        Some(ready) => walk.link(depth, &service, LinkState::Ok, format!("{ready} ready")),
        None => walk.link(depth, &service, LinkState::Unknown, ""),
    }
}

/// Whether CAA records let the issuer's CA issue for the names of a Certificate.
pub fn caa(walk: &mut Walk<'_>, certificate: &Value, issuer: Option<&Value>) {
    let Some(issuer) = issuer else { return };
    let url = text(issuer, "/spec/acme/server").unwrap_or_default();
    let Some(Answer::Told(directory)) = walk.seen.directories.get(url) else { return };
    if directory.caa_identities.is_empty() {
        return;
    }
    let account_url = text(issuer, "/status/acme/uri");
    let names = certificate.pointer("/spec/dnsNames").and_then(Value::as_array).into_iter().flatten();
    for name in names.filter_map(Value::as_str) {
        let domain = name.trim_start_matches("*.");
        let Some(Answer::Told(answer)) = walk.seen.caa.get(domain) else { continue };
        let method = method(walk, domain);
        let wanted = caa::Request {
            wildcard: name.starts_with("*."),
            identities: &directory.caa_identities,
            account_url,
            method: method.as_deref(),
        };
        let set = answer.set();
        let Err(objection) = caa::check(&set, &wanted) else { continue };
        let records = set.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let seen = vec![
            evidence(format!("CAA {}", answer.at), "records", records),
            evidence(format!("ACME directory {url}"), "meta.caaIdentities", directory.caa_identities.join(", ")),
        ];
        let remedy = caa::remedy(&objection, &answer.at, &set, &wanted);
        walk.fails(cause_of_objection(&objection), name, seen, remedy);
    }
}

/// By which method a name is proved, as far as a Challenge shows it.
fn method(walk: &Walk<'_>, domain: &str) -> Option<String> {
    let mut challenges = walk.seen.all("Challenge", None);
    let found = challenges.find(|it| text(it, "/spec/dnsName") == Some(domain))?;
    text(found, "/spec/type").map(str::to_ascii_lowercase)
}

fn cause_of_objection(objection: &Objection) -> Cause {
    match objection {
        Objection::Critical(_) | Objection::Issuer(_) => Cause::CaaForbids,
        Objection::Account(_) | Objection::Method(_) => Cause::CaaAccount,
    }
}
