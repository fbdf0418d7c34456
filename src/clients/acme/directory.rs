//! What a CA offers: its directory (RFC 8555 §7.1.1).

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::error::AcmeError;
use super::lenient::or_absent;

/// The functions and terms of a CA.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Directory {
    /// Where it was read from.
    #[serde(skip)]
    pub url: String,
    pub(super) new_nonce: String,
    pub(super) new_account: String,
    pub(super) new_order: String,
    /// Where certificates are revoked; RFC 8555 §7.1.1 wants it, and a CA may lack it all the same.
    #[serde(default, rename = "revokeCert", deserialize_with = "or_absent")]
    pub(super) revoke: Option<String>,
    /// Where accounts change their keys.
    #[serde(default, deserialize_with = "or_absent")]
    pub(super) key_change: Option<String>,
    /// The base of renewal information (RFC 9773); `None` when the CA has none.
    #[serde(default, deserialize_with = "or_absent")]
    pub(super) renewal_info: Option<String>,
    /// What else the CA tells about itself.
    #[serde(default, deserialize_with = "or_absent")]
    pub meta: Meta,
}

/// What a CA tells about itself.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// The document to agree to.
    #[serde(deserialize_with = "or_absent")]
    pub terms_of_service: Option<String>,
    /// The CA's site.
    #[serde(deserialize_with = "or_absent")]
    pub website: Option<String>,
    /// The names that CAA records may use for this CA.
    #[serde(deserialize_with = "or_absent")]
    pub caa_identities: Vec<String>,
    /// Whether new accounts need an external account binding.
    #[serde(deserialize_with = "or_absent")]
    pub external_account_required: bool,
    /// Certificate profiles, with their descriptions (draft-aaron-acme-profiles).
    #[serde(deserialize_with = "descriptions")]
    pub profiles: BTreeMap<String, String>,
}

impl Directory {
    /// Reads a directory's body.
    pub(super) fn parse(url: &str, bytes: &Bytes) -> Result<Self, AcmeError> {
        let strange = |why: String| AcmeError::Strange { url: url.to_owned(), why };
        let mut directory: Self = serde_json::from_slice(bytes)
            .map_err(|error| strange(format!("no ACME directory ({error}): {}", beginning(bytes))))?;
        url.clone_into(&mut directory.url);
        Ok(directory)
    }

    /// Whether the CA tells when to renew (RFC 9773).
    pub fn has_renewal_info(&self) -> bool {
        self.renewal_info.is_some()
    }

    /// Fails when the CA does not list the profile.
    pub fn check_profile(&self, profile: &str) -> Result<(), AcmeError> {
        if self.meta.profiles.contains_key(profile) {
            return Ok(());
        }
        let known: Vec<_> = self.meta.profiles.keys().map(String::as_str).collect();
        let offered = if known.is_empty() { "it has no profiles".to_owned() } else { known.join(", ") };
        Err(AcmeError::Unsupported(format!("profile `{profile}` (offered: {offered})")))
    }
}

/// The profiles by name. What a description is other than text says nothing, and the name stands.
fn descriptions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let all: BTreeMap<String, Value> = or_absent(deserializer)?;
    Ok(all.into_iter().map(|(name, text)| (name, text.as_str().unwrap_or_default().to_owned())).collect())
}

fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: &str = r#"{"newNonce":"https://ca/nonce","newAccount":"https://ca/acct","newOrder":"https://ca/order",
        "renewalInfo":"https://ca/ari","meta":{"termsOfService":"https://ca/tos","caaIdentities":["ca.example"],
        "externalAccountRequired":true,"profiles":{"short":"six days"}}}"#;

    #[test]
    fn reads_what_the_ca_offers() {
        let directory = Directory::parse("https://ca/dir", &Bytes::from(FULL)).unwrap();
        assert!(directory.has_renewal_info());
        assert!(directory.meta.external_account_required);
        assert_eq!(directory.meta.caa_identities, ["ca.example"]);
        assert!(directory.check_profile("short").is_ok());
        let error = directory.check_profile("long").unwrap_err().to_string();
        assert_eq!(error, "the CA does not offer profile `long` (offered: short)");
    }

    #[test]
    fn what_is_null_in_a_directory_is_absent() {
        let body = r#"{"newNonce":"n","newAccount":"a","newOrder":"o","revokeCert":null,"keyChange":null,"newAuthz":null,
            "renewalInfo":null,"meta":{"termsOfService":null,"website":null,"caaIdentities":null,
            "externalAccountRequired":null,"profiles":{"short":null,"long":{"days":90},"usual":"90 days"}}}"#;
        let directory = Directory::parse("https://ca/dir", &Bytes::from(body)).unwrap();
        assert!(!directory.has_renewal_info() && !directory.meta.external_account_required);
        assert_eq!(directory.meta.profiles.keys().collect::<Vec<_>>(), ["long", "short", "usual"]);
        let bare = r#"{"newNonce":"n","newAccount":"a","newOrder":"o","meta":null}"#;
        assert!(Directory::parse("https://ca/dir", &Bytes::from(bare)).unwrap().meta.profiles.is_empty());
    }

    #[test]
    fn a_page_is_no_directory() {
        let error = Directory::parse("https://ca/", &Bytes::from("<html>Log in</html>")).unwrap_err().to_string();
        assert!(error.contains("no ACME directory") && error.contains("Log in"), "{error}");
    }
}
