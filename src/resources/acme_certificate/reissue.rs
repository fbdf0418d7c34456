//! Whether a plan issues anew, and why.

use jiff::Timestamp;

use crate::domain::certificate_name::canonical;
use crate::provider::Cx;
use crate::resources::acme_account::{is_other_directory, plan_directory};
use crate::sdk::{Plan, Seen, Set, Value, View};

/// What a new certificate changes.
const ISSUED: [&str; 10] = [
    "certificate_pem",
    "chain_pem",
    "fullchain_pem",
    "serial_number",
    "fingerprint_sha256",
    "issuer",
    "not_before",
    "not_after",
    "renew_at",
    "renewal_reason",
];

/// Attributes that stand in the certificate, beside its names and its CA.
const IN_CERTIFICATE: [&str; 5] = ["common_name", "key_type", "csr_pem", "profile", "preferred_chain"];

/// Refines a plan: what is issued is left open exactly when something is issued.
pub fn plan(cx: &Cx, plan: &mut Plan<'_>) {
    plan_directory(cx, plan);
    let keeps_key = plan.planned().truth("private_key_in_state");
    if keeps_key == Some(false) {
        plan.set("private_key_pem", Value::Null);
    }
    if plan.is_create() {
        return;
    }
    if is_due(plan, cx.clock().now()) {
        plan.leave_open(&ISSUED);
        if keeps_key != Some(false) {
            plan.leave_open(&["private_key_pem"]);
        }
        return;
    }
    if plan.changes("renewal") {
        plan.leave_open(&["renew_at", "renewal_reason"]);
    }
    if keeps_key != Some(false) && plan.changes("private_key_in_state") {
        plan.leave_open(&["private_key_pem"]);
    }
}

fn is_due(plan: &Plan<'_>, now: Timestamp) -> bool {
    let prior = plan.prior();
    let never_finished = prior.text("serial_number").is_none();
    let renewal_is_due = prior.text("renew_at").and_then(|at| at.parse::<Timestamp>().ok()).is_some_and(|at| at <= now);
    never_finished || renewal_is_due || other_names(prior, plan.planned()) || other_content(plan)
}

fn other_names(prior: View<'_>, planned: View<'_>) -> bool {
    match (prior.read::<Set<String>>("dns_names"), planned.read::<Set<String>>("dns_names")) {
        (Some(before), Some(after)) => {
            canonical(before.iter().map(String::as_str)) != canonical(after.iter().map(String::as_str))
        }
        _ => true,
    }
}

fn other_content(plan: &Plan<'_>) -> bool {
    is_other_directory(plan) || IN_CERTIFICATE.iter().any(|name| differs(plan, name))
}

/// Whether an attribute changes; what an import could not know is no change.
fn differs(plan: &Plan<'_>, name: &str) -> bool {
    let is_imported = plan.prior().at("directory_url").is_null();
    let was_unknown_to_import = is_imported && matches!(plan.prior().at(name), Seen::Null);
    plan.changes(name) && !was_unknown_to_import
}
