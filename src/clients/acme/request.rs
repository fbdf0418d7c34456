//! The certificate's own key and signing request.

use std::fmt;
use std::str::FromStr;

use crate::domain::certificate::Request;
use crate::domain::pem;
use crate::secret::Secret;
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, DnType, KeyPair, RsaKeySize};

use super::error::AcmeError;

/// The kinds of key that a certificate can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum KeyType {
    /// `ecdsa-p256`, the default.
    #[default]
    EcdsaP256,
    /// `ecdsa-p384`.
    EcdsaP384,
    /// `rsa-2048`.
    Rsa2048,
    /// `rsa-3072`.
    Rsa3072,
    /// `rsa-4096`.
    Rsa4096,
}

impl KeyType {
    /// All kinds, by their names.
    pub const NAMES: [&'static str; 5] = ["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-3072", "rsa-4096"];

    fn generate(self) -> Result<KeyPair, rcgen::Error> {
        let rsa = |size| KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size);
        match self {
            Self::EcdsaP256 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256),
            Self::EcdsaP384 => KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384),
            Self::Rsa2048 => rsa(RsaKeySize::_2048),
            Self::Rsa3072 => rsa(RsaKeySize::_3072),
            Self::Rsa4096 => rsa(RsaKeySize::_4096),
        }
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EcdsaP256 => "ecdsa-p256",
            Self::EcdsaP384 => "ecdsa-p384",
            Self::Rsa2048 => "rsa-2048",
            Self::Rsa3072 => "rsa-3072",
            Self::Rsa4096 => "rsa-4096",
        })
    }
}

impl FromStr for KeyType {
    type Err = AcmeError;

    fn from_str(name: &str) -> Result<Self, AcmeError> {
        match name {
            "ecdsa-p256" => Ok(Self::EcdsaP256),
            "ecdsa-p384" => Ok(Self::EcdsaP384),
            "rsa-2048" => Ok(Self::Rsa2048),
            "rsa-3072" => Ok(Self::Rsa3072),
            "rsa-4096" => Ok(Self::Rsa4096),
            _ => Err(AcmeError::Request(format!("key type `{name}` is none of {}", Self::NAMES.join(", ")))),
        }
    }
}

/// Where the certificate's key comes from.
#[derive(Clone, Debug)]
pub enum LeafKey {
    /// A new one of this kind.
    New(KeyType),
    /// This one (PEM), used again.
    Kept(Secret),
    /// One that we never see: the signing request of the user (PEM) stands for it.
    Foreign(String),
}

/// The extension by which a certificate demands stapled status (RFC 7633), and its value: a list of the one
/// TLS extension `status_request` (5).
const TLS_FEATURE: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 24];
const STATUS_REQUEST: [u8; 5] = [0x30, 0x03, 0x02, 0x01, 0x05];

/// What a request asks for.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// DNS names and IP addresses.
    pub names: &'a [String],
    /// The subject's common name.
    pub common_name: Option<&'a str>,
    /// Whether servers must staple the certificate's status.
    pub must_staple: bool,
}

/// A signing request, with its key unless the key is the user's.
pub struct SigningRequest {
    /// The request, DER.
    pub der: Vec<u8>,
    /// The private key, PKCS#8 PEM.
    pub key: Option<Secret>,
}

/// Makes the key, off the runtime's threads: RSA takes seconds.
pub async fn make_key(source: LeafKey) -> Result<LeafKey, AcmeError> {
    let LeafKey::New(kind) = source else { return Ok(source) };
    let made = tokio::task::spawn_blocking(move || kind.generate()).await;
    let pair = made.map_err(|_| AcmeError::Request("the key's maker died".to_owned()))?;
    let pair = pair.map_err(|error| AcmeError::Request(error.to_string()))?;
    Ok(LeafKey::Kept(Secret::new(pair.serialize_pem())))
}

/// Signs a request for the names with a key that [`make_key`] gave, or passes the user's own on.
pub fn sign_request(key: &LeafKey, content: &Content<'_>) -> Result<SigningRequest, AcmeError> {
    match key {
        LeafKey::Foreign(pem) => {
            let request = Request::parse(pem).map_err(|error| AcmeError::Request(format!("csr_pem: {error}")))?;
            Ok(SigningRequest { der: request.der, key: None })
        }
        LeafKey::New(_) => Err(AcmeError::Request("the key is not made yet".to_owned())),
        LeafKey::Kept(key) => {
            let cleaned = pem::cleaned(key.expose()).map_err(|error| AcmeError::Request(error.to_string()))?;
            let pair = KeyPair::from_pem(&cleaned).map_err(|error| AcmeError::Request(error.to_string()))?;
            let mut parameters =
                CertificateParams::new(content.names).map_err(|error| AcmeError::Request(error.to_string()))?;
            parameters.distinguished_name = DistinguishedName::new();
            if let Some(name) = content.common_name {
                parameters.distinguished_name.push(DnType::CommonName, name);
            }
            if content.must_staple {
                parameters
                    .custom_extensions
                    .push(CustomExtension::from_oid_content(TLS_FEATURE, STATUS_REQUEST.to_vec()));
            }
            let request = parameters.serialize_request(&pair).map_err(|error| AcmeError::Request(error.to_string()))?;
            Ok(SigningRequest { der: request.der().to_vec(), key: Some(key.clone()) })
        }
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::certification_request::X509CertificationRequest;
    use x509_parser::prelude::{FromDer as _, ParsedExtension};

    use super::*;

    #[tokio::test]
    async fn a_request_carries_the_names_and_the_keys_kind() {
        let names = ["a.example".to_owned(), "*.a.example".to_owned()];
        for kind in ["ecdsa-p256", "ecdsa-p384", "rsa-2048"] {
            let key = make_key(LeafKey::New(kind.parse().unwrap())).await.unwrap();
            let content = Content { names: &names, common_name: Some("a.example"), must_staple: true };
            let request = sign_request(&key, &content).unwrap();
            let (_, parsed) = X509CertificationRequest::from_der(&request.der).unwrap();
            assert_eq!(parsed.certification_request_info.subject.to_string(), "CN=a.example");
            let has_both = parsed.requested_extensions().unwrap().any(|extension| {
                matches!(extension, ParsedExtension::SubjectAlternativeName(san) if san.general_names.len() == 2)
            });
            assert!(has_both, "{kind}");
            assert!(request.der.windows(5).any(|part| part == STATUS_REQUEST), "{kind}");
        }
    }

    #[test]
    fn every_name_of_a_key_type_is_read_back() {
        for name in KeyType::NAMES {
            assert_eq!(name.parse::<KeyType>().unwrap().to_string(), name);
        }
        assert!("P256".parse::<KeyType>().unwrap_err().to_string().contains("ecdsa-p256"));
    }

    #[tokio::test]
    async fn the_users_request_is_passed_on_without_a_key() {
        let key = make_key(LeafKey::New(KeyType::EcdsaP256)).await.unwrap();
        let (names, nothing) =
            (["b.example".to_owned()], Content { names: &[], common_name: None, must_staple: false });
        let ours = sign_request(&key, &Content { names: &names, ..nothing }).unwrap();
        let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, &ours.der);
        let pem = format!("-----BEGIN CERTIFICATE REQUEST-----\n{base64}\n-----END CERTIFICATE REQUEST-----\n");
        assert_eq!(Request::parse(&pem).unwrap().names, names);
        let theirs = sign_request(&LeafKey::Foreign(pem), &nothing).unwrap();
        assert_eq!(theirs.der, ours.der);
        assert!(theirs.key.is_none());
        assert!(sign_request(&LeafKey::Foreign("x".to_owned()), &nothing).is_err());
    }
}
