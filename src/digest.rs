//! Fingerprints of bytes and of secrets.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::secret::Secret;

/// SHA-256 of the bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// SHA-256 of the bytes, as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&sha256(bytes))
}

/// SHA-1 of the bytes, as 40 lower-case hexadecimal digits: a name for certificates that AWS asks for, no protection.
pub fn sha1_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}

/// Lower-case hexadecimal digits, two a byte.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// A fingerprint of a secret under a key: it tells whether the secret is still the same.
///
/// It is no password hash: who has the key can check guesses. One that goes into state needs a random key that does not.
pub fn fingerprint(key: &[u8], secret: &Secret) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    STANDARD_NO_PAD.encode(hmac::sign(&key, secret.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_the_known_answer() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn equal_secrets_under_two_keys_look_different() {
        let secret = Secret::new("hunter2");
        assert_ne!(fingerprint(b"a", &secret), fingerprint(b"b", &secret));
        assert_eq!(fingerprint(b"a", &secret), fingerprint(b"a", &secret));
    }
}
