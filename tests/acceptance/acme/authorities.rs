//! The whole life of an account and a certificate, at each kind of CA and by each host.

use berth::domain::certificate::Chain;
use serde_json::Value;

use super::{Namespace, account, certificate, kubectl, provider, text, txt_values};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

const ACCOUNT: &str = "berth_acme_account.main";
const WEB: &str = "berth_acme_certificate.web";

/// A CA of the sandbox, and what it wants.
struct Authority {
    label: &'static str,
    /// The variable that tells its directory.
    directory: &'static str,
    /// More settings of the account.
    binding: String,
    /// More settings of the certificate.
    settings: String,
    /// The root that its chain must lead to, if that is a matter.
    root: Option<String>,
}

impl Authority {
    fn new(label: &'static str, directory: &'static str, settings: &str) -> Self {
        Self { label, directory, binding: String::new(), settings: settings.to_owned(), root: None }
    }
}

/// One life.
struct Life<'a> {
    ca: &'a Authority,
    namespace: Namespace,
    name: String,
    workspace: Workspace,
}

impl<'a> Life<'a> {
    fn new(cli: &Cli, ca: &'a Authority) -> Self {
        let namespace = Namespace::new(&format!("{}{}", ca.label, if cli.is_tofu() { "-tofu" } else { "" }));
        let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        let workspace = Workspace::on(cli, "").secret("hmac", &value("SANDBOX_ACME_EAB_HMAC_KEY"));
        Self { ca, namespace, name, workspace }
    }

    fn configure(&self, names: &[&str], more: &str) {
        let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &value(self.ca.directory));
        let variable = "variable \"hmac\" {\n  type      = string\n  ephemeral = true\n}\n";
        let account = account(&self.namespace).replace("  account_key", &format!("{}  account_key", self.ca.binding));
        let settings = format!("{}{more}", self.ca.settings);
        let certificate = certificate(&self.namespace, names, &settings);
        self.workspace.configure(&(provider + variable + &account + &certificate));
    }

    fn serial(&self) -> String {
        text(&self.workspace.attributes(WEB), "serial_number")
    }

    fn is_issued(&mut self) {
        let wildcard = format!("*.{}", self.name);
        self.configure(&[&self.name, &wildcard], "");
        self.workspace.apply().succeeds();
        let issued = self.workspace.attributes(WEB);
        let key = self.namespace.entry("web-tls", "tls.key");
        self.workspace.never_shows_key(&key);
        self.workspace.never_shows_key(&self.namespace.entry("acme-account", "tls.key"));
        let chain = Chain::parse(&self.namespace.entry("web-tls", "tls.crt")).unwrap();
        assert_eq!(chain.facts.matches_key(&key), Ok(true));
        assert_eq!(chain.facts.serial_number, text(&issued, "serial_number"));
        assert!(self.ca.root.as_ref().is_none_or(|root| *root == chain.root_name), "{}", chain.root_name);
        assert_eq!(issued["private_key_pem"], Value::Null);
        assert!(text(&issued, "renewal_reason").contains("the CA suggests renewal between"), "{issued}");
        assert_eq!(self.namespace.secret("web-tls").unwrap()["metadata"]["labels"]["team"], "a");
        assert!(self.namespace.secret("web-tls-acme-order").is_none(), "the journal is gone");
        let record = format!("_acme-challenge.{}", self.name);
        assert_eq!(txt_values(&value("SANDBOX_ZONE_ID"), &record), Vec::<String>::new());
        self.workspace.plan().changes_nothing();
        self.workspace.show_all();
    }

    fn is_changed_in_place(&mut self) {
        let before = self.serial();
        self.configure(&[&self.name, &format!("more.{}", self.name)], "");
        let change = self.workspace.plan().changes_something().changes();
        assert_eq!(change, [(WEB.to_owned(), "update".to_owned())]);
        self.workspace.show_all();
        self.workspace.apply_plan().succeeds();
        assert_ne!(self.serial(), before);
        self.workspace.never_shows_key(&self.namespace.entry("web-tls", "tls.key"));
        self.workspace.plan().changes_nothing();
    }

    fn is_healed(&self) {
        kubectl(&["delete", "secret", "web-tls", "-n", &self.namespace.0]).unwrap();
        let change = self.workspace.plan().changes_something().changes();
        assert!(change.contains(&(WEB.to_owned(), "update".to_owned())), "{change:?}");
        self.workspace.apply_plan().succeeds();
        self.workspace.plan().changes_nothing();
    }

    fn is_renewed(&self) {
        // Due when all but a second or two of the six days is left.
        let names = [&*self.name, &format!("more.{}", self.name)];
        self.configure(&names, "  renewal = { ari = false, remaining_fraction = 0.999997 }\n");
        self.workspace.apply().succeeds();
        let before = self.serial();
        let changes = std::iter::repeat_with(|| self.workspace.plan().changes()).find(|changes| !changes.is_empty());
        assert_eq!(changes.unwrap(), [(WEB.to_owned(), "update".to_owned())]);
        self.workspace.apply_plan().succeeds();
        assert_ne!(self.serial(), before);
        self.configure(&names, "");
        self.workspace.apply().succeeds();
        self.workspace.plan().changes_nothing();
    }

    fn is_imported(&self) {
        let (serial, url) = (self.serial(), text(&self.workspace.attributes(ACCOUNT), "account_url"));
        for (address, id) in [(WEB, format!("{}/web-tls", self.namespace.0)), (ACCOUNT, url.clone())] {
            self.workspace.run(&["state", "rm", address]).succeeds();
            self.workspace.import(address, &id).succeeds();
        }
        self.workspace.apply().succeeds();
        assert_eq!(self.serial(), serial);
        assert_eq!(text(&self.workspace.attributes(ACCOUNT), "account_url"), url);
        self.workspace.plan().changes_nothing();
    }

    fn ends(self) {
        self.workspace.destroy().succeeds();
        assert!(self.namespace.secret("web-tls").is_none());
        assert!(self.namespace.secret("acme-account").is_none());
    }
}

/// A whole life under each host, with more between its change and its import.
fn lives<'a>(ca: &'a Authority, more: impl Fn(&Life<'a>)) {
    for cli in Cli::all() {
        let mut life = Life::new(&cli, ca);
        life.is_issued();
        life.is_changed_in_place();
        more(&life);
        life.is_imported();
        life.ends();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_certificate_is_issued_changed_healed_imported_and_destroyed() {
    let ca = Authority::new("life", "SANDBOX_ACME_DIRECTORY", "");
    lives(&ca, Life::is_healed);
}

#[test]
#[ignore = "needs the sandbox"]
fn the_same_holds_where_accounts_are_bound_to_external_ones() {
    let mut ca = Authority::new("life-eab", "SANDBOX_ACME_EAB_DIRECTORY", "");
    ca.binding = format!(
        "  external_account_binding = {{ key_id = \"{}\", hmac_key_wo = var.hmac, hmac_key_wo_version = 1 }}\n",
        value("SANDBOX_ACME_EAB_KEY_ID")
    );
    lives(&ca, |_| ());
}

#[test]
#[ignore = "needs the sandbox"]
fn the_same_holds_with_a_profile_and_an_alternate_chain() {
    let files = value("SANDBOX_ACME_ALTERNATE_ROOT_FILES");
    let last = std::fs::read_to_string(files.rsplit(':').next().unwrap()).unwrap();
    let root = Chain::parse(&last).unwrap().root_name;
    let settings = format!("  profile = \"shortlived\"\n  preferred_chain = \"{root}\"\n");
    let mut ca = Authority::new("life-chain", "SANDBOX_ACME_ALTERNATE_DIRECTORY", &settings);
    ca.root = Some(root);
    lives(&ca, |_| ());
}

#[test]
#[ignore = "needs the sandbox"]
fn the_same_holds_with_six_days_of_validity_where_every_second_request_is_refused_for_its_nonce() {
    let ca = Authority::new("life-short", "SANDBOX_ACME_SHORT_DIRECTORY", "  profile = \"default\"\n");
    lives(&ca, Life::is_renewed);
}
