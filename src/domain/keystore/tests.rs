//! What stores are made of; that others read them is shown in `tests/protocol/keystores.rs`.

use rcgen::{CertificateParams, KeyPair};

use super::*;

fn store(authorities: &str) -> Keystore {
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["a.example".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    let chain = Chain::parse(&leaf).unwrap();
    let authorities = if authorities.is_empty() { String::new() } else { leaf };
    Keystore::new(&chain, &Secret::new(key.serialize_pem()), &authorities, [7; 32], 1_700_000_000_000).unwrap()
}

#[test]
fn an_empty_password_is_refused() {
    let store = store("");
    assert_eq!(store.pkcs12(&Secret::new(""), Profile::default()), Err(KeystoreError::NoPassword));
    assert_eq!(store.jks(&Secret::new(""), "a"), Err(KeystoreError::NoPassword));
}

#[test]
fn without_certificates_of_the_ca_there_is_no_truststore() {
    let password = Secret::new("changeit");
    assert_eq!(store("").pkcs12_trust(&password, Profile::default()), Ok(None));
    assert_eq!(store("").jks_trust(&password), Ok(None));
    assert!(store("own").pkcs12_trust(&password, Profile::default()).unwrap().is_some());
    assert!(store("own").jks_trust(&password).unwrap().is_some());
}

#[test]
fn the_digest_at_the_end_of_a_jks_tells_password_and_content() {
    let bytes = store("own").jks(&Secret::new("changeit"), "Web").unwrap();
    assert_eq!(bytes[..12], [0xFE, 0xED, 0xFE, 0xED, 0, 0, 0, 2, 0, 0, 0, 2]);
    // A key entry, its alias in small letters.
    assert_eq!(bytes[12..21], [0, 0, 0, 1, 0, 3, b'w', b'e', b'b']);
    let (content, seal) = bytes.split_at(bytes.len() - 20);
    let whole = [&utf16("changeit")[..], b"Mighty Aphrodite", content].concat();
    assert_eq!(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &whole).as_ref(), seal);
}

#[test]
fn names_of_profiles_are_read_as_they_are_written() {
    for name in Profile::NAMES {
        assert_eq!(name.parse::<Profile>().unwrap().to_string(), name);
    }
}
