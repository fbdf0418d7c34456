//! Keystores for Java and others: what goes into them, and the two formats.

mod der;
mod jks;
mod pkcs12;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::certificate::{CertificateError, Chain};
use super::pem::{self, Block};
use crate::secret::Secret;

pub use jks::AUTHORITY_ALIAS;
pub use pkcs12::Profile;

/// Bytes of a store, or of anything else that holds a key.
pub type Bytes = Zeroizing<Vec<u8>>;

/// Why a store cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The certificates or the key cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A cipher refused its work.
    #[error("the store cannot be encrypted")]
    Cipher,
    /// The password is empty.
    #[error("the password is empty")]
    NoPassword,
}

/// What stores are made of.
pub struct Keystore {
    /// PKCS#8, DER.
    key: Bytes,
    /// DER, the key's own certificate first.
    chain: Vec<Vec<u8>>,
    /// Certificates of CAs, DER.
    authorities: Vec<Vec<u8>>,
    seed: [u8; 32],
    /// Milliseconds since 1970, as JKS dates its entries.
    made_at: u64,
}

impl Keystore {
    /// A store of a chain and its key (PEM), and of the CA's certificates (PEM, may be empty). Salts follow from `seed`,
    /// which must be random; `made_at` is in milliseconds since 1970.
    ///
    /// # Errors
    /// A text that holds no certificate or no private key.
    pub fn new(
        chain: &Chain,
        key: &Secret,
        authorities: &str,
        seed: [u8; 32],
        made_at: u64,
    ) -> Result<Self, KeystoreError> {
        let chain = Chain::ders(&chain.full_pem())?;
        let leaf = chain.first().ok_or(CertificateError::NoCertificate)?;
        let key = pkcs8(key, leaf)?;
        Ok(Self { key, authorities: Chain::ders(authorities)?, chain, seed, made_at })
    }

    /// `keystore.p12`: key and chain.
    pub fn pkcs12(&self, password: &Secret, profile: Profile) -> Result<Bytes, KeystoreError> {
        pkcs12::write(self, Some(&self.key), password, profile)
    }

    /// `truststore.p12`: the CA's certificates; `None` if there are none.
    pub fn pkcs12_trust(&self, password: &Secret, profile: Profile) -> Result<Option<Bytes>, KeystoreError> {
        let has_any = !self.authorities.is_empty();
        has_any.then(|| pkcs12::write(self, None, password, profile)).transpose()
    }

    /// `keystore.jks`: key and chain under `alias`, and the CA's certificates.
    pub fn jks(&self, password: &Secret, alias: &str) -> Result<Bytes, KeystoreError> {
        jks::write(self, Some(alias), password)
    }

    /// `truststore.jks`: the CA's certificates; `None` if there are none.
    pub fn jks_trust(&self, password: &Secret) -> Result<Option<Bytes>, KeystoreError> {
        let has_any = !self.authorities.is_empty();
        has_any.then(|| jks::write(self, None, password)).transpose()
    }

    /// Up to 32 bytes that nobody can foretell, other ones for each purpose.
    fn salt<const LENGTH: usize>(&self, purpose: &str) -> [u8; LENGTH] {
        let drawn = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.seed), purpose.as_bytes());
        let mut salt = [0; LENGTH];
        salt.iter_mut().zip(drawn.as_ref()).for_each(|(to, from)| *to = *from);
        salt
    }
}

/// The DER form of the first private key in a PEM text, in the wrapping that it has there.
pub fn key_der(key: &Secret) -> Result<Bytes, KeystoreError> {
    private_block(key).map(|block| block.der)
}

fn private_block(key: &Secret) -> Result<Block, KeystoreError> {
    let missing = || CertificateError::Key("the text holds no PEM block of a private key".to_owned());
    let blocks = pem::blocks(key.expose()).map_err(CertificateError::from)?;
    Ok(blocks.into_iter().find(|block| block.label.ends_with("PRIVATE KEY")).ok_or_else(missing)?)
}

/// The key as PKCS#8. Its older forms (PKCS#1, SEC 1) are wrapped with the algorithm that the certificate names for it
/// (RFC 5208 §5).
fn pkcs8(key: &Secret, leaf: &[u8]) -> Result<Bytes, KeystoreError> {
    let block = private_block(key)?;
    if block.label == "PRIVATE KEY" {
        return Ok(block.der);
    }
    let public = super::certificate::Facts::from_der(leaf)?.public_key;
    let algorithm = der::first_member(&public).ok_or_else(|| CertificateError::Key("of no known kind".to_owned()))?;
    let wrapped = Zeroizing::new(der::octets(&block.der));
    Ok(Zeroizing::new(der::sequence(&[&der::number(0), algorithm, &wrapped])))
}

/// The text in big-endian UTF-16, as Java and PKCS#12 take passwords and names.
fn utf16(text: &str) -> Bytes {
    Zeroizing::new(text.encode_utf16().flat_map(u16::to_be_bytes).collect())
}

#[cfg(test)]
mod tests;
