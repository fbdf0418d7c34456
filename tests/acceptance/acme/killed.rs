//! The provider, or its host, killed at each step of an order: one certificate is issued, and nothing is left behind.

use super::scene::{Moment, Remote, Scene};
use super::{Namespace, account, certificate, text, txt_values};
use crate::fault_proxy::Faults;
use crate::sandbox::value;
use crate::workspace::{End, Workspace};

/// Lets the first Secret be made: it is the journal.
const JOURNAL: &str = "POST /api/v1/namespaces:pass";

/// One step: of a new certificate, and of one that is replaced in place. `stores` says whether the new one is in its place
/// already when the process is killed.
fn survives(scene: &mut Scene, name: &str, (remote, words): Moment<'_>, stores: bool, end: End) {
    let step = format!("when killed at {words:?}");
    scene.declare(name, "ecdsa-p256");
    scene.ends_at((remote, words), end);
    scene.is_completed(name, &step);

    let old = scene.serial(name);
    scene.declare(name, "ecdsa-p384");
    match words {
        // The content of the Secret is replaced, where it was made before.
        [JOURNAL, last] => {
            scene.ends_at((remote, &[&last.replace("POST", "PUT")]), end);
        }
        words => scene.ends_at((remote, words), end),
    }
    assert_eq!(scene.serial(name) == old, !stores, "the old one stays until the new one is stored, {step}");
    scene.is_completed(name, &step);
    assert_ne!(scene.serial(name), old);
    scene.workspace.plan().changes_nothing();
}

#[test]
#[ignore = "needs the sandbox"]
fn killed_before_anything_is_proved_one_certificate_is_issued_and_nothing_is_left() {
    let mut scene = Scene::new("killed-early");
    let mut at = |name, moment| survives(&mut scene, name, moment, false, End::KillProvider);
    at("ordered", (Remote::Ca, &["POST /order-plz:hold-after"]));
    at("unwritten", (Remote::Ca, &["POST /authZ:hold"]));
    at("writing", (Remote::Cluster, &["POST /api/v1/namespaces:hold"]));
    at("written", (Remote::Cluster, &["POST /api/v1/namespaces:hold-after"]));
    scene.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn killed_while_names_are_proved_one_certificate_is_issued_and_nothing_is_left() {
    let mut scene = Scene::new("killed-proving");
    let mut at = |name, moment| survives(&mut scene, name, moment, false, End::KillProvider);
    at("unpublished", (Remote::Route53, &["POST /2013-04-01/hostedzone:hold"]));
    at("publishing", (Remote::Route53, &["POST /2013-04-01/hostedzone:hold-after"]));
    at("published", (Remote::Ca, &["POST /chalZ:hold"]));
    at("proving", (Remote::Ca, &["POST /my-order:hold"]));
    scene.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn killed_while_the_ca_issues_one_certificate_is_issued_and_nothing_is_left() {
    let mut scene = Scene::new("killed-issuing");
    let mut at = |name, moment, end| survives(&mut scene, name, moment, false, end);
    at("proved", (Remote::Ca, &["POST /finalize-order:hold"]), End::KillProvider);
    at("finalized", (Remote::Ca, &["POST /finalize-order:hold-after"]), End::KillProvider);
    at("issued", (Remote::Ca, &["POST /certZ:hold"]), End::KillAll);
    at("fetched", (Remote::Ca, &["POST /certZ:hold-after"]), End::KillHost);
    scene.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn killed_while_the_certificate_is_stored_one_certificate_is_issued_and_nothing_is_left() {
    let mut scene = Scene::new("killed-storing");
    let mut at = |name, moment, stores| survives(&mut scene, name, moment, stores, End::KillProvider);
    at("storing", (Remote::Cluster, &[JOURNAL, "POST /api/v1/namespaces:hold"]), false);
    at("stored", (Remote::Cluster, &[JOURNAL, "POST /api/v1/namespaces:hold-after"]), true);
    at("forgetting", (Remote::Cluster, &["DELETE /api/v1/namespaces:hold"]), true);
    at("untold", (Remote::Ca, &["renewalInfo:hold"]), true);
    scene.workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn with_the_key_in_the_state_a_killed_run_is_forgotten_and_its_records_stay() {
    let namespace = Namespace::new("killed-state");
    let mut ca = Faults::before_acme(&value("SANDBOX_ACME_SHORT_DIRECTORY"), &[]);
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let provider = super::provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &ca.directory());
    let home = format!("{{ namespace = \"{}\", name = \"web-tls\", labels = {{ team = \"a\" }} }}", namespace.0);
    let more = "  private_key_in_state = true\n  profile = \"default\"\n";
    let certificate = certificate(&namespace, &[&name], more).replace(&format!("  kubernetes_secret = {home}\n"), "");
    let workspace = Workspace::new(&(provider + &account(&namespace) + &certificate));
    ca.once("POST /finalize-order:hold-after");
    let running = workspace.start_apply();
    running.wait_until(|| ca.held() == 1, "the call that is held");
    running.kill_provider();
    running.finish().fails();
    assert_eq!(ca.issued().len(), 1);
    ca.once("POST /chalZ:hold");
    let running = workspace.start_apply();
    running.wait_until(|| ca.held() == 2, "the call that is held");
    running.kill_provider();
    running.finish().fails();

    // What the attribute says: the key of the first is lost, and the records of the second stay.
    workspace.apply().succeeds();
    assert_eq!(ca.issued().len(), 2);
    assert!(!txt_values(&value("SANDBOX_ZONE_ID"), &format!("_acme-challenge.{name}")).is_empty());
    assert!(text(&workspace.attributes("berth_acme_certificate.web"), "private_key_pem").contains("PRIVATE KEY"));
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
