//! What a certificate chain says about itself: names, times, serial number, issuer, identifiers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rcgen::PublicKeyData as _;
use x509_parser::certificate::X509Certificate;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::X509Name;

use crate::digest::{hex, sha256_hex};

use super::certificate_name::canonical_with_addresses;
use super::pem::{self, PemError};
use super::renewal::Validity;

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
    /// All DNS names and IP addresses that it asks for, its common name among the names: so CAs read it (RFC 8555 §7.4;
    /// Boulder's `identifier.FromCSR`).
    pub names: Vec<String>,
    /// What it asks for that no CA issues by ACME, in words: e-mail addresses, URIs and the like, which Boulder refuses.
    pub beside: Vec<String>,
    /// The DER form of the public key that it is made for.
    pub public_key: Vec<u8>,
}

impl Request {
    /// Reads the one signing request of a PEM text.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let mut blocks = pem::blocks(text)?;
        blocks.retain(|block| block.label.ends_with("CERTIFICATE REQUEST"));
        if blocks.len() > 1 {
            return Err(CertificateError::Requests(blocks.len()));
        }
        let der = blocks.pop().ok_or(CertificateError::NoRequest)?.der.to_vec();
        let (behind, request) =
            X509CertificationRequest::from_der(&der).map_err(|error| CertificateError::Request(error.to_string()))?;
        if !behind.is_empty() {
            return Err(CertificateError::Request(format!("{} octets stand behind its end", behind.len())));
        }
        let (mut names, mut beside) = (Vec::new(), Vec::new());
        for extension in request.requested_extensions().into_iter().flatten() {
            if let ParsedExtension::SubjectAlternativeName(alternatives) = extension {
                alternatives.general_names.iter().for_each(|name| sort_name(name, &mut names, &mut beside));
            }
        }
        names.extend(common_name(&request.certification_request_info.subject).filter(|name| !name.is_empty()));
        let public_key = request.certification_request_info.subject_pki.raw.to_vec();
        Ok(Self { names: requested(&names), beside, public_key, der })
    }
}

/// Each name once, without regard to case.
fn requested(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            all.push(name.clone());
        }
    }
    all
}

fn sort_name(name: &GeneralName<'_>, names: &mut Vec<String>, beside: &mut Vec<String>) {
    match name {
        GeneralName::DNSName(name) => names.push((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match ip_address(bytes) {
            Some(address) => names.push(address),
            None => beside.push(format!("an IP address of {} octets", bytes.len())),
        },
        GeneralName::RFC822Name(address) => beside.push(format!("the e-mail address `{address}`")),
        GeneralName::URI(uri) => beside.push(format!("the URI `{uri}`")),
        other => beside.push(format!("the name {other}")),
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
    let is_path =
        !text.contains(['\n', '\r']) && (text.contains('/') || text.ends_with(".pem") || text.ends_with(".crt"));
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
        assert!(matches!(read_all("/etc/ssl/root.pem"), Err(CertificateError::Mistaken(_))));
        assert!(matches!(read_all("MIIBszCCAVmgAwIB"), Err(CertificateError::Mistaken(_))));
        let other = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        assert_eq!(Chain::parse(other), Err(CertificateError::NoCertificate));
    }

    #[test]
    fn one_bad_certificate_is_named_and_spoils_no_bundle_of_roots() {
        let (one, other) = (mint(&[1]).chain, mint(&[2]).chain);
        let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let bundle = format!("{one}{bad}{other}");
        let told = read_all(&bundle).unwrap_err().to_string();
        assert!(told.starts_with("certificate 3 of 5 is no X.509 certificate: "), "{told}");
        let roots = Roots::parse(&bundle).unwrap();
        assert_eq!((roots.ders.len(), roots.unused), (4, vec![told]));
        assert!(Roots::parse(bad).is_err() && Roots::parse("").is_err());
    }

    #[test]
    fn a_certificate_without_an_end_is_read_and_told_as_it_is() {
        let mut forever = CertificateParams::new(["a.example".to_owned()]).unwrap();
        forever.not_after = rcgen::date_time_ymd(9999, 12, 31) + std::time::Duration::from_secs(86_399);
        let pem = forever.self_signed(&KeyPair::generate().unwrap()).unwrap().pem();
        let both = read_all(&format!("{}{pem}", mint(&[1]).chain)).unwrap();
        let end = both.last().unwrap().not_after;
        assert_eq!(moment_text(end), "9999-12-31T23:59:59Z");
        assert_eq!(parse_moment(&moment_text(end)), Some(end));
        assert_eq!(parse_moment("2026-04-02T00:00:00Z"), Some(both[0].not_after));
        assert!(both[0].not_after < end && !both.last().unwrap().validity().lifetime().is_zero());
    }

    #[test]
    fn names_that_openssl_had_for_certificates_are_known_and_containers_are_told() {
        let pem = mint(&[1]).chain;
        assert_eq!(Chain::parse(&pem.replace(" CERTIFICATE", " X509 CERTIFICATE")), Chain::parse(&pem));
        let der = [certificates(&pem).unwrap().remove(0), vec![0x30, 0]].concat();
        let trusted = pem::text("TRUSTED CERTIFICATE", &der);
        assert_eq!(Chain::parse(&trusted).unwrap().leaf_pem, Chain::parse(&pem).unwrap().leaf_pem);
        assert!(matches!(Chain::parse(&pem::text(CERTIFICATE, &der)), Err(CertificateError::X509(_))));
        let container = pem::text("PKCS7", b"x");
        assert_eq!(read_all(&format!("{pem}{container}")), Err(CertificateError::Container));
    }

    /// A request for these alternative names, with this common name.
    fn request(names: Vec<SanType>, common_name: Option<&str>) -> Request {
        let mut wish = CertificateParams::default();
        wish.subject_alt_names = names;
        wish.distinguished_name = rcgen::DistinguishedName::new();
        common_name.into_iter().for_each(|name| wish.distinguished_name.push(DnType::CommonName, name));
        let signed = wish.serialize_request(&KeyPair::generate().unwrap()).unwrap();
        Request::parse(&signed.pem().unwrap()).unwrap()
    }

    #[test]
    fn a_request_asks_for_its_common_name_as_well() {
        let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
        let cases = [
            (vec![], Some("only.example"), vec!["only.example"]),
            (vec![dns("a.example")], Some("b.example"), vec!["a.example", "b.example"]),
            (vec![dns("a.example")], Some("A.Example"), vec!["a.example"]),
            (vec![dns("a.example")], None, vec!["a.example"]),
            (vec![SanType::IpAddress("192.0.2.7".parse().unwrap())], Some("a.example"), vec!["192.0.2.7", "a.example"]),
        ];
        for (names, common_name, expected) in cases {
            let request = request(names, common_name);
            assert_eq!((request.names, request.beside), (expected.into_iter().map(str::to_owned).collect(), vec![]));
        }
    }

    #[test]
    fn what_no_ca_issues_by_acme_is_told_of_a_request() {
        let names = vec![
            SanType::Rfc822Name("ops@a.example".try_into().unwrap()),
            SanType::URI("spiffe://a.example/x".try_into().unwrap()),
            SanType::DnsName("a.example".try_into().unwrap()),
        ];
        let beside = ["the e-mail address `ops@a.example`", "the URI `spiffe://a.example/x`"];
        assert_eq!(request(names, None).beside, beside);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(-----BEGIN CERTIFICATE-----\n)?[ -~\n]{0,300}") {
            let _any = Chain::parse(&text);
        }
    }
}
