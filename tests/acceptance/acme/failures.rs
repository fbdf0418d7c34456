//! What a certificate does when something is missing, refused or interrupted.

use serde_json::Value;

use super::{Namespace, account, certificate, provider, text, txt_values};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

#[test]
#[ignore = "needs the sandbox"]
fn a_plan_needs_neither_ca_nor_cluster() {
    let namespace = Namespace(format!("acme-nowhere-{}", std::process::id()));
    let provider = r#"
provider "berth" {
  acme       = { directory_url = "https://127.0.0.1:9/dir" }
  kubernetes = { config_path = "/nonexistent/kubeconfig" }
  offline    = true
}
"#;
    let configuration = provider.to_owned() + &account(&namespace) + &certificate(&namespace, &["a.sandbox.test"], "");
    let workspace = Workspace::new(&configuration);
    let planned = workspace.plan().changes_something();
    assert_eq!(planned.changes().len(), 2);
    let errors = workspace.apply().fails();
    assert!(errors.contains("/nonexistent/kubeconfig"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_name_that_the_ca_rejects_is_named() {
    let namespace = Namespace::new("rejected");
    let blocked = value("SANDBOX_ACME_BLOCKED_NAME");
    let workspace = Workspace::new(&(provider("") + &account(&namespace) + &certificate(&namespace, &[&blocked], "")));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-006") && errors.contains(&blocked), "{errors}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_rehearsal_finds_what_is_wrong_before_the_ca_is_asked_and_is_not_repeated() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "rehearsal-tofu" } else { "rehearsal" });
        let good = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        let configuration = |name: &str, more: &str| {
            let rehearsal = format!(
                "  rehearsal = {{ directory_url = \"{}\", terms_of_service_agreed = true }}\n{more}",
                value("SANDBOX_ACME_ALTERNATE_DIRECTORY")
            );
            provider("") + &account(&namespace) + &certificate(&namespace, &[name], &rehearsal)
        };
        let workspace = Workspace::on(&cli, &configuration(&value("SANDBOX_ACME_BLOCKED_NAME"), ""));
        let errors = workspace.apply().fails();
        assert!(errors.contains("rehearsal") && errors.contains("BERTH-ACME-006"), "{errors}");
        let orders = |directory: &str| {
            let url = format!("{}order-plz", value(directory).trim_end_matches("dir"));
            workspace.log().lines().filter(|line| line.contains(&url) && line.contains("acme")).count()
        };
        assert_eq!(orders("SANDBOX_ACME_DIRECTORY"), 0);
        assert!(orders("SANDBOX_ACME_ALTERNATE_DIRECTORY") > 0);

        workspace.configure(&configuration(&good, ""));
        workspace.apply().succeeds();
        assert!(orders("SANDBOX_ACME_DIRECTORY") > 0);
        workspace.plan().changes_nothing();
        let rehearsed = orders("SANDBOX_ACME_ALTERNATE_DIRECTORY");
        workspace.configure(&configuration(&good, "  key_type = \"ecdsa-p384\"\n"));
        workspace.apply().succeeds();
        assert_eq!(orders("SANDBOX_ACME_ALTERNATE_DIRECTORY"), rehearsed, "the names are not new");
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_that_does_not_exist_is_told_before_anything_is_ordered() {
    let namespace = Namespace::new("home");
    let missing = Namespace(format!("acme-missing-{}", std::process::id()));
    let certificate = certificate(&namespace, &["missing.sandbox.test"], "").replace(
        &format!("namespace = \"{}\", name = \"web-tls\"", namespace.0),
        &format!("namespace = \"{}\", name = \"web-tls\"", missing.0),
    );
    let workspace = Workspace::new(&(provider("") + &account(&namespace) + &certificate));
    let errors = workspace.apply().fails();
    assert!(errors.contains(&missing.0) && errors.contains("BERTH-K8S-006"), "{errors}");
    assert!(!workspace.log().contains("new-order") && !workspace.log().contains("order-plz"), "something was ordered");
    workspace.destroy().succeeds();
}

/// A certificate whose records go into the parent of the zone that the world sees: they never show.
fn never_shown(namespace: &Namespace, timeout: &str) -> (String, String) {
    let name = format!("{}.{}", namespace.0, value("SANDBOX_CHILD_ZONE_NAME"));
    let more = format!(
        "  dns01    = {{ zone_id = \"{}\" }}\n  timeouts = {{ create = \"{timeout}\" }}\n",
        value("SANDBOX_ZONE_ID")
    );
    let configuration = provider("") + &account(namespace) + &certificate(namespace, &[&name], &more);
    (configuration, format!("_acme-challenge.{name}"))
}

#[test]
#[ignore = "needs the sandbox"]
fn a_record_that_never_shows_is_told_with_what_each_server_answers_and_removed() {
    let namespace = Namespace::new("unseen");
    let (configuration, record) = never_shown(&namespace, "10s");
    let workspace = Workspace::new(&configuration);
    let errors = workspace.apply().fails();
    assert!(
        errors.contains("BERTH-DNS-006") && errors.contains("no such record") && errors.contains(&record),
        "{errors}"
    );
    assert_eq!(txt_values(&value("SANDBOX_ZONE_ID"), &record), Vec::<String>::new());
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_interrupt_removes_the_record_keeps_the_state_and_the_next_apply_goes_on() {
    let namespace = Namespace::new("interrupt");
    let (configuration, record) = never_shown(&namespace, "5m");
    let zone = value("SANDBOX_ZONE_ID");
    let workspace = Workspace::new(&configuration);
    let running = workspace.start_apply();
    running.wait_until(|| !txt_values(&zone, &record).is_empty(), "the challenge record");
    running.interrupt();
    let errors = running.finish().fails();
    assert!(errors.contains("interrupted"), "{errors}");
    assert_eq!(txt_values(&zone, &record), Vec::<String>::new());
    assert_eq!(text(&workspace.attributes("berth_acme_account.main"), "status"), "valid");
    let begun = namespace.entry("web-tls-acme-order", "order.json");

    workspace.configure(&configuration.replace(&format!("zone_id = \"{zone}\""), ""));
    workspace.apply().succeeds();
    let begun: Value = serde_json::from_str(&begun).unwrap();
    assert!(workspace.log().contains(begun["url"].as_str().unwrap()));
    assert!(workspace.log().contains("acme order found again"), "the order was taken up again");
    assert!(namespace.secret("web-tls-acme-order").is_none());
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
