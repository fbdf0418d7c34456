//! Account keys: read, made, and named by their thumbprint.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use x509_parser::pem::Pem;

use crate::digest::sha256;
use crate::secret::Secret;

use super::error::AcmeError;

/// Length of one coordinate of a P-256 point, in bytes.
const COORDINATE: usize = 32;

/// The private key of an ACME account: ECDSA P-256.
pub struct AccountKey {
    pair: EcdsaKeyPair,
    x: String,
    y: String,
}

/// The JWS algorithm of an account key's signatures (RFC 7518 §3.1).
pub(super) const ALGORITHM: &str = "ES256";

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({})", self.thumbprint())
    }
}

impl AccountKey {
    /// Reads PEM: PKCS#8 (`PRIVATE KEY`) or SEC 1 (`EC PRIVATE KEY`); other blocks are skipped.
    pub fn from_pem(pem: &Secret) -> Result<Self, AcmeError> {
        for block in Pem::iter_from_buffer(pem.expose().as_bytes()) {
            let block = block.map_err(|error| AcmeError::AccountKey(error.to_string()))?;
            match block.label.as_str() {
                "PRIVATE KEY" => return Self::from_pair(read_pkcs8(&block.contents)?),
                "EC PRIVATE KEY" => return Self::from_pair(read_sec1(&block.contents)?),
                "RSA PRIVATE KEY" => return Err(other_kind("an RSA key")),
                "ENCRYPTED PRIVATE KEY" => return Err(AcmeError::AccountKey("it is encrypted".to_owned())),
                _ => {}
            }
        }
        Err(AcmeError::AccountKey("the text holds no PEM block of type PRIVATE KEY or EC PRIVATE KEY".to_owned()))
    }

    /// Makes a new key, as PKCS#8 PEM.
    pub fn generate() -> Result<Secret, AcmeError> {
        let pair = rcgen::KeyPair::generate().map_err(|error| AcmeError::AccountKey(error.to_string()))?;
        Ok(Secret::new(pair.serialize_pem()))
    }

    fn from_pair(pair: EcdsaKeyPair) -> Result<Self, AcmeError> {
        let point = pair.public_key().as_ref().to_vec();
        let coordinates = point.strip_prefix(&[4]).filter(|rest| rest.len() == 2 * COORDINATE);
        let Some((x, y)) = coordinates.and_then(|rest| rest.split_at_checked(COORDINATE)) else {
            return Err(AcmeError::AccountKey("its public point is not uncompressed P-256".to_owned()));
        };
        Ok(Self { x: URL_SAFE_NO_PAD.encode(x), y: URL_SAFE_NO_PAD.encode(y), pair })
    }

    /// The public key as a JSON Web Key (RFC 7517).
    pub(super) fn jwk(&self) -> serde_json::Value {
        json!({ "crv": "P-256", "kty": "EC", "x": self.x, "y": self.y })
    }

    /// The thumbprint (RFC 7638), base64url: it names the key and is no secret.
    pub fn thumbprint(&self) -> String {
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, self.x, self.y);
        URL_SAFE_NO_PAD.encode(sha256(canonical.as_bytes()))
    }

    /// Signs for a JWS: the two numbers side by side (RFC 7518 §3.4).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AcmeError> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        signature.map(|bytes| bytes.as_ref().to_vec()).map_err(|_| AcmeError::AccountKey("it does not sign".to_owned()))
    }

    /// The key in PKCS#8 DER, for the order client.
    pub(super) fn pkcs8(&self) -> Result<rustls::pki_types::PrivatePkcs8KeyDer<'static>, AcmeError> {
        let document = self.pair.to_pkcs8v1().map_err(|error| AcmeError::AccountKey(error.to_string()))?;
        Ok(rustls::pki_types::PrivatePkcs8KeyDer::from(document.as_ref().to_vec()))
    }
}

fn read_pkcs8(der: &[u8]) -> Result<EcdsaKeyPair, AcmeError> {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|error| {
        if RsaKeyPair::from_pkcs8(der).is_ok() {
            other_kind("an RSA key")
        } else if EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der).is_ok() {
            other_kind("an ECDSA P-384 key")
        } else {
            AcmeError::AccountKey(format!("no ECDSA P-256 key in PKCS#8 ({error})"))
        }
    })
}

fn read_sec1(der: &[u8]) -> Result<EcdsaKeyPair, AcmeError> {
    EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der).map_err(|error| {
        if EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_FIXED_SIGNING, der).is_ok() {
            other_kind("an ECDSA P-384 key")
        } else {
            AcmeError::AccountKey(format!("no ECDSA P-256 key in SEC 1 ({error})"))
        }
    })
}

fn other_kind(kind: &str) -> AcmeError {
    AcmeError::AccountKey(format!("it is {kind}; account keys must be ECDSA P-256"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, EcPrivateKeyRfc5915Der};

    use super::*;

    #[test]
    fn a_made_key_can_be_read_and_keeps_its_name() {
        let pem = AccountKey::generate().unwrap();
        let key = AccountKey::from_pem(&pem).unwrap();
        assert_eq!(key.thumbprint().len(), 43);
        assert_eq!(key.thumbprint(), AccountKey::from_pem(&pem).unwrap().thumbprint());
        assert_eq!(key.sign(b"message").unwrap().len(), 64);
    }

    #[test]
    fn the_same_key_in_sec1_has_the_same_thumbprint() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let pem = |label: &str, der: &[u8]| {
            let text = base64::engine::general_purpose::STANDARD.encode(der);
            Secret::new(format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n"))
        };
        let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        let sec1 = Secret::new(format!("{parameters}{}", pem("EC PRIVATE KEY", sec1.as_ref()).expose()));
        let pkcs8 = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
        let (one, two) = (AccountKey::from_pem(&sec1).unwrap(), AccountKey::from_pem(&pkcs8).unwrap());
        assert_eq!(one.thumbprint(), two.thumbprint());
    }

    #[test]
    fn other_kinds_of_key_are_named() {
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap().serialize_pem();
        let rsa = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        let cases = [
            (p384, "ECDSA P-384"),
            (rsa.serialize_pem(), "an RSA key"),
            ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n".to_owned(), "an RSA key"),
            ("hello".to_owned(), "no PEM block"),
            ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n".to_owned(), "no ECDSA P-256 key"),
        ];
        for (pem, expected) in cases {
            let error = AccountKey::from_pem(&Secret::new(pem)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }
}
