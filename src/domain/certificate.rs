//! What a certificate chain says about itself: names, times, serial number, issuer, identifiers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rcgen::PublicKeyData as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use crate::digest::{hex, sha256_hex};

use super::certificate_name::canonical_with_addresses;
use super::renewal::Validity;

/// Why a text is no certificate chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No PEM block of type `CERTIFICATE`.
    #[error("the text holds no PEM block of type CERTIFICATE")]
    NoCertificate,
    /// A PEM block that cannot be read, counted from 1.
    #[error("PEM block {block} cannot be read: {why}")]
    Pem {
        /// Which block, from 1.
        block: usize,
        /// What the reader says.
        why: String,
    },
    /// The first certificate is no X.509 certificate.
    #[error("the first certificate is no X.509 certificate: {0}")]
    X509(String),
    /// No PEM block of type `CERTIFICATE REQUEST`.
    #[error("the text holds no PEM block of type CERTIFICATE REQUEST")]
    NoRequest,
    /// The block is no signing request.
    #[error("the signing request cannot be read: {0}")]
    Request(String),
    /// The private key cannot be read.
    #[error("the private key cannot be read: {0}")]
    Key(String),
}

/// A chain of PEM certificates, leaf first, and what its leaf says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The leaf, as one PEM block.
    pub leaf_pem: String,
    /// Everything after the leaf, PEM blocks in their order; empty for a lone certificate.
    pub intermediates_pem: String,
    /// What the leaf says.
    pub facts: Facts,
    /// The common name (or whole name) of the issuer of the last certificate: the root that the chain leads to.
    pub root_name: String,
}

/// What one certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Serial number, lower-case hexadecimal digits, no leading `00` of the DER form.
    pub serial_number: String,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// The subject's common name, or its whole name when it has none: possibly empty.
    pub subject: String,
    /// The subject's common name, if it has one.
    pub subject_common_name: Option<String>,
    /// The issuer's common name, or its whole name when it has none.
    pub issuer: String,
    /// Whether it may sign other certificates.
    pub is_ca: bool,
    /// DNS names of the subject alternative name, in their order, as in the certificate.
    pub dns_names: Vec<String>,
    /// IP addresses of the subject alternative name, as text.
    pub ip_addresses: Vec<String>,
    /// SHA-256 of the DER form, 64 lower-case hexadecimal digits.
    pub fingerprint_sha256: String,
    /// The identifier of RFC 9773 §4.1, `AKI.SERIAL` in base64url; `None` without an authority key identifier.
    pub ari_id: Option<String>,
    /// The DER form of the subject's public key.
    pub public_key: Vec<u8>,
    /// The kind of the public key as `key_type` names it (`ecdsa-p256`, `rsa-2048`); `None` for other kinds.
    pub key_type: Option<String>,
}

impl Chain {
    /// Reads a PEM text: the first certificate is the leaf; blocks of other types are skipped.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let blocks = certificates(text)?;
        let (leaf, rest) = blocks.split_first().ok_or(CertificateError::NoCertificate)?;
        let last = blocks.last().unwrap_or(leaf);
        Ok(Self {
            leaf_pem: pem_block(leaf),
            intermediates_pem: rest.iter().map(|der| pem_block(der)).collect(),
            facts: Facts::from_der(leaf)?,
            root_name: read(last).map(|certificate| short_name(certificate.issuer()))?,
        })
    }

    /// The whole chain, leaf first.
    pub fn full_pem(&self) -> String {
        format!("{}{}", self.leaf_pem, self.intermediates_pem)
    }

    /// The DER forms of all certificates in a PEM text; of none, if it has none.
    pub fn ders(text: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
        certificates(text)
    }

    /// The leaf in DER form.
    pub fn leaf_der(&self) -> Result<Vec<u8>, CertificateError> {
        certificates(&self.leaf_pem)?.into_iter().next().ok_or(CertificateError::NoCertificate)
    }
}

impl Facts {
    /// Reads the DER form of a certificate.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let certificate = read(der)?;
        let (dns_names, ip_addresses) = alternative_names(&certificate);
        Ok(Self {
            serial_number: serial_number(&certificate),
            not_before: timestamp(certificate.validity().not_before.timestamp())?,
            not_after: timestamp(certificate.validity().not_after.timestamp())?,
            subject: short_name(certificate.subject()),
            subject_common_name: common_name(certificate.subject()),
            issuer: short_name(certificate.issuer()),
            is_ca: certificate.is_ca(),
            dns_names,
            ip_addresses,
            fingerprint_sha256: sha256_hex(der),
            ari_id: ari_id(&certificate),
            public_key: certificate.public_key().raw.to_vec(),
            key_type: key_type(&certificate),
        })
    }

    /// DNS names, sorted, then addresses, as [`certificate_name`](super::certificate_name) writes them.
    pub fn names(&self) -> Vec<String> {
        canonical_with_addresses(&self.dns_names, &self.ip_addresses)
    }

    /// The time that it is valid.
    pub fn validity(&self) -> Validity {
        Validity { not_before: self.not_before, not_after: self.not_after }
    }

    /// What names this certificate to its CA as the one that another for `names` succeeds; `None` if they have no name in
    /// common (RFC 9773 §5: CAs want one), or the certificate has no such identifier.
    pub fn succeeded_by(&self, names: &[String]) -> Option<String> {
        let own = self.names();
        self.ari_id.clone().filter(|_| names.iter().any(|name| own.contains(name)))
    }

    /// Whether the private key (PEM: PKCS#8, SEC 1 or PKCS#1) is the one of this certificate.
    pub fn matches_key(&self, private_key_pem: &str) -> Result<bool, CertificateError> {
        let key =
            rcgen::KeyPair::from_pem(private_key_pem).map_err(|error| CertificateError::Key(error.to_string()))?;
        Ok(key.subject_public_key_info() == self.public_key)
    }
}

/// A signing request of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The request, DER.
    pub der: Vec<u8>,
    /// All DNS names and IP addresses that it asks for.
    pub names: Vec<String>,
    /// The DER form of the public key that it is made for.
    pub public_key: Vec<u8>,
}

impl Request {
    /// Reads the first signing request of a PEM text.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let blocks = Pem::iter_from_buffer(text.as_bytes()).flatten();
        let block = { blocks }.find(|block| block.label.ends_with("CERTIFICATE REQUEST"));
        let der = block.ok_or(CertificateError::NoRequest)?.contents;
        let (_, request) =
            X509CertificationRequest::from_der(&der).map_err(|error| CertificateError::Request(error.to_string()))?;
        let names = request.requested_extensions().into_iter().flatten().find_map(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(names) => Some(split(&names.general_names)),
            _ => None,
        });
        let (dns_names, ip_addresses) = names.unwrap_or_default();
        let public_key = request.certification_request_info.subject_pki.raw.to_vec();
        Ok(Self { names: [dns_names, ip_addresses].concat(), public_key, der })
    }
}

/// Reads every certificate of a PEM text, in order; at least one.
pub fn read_all(text: &str) -> Result<Vec<Facts>, CertificateError> {
    let all = certificates(text)?;
    if all.is_empty() {
        return Err(CertificateError::NoCertificate);
    }
    all.iter().map(|der| Facts::from_der(der)).collect()
}

/// The DER forms of all certificates in a PEM text.
fn certificates(text: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    let mut found = Vec::new();
    for (index, block) in Pem::iter_from_buffer(text.as_bytes()).enumerate() {
        let block = block.map_err(|error| CertificateError::Pem { block: index + 1, why: error.to_string() })?;
        if block.label == "CERTIFICATE" {
            found.push(block.contents);
        }
    }
    Ok(found)
}

fn read(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|error| CertificateError::X509(error.to_string()))?;
    Ok(certificate)
}

/// One PEM block with 64 characters a line, ending in a line feed.
fn pem_block(der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = String::with_capacity(base64.len() + base64.len() / 64 + 56);
    text.push_str("-----BEGIN CERTIFICATE-----\n");
    for (index, letter) in base64.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}

fn key_type(certificate: &X509Certificate<'_>) -> Option<String> {
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(key) => Some(format!("rsa-{}", key.key_size())),
        PublicKey::EC(point) => Some(format!("ecdsa-p{}", point.key_size())),
        _ => None,
    }
}

fn timestamp(seconds: i64) -> Result<Timestamp, CertificateError> {
    Timestamp::from_second(seconds).map_err(|error| CertificateError::X509(error.to_string()))
}

fn serial_number(certificate: &X509Certificate<'_>) -> String {
    let digits = hex(certificate.raw_serial());
    digits.strip_prefix("00").filter(|rest| !rest.is_empty()).unwrap_or(&digits).to_owned()
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().find_map(|name| name.as_str().ok()).map(str::to_owned)
}

/// The common name, or the whole name where there is none.
fn short_name(name: &X509Name<'_>) -> String {
    common_name(name).unwrap_or_else(|| name.to_string())
}

fn alternative_names(certificate: &X509Certificate<'_>) -> (Vec<String>, Vec<String>) {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Default::default() };
    split(&extension.value.general_names)
}

/// DNS names and IP addresses of a subject alternative name.
fn split(general_names: &[GeneralName<'_>]) -> (Vec<String>, Vec<String>) {
    let (mut dns_names, mut ip_addresses) = (Vec::new(), Vec::new());
    for name in general_names {
        match name {
            GeneralName::DNSName(name) => dns_names.push((*name).to_owned()),
            GeneralName::IPAddress(bytes) => ip_addresses.extend(ip_address(bytes)),
            _ => {}
        }
    }
    (dns_names, ip_addresses)
}

fn ip_address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

/// RFC 9773 §4.1: base64url of the key identifier, a dot, base64url of the serial number's DER value
/// (its leading zero kept), both without padding.
fn ari_id(certificate: &X509Certificate<'_>) -> Option<String> {
    let key_identifier = certificate.iter_extensions().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::AuthorityKeyIdentifier(aki) => aki.key_identifier.as_ref().map(|id| id.0),
        _ => None,
    })?;
    let (authority, serial) =
        (URL_SAFE_NO_PAD.encode(key_identifier), URL_SAFE_NO_PAD.encode(certificate.raw_serial()));
    Some(format!("{authority}.{serial}"))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use rcgen::{
        BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, SanType, SerialNumber,
    };

    use super::*;

    struct Minted {
        chain: String,
        key: String,
    }

    fn mint(serial: &[u8]) -> Minted {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_identifier_method = KeyIdMethod::PreSpecified(vec![0xC0, 0xFF, 0xEE]);
        root.distinguished_name.push(DnType::CommonName, "Root One");
        let root_pem = root.self_signed(&root_key).unwrap().pem();
        let issuer = Issuer::new(root, root_key);

        let key = KeyPair::generate().unwrap();
        let mut leaf = CertificateParams::new(["a.example".to_owned(), "*.a.example".to_owned()]).unwrap();
        leaf.subject_alt_names.push(SanType::IpAddress("192.0.2.7".parse::<IpAddr>().unwrap()));
        leaf.serial_number = Some(SerialNumber::from_slice(serial));
        leaf.use_authority_key_identifier_extension = true;
        leaf.not_before = rcgen::date_time_ymd(2026, 1, 2);
        leaf.not_after = rcgen::date_time_ymd(2026, 4, 2);
        let leaf_pem = leaf.signed_by(&key, &issuer).unwrap().pem();
        Minted { chain: format!("{leaf_pem}{root_pem}"), key: key.serialize_pem() }
    }

    #[test]
    fn reads_what_the_leaf_says() {
        let facts = Chain::parse(&mint(&[0xCA, 0xFE]).chain).unwrap().facts;
        assert_eq!(facts.serial_number, "cafe");
        assert_eq!(facts.issuer, "Root One");
        assert_eq!(facts.key_type.as_deref(), Some("ecdsa-p256"));
        assert_eq!(facts.dns_names, ["a.example", "*.a.example"]);
        assert_eq!(facts.ip_addresses, ["192.0.2.7"]);
        assert_eq!(facts.not_before.to_string(), "2026-01-02T00:00:00Z");
        assert_eq!(facts.not_after.to_string(), "2026-04-02T00:00:00Z");
        assert_eq!(facts.fingerprint_sha256.len(), 64);
    }

    #[test]
    fn the_renewal_identifier_keeps_the_leading_zero_of_the_serial() {
        let facts = Chain::parse(&mint(&[0xCA, 0xFE]).chain).unwrap().facts;
        assert_eq!(facts.ari_id.as_deref(), Some("wP_u.AMr-"));
    }

    #[test]
    fn a_successor_has_a_name_in_common() {
        let facts = Chain::parse(&mint(&[0xCA, 0xFE]).chain).unwrap().facts;
        let names = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(facts.succeeded_by(&names(&["b.example", "a.example"])), facts.ari_id);
        assert_eq!(facts.succeeded_by(&names(&["192.0.2.7"])), facts.ari_id);
        assert_eq!(facts.succeeded_by(&names(&["b.example", "www.a.example"])), None);
    }

    #[test]
    fn splits_leaf_and_intermediates_and_joins_them_again() {
        let minted = mint(&[7]);
        let noisy = format!("subject=something\r\n\r\n{}", minted.chain.replace('\n', "\r\n"));
        let chain = Chain::parse(&noisy).unwrap();
        assert_eq!(chain.leaf_pem.matches("BEGIN CERTIFICATE").count(), 1);
        assert_eq!(chain.intermediates_pem.matches("BEGIN CERTIFICATE").count(), 1);
        assert_eq!(chain.root_name, "Root One");
        assert_eq!(chain.full_pem(), minted.chain.replace("\r\n", "\n"));
        assert_eq!(Chain::parse(&chain.full_pem()).unwrap(), chain);
    }

    #[test]
    fn tells_its_key_from_another() {
        let (one, other) = (mint(&[1]), mint(&[2]));
        let facts = Chain::parse(&one.chain).unwrap().facts;
        assert_eq!(facts.matches_key(&one.key), Ok(true));
        assert_eq!(facts.matches_key(&other.key), Ok(false));
        assert!(matches!(facts.matches_key("no key"), Err(CertificateError::Key(_))));
    }

    #[test]
    fn garbage_is_an_error_and_never_a_panic() {
        assert_eq!(Chain::parse(""), Err(CertificateError::NoCertificate));
        let cut: String = mint(&[3]).chain.chars().take(200).collect();
        assert!(Chain::parse(&cut).is_err());
        let wrong = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(Chain::parse(wrong), Err(CertificateError::X509(_))));
        let other = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        assert_eq!(Chain::parse(other), Err(CertificateError::NoCertificate));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(-----BEGIN CERTIFICATE-----\n)?[ -~\n]{0,300}") {
            let _any = Chain::parse(&text);
        }
    }
}
