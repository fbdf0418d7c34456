//! CAs that behave otherwise than pebble, played by the proxy before it.

use berth::clients::acme::{AccountKey, Acme, Found, Trust};
use berth::clients::http::Network;
use berth::clock::Clock;
use berth::secret::Secret;
use serde_json::Value;

use crate::acme::{in_runtime, plain, provider, text, unique_name};
use crate::fault_proxy::Faults;
use crate::sandbox::value;
use crate::workspace::Workspace;

const ACCOUNT: &str = "berth_acme_account.main";
const WEB: &str = "berth_acme_certificate.web";

/// A certificate of a CA with these manners.
struct Subject {
    ca: Faults,
    workspace: Workspace,
    name: String,
}

impl Subject {
    fn of(directory: &str, manners: &[&str], label: &str) -> Self {
        let arguments: Vec<_> = manners.iter().flat_map(|manner| ["--manner", manner]).collect();
        let ca = Faults::before_acme(&value(directory), &arguments);
        let name = unique_name(label, &value("SANDBOX_ZONE_NAME"));
        let workspace = Workspace::new("").secret("hmac", &value("SANDBOX_ACME_EAB_HMAC_KEY"));
        Self { ca, workspace, name }
    }

    fn configure(&self, names: &[&str], more: &str) {
        self.write(&plain(&self.workspace, names, more));
    }

    fn write(&self, resources: &str) {
        let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &self.ca.directory());
        let variable = "variable \"hmac\" {\n  type      = string\n  ephemeral = true\n}\n";
        self.workspace.configure(&(provider + variable + resources));
    }

    /// Issues, plans nothing, issues anew in the place of the first, and is destroyed.
    fn lives(&self, more: &str) {
        let domain = self.name.as_str();
        self.configure(&[domain, &format!("*.{domain}")], more);
        self.workspace.apply().succeeds();
        self.workspace.plan().changes_nothing();
        let first = self.serial();
        self.configure(&[domain, &format!("*.{domain}")], &format!("{more}  key_type = \"ecdsa-p384\"\n"));
        self.workspace.apply().succeeds();
        assert_ne!(self.serial(), first);
        self.workspace.plan().changes_nothing();
        self.workspace.destroy().succeeds();
    }

    fn serial(&self) -> String {
        text(&self.workspace.attributes(WEB), "serial_number")
    }

    fn answered(&self, line: &str) -> usize {
        self.ca.answered().iter().filter(|answered| answered.ends_with(line)).count()
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn certificates_come_from_cas_of_every_manner() {
    let short = "SANDBOX_ACME_SHORT_DIRECTORY";
    for manners in [
        &["nulls", "empty-pages", "nonces-forbidden", "no-pause"][..],
        &["stays-ready", "replaces-forbidden"],
        &["finalize-lags", "replaces-fails"],
    ] {
        Subject::of(short, manners, "manners").lives("  profile = \"default\"\n");
    }
    let links = Subject::of("SANDBOX_ACME_ALTERNATE_DIRECTORY", &["odd-links"], "links");
    links.configure(&[&links.name], "  preferred_chain = \"Nobody\"\n");
    let told = links.workspace.apply().succeeds().diagnostics();
    let words = &told.iter().find(|shown| shown.detail.contains("BERTH-ACME-055")).expect("roots are told").detail;
    assert!(words.matches("Pebble Root CA").count() == 3, "{words}");
    links.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_pause_of_a_day_between_two_looks_is_half_a_minute() {
    let subject = Subject::of("SANDBOX_ACME_SHORT_DIRECTORY", &["pause-of-a-day"], "pause");
    subject.configure(&[&subject.name], "  profile  = \"default\"\n  timeouts = { create = \"3m\" }\n");
    subject.workspace.apply().succeeds();
    subject.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_ca_in_trouble_gets_few_orders_and_leaves_nothing_in_the_state() {
    let subject = Subject::of("SANDBOX_ACME_SHORT_DIRECTORY", &["orders-fail"], "trouble");
    subject.configure(&[&subject.name], "  profile = \"default\"\n");
    let errors = subject.workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-018") && errors.contains("the database is away"), "{errors}");
    assert_eq!(subject.answered("500 POST /order-plz"), 4);
    assert!(subject.workspace.instance(WEB).is_none(), "there is no certificate, and no state of one");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_refresh_keeps_the_state_while_the_ca_is_in_trouble() {
    for kind in ["fail", "unavailable", "page", "good-page", "throttle"] {
        let mut subject = Subject::of("SANDBOX_ACME_SHORT_DIRECTORY", &[], "refresh");
        subject.configure(&[&subject.name], "  profile = \"default\"\n");
        subject.workspace.apply().succeeds();
        for _ in 0..40 {
            subject.ca.once(&format!("/sign-me-up:{kind}"));
        }
        let plan = subject.workspace.plan().changes_nothing();
        let warned = plan.diagnostics();
        assert!(
            warned.iter().any(|shown| shown.severity == "warning" && shown.summary.contains("ACME account")),
            "{kind}: {warned:?}"
        );
        subject.ca.once("");
        subject.workspace.plan().changes_nothing();
        subject.workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_is_bound_and_kept_where_every_question_wants_a_binding() {
    let subject = Subject::of("SANDBOX_ACME_EAB_DIRECTORY", &["unbound-refused"], "bound");
    let binding = format!(
        "  external_account_binding = {{ key_id = \"{}\", hmac_key_wo = var.hmac, hmac_key_wo_version = 1 }}\n  account_key",
        value("SANDBOX_ACME_EAB_KEY_ID")
    );
    let resources = |contacts: &str| {
        let plain = plain(&subject.workspace, &[&subject.name], "");
        plain.replacen("  account_key", &format!("{contacts}{binding}"), 1)
    };
    subject.write(&resources(""));
    subject.workspace.apply().succeeds();
    subject.workspace.plan().changes_nothing();
    subject.write(&resources("  contacts = [\"mailto:ops@sandbox.test\"]\n"));
    subject.workspace.apply().succeeds();
    subject.workspace.plan().changes_nothing();
    // Another binding later on changes nothing, and says so.
    subject.write(&resources("").replace("key_id = \"", "key_id = \"other-"));
    let told = subject.workspace.plan().succeeds().diagnostics();
    assert!(told.iter().any(|shown| shown.detail.contains("BERTH-ACME-115")), "{told:?}");
    // A certificate that does not name its account is told how.
    let unnamed = resources("").replace("  account_url          = berth_acme_account.main.account_url\n", "");
    subject.write(&unnamed.replace("  dns_names", "  key_type = \"ecdsa-p384\"\n  dns_names"));
    let errors = subject.workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-110") && errors.contains("set `account_url`"), "{errors}");
    subject.write(&resources(""));
    subject.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_destroy_passes_whatever_the_ca_says_to_a_revocation() {
    let short = "SANDBOX_ACME_SHORT_DIRECTORY";
    let wish = "  profile = \"default\"\n  revoke_on_destroy = true\n  revocation_reason = \"affiliation_changed\"\n";
    for manners in [&["few-reasons"][..], &["revoked-by-key-only", "few-reasons"]] {
        let subject = Subject::of(short, manners, "revoked");
        subject.configure(&[&subject.name], wish);
        subject.workspace.apply().succeeds();
        subject.workspace.destroy().succeeds();
        assert_eq!(subject.answered("200 POST /revoke-cert"), 1, "{:?}", subject.ca.answered());
    }
    let expired = Subject::of(short, &[], "expired");
    expired.configure(&[&expired.name], "  profile = \"momentary\"\n  revoke_on_destroy = true\n");
    expired.workspace.apply().succeeds();
    let end: jiff::Timestamp = text(&expired.workspace.attributes(WEB), "not_after").parse().unwrap();
    while Clock::system().now() <= end {
        expired.workspace.refresh().succeeds();
    }
    let told = expired.workspace.destroy().succeeds().diagnostics();
    assert!(told.iter().any(|shown| shown.detail.contains("BERTH-ACME-112")), "{told:?}");
    assert_eq!(expired.answered("POST /revoke-cert"), 0);
}

#[test]
#[ignore = "needs the sandbox"]
fn contacts_at_the_ca_are_those_that_are_planned() {
    for silent in [&[][..], &["--leave-out", "contact"]] {
        let ca = Faults::before_acme(&value("SANDBOX_ACME_SHORT_DIRECTORY"), silent);
        let workspace = Workspace::new("");
        let key = AccountKey::generate().unwrap();
        let path = workspace.write("account.pem", key.expose());
        let with = |contacts: &str| {
            let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &ca.directory());
            let account = format!(
                "resource \"berth_acme_account\" \"main\" {{\n  terms_of_service_agreed = true\n  account_key = {{ file = \"{}\" }}\n{contacts}}}\n",
                path.display()
            );
            workspace.configure(&(provider + &account));
            workspace.apply().succeeds();
            workspace.plan().changes_nothing();
        };
        for (declared, expected) in [
            ("[\"mailto:a@sandbox.test\", \"mailto:b@sandbox.test\"]", 2),
            ("null", 0),
            ("[\"mailto:c@sandbox.test\"]", 1),
            ("[]", 0),
        ] {
            with(&format!("  contacts = {declared}\n"));
            assert_eq!(contacts(&key).len(), expected, "{declared}, {silent:?}");
        }
        workspace.destroy().succeeds();
    }
}

/// The contacts that the CA itself has.
fn contacts(key: &Secret) -> Vec<String> {
    let roots = [("ca_file", std::fs::read_to_string(value("SANDBOX_ACME_CA_FILE")).unwrap())];
    let ca = Acme::new(
        value("SANDBOX_ACME_SHORT_DIRECTORY"),
        &Trust { roots: roots.into() },
        &Network::default(),
        Clock::system(),
    )
    .unwrap();
    let key = AccountKey::from_pem(key).unwrap();
    match in_runtime(ca.find_account(&key, None)).unwrap() {
        Found::Account(facts) => facts.contacts.unwrap_or_default(),
        other => panic!("{other:?}"),
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn the_profile_that_the_ca_chose_is_shown_and_a_jump_in_lifetime_told() {
    let subject = Subject::of("SANDBOX_ACME_SHORT_DIRECTORY", &[], "profile");
    subject.configure(&[&subject.name], "  profile = \"default\"\n");
    let planned = subject.workspace.plan().succeeds();
    assert!(planned.stdout.contains("berth_acme_certificate"), "{planned}");
    subject.workspace.apply().succeeds();
    assert_eq!(subject.workspace.attributes(WEB)["issued_profile"], Value::from("default"));
    // The CA chooses: one of the two by chance.
    let (mut seen, mut jumps) = (std::collections::BTreeSet::from(["default".to_owned()]), 0);
    let mut before = "default".to_owned();
    subject.configure(&[&subject.name], "");
    for turn in 0..12 {
        let kind = if turn % 2 == 0 { "ecdsa-p384" } else { "ecdsa-p256" };
        subject.configure(&[&subject.name], &format!("  key_type = \"{kind}\"\n"));
        let told = subject.workspace.apply().succeeds().diagnostics();
        let chosen = text(&subject.workspace.attributes(WEB), "issued_profile");
        let is_told = told.iter().any(|shown| shown.detail.contains("BERTH-ACME-111"));
        if turn > 0 {
            assert_eq!(is_told, chosen != before, "{before}, then {chosen}");
            jumps += usize::from(is_told);
        }
        seen.insert(chosen.clone());
        before = chosen;
        if jumps > 0 && seen.len() == 2 {
            break;
        }
    }
    assert_eq!((seen.len(), jumps), (2, 1));
    subject.workspace.destroy().succeeds();
    assert!(subject.workspace.instance(ACCOUNT).is_none());
}

#[test]
#[ignore = "needs the sandbox"]
fn an_interrupt_leaves_an_order_in_the_state_that_the_next_apply_completes() {
    let mut subject = Subject::of("SANDBOX_ACME_SHORT_DIRECTORY", &[], "unfinished");
    subject.configure(&[&subject.name], "  profile = \"default\"\n");
    subject.ca.once("POST /finalize-order/:hold-after");
    let running = subject.workspace.start_apply();
    running.wait_until(|| subject.ca.held() > 0, "finalize");
    running.interrupt();
    let told = running.finish();
    assert!(told.diagnostics().iter().any(|shown| shown.detail.contains("BERTH-ACME-120")), "{told}");
    assert!(subject.workspace.attributes(WEB)["serial_number"].is_null());
    subject.workspace.apply().succeeds();
    assert_eq!(subject.ca.issued().len(), 1, "{:?}", subject.ca.issued());
    subject.workspace.plan().changes_nothing();
    subject.workspace.destroy().succeeds();
}
