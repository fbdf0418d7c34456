//! Certificates revoked (RFC 8555 §7.6).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::error::AcmeError;
use super::jws::Signer;
use super::key::AccountKey;
use super::{Acme, Registered};

/// Why a certificate is revoked: the reasons of RFC 5280 §5.3.1 that a subscriber may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum RevocationReason {
    /// `unspecified`.
    Unspecified,
    /// `key_compromise`: others may have the key. CAs then block the key itself.
    KeyCompromise,
    /// `affiliation_changed`: the names stay, their owner is another one.
    AffiliationChanged,
    /// `superseded`: another certificate took its place.
    Superseded,
    /// `cessation_of_operation`, the default: the names are used no more.
    #[default]
    CessationOfOperation,
}

impl RevocationReason {
    /// All reasons, by their names.
    pub const NAMES: [&'static str; 5] =
        ["unspecified", "key_compromise", "affiliation_changed", "superseded", "cessation_of_operation"];

    const ALL: [Self; 5] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
    ];

    /// The number of RFC 5280.
    fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
        }
    }
}

impl FromStr for RevocationReason {
    type Err = AcmeError;

    fn from_str(name: &str) -> Result<Self, AcmeError> {
        let found = Self::NAMES.iter().zip(Self::ALL).find(|(known, _)| **known == name);
        found.map(|(_, reason)| reason).ok_or_else(|| AcmeError::Unsupported(format!("revocation for `{name}`")))
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().zip(Self::NAMES).find(|(reason, _)| *reason == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl Acme {
    /// Revokes a certificate. One that is revoked already is a success.
    pub async fn revoke(&self, account: &Registered, der: &[u8], reason: RevocationReason) -> Result<(), AcmeError> {
        self.revoke_as(Signer::Account(&account.key, &account.account_url), der, reason).await
    }

    /// Revokes a certificate by its own key.
    pub async fn revoke_by_key(&self, key: &AccountKey, der: &[u8], reason: RevocationReason) -> Result<(), AcmeError> {
        self.revoke_as(Signer::Key(key), der, reason).await
    }

    /// CAs choose which reasons they take (RFC 8555 §7.6); one that is refused is left out.
    async fn revoke_as(&self, signer: Signer<'_>, der: &[u8], reason: RevocationReason) -> Result<(), AcmeError> {
        let Some(url) = &self.directory().await?.revoke else {
            return Err(AcmeError::Unsupported("revocation".to_owned()));
        };
        let certificate = URL_SAFE_NO_PAD.encode(der);
        let payload = json!({ "certificate": certificate, "reason": reason.code() });
        let outcome = match self.post(signer, url, Some(&payload)).await {
            Err(AcmeError::Refused(refusal)) if refusal.problem.kind() == "badRevocationReason" => {
                tracing::warn!(%refusal, %reason, "the CA refuses the reason; revoking without one");
                self.post(signer, url, Some(&json!({ "certificate": certificate }))).await
            }
            outcome => outcome,
        };
        match outcome {
            Err(AcmeError::Refused(refusal)) if refusal.problem.kind() == "alreadyRevoked" => Ok(()),
            outcome => outcome.map(|_| ()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Scripted, problem, reply};
    use super::*;

    #[tokio::test]
    async fn a_reason_that_the_ca_refuses_is_left_out() {
        let directory = r#"{"newNonce":"https://ca/n","newAccount":"a","newOrder":"o","revokeCert":"https://ca/r"}"#;
        let script = Scripted::new([
            reply(200, "application/json", directory),
            reply(200, "text/plain", ""),
            problem(400, "badRevocationReason", "no such reason"),
            reply(200, "text/html", ""),
        ]);
        let key = AccountKey::from_pem(&AccountKey::generate().unwrap()).unwrap();
        let ca = Acme::scripted(&script);
        ca.revoke_by_key(&key, b"der", RevocationReason::AffiliationChanged).await.unwrap();
        let reasons: Vec<_> = script.payloads().iter().map(|payload| payload.get("reason").cloned()).collect();
        assert_eq!(reasons, [Some(json!(3)), None]);
    }

    #[test]
    fn every_reason_is_read_by_its_name() {
        for name in RevocationReason::NAMES {
            assert_eq!(name.parse::<RevocationReason>().unwrap().to_string(), name);
        }
        assert!("caCompromise".parse::<RevocationReason>().is_err());
    }
}
