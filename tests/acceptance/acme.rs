//! Accounts and certificates from a real CA, with keys in a real cluster.

use std::process::Command;

use aws_sdk_route53::Client as Route53;
use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use berth::domain::certificate::Chain;
use serde_json::Value;

use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// A namespace of the sandbox's cluster that goes away with the test.
struct Namespace(String);

impl Namespace {
    fn new(label: &str) -> Self {
        let name = format!("acme-{label}-{}", std::process::id());
        kubectl(&["create", "namespace", &name]).expect("the namespace is made");
        Self(name)
    }

    /// A Secret, as JSON; `None` if there is none.
    fn secret(&self, name: &str) -> Option<Value> {
        let text = kubectl(&["get", "secret", name, "-n", &self.0, "-o", "json"])?;
        Some(serde_json::from_str(&text).unwrap())
    }

    /// An entry of a Secret.
    fn entry(&self, secret: &str, entry: &str) -> String {
        let object = self.secret(secret).unwrap_or_else(|| panic!("there is no Secret {secret}"));
        berth::domain::tls_secret::entry(&object, entry).unwrap().expose().to_owned()
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let _gone = kubectl(&["delete", "namespace", &self.0, "--wait=false"]);
    }
}

fn kubectl(arguments: &[&str]) -> Option<String> {
    let output = Command::new("kubectl").args(arguments).output().expect("kubectl is in the sandbox");
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// The provider block for the sandbox's main CA, with more settings.
fn provider(more: &str) -> String {
    let (directory, ca_file) = (value("SANDBOX_ACME_DIRECTORY"), value("SANDBOX_ACME_CA_FILE"));
    format!(
        "provider \"berth\" {{\n  acme = {{ directory_url = \"{directory}\", ca_file = \"{ca_file}\" }}\n{more}\n}}\n"
    )
}

/// An account whose key is made in the cluster.
fn account(namespace: &Namespace) -> String {
    format!(
        r#"
resource "berth_acme_account" "main" {{
  contacts                = ["mailto:ops@sandbox.test"]
  terms_of_service_agreed = true
  deactivate_on_destroy   = true
  account_key = {{
    generate          = true
    kubernetes_secret = {{ namespace = "{0}", name = "acme-account", create_namespace = true }}
  }}
}}
"#,
        namespace.0
    )
}

/// A certificate of that account for the names, with more settings.
fn certificate(namespace: &Namespace, names: &[&str], more: &str) -> String {
    format!(
        r#"
resource "berth_acme_certificate" "web" {{
  account_url       = berth_acme_account.main.account_url
  account_key       = {{ kubernetes_secret = {{ namespace = "{0}", name = "acme-account" }} }}
  dns_names         = {names:?}
  kubernetes_secret = {{ namespace = "{0}", name = "web-tls", labels = {{ team = "a" }} }}
{more}
}}
"#,
        namespace.0
    )
}

/// The TXT values at a name in one of the sandbox's zones.
fn txt_values(zone_id: &str, name: &str) -> Vec<String> {
    let ask = async {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        let listed = Route53::new(&config).list_resource_record_sets().hosted_zone_id(zone_id).send().await.unwrap();
        let owner = format!("{name}.");
        let is_it = |set: &&ResourceRecordSet| set.name() == owner && *set.r#type() == RrType::Txt;
        let sets = listed.resource_record_sets().iter().filter(is_it);
        sets.flat_map(ResourceRecordSet::resource_records).map(|record| record.value().to_owned()).collect()
    };
    // A thread of its own, since a test may be waiting in a runtime already.
    std::thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        scope.spawn(move || runtime().block_on(ask)).join().unwrap()
    })
}

fn text(attributes: &Value, name: &str) -> String {
    attributes[name].as_str().unwrap_or_else(|| panic!("{name} is {}", attributes[name])).to_owned()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_certificate_is_issued_changed_healed_imported_and_destroyed() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "life-tofu" } else { "life" });
        let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        let wildcard = format!("*.{name}");
        let configuration = |names: &[&str]| provider("") + &account(&namespace) + &certificate(&namespace, names, "");
        let mut workspace = Workspace::on(&cli, &configuration(&[&name, &wildcard]));

        workspace.apply().succeeds();
        let issued = workspace.attributes("berth_acme_certificate.web");
        let key = namespace.entry("web-tls", "tls.key");
        for secret in [&key, &namespace.entry("acme-account", "tls.key")] {
            workspace.never_shows(secret.lines().nth(1).unwrap());
        }
        let chain = Chain::parse(&namespace.entry("web-tls", "tls.crt")).unwrap();
        assert_eq!(chain.facts.matches_key(&key), Ok(true));
        assert_eq!(chain.facts.serial_number, text(&issued, "serial_number"));
        assert_eq!(issued["private_key_pem"], Value::Null);
        assert!(text(&issued, "renewal_reason").contains("the CA suggests renewal between"), "{issued}");
        assert_eq!(namespace.secret("web-tls").unwrap()["metadata"]["labels"]["team"], "a");
        assert!(namespace.secret("web-tls-acme-order").is_none(), "the journal is gone");
        assert_eq!(txt_values(&value("SANDBOX_ZONE_ID"), &format!("_acme-challenge.{name}")), Vec::<String>::new());
        workspace.plan().changes_nothing();

        let more = format!("more.{name}");
        workspace.configure(&configuration(&[&name, &more]));
        let change = workspace.plan().changes_something().changes();
        assert_eq!(change, [("berth_acme_certificate.web".to_owned(), "update".to_owned())]);
        workspace.apply_plan().succeeds();
        let changed = workspace.attributes("berth_acme_certificate.web");
        assert_ne!(text(&changed, "serial_number"), text(&issued, "serial_number"));
        workspace.plan().changes_nothing();

        kubectl(&["delete", "secret", "web-tls", "-n", &namespace.0]).unwrap();
        let change = workspace.plan().changes_something().changes();
        assert!(change.contains(&("berth_acme_certificate.web".to_owned(), "update".to_owned())), "{change:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();

        let healed = workspace.attributes("berth_acme_certificate.web");
        workspace.run(&["state", "rm", "berth_acme_certificate.web"]).succeeds();
        workspace.import("berth_acme_certificate.web", &format!("{}/web-tls", namespace.0)).succeeds();
        workspace.apply().succeeds();
        let imported = workspace.attributes("berth_acme_certificate.web");
        assert_eq!(text(&imported, "serial_number"), text(&healed, "serial_number"));
        workspace.plan().changes_nothing();

        let account_url = text(&workspace.attributes("berth_acme_account.main"), "account_url");
        workspace.run(&["state", "rm", "berth_acme_account.main"]).succeeds();
        workspace.import("berth_acme_account.main", &account_url).succeeds();
        workspace.apply().succeeds();
        assert_eq!(text(&workspace.attributes("berth_acme_account.main"), "account_url"), account_url);
        workspace.plan().changes_nothing();

        workspace.destroy().succeeds();
        assert!(namespace.secret("web-tls").is_none());
        assert!(namespace.secret("acme-account").is_none());
    }
}

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
fn a_ca_whose_root_is_not_trusted_is_told_with_the_setting() {
    let namespace = Namespace::new("untrusted");
    let provider =
        format!("provider \"berth\" {{\n  acme = {{ directory_url = \"{}\" }}\n}}\n", value("SANDBOX_ACME_DIRECTORY"));
    let errors = Workspace::new(&(provider + &account(&namespace))).apply().fails();
    assert!(errors.contains("BERTH-ACME-001") && errors.contains("ca_file"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn terms_are_agreed_to_explicitly_and_the_link_is_shown() {
    let namespace = Namespace::new("terms");
    let configuration = provider("") + &account(&namespace).replace("terms_of_service_agreed = true", "");
    let errors = Workspace::new(&configuration).apply().fails();
    assert!(errors.contains("BERTH-ACME-007") && errors.contains("https://"), "{errors}");
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
fn an_account_key_may_be_write_only_and_never_shows() {
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let configuration = provider("")
        + r#"
variable "key" {
  type      = string
  ephemeral = true
}
resource "berth_acme_account" "main" {
  terms_of_service_agreed = true
  account_key             = { pem_wo = var.key, pem_wo_version = 1 }
}
"#;
    let workspace = Workspace::new(&configuration).secret("key", &key);
    workspace.apply().succeeds();
    let made = workspace.attributes("berth_acme_account.main");
    workspace.plan().changes_nothing();
    // A lost state finds the same account by its key.
    std::fs::remove_file(workspace.path("terraform.tfstate")).unwrap();
    workspace.apply().succeeds();
    assert_eq!(text(&workspace.attributes("berth_acme_account.main"), "account_url"), text(&made, "account_url"));
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
