//! What a certificate chain says about itself: names, times, serial number, issuer, identifiers.

mod request;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rcgen::PublicKeyData as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use crate::digest::{hex, sha256_hex};

use super::certificate_name::canonical_with_addresses;
use super::pem::{self, PemError};
use super::renewal::Validity;

pub use request::Request;

/// Why a text is no certificate chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// No PEM block of type `CERTIFICATE`.
    #[error("the text holds no PEM block of type CERTIFICATE")]
    NoCertificate,
    /// PEM that cannot be read.
    #[error("the PEM cannot be read: {0}")]
    Pem(#[from] PemError),
    /// Certificates in a container that is none in PEM's way.
    #[error("the text holds a PKCS#7 container; write its certificates out with `openssl pkcs7 -print_certs`")]
    Container,
    /// The text is something else that has to do with certificates.
    #[error("the text holds no PEM block of type CERTIFICATE: {0}")]
    Mistaken(&'static str),
    /// What is no X.509 certificate.
    #[error("it is no X.509 certificate: {0}")]
    X509(String),
    /// One of several that is no X.509 certificate.
    #[error("certificate {number} of {of} is no X.509 certificate: {why}")]
    Nth {
        /// Which, from 1.
        number: usize,
        /// Of how many.
        of: usize,
        /// What the reader says.
        why: String,
    },
    /// No PEM block of type `CERTIFICATE REQUEST`.
    #[error("the text holds no PEM block of type CERTIFICATE REQUEST")]
    NoRequest,
    /// The block is no signing request.
    #[error("the signing request cannot be read: {0}")]
    Request(String),
    /// There is more than one signing request.
    #[error("the text holds {0} signing requests; one certificate has one")]
    Requests(usize),
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
            leaf_pem: pem::text(CERTIFICATE, leaf),
            intermediates_pem: rest.iter().map(|der| pem::text(CERTIFICATE, der)).collect(),
            facts: nth(Facts::from_der(leaf), 1, blocks.len())?,
            root_name: nth(read(last), blocks.len(), blocks.len()).map(|last| short_name(last.issuer()))?,
        })
    }

    /// The whole chain, leaf first.
    pub fn full_pem(&self) -> String {
        format!("{}{}", self.leaf_pem, self.intermediates_pem)
    }

    /// The certificates of a PEM text as every reader takes them, with nothing around.
    pub fn cleaned(text: &str) -> Result<String, CertificateError> {
        Ok(certificates(text)?.iter().map(|der| pem::text(CERTIFICATE, der)).collect())
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
            not_before: timestamp(certificate.validity().not_before.timestamp()),
            not_after: timestamp(certificate.validity().not_after.timestamp()),
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
        let unreadable = |error: &dyn std::fmt::Display| CertificateError::Key(error.to_string());
        let cleaned = pem::cleaned(private_key_pem).map_err(|error| unreadable(&error))?;
        let key = rcgen::KeyPair::from_pem(&cleaned).map_err(|error| unreadable(&error))?;
        Ok(key.subject_public_key_info() == self.public_key)
    }
}

/// Reads every certificate of a PEM text, in order; at least one.
pub fn read_all(text: &str) -> Result<Vec<Facts>, CertificateError> {
    let all = certificates(text)?;
    if all.is_empty() {
        return Err(mistaken(text));
    }
    all.iter().enumerate().map(|(index, der)| nth(Facts::from_der(der), index + 1, all.len())).collect()
}

/// Certificates to trust.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roots {
    /// DER forms.
    pub ders: Vec<Vec<u8>>,
    /// Those that cannot be used, a clause each: one of them spoils no bundle, and none is passed over in silence.
    pub unused: Vec<String>,
}

impl Roots {
    /// Reads a bundle; at least one certificate must be good.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let all = certificates(text)?;
        let (of, mut roots, mut first) = (all.len(), Self::default(), None);
        for (index, der) in all.into_iter().enumerate() {
            match nth(read(&der).map(drop), index + 1, of) {
                Ok(()) => roots.ders.push(der),
                Err(error) => {
                    roots.unused.push(error.to_string());
                    first = first.or(Some(error));
                }
            }
        }
        if roots.ders.is_empty() { Err(first.unwrap_or_else(|| mistaken(text))) } else { Ok(roots) }
    }
}

/// Says which certificate of a text it is that cannot be read.
fn nth<T>(read: Result<T, CertificateError>, number: usize, of: usize) -> Result<T, CertificateError> {
    read.map_err(|error| match error {
        CertificateError::X509(why) if of > 1 => CertificateError::Nth { number, of, why },
        other => other,
    })
}

/// What a text without certificates seems to be.
fn mistaken(text: &str) -> CertificateError {
    let text = text.trim();
    if text.starts_with("MII") {
        return CertificateError::Mistaken("it looks like base64 without its BEGIN and END lines");
    }
    let ends = text.rsplit_once('.').map(|(_, end)| end);
    let is_path = !text.contains(['\n', '\r']) && (text.contains('/') || matches!(ends, Some("pem" | "crt" | "cer")));
    if is_path && text.len() < 300 {
        return CertificateError::Mistaken("it looks like the path of a file, whose content file() reads");
    }
    CertificateError::NoCertificate
}

/// The label of certificates.
const CERTIFICATE: &str = "CERTIFICATE";

/// The DER forms of all certificates in a PEM text.
fn certificates(text: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    let mut found = Vec::new();
    for block in pem::blocks(text)? {
        match block.label.as_str() {
            // The name that OpenSSL had for it before 0.9.5.
            CERTIFICATE | "X509 CERTIFICATE" => found.push(block.der.to_vec()),
            // OpenSSL's, with its own settings of trust behind the certificate.
            "TRUSTED CERTIFICATE" => found.push(first_value(&block.der)),
            "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => return Err(CertificateError::Container),
            _ => {}
        }
    }
    Ok(found)
}

/// The first value of a DER text, without what follows it.
fn first_value(der: &[u8]) -> Vec<u8> {
    let behind = X509Certificate::from_der(der).map_or(0, |(behind, _)| behind.len());
    der.get(..der.len() - behind).unwrap_or(der).to_vec()
}

fn read(der: &[u8]) -> Result<X509Certificate<'_>, CertificateError> {
    let (behind, certificate) =
        X509Certificate::from_der(der).map_err(|error| CertificateError::X509(error.to_string()))?;
    if behind.is_empty() {
        return Ok(certificate);
    }
    Err(CertificateError::X509(format!("{} octets stand behind its end", behind.len())))
}

fn key_type(certificate: &X509Certificate<'_>) -> Option<String> {
    match certificate.public_key().parsed().ok()? {
        PublicKey::RSA(key) => Some(format!("rsa-{}", key.key_size())),
        PublicKey::EC(point) => Some(format!("ecdsa-p{}", point.key_size())),
        _ => None,
    }
}

/// 9999-12-31T23:59:59Z, which stands for "no well-defined end" (RFC 5280 §4.1.2.5) and lies a day behind the last moment that
/// can be calculated with.
const NO_END: i64 = 253_402_300_799;

/// The moment, or the nearest that can be calculated with.
fn timestamp(seconds: i64) -> Timestamp {
    let nearest = if seconds < 0 {
        Timestamp::MIN
    } else {
        Timestamp::from_second(Timestamp::MAX.as_second()).unwrap_or(Timestamp::MAX)
    };
    Timestamp::from_second(seconds).unwrap_or(nearest)
}

/// A moment of a certificate as it stands there.
pub fn moment_text(moment: Timestamp) -> String {
    if moment >= timestamp(NO_END) { "9999-12-31T23:59:59Z".to_owned() } else { moment.to_string() }
}

/// Reads what [`moment_text`] wrote.
pub fn parse_moment(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| (text == moment_text(timestamp(NO_END))).then(|| timestamp(NO_END)))
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
