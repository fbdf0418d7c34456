//! Where a certificate goes: Secrets, what stands in them beside key and chain, and who takes them over.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::certificate::{Chain, read_all};
use crate::domain::keystore::Profile;
use crate::domain::kubernetes::ObjectRef;
use crate::sdk::{Model, Secret, Set, check};

/// Labels or annotations.
pub type Metadata = BTreeMap<String, String>;

/// The key, then the chain, as `formats` calls it.
const COMBINED_PEM: &str = "combined_pem";
/// The key alone in DER, as `formats` calls it.
const DER_KEY: &str = "der_key";

/// The entries beside `tls.crt` and `tls.key`, as cert-manager calls them.
pub mod entries {
    /// The key, then the chain.
    pub const COMBINED: &str = "tls-combined.pem";
    /// The key in DER.
    pub const DER_KEY: &str = "key.der";
    /// The CA's certificates.
    pub const AUTHORITY: &str = "ca.crt";
    /// Key and chain as PKCS#12.
    pub const PKCS12: &str = "keystore.p12";
    /// The CA's certificates as PKCS#12.
    pub const PKCS12_TRUST: &str = "truststore.p12";
    /// Key and chain as JKS.
    pub const JKS: &str = "keystore.jks";
    /// The CA's certificates as JKS.
    pub const JKS_TRUST: &str = "truststore.jks";
}

/// A Secret of type `kubernetes.io/tls`.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Destination {
    /// The namespace, which must exist.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// Labels to set; those of others stay.
    pub labels: Option<Metadata>,
    /// Annotations to set; those of others stay.
    pub annotations: Option<Metadata>,
    /// Further forms of the same, under the names that cert-manager gives them: `combined_pem` is `tls-combined.pem`, the key
    /// and then the chain; `der_key` is `key.der`, the key alone in DER.
    #[attr(check = check::one_of(&[COMBINED_PEM, DER_KEY]))]
    pub formats: Option<Set<String>>,
    /// The certificates of the CA, PEM, for the entry `ca.crt` and the truststores. Default: neither is written, since ACME does
    /// not tell the root.
    #[attr(check = check::text("must be certificates in PEM", |text| read_all(text).map(|_| ()).map_err(|error| error.to_string())))]
    pub ca_pem: Option<String>,
    /// Keystores for Java and others.
    pub keystores: Option<Keystores>,
    /// Further Secrets that get the same: key, chain, forms and stores. One that is lost or changed is written anew from the
    /// others, and nothing is issued as long as one of them holds the key; one that is taken out here is removed.
    pub copies: Option<Set<Copied>>,
    /// The Certificate of cert-manager that shall take the Secret over without issuing again. Without it, what was written
    /// for that is removed from the Secret.
    pub cert_manager: Option<HandOver>,
}

/// A further Secret with the same content.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Model)]
pub struct Copied {
    /// The namespace, which must exist.
    pub namespace: String,
    /// The Secret's name. Default: that of the first Secret.
    pub name: Option<String>,
    /// Labels to set; those of others stay.
    pub labels: Option<Metadata>,
    /// Annotations to set; those of others stay.
    pub annotations: Option<Metadata>,
}

/// Stores of key and chain below a password, under the names that cert-manager gives them.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Keystores {
    /// PKCS#12: the entry `keystore.p12`, and `truststore.p12` where `ca_pem` is given.
    pub pkcs12: Option<Pkcs12>,
    /// Java's own old format: the entry `keystore.jks`, and `truststore.jks` where `ca_pem` is given. Java reads PKCS#12 as
    /// well, which protects better.
    pub jks: Option<Jks>,
}

/// A PKCS#12 store. Give the password either way.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Pkcs12 {
    /// The password.
    #[attr(flatten)]
    pub password: Password,
    /// How it is encrypted: `Modern2023`, by AES-256 and HMAC-SHA-256, which OpenSSL 1.1, Java 8u301 and newer read; or
    /// `LegacyDES`, by triple DES and SHA-1, for older programs. Default `Modern2023`.
    #[attr(default = "Modern2023", check = check::one_of(&Profile::NAMES))]
    pub profile: String,
}

/// A JKS store. Give the password either way.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Jks {
    /// The password.
    #[attr(flatten)]
    pub password: Password,
    /// The name of the key's entry in the store, in small letters. Default `certificate`.
    #[attr(default = "certificate", check = check::length(1, 200))]
    pub alias: String,
}

/// The password of a store, given in one of two ways.
#[expect(clippy::struct_field_names, reason = "the names are those that users write")]
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Password {
    /// The entry of a Secret that holds the password. Another password there writes the stores anew.
    pub password_secret_ref: Option<PasswordEntry>,
    /// The password. It is used while applying and kept nowhere.
    #[attr(write_only)]
    pub password_wo: Option<Secret>,
    /// A number to change whenever `password_wo` changes.
    pub password_wo_version: Option<i64>,
}

/// An entry of a Secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct PasswordEntry {
    /// The Secret's namespace. Default: that of the certificate's Secret.
    pub namespace: Option<String>,
    /// The Secret's name.
    pub name: String,
    /// The entry. Default `password`.
    #[attr(default = "password")]
    pub key: String,
}

/// A Certificate of cert-manager, made afterwards with the same names and kind of key: it finds all that it looks for in
/// the Secret, and renews from then on. What it stores there is taken in here; the provider issues again only if the
/// Secret is lost, its certificate has expired, or the names change. A destroy leaves the Secret to cert-manager.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct HandOver {
    /// The Certificate's name.
    pub certificate: String,
    /// The name of its issuer.
    pub issuer: String,
    /// The issuer's kind: `ClusterIssuer` or `Issuer`; another one with an issuer of another group. Default `ClusterIssuer`.
    #[attr(default = "ClusterIssuer", check = check::length(1, 63))]
    pub issuer_kind: String,
    /// The issuer's API group, as `spec.issuerRef.group` of the Certificate has it. Default `cert-manager.io`.
    #[attr(default = "cert-manager.io", check = check::length(1, 253))]
    pub issuer_group: String,
}

/// One Secret of a destination: the first, or a copy.
#[derive(Clone, Debug)]
pub struct Site {
    /// The Secret.
    pub object: ObjectRef,
    /// Labels that the user wishes on it.
    pub labels: Metadata,
    /// Annotations that the user wishes on it.
    pub annotations: Metadata,
    /// Whether it is the first, which is handed over and imported.
    pub is_first: bool,
}

impl Site {
    /// The Secret in words.
    pub fn told(&self) -> String {
        told(&self.object)
    }

    /// The attribute that names it.
    pub fn attribute(&self, part: &str) -> String {
        if self.is_first { format!("kubernetes_secret.{part}") } else { "kubernetes_secret.copies".to_owned() }
    }
}

/// A Secret in words.
pub fn told(object: &ObjectRef) -> String {
    format!("the Secret {}/{}", object.namespace.as_deref().unwrap_or_default(), object.name)
}

impl Copied {
    /// The copy's Secret; `first` is the name of the first one.
    pub fn object(&self, first: &str) -> ObjectRef {
        ObjectRef::secret(&self.namespace, self.name.as_deref().unwrap_or(first))
    }
}

impl Destination {
    /// The first Secret.
    pub fn object(&self) -> ObjectRef {
        ObjectRef::secret(&self.namespace, &self.name)
    }

    /// All Secrets, the first one first.
    pub fn sites(&self) -> Vec<Site> {
        let metadata = |given: &Option<Metadata>| given.clone().unwrap_or_default();
        let first = Site {
            object: self.object(),
            labels: metadata(&self.labels),
            annotations: metadata(&self.annotations),
            is_first: true,
        };
        let copies = self.copies.iter().flat_map(|copies| copies.iter()).map(|copy| Site {
            object: copy.object(&self.name),
            labels: metadata(&copy.labels),
            annotations: metadata(&copy.annotations),
            is_first: false,
        });
        std::iter::once(first).chain(copies).collect()
    }

    /// Whether `formats` asks for the key and the chain in one entry.
    pub fn wants_combined(&self) -> bool {
        self.wants(COMBINED_PEM)
    }

    /// Whether `formats` asks for the key in DER.
    pub fn wants_der_key(&self) -> bool {
        self.wants(DER_KEY)
    }

    fn wants(&self, format: &str) -> bool {
        self.formats.as_ref().is_some_and(|formats| formats.iter().any(|one| one == format))
    }

    /// The names of all entries beside `tls.crt` and `tls.key`.
    pub fn further_entries(&self) -> BTreeSet<&'static str> {
        let has_authority = self.ca_pem.is_some();
        let stores = self.keystores.as_ref();
        let (pkcs12, jks) =
            (stores.is_some_and(|stores| stores.pkcs12.is_some()), stores.is_some_and(|stores| stores.jks.is_some()));
        let all = [
            (self.wants_combined(), entries::COMBINED),
            (self.wants_der_key(), entries::DER_KEY),
            (has_authority, entries::AUTHORITY),
            (pkcs12, entries::PKCS12),
            (pkcs12 && has_authority, entries::PKCS12_TRUST),
            (jks, entries::JKS),
            (jks && has_authority, entries::JKS_TRUST),
        ];
        all.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, name)| name).collect()
    }

    /// What stands in the Secret for the one that takes it over: labels and annotations.
    pub fn hand_over(&self, chain: &Chain) -> Option<(Metadata, Metadata)> {
        let HandOver { certificate, issuer, issuer_kind, issuer_group } = self.cert_manager.as_ref()?;
        let facts = &chain.facts;
        let common_name = facts.subject_common_name.clone().unwrap_or_default();
        let (names, addresses) = (facts.dns_names.join(","), facts.ip_addresses.join(","));
        let annotations = [
            ("certificate-name", certificate.clone()),
            ("issuer-name", issuer.clone()),
            ("issuer-kind", issuer_kind.clone()),
            ("issuer-group", issuer_group.clone()),
            ("common-name", common_name),
            ("alt-names", names),
            ("ip-sans", addresses),
            ("uri-sans", String::new()),
        ];
        let annotations = annotations.map(|(name, value)| (format!("cert-manager.io/{name}"), value));
        // The label by which its cache finds the Secrets that it looks after.
        let labels = [("controller.cert-manager.io/fao".to_owned(), "true".to_owned())];
        Some((labels.into(), annotations.into()))
    }
}
