//! Takes the secrets that this process has met out of texts, whoever wrote them: container logs, programs, servers.
//!
//! No secret is kept for that, only keyed hashes of the forms in which it may turn up: memory stays small, and what
//! was wiped stays wiped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{LazyLock, PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// What stands in the place of a secret.
pub const MARK: &str = "(hidden)";

/// The fewest octets of a secret that is looked for. Shorter ones are found by accident, and guessed anyway.
const SHORTEST: usize = 6;

/// Letters alone, fewer than this many, are a word of which a text may be full: `secret`, `another`.
const SHORTEST_WORD: usize = 8;

/// The fewest octets of a line of a text, such as a PEM file, that is looked for by itself.
const SHORTEST_LINE: usize = 16;

/// The most lines of a text that are looked for by themselves.
const MOST_LINES: usize = 64;

static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);

/// Has a secret taken out of all texts from now on.
pub fn learn(secret: &str) {
    KNOWN.learn(secret);
}

/// What names of variables say of their values, unless they only say where it is.
const SECRET_WORDS: [&str; 6] = ["SECRET", "TOKEN", "PASSW", "CREDENTIAL", "API_KEY", "ACCESS_KEY"];
const PLACE_WORDS: [&str; 8] = ["_FILE", "_PATH", "_URL", "_URI", "_ID", "_NAME", "_VERSION", "_TYPE"];

/// Has the value of a variable taken out of all texts from now on if its name says that it is a secret, or if it is a URL
/// with a password in it.
pub fn learn_named(name: &str, value: &str) {
    let name = name.to_ascii_uppercase();
    let is_secret = SECRET_WORDS.iter().any(|word| name.contains(word));
    if is_secret && !PLACE_WORDS.iter().any(|word| name.ends_with(word)) {
        learn(value);
    }
    if value.contains("://")
        && let Ok(url) = url::Url::parse(value)
        && let Some(password) = url.password()
    {
        learn(password);
        // As it was before it was written into the URL.
        let pair = format!("={}", password.replace('+', "%2B"));
        url::form_urlencoded::parse(pair.as_bytes()).for_each(|(_, decoded)| learn(&decoded));
    }
}

/// The text without the secrets that are known.
pub fn hidden(text: &str) -> Cow<'_, str> {
    KNOWN.hidden(text)
}

/// The forms of all secrets, by the hash of their first octets.
#[derive(Default)]
struct Known {
    starts: RandomState,
    wholes: RandomState,
    forms: RwLock<HashMap<u64, Vec<Form>>>,
}

/// One form of one secret.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Form {
    length: usize,
    hash: u64,
}

impl Known {
    fn learn(&self, secret: &str) {
        if self.knows(secret) {
            return;
        }
        each_form(secret, &mut |form| self.add(form));
    }

    fn knows(&self, form: &str) -> bool {
        let Some((start, form)) = self.hashed(form.as_bytes()) else { return true };
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        forms.get(&start).is_some_and(|known| known.contains(&form))
    }

    fn add(&self, form: &str) {
        let Some((start, form)) = self.hashed(form.as_bytes()) else { return };
        let mut forms = self.forms.write().unwrap_or_else(PoisonError::into_inner);
        let known = forms.entry(start).or_default();
        if !known.contains(&form) {
            known.push(form);
        }
    }

    /// The hashes of a form; `None` if it is too short to be looked for.
    fn hashed(&self, form: &[u8]) -> Option<(u64, Form)> {
        let is_word = form.len() < SHORTEST_WORD && form.iter().all(u8::is_ascii_alphabetic);
        let start = form.get(..SHORTEST).filter(|_| !is_word)?;
        Some((self.starts.hash_one(start), Form { length: form.len(), hash: self.wholes.hash_one(form) }))
    }

    fn hidden<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let places = self.places(text.as_bytes());
        if places.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for (start, end) in places {
            shown.push_str(text.get(at..start).unwrap_or_default());
            shown.push_str(MARK);
            at = end;
        }
        shown.push_str(text.get(at..).unwrap_or_default());
        Cow::Owned(shown)
    }

    /// Where secrets are, in order; what overlaps or touches is one place.
    fn places(&self, text: &[u8]) -> Vec<(usize, usize)> {
        let mut places: Vec<(usize, usize)> = Vec::new();
        let forms = self.forms.read().unwrap_or_else(PoisonError::into_inner);
        if forms.is_empty() {
            return places;
        }
        for (at, start) in text.windows(SHORTEST).enumerate() {
            let Some(known) = forms.get(&self.starts.hash_one(start)) else { continue };
            let Some(end) = known.iter().filter_map(|form| self.end(text, at, *form)).max() else { continue };
            match places.last_mut() {
                Some(last) if last.1 >= at => last.1 = last.1.max(end),
                _ => places.push((at, end)),
            }
        }
        places
    }

    /// Where a form that begins at a place ends, if it is there.
    fn end(&self, text: &[u8], at: usize, form: Form) -> Option<usize> {
        let end = at.checked_add(form.length)?;
        let whole = text.get(at..end)?;
        (self.wholes.hash_one(whole) == form.hash).then_some(end)
    }
}

/// Every form in which others may write a secret.
fn each_form(secret: &str, take: &mut dyn FnMut(&str)) {
    let trimmed = secret.trim();
    take(secret);
    take(trimmed);
    // As readers of YAML quote it: without the sign that it begins or ends with.
    take(trimmed.trim_matches(|c: char| !c.is_alphanumeric()));
    escaped(trimmed, take);
    in_base64(trimmed.as_bytes(), take);
    // As files of JSON hold it that are encoded as a whole.
    escaped(trimmed, &mut |quoted| in_base64(quoted.as_bytes(), take));
    in_urls(secret, take);
    let lines = secret.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE && !line.starts_with("-----"));
    for line in lines.take(MOST_LINES) {
        take(line);
    }
}

/// As JSON and Rust quote it.
fn escaped(secret: &str, take: &mut dyn FnMut(&str)) {
    let json = Zeroizing::new(serde_json::Value::from(secret).to_string());
    let debug = Zeroizing::new(format!("{secret:?}"));
    for quoted in [&json, &debug] {
        take(quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default());
    }
}

/// In base64 by itself and within something longer (`user:password`, a file): of the characters that octets before and
/// after it take part in, none is looked for.
fn in_base64(secret: &[u8], take: &mut dyn FnMut(&str)) {
    for before in [&[][..], &[0], &[0; 2]] {
        let padded = Zeroizing::new([before, secret].concat());
        // A character holds six bits of the octets' eight.
        let (first, last) = ((before.len() * 8).div_ceil(6), padded.len() * 8 / 6);
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            let encoded = Zeroizing::new(engine.encode(padded.as_slice()));
            take(encoded.get(first..last).unwrap_or_default());
        }
    }
}

/// As parts of URLs (RFC 3986 §2.1) and of forms, with digits of either case.
fn in_urls(secret: &str, take: &mut dyn FnMut(&str)) {
    let form: Zeroizing<String> = Zeroizing::new(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
    let path = Zeroizing::new(form.replace('+', "%20"));
    for encoded in [&form, &path, &Zeroizing::new(path.replace("%7E", "~"))] {
        take(encoded);
        take(&Zeroizing::new(lower_digits(encoded)));
    }
}

/// A text with the hexadecimal digits of its `%XX` in lower case.
fn lower_digits(encoded: &str) -> String {
    let mut since = usize::MAX;
    let lower = encoded.chars().map(|c| {
        since = if c == '%' { 0 } else { since.saturating_add(1) };
        if since <= 2 { c.to_ascii_lowercase() } else { c }
    });
    lower.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    fn knowing(secrets: &[&str]) -> Known {
        let known = Known::default();
        for secret in secrets {
            known.learn(secret);
        }
        known
    }

    #[test]
    fn a_secret_is_taken_out_in_every_form() {
        let secret = r#"p"ä ss/w~ord?9"#;
        let known = knowing(&[secret]);
        let login = format!("ann:{secret}");
        let inner = serde_json::json!({ "auths": { "a.test": { "auth": STANDARD.encode(&login) } } }).to_string();
        for form in [
            secret.to_owned(),
            serde_json::to_string(secret).unwrap(),
            format!("{secret:?}"),
            STANDARD.encode(secret),
            URL_SAFE.encode(&login),
            inner,
            STANDARD.encode(serde_json::json!({ "password": secret }).to_string()),
            "p%22%C3%A4+ss%2Fw%7Eord%3F9".to_owned(),
            "p%22%c3%a4%20ss%2fw~ord%3f9".to_owned(),
        ] {
            let text = format!("before {form} after");
            let shown = known.hidden(&text);
            assert!(shown.contains(MARK), "{form}: {shown}");
            assert!(shown.starts_with("before ") && shown.ends_with(" after"), "{shown}");
        }
        assert_eq!(known.hidden("nothing to see"), "nothing to see");
    }

    #[test]
    fn a_parsers_words_about_a_secret_are_hidden_without_its_signs() {
        let known = knowing(&["*buoy-3", "[wharf 7"]);
        assert_eq!(
            known.hidden("yaml: unknown anchor 'buoy-3' referenced"),
            "yaml: unknown anchor '(hidden)' referenced"
        );
        assert_eq!(known.hidden("near \"wharf 7\""), "near \"(hidden)\"");
    }

    #[test]
    fn lines_of_a_key_are_hidden_one_by_one() {
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let known = knowing(&[&key]);
        let body: Vec<&str> = key.lines().filter(|line| line.len() >= 16 && !line.starts_with("-----")).collect();
        for line in &body {
            assert_eq!(known.hidden(&format!("  {line}")), "  (hidden)");
        }
        assert_eq!(known.hidden(&STANDARD.encode(&key)).matches(MARK).count(), 1);
        assert_eq!(known.hidden("-----BEGIN PRIVATE KEY-----"), "-----BEGIN PRIVATE KEY-----");
    }

    #[test]
    fn what_is_short_or_a_common_word_is_not_looked_for() {
        let known = knowing(&["", "a", "12345", "secret", "another"]);
        let text = "a secret and another, 12345";
        assert_eq!(known.hidden(text), text);
        assert_eq!(knowing(&["hunter2"]).hidden("is hunter2 it"), "is (hidden) it");
    }

    #[test]
    fn a_variable_is_a_secret_if_its_name_or_its_url_says_so() {
        for (name, value) in [
            ("CLOUD_SECRET_ACCESS_KEY", "from-environment-1"),
            ("GITHUB_TOKEN", "from-environment-2"),
            ("HTTPS_PROXY", "http://ann:from-environment-3%2F+@proxy.test:3128"),
            ("TF_VAR_db_password", "from-environment-4"),
        ] {
            learn_named(name, value);
            assert!(hidden(value).contains(MARK) && !hidden(value).contains("from-env"), "{name}");
        }
        assert_eq!(hidden("from-environment-3/+"), MARK, "as the proxy knows it");
        for (name, value) in [
            ("CLOUD_WEB_IDENTITY_TOKEN_FILE", "/var/run/environment/1"),
            ("CLOUD_ACCESS_KEY_ID", "ENVIRONMENT2"),
            ("CLOUD_REGION", "environment-north-3"),
            ("HTTPS_PROXY", "http://environment4.test:3128"),
        ] {
            learn_named(name, value);
            assert_eq!(hidden(value), value, "{name}");
        }
    }

    #[test]
    fn overlapping_secrets_leave_nothing_between() {
        let known = knowing(&["abcd-efgh", "efgh-ijkl"]);
        assert_eq!(known.hidden("<abcd-efgh-ijkl>"), "<(hidden)>");
    }

    #[test]
    fn what_is_known_takes_little_room_and_is_known_once() {
        let known = Known::default();
        let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        for _ in 0..100 {
            known.learn(&key.serialize_pem());
        }
        let forms: usize = known.forms.read().unwrap().values().map(Vec::len).sum();
        assert!(forms < 64, "{forms}");
    }

    proptest! {
        #[test]
        fn no_secret_survives_in_any_text(secret in "\\PC{8,40}", before in "\\PC{0,20}", after in "\\PC{0,20}") {
            let known = knowing(&[&secret]);
            for form in [
                secret.clone(),
                serde_json::to_string(&secret).unwrap(),
                format!("{secret:?}"),
                url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
            ] {
                let text = format!("{before}{form}{after}");
                let shown = known.hidden(&text);
                prop_assert!(!shown.contains(&secret) || before.contains(&secret) || after.contains(&secret), "{shown}");
                prop_assert!(shown.contains(MARK), "{text} became {shown}");
            }
            let trimmed = secret.trim();
            if trimmed.len() >= 8 {
                let text = STANDARD.encode(format!("{before}{trimmed}{after}"));
                prop_assert!(known.hidden(&text).contains(MARK), "{text}");
            }
        }
    }
}
