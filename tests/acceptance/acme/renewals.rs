//! When certificates are renewed: by the CA's window, without one, after their end, and how often the CA is asked.

use std::process::Command;

use berth::clock::Clock;
use serde_json::{Value, json};

use super::{Namespace, account, certificate, provider, text};
use crate::fault_proxy::Faults;
use crate::sandbox::value;
use crate::workspace::Workspace;

const WEB: &str = "berth_acme_certificate.web";

/// A certificate of the hasty CA, at this directory, with more settings.
fn configuration(namespace: &Namespace, directory: &str, more: &str) -> String {
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), directory);
    provider + &account(namespace) + &certificate(namespace, &[&name], more)
}

fn web(workspace: &Workspace, attribute: &str) -> String {
    text(&workspace.attributes(WEB), attribute)
}

fn is_past(moment: &str) -> bool {
    moment.parse::<jiff::Timestamp>().unwrap() <= Clock::system().now()
}

/// Has the CA suggest a window that is over.
fn suggest_the_past(workspace: &Workspace) {
    let window = json!({ "start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z" });
    let answer = json!({ "suggestedWindow": window, "explanationURL": "https://ca.example/incident" }).to_string();
    let body = json!({ "Certificate": web(workspace, "certificate_pem"), "ARIResponse": answer }).to_string();
    let url = format!("{}/set-renewal-info/", value("SANDBOX_ACME_SHORT_MANAGEMENT_URL"));
    let trust = value("SANDBOX_ACME_CA_FILE");
    let told = Command::new("curl").args(["-fsS", "--cacert", &trust, "--data-binary", &body, &url]).output().unwrap();
    assert!(told.status.success(), "{told:?}");
}

/// What the kept plan says that the state was before.
fn reason_in_plan(workspace: &Workspace) -> String {
    let shown = workspace.run(&["show", "-json", "saved.plan"]).succeeds();
    let plan: Value = serde_json::from_str(&shown.stdout).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap();
    let web = changes.iter().find(|change| change["address"] == WEB).unwrap();
    assert_eq!(web["change"]["after_unknown"]["serial_number"], Value::Bool(true), "{web}");
    web["change"]["before"]["renewal_reason"].as_str().unwrap().to_owned()
}

fn renewals_in_the_log(workspace: &Workspace) -> usize {
    workspace.log().lines().filter(|line| line.contains("acme order") && line.contains("replaces=")).count()
}

fn questions_in_the_log(workspace: &Workspace) -> usize {
    workspace.log().lines().filter(|line| line.contains("/renewalInfo/")).count()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_window_in_the_past_renews_at_once_and_the_ca_is_asked_no_more_often_than_it_wants() {
    let namespace = Namespace::new("window");
    let configured = |more: &str| {
        configuration(&namespace, &value("SANDBOX_ACME_SHORT_DIRECTORY"), &format!("  profile = \"default\"\n{more}"))
    };
    let workspace = Workspace::new(&configured("  renewal = { ari = false }\n"));
    workspace.apply().succeeds();
    let first = web(&workspace, "serial_number");
    assert!(
        web(&workspace, "renewal_reason").contains("50 % of the lifetime of 6 days"),
        "{}",
        workspace.attributes(WEB)
    );
    assert_eq!(questions_in_the_log(&workspace), 0);

    suggest_the_past(&workspace);
    workspace.configure(&configured(""));
    workspace.apply().succeeds();
    assert!(is_past(&web(&workspace, "renew_at")), "{}", workspace.attributes(WEB));
    let planned = workspace.plan().changes_something().changes();
    assert_eq!(planned, [(WEB.to_owned(), "update".to_owned())]);
    let reason = reason_in_plan(&workspace);
    assert!(reason.contains("the CA suggests") && reason.contains("https://ca.example/incident"), "{reason}");
    workspace.apply_plan().succeeds();
    assert_ne!(web(&workspace, "serial_number"), first);
    assert_eq!(renewals_in_the_log(&workspace), 1, "the order says what it replaces");
    workspace.plan().changes_nothing();

    // Six hours is what this CA asks for between two questions.
    let asked = questions_in_the_log(&workspace);
    suggest_the_past(&workspace);
    workspace.plan().changes_nothing();
    workspace.refresh().succeeds();
    assert_eq!(questions_in_the_log(&workspace), asked);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_ca_without_renewal_information_leaves_it_to_the_lifetime() {
    let namespace = Namespace::new("silent-ca");
    let ca = Faults::before_acme(&value("SANDBOX_ACME_SHORT_DIRECTORY"), &["--leave-out", "renewalInfo"]);
    let configured =
        |more: &str| configuration(&namespace, &ca.directory(), &format!("  profile = \"default\"\n{more}"));
    let workspace = Workspace::new(&configured(""));
    workspace.apply().succeeds();
    assert!(
        web(&workspace, "renewal_reason").contains("50 % of the lifetime of 6 days"),
        "{}",
        workspace.attributes(WEB)
    );
    workspace.plan().changes_nothing();
    workspace.configure(&configured("  key_type = \"ecdsa-p384\"\n"));
    workspace.apply().succeeds();
    assert_eq!((questions_in_the_log(&workspace), renewals_in_the_log(&workspace)), (0, 0));
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_expired_certificate_is_renewed_in_place() {
    let namespace = Namespace::new("expired");
    let configured = |profile: &str| {
        configuration(&namespace, &value("SANDBOX_ACME_SHORT_DIRECTORY"), &format!("  profile = \"{profile}\"\n"))
    };
    let workspace = Workspace::new(&configured("momentary"));
    workspace.apply().succeeds();
    let (first, end) = (web(&workspace, "serial_number"), web(&workspace, "not_after"));
    // It is due before its end, by the CA's window; nobody applies in time.
    while !is_past(&end) {
        workspace.plan().succeeds();
    }
    let planned = workspace.plan().changes_something().changes();
    assert_eq!(planned, [(WEB.to_owned(), "update".to_owned())]);
    workspace.apply_plan().succeeds();
    assert_ne!(web(&workspace, "serial_number"), first);
    assert_eq!(namespace.entry("web-tls", "tls.crt"), web(&workspace, "fullchain_pem"));
    // Another profile is another lifetime, in place.
    workspace.configure(&configured("default"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
