//! Account keys: read, made, and named by their thumbprint.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::RSAPublicKey;

use crate::digest::sha256;
use crate::domain::pem;
use crate::secret::Secret;

use super::error::AcmeError;

/// A curve of account keys (RFC 7518 §3.4, §6.2.1.1).
#[derive(Debug)]
struct Curve {
    name: &'static str,
    /// The JWS algorithm of its signatures.
    algorithm: &'static str,
    /// Length of one coordinate, in bytes.
    coordinate: usize,
    signing: &'static EcdsaSigningAlgorithm,
}

const CURVES: [&Curve; 3] = [
    &Curve { name: "P-256", algorithm: "ES256", coordinate: 32, signing: &ECDSA_P256_SHA256_FIXED_SIGNING },
    &Curve { name: "P-384", algorithm: "ES384", coordinate: 48, signing: &ECDSA_P384_SHA384_FIXED_SIGNING },
    &Curve { name: "P-521", algorithm: "ES512", coordinate: 66, signing: &ECDSA_P521_SHA512_FIXED_SIGNING },
];

/// The private key of an ACME account: ECDSA on P-256, P-384 or P-521, or RSA.
pub struct AccountKey {
    pair: Pair,
    /// The public key's members in the order of their names, as its thumbprint wants them.
    jwk: Value,
}

enum Pair {
    Ecdsa(EcdsaKeyPair, &'static Curve),
    Rsa(Box<RsaKeyPair>),
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({})", self.thumbprint())
    }
}

impl AccountKey {
    /// Reads PEM: PKCS#8 (`PRIVATE KEY`), SEC 1 (`EC PRIVATE KEY`) or PKCS#1 (`RSA PRIVATE KEY`, as cert-manager
    /// stores it); other blocks are skipped.
    pub fn from_pem(pem: &Secret) -> Result<Self, AcmeError> {
        let blocks = pem::blocks(pem.expose()).map_err(|error| AcmeError::AccountKey(error.to_string()))?;
        for block in blocks {
            let der = &block.der;
            match block.label.as_str() {
                _ if block.is_encrypted => return Err(AcmeError::AccountKey("it is encrypted".to_owned())),
                "PRIVATE KEY" => return read_pkcs8(der),
                "EC PRIVATE KEY" => return read_sec1(der),
                "RSA PRIVATE KEY" => {
                    return Self::rsa(RsaKeyPair::from_der(der).map_err(|why| unreadable("PKCS#1", why))?);
                }
                "ENCRYPTED PRIVATE KEY" => return Err(AcmeError::AccountKey("it is encrypted".to_owned())),
                _ => {}
            }
        }
        let blocks = "PRIVATE KEY, EC PRIVATE KEY or RSA PRIVATE KEY";
        Err(AcmeError::AccountKey(format!("the text holds no PEM block of type {blocks}")))
    }

    /// Makes a new P-256 key, as PKCS#8 PEM.
    pub fn generate() -> Result<Secret, AcmeError> {
        let pair = rcgen::KeyPair::generate().map_err(|error| AcmeError::AccountKey(error.to_string()))?;
        Ok(Secret::new(pair.serialize_pem()))
    }

    fn ecdsa(pair: EcdsaKeyPair, curve: &'static Curve) -> Result<Self, AcmeError> {
        let point = pair.public_key().as_ref().to_vec();
        let coordinates = point.strip_prefix(&[4]).filter(|rest| rest.len() == 2 * curve.coordinate);
        let Some((x, y)) = coordinates.and_then(|rest| rest.split_at_checked(curve.coordinate)) else {
            return Err(AcmeError::AccountKey(format!("its public point is not uncompressed {}", curve.name)));
        };
        let jwk = json!({
            "crv": curve.name, "kty": "EC", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
        });
        Ok(Self { pair: Pair::Ecdsa(pair, curve), jwk })
    }

    fn rsa(pair: RsaKeyPair) -> Result<Self, AcmeError> {
        let der = pair.public_key().as_ref().to_vec();
        let (_, public) = RSAPublicKey::from_der(&der)
            .map_err(|error| AcmeError::AccountKey(format!("its public key cannot be read ({error})")))?;
        let (modulus, exponent) = (unsigned(public.modulus), unsigned(public.exponent));
        let jwk = json!({
            "e": URL_SAFE_NO_PAD.encode(exponent), "kty": "RSA", "n": URL_SAFE_NO_PAD.encode(modulus),
        });
        Ok(Self { pair: Pair::Rsa(Box::new(pair)), jwk })
    }

    /// The JWS algorithm of its signatures (RFC 7518 §3.1).
    pub(super) fn algorithm(&self) -> &'static str {
        match &self.pair {
            Pair::Ecdsa(_, curve) => curve.algorithm,
            Pair::Rsa(_) => "RS256",
        }
    }

    /// The public key as a JSON Web Key (RFC 7517).
    pub(super) fn jwk(&self) -> &Value {
        &self.jwk
    }

    /// The thumbprint (RFC 7638), base64url: it names the key and is no secret.
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.jwk.to_string().as_bytes()))
    }

    /// Signs for a JWS: ECDSA as two numbers side by side (RFC 7518 §3.4), RSA as PKCS#1 v1.5 (§3.3).
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AcmeError> {
        let random = SystemRandom::new();
        let signed = match &self.pair {
            Pair::Ecdsa(pair, _) => pair.sign(&random, message).map(|signature| signature.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map(|()| signature)
            }
        };
        signed.map_err(|_| AcmeError::AccountKey("it does not sign".to_owned()))
    }
}

/// A positive number without the zero that DER puts before a high bit.
fn unsigned(number: &[u8]) -> &[u8] {
    number.strip_prefix(&[0]).unwrap_or(number)
}

fn read_pkcs8(der: &[u8]) -> Result<AccountKey, AcmeError> {
    for curve in CURVES {
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(curve.signing, der) {
            return AccountKey::ecdsa(pair, curve);
        }
    }
    AccountKey::rsa(RsaKeyPair::from_pkcs8(der).map_err(|why| unreadable("PKCS#8", why))?)
}

fn read_sec1(der: &[u8]) -> Result<AccountKey, AcmeError> {
    let read = |curve: &'static Curve| Some((EcdsaKeyPair::from_private_key_der(curve.signing, der).ok()?, curve));
    let Some((pair, curve)) = CURVES.into_iter().find_map(read) else {
        let curves = CURVES.map(|curve| curve.name).join(", ");
        return Err(AcmeError::AccountKey(format!("no key on one of {curves} in SEC 1")));
    };
    AccountKey::ecdsa(pair, curve)
}

/// `why` tells a key that is too small from one that is none.
fn unreadable(form: &str, why: impl fmt::Display) -> AcmeError {
    AcmeError::AccountKey(format!("no ECDSA (P-256, P-384, P-521) or RSA (2048 to 8192 bits) key in {form}: {why}"))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer as _, EcPrivateKeyRfc5915Der};
    use rcgen::{KeyPair, RsaKeySize};

    use super::*;

    fn pem(label: &str, der: &[u8]) -> Secret {
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        Secret::new(format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n"))
    }

    #[test]
    fn a_made_key_can_be_read_and_keeps_its_name() {
        let pem = AccountKey::generate().unwrap();
        let key = AccountKey::from_pem(&pem).unwrap();
        assert_eq!(key.thumbprint().len(), 43);
        assert_eq!(key.thumbprint(), AccountKey::from_pem(&pem).unwrap().thumbprint());
        assert_eq!((key.algorithm(), key.sign(b"message").unwrap().len()), ("ES256", 64));
    }

    #[test]
    fn keys_of_other_clients_are_adopted() {
        let p384 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let p521 = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P521_SHA512).unwrap();
        let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        for (pair, algorithm, length) in [(p384, "ES384", 96), (p521, "ES512", 132), (rsa, "RS256", 256)] {
            let key = AccountKey::from_pem(&Secret::new(pair.serialize_pem())).unwrap();
            assert_eq!((key.algorithm(), key.sign(b"message").unwrap().len()), (algorithm, length));
        }
    }

    #[test]
    fn an_rsa_key_is_named_as_rfc_7638_prescribes() {
        // The key of RFC 7638 §3.1, whose thumbprint stands there.
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiF\
                       V4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9\
                       c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1\
                       jF44-csFCur-kEgU8awapJzKnqDKgw";
        let jwk = json!({ "e": "AQAB", "kty": "RSA", "n": modulus });
        let print = URL_SAFE_NO_PAD.encode(sha256(jwk.to_string().as_bytes()));
        assert_eq!(print, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn the_same_key_in_other_wrappings_has_the_same_thumbprint() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let sec1: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().unwrap();
        let parameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        let sec1 = Secret::new(format!("{parameters}{}", pem("EC PRIVATE KEY", sec1.as_ref()).expose()));
        let pkcs8 = pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref());
        let (one, two) = (AccountKey::from_pem(&sec1).unwrap(), AccountKey::from_pem(&pkcs8).unwrap());
        assert_eq!(one.thumbprint(), two.thumbprint());

        let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let whole = rsa.serialize_der();
        // PKCS#8 of a 2048-bit key wraps its PKCS#1 form in 26 bytes (RFC 5208).
        let (one, two) = (pem("PRIVATE KEY", &whole), pem("RSA PRIVATE KEY", &whole[26..]));
        assert_eq!(AccountKey::from_pem(&one).unwrap().thumbprint(), AccountKey::from_pem(&two).unwrap().thumbprint());
    }

    #[test]
    fn what_is_no_account_key_is_named() {
        let cases = [
            (pem("RSA PRIVATE KEY", b"AAA"), "PKCS#1"),
            (pem("EC PRIVATE KEY", b"AAA"), "SEC 1"),
            (pem("PRIVATE KEY", b"AAA"), "PKCS#8"),
            (pem("ENCRYPTED PRIVATE KEY", b"AAA"), "encrypted"),
            (Secret::new("hello"), "no PEM block"),
        ];
        for (pem, expected) in cases {
            let error = AccountKey::from_pem(&pem).unwrap_err().to_string();
            assert!(error.contains(expected), "{error} lacks {expected}");
        }
    }
}
