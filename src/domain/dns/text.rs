//! TXT data: a user's plain text on one side, quoted strings of at most 255 octets on the other.

/// Longest character-string in a TXT record, in octets (RFC 1035 §3.3).
pub const MAX_STRING: usize = 255;

/// Why a quoted TXT value cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A quoted string that does not end.
    #[error("a quoted string has no closing quotation mark")]
    Unclosed,
    /// Something other than blanks between two quoted strings.
    #[error("there is text between or after the quoted strings")]
    Stray,
    /// A backslash at the end, or one followed by digits that are no octal number up to 377.
    #[error("a backslash is not followed by a character or three octal digits up to \\377")]
    BadEscape,
    /// A quoted string above 255 octets.
    #[error("a quoted string has {0} octets; 255 are allowed, so split it, or leave the quotation marks out")]
    LongString(usize),
}

/// The octets of a TXT value, from plain text or from quoted strings (which are joined).
///
/// A value that starts with a quotation mark is taken as quoted strings in Route53's notation
/// (`\"`, `\\` and `\NNN` in octal); anything else is taken as it stands.
pub fn content(value: &str) -> Result<Vec<u8>, TextError> {
    if value.trim_start().starts_with('"') {
        return Ok(quoted_strings(value)?.concat());
    }
    Ok(value.as_bytes().to_vec())
}

/// The octets as Route53 wants them: quoted strings of at most [`MAX_STRING`] octets, one blank between.
pub fn quoted(content: &[u8]) -> String {
    if content.is_empty() {
        return "\"\"".to_owned();
    }
    content.chunks(MAX_STRING).map(quoted_string).collect::<Vec<_>>().join(" ")
}

/// The user's value as Route53 wants it; the user's own division into strings is kept.
pub fn to_route53(value: &str) -> Result<String, TextError> {
    if value.trim_start().starts_with('"') {
        let strings = quoted_strings(value)?;
        if let Some(long) = strings.iter().find(|string| string.len() > MAX_STRING) {
            return Err(TextError::LongString(long.len()));
        }
        return Ok(strings.iter().map(|string| quoted_string(string)).collect::<Vec<_>>().join(" "));
    }
    Ok(quoted(value.as_bytes()))
}

/// A value from Route53 as plain text where that is possible: UTF-8 that does not start with a quotation mark.
pub fn plain(value: &str) -> String {
    let readable = content(value).ok().and_then(|octets| String::from_utf8(octets).ok());
    readable.filter(|text| !text.trim_start().starts_with('"')).unwrap_or_else(|| value.to_owned())
}

/// What in a value looks as other providers write text, and how that is read here: the AWS provider leaves the outer
/// quotation marks out and takes all between them in Route53's notation.
pub fn foreign_notation(value: &str) -> Option<&'static str> {
    if value.trim_start().starts_with('"') {
        return None;
    }
    let octets = value.as_bytes();
    let octal = |rest: &[u8]| rest.len() >= 3 && rest.iter().take(3).all(|digit| matches!(digit, b'0'..=b'7'));
    let escape = |at: usize| {
        octets.get(at + 1..).is_some_and(|rest| rest.starts_with(b";") || rest.starts_with(b"\"") || octal(rest))
    };
    if value.contains("\"\"") || value.contains("\" \"") {
        return Some(
            "two quotation marks, which elsewhere divide a long text into strings, and are part of the text here",
        );
    }
    let backslashes = octets.iter().enumerate().filter(|(_, octet)| **octet == b'\\');
    backslashes.map(|(at, _)| at).any(escape).then_some(
        "a backslash before `;`, `\"` or three digits, which elsewhere is taken away, and is part of the text here",
    )
}

fn quoted_string(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(octets.len() + 2);
    text.push('"');
    for &octet in octets {
        match octet {
            b'"' | b'\\' => text.extend(['\\', char::from(octet)]),
            b' '..=b'~' => text.push(char::from(octet)),
            _ => {
                let _infallible = write!(text, "\\{octet:03o}");
            }
        }
    }
    text.push('"');
    text
}

fn quoted_strings(value: &str) -> Result<Vec<Vec<u8>>, TextError> {
    let mut strings = Vec::new();
    let mut octets = value.bytes();
    while let Some(octet) = octets.next() {
        match octet {
            b'"' => strings.push(until_quote(&mut octets)?),
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => return Err(TextError::Stray),
        }
    }
    Ok(strings)
}

fn until_quote(octets: &mut std::str::Bytes<'_>) -> Result<Vec<u8>, TextError> {
    let mut string = Vec::new();
    loop {
        match octets.next().ok_or(TextError::Unclosed)? {
            b'"' => return Ok(string),
            b'\\' => string.push(escaped(octets)?),
            octet => string.push(octet),
        }
    }
}

fn escaped(octets: &mut std::str::Bytes<'_>) -> Result<u8, TextError> {
    let first = octets.next().ok_or(TextError::BadEscape)?;
    if !first.is_ascii_digit() {
        return Ok(first);
    }
    let mut value = octal(first)?;
    for _ in 0..2 {
        value = value * 8 + octal(octets.next().ok_or(TextError::BadEscape)?)?;
    }
    u8::try_from(value).map_err(|_| TextError::BadEscape)
}

fn octal(digit: u8) -> Result<u16, TextError> {
    match digit {
        b'0'..=b'7' => Ok(u16::from(digit - b'0')),
        _ => Err(TextError::BadEscape),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_and_escapes_plain_text() {
        let cases = [
            ("v=spf1 -all", r#""v=spf1 -all""#),
            ("", r#""""#),
            (r#"say "hi""#, r#""say \"hi\"""#),
            (r"a\b", r#""a\\b""#),
            ("é", r#""\303\251""#),
            (r#""a" "b""#, r#""a" "b""#),
            (r#"  "a"   "b" "#, r#""a" "b""#),
        ];
        for (value, wire) in cases {
            assert_eq!(to_route53(value).as_deref(), Ok(wire), "{value}");
        }
    }

    #[test]
    fn splits_long_text_at_255_octets() {
        let wire = to_route53(&"k".repeat(600)).unwrap();
        let lengths: Vec<_> = quoted_strings(&wire).unwrap().iter().map(Vec::len).collect();
        assert_eq!(lengths, [255, 255, 90]);
    }

    #[test]
    fn text_in_other_pieces_has_the_same_content() {
        assert_eq!(content(r#""v=DKIM1; " "k=rsa""#), content("v=DKIM1; k=rsa"));
    }

    #[test]
    fn the_notation_of_others_is_noticed_and_honest_text_is_not() {
        for value in
            [r#"v=DKIM1; p=AAAA""BBBB"#, r#"v=DKIM1; p=AAAA" "BBBB"#, r"v=DMARC1\; p=none", r"a\052b", r#"say \"hi\""#]
        {
            assert!(foreign_notation(value).is_some(), "{value}");
        }
        for value in [
            "v=spf1 include:%{i}._spf.example -all",
            r#"say "hi" to all"#,
            r#""one" "two""#,
            r#""with \"marks\" and \052""#,
            r"C:\temp\new",
            r"\d+ and \8",
            "",
        ] {
            assert_eq!(foreign_notation(value), None, "{value}");
        }
    }

    #[test]
    fn refuses_broken_quotation() {
        let long = format!("\"{}\"", "a".repeat(256));
        let cases = [
            (r#""abc"#, TextError::Unclosed),
            (r#""abc" def"#, TextError::Stray),
            (r#""a\9""#, TextError::BadEscape),
            (r#""a\777""#, TextError::BadEscape),
            (long.as_str(), TextError::LongString(256)),
        ];
        for (value, error) in cases {
            assert_eq!(to_route53(value), Err(error), "{value}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_survive_the_way_there_and_back(octets in proptest::collection::vec(any::<u8>(), 0..700)) {
            prop_assert_eq!(content(&quoted(&octets)), Ok(octets));
        }

        #[test]
        fn plain_text_survives_the_way_there_and_back(text in "[^\"\\s]\\PC{0,300}") {
            prop_assert_eq!(plain(&to_route53(&text).unwrap()), text);
        }
    }
}
