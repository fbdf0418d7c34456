//! What is read of certificates.

use std::net::IpAddr;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyIdMethod, KeyPair, SanType, SerialNumber};

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
    let as_people_have_it = format!("\u{feff}Key of a - b\n  {}", one.key.replace('\n', "\r\n  "));
    assert_eq!(facts.matches_key(&as_people_have_it), Ok(true));
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

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "(-----BEGIN CERTIFICATE-----\n)?[ -~\n]{0,300}") {
        let _any = Chain::parse(&text);
    }
}
