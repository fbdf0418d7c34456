//! A DNS name in one normal form, whatever the spelling it came in.

use std::fmt;
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

/// Longest label, in octets (RFC 1035 §2.3.4).
const MAX_LABEL: usize = 63;
/// Longest name as text without its trailing dot, in octets (RFC 1035 §2.3.4: 255 on the wire).
const MAX_NAME: usize = 253;

/// A DNS name without its trailing dot, in lower case, with A-labels for international ones.
///
/// Two spellings of one name are equal: `Example.COM.` and `example.com`, `\052.example.com` and
/// `*.example.com`, `bücher.example` and `xn--bcher-kva.example`. Octets outside the printable
/// ASCII range, spaces, and dots or backslashes within a label are kept as `\NNN` with three
/// *octal* digits, as Route53 writes them
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html>).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnsName(String);

/// Why a text is no DNS name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DnsNameError {
    /// There is nothing, or only a dot.
    #[error("the name is empty")]
    Empty,
    /// Two dots in a row, or a dot at the start.
    #[error("`{0}` has an empty label (two dots in a row, or a dot at the start)")]
    EmptyLabel(String),
    /// A label longer than 63 octets.
    #[error("the label `{0}` has {1} octets; 63 are allowed")]
    LongLabel(String, usize),
    /// A name longer than 253 octets.
    #[error("the name has {0} octets; 253 are allowed")]
    LongName(usize),
    /// A backslash that is not followed by three octal digits or one other character.
    #[error("`{0}` has a backslash without three octal digits (such as `\\052`) after it")]
    BadEscape(String),
    /// An international label that IDNA refuses.
    #[error("the label `{0}` is no valid international domain label")]
    BadInternational(String),
}

impl DnsName {
    /// Reads a name in any of its spellings.
    pub fn parse(text: &str) -> Result<Self, DnsNameError> {
        let mut labels = labels(text)?;
        labels.iter_mut().for_each(|label| label.make_ascii_lowercase());
        Ok(Self(labels.iter().map(|label| presented(label, false)).collect::<Vec<_>>().join(".")))
    }

    /// The form for Route53 of a name as it is written: its case stays (RFC 4343 §4: the case of data is kept).
    pub fn as_written(text: &str) -> Result<String, DnsNameError> {
        let labels = labels(text)?;
        let labels = labels.iter().map(|label| if label == b"*" { "*".to_owned() } else { presented(label, true) });
        Ok(labels.chain([String::new()]).collect::<Vec<_>>().join("."))
    }

    /// The normal form: lower case, no trailing dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form for Route53: every octet but letters, digits, hyphen, underscore and a leading `*`
    /// label is an octal escape; with the trailing dot.
    pub fn to_route53(&self) -> String {
        let labels = self.0.split('.').map(|label| {
            if label == "*" {
                return label.to_owned();
            }
            presented(&unescaped(label), true)
        });
        labels.chain([String::new()]).collect::<Vec<_>>().join(".")
    }

    /// Whether the leftmost label is `*`.
    pub fn is_wildcard(&self) -> bool {
        self.0 == "*" || self.0.starts_with("*.")
    }

    /// Whether this is `zone` itself or lies below it.
    pub fn is_within(&self, zone: &Self) -> bool {
        self.0.strip_suffix(zone.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// This name with one label put before it.
    pub fn child(&self, label: &str) -> Result<Self, DnsNameError> {
        Self::parse(&format!("{label}.{}", self.0))
    }

    /// The name without its leftmost label; nothing above a top-level domain.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_once('.').map(|(_, rest)| Self(rest.to_owned()))
    }

    /// The name below a `*.` label, or the name itself.
    #[must_use]
    pub fn without_wildcard(&self) -> Self {
        Self(self.0.strip_prefix("*.").unwrap_or(&self.0).to_owned())
    }

    /// How many labels the name has; at least 1.
    pub fn label_count(&self) -> usize {
        self.0.split('.').count()
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for DnsName {
    type Err = DnsNameError;

    fn from_str(text: &str) -> Result<Self, DnsNameError> {
        Self::parse(text)
    }
}

/// The labels as octets, unescaped, if they are a name.
fn labels(text: &str) -> Result<Vec<Vec<u8>>, DnsNameError> {
    let text = text.trim().replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], ".");
    let labels = split_labels(&text)?;
    if labels.is_empty() {
        return Err(DnsNameError::Empty);
    }
    let mut octets = labels.len() - 1;
    for label in &labels {
        check_label(&text, label)?;
        octets += label.len();
    }
    if octets > MAX_NAME { Err(DnsNameError::LongName(octets)) } else { Ok(labels) }
}

/// The labels as octets, unescaped; one trailing dot is dropped.
fn split_labels(text: &str) -> Result<Vec<Vec<u8>>, DnsNameError> {
    let mut labels = Vec::new();
    let mut label = Label::default();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => labels.push(std::mem::take(&mut label).octets()?),
            '\\' => label.push_octet(escaped(text, &mut chars)?),
            _ => label.push_char(c),
        }
    }
    if !label.is_empty() {
        labels.push(label.octets()?);
    }
    Ok(labels)
}

/// One label while it is read: text, or octets once an escape has been seen.
#[derive(Default)]
struct Label {
    octets: Vec<u8>,
    international: bool,
}

impl Label {
    fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    fn push_char(&mut self, c: char) {
        self.international |= !c.is_ascii();
        let mut buffer = [0; 4];
        self.octets.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    }

    fn push_octet(&mut self, octet: u8) {
        self.octets.push(octet);
    }

    fn octets(self) -> Result<Vec<u8>, DnsNameError> {
        if !self.international {
            return Ok(self.octets);
        }
        let refused = || DnsNameError::BadInternational(String::from_utf8_lossy(&self.octets).into_owned());
        let ascii = Uts46::new()
            .to_ascii(&self.octets, AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
            .map_err(|_| refused())?;
        Ok(ascii.into_owned().into_bytes())
    }
}

/// The octet that the characters after a backslash stand for.
fn escaped(text: &str, chars: &mut std::str::Chars<'_>) -> Result<u8, DnsNameError> {
    let bad = || DnsNameError::BadEscape(text.to_owned());
    let first = chars.next().ok_or_else(bad)?;
    if !first.is_ascii_digit() {
        return u8::try_from(first).map_err(|_| bad());
    }
    let mut octet = first.to_digit(8).ok_or_else(bad)?;
    for _ in 0..2 {
        let digit = chars.next().and_then(|c| c.to_digit(8)).ok_or_else(bad)?;
        octet = octet * 8 + digit;
    }
    u8::try_from(octet).map_err(|_| bad())
}

fn check_label(name: &str, label: &[u8]) -> Result<(), DnsNameError> {
    if label.is_empty() {
        return Err(DnsNameError::EmptyLabel(name.to_owned()));
    }
    if label.len() > MAX_LABEL {
        return Err(DnsNameError::LongLabel(presented(label, false), label.len()));
    }
    Ok(())
}

/// A label as text. `strict` escapes all but letters, digits, hyphen and underscore.
fn presented(label: &[u8], strict: bool) -> String {
    use fmt::Write as _;
    label.iter().fold(String::with_capacity(label.len()), |mut text, &octet| {
        let plain = octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_');
        let readable = octet.is_ascii_graphic() && !matches!(octet, b'.' | b'\\');
        if plain || (readable && !strict) {
            text.push(char::from(octet));
        } else {
            let _infallible = write!(text, "\\{octet:03o}");
        }
        text
    })
}

/// The octets of a label in normal form.
fn unescaped(label: &str) -> Vec<u8> {
    let mut octets = Vec::with_capacity(label.len());
    let mut chars = label.chars();
    while let Some(c) = chars.next() {
        let octet = if c == '\\' { escaped(label, &mut chars).ok() } else { u8::try_from(c).ok() };
        octets.extend(octet);
    }
    octets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    #[test]
    fn spellings_of_one_name_are_equal() {
        let cases = [
            ("Example.COM.", "example.com"),
            (r"\052.example.com", "*.example.com"),
            (r"\052.Example.com.", "*.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
            ("_acme-challenge.a.example", "_acme-challenge.a.example"),
            (r"a\057b.example", "a/b.example"),
            (r"\101b.example", "ab.example"),
            (r"a\.b.example", r"a\056b.example"),
            ("  a.example ", "a.example"),
        ];
        for (spelling, normal) in cases {
            assert_eq!(name(spelling).as_str(), normal, "{spelling}");
            assert_eq!(name(spelling), name(normal), "{spelling}");
        }
    }

    #[test]
    fn refuses_what_is_no_name() {
        let long_label = "a".repeat(64);
        let long_name = ["a".repeat(63).as_str(); 5].join(".");
        let cases = [
            ("", DnsNameError::Empty),
            (".", DnsNameError::EmptyLabel(".".into())),
            ("a..b", DnsNameError::EmptyLabel("a..b".into())),
            (".a", DnsNameError::EmptyLabel(".a".into())),
            (r"a\9.b", DnsNameError::BadEscape(r"a\9.b".into())),
            (r"a\777.b", DnsNameError::BadEscape(r"a\777.b".into())),
            (r"a\", DnsNameError::BadEscape(r"a\".into())),
            (&long_label, DnsNameError::LongLabel(long_label.clone(), 64)),
            (&long_name, DnsNameError::LongName(319)),
        ];
        for (text, error) in cases {
            assert_eq!(DnsName::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn route53_gets_octal_escapes_and_a_trailing_dot() {
        let cases = [
            ("*.example.com", "*.example.com."),
            ("a/b.example", r"a\057b.example."),
            ("a*.example", r"a\052.example."),
            ("_x-1.example", "_x-1.example."),
        ];
        for (text, wire) in cases {
            assert_eq!(name(text).to_route53(), wire);
        }
    }

    #[test]
    fn a_name_within_data_keeps_its_case() {
        let cases = [
            ("Bob's\\040Desk.Example.COM", r"Bob\047s\040Desk.Example.COM."),
            ("BÜCHER.Example", "xn--bcher-kva.Example."),
            ("*.A.example.", "*.A.example."),
            (r"\101b", "Ab."),
        ];
        for (text, written) in cases {
            assert_eq!(DnsName::as_written(text).as_deref(), Ok(written), "{text}");
            assert_eq!(name(written), name(text), "it is the same name: {text}");
        }
        assert_eq!(DnsName::as_written("a..b"), Err(DnsNameError::EmptyLabel("a..b".into())));
    }

    #[test]
    fn lies_within_its_zone_only_at_a_label_boundary() {
        assert!(name("a.example.com").is_within(&name("Example.com.")));
        assert!(name("example.com").is_within(&name("example.com")));
        assert!(!name("badexample.com").is_within(&name("example.com")));
        assert!(!name("example.com").is_within(&name("a.example.com")));
    }

    #[test]
    fn walks_up_and_drops_the_wildcard() {
        assert_eq!(name("*.a.b").without_wildcard(), name("a.b"));
        assert_eq!(name("a.b").parent(), Some(name("b")));
        assert_eq!(name("b").parent(), None);
        assert_eq!(name("a.b").child("_acme-challenge").unwrap(), name("_acme-challenge.a.b"));
    }

    proptest! {
        #[test]
        fn reading_what_was_written_gives_the_same_name(labels in proptest::collection::vec("[ -~]{1,20}", 1..5)) {
            let text = labels.iter().map(|l| presented(l.as_bytes(), true)).collect::<Vec<_>>().join(".");
            let parsed = name(&text);
            prop_assert_eq!(&name(parsed.as_str()), &parsed);
            prop_assert_eq!(&name(&parsed.to_route53()), &parsed);
        }

        #[test]
        fn never_panics(text in "\\PC{0,80}") {
            let _any = DnsName::parse(&text);
        }
    }
}
