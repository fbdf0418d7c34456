//! Whether a plan issues anew, and why.

use jiff::Timestamp;

use crate::domain::certificate::{Chain, Request};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::acme_account::{is_other_directory, plan_directory};
use crate::sdk::{Plan, Seen, Set, Value, View};

use super::import;
use super::model::Certificate;
use super::revoke;

/// What a new certificate changes.
const ISSUED: [&str; 11] = [
    "certificate_pem",
    "chain_pem",
    "fullchain_pem",
    "serial_number",
    "fingerprint_sha256",
    "issuer",
    "issued_profile",
    "not_before",
    "not_after",
    "renew_at",
    "renewal_reason",
];

/// Attributes that stand in the certificate, beside its names and its CA.
const IN_CERTIFICATE: [&str; 7] =
    ["common_name", "key_type", "csr_pem", "profile", "preferred_chain", "must_staple", "order"];

/// Refines a plan: what is issued is left open exactly when something is issued, and drift is planned to go.
pub fn plan(cx: &Cx, plan: &mut Plan<'_>) {
    plan_issue(cx, plan);
    let found = plan.prior().at("drift").known().and_then(Value::elements);
    let has_drifted = found.is_some_and(|found| !found.is_empty());
    if plan.is_create() || plan.is_change() || has_drifted {
        plan.set("drift", Value::List(Vec::new()));
    }
}

fn plan_issue(cx: &Cx, plan: &mut Plan<'_>) {
    plan_directory(cx, plan);
    revoke::plan(plan);
    let keeps_key = plan.planned().truth("private_key_in_state");
    if keeps_key == Some(false) {
        plan.set("private_key_pem", Value::Null);
    }
    if plan.is_create() {
        keep_what_stays(plan);
        return;
    }
    let lacks_key = lacks_key(plan);
    if lacks_key {
        plan.warn(&key_is_nowhere());
    }
    if lacks_key || is_due(plan, cx.clock().now()) {
        plan.leave_open(&ISSUED);
        keep_what_stays(plan);
        if keeps_key != Some(false) {
            plan.leave_open(&["private_key_pem"]);
        }
        return;
    }
    warn_of_a_lost_one(plan, cx.clock().now());
    if plan.prior().at("issued_profile").is_null() {
        // Nobody told it when this one was issued.
        plan.set("issued_profile", Value::Null);
    }
    if plan.changes("renewal") || plan.changes("kubernetes_secret") {
        plan.leave_open(&["renew_at", "renewal_reason"]);
    }
    if keeps_key != Some(false) && plan.changes("private_key_in_state") {
        plan.leave_open(&["private_key_pem"]);
    }
}

/// What is known of a certificate before it is issued.
fn keep_what_stays(plan: &mut Plan<'_>) {
    if let Some(profile) = plan.planned().text("profile").map(str::to_owned) {
        plan.set("issued_profile", Value::from(profile));
    }
}

fn is_due(plan: &Plan<'_>, now: Timestamp) -> bool {
    let prior = plan.prior();
    let never_finished = prior.text("serial_number").is_none();
    // With an order of its own resource, that resource tells when there is a new one.
    let renews_itself = plan.planned().at("order").is_null();
    let renewal_is_due = renews_itself && has_come(prior, now);
    never_finished || renewal_is_due || is_wished(plan) || other_names(prior, plan.planned()) || other_content(plan)
}

/// Whether values that stand for a new certificate change: the first ones stand for the present one.
fn is_wished(plan: &Plan<'_>) -> bool {
    let (before, now) = (plan.prior().at("renew_triggers"), plan.planned().at("renew_triggers"));
    !before.is_null() && !now.is_null() && plan.changes("renew_triggers")
}

/// With an order of its own resource nothing can be done here about a certificate that is lost but to tell.
fn warn_of_a_lost_one(plan: &mut Plan<'_>, now: Timestamp) {
    if plan.planned().at("order").is_null() || !has_come(plan.prior(), now) {
        return;
    }
    let reason = plan.prior().text("renewal_reason").unwrap_or_default().to_owned();
    let told = Explanation::new("BERTH-ACME-061", "The certificate must be made anew, which its order decides")
        .said("the provider", reason)
        .next("apply; if the order is not made anew by itself, have it made with `-replace`")
        .at("order");
    plan.warn(&told);
}

fn has_come(prior: View<'_>, now: Timestamp) -> bool {
    prior.text("renew_at").and_then(|at| at.parse::<Timestamp>().ok()).is_some_and(|at| at <= now)
}

fn other_names(prior: View<'_>, planned: View<'_>) -> bool {
    match (names(prior), names(planned)) {
        (Some(before), Some(after)) => before != after,
        _ => true,
    }
}

/// Names and addresses; `None` if they are not all known.
fn names(view: View<'_>) -> Option<Vec<String>> {
    let dns_names = view.read::<Set<String>>("dns_names")?;
    let ip_addresses = match view.at("ip_addresses") {
        Seen::Null => None,
        _ => Some(view.read::<Set<String>>("ip_addresses")?),
    };
    Some(Certificate { dns_names, ip_addresses, ..Certificate::default() }.names())
}

/// Whether the certificate was imported without its key, and the configuration has a place for that.
fn lacks_key(plan: &mut Plan<'_>) -> bool {
    if is_imported(plan) && !import::has_noted_key(plan.private()) {
        let (prior, planned) = (plan.prior(), plan.planned());
        let has_home =
            planned.at("kubernetes_secret").is_given() || planned.truth("private_key_in_state") == Some(true);
        return has_home && prior.at("kubernetes_secret").is_null() && prior.at("private_key_pem").is_null();
    }
    false
}

fn key_is_nowhere() -> Explanation {
    Explanation::new("BERTH-ACME-076", "The imported certificate comes without its key, and is issued anew")
        .next("to keep it, forget it with a `removed` block or `state rm`, and import it as `file:CHAIN,key=KEY`, or by the Secret that holds both as `NAMESPACE/NAME`")
        .at("kubernetes_secret")
}

fn is_imported(plan: &Plan<'_>) -> bool {
    !plan.is_create() && plan.prior().at("directory_url").is_null()
}

fn other_content(plan: &Plan<'_>) -> bool {
    is_other_directory(plan) || IN_CERTIFICATE.iter().any(|name| differs(plan, name))
}

/// Whether an attribute changes; what an import could not know is no change, but a request for another key is one.
fn differs(plan: &Plan<'_>, name: &str) -> bool {
    // With a request of the user's, that tells the kind of key.
    if !plan.changes(name) || (name == "key_type" && plan.planned().at("csr_pem").is_given()) {
        return false;
    }
    let was_unknown_to_import = is_imported(plan) && plan.prior().at(name).is_null();
    if was_unknown_to_import && name == "csr_pem" {
        return !is_for_present_key(plan);
    }
    !was_unknown_to_import
}

/// Whether the signing request is for the key that the certificate has.
fn is_for_present_key(plan: &Plan<'_>) -> bool {
    let request = plan.planned().text("csr_pem").and_then(|text| Request::parse(text).ok());
    let chain = plan.prior().text("fullchain_pem").and_then(|text| Chain::parse(text).ok());
    request.zip(chain).is_some_and(|(request, chain)| request.public_key == chain.facts.public_key)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;
    use crate::env::Env;
    use crate::provider::{Berth, Config};
    use crate::resources::acme_certificate::model::destination::Destination;
    use crate::retry::Budget;
    use crate::sdk::{Model as _, Private, Provider as _, Schema, Settings};

    const NOW: &str = "2026-11-21T06:00:00Z";

    fn cx() -> Cx {
        let settings = Settings { model: Config::default(), unknown: Vec::new() };
        let berth = Arc::new(Berth::configure(settings, &Env::default()).unwrap());
        let budget = Budget::uninterrupted(Duration::from_secs(1));
        Cx::new(berth, budget, Clock::fixed(NOW.parse().unwrap()), Private::default())
    }

    fn issued() -> Certificate {
        let mut model = Certificate {
            dns_names: Set(vec!["a.example".to_owned()]),
            key_type: "ecdsa-p256".to_owned(),
            key_rotation: "always".to_owned(),
            ..Certificate::default()
        };
        model.directory_url.set("https://ca/dir".to_owned());
        model.serial_number.set("07".to_owned());
        model.renew_at.set("2027-01-01T00:00:00Z".to_owned());
        model.private_key_pem.set(None);
        model.kubernetes_secret =
            Some(Destination { namespace: "a".to_owned(), name: "b".to_owned(), ..Destination::default() });
        model
    }

    /// Whether the plan from `prior` to `wanted` leaves the serial number open.
    fn issues(prior: &Certificate, wanted: &Certificate) -> bool {
        let schema = Schema { version: 0, description: String::new(), attributes: Certificate::attributes() };
        let (prior, wanted) = (prior.encode(), wanted.encode());
        let mut drawn = Plan::new(&schema, wanted.clone(), Some(prior), wanted, Private::default());
        plan(&cx(), &mut drawn);
        drawn.planned().at("serial_number").is_unknown()
    }

    fn with(change: impl FnOnce(&mut Certificate)) -> Certificate {
        let mut model = issued();
        change(&mut model);
        model
    }

    fn triggered(value: &str) -> Certificate {
        with(|m| m.renew_triggers = Some([("key".to_owned(), value.to_owned())].into()))
    }

    #[test]
    fn what_stands_in_the_certificate_issues_anew_and_nothing_else_does() {
        let cases = vec![
            ("nothing", with(|_| {}), false),
            ("the spelling of a name", with(|m| m.dns_names = Set(vec!["A.Example.".to_owned()])), false),
            ("a name", with(|m| m.dns_names.0.push("b.example".to_owned())), true),
            ("the CA", with(|m| m.directory_url.set("https://other/dir".to_owned())), true),
            ("the kind of key", with(|m| m.key_type = "rsa-2048".to_owned()), true),
            ("the profile", with(|m| m.profile = Some("shortlived".to_owned())), true),
            ("the chain", with(|m| m.preferred_chain = Some("Root X2".to_owned())), true),
            ("stapling", with(|m| m.must_staple = true), true),
            ("an address", with(|m| m.ip_addresses = Some(Set(vec!["192.0.2.7".to_owned()]))), true),
            ("another order", with(|m| m.order = Some("https://ca/o/2".to_owned())), true),
            ("the account", with(|m| m.account_url = Some("https://ca/acct/2".to_owned())), false),
            ("key rotation", with(|m| m.key_rotation = "never".to_owned()), false),
            ("revocation", with(|m| m.revoke_on_destroy = true), false),
            ("the first triggers", triggered("1"), false),
        ];
        for (name, wanted, expected) in cases {
            assert_eq!(issues(&issued(), &wanted), expected, "{name}");
        }
        assert!(issues(&triggered("1"), &triggered("2")), "another trigger");
        assert!(!issues(&triggered("1"), &triggered("1")) && !issues(&triggered("1"), &issued()), "no other trigger");
    }

    #[test]
    fn a_moment_that_came_and_an_unfinished_certificate_issue_anew() {
        let due = with(|m| m.renew_at.set(NOW.to_owned()));
        assert!(issues(&due, &due));
        let by_order = with(|m| (m.order, m.renew_at) = (Some("https://ca/o/1".to_owned()), due.renew_at.clone()));
        assert!(!issues(&by_order, &by_order), "its order decides");
        let unfinished = with(|m| m.serial_number.set(None));
        assert!(issues(&unfinished, &unfinished));
    }

    #[test]
    fn an_import_does_not_know_its_ca_and_issues_nothing() {
        let imported = with(|m| m.directory_url.set(None));
        let declared = with(|m| m.profile = Some("default".to_owned()));
        assert!(!issues(&imported, &declared));
    }

    fn drift_of_a_plan(prior: &Certificate) -> (bool, bool) {
        let schema = Schema { version: 0, description: String::new(), attributes: Certificate::attributes() };
        let mut drawn = Plan::new(&schema, prior.encode(), Some(prior.encode()), prior.encode(), Private::default());
        plan(&cx(), &mut drawn);
        (drawn.is_change(), drawn.planned().at("serial_number").is_unknown())
    }

    #[test]
    fn what_lacks_in_a_secret_is_an_update_without_a_new_certificate() {
        assert_eq!(drift_of_a_plan(&with(|m| m.drift.set(Vec::new()))), (false, false));
        assert_eq!(drift_of_a_plan(&with(|m| m.drift.set(vec!["it is gone".to_owned()]))), (true, false));
    }

    #[test]
    fn an_import_is_kept_where_its_key_can_be() {
        let key = rcgen::KeyPair::generate().unwrap();
        let other = rcgen::KeyPair::generate().unwrap();
        let named = || rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
        let chain = Chain::parse(&named().self_signed(&key).unwrap().pem()).unwrap();
        let mut imported = Certificate::existing(&chain);
        imported.renew_at.set("2027-01-01T00:00:00Z".to_owned());
        let wanted = |change: &dyn Fn(&mut Certificate)| {
            let mut model = imported.clone();
            model.directory_url.set("https://ca/dir".to_owned());
            change(&mut model);
            model
        };
        let request = |key: &rcgen::KeyPair| named().serialize_request(key).unwrap().pem().unwrap();
        assert!(!issues(&imported, &wanted(&|m| m.csr_pem = Some(request(&key)))));
        assert!(issues(&imported, &wanted(&|m| m.csr_pem = Some(request(&other)))), "for another key");
        let of_a_request = wanted(&|m| (m.csr_pem, m.key_type) = (Some(request(&key)), "rsa-2048".to_owned()));
        assert!(!issues(&imported, &of_a_request), "the request tells the kind of key");
        assert!(issues(&imported, &wanted(&|m| m.private_key_in_state = true)), "its key is nowhere");
        let home = || Some(Destination { namespace: "a".to_owned(), name: "b".to_owned(), ..Destination::default() });
        assert!(issues(&imported, &wanted(&|m| m.kubernetes_secret = home())), "its key is nowhere");
    }
}
