//! Signed requests (RFC 8555 §6.2): everything but the directory and renewal information is asked this way.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::Acme;
use super::edge::Reply;
use super::error::AcmeError;
use super::key::AccountKey;
use super::patience::{Patience, Tries};
use super::problem::Problem;

/// How often a request is signed anew because the CA did not take its nonce: a CA that refuses every second one, as some do
/// behind several front ends, fails one request of a thousand million.
const NONCE_ATTEMPTS: usize = 30;

/// By what a request names its signer.
#[derive(Clone, Copy)]
pub(super) enum Signer<'a> {
    /// The whole public key: the account is not known yet.
    Key(&'a AccountKey),
    /// The account's URL.
    Account(&'a AccountKey, &'a str),
}

impl Acme {
    /// Posts a signed request; `None` as payload reads (POST-as-GET, RFC 8555 §6.3).
    pub(super) async fn post(
        &self,
        signer: Signer<'_>,
        url: &str,
        payload: Option<&Value>,
    ) -> Result<Reply, AcmeError> {
        self.post_with(Patience::READING, signer, url, payload).await
    }

    /// Posts with this patience. Every try is signed anew, as the nonce of the one before may be used up (RFC 8555 §6.5);
    /// refused nonces have a count of their own, and what is told in the end is the trouble, not the nonce.
    pub(super) async fn post_with(
        &self,
        patience: Patience,
        signer: Signer<'_>,
        url: &str,
        payload: Option<&Value>,
    ) -> Result<Reply, AcmeError> {
        let edge = self.edge();
        let (mut tries, mut refused_nonces) = (Tries::new(patience), 0);
        let (mut nonce, mut trouble) = (edge.nonces.take(), None);
        loop {
            let fresh = match nonce.take() {
                Some(nonce) => Ok(nonce),
                None => self.fresh_nonce().await,
            };
            let current = match fresh {
                Ok(current) => current,
                Err(error) => break trouble.map_or(Err(error), |trouble| told(trouble, url, edge.clock.now())),
            };
            let outcome = edge.once(request(url, &signed(signer, &current, url, payload)?)?).await;
            nonce = outcome.as_ref().ok().and_then(Reply::nonce);
            let is_refused = outcome.as_ref().is_ok_and(is_bad_nonce);
            if is_refused && refused_nonces < NONCE_ATTEMPTS {
                refused_nonces += 1;
                continue;
            }
            if !is_refused && tries.again(&outcome, edge.clock.now()).await {
                trouble = Some(outcome);
                continue;
            }
            edge.nonces.put(nonce);
            let last = if is_refused { trouble.unwrap_or(outcome) } else { outcome };
            break told(last, url, edge.clock.now());
        }
    }

    async fn fresh_nonce(&self) -> Result<String, AcmeError> {
        let url = &self.directory().await?.new_nonce;
        let request = Request::builder().method(Method::HEAD).uri(url).body(Bytes::new());
        let request = request.map_err(|error| strange(url, error.to_string()))?;
        let reply = self.edge().ask(request).await?.success(url, self.edge().clock.now())?;
        reply.nonce().ok_or_else(|| strange(url, "no Replay-Nonce header".to_owned()))
    }
}

/// RFC 8555 §6.5 wants status 400; there are CAs that say it with another one.
fn is_bad_nonce(reply: &Reply) -> bool {
    reply.status >= 400 && Problem::parse(&reply.body).is_some_and(|problem| problem.kind() == "badNonce")
}

fn told(outcome: Result<Reply, AcmeError>, url: &str, now: Timestamp) -> Result<Reply, AcmeError> {
    outcome.and_then(|reply| reply.success(url, now))
}

fn strange(url: &str, why: String) -> AcmeError {
    AcmeError::Strange { url: url.to_owned(), why }
}

fn request(url: &str, jws: &Value) -> Result<Request<Bytes>, AcmeError> {
    Request::builder()
        .method(Method::POST)
        .uri(url)
        .header(CONTENT_TYPE, "application/jose+json")
        .body(Bytes::from(jws.to_string()))
        .map_err(|error| strange(url, error.to_string()))
}

fn signed(signer: Signer<'_>, nonce: &str, url: &str, payload: Option<&Value>) -> Result<Value, AcmeError> {
    let (key, header) = match signer {
        Signer::Key(key) => (key, json!({ "alg": key.algorithm(), "jwk": key.jwk(), "nonce": nonce, "url": url })),
        Signer::Account(key, account) => {
            (key, json!({ "alg": key.algorithm(), "kid": account, "nonce": nonce, "url": url }))
        }
    };
    flattened(&header, payload, |message| key.sign(message))
}

/// The binding of an account key to an account of the CA's own system (RFC 8555 §7.3.4).
pub(super) fn external_binding(key: &AccountKey, key_id: &str, hmac_key: &[u8], url: &str) -> Result<Value, AcmeError> {
    let header = json!({ "alg": "HS256", "kid": key_id, "url": url });
    let secret = hmac::Key::new(hmac::HMAC_SHA256, hmac_key);
    flattened(&header, Some(key.jwk()), |message| Ok(hmac::sign(&secret, message).as_ref().to_vec()))
}

/// The new key's word that it takes the account over from the old one (RFC 8555 §7.3.5): the inner of two signatures.
pub(super) fn takeover(new: &AccountKey, old: &AccountKey, account: &str, url: &str) -> Result<Value, AcmeError> {
    let header = json!({ "alg": new.algorithm(), "jwk": new.jwk(), "url": url });
    let payload = json!({ "account": account, "oldKey": old.jwk() });
    flattened(&header, Some(&payload), |message| new.sign(message))
}

/// The flattened JSON form (RFC 7515 §7.2.2).
fn flattened(
    header: &Value,
    payload: Option<&Value>,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, AcmeError>,
) -> Result<Value, AcmeError> {
    let protected = URL_SAFE_NO_PAD.encode(header.to_string());
    let payload = payload.map_or_else(String::new, |payload| URL_SAFE_NO_PAD.encode(payload.to_string()));
    let signature = sign(format!("{protected}.{payload}").as_bytes())?;
    Ok(json!({ "protected": protected, "payload": payload, "signature": URL_SAFE_NO_PAD.encode(signature) }))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    use super::*;

    fn decoded(part: &Value) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(part.as_str().unwrap()).unwrap()
    }

    #[test]
    fn the_signature_verifies_with_the_key_in_the_header() {
        let key = AccountKey::from_pem(&AccountKey::generate().unwrap()).unwrap();
        let jws = signed(Signer::Key(&key), "n", "https://ca/x", Some(&json!({ "a": 1 }))).unwrap();
        let header: Value = serde_json::from_slice(&decoded(&jws["protected"])).unwrap();
        assert_eq!((&header["nonce"], &header["url"]), (&json!("n"), &json!("https://ca/x")));
        let point = [vec![4], decoded(&header["jwk"]["x"]), decoded(&header["jwk"]["y"])].concat();
        let message = format!("{}.{}", jws["protected"].as_str().unwrap(), jws["payload"].as_str().unwrap());
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        assert!(public.verify(message.as_bytes(), &decoded(&jws["signature"])).is_ok());
    }

    #[test]
    fn reading_has_an_empty_payload() {
        let key = AccountKey::from_pem(&AccountKey::generate().unwrap()).unwrap();
        let jws = signed(Signer::Account(&key, "https://ca/acct/1"), "n", "https://ca/x", None).unwrap();
        assert_eq!(jws["payload"], json!(""));
        let header: Value = serde_json::from_slice(&decoded(&jws["protected"])).unwrap();
        assert_eq!(header["kid"], json!("https://ca/acct/1"));
    }
}
