//! Authorizations (RFC 8555 §7.1.4): the names of an order, each with the ways to prove it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::clients::acme::error::AcmeError;
use crate::clients::acme::key::AccountKey;
use crate::clients::acme::lenient::or_absent;
use crate::clients::acme::problem::{NamedIdentifier, Problem};
use crate::digest::sha256;

/// How a name is proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// By a TXT record (RFC 8555 §8.4).
    #[default]
    Dns01,
    /// By a file on port 80 (RFC 8555 §8.3).
    Http01,
    /// By a TXT record that stands for good (draft-ietf-acme-dns-persist).
    DnsPersist01,
}

impl Method {
    /// The challenge's type at the CA.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dns01 => "dns-01",
            Self::Http01 => "http-01",
            Self::DnsPersist01 => "dns-persist-01",
        }
    }
}

/// A challenge that waits for its proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// The name, without the star of a wildcard; or the IP address.
    pub domain: String,
    /// Whether the name is a wildcard.
    pub wildcard: bool,
    /// How it is proved.
    pub method: Method,
    /// What the CA calls it by.
    pub token: String,
    /// The token and the account's thumbprint (RFC 8555 §8.1): what a file on port 80 holds.
    pub key_authorization: String,
    /// With dns-persist-01: the CA's own domain names, one of which the standing record begins with.
    pub issuers: Vec<String>,
    /// With dns-persist-01: the account URL that the standing record must name; `None` where the CA leaves that to us.
    pub account_uri: Option<String>,
    pub(super) url: String,
    pub(super) is_pending: bool,
}

impl Challenge {
    /// The TXT value that the CA looks for (RFC 8555 §8.4).
    pub fn txt_value(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.key_authorization.as_bytes()))
    }
}

/// An authorization as the CA shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Authorization {
    identifier: NamedIdentifier,
    #[serde(default, deserialize_with = "or_absent")]
    wildcard: bool,
    status: String,
    #[serde(default, deserialize_with = "or_absent")]
    challenges: Vec<Offer>,
}

#[derive(Debug, Deserialize)]
struct Offer {
    #[serde(rename = "type")]
    kind: String,
    url: String,
    #[serde(default, deserialize_with = "or_absent")]
    token: String,
    #[serde(default, deserialize_with = "or_absent")]
    status: String,
    #[serde(default, rename = "issuer-domain-names", deserialize_with = "or_absent")]
    issuers: Vec<String>,
    #[serde(default, rename = "accounturi", deserialize_with = "or_absent")]
    account_uri: Option<String>,
    #[serde(default, deserialize_with = "or_absent")]
    error: Option<Problem>,
}

impl Authorization {
    pub fn is_pending(&self) -> bool {
        self.status == "pending"
    }

    /// The name; a wildcard with its star.
    pub fn title(&self) -> String {
        let star = if self.wildcard { "*." } else { "" };
        format!("{star}{}", self.identifier.value)
    }

    /// The challenge of the method that is chosen for the name.
    pub fn challenge(self, key: &AccountKey, choose: impl Fn(&str, bool) -> Method) -> Result<Challenge, AcmeError> {
        let method = choose(&self.identifier.value, self.wildcard);
        let Some(offer) = self.challenges.iter().find(|offer| offer.kind == method.name()) else {
            let offered = self.challenges.into_iter().map(|offer| offer.kind).collect();
            return Err(AcmeError::NoChallenge { identifier: self.identifier.value, wanted: method.name(), offered });
        };
        Ok(Challenge {
            key_authorization: format!("{}.{}", offer.token, key.thumbprint()),
            token: offer.token.clone(),
            issuers: offer.issuers.clone(),
            account_uri: offer.account_uri.clone(),
            url: offer.url.clone(),
            is_pending: !matches!(offer.status.as_str(), "processing" | "valid" | "invalid"),
            domain: self.identifier.value,
            wildcard: self.wildcard,
            method,
        })
    }

    /// Why it failed, in the CA's words; `None` if it did not.
    pub fn failure(&self) -> Option<Problem> {
        if matches!(self.status.as_str(), "pending" | "valid") {
            return None;
        }
        let told = self.challenges.iter().find_map(|offer| offer.error.clone());
        Some(told.unwrap_or_else(|| Problem {
            detail: format!("the authorization is {}", self.status),
            ..Problem::default()
        }))
    }
}
