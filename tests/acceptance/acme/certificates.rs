//! Certificates: where their keys go, renewed when they are due, and many at once.

use std::process::Command;

use berth::domain::certificate::Chain;
use serde_json::Value;

use super::{Namespace, account, certificate, provider, text};
use crate::sandbox::value;
use crate::workspace::Workspace;

#[test]
#[ignore = "needs the sandbox"]
fn a_key_in_the_state_and_a_request_of_the_users_are_explicit_choices() {
    let namespace = Namespace::new("explicit");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let key = rcgen::KeyPair::generate().unwrap();
    let csr = rcgen::CertificateParams::new([name.clone()]).unwrap().serialize_request(&key).unwrap().pem().unwrap();
    let without_home = |more: &str| {
        let secret = format!(
            "  kubernetes_secret = {{ namespace = \"{}\", name = \"web-tls\", labels = {{ team = \"a\" }} }}\n",
            namespace.0
        );
        provider("") + &account(&namespace) + &certificate(&namespace, &[&name], more).replace(&secret, "")
    };
    let workspace = Workspace::new(&without_home("  private_key_in_state = true\n  key_type = \"ecdsa-p384\"\n"));
    workspace.apply().succeeds();
    let kept = workspace.attributes("berth_acme_certificate.web");
    let chain = Chain::parse(&text(&kept, "fullchain_pem")).unwrap();
    assert_eq!(chain.facts.key_type.as_deref(), Some("ecdsa-p384"));
    assert_eq!(chain.facts.matches_key(&text(&kept, "private_key_pem")), Ok(true));
    workspace.plan().changes_nothing();

    workspace.configure(&without_home(&format!("  csr_pem = <<-END\n{csr}\n  END\n")));
    workspace.apply().succeeds();
    let mine = workspace.attributes("berth_acme_certificate.web");
    assert_eq!(
        Chain::parse(&text(&mine, "certificate_pem")).unwrap().facts.matches_key(&key.serialize_pem()),
        Ok(true)
    );
    assert_eq!(mine["private_key_pem"], Value::Null);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_renewal_that_is_due_replaces_the_certificate_in_place_and_a_destroy_may_revoke() {
    let namespace = Namespace::new("renewal");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let configuration = |renewal: &str| {
        let more = format!("  profile = \"shortlived\"\n  revoke_on_destroy = true\n{renewal}");
        provider("") + &account(&namespace) + &certificate(&namespace, &[&name], &more)
    };
    // Due when all but a second or two of the six days is left.
    let workspace = Workspace::new(&configuration("  renewal = { ari = false, remaining_fraction = 0.999997 }\n"));
    workspace.apply().succeeds();
    let first = workspace.attributes("berth_acme_certificate.web");
    let (started, due) = (text(&first, "not_before"), text(&first, "renew_at"));
    assert!(due >= started, "{due} is before {started}");
    assert!(text(&first, "renewal_reason").contains("% of the lifetime"), "{first}");
    let change = std::iter::repeat_with(|| workspace.plan().changes()).take(20).find(|changes| !changes.is_empty());
    assert_eq!(change.unwrap(), [("berth_acme_certificate.web".to_owned(), "update".to_owned())]);
    workspace.apply_plan().succeeds();
    let second = workspace.attributes("berth_acme_certificate.web");
    assert_ne!(text(&first, "serial_number"), text(&second, "serial_number"));

    // Without the wish the CA decides, and a six-day certificate is not due on its first day.
    workspace.configure(&configuration(""));
    workspace.run(&["apply", "-refresh=false", "-auto-approve", "-json"]).succeeds();
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let serial = text(&workspace.attributes("berth_acme_certificate.web"), "serial_number");
    workspace.destroy().succeeds();
    let status = Command::new("curl")
        .args(["-fsS", "--cacert", &value("SANDBOX_ACME_CA_FILE")])
        .arg(format!("{}/cert-status-by-serial/{serial}", value("SANDBOX_ACME_MANAGEMENT_URL")))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&status.stdout).contains("Revoked"), "{status:?}");
}

#[test]
#[ignore = "needs the sandbox"]
fn another_trigger_issues_anew_and_the_first_one_does_not() {
    let namespace = Namespace::new("triggers");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let configuration =
        |triggers: &str| provider("") + &account(&namespace) + &certificate(&namespace, &[&name], triggers);
    let workspace = Workspace::new(&configuration(""));
    workspace.apply().succeeds();
    let serial = || text(&workspace.attributes("berth_acme_certificate.web"), "serial_number");
    let mut before = serial();
    for (triggers, is_new) in [("one", false), ("one", false), ("two", true)] {
        workspace.configure(&configuration(&format!("  renew_triggers = {{ key = \"{triggers}\" }}\n")));
        workspace.apply().succeeds();
        assert_eq!(serial() != before, is_new, "{triggers}");
        workspace.plan().changes_nothing();
        before = serial();
    }
    workspace.configure(&configuration(""));
    workspace.apply().succeeds();
    assert_eq!(serial(), before, "no trigger is no other one");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn twenty_certificates_share_their_changes_of_the_zone() {
    let namespace = Namespace::new("twenty");
    let base = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let certificates = format!(
        r#"
resource "berth_acme_certificate" "web" {{
  for_each          = toset([for number in range(20) : "c${{number}}.{base}"])
  account_url       = berth_acme_account.main.account_url
  account_key       = {{ kubernetes_secret = {{ namespace = "{0}", name = "acme-account" }} }}
  dns_names         = [each.key, "*.${{each.key}}"]
  kubernetes_secret = {{ namespace = "{0}", name = each.key }}
}}
"#,
        namespace.0
    );
    let workspace = Workspace::new(&(provider("") + &account(&namespace) + &certificates));
    workspace.apply().succeeds();
    // Forty values put and forty removed; one by one that would be eighty requests that change the zone.
    let log = workspace.log();
    let batches = log.lines().filter(|line| line.contains("changed records") && line.contains("change_id")).count();
    assert!((1..=10).contains(&batches), "{batches} requests changed the zone");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
