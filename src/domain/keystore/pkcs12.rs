//! PKCS#12 (RFC 7292): certificates and a key below a password.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use aws_lc_rs::cipher::{AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::digest::{self, Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::{hmac, pbkdf2};
use des::TdesEde3;
use des::cipher::{Array, BlockCipherEncrypt as _, KeyInit as _};
use zeroize::Zeroizing;

use super::{Bytes, Keystore, KeystoreError, der, utf16};
use crate::secret::Secret;

/// How a store is encrypted; the names are cert-manager's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// PBES2 with AES-256 and PBKDF2 on HMAC-SHA-256, and a MAC by HMAC-SHA-256: OpenSSL 1.1, Java 8u301 and newer.
    #[default]
    Modern2023,
    /// Triple DES and a MAC by HMAC-SHA-1, for older programs.
    LegacyDes,
}

impl Profile {
    /// The names of all profiles.
    pub const NAMES: [&str; 2] = ["Modern2023", "LegacyDES"];
}

impl FromStr for Profile {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        match name {
            "Modern2023" => Ok(Self::Modern2023),
            "LegacyDES" => Ok(Self::LegacyDes),
            _ => Err(()),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Modern2023 => "Modern2023",
            Self::LegacyDes => "LegacyDES",
        })
    }
}

/// How often passwords are hashed: Java's and OpenSSL's own numbers lie between 2,048 and 10,000.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(10_000).unwrap();

// Object identifiers, by their content.
const DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
const ENCRYPTED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x06];
const KEY_BAG: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01, 0x02];
const CERTIFICATE_BAG: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x0A, 0x01, 0x03];
const X509_CERTIFICATE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x16, 0x01];
const FRIENDLY_NAME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x14];
const LOCAL_KEY_ID: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x15];
/// Oracle's mark of certificates to trust: without it, Java does not list them.
const TRUSTED_KEY_USAGE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xF9, 0x66, 0xAD, 0xCA, 0x7B, 0x01, 0x01];
const ANY_USAGE: &[u8] = &[0x55, 0x1D, 0x25, 0x00];
const PBES2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0D];
const PBKDF2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C];
const HMAC_SHA256: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x02, 0x09];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2A];
const SHA_AND_TRIPLE_DES: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x01, 0x03];
const OID_SHA256: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const OID_SHA1: &[u8] = &[0x2B, 0x0E, 0x03, 0x02, 0x1A];

/// A store of the key and the chain; of the CA's certificates, if there is no key.
pub fn write(
    store: &Keystore,
    key: Option<&Bytes>,
    password: &Secret,
    profile: Profile,
) -> Result<Bytes, KeystoreError> {
    if password.expose().is_empty() {
        return Err(KeystoreError::NoPassword);
    }
    let lock = Lock { store, password, profile };
    let certificates = content(ENCRYPTED_DATA, &encrypted_data(&lock, &certificates(store, key.is_some()))?);
    let keys = match key {
        Some(key) => content(DATA, &der::octets(&der::sequence(&[&key_bag(&lock, key)?]))),
        None => Vec::new(),
    };
    let safe = der::sequence(&[&certificates, &keys]);
    let mac = lock.mac(&safe);
    let whole = der::sequence(&[&der::number(3), &content(DATA, &der::octets(&safe)), &mac]);
    Ok(Zeroizing::new(whole))
}

/// The bags of all certificates: the key's own bears the key's name, those to trust bear a mark.
fn certificates(store: &Keystore, with_key: bool) -> Vec<u8> {
    let (all, of_key) = if with_key { (&store.chain, Some(0)) } else { (&store.authorities, None) };
    let bags = all.iter().enumerate().map(|(index, certificate)| {
        let inner = der::sequence(&[&der::oid(X509_CERTIFICATE), &der::tagged(&der::octets(certificate))]);
        let attributes = if of_key == Some(index) {
            vec![key_name(store)]
        } else if with_key {
            Vec::new()
        } else {
            let usage = der::set(&[der::oid(ANY_USAGE)]);
            let name = if index == 0 { "ca".to_owned() } else { format!("ca-{index}") };
            vec![der::sequence(&[&der::oid(TRUSTED_KEY_USAGE), &usage]), friendly(&name)]
        };
        bag(CERTIFICATE_BAG, &inner, &attributes)
    });
    let bags: Vec<Vec<u8>> = bags.collect();
    der::sequence(&bags.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// The attribute that ties a key to its certificate: by custom the certificate's SHA-1.
fn key_name(store: &Keystore) -> Vec<u8> {
    let leaf = store.chain.first().map_or(&[][..], Vec::as_slice);
    let name = digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, leaf);
    der::sequence(&[&der::oid(LOCAL_KEY_ID), &der::set(&[der::octets(name.as_ref())])])
}

fn friendly(name: &str) -> Vec<u8> {
    der::sequence(&[&der::oid(FRIENDLY_NAME), &der::set(&[der::element(0x1E, &[&utf16(name)])])])
}

fn key_bag(lock: &Lock<'_>, key: &Bytes) -> Result<Vec<u8>, KeystoreError> {
    let (algorithm, hidden) = lock.encrypt(key, "key")?;
    let inner = der::sequence(&[&algorithm, &der::octets(&hidden)]);
    Ok(bag(KEY_BAG, &inner, &[key_name(lock.store)]))
}

fn bag(kind: &[u8], inner: &[u8], attributes: &[Vec<u8>]) -> Vec<u8> {
    let attributes = if attributes.is_empty() { Vec::new() } else { der::set(attributes) };
    der::sequence(&[&der::oid(kind), &der::tagged(inner), &attributes])
}

fn encrypted_data(lock: &Lock<'_>, bags: &[u8]) -> Result<Vec<u8>, KeystoreError> {
    let (algorithm, hidden) = lock.encrypt(bags, "certificates")?;
    let content = der::sequence(&[&der::oid(DATA), &algorithm, &der::element(0x80, &[&hidden])]);
    Ok(der::sequence(&[&der::number(0), &content]))
}

/// `ContentInfo` (RFC 2315 §7).
fn content(kind: &[u8], content: &[u8]) -> Vec<u8> {
    der::sequence(&[&der::oid(kind), &der::tagged(content)])
}

/// A password and how it is used.
struct Lock<'a> {
    store: &'a Keystore,
    password: &'a Secret,
    profile: Profile,
}

impl Lock<'_> {
    /// The algorithm with its parameters, and the hidden bytes.
    fn encrypt(&self, bytes: &[u8], part: &str) -> Result<(Vec<u8>, Vec<u8>), KeystoreError> {
        match self.profile {
            Profile::Modern2023 => self.encrypt_by_aes(bytes, part),
            Profile::LegacyDes => self.encrypt_by_triple_des(bytes, part),
        }
    }

    /// PBES2 (RFC 8018 §6.2).
    fn encrypt_by_aes(&self, bytes: &[u8], part: &str) -> Result<(Vec<u8>, Vec<u8>), KeystoreError> {
        let (salt, iv) = (self.salt::<16>(part), self.store.salt::<16>(&format!("{} iv", self.purpose(part))));
        let mut key = Zeroizing::new([0; 32]);
        let password = self.password.expose().as_bytes();
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ITERATIONS, &salt, password, key.as_mut());
        let cipher = UnboundCipherKey::new(&AES_256, key.as_ref()).and_then(PaddedBlockEncryptingKey::cbc_pkcs7);
        let mut hidden = bytes.to_vec();
        let context = EncryptionContext::Iv128(FixedLength::from(iv));
        let encrypted = cipher.and_then(|cipher| cipher.less_safe_encrypt(&mut hidden, context));
        encrypted.map_err(|_| KeystoreError::Cipher)?;
        let random_function = der::sequence(&[&der::oid(HMAC_SHA256), &der::null()]);
        let rounds = der::number(ITERATIONS.get());
        let derivation =
            der::sequence(&[&der::oid(PBKDF2), &der::sequence(&[&der::octets(&salt), &rounds, &random_function])]);
        let scheme = der::sequence(&[&der::oid(AES_256_CBC), &der::octets(&iv)]);
        let algorithm = der::sequence(&[&der::oid(PBES2), &der::sequence(&[&derivation, &scheme])]);
        Ok((algorithm, hidden))
    }

    /// `pbeWithSHAAnd3-KeyTripleDES-CBC` (RFC 7292 appendix C).
    fn encrypt_by_triple_des(&self, bytes: &[u8], part: &str) -> Result<(Vec<u8>, Vec<u8>), KeystoreError> {
        let salt = self.salt::<16>(part);
        let key = self.derive(&SHA1_FOR_LEGACY_USE_ONLY, Use::Key, &salt, 24);
        let mut previous = self.derive(&SHA1_FOR_LEGACY_USE_ONLY, Use::Iv, &salt, 8);
        let cipher = TdesEde3::new_from_slice(&key).map_err(|_| KeystoreError::Cipher)?;
        let padding = 8 - bytes.len() % 8;
        let mut plain = Zeroizing::new(bytes.to_vec());
        plain.extend(std::iter::repeat_n(u8::try_from(padding).unwrap_or_default(), padding));
        let mut hidden = Vec::with_capacity(plain.len());
        for block in plain.chunks(8) {
            let mixed: [u8; 8] = std::array::from_fn(|index| byte(block, index) ^ byte(&previous, index));
            let mut block = Array::from(mixed);
            cipher.encrypt_block(&mut block);
            hidden.extend_from_slice(&block);
            previous = Zeroizing::new(block.to_vec());
        }
        let parameters = der::sequence(&[&der::octets(&salt), &der::number(ITERATIONS.get())]);
        Ok((der::sequence(&[&der::oid(SHA_AND_TRIPLE_DES), &parameters]), hidden))
    }

    /// What tells that content and password are right (RFC 7292 §4).
    fn mac(&self, safe: &[u8]) -> Vec<u8> {
        let (algorithm, signing, oid) = match self.profile {
            Profile::Modern2023 => (&SHA256, hmac::HMAC_SHA256, OID_SHA256),
            Profile::LegacyDes => (&SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, OID_SHA1),
        };
        let salt = self.salt::<16>("mac");
        let key = self.derive(algorithm, Use::Mac, &salt, algorithm.output_len());
        let mac = hmac::sign(&hmac::Key::new(signing, &key), safe);
        let algorithm = der::sequence(&[&der::oid(oid), &der::null()]);
        let digest = der::sequence(&[&algorithm, &der::octets(mac.as_ref())]);
        der::sequence(&[&digest, &der::octets(&salt), &der::number(ITERATIONS.get())])
    }

    fn salt<const LENGTH: usize>(&self, part: &str) -> [u8; LENGTH] {
        self.store.salt(&self.purpose(part))
    }

    fn purpose(&self, part: &str) -> String {
        format!("pkcs12 {} {part}", self.profile)
    }

    /// A key from the password (RFC 7292 appendix B.2).
    fn derive(&self, algorithm: &'static Algorithm, purpose: Use, salt: &[u8], length: usize) -> Bytes {
        let block = algorithm.block_len();
        let mut password = utf16(self.password.expose());
        password.extend_from_slice(&[0, 0]);
        let mut input = Zeroizing::new(repeated(salt, salt.len().next_multiple_of(block)));
        input.extend(repeated(&password, password.len().next_multiple_of(block)));
        let diversifier = vec![purpose as u8; block];
        let mut out = Zeroizing::new(Vec::new());
        while out.len() < length {
            let mut digest = digest::digest(algorithm, &[diversifier.as_slice(), input.as_slice()].concat());
            for _ in 1..ITERATIONS.get() {
                digest = digest::digest(algorithm, digest.as_ref());
            }
            out.extend_from_slice(digest.as_ref());
            let addend = repeated(digest.as_ref(), block);
            input.chunks_mut(block).for_each(|chunk| add_one_more(chunk, &addend));
        }
        out.truncate(length);
        out
    }
}

/// What a derived key is for, by RFC 7292 appendix B.3.
#[derive(Clone, Copy)]
enum Use {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

fn byte(bytes: &[u8], index: usize) -> u8 {
    bytes.get(index).copied().unwrap_or_default()
}

fn repeated(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.iter().copied().cycle().take(length).collect()
}

/// `number + addend + 1`, both of the same length, without what is carried out of it.
fn add_one_more(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1;
    for (digit, more) in number.iter_mut().zip(addend).rev() {
        let [high, low] = (u16::from(*digit) + u16::from(*more) + carry).to_be_bytes();
        (*digit, carry) = (low, high.into());
    }
}
