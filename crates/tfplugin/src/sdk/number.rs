//! Terraform's numbers: decimal, of any size; we carry them and never compute with them.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// The largest exponent that a decimal text may have, either way; binary fractions of 64 bits need 324.
/// Terraform itself writes all digits and no exponent.
const MAX_EXPONENT: i32 = 400;

/// A number as Terraform writes it. Small integers are kept as such, everything else as it came.
#[derive(Clone, Debug)]
pub enum Number {
    /// An integer that fits 64 bits.
    Int(i64),
    /// A binary fraction, exact.
    Float(f64),
    /// A decimal text that neither of the other two holds exactly, in canonical form.
    Text(String),
}

impl Number {
    /// Reads a decimal text (`12`, `-0.5`, `1e100`); `None` if it is not a number.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(int) = text.parse::<i64>() {
            return Some(Self::Int(int));
        }
        let canonical = canonical_decimal(text)?;
        Some(canonical.parse::<i64>().map_or(Self::Text(canonical), Self::Int))
    }

    /// Takes a binary fraction; whole numbers in the range of 64 bits become [`Number::Int`]. NaN is no number.
    pub fn from_f64(float: f64) -> Option<Self> {
        if float.is_nan() {
            return None;
        }
        match format!("{float}").parse::<i64>() {
            Ok(int) => Some(Self::Int(int)),
            Err(_) => Some(Self::Float(float)),
        }
    }

    /// The integer, if it is one of at most 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(int) => Some(*int),
            Self::Float(_) | Self::Text(_) => None,
        }
    }

    /// The nearest binary fraction.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(float) => Some(*float),
            Self::Int(_) | Self::Text(_) => self.to_string().parse().ok(),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(int) => write!(f, "{int}"),
            Self::Float(float) => write!(f, "{float}"),
            Self::Text(text) => f.write_str(text),
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An order for sets and maps; equal means the same decimal text.
impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            _ => self.to_string().cmp(&other.to_string()),
        }
    }
}

impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_string().hash(state);
    }
}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self::Int(int)
    }
}

/// One spelling for each decimal number: no exponent, no leading or trailing zeros, no `+`, no `-0`.
/// Exponents beyond [`MAX_EXPONENT`] are refused, so that a short text cannot become a huge one.
fn canonical_decimal(text: &str) -> Option<String> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|e| e.abs() <= MAX_EXPONENT)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let text = placed(&digits, point);
    Some(if negative && text != "0" { format!("-{text}") } else { text })
}

/// Writes `digits` with the decimal point after the first `point` of them, without needless zeros.
fn placed(digits: &str, point: i64) -> String {
    let length = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    let (whole, fraction) = if point <= 0 {
        let zeros = usize::try_from(-point).unwrap_or(0);
        (String::new(), format!("{}{digits}", "0".repeat(zeros)))
    } else if point >= length {
        let zeros = usize::try_from(point - length).unwrap_or(0);
        (format!("{digits}{}", "0".repeat(zeros)), String::new())
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        (whole.to_owned(), fraction.to_owned())
    };
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    match (whole, fraction) {
        ("", "") => "0".to_owned(),
        (whole, "") => whole.to_owned(),
        ("", fraction) => format!("0.{fraction}"),
        (whole, fraction) => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_each_number() {
        for (text, canonical) in [
            ("007", "7"),
            ("1.50", "1.5"),
            ("0.1", "0.1"),
            ("-0", "0"),
            ("1e3", "1000"),
            ("1.25e-2", "0.0125"),
            ("+5", "5"),
            ("9223372036854775808", "9223372036854775808"),
            ("123456789012345678901.5", "123456789012345678901.5"),
        ] {
            assert_eq!(Number::parse(text).map(|n| n.to_string()).as_deref(), Some(canonical), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in ["", "-", ".", "1e", "1e99999", "abc", "1.2.3", "NaN"] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
        assert!(Number::from_f64(f64::NAN).is_none());
    }

    #[test]
    fn the_same_decimal_text_is_equal_whatever_holds_it() {
        assert_eq!(Number::from_f64(0.5), Number::parse("0.50"));
        assert_eq!(Number::from_f64(3.0), Number::parse("3"));
        assert_eq!(Number::from_f64(0.1), Number::parse("0.1"));
        assert_ne!(Number::parse("0.1"), Number::parse("0.10000001"));
    }
}
