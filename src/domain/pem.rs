//! PEM (RFC 7468) as people have it: with text around, indented, joined, with any line ends, escaped or encoded once more. What
//! cannot be read is an error with its place; nothing is passed over.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Base64 with or without its last `=`, which copying may lose.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it says that it is: `CERTIFICATE`, `PRIVATE KEY`.
    pub label: String,
    /// What it holds.
    pub der: Zeroizing<Vec<u8>>,
    /// Whether its headers say that it is encrypted (RFC 1421 §4.6), as old tools write private keys.
    pub is_encrypted: bool,
}

/// Why a text is no PEM.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct PemError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a PEM text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A block does not end.
    #[error("block {0} has no END line of its own kind")]
    NoEnd(usize),
    /// The content of a block is no base64.
    #[error("block {0} holds what is no base64: {1}")]
    Content(usize, String),
    /// There is no block, and the text is base64 of one.
    #[error("this is base64 of PEM; decode it with base64decode()")]
    Encoded,
    /// Something like a BEGIN or END line that is none.
    #[error("a BEGIN or END line is damaged or has no partner; it has five hyphens on each side")]
    Damaged,
}

/// Reads all blocks, in their order.
///
/// # Errors
/// The first thing that looks like a part of a block and cannot be read.
pub fn blocks(text: &str) -> Result<Vec<Block>, PemError> {
    if !text.contains(BEGIN) && is_encoded_once_more(text) {
        return Err(PemError { line: 1, fault: Fault::Encoded });
    }
    Scanner { text, at: 0, found: Vec::new() }.run()
}

/// Kubernetes and EKS hand certificates out as base64 of their PEM.
fn is_encoded_once_more(text: &str) -> bool {
    let compact: Zeroizing<String> = Zeroizing::new(text.chars().filter(|letter| !letter.is_whitespace()).collect());
    let inner = BASE64.decode(compact.as_bytes()).map(Zeroizing::new);
    inner.is_ok_and(|inner| std::str::from_utf8(&inner).is_ok_and(|inner| inner.contains(BEGIN)))
}

/// The same blocks as every reader takes them: each by itself, with nothing around.
///
/// # Errors
/// As [`blocks`].
pub fn cleaned(given: &str) -> Result<Zeroizing<String>, PemError> {
    let mut all = Zeroizing::new(String::new());
    for block in blocks(given)? {
        all.push_str(&Zeroizing::new(text(&block.label, &block.der)));
    }
    Ok(all)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Block>,
}

impl<'a> Scanner<'a> {
    fn run(mut self) -> Result<Vec<Block>, PemError> {
        while let Some(begin) = self.rest().find(BEGIN) {
            self.check_noise(begin)?;
            self.at += begin;
            self.block()?;
        }
        self.check_noise(self.rest().len())?;
        Ok(self.found)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Reads the block that begins here.
    fn block(&mut self) -> Result<(), PemError> {
        let number = self.found.len() + 1;
        let (start, begun) = (self.at, self.rest());
        let after = begun.get(BEGIN.len()..).unwrap_or_default();
        let (label, inside) = labelled(after).ok_or_else(|| self.fault(start, Fault::Damaged))?;
        let no_end = || self.fault(start, Fault::NoEnd(number));
        let end = inside.find(END).ok_or_else(no_end)?;
        let (body, tail) = inside.split_at(end);
        if body.contains(BEGIN) {
            return Err(no_end());
        }
        let (last, behind) = tail.get(END.len()..).and_then(labelled).ok_or_else(no_end)?;
        if last != label {
            return Err(no_end());
        }
        let (is_encrypted, content) = without_headers(body);
        let der = decoded(content).map_err(|why| self.fault(start, Fault::Content(number, why)))?;
        self.found.push(Block { label: label.to_owned(), der, is_encrypted });
        // Blocks that were joined may share the hyphens between them.
        let shared = if behind.starts_with(&BEGIN[DASHES.len()..]) { DASHES.len() } else { 0 };
        self.at = self.text.len() - behind.len() - shared;
        Ok(())
    }

    /// Whether the text up to the next block holds nothing that was meant as a part of one.
    fn check_noise(&self, length: usize) -> Result<(), PemError> {
        let noise = self.rest().get(..length).unwrap_or_default();
        let words = ["BEGIN ", "END "].into_iter().flat_map(|word| noise.match_indices(word).map(|(at, _)| at));
        match words.filter(|at| is_marker(noise, *at)).min() {
            Some(at) => Err(self.fault(self.at + at, Fault::Damaged)),
            None => Ok(()),
        }
    }

    fn fault(&self, at: usize, fault: Fault) -> PemError {
        let before = self.text.get(..at).unwrap_or_default();
        let ends = before.matches('\n').count().max(before.matches('\r').count());
        PemError { line: ends + 1, fault }
    }
}

/// The label before five hyphens, and what follows those.
fn labelled(text: &str) -> Option<(&str, &str)> {
    let (label, behind) = text.split_once(DASHES)?;
    let is_label = !label.is_empty() && !label.contains(['\n', '\r', '-']);
    is_label.then(|| (label.trim(), behind))
}

/// Whether a word is one of a marker, judged by the hyphens beside it.
fn is_marker(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let line = after.lines().next().unwrap_or_default();
    let label =
        line.trim_start_matches(|letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == ' ');
    let hyphens =
        |letters: &mut dyn Iterator<Item = char>| letters.take_while(|letter| is_hyphen(*letter)).take(2).count() == 2;
    hyphens(&mut before.trim_end_matches(' ').chars().rev()) || hyphens(&mut label.chars())
}

/// A hyphen, or what editors make of it.
fn is_hyphen(letter: char) -> bool {
    letter == '-' || ('\u{2010}'..='\u{2015}').contains(&letter) || letter == '\u{2212}'
}

/// Leaves out headers (RFC 1421 §4.6), which end at an empty line.
fn without_headers(body: &str) -> (bool, &str) {
    let begins = body.trim_start();
    let is_header = begins.split(['\n', '\r']).next().is_some_and(|line| line.contains(": "));
    if !is_header {
        return (false, body);
    }
    let content =
        ["\n\n", "\r\n\r\n", "\r\r"].into_iter().find_map(|gap| begins.split_once(gap)).map_or("", |(_, rest)| rest);
    (begins.contains("ENCRYPTED"), content)
}

/// Decodes base64 with white space of any kind, also where it was escaped for a variable (`\n`).
fn decoded(content: &str) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut compact = Zeroizing::new(String::with_capacity(content.len()));
    let mut letters = content.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_escape = letter == '\\' && letters.next_if(|next| matches!(next, 'n' | 'r' | 't')).is_some();
        if !is_escape && !letter.is_whitespace() && letter != '\u{feff}' {
            compact.push(letter);
        }
    }
    if compact.is_empty() {
        return Err("it is empty".to_owned());
    }
    BASE64.decode(compact.as_bytes()).map(Zeroizing::new).map_err(|_| bad_letter(&compact))
}

/// Says what is wrong without quoting what may be a key.
fn bad_letter(compact: &str) -> String {
    let is_foreign = |letter: &char| !letter.is_ascii_alphanumeric() && !matches!(letter, '+' | '/' | '=');
    match compact.chars().find(is_foreign) {
        Some(letter) => format!("the character {letter:?} stands in it"),
        None => "a part of it is missing".to_owned(),
    }
}

/// One block with 64 characters a line, ending in a line feed.
pub fn text(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    for (index, letter) in base64.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str(&format!("\n{END}{label}{DASHES}\n"));
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ONE: &str = "-----BEGIN CERTIFICATE-----\nAAEC\nAwQF\n-----END CERTIFICATE-----\n";

    fn read(text: &str) -> Result<Vec<(String, Vec<u8>)>, String> {
        let all = blocks(text).map_err(|error| error.to_string())?;
        Ok(all.into_iter().map(|block| (block.label, block.der.to_vec())).collect())
    }

    fn certificates(count: usize) -> Result<Vec<(String, Vec<u8>)>, String> {
        Ok(vec![("CERTIFICATE".to_owned(), vec![0, 1, 2, 3, 4, 5]); count])
    }

    #[test]
    fn whatever_stands_around_a_block_and_however_its_lines_end_it_is_read() {
        let joined = format!("{}{ONE}", ONE.trim_end());
        let shared = joined.replace("----------", DASHES);
        let cases = [
            ("plain", ONE.to_owned(), 1),
            ("with a BOM", format!("\u{feff}{ONE}\u{feff}{ONE}"), 2),
            ("joined", joined, 2),
            ("joined by shared hyphens", shared, 2),
            ("CRLF", ONE.repeat(2).replace('\n', "\r\n"), 2),
            ("CR only", ONE.repeat(2).replace('\n', "\r"), 2),
            ("indented", ONE.repeat(2).replace('\n', "\n    "), 2),
            ("one line", ONE.repeat(2).replace('\n', " "), 2),
            ("escaped", ONE.repeat(2).replace('\n', "\\n"), 2),
            ("text around", format!("subject: BEGIN HERE\n# one - two\n{ONE}Issuer: CN=x -> y\n\n{ONE}bye"), 2),
            ("quoted", format!("\"{}\"", ONE.trim_end()), 1),
            ("nothing", "no block".to_owned(), 0),
        ];
        for (name, text, count) in cases {
            assert_eq!(read(&text), certificates(count), "{name}");
        }
    }

    #[test]
    fn what_was_meant_as_a_block_and_cannot_be_read_is_an_error_with_its_line() {
        let damaged = "a BEGIN or END line is damaged or has no partner; it has five hyphens on each side";
        let cases = [
            (
                format!("{ONE}{}", ONE.replace("-----END CERTIFICATE-----", "")),
                "line 5: block 2 has no END line of its own kind",
            ),
            (
                ONE.replace("END CERTIFICATE", "END CERTIFICATE REQUEST"),
                "line 1: block 1 has no END line of its own kind",
            ),
            (ONE.replace("-----END CERTIFICATE-----\n", "") + ONE, "line 1: block 1 has no END line of its own kind"),
            (
                format!("{ONE}{}", ONE.replace("AwQF", "Aw!F")),
                "line 5: block 2 holds what is no base64: the character '!' stands in it",
            ),
            (ONE.replace("AwQF", "A"), "line 1: block 1 holds what is no base64: a part of it is missing"),
            (ONE.replace("AAEC\nAwQF", ""), "line 1: block 1 holds what is no base64: it is empty"),
            (format!("{ONE}{}", ONE.replace("-----BEGIN", "----BEGIN")), damaged),
            (format!("{ONE}{}", ONE.replace("-----BEGIN", "BEGIN")), damaged),
            (format!("{ONE}{}", ONE.replace("-----BEGIN", "\u{2014}-BEGIN")), damaged),
            (format!("-----END CERTIFICATE-----\n{ONE}"), damaged),
            (STANDARD.encode(ONE), "this is base64 of PEM; decode it with base64decode()"),
        ];
        for (text, expected) in cases {
            let told = read(&text).unwrap_err();
            assert!(told.ends_with(expected), "{text:?}: {told}");
        }
    }

    #[test]
    fn an_encrypted_key_of_old_is_known_as_such() {
        let body = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAEC";
        let text = format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n");
        for text in [text.clone(), text.replace('\n', "\r\n")] {
            let block = blocks(&text).unwrap().remove(0);
            assert!(block.is_encrypted && *block.der == [0, 1, 2], "{block:?}");
        }
    }

    fn noise() -> impl Strategy<Value = String> {
        let lines = [
            "",
            "Bag Attributes",
            "    friendlyName: a - b",
            "# CA -- of 2020",
            "=====",
            "subject=/CN=END user",
            "\u{feff}",
        ];
        proptest::collection::vec(proptest::sample::select(lines.to_vec()), 0..4)
            .prop_map(|lines| lines.iter().map(|line| format!("{line}\n")).collect())
    }

    fn written() -> impl Strategy<Value = (Vec<u8>, String, String)> {
        let ends = proptest::sample::select(vec!["\n", "\r\n", "\r", "\n\t ", "\\n"]);
        let after = proptest::sample::select(vec!["\n", "", " ", "\r\n\r\n"]);
        (proptest::collection::vec(any::<u8>(), 1..200), ends, after, noise()).prop_map(|(der, ends, after, noise)| {
            let block = text("CERTIFICATE", &der).trim_end().replace('\n', ends);
            (der, noise, format!("{block}{after}"))
        })
    }

    proptest! {
        #[test]
        fn as_many_blocks_are_read_as_were_written(all in proptest::collection::vec(written(), 0..6)) {
            let whole: String = all.iter().map(|(_, noise, block)| format!("{noise}{block}")).collect();
            let ders: Vec<_> = all.into_iter().map(|(der, ..)| der).collect();
            let found: Vec<_> = blocks(&whole).unwrap().into_iter().map(|block| block.der.to_vec()).collect();
            prop_assert_eq!(&found, &ders);
            let clean = cleaned(&whole).unwrap();
            prop_assert_eq!(&*clean, &ders.iter().map(|der| text("CERTIFICATE", der)).collect::<String>());
        }

        #[test]
        fn a_cut_text_is_read_up_to_there_or_refused_and_never_loses_a_block(cut in 0..300usize) {
            let whole = ONE.repeat(3);
            let text: String = whole.chars().take(cut).collect();
            let begun = text.matches("BEGIN CERTIFICATE").count();
            match blocks(&text) {
                Ok(found) => prop_assert_eq!(found.len(), begun),
                Err(_) => prop_assert!(!text.is_empty()),
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "(-----BEGIN A-----)?[ -~\r\n\u{2014}\u{feff}]{0,200}(-----END A-----)?") {
            let _any = blocks(&text);
        }
    }
}
