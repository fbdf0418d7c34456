//! A certificate in the making behind proxies that hold the call at which a step of the order begins or ends; while it is
//! held, something happens to the run.

use berth::domain::certificate::Chain;

use super::{Namespace, text, txt_values};
use crate::fault_proxy::Faults;
use crate::sandbox::{cluster, value};
use crate::workspace::{End, Workspace};

/// Before which remote a call is held.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Remote {
    Ca,
    Route53,
    Cluster,
}

/// A moment: a remote, and the call that is held there, after those that are let through.
pub type Moment<'a> = (Remote, &'a [&'a str]);

/// The certificates of an account, behind three proxies.
pub struct Scene {
    pub namespace: Namespace,
    pub ca: Faults,
    route53: Faults,
    cluster: Faults,
    pub workspace: Workspace,
    /// Name and kind of key of each certificate that is declared.
    declared: Vec<(String, &'static str)>,
    issued: usize,
}

impl Scene {
    pub fn new(label: &str) -> Self {
        let ca = Faults::before_acme(&value("SANDBOX_ACME_SHORT_DIRECTORY"), &[]);
        let (route53, api) = (Faults::before_aws(&[]), Faults::before_cluster(&[]));
        let mut workspace = Workspace::new("").env("AWS_ENDPOINT_URL", route53.url());
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        workspace.write("account.pem", &key);
        workspace.never_shows_key(&key);
        let namespace = Namespace::new(label);
        let scene = Self { namespace, ca, route53, cluster: api, workspace, declared: Vec::new(), issued: 0 };
        scene.configure();
        scene.workspace.apply().succeeds();
        scene
    }

    /// Declares a certificate, or another kind of key for one.
    pub fn declare(&mut self, name: &str, kind: &'static str) {
        self.declared.retain(|(declared, _)| declared != name);
        self.declared.push((name.to_owned(), kind));
        self.configure();
    }

    fn configure(&self) {
        let lines: Vec<_> = self.declared.iter().map(|(name, kind)| format!("    {name} = \"{kind}\"\n")).collect();
        let declared = lines.concat();
        let (namespace, zone, login) = (&self.namespace.0, value("SANDBOX_ZONE_NAME"), cluster());
        let trust = value("SANDBOX_ACME_CA_FILE");
        self.workspace.configure(&format!(
            r#"
provider "berth" {{
  acme       = {{ directory_url = "{directory}", ca_file = "{trust}" }}
  kubernetes = {{ host = "{host}", token = "{token}", cluster_ca_certificate = file("{trust}") }}
}}
resource "berth_acme_account" "main" {{
  terms_of_service_agreed = true
  account_key             = {{ file = "account.pem" }}
}}
resource "berth_acme_certificate" "web" {{
  for_each = {{
{declared}  }}
  account_url       = berth_acme_account.main.account_url
  account_key       = {{ file = "account.pem" }}
  dns_names         = ["${{each.key}}.{namespace}.{zone}", "*.${{each.key}}.{namespace}.{zone}"]
  key_type          = each.value
  profile           = "default"
  kubernetes_secret = {{ namespace = "{namespace}", name = each.key }}
}}
"#,
            directory = self.ca.directory(),
            host = self.cluster.url(),
            token = login.token,
        ));
    }

    fn proxy(&mut self, remote: Remote) -> &mut Faults {
        match remote {
            Remote::Ca => &mut self.ca,
            Remote::Route53 => &mut self.route53,
            Remote::Cluster => &mut self.cluster,
        }
    }

    /// Applies, until the moment when something happens to the run.
    pub fn ends_at(&mut self, (remote, words): Moment<'_>, end: End) {
        let proxy = self.proxy(remote);
        let before = proxy.held();
        for wish in words {
            proxy.once(wish);
        }
        let proxy = match remote {
            Remote::Ca => &self.ca,
            Remote::Route53 => &self.route53,
            Remote::Cluster => &self.cluster,
        };
        let running = self.workspace.start_apply();
        running.wait_until(|| proxy.held() > before, &format!("{words:?}"));
        let errors = running.end_by(end);
        assert!(end != End::Interrupt || errors.contains("interrupted"), "{errors}");
    }

    /// The TXT values at a certificate's name.
    pub fn values(&self, name: &str) -> Vec<String> {
        let record = format!("_acme-challenge.{name}.{}.{}", self.namespace.0, value("SANDBOX_ZONE_NAME"));
        txt_values(&value("SANDBOX_ZONE_ID"), &record)
    }

    /// Applies again, and holds what there is against what there should be: one certificate more, and nothing left behind.
    pub fn is_completed(&mut self, name: &str, step: &str) {
        self.workspace.apply().succeeds();
        self.issued += 1;
        assert_eq!(self.ca.issued().len(), self.issued, "certificates were issued {step}: {:?}", self.ca.issued());
        assert_eq!(self.values(name), Vec::<String>::new(), "{step}");
        assert!(self.namespace.secret(&format!("{name}-acme-order")).is_none(), "the journal is left {step}");
        let told = self.workspace.attributes(&format!("berth_acme_certificate.web[\"{name}\"]"));
        assert_eq!(self.serial(name), text(&told, "serial_number"), "{step}");
        let (chain, key) = (self.namespace.entry(name, "tls.crt"), self.namespace.entry(name, "tls.key"));
        assert_eq!(Chain::parse(&chain).unwrap().facts.matches_key(&key), Ok(true), "{step}");
        self.workspace.never_shows_key(&key);
    }

    /// The serial number of the certificate in the Secret.
    pub fn serial(&self, name: &str) -> String {
        Chain::parse(&self.namespace.entry(name, "tls.crt")).unwrap().facts.serial_number
    }
}
