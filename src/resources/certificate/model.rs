//! What a user declares of a Certificate.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::health::{Health, condition};
use crate::provider::checks::{annotation_keys, label, labels, subdomain};
use crate::resources::cert_manager::{API_VERSION, duration, same_duration};
use crate::sdk::{Computed, Model, Set, Timeouts, check};

/// The usages that cert-manager knows (`KeyUsage`).
const USAGES: &[&str] = &[
    "signing",
    "digital signature",
    "content commitment",
    "key encipherment",
    "key agreement",
    "data encipherment",
    "cert sign",
    "crl sign",
    "encipher only",
    "decipher only",
    "any",
    "server auth",
    "client auth",
    "code signing",
    "email protection",
    "s/mime",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "timestamping",
    "ocsp signing",
    "microsoft sgc",
    "netscape sgc",
];

/// A Certificate of cert-manager.
#[derive(Clone, Debug, Model)]
pub struct CertificateModel {
    /// The Certificate's name. A change makes a new one.
    #[attr(replace, check = subdomain())]
    pub name: String,
    /// Its namespace, which is that of its Secret as well. A change makes a new one.
    #[attr(replace, check = label())]
    pub namespace: String,
    /// The Secret that cert-manager fills with `tls.crt` and `tls.key`. A Secret of the same name that another Certificate fills
    /// must not be there. A change leaves the former one as it is.
    #[attr(check = subdomain())]
    pub secret_name: String,
    /// Who issues it.
    pub issuer: IssuerRef,
    /// The DNS names it is for, `*.` in front included, in any order.
    pub dns_names: Option<Set<String>>,
    /// IP addresses it is for.
    pub ip_addresses: Option<Set<String>>,
    /// URIs it is for, such as `spiffe://…`.
    pub uris: Option<Set<String>>,
    /// E-mail addresses it is for.
    pub email_addresses: Option<Set<String>>,
    /// The common name of the subject, up to 64 characters; CAs of the web want it among `dns_names`, or absent.
    #[attr(check = check::length(1, 64))]
    pub common_name: Option<String>,
    /// How long it is to be valid, such as `2160h`; the issuer may decide otherwise. `2160h0m0s` is the same.
    #[attr(check = duration(), equal = same_duration)]
    pub duration: Option<String>,
    /// How long before its end it is renewed, such as `360h`.
    #[attr(check = duration(), equal = same_duration)]
    pub renew_before: Option<String>,
    /// Its key.
    pub private_key: Option<PrivateKey>,
    /// What it may be used for, in cert-manager's words, such as `server auth`. Absent, cert-manager's own choice: `digital
    /// signature` and `key encipherment`.
    #[attr(check = check::one_of(USAGES))]
    pub usages: Option<Set<String>>,
    /// Whether it is a CA's, for an issuer of the kind `ca`. Default `false`.
    #[attr(default = false)]
    pub is_ca: bool,
    /// Labels of the Certificate.
    #[attr(check = labels())]
    pub labels: Option<BTreeMap<String, String>>,
    /// Labels and annotations of the Secret.
    pub secret_template: Option<SecretTemplate>,
    /// How many requests of former revisions are kept; absent, as cert-manager decides.
    #[attr(check = check::range(1, 2_147_483_647))]
    pub revision_history_limit: Option<i64>,
    /// Any values: when one changes, cert-manager issues the certificate anew, at once and whatever it waits for after a
    /// failure, as `cmctl renew` has it do. The first ones that are given change nothing. Under Terraform the action
    /// `berth_certificate_renew` does so at any time.
    pub renew_triggers: Option<BTreeMap<String, String>>,
    /// Whether a destroy removes the Secret with certificate and key. Default `false`.
    #[attr(default = false)]
    pub delete_secret_on_destroy: bool,
    /// Whether an apply waits until cert-manager says that it is ready. One that is new and does not get there stays as it is,
    /// with a warning, and the next apply goes on. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// Whether cert-manager says that it is ready.
    pub ready: Computed<bool>,
    /// The serial number, in hexadecimal digits; null while nothing was issued, or if the Secret may not be read.
    pub serial_number: Computed<String>,
    /// The first moment of validity.
    pub not_before: Computed<String>,
    /// The last moment of validity.
    pub not_after: Computed<String>,
    /// When cert-manager renews it.
    pub renewal_time: Computed<String>,
    /// How many times it was issued.
    pub revision: Computed<i64>,
    /// What differs in the cluster from what is declared here, a sentence each. Empty after an apply; what a refresh finds,
    /// the next apply sets right.
    pub drift: Computed<Vec<String>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// Who issues a Certificate.
#[derive(Clone, Debug, Model)]
pub struct IssuerRef {
    /// The issuer's name.
    #[attr(check = subdomain())]
    pub name: String,
    /// `Issuer`, of the same namespace, or `ClusterIssuer`; with `group`, any kind of it. Default `Issuer`.
    #[attr(default = "Issuer", check = check::length(1, 63))]
    pub kind: String,
    /// The API group of the issuer. Default `cert-manager.io`.
    #[attr(default = "cert-manager.io", check = subdomain())]
    pub group: String,
}

/// A Certificate's key.
#[derive(Clone, Debug, Model)]
pub struct PrivateKey {
    /// `RSA` (cert-manager's own choice), `ECDSA` or `Ed25519`.
    #[attr(check = check::one_of(&["RSA", "ECDSA", "Ed25519"]))]
    pub algorithm: Option<String>,
    /// Its size: 2048, 4096 or 8192 of RSA, 256, 384 or 521 of ECDSA.
    #[attr(check = check::range(256, 8192))]
    pub size: Option<i64>,
    /// `PKCS1` (cert-manager's own choice) or `PKCS8`.
    #[attr(check = check::one_of(&["PKCS1", "PKCS8"]))]
    pub encoding: Option<String>,
    /// Whether a new key is made for each issuance: `Always`, or `Never`. cert-manager's own choice is `Always` since 1.18, and
    /// was `Never` before.
    #[attr(check = check::one_of(&["Always", "Never"]))]
    pub rotation_policy: Option<String>,
}

/// What a Secret bears beside its content.
#[derive(Clone, Debug, Model)]
pub struct SecretTemplate {
    /// Labels.
    #[attr(check = labels())]
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations.
    #[attr(check = annotation_keys())]
    pub annotations: Option<BTreeMap<String, String>>,
}

/// The object of a Certificate.
pub fn object(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::namespaced(API_VERSION, "Certificate", namespace, name)
}

impl CertificateModel {
    /// What it is called in messages.
    pub fn title(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// Takes over what cert-manager says of it.
    pub fn fill(&mut self, found: &Json) {
        let text = |name: &str| found.pointer(&format!("/status/{name}")).and_then(Json::as_str).map(str::to_owned);
        self.ready.set(condition(found, "Ready", "True") == Health::Ready);
        self.not_before.set(text("notBefore"));
        self.not_after.set(text("notAfter"));
        self.renewal_time.set(text("renewalTime"));
        self.revision.set(found.pointer("/status/revision").and_then(Json::as_i64));
    }
}
