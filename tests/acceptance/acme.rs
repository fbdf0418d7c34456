//! Accounts and certificates from a real CA, with keys in a real cluster.

mod accounts;
mod authorities;
mod behind_ingress;
mod budget;
mod certificates;
mod delegations;
mod destinations;
mod failures;
mod faulty;
mod handover;
mod imports;
mod ingress;
mod interrupted;
mod killed;
mod looks;
mod orders;
mod preflight;
mod proofs;
mod renewals;
mod scene;

use std::process::Command;

use aws_sdk_route53::Client as Route53;
use aws_sdk_route53::types::{ResourceRecordSet, RrType};
use berth::clients::acme::AccountKey;
use serde_json::Value;

use crate::sandbox::value;
use crate::workspace::Workspace;

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
pub fn provider(more: &str) -> String {
    let (directory, ca_file) = (value("SANDBOX_ACME_DIRECTORY"), value("SANDBOX_ACME_CA_FILE"));
    format!(
        "provider \"berth\" {{\n  acme = {{ directory_url = \"{directory}\", ca_file = \"{ca_file}\" }}\n{more}\n}}\n"
    )
}

/// An account whose key is made in the cluster.
fn account(namespace: &Namespace) -> String {
    account_in(&namespace.0)
}

/// The same in a namespace that need not exist.
fn account_in(namespace: &str) -> String {
    format!(
        r#"
resource "berth_acme_account" "main" {{
  contacts                = ["mailto:ops@sandbox.test"]
  terms_of_service_agreed = true
  deactivate_on_destroy   = true
  account_key = {{
    generate          = true
    kubernetes_secret = {{ namespace = "{namespace}", name = "acme-account", create_namespace = true }}
  }}
}}
"#
    )
}

/// A certificate of that account for the names, with more settings.
fn certificate(namespace: &Namespace, names: &[&str], more: &str) -> String {
    certificate_in(&namespace.0, names, more)
}

/// The same in a namespace that need not exist.
fn certificate_in(namespace: &str, names: &[&str], more: &str) -> String {
    format!(
        r#"
resource "berth_acme_certificate" "web" {{
  account_url       = berth_acme_account.main.account_url
  account_key       = {{ kubernetes_secret = {{ namespace = "{namespace}", name = "acme-account" }} }}
  dns_names         = {names:?}
  kubernetes_secret = {{ namespace = "{namespace}", name = "web-tls", labels = {{ team = "a" }} }}
{more}
}}
"#
    )
}

/// An account and a certificate that need no cluster: the keys are in a file, and in the state.
pub fn plain(workspace: &Workspace, names: &[&str], more: &str) -> String {
    let file = workspace.path("account.pem");
    if !file.exists() {
        std::fs::write(&file, AccountKey::generate().unwrap().expose()).unwrap();
    }
    let key = format!("{{ file = \"{}\" }}", file.display());
    format!(
        r#"
resource "berth_acme_account" "main" {{
  terms_of_service_agreed = true
  deactivate_on_destroy   = true
  account_key             = {key}
}}

resource "berth_acme_certificate" "web" {{
  account_url          = berth_acme_account.main.account_url
  account_key          = {key}
  dns_names            = {names:?}
  private_key_in_state = true
{more}
}}
"#
    )
}

/// A name in a zone that no other test and no other run uses.
pub fn unique_name(label: &str, zone: &str) -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{label}-{}-{}.{zone}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// A name in the sandbox's zone, and the record that leads it to an address.
fn name_at(namespace: &Namespace, address: &str) -> (String, String) {
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let record = address_record(&name, address);
    (name, record)
}

/// The record that leads a name of the sandbox's zone to an address.
pub fn address_record(name: &str, address: &str) -> String {
    format!(
        r#"
resource "berth_dns_record" "web" {{
  zone_id = "{}"
  name    = "{name}"
  type    = "A"
  ttl     = 1
  values  = ["{address}"]
  wait    = "authoritative"
}}
"#,
        value("SANDBOX_ZONE_ID")
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
    in_runtime(ask)
}

/// Waits in a thread of its own, since a test may be waiting in a runtime already.
pub fn in_runtime<T: Send>(work: impl Future<Output = T> + Send) -> T {
    std::thread::scope(|scope| {
        let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        scope.spawn(move || runtime().block_on(work)).join().unwrap()
    })
}

pub fn text(attributes: &Value, name: &str) -> String {
    attributes[name].as_str().unwrap_or_else(|| panic!("{name} is {}", attributes[name])).to_owned()
}
