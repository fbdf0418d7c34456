//! Issuers: why one is not ready.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;

use super::cause::Cause;
use super::installation;
use super::report::{Evidence, Health, LinkState, Report};
use super::snapshot::{Answer, Snapshot, text};
use super::walk::{CERT_MANAGER, Walk, age, condition, evidence, reference};

/// How long a new issuer may have no condition, in seconds.
const PATIENCE: i64 = 20;

/// Diagnoses an Issuer, or a `ClusterIssuer` if there is no namespace.
pub fn issuer(seen: &Snapshot, namespace: Option<&str>, name: &str) -> Report {
    let object = reference_of(namespace, name);
    let mut walk = Walk::new(seen, &object);
    if installation::look(&mut walk, namespace) {
        return walk.report(Health::Failing);
    }
    let found = match walk.subject(&object) {
        Ok(found) => found,
        Err(health) => return walk.report(health),
    };
    if look(&mut walk, 0, found) {
        walk.soften();
        return walk.report(Health::Healthy);
    }
    let is_young = age(seen, found).is_some_and(|age| age < PATIENCE);
    walk.report_failing(is_young)
}

/// What an issuer's reference means.
pub fn reference_of(namespace: Option<&str>, name: &str) -> ObjectRef {
    match namespace {
        Some(namespace) => ObjectRef::namespaced(CERT_MANAGER, "Issuer", namespace, name),
        None => ObjectRef::of_cluster(CERT_MANAGER, "ClusterIssuer", name),
    }
}

/// Notes how an issuer is, and why it is not ready; whether it is.
pub fn look(walk: &mut Walk<'_>, depth: usize, found: &Value) -> bool {
    let object = reference(found);
    let ready = condition(found, "Ready");
    match &ready {
        Some(condition) if condition.is_true() => {
            walk.link(depth, &object, LinkState::Ok, "ready");
            return true;
        }
        Some(condition) => {
            walk.link(depth, &object, LinkState::Failing, format!("{}: {}", condition.reason, condition.message));
        }
        None => walk.link(depth, &object, LinkState::Waiting, "no condition yet"),
    }
    let url = text(found, "/spec/acme/server").unwrap_or_default();
    let Some(condition) = ready else {
        if url.contains("acme-v01.") {
            walk.fails(Cause::IssuerV1Endpoint, &object, vec![evidence(&object, "spec.acme.server", url)], "");
        }
        return false;
    };
    let words = format!("{} {}", condition.reason, condition.message);
    let cause = cause_of(&words);
    let mut seen = vec![condition.evidence(&object, "Ready")];
    if !url.is_empty() {
        seen.push(evidence(&object, "spec.acme.server", url));
    }
    seen.extend(directory(walk, url));
    walk.fails(cause, &object, seen, remedy(cause, url));
    false
}

/// What the CA's directory says when asked from here.
fn directory(walk: &Walk<'_>, url: &str) -> Option<Evidence> {
    let place = format!("ACME directory {url}");
    Some(match walk.seen.directories.get(url)? {
        Answer::Told(told) if told.external_account_required => evidence(place, "meta.externalAccountRequired", "true"),
        Answer::Told(_) => evidence(place, "asked from here", "answers as it should"),
        Answer::Failed(why) => evidence(place, "asked from here", why),
    })
}

/// The controller gives words only (`Failed to register ACME account: …`), so words must tell.
fn cause_of(words: &str) -> Cause {
    let any = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    let status = |class: char| {
        let after = words.split("Failed to register ACME account: ").nth(1).unwrap_or_default();
        let number = after.trim_start_matches("acme: ").get(..3).unwrap_or_default();
        number.starts_with(class) && number.bytes().all(|octet| octet.is_ascii_digit())
    };
    if any(&["set to a v1 endpoint"]) {
        Cause::IssuerV1Endpoint
    } else if any(&["x509:", "failed to verify certificate"]) {
        Cause::IssuerCaUntrusted
    } else if any(&["externalAccountRequired"]) {
        Cause::IssuerBindingMissing
    } else if any(&["urn:ietf:params:acme:error:"]) && !any(&["serverInternal", "rateLimited"]) {
        Cause::IssuerAccountRejected
    } else if any(&["rateLimited"]) {
        Cause::RateLimited
    } else if any(&["invalid character '<'", "no such host", "unsupported protocol scheme"]) || status('4') {
        Cause::IssuerUrlWrong
    } else if any(&["connection refused", "i/o timeout", "no route to host", "deadline exceeded", "EOF"]) || status('5')
    {
        Cause::IssuerUnreachable
    } else {
        Cause::IssuerNotReady
    }
}

fn remedy(cause: Cause, url: &str) -> String {
    match cause {
        Cause::IssuerV1Endpoint if url.contains("letsencrypt") => {
            format!("set `spec.acme.server` to `{}`", url.replace("acme-v01", "acme-v02"))
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_an_issuer_tell_its_cause() {
        let failed = "ErrRegisterACMEAccount Failed to register ACME account: ";
        for (words, cause) in [
            ("404 : 404 page not found", Cause::IssuerUrlWrong),
            ("503 : busy", Cause::IssuerUnreachable),
            ("403 urn:ietf:params:acme:error:externalAccountRequired: x", Cause::IssuerBindingMissing),
            ("403 urn:ietf:params:acme:error:unauthorized: no", Cause::IssuerAccountRejected),
            ("429 urn:ietf:params:acme:error:rateLimited: no", Cause::RateLimited),
            ("invalid character '<' looking for beginning of value", Cause::IssuerUrlWrong),
            ("Get \"u\": dial tcp: lookup h on 1:53: no such host", Cause::IssuerUrlWrong),
            ("Get \"u\": dial tcp 1:1: connect: connection refused", Cause::IssuerUnreachable),
            (
                "Get \"u\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Cause::IssuerCaUntrusted,
            ),
            ("what nobody has seen", Cause::IssuerNotReady),
        ] {
            assert_eq!(cause_of(&format!("{failed}{words}")), cause, "{words}");
        }
        assert_eq!(
            cause_of("InvalidConfig Your ACME server URL is set to a v1 endpoint (u)."),
            Cause::IssuerV1Endpoint
        );
    }
}
