//! A CA behind a network that fails: each apply ends right, and nothing is issued twice.

use std::fmt::Write as _;

use super::{Namespace, account, txt_values};
use crate::fault_proxy::Faults;
use crate::sandbox::value;
use crate::workspace::Workspace;

/// What is done to a fifth of the calls.
const KINDS: &str = "drop,lose,tear,delay,fail,fail-after,unavailable,later,page,good-page,shorten,old-nonce";
const STEPS: usize = 20;

/// The certificates at a step, with their kinds of key: two change every third and every fourth time, one comes and goes.
fn wanted(step: usize) -> Vec<(&'static str, &'static str)> {
    let kind = |even: bool| if even { "ecdsa-p256" } else { "ecdsa-p384" };
    let comes_and_goes = (step % 5 < 3).then_some(("c", kind(true)));
    [("a", kind((step / 3).is_multiple_of(2))), ("b", kind((step / 4).is_multiple_of(2)))]
        .into_iter()
        .chain(comes_and_goes)
        .collect()
}

fn configuration(ca: &Faults, namespace: &Namespace, step: usize) -> String {
    let provider = super::provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &ca.directory());
    let contacts = format!("ops{}@sandbox.test", step / 2);
    let mut text = provider + &account(namespace).replace("ops@sandbox.test", &contacts);
    for (name, kind) in wanted(step) {
        let domain = format!("{name}.{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        let certificate =
            super::certificate(namespace, &[&domain, &format!("*.{domain}")], "  profile = \"default\"\n");
        let own = certificate.replace("\"web\"", &format!("\"{name}\"")).replace("\"web-tls\"", &format!("\"{name}\""));
        write!(text, "{}", own.replace("  profile", &format!("  key_type = \"{kind}\"\n  profile"))).unwrap();
    }
    text
}

/// Every order was issued for once, by the CA's own log.
fn nothing_was_issued_twice(ca: &Faults) {
    let log = std::fs::read_to_string(format!("{}/log/pebble-short.log", value("SANDBOX_STATE_DIR"))).unwrap();
    for order in ca.issued() {
        assert_eq!(log.matches(&format!("for order {order}")).count(), 1, "order {order}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn twenty_applies_in_a_row_end_right_while_a_fifth_of_the_calls_to_the_ca_is_disturbed() {
    let namespace = Namespace::new("faulty");
    let disturbed = ["--share", "0.2", "--kinds", KINDS, "--delay", "0.3", "--seed", "20"];
    let ca = Faults::before_acme(&value("SANDBOX_ACME_SHORT_DIRECTORY"), &disturbed);
    let workspace = Workspace::new("");
    let mut issued = 0;
    for step in 0..STEPS {
        let before = if step == 0 { Vec::new() } else { wanted(step - 1) };
        issued += wanted(step).into_iter().filter(|one| !before.contains(one)).count();
        workspace.configure(&configuration(&ca, &namespace, step));
        workspace.apply().succeeds();
        assert_eq!(ca.issued().len(), issued, "step {step}");
        for (name, _) in wanted(step) {
            let record = format!("_acme-challenge.{name}.{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
            assert_eq!(txt_values(&value("SANDBOX_ZONE_ID"), &record), Vec::<String>::new(), "step {step}");
            assert!(namespace.secret(&format!("{name}-acme-order")).is_none(), "step {step}");
        }
        workspace.plan().changes_nothing();
    }
    nothing_was_issued_twice(&ca);
    workspace.destroy().succeeds();
    let (counts, all) = (ca.counts(), ca.answered().len());
    assert!(KINDS.split(',').all(|kind| counts.contains_key(kind)), "{counts:?}");
    let share = counts.values().sum::<usize>() * 100 / all;
    assert!((10..=40).contains(&share), "{counts:?} of {all}");
}

/// Every kind of call on the way to a certificate.
const CALLS: [&str; 10] = [
    "GET /dir",
    "HEAD /nonce-plz",
    "POST /sign-me-up",
    "POST /order-plz",
    "POST /authZ",
    "POST /chalZ",
    "POST /my-order",
    "POST /finalize-order",
    "POST /certZ",
    "renewalInfo",
];

#[test]
#[ignore = "needs the sandbox"]
fn every_answer_may_be_lost_once_and_one_certificate_is_issued() {
    for kind in ["lose", "fail-after", "shorten"] {
        let namespace = Namespace::new(&format!("lost-{kind}"));
        let mut ca = Faults::before_acme(&value("SANDBOX_ACME_SHORT_DIRECTORY"), &[]);
        // The first question is whether the account exists; the second makes it.
        ca.once("POST /sign-me-up:pass");
        for call in CALLS {
            ca.once(&format!("{call}:{kind}"));
        }
        let one = configuration(&ca, &namespace, 0);
        let end = one.find("resource \"berth_acme_certificate\" \"b\"").unwrap();
        let workspace = Workspace::new(&one[..end]);
        workspace.apply().succeeds();
        let lost = ca.counts().get(kind).copied();
        assert_eq!(lost, Some(CALLS.len()), "{:?}", ca.log());
        let orders = ca.answered().into_iter().filter(|line| line == "201 POST /order-plz").count();
        assert_eq!(
            (orders, ca.issued().len()),
            (2, 1),
            "an order that we were not told of is left, and none is issued twice"
        );
        let accounts = ca.answered().into_iter().filter(|line| line == "201 POST /sign-me-up").count();
        assert_eq!(accounts, 1);
        nothing_was_issued_twice(&ca);
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}
