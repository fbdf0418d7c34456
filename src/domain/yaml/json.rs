//! JSON that is read as YAML.

use std::fmt::Write as _;

/// JSON as a reader of YAML takes it, too: what that would read as a line break or refuse is escaped. Such letters stand in
/// texts only.
pub fn of_json(json: Vec<u8>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(&json) else { return json };
    if !text.contains(is_read_otherwise) {
        return json;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_read_otherwise(letter) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(letter));
        } else {
            escaped.push(letter);
        }
    }
    escaped.into_bytes()
}

/// YAML 1.1: the line breaks of Unicode, and what is not printable.
fn is_read_otherwise(letter: char) -> bool {
    matches!(letter, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_yaml_would_read_otherwise_is_escaped_and_stays_the_same_json() {
        let object = json!({ "a": "x \u{85} y", "b\u{2028}": "\u{7f}\u{ffff}", "c": "ä € 😀" });
        let text = String::from_utf8(of_json(object.to_string().into_bytes())).unwrap();
        assert!(text.contains(r"x \u0085 y") && text.contains(r"\u2028") && text.contains("ä € 😀"), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), object);
    }
}
