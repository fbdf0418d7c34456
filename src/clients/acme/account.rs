//! Accounts at a CA (RFC 8555 §7.3): found by their key, made, changed, deactivated.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::secret::Secret;

use super::edge::Reply;
use super::error::AcmeError;
use super::jws::{self, Signer};
use super::key::AccountKey;
use super::lenient::or_absent;
use super::{Acme, Registered};

/// An account as the CA shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountFacts {
    /// Its URL: its name in every signed request.
    pub url: String,
    /// `valid`, `deactivated` or `revoked` (RFC 8555 §7.1.6).
    pub status: String,
    /// Its contacts; `None` when the CA does not tell them (Let's Encrypt keeps none).
    pub contacts: Option<Vec<String>>,
}

/// What the CA has for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The account.
    Account(AccountFacts),
    /// Nothing: the key was never registered.
    Nothing,
    /// An account that the CA refuses to let this key use: deactivated or revoked.
    Unusable(String),
    /// The CA does not tell: it wants every question about an account bound to one of its own system.
    Untold,
}

/// What a new account is made with.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Contact URLs (`mailto:…`).
    pub contacts: Vec<String>,
    /// Whether the user agrees to the terms of service.
    pub terms_agreed: bool,
    /// The account of the CA's own system to bind to.
    pub external: Option<ExternalAccount>,
}

/// An account of the CA's own system (RFC 8555 §7.3.4).
#[derive(Clone, Debug)]
pub struct ExternalAccount {
    /// The key identifier that the CA gave.
    pub key_id: String,
    /// The HMAC key that the CA gave, base64url as a rule.
    pub hmac_key: Secret,
}

impl ExternalAccount {
    fn hmac_bytes(&self) -> Result<Vec<u8>, AcmeError> {
        let text = self.hmac_key.expose().trim().trim_end_matches('=');
        let standard = text.replace('-', "+").replace('_', "/");
        let url_safe = standard.replace('+', "-").replace('/', "_");
        let bad = |fault: &str| AcmeError::Binding(format!("the HMAC key of external_account_binding {fault}"), None);
        if text.is_empty() {
            return Err(bad("is empty"));
        }
        let decoded = URL_SAFE_NO_PAD.decode(url_safe).or_else(|_| STANDARD.decode(standard));
        decoded.map_err(|_| bad("is not base64 or base64url"))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AccountBody {
    #[serde(deserialize_with = "or_absent")]
    status: Option<String>,
    #[serde(deserialize_with = "or_absent")]
    contact: Option<Vec<String>>,
}

impl Acme {
    /// Asks the CA for the account of a key; makes none (RFC 8555 §7.3.1). A CA that wants an external binding even for that
    /// is asked for the account by its URL, where that is `known`.
    pub async fn find_account(&self, key: &AccountKey, known: Option<&str>) -> Result<Found, AcmeError> {
        match self.new_account_request(key, &json!({ "onlyReturnExisting": true })).await {
            Ok(reply) => self.account_from(key, &reply).await.map(Found::Account),
            Err(AcmeError::NoAccount(_)) => Ok(Found::Nothing),
            Err(AcmeError::Unauthorized(refusal)) => Ok(Found::Unusable(refusal.to_string())),
            Err(AcmeError::ExternalAccountRequired(_)) => match known {
                Some(url) => self.find_at(key, url).await,
                None => Ok(Found::Untold),
            },
            Err(error) => Err(error),
        }
    }

    /// The account of this URL, if the key is its key.
    async fn find_at(&self, key: &AccountKey, url: &str) -> Result<Found, AcmeError> {
        match self.read_account(key, url, None).await {
            Ok(facts) if facts.status == "valid" => Ok(Found::Account(facts)),
            Ok(facts) => Ok(Found::Unusable(format!("the account is {}", facts.status))),
            Err(AcmeError::NoAccount(_)) => Ok(Found::Nothing),
            Err(AcmeError::Unauthorized(refusal)) => Ok(Found::Unusable(refusal.to_string())),
            // Another key's signature: `malformed` at most CAs.
            Err(AcmeError::Refused(refusal)) if refusal.status < 500 => Ok(Found::Untold),
            Err(error) => Err(error),
        }
    }

    /// Makes the account of a key. If the CA has one already, that one is the answer, as it is.
    pub async fn create_account(&self, key: &AccountKey, new: &NewAccount) -> Result<AccountFacts, AcmeError> {
        let directory = self.directory().await?;
        if directory.meta.terms_of_service.is_some() && !new.terms_agreed {
            return Err(AcmeError::Terms { url: directory.meta.terms_of_service.clone(), refusal: None });
        }
        if directory.meta.external_account_required && new.external.is_none() {
            return Err(AcmeError::ExternalAccountRequired(None));
        }
        let mut payload = json!({ "contact": new.contacts, "termsOfServiceAgreed": new.terms_agreed });
        if let (Some(external), Some(object)) = (&new.external, payload.as_object_mut()) {
            let url = &directory.new_account;
            let binding = jws::external_binding(key, &external.key_id, &external.hmac_bytes()?, url)?;
            object.insert("externalAccountBinding".to_owned(), binding);
        }
        let reply = match self.new_account_request(key, &payload).await {
            Err(error) if new.external.is_some() => return Err(of_binding(error)),
            reply => reply?,
        };
        tracing::info!(directory = %directory.url, account_url = ?reply.location(), status = reply.status, "acme account");
        self.account_from(key, &reply).await
    }

    async fn new_account_request(&self, key: &AccountKey, payload: &Value) -> Result<Reply, AcmeError> {
        let directory = self.directory().await?;
        let url = &directory.new_account;
        let reply = self.post(Signer::Key(key), url, Some(payload)).await;
        reply.map_err(|error| match error {
            AcmeError::Terms { refusal, .. } => {
                AcmeError::Terms { url: directory.meta.terms_of_service.clone(), refusal }
            }
            other => other,
        })
    }

    /// The account that an answer to newAccount is about; asked for when the answer itself is bare.
    async fn account_from(&self, key: &AccountKey, reply: &Reply) -> Result<AccountFacts, AcmeError> {
        let directory = self.directory().await?;
        let Some(url) = reply.location() else {
            let why = "the answer to newAccount has no Location header".to_owned();
            return Err(AcmeError::Strange { url: directory.new_account.clone(), why });
        };
        let body: AccountBody = serde_json::from_slice(&reply.body).unwrap_or_default();
        match body.status {
            Some(status) => Ok(AccountFacts { url, status, contacts: body.contact }),
            None => self.read_account(key, &url, None).await,
        }
    }

    /// Reads an account.
    pub async fn account(&self, account: &Registered) -> Result<AccountFacts, AcmeError> {
        self.account_request(account, None).await
    }

    /// Replaces an account's contacts (RFC 8555 §7.3.2).
    pub async fn update_contacts(
        &self,
        key: &AccountKey,
        account_url: &str,
        contacts: &[String],
    ) -> Result<AccountFacts, AcmeError> {
        self.read_account(key, account_url, Some(json!({ "contact": contacts }))).await
    }

    /// Deactivates an account for good (RFC 8555 §7.3.6). One that is gone already is a success.
    pub async fn deactivate_account(&self, account: &Registered) -> Result<(), AcmeError> {
        match self.account_request(account, Some(json!({ "status": "deactivated" }))).await {
            Ok(_) | Err(AcmeError::Unauthorized(_) | AcmeError::NoAccount(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives an account another key (RFC 8555 §7.3.5). Its orders and certificates stay as they are.
    pub async fn change_key(&self, account_url: &str, old: &AccountKey, new: &AccountKey) -> Result<(), AcmeError> {
        let Some(url) = &self.directory().await?.key_change else {
            return Err(AcmeError::Unsupported("change of an account's key".to_owned()));
        };
        let payload = jws::takeover(new, old, account_url, url)?;
        self.post(Signer::Account(old, account_url), url, Some(&payload)).await?;
        tracing::info!(account_url, thumbprint = new.thumbprint(), "acme account key changed");
        Ok(())
    }

    async fn account_request(&self, account: &Registered, payload: Option<Value>) -> Result<AccountFacts, AcmeError> {
        self.read_account(&account.key, &account.account_url, payload).await
    }

    async fn read_account(
        &self,
        key: &AccountKey,
        url: &str,
        payload: Option<Value>,
    ) -> Result<AccountFacts, AcmeError> {
        let reply = self.post(Signer::Account(key, url), url, payload.as_ref()).await?;
        let body: AccountBody = serde_json::from_slice(&reply.body)
            .map_err(|error| AcmeError::Strange { url: url.to_owned(), why: error.to_string() })?;
        let status = body.status.unwrap_or_else(|| "valid".to_owned());
        Ok(AccountFacts { url: url.to_owned(), status, contacts: body.contact })
    }
}

/// Blames the binding for what the CA refuses because of it: there is no account yet that could lack a right.
fn of_binding(error: AcmeError) -> AcmeError {
    match error {
        AcmeError::Unauthorized(refusal) => AcmeError::Binding(refusal.to_string(), Some(refusal)),
        AcmeError::Refused(refusal) if names_binding(&refusal.problem.detail) => {
            AcmeError::Binding(refusal.to_string(), Some(refusal))
        }
        other => other,
    }
}

fn names_binding(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["external account", "externalaccount", "eab", "hmac"].iter().any(|name| words.contains(name))
}

#[cfg(test)]
mod tests {
    use super::super::scripted::{Scripted, problem, reply, with_header};
    use super::*;

    const DIRECTORY: &str = r#"{"newNonce":"https://ca/nonce","newAccount":"https://ca/acct","newOrder":"https://ca/order",
        "meta":{"termsOfService":"https://ca/tos"}}"#;

    fn key() -> AccountKey {
        AccountKey::from_pem(&AccountKey::generate().unwrap()).unwrap()
    }

    fn ca(answers: Vec<Reply>) -> Acme {
        let directory = reply(200, "application/json", DIRECTORY);
        Acme::scripted(&Scripted::new([directory, reply(200, "text/plain", "")].into_iter().chain(answers)))
    }

    #[tokio::test]
    async fn an_unknown_key_finds_nothing() {
        let ca = ca(vec![problem(400, "accountDoesNotExist", "no account exists with the provided key")]);
        assert_eq!(ca.find_account(&key(), None).await.unwrap(), Found::Nothing);
    }

    #[tokio::test]
    async fn a_known_key_finds_its_account() {
        let body = r#"{"status":"valid","contact":["mailto:a@b.example"]}"#;
        let found = with_header(reply(200, "application/json", body), "location", "https://ca/acct/7");
        let facts = AccountFacts {
            url: "https://ca/acct/7".to_owned(),
            status: "valid".to_owned(),
            contacts: Some(vec!["mailto:a@b.example".to_owned()]),
        };
        assert_eq!(ca(vec![found]).find_account(&key(), None).await.unwrap(), Found::Account(facts));
    }

    #[tokio::test]
    async fn a_ca_that_wants_a_binding_for_every_question_is_asked_by_the_accounts_url() {
        let refusal = || problem(400, "externalAccountRequired", "bind it");
        assert_eq!(ca(vec![refusal()]).find_account(&key(), None).await.unwrap(), Found::Untold);
        let url = "https://ca/acct/7";
        let valid = reply(200, "application/json", r#"{"status":"valid"}"#);
        let found = ca(vec![refusal(), valid]).find_account(&key(), Some(url)).await.unwrap();
        assert!(matches!(found, Found::Account(facts) if facts.url == url));
        let cases = [
            (problem(400, "malformed", "JWS verification error"), Found::Untold),
            (problem(400, "accountDoesNotExist", "gone"), Found::Nothing),
        ];
        for (answer, expected) in cases {
            assert_eq!(ca(vec![refusal(), answer]).find_account(&key(), Some(url)).await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_deactivated_account_is_found_unusable() {
        let ca = ca(vec![problem(403, "unauthorized", "Account is not valid, has status \"deactivated\"")]);
        assert!(
            matches!(ca.find_account(&key(), None).await.unwrap(), Found::Unusable(why) if why.contains("deactivated"))
        );
    }

    #[tokio::test]
    async fn agreement_is_explicit_and_the_link_is_told() {
        let new = NewAccount { contacts: Vec::new(), terms_agreed: false, external: None };
        let told = ca(Vec::new()).create_account(&key(), &new).await.unwrap_err().explain("Cannot register");
        assert_eq!(told.code(), "BERTH-ACME-007");
        assert!(told.detail().contains("https://ca/tos"), "{told}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_nonce_is_replaced_and_the_request_repeated() {
        let body =
            with_header(reply(201, "application/json", r#"{"status":"valid"}"#), "location", "https://ca/acct/1");
        let stale = || problem(400, "badNonce", "stale");
        let ca = ca(vec![stale(), stale(), stale(), stale(), body]);
        let new = NewAccount { contacts: Vec::new(), terms_agreed: true, external: None };
        assert_eq!(ca.create_account(&key(), &new).await.unwrap().url, "https://ca/acct/1");
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_binding_is_not_blamed_on_the_account_key() {
        let new = |hmac: &str| {
            let external = Some(ExternalAccount { key_id: "k".to_owned(), hmac_key: Secret::new(hmac) });
            NewAccount { contacts: Vec::new(), terms_agreed: true, external }
        };
        let refused = |kind, words: &str| vec![problem(403, kind, words)];
        for (hmac, answers) in [
            ("-_8", refused("unauthorized", "the field 'kid' references a key that is not known")),
            ("-_8", refused("malformed", "invalid External Account Binding")),
            ("a$b", Vec::new()),
            (" ", Vec::new()),
        ] {
            let told = ca(answers).create_account(&key(), &new(hmac)).await.unwrap_err().explain("Cannot register");
            assert_eq!(told.code(), "BERTH-ACME-022", "{told}");
        }
        let told = ca(refused("malformed", "bad contact")).create_account(&key(), &new("-_8")).await.unwrap_err();
        assert_eq!(told.explain("Cannot register").code(), "BERTH-ACME-019");
    }

    #[test]
    fn hmac_keys_come_in_both_alphabets() {
        for text in ["-_8=", "-_8", "+/8=", "+/8"] {
            let external = ExternalAccount { key_id: "k".to_owned(), hmac_key: Secret::new(text) };
            assert_eq!(external.hmac_bytes().unwrap(), [0xfb, 0xff], "{text}");
        }
        let external = ExternalAccount { key_id: "k".to_owned(), hmac_key: Secret::new("not base64!") };
        let error = external.hmac_bytes().unwrap_err().to_string();
        assert!(error.contains("external_account_binding") && !error.contains("not base64!"), "{error}");
    }
}
