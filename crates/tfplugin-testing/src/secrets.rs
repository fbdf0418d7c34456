//! Secrets that must leave no trace: in which forms they could be written down, and where one was.

use std::cell::Cell;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

/// The octets of a key that are looked for at a time: they fill sixteen characters of base64.
const WINDOW: usize = 12;
/// The characters of a PEM text that are looked for at a time, in base64 once more, as documents of services hold them.
const TEXT_WINDOW: usize = 18;

/// One secret, in all its forms.
struct Needles {
    /// Finds any of the forms in one go.
    forms: AhoCorasick,
    /// What each form is called.
    told: Vec<&'static str>,
    /// How far a growing log was searched for it.
    searched: Cell<usize>,
}

/// Texts and keys that nobody may find.
#[derive(Default)]
pub struct Secrets(Vec<Needles>);

impl Secrets {
    /// A text: as it is, quoted as JSON, in base64 by itself and within something longer, and as part of a URL.
    pub fn text(&mut self, secret: &str) {
        assert!(secret.len() >= 8, "a short secret is found by accident");
        let quoted = serde_json::to_string(secret).unwrap();
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let mut forms = vec![
            (secret.to_owned(), "as it is"),
            (quoted.trim_matches('"').to_owned(), "quoted"),
            (STANDARD.encode(secret), "in base64"),
            (form.replace('+', "%20"), "in a URL"),
            (form, "in a form"),
        ];
        for before in 0..3 {
            // What three octets take part in is cut off at both ends: four characters each.
            let within = STANDARD.encode([&vec![b'x'; before], secret.as_bytes(), b"xxx"].concat());
            forms.push((within[4..(before + secret.len()) / 3 * 4].to_owned(), "in base64, within something longer"));
        }
        self.add(forms);
    }

    /// A private key, PKCS#8 as PEM: dozens of octets of its private part, in hexadecimal digits or base64, so near to each
    /// other that one of them is found in lines of any usual length; and the PEM text in base64.
    pub fn key(&mut self, pem: &str) {
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(&body).unwrap();
        let (start, end) = private_part(&der);
        let mut forms = Vec::new();
        // The three ways in which octets fall into groups of base64, every dozen characters.
        let places = (0..3).flat_map(|way| (start + way..=end - WINDOW).step_by(9).take(4));
        for at in places {
            let window = &der[at..at + WINDOW];
            let hex = hex(window);
            forms.push((hex.to_uppercase(), "as octets"));
            forms.push((hex, "as octets"));
            forms.push((STANDARD.encode(window), "in base64"));
            forms.push((URL_SAFE_NO_PAD.encode(window), "in base64url"));
        }
        // Where an octet's characters are in the text: after the first line, in lines of 64 and their ends.
        let place = |octet: usize| pem.find('\n').unwrap() + 1 + octet / 3 * 4 + octet / 3 * 4 / 64;
        for window in pem.as_bytes()[place(start + 3)..place(end)].windows(TEXT_WINDOW).take(3) {
            forms.push((STANDARD.encode(window), "as PEM in base64"));
        }
        self.add(forms);
    }

    fn add(&mut self, forms: Vec<(String, &'static str)>) {
        let (forms, told): (Vec<_>, Vec<_>) = forms.into_iter().unzip();
        self.0.push(Needles { forms: AhoCorasick::new(forms).unwrap(), told, searched: Cell::default() });
    }

    /// In which form a secret is in a text; `None` if there is none.
    pub fn form_in(&self, text: &str) -> Option<&'static str> {
        self.0.iter().find_map(|needles| needles.form_in(text.as_bytes()))
    }

    /// As [`Secrets::form_in`], for a log that only grows: what was searched for a secret is not searched for it again.
    pub fn form_in_log(&self, log: &[u8]) -> Option<&'static str> {
        self.0.iter().find_map(|needles| {
            let from = needles.searched.replace(log.len()).saturating_sub(needles.forms.max_pattern_len());
            needles.form_in(log.get(from..)?)
        })
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Needles {
    fn form_in(&self, text: &[u8]) -> Option<&'static str> {
        self.forms.find(text).map(|found| self.told[found.pattern().as_usize()])
    }
}

/// Where the private part of a PKCS#8 key lies: the number of an EC key (RFC 5915), or what follows the modulus and the
/// exponents of an RSA key (RFC 8017 §A.1.2), of which half is enough.
fn private_part(der: &[u8]) -> (usize, usize) {
    let version = [0x02, 0x01, 0x01, 0x04];
    match der.windows(version.len()).position(|octets| octets == version) {
        Some(at) if der.len() < 256 => {
            let start = at + version.len() + 1;
            (start, start + usize::from(der[start - 1]))
        }
        _ => (der.len() - 200, der.len() - 100),
    }
}

/// Lower-case hexadecimal digits, two an octet.
fn hex(octets: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap();
    octets.iter().flat_map(|octet| [digit(octet >> 4), digit(octet & 15)]).collect()
}

/// What providers keep beside a state's attributes: private state, which hosts store in base64.
pub fn private_state(state: &Value) -> String {
    let resources = state["resources"].as_array().into_iter().flatten();
    let instances = resources.flat_map(|resource| resource["instances"].as_array().into_iter().flatten());
    let private = instances.filter_map(|instance| STANDARD.decode(instance["private"].as_str()?).ok());
    private.map(|octets| String::from_utf8_lossy(&octets).into_owned()).collect()
}

/// That the search finds what it is for.
#[test]
fn a_text_is_found_in_every_form_and_a_part_of_it_is_no_secret() {
    let mut secrets = Secrets::default();
    let secret = "pass/word 4711";
    secrets.text(secret);
    for form in [
        secret.to_owned(),
        STANDARD.encode(secret),
        STANDARD.encode(format!("ann:{secret}")),
        STANDARD.encode(format!("{{\"password\":\"{secret}\"}}")),
        "pass%2Fword%204711".to_owned(),
        "pass%2Fword+4711".to_owned(),
    ] {
        assert!(secrets.form_in(&format!("<{form}>")).is_some(), "not found in {form}");
    }
    assert_eq!(secrets.form_in("word 4711"), None);
}

/// That the search finds what it is for.
#[test]
fn a_key_is_found_in_every_form_and_its_public_part_is_no_secret() {
    for key in [
        rcgen::KeyPair::generate().unwrap(),
        rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap(),
        rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap(),
    ] {
        let (pem, der) = (key.serialize_pem(), key.serialize_der());
        let mut secrets = Secrets::default();
        secrets.key(&pem);
        let hex = hex(&der).to_uppercase();
        let narrow: Vec<_> = STANDARD.encode(&der).as_bytes().chunks(40).map(<[u8]>::to_vec).collect();
        let forms = [
            pem.clone(),
            serde_json::to_string(&pem).unwrap(),
            hex,
            URL_SAFE_NO_PAD.encode(&der),
            STANDARD.encode([b"x", &der[..]].concat()),
            String::from_utf8(narrow.join(&b'\n')).unwrap(),
            STANDARD.encode(&pem),
            STANDARD.encode(format!("ab{pem}")),
        ];
        for form in forms {
            assert!(secrets.form_in(&form).is_some(), "not found in {form}");
        }
        assert_eq!(secrets.form_in(&key.public_key_pem()), None);
    }
}
