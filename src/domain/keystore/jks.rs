//! Java's own keystore format, version 2, with the key protection of Sun's provider.
//!
//! It has no standard but the JDK's source (`JavaKeyStore`, `KeyProtector`) and what reads it. Its protection is weak; it is
//! here for programs that know nothing else.

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY};
use zeroize::Zeroizing;

use super::{Bytes, Keystore, KeystoreError, der, utf16};
use crate::secret::Secret;

const MAGIC: u32 = 0xFEED_FEED;
const VERSION: u32 = 2;
const KEY_ENTRY: u32 = 1;
const CERTIFICATE_ENTRY: u32 = 2;
/// Stands between password and content in the digest at the end.
const WHITENER: &[u8] = b"Mighty Aphrodite";
/// 1.3.6.1.4.1.42.2.17.1.1, Sun's key protection.
const PROTECTION: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0x2A, 0x02, 0x11, 0x01, 0x01];
/// The alias of the first CA; cert-manager's.
pub const AUTHORITY_ALIAS: &str = "ca";
/// Length of a SHA-1 digest, which is also that of the salt.
const DIGEST: usize = 20;

/// A store with the key under `alias`, if one is given, and the CA's certificates.
pub fn write(store: &Keystore, alias: Option<&str>, password: &Secret) -> Result<Bytes, KeystoreError> {
    if password.expose().is_empty() {
        return Err(KeystoreError::NoPassword);
    }
    let password = utf16(password.expose());
    let mut out = Zeroizing::new(Vec::new());
    put_number(&mut out, MAGIC);
    put_number(&mut out, VERSION);
    put_number(&mut out, count(store.authorities.len() + usize::from(alias.is_some())));
    if let Some(alias) = alias {
        put_number(&mut out, KEY_ENTRY);
        put_head(&mut out, alias, store.made_at);
        put_bytes(&mut out, &protected(&store.key, &password, store.salt("jks key")));
        put_number(&mut out, count(store.chain.len()));
        store.chain.iter().for_each(|certificate| put_certificate(&mut out, certificate));
    }
    for (index, authority) in store.authorities.iter().enumerate() {
        let alias = if index == 0 { AUTHORITY_ALIAS.to_owned() } else { format!("{AUTHORITY_ALIAS}-{index}") };
        put_number(&mut out, CERTIFICATE_ENTRY);
        put_head(&mut out, &alias, store.made_at);
        put_certificate(&mut out, authority);
    }
    let seal = sha1(&[&password, WHITENER, &out]);
    out.extend_from_slice(&seal);
    Ok(out)
}

/// Salt, the key hidden below a stream of digests, and a digest that tells whether the password was right; wrapped as
/// PKCS#8 wraps encrypted keys.
fn protected(key: &[u8], password: &[u8], salt: [u8; DIGEST]) -> Vec<u8> {
    let mut hidden = salt.to_vec();
    let mut digest = salt;
    for block in key.chunks(DIGEST) {
        digest = sha1(&[password, &digest]);
        hidden.extend(block.iter().zip(digest).map(|(byte, mask)| byte ^ mask));
    }
    hidden.extend_from_slice(&sha1(&[password, key]));
    der::sequence(&[&der::sequence(&[&der::oid(PROTECTION), &der::null()]), &der::octets(&hidden)])
}

fn sha1(parts: &[&[u8]]) -> [u8; DIGEST] {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    for part in parts {
        context.update(part);
    }
    let mut digest = [0; DIGEST];
    digest.copy_from_slice(context.finish().as_ref());
    digest
}

fn put_head(out: &mut Vec<u8>, alias: &str, made_at: u64) {
    put_text(out, &alias.to_lowercase());
    out.extend_from_slice(&made_at.to_be_bytes());
}

fn put_certificate(out: &mut Vec<u8>, certificate: &[u8]) {
    put_text(out, "X.509");
    put_bytes(out, certificate);
}

fn put_number(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_number(out, count(bytes.len()));
    out.extend_from_slice(bytes);
}

/// Text with its length before it, in two bytes.
fn put_text(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(&u16::try_from(text.len()).unwrap_or_default().to_be_bytes());
    out.extend_from_slice(text.as_bytes());
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or_default()
}
