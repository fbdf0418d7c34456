//! What stands in the Secrets beside chain and key: other forms of the same, and stores below passwords.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::digest::{fingerprint, sha256, sha256_hex};
use crate::domain::certificate::Chain;
use crate::domain::keystore::{Bytes, Keystore, KeystoreError, Profile, key_der};
use crate::domain::kubernetes::{ObjectRef, annotation};
use crate::domain::tls_secret;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Result, Secret};

use super::super::model::destination::{Destination, Password, PasswordEntry, entries, told};
use super::get;

/// The annotation by which entries are known again that hold random salts: a digest of them, and of what their passwords were.
pub const FORMS_ANNOTATION: &str = "berth/forms";

/// The passwords of the stores.
#[derive(Default)]
pub struct Passwords {
    pkcs12: Option<Secret>,
    jks: Option<Secret>,
    /// Fingerprints of those that lie in Secrets, by the entry where.
    marks: Vec<String>,
}

impl Passwords {
    /// Reads the passwords, or takes the write-only ones.
    ///
    /// # Errors
    /// A Secret or entry that does not exist.
    pub async fn load(cx: &Cx, place: &Destination) -> Result<Self> {
        let mut all = Self::default();
        let Some(stores) = &place.keystores else { return Ok(all) };
        if let Some(store) = &stores.pkcs12 {
            let at = "kubernetes_secret.keystores.pkcs12";
            all.pkcs12 = all.one(cx, place, &store.password, at).await?;
        }
        if let Some(store) = &stores.jks {
            let at = "kubernetes_secret.keystores.jks";
            all.jks = all.one(cx, place, &store.password, at).await?;
        }
        Ok(all)
    }

    async fn one(&mut self, cx: &Cx, place: &Destination, password: &Password, at: &str) -> Result<Option<Secret>> {
        let Some(PasswordEntry { namespace, name, key }) = &password.password_secret_ref else {
            return Ok(password.password_wo.clone());
        };
        let object = ObjectRef::secret(namespace.as_ref().unwrap_or(&place.namespace), name);
        let secret = get(cx, &object).await?;
        let password = secret.as_ref().and_then(|secret| tls_secret::entry(secret, key));
        let Some(password) = password.filter(|password| !password.expose().is_empty()) else {
            return Err(Explanation::new("BERTH-ACME-071", "Cannot find the password of the keystore")
                .on(format!("{}, entry `{key}`", told(&object)))
                .said("the cluster", if secret.is_some() { "it has no such text" } else { "there is no such Secret" })
                .next("make the Secret first (refer to it, or use `depends_on`), or correct its name")
                .at(format!("{at}.password_secret_ref")));
        };
        // It stands in no state, and in the cluster only within a digest of stores with random salts.
        self.marks.push(fingerprint(format!("{object} {key}").as_bytes(), &password));
        Ok(Some(password))
    }
}

/// The further entries of a Secret.
pub struct Content {
    /// By name.
    pub binaries: BTreeMap<String, Bytes>,
    /// What the annotation says of them; `None` if there are none.
    pub seal: Option<String>,
}

impl Content {
    /// Makes what a destination asks for.
    pub async fn make(cx: &Cx, place: &Destination, chain: &Chain, key: &Secret) -> Result<Self> {
        let passwords = Passwords::load(cx, place).await?;
        let binaries = forms(cx, place, chain, key, &passwords).map_err(|error| {
            Explanation::new("BERTH-ACME-072", "Cannot make the further entries of the certificate's Secret")
                .said("the writer of keystores", error.to_string())
                .next("correct the password; a write-only one must be given at each apply")
                .at("kubernetes_secret.keystores")
        })?;
        let seal = seal(binaries.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())), &passwords);
        Ok(Self { seal: (!binaries.is_empty()).then_some(seal), binaries })
    }
}

fn forms(
    cx: &Cx,
    place: &Destination,
    chain: &Chain,
    key: &Secret,
    passwords: &Passwords,
) -> std::result::Result<BTreeMap<String, Bytes>, KeystoreError> {
    let mut all = BTreeMap::new();
    let mut put = |name: &str, bytes: Option<Bytes>| all.extend(bytes.map(|bytes| (name.to_owned(), bytes)));
    if place.wants_combined() {
        // As cert-manager joins them: the key, a line feed, the chain.
        let text = Bytes::new(format!("{}\n{}", key.expose().trim_end(), chain.full_pem()).into_bytes());
        put(entries::COMBINED, Some(text));
    }
    if place.wants_der_key() {
        put(entries::DER_KEY, Some(key_der(key)?));
    }
    let authorities = place.ca_pem.as_deref().unwrap_or_default();
    put(entries::AUTHORITY, authority(place).map(|text| Bytes::new(text.into_bytes())));
    let Some(stores) = &place.keystores else { return Ok(all) };
    let seed = Secret::random().ok_or(KeystoreError::Cipher)?;
    let made_at = u64::try_from(cx.clock().now().as_millisecond()).unwrap_or_default();
    let store = Keystore::new(chain, key, authorities, sha256(seed.expose().as_bytes()), made_at)?;
    if let Some(wished) = &stores.pkcs12 {
        let password = passwords.pkcs12.as_ref().ok_or(KeystoreError::NoPassword)?;
        let profile: Profile = wished.profile.parse().unwrap_or_default();
        put(entries::PKCS12, Some(store.pkcs12(password, profile)?));
        put(entries::PKCS12_TRUST, store.pkcs12_trust(password, profile)?);
    }
    if let Some(wished) = &stores.jks {
        let password = passwords.jks.as_ref().ok_or(KeystoreError::NoPassword)?;
        put(entries::JKS, Some(store.jks(password, &wished.alias)?));
        put(entries::JKS_TRUST, store.jks_trust(password)?);
    }
    Ok(all)
}

/// The CA's certificates for the entry `ca.crt`, as every reader takes them.
fn authority(place: &Destination) -> Option<String> {
    let given = place.ca_pem.as_ref()?;
    Some(Chain::cleaned(given).unwrap_or_else(|_| given.clone()))
}

/// A digest of entries, by name, and of the passwords that lie in Secrets.
fn seal<'a>(entries: impl Iterator<Item = (&'a str, &'a [u8])>, passwords: &Passwords) -> String {
    let lines = entries.map(|(name, bytes)| format!("{name} {}", sha256_hex(bytes)));
    let lines: Vec<String> = lines.chain(passwords.marks.iter().cloned()).collect();
    sha256_hex(lines.join("\n").as_bytes())
}

/// What is wrong with the further entries of a Secret, in words; `passwords` is `None` if they cannot be read any more.
pub fn difference(place: &Destination, secret: &Json, passwords: Option<&Passwords>) -> Option<String> {
    let names = place.further_entries();
    if names.is_empty() {
        return None;
    }
    let found: BTreeMap<_, _> =
        names.iter().filter_map(|name| Some((*name, tls_secret::bytes(secret, name)?))).collect();
    let lacking: Vec<_> =
        names.iter().filter(|name| !found.contains_key(*name)).map(|name| format!("`{name}`")).collect();
    if !lacking.is_empty() {
        return Some(format!("lacks {}", lacking.join(", ")));
    }
    let Some(passwords) = passwords else { return Some("has keystores whose password is gone".to_owned()) };
    let now = seal(found.iter().map(|(name, bytes)| (*name, bytes.as_slice())), passwords);
    let then = annotation(secret, FORMS_ANNOTATION);
    let listed: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    let words = || format!("holds others than were written, or has another password, in {}", listed.join(", "));
    (then != Some(now.as_str())).then(words)
}
