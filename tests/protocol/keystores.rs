//! Keystores that others read: key, chain and authorities come out as they went in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use berth::domain::certificate::Chain;
use berth::domain::keystore::{Bytes, Keystore, Profile, key_der};
use berth::sdk::Secret;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, RsaKeySize};

use crate::stores;

/// Of ASCII: Java takes no other for PKCS#12, and the Go library writes others differently than Java does for JKS.
const PASSWORD: &str = "change-it";

struct Minted {
    chain: Chain,
    authority: String,
    key: Secret,
}

impl Minted {
    fn of(key: &KeyPair) -> Self {
        let root_key = KeyPair::generate().unwrap();
        let mut root = CertificateParams::default();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.distinguished_name.push(DnType::CommonName, "Root One");
        let authority = root.self_signed(&root_key).unwrap().pem();
        let leaf = CertificateParams::new(["a.example".to_owned()]).unwrap();
        let leaf = leaf.signed_by(key, &Issuer::new(root, root_key)).unwrap().pem();
        let chain = Chain::parse(&format!("{leaf}{authority}")).unwrap();
        Self { chain, authority, key: Secret::new(key.serialize_pem()) }
    }

    fn store(&self) -> Keystore {
        Keystore::new(&self.chain, &self.key, &self.authority, [7; 32], 1_700_000_000_000).unwrap()
    }

    fn chain(&self) -> Vec<String> {
        encoded(&self.chain.full_pem())
    }
}

/// The certificates of a PEM text as base64 of DER.
fn encoded(pem: &str) -> Vec<String> {
    Chain::ders(pem).unwrap().iter().map(|der| STANDARD.encode(der)).collect()
}

fn password() -> Secret {
    Secret::new(PASSWORD)
}

#[test]
fn openssl_reads_key_and_chain_of_both_profiles_and_refuses_another_password() {
    let minted = Minted::of(&KeyPair::generate().unwrap());
    let profiles = [
        (Profile::Modern2023, "PBES2, PBKDF2, AES-256-CBC, Iteration 10000, PRF hmacWithSHA256", "MAC: sha256"),
        (Profile::LegacyDes, "pbeWithSHA1And3-KeyTripleDES-CBC, Iteration 10000", "MAC: sha1"),
    ];
    for (profile, cipher, mac) in profiles {
        let bytes = minted.store().pkcs12(&password(), profile).unwrap();
        let text = stores::pkcs12(&bytes, PASSWORD).unwrap();
        assert_eq!(text.matches(cipher).count(), 2, "{text}");
        assert!(text.contains(mac), "{text}");
        assert_eq!(minted.chain.facts.matches_key(key_of(&text)), Ok(true), "{profile}");
        assert_eq!(encoded(&text), minted.chain(), "{profile}");
        assert!(stores::pkcs12(&bytes, "changeit").is_err());
    }
}

/// From where the key stands in what openssl told.
fn key_of(text: &str) -> &str {
    &text[text.find("-----BEGIN PRIVATE KEY").unwrap()..]
}

#[test]
#[ignore = "needs the helpers"]
fn a_store_of_authorities_holds_no_key() {
    let minted = Minted::of(&KeyPair::generate().unwrap());
    let bytes = minted.store().pkcs12_trust(&password(), Profile::default()).unwrap().unwrap();
    let text = stores::pkcs12(&bytes, PASSWORD).unwrap();
    assert!(text.contains("friendlyName: ca") && !text.contains("PRIVATE KEY"), "{text}");
    assert_eq!(encoded(&text), encoded(&minted.authority));
    let bytes = minted.store().jks_trust(&password()).unwrap().unwrap();
    let entries = stores::jks(&bytes, PASSWORD).unwrap();
    assert_eq!(entries.keys().collect::<Vec<_>>(), ["ca"]);
    assert_eq!((&entries["ca"].key, &entries["ca"].certificates), (&None, &encoded(&minted.authority)));
}

#[test]
#[ignore = "needs the helpers"]
fn a_jks_gives_key_and_chain_back_and_opens_with_its_password_only() {
    for pair in [KeyPair::generate(), KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048)] {
        let minted = Minted::of(&pair.unwrap());
        let bytes = minted.store().jks(&password(), "Web").unwrap();
        let entries = stores::jks(&bytes, PASSWORD).unwrap();
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["ca", "web"]);
        let key = STANDARD.encode(key_der(&minted.key).unwrap());
        assert_eq!((&entries["web"].key, &entries["web"].certificates), (&Some(key), &minted.chain()));
        assert!(stores::jks(&bytes, "changeit").is_err());
    }
}

#[test]
fn older_wrappings_of_a_key_become_pkcs8() {
    let rsa = KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let elliptic = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for (pair, label) in [(rsa, "RSA PRIVATE KEY"), (elliptic, "EC PRIVATE KEY")] {
        let mut minted = Minted::of(&pair);
        let older = stores::traditional(minted.key.expose());
        assert!(older.contains(label), "{label}");
        minted.key = Secret::new(older);
        let bytes: Bytes = minted.store().pkcs12(&password(), Profile::default()).unwrap();
        let text = stores::pkcs12(&bytes, PASSWORD).unwrap();
        assert_eq!(minted.chain.facts.matches_key(key_of(&text)), Ok(true), "{label}");
    }
}
