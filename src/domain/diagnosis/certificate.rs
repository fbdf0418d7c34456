//! Certificates of cert-manager: from the Certificate down to the challenge.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;

use super::cause::Cause;
use super::challenge;
use super::installation;
use super::issuer;
use super::report::{Health, LinkState, Report, Severity};
use super::snapshot::{Seen, Snapshot, text};
use super::walk::{CERT_MANAGER, Walk, age, condition, evidence, owner_uid, reference, since, uid};

/// How long one step may take without anything being wrong, in seconds.
const PATIENCE: i64 = 20;

/// The annotations by which cert-manager knows what is whose.
const CERTIFICATE_NAME: &str = "/metadata/annotations/cert-manager.io~1certificate-name";
const REVISION: &str = "/metadata/annotations/cert-manager.io~1certificate-revision";

/// Diagnoses a Certificate.
pub fn certificate(seen: &Snapshot, namespace: &str, name: &str) -> Report {
    let object = ObjectRef::namespaced(CERT_MANAGER, "Certificate", namespace, name);
    let mut walk = Walk::new(seen, &object);
    if installation::look(&mut walk, Some(namespace)) {
        return walk.report(Health::Failing);
    }
    let found = match walk.subject(&object) {
        Ok(found) => found,
        Err(health) => return walk.report(health),
    };
    let is_ready = itself(&mut walk, &object, found);
    secret(&mut walk, &object, found);
    let issuer = issuer_of(&mut walk, &object, found);
    if !is_ready {
        request(&mut walk, &object, found);
    }
    challenge::caa(&mut walk, found, issuer);
    if is_ready {
        walk.soften();
        return walk.report(Health::Healthy);
    }
    let is_young = last_step(seen, namespace, found).is_some_and(|age| age < PATIENCE);
    if !is_young && !walk.has(Severity::Failure) {
        from_log(&mut walk, &object, found);
    }
    walk.report_failing(is_young)
}

/// What the Certificate says of itself; whether it is ready.
fn itself(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) -> bool {
    let ready = condition(found, "Ready").unwrap_or_default();
    let is_ended = text(found, "/status/notAfter").filter(|end| since(walk.seen, end).is_some_and(|age| age > 0));
    if let Some(end) = is_ended {
        let seen = vec![evidence(object, "status.notAfter", end)];
        walk.link(0, object, LinkState::Failing, format!("ended {end}"));
        walk.fails(Cause::CertificateEnded, object, seen, "");
        return false;
    }
    if ready.is_true() {
        let until = text(found, "/status/notAfter").unwrap_or("?");
        walk.link(0, object, LinkState::Ok, format!("ready, valid until {until}"));
        return true;
    }
    let issuing = condition(found, "Issuing").unwrap_or_default();
    let words = [&ready.message, &issuing.message].into_iter().find(|it| !it.is_empty()).cloned().unwrap_or_default();
    let state = if issuing.status == "False" { LinkState::Failing } else { LinkState::Waiting };
    walk.link(0, object, state, words);
    let is_unfit = |it: &str| it == "SecretMismatch";
    let policy = text(found, "/spec/privateKey/rotationPolicy").unwrap_or("Never");
    if policy == "Never" && (is_unfit(&ready.reason) || is_unfit(&issuing.reason)) {
        let mut seen = vec![ready.evidence(object, "Ready")];
        let event = walk.seen.events(object).into_iter().rev().find(|it| it.reason == "CannotRegenerateKey");
        seen.extend(event.map(|it| evidence(object, "event CannotRegenerateKey", it.message.unwrap_or_default())));
        walk.fails(Cause::KeyUnfit, object, seen, "");
    }
    backing_off(walk, object, found);
    false
}

/// Whether it waits after a failure: an hour, doubled each time (cert-manager, `trigger` controller).
fn backing_off(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let Some(failed) = text(found, "/status/lastFailureTime") else { return };
    let attempts = found.pointer("/status/failedIssuanceAttempts").and_then(Value::as_i64).unwrap_or(1).max(1);
    let hours = 1_i64 << (attempts - 1).min(5);
    let Some(passed) = since(walk.seen, failed).filter(|passed| *passed < hours * 3600) else { return };
    let left = (hours * 3600 - passed) / 60;
    let seen = vec![
        evidence(object, "status.lastFailureTime", format!("{failed}, {attempts} failed; next try in {left} min"))
            .at(Some(failed)),
    ];
    walk.finds(Severity::Note, Cause::BackingOff, object, seen, "");
}

/// The Secret that is to be written, and who else wants it.
fn secret(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let Some(name) = text(found, "/spec/secretName") else { return };
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let secret = ObjectRef::secret(namespace, name);
    let others: Vec<_> = walk
        .seen
        .all("Certificate", Some(namespace))
        .filter(|it| text(it, "/spec/secretName") == Some(name) && uid(it) != uid(found))
        .map(reference)
        .collect();
    for other in others {
        let seen = vec![evidence(&other, "spec.secretName", name), evidence(object, "spec.secretName", name)];
        walk.fails(Cause::SecretShared, &secret, seen, "");
    }
    match walk.get(&secret) {
        Seen::Found(it) => existing_secret(walk, object, &secret, it),
        Seen::Absent => walk.link(1, &secret, LinkState::Absent, "not written yet"),
        Seen::Unread(_) | Seen::NotAsked => walk.link(1, &secret, LinkState::Unknown, ""),
    }
}

fn existing_secret(walk: &mut Walk<'_>, object: &ObjectRef, secret: &ObjectRef, found: &Value) {
    if found.get("immutable").and_then(Value::as_bool) == Some(true) {
        walk.link(1, secret, LinkState::Failing, "immutable");
        walk.fails(Cause::SecretImmutable, secret, vec![evidence(secret, "immutable", "true")], "");
        return;
    }
    let of_another = text(found, CERTIFICATE_NAME).filter(|name| *name != object.name);
    let owner = text(found, "/metadata/labels/app.kubernetes.io~1managed-by").filter(|it| *it != "cert-manager");
    let kind = text(found, "/type").filter(|kind| *kind != "kubernetes.io/tls" && *kind != "Opaque");
    let seen = match (of_another, owner, kind) {
        (Some(name), _, _) => evidence(secret, "metadata.annotations[cert-manager.io/certificate-name]", name),
        (_, Some(owner), _) => evidence(secret, "metadata.labels[app.kubernetes.io/managed-by]", owner),
        (_, _, Some(kind)) => evidence(secret, "type", kind),
        _ => return walk.link(1, secret, LinkState::Ok, "exists"),
    };
    walk.link(1, secret, LinkState::Failing, format!("{} {}", seen.field, seen.text));
    walk.fails(Cause::SecretOfAnother, secret, vec![seen], "");
}

/// The issuer that the Certificate names, if it exists.
fn issuer_of<'a>(walk: &mut Walk<'a>, object: &ObjectRef, found: &'a Value) -> Option<&'a Value> {
    let name = text(found, "/spec/issuerRef/name")?;
    let kind = text(found, "/spec/issuerRef/kind").unwrap_or("Issuer");
    let group = text(found, "/spec/issuerRef/group").unwrap_or("cert-manager.io");
    if group != "cert-manager.io" || !matches!(kind, "Issuer" | "ClusterIssuer") {
        walk.link(1, format!("{kind}.{group} {name}"), LinkState::Unknown, "an issuer of another group");
        return None;
    }
    let namespace = object.namespace.as_deref().filter(|_| kind == "Issuer");
    let issuer = issuer::reference_of(namespace, name);
    match walk.get(&issuer) {
        Seen::Found(it) => {
            issuer::look(walk, 1, it);
            Some(it)
        }
        Seen::Absent => {
            walk.link(1, &issuer, LinkState::Absent, "");
            let seen = vec![
                evidence(object, "spec.issuerRef", format!("{kind} {name}")),
                evidence(&issuer, "metadata.name", "not found"),
            ];
            let remedy = other_kind(walk, object, kind, name);
            walk.fails(Cause::IssuerNotFound, &issuer, seen, remedy);
            None
        }
        Seen::Unread(_) | Seen::NotAsked => {
            walk.link(1, &issuer, LinkState::Unknown, "");
            None
        }
    }
}

/// What is there in place of an issuer that is not: one of the same name and another kind, or one that is written nearly so.
fn other_kind(walk: &Walk<'_>, object: &ObjectRef, kind: &str, name: &str) -> String {
    let other = if kind == "Issuer" {
        issuer::reference_of(None, name)
    } else {
        issuer::reference_of(object.namespace.as_deref(), name)
    };
    if walk.seen.get(&other).found().is_some() {
        return format!("set `issuerRef.kind` to `{}`: there is a {other}", other.kind);
    }
    let namespace = object.namespace.as_deref().filter(|_| kind == "Issuer");
    let known: Vec<String> = walk.seen.all(kind, namespace).map(|it| reference(it).name).collect();
    if known.is_empty() {
        return String::new();
    }
    format!("correct `issuerRef.name` (there is {kind} {}), or make the issuer", known.join(", "))
}

/// The newest `CertificateRequest` of a Certificate.
fn newest_request<'a>(seen: &'a Snapshot, namespace: &'a str, certificate: &Value) -> Option<&'a Value> {
    let name = text(certificate, "/metadata/name");
    let of_this = |it: &&Value| owner_uid(it, "Certificate") == uid(certificate) || text(it, CERTIFICATE_NAME) == name;
    let revision = |it: &Value| text(it, REVISION).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let made = |it: &Value| text(it, "/metadata/creationTimestamp").unwrap_or_default().to_owned();
    seen.all("CertificateRequest", Some(namespace)).filter(of_this).max_by_key(|it| (revision(it), made(it)))
}

/// What belongs to an owner.
fn owned<'a>(seen: &'a Snapshot, kind: &'a str, namespace: &'a str, owner: &'a Value) -> Vec<&'a Value> {
    let owner_kind = owner.get("kind").and_then(Value::as_str).unwrap_or_default();
    seen.all(kind, Some(namespace))
        .filter(|it| uid(owner).is_some() && owner_uid(it, owner_kind) == uid(owner))
        .collect()
}

/// The age of the newest object on the way.
fn last_step(seen: &Snapshot, namespace: &str, certificate: &Value) -> Option<i64> {
    let request = newest_request(seen, namespace, certificate);
    let order = request.and_then(|it| owned(seen, "Order", namespace, it).into_iter().next());
    let challenge = order.and_then(|it| owned(seen, "Challenge", namespace, it).into_iter().next());
    [Some(certificate), request, order, challenge].into_iter().flatten().filter_map(|it| age(seen, it)).min()
}

fn request(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let Some(request) = newest_request(walk.seen, namespace, found) else {
        none_seen(walk, 1, "CertificateRequest", namespace);
        return;
    };
    let request_object = reference(request);
    let ready = condition(request, "Ready").unwrap_or_default();
    let words = format!("{} {}", ready.reason, ready.message);
    let state = match (ready.status.as_str(), ready.reason.as_str()) {
        ("True", _) => LinkState::Ok,
        (_, "Failed" | "Denied") => LinkState::Failing,
        _ => LinkState::Waiting,
    };
    walk.link(1, &request_object, state, words.trim());
    if judged_by_approver(walk, &request_object, request, found) {
        return;
    }
    if let Some(order) = owned(walk.seen, "Order", namespace, request).into_iter().next() {
        self::order(walk, namespace, order);
    }
}

/// Notes that there is no object of a kind; whether that is known.
fn none_seen(walk: &mut Walk<'_>, depth: usize, kind: &str, namespace: &str) -> bool {
    let is_known = walk.seen.is_listed(kind, Some(namespace));
    if is_known {
        walk.link(depth, kind, LinkState::Absent, "none was made");
    } else {
        walk.link(depth, kind, LinkState::Unknown, "could not be listed");
        walk.unread(&format!("{kind} {namespace}: whether there is one is not known"));
    }
    is_known
}

/// Whether the request goes no further for want of an approval or of anybody who serves its issuer.
fn judged_by_approver(walk: &mut Walk<'_>, object: &ObjectRef, request: &Value, certificate: &Value) -> bool {
    for kind in ["Denied", "InvalidRequest"] {
        if let Some(denied) = condition(request, kind).filter(super::walk::Condition::is_true) {
            walk.fails(Cause::RequestDenied, object, vec![denied.evidence(object, kind)], "");
            return true;
        }
    }
    if age(walk.seen, request).is_none_or(|age| age < PATIENCE) {
        return false;
    }
    let group = text(certificate, "/spec/issuerRef/group").unwrap_or("cert-manager.io");
    if group != "cert-manager.io" && condition(request, "Ready").is_none() {
        let seen = vec![
            evidence(reference(certificate), "spec.issuerRef.group", group),
            evidence(object, "status.conditions", "none"),
        ];
        walk.fails(Cause::IssuerGroupUnknown, object, seen, "");
        return true;
    }
    if condition(request, "Approved").is_none() && condition(request, "Ready").is_none() {
        let seen = vec![evidence(object, "status.conditions[Approved]", "none")];
        walk.fails(Cause::NotApproved, object, seen, "");
        return true;
    }
    false
}

fn order(walk: &mut Walk<'_>, namespace: &str, order: &Value) {
    let object = reference(order);
    let (state, reason) = (text(order, "/status/state").unwrap_or(""), text(order, "/status/reason").unwrap_or(""));
    let link = match state {
        "valid" => LinkState::Ok,
        "errored" | "invalid" | "expired" => LinkState::Failing,
        _ => LinkState::Waiting,
    };
    walk.link(2, &object, link, format!("{state} {reason}").trim().to_owned());
    let challenges = owned(walk.seen, "Challenge", namespace, order);
    if !reason.is_empty() {
        let seen = vec![evidence(&object, "status.reason", reason).at(text(order, "/status/failureTime"))];
        walk.fails(challenge::cause_of_refusal(reason).unwrap_or(Cause::OrderFailed), &object, seen, "");
    }
    if challenges.is_empty() && link == LinkState::Waiting {
        without_challenge(walk, namespace, &object, order);
    }
    for it in challenges {
        challenge::look(walk, 3, it);
    }
}

/// An Order that waits without a Challenge has no solver; the event that says so ends after an hour.
fn without_challenge(walk: &mut Walk<'_>, namespace: &str, object: &ObjectRef, order: &Value) {
    let is_known = none_seen(walk, 3, "Challenge", namespace);
    let event = walk.seen.events(object).into_iter().rev().find(|it| it.reason == "Solver");
    let is_stuck = is_known
        && text(order, "/status/state") == Some("pending")
        && order.pointer("/status/authorizations").is_some()
        && age(walk.seen, order).is_some_and(|age| age > PATIENCE);
    let mut seen = Vec::new();
    if let Some(event) = &event {
        seen.push(
            evidence(object, "event Solver", event.message.as_deref().unwrap_or_default())
                .at(event.last_timestamp.as_deref()),
        );
    }
    if event.is_some() || is_stuck {
        let names = order.pointer("/spec/dnsNames").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<_> = names.filter_map(Value::as_str).collect();
        seen.push(evidence(object, "status.state", format!("pending without a Challenge for {}", names.join(", "))));
        walk.fails(Cause::SolverMissing, object, seen, "");
    }
}

/// What only the controller's log says.
fn from_log(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let secret = text(found, "/spec/secretName").unwrap_or("\u{0}");
    let tells = |line: &&String| line.contains(&object.name) || line.contains(secret);
    let line = walk.seen.logs.iter().find_map(|(place, lines)| Some((place, lines.iter().rev().find(tells)?)));
    if let Some((place, line)) = line {
        let is_of_secret = line.contains("field is immutable when `immutable` is set");
        let cause = if is_of_secret { Cause::SecretImmutable } else { Cause::Unexplained };
        walk.fails(cause, object, vec![evidence(format!("log of {place}"), "last words", line)], "");
    }
}
