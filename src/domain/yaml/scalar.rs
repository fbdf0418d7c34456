//! What a scalar of YAML 1.1 means, as Go's YAML takes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Number, Value};

/// The value of a scalar. `tag` is its type in YAML's own namespace, if it bears one.
///
/// # Errors
/// What is wrong with it.
pub fn resolve(text: &str, is_plain: bool, tag: Option<&str>) -> Result<Value, String> {
    match tag {
        Some("str") => return Ok(text.into()),
        Some("binary") => return binary(text),
        _ if !is_plain && tag.is_none() => return Ok(text.into()),
        _ => {}
    }
    let value = plain(text)?;
    match (tag, &value) {
        (Some("int"), Value::Number(number)) if !number.is_f64() => Ok(value),
        (Some("float"), Value::Number(_)) | (Some("bool"), Value::Bool(_)) | (Some("null"), Value::Null) => Ok(value),
        (Some(tag @ ("int" | "float" | "bool" | "null")), _) => Err(format!("`{text}` is no !!{tag}")),
        _ => Ok(value),
    }
}

/// JSON has text only.
fn binary(text: &str) -> Result<Value, String> {
    let joined: String = text.split_whitespace().collect();
    let bytes = STANDARD.decode(joined).map_err(|_| "!!binary is not base64".to_owned())?;
    String::from_utf8(bytes).map(Value::from).map_err(|_| "!!binary holds bytes that are no text".to_owned())
}

fn plain(text: &str) -> Result<Value, String> {
    if let Some(word) = word(text) {
        return Ok(word);
    }
    if is_beyond_numbers(text) {
        return Err(format!("JSON has no number for `{text}`: quote it if it is a text"));
    }
    match text.chars().next() {
        Some('.') => Ok(float(text).unwrap_or_else(|| text.into())),
        Some('0'..='9' | '+' | '-') => Ok(number(text)),
        _ => Ok(text.into()),
    }
}

fn word(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        _ => return None,
    })
}

fn number(text: &str) -> Value {
    if is_date(text) {
        return text.into();
    }
    let plain = text.replace('_', "");
    integer(&plain).or_else(|| float(&plain)).unwrap_or_else(|| text.into())
}

fn is_beyond_numbers(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN")
}

/// Dates are texts in JSON, also one that would be a number without its dashes.
fn is_date(text: &str) -> bool {
    let year = text.bytes().take_while(u8::is_ascii_digit).count();
    year == 4 && text.as_bytes().get(4) == Some(&b'-')
}

/// Go's `strconv.ParseInt` with base 0: `0x`, `0o`, `0b`, and a leading zero for octal.
fn integer(text: &str) -> Option<Value> {
    let (is_negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = base(digits)?;
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let size = i128::from_str_radix(digits, radix).ok()?;
    let value = if is_negative { -size } else { size };
    match (i64::try_from(value), u64::try_from(value)) {
        (Ok(value), _) => Some(value.into()),
        (_, Ok(value)) => Some(value.into()),
        _ => None,
    }
}

fn base(digits: &str) -> Option<(u32, &str)> {
    let Some(rest) = digits.strip_prefix('0') else { return Some((10, digits)) };
    Some(match rest.chars().next() {
        None => (10, digits),
        Some('x' | 'X') => (16, rest.get(1..)?),
        Some('o' | 'O') => (8, rest.get(1..)?),
        Some('b' | 'B') => (2, rest.get(1..)?),
        Some(_) => (8, rest),
    })
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`; whole ones are written as JSON writes whole numbers.
fn float(text: &str) -> Option<Value> {
    let is_of_a_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if !text.chars().all(is_of_a_number) || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    // Whole and small enough to be exact.
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return format!("{value:.0}").parse::<i64>().ok().map(Value::from);
    }
    Number::from_f64(value).map(Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What kubectl makes of these, which an acceptance test compares.
    #[test]
    fn plain_scalars_are_read_as_by_yaml_1_1() {
        for (text, expected) in [
            ("yes", json!(true)),
            ("off", json!(false)),
            ("y", json!(true)),
            ("n", json!(false)),
            ("True", json!(true)),
            ("tRUE", json!("tRUE")),
            ("~", json!(null)),
            ("", json!(null)),
            ("0777", json!(511)),
            ("0o644", json!(420)),
            ("-010", json!(-8)),
            ("09", json!(9)),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("1_000", json!(1000)),
            ("1.0", json!(1)),
            ("1e3", json!(1000)),
            ("0.25", json!(0.25)),
            (".5", json!(0.5)),
            ("-", json!("-")),
            ("1.2.3", json!("1.2.3")),
            ("12:30", json!("12:30")),
            ("2001-01-01", json!("2001-01-01")),
            ("100m", json!("100m")),
            ("18446744073709551615", json!(18_446_744_073_709_551_615_u64)),
            ("+12", json!(12)),
            ("e3", json!("e3")),
        ] {
            assert_eq!(resolve(text, true, None), Ok(expected), "{text:?}");
            assert_eq!(resolve(text, false, None), Ok(json!(text)), "{text:?}, quoted");
        }
    }

    #[test]
    fn tags_are_obeyed() {
        assert_eq!(resolve("yes", true, Some("str")), Ok(json!("yes")));
        assert_eq!(resolve("12", false, Some("int")), Ok(json!(12)));
        assert!(resolve("x", true, Some("int")).is_err());
        assert_eq!(resolve("aGk=", true, Some("binary")), Ok(json!("hi")));
        assert!(["-.inf", ".inf", ".NaN"].iter().all(|text| resolve(text, true, None).is_err()));
        assert!(["-.nan", "--.inf", ".info"].iter().all(|text| resolve(text, true, None) == Ok(Value::from(*text))));
    }
}
