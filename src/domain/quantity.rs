//! Quantities of memory, storage and processors, read as Kubernetes reads them.
//!
//! Source: apimachinery, `pkg/api/resource/quantity.go` (`ParseQuantity`) and `suffix.go`.

use std::cmp::Ordering;

/// An amount in units of a billionth, which is as fine as Kubernetes counts; what is finer is rounded away from zero, and what
/// is too much for the type is the most that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(i128);

/// Nanos in one.
const NANOS: i128 = 1_000_000_000;

impl Quantity {
    /// Reads a quantity; `None` if the API server would refuse it. Blanks around it do not count (`UnmarshalJSON`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_matches([' ', '\t', '\n', '\r']);
        if text.is_empty() {
            return None;
        }
        let (is_negative, rest) = match text.strip_prefix(['+', '-']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        let (whole, rest) = split_digits(rest);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        let unit = Unit::parse(suffix)?;
        let amount = unit.times(whole, fraction);
        Some(Self(if is_negative { -amount } else { amount }))
    }

    /// Whether it is more than nothing.
    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// Whether it is less than nothing.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whether it is more than can be held, so that two of them cannot be told apart.
    pub fn is_capped(self) -> bool {
        self.0.saturating_abs() == i128::MAX
    }

    /// Whether it has no part below one.
    pub fn is_whole(self) -> bool {
        self.0 % NANOS == 0
    }
}

/// What an amount of a resource was probably meant to be, where it can hardly be meant as it stands: less than a page of memory
/// or storage, or more processors than any machine has.
pub fn likely_meant(resource: &str, amount: &str) -> Option<String> {
    let quantity = Quantity::parse(amount).filter(|it| it.is_positive())?;
    let number = amount.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let sized = matches!(resource, "memory" | "ephemeral-storage" | "storage") || resource.starts_with("hugepages-");
    match resource {
        "cpu" if quantity >= Quantity(MANY_PROCESSORS * NANOS) => Some(format!("{number}m")),
        _ if sized && quantity < Quantity(FEW_BYTES * NANOS) => Some(format!("{number}Mi")),
        _ => None,
    }
}

/// No program runs in less, and nobody claims less.
const FEW_BYTES: i128 = 4096;

/// No machine has so many.
const MANY_PROCESSORS: i128 = 2048;

fn split_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// What a suffix stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    /// A power of two.
    Binary(u32),
    /// A power of ten.
    Decimal(i64),
}

impl Unit {
    fn parse(suffix: &str) -> Option<Self> {
        let known = match suffix {
            "Ki" => Self::Binary(10),
            "Mi" => Self::Binary(20),
            "Gi" => Self::Binary(30),
            "Ti" => Self::Binary(40),
            "Pi" => Self::Binary(50),
            "Ei" => Self::Binary(60),
            "n" => Self::Decimal(-9),
            "u" => Self::Decimal(-6),
            "m" => Self::Decimal(-3),
            "" => Self::Decimal(0),
            "k" => Self::Decimal(3),
            "M" => Self::Decimal(6),
            "G" => Self::Decimal(9),
            "T" => Self::Decimal(12),
            "P" => Self::Decimal(15),
            "E" => Self::Decimal(18),
            exponent => {
                let number = exponent.strip_prefix(['e', 'E'])?;
                let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
                let fits = !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit());
                return fits.then(|| number.parse().ok()).flatten().map(Self::Decimal);
            }
        };
        Some(known)
    }

    /// The number before the suffix in nanos.
    fn times(self, whole: &str, fraction: &str) -> i128 {
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return 0;
        }
        let places = i64::try_from(fraction.len()).unwrap_or(i64::MAX);
        let (factor, exponent) = match self {
            Self::Binary(power) => (1_i128 << power, 9 - places),
            Self::Decimal(power) => (1, power.saturating_add(9).saturating_sub(places)),
        };
        let amount = digits.parse::<i128>().ok().and_then(|number| number.checked_mul(factor));
        amount.map_or(i128::MAX, |amount| shifted(amount, exponent))
    }
}

/// The amount by a power of ten: never less than is asked for, never more than can be held.
fn shifted(amount: i128, exponent: i64) -> i128 {
    let power = |exponent: i64| u32::try_from(exponent).ok().and_then(|exponent| 10_i128.checked_pow(exponent));
    match exponent.cmp(&0) {
        Ordering::Less => power(exponent.saturating_neg()).map_or(1, |power| {
            let rest = i128::from(amount % power != 0);
            amount / power + rest
        }),
        _ => power(exponent).and_then(|power| amount.checked_mul(power)).unwrap_or(i128::MAX),
    }
}

/// What is wrong with the amount of a resource that a container asks for, by the name of the resource; `Ok` if the API server
/// takes it.
///
/// Source: Kubernetes, `pkg/apis/core/validation/validation.go`, `validateContainerResourceName` and
/// `validateBasicResource`.
///
/// # Errors
/// What is wrong, in words that complete "The value …".
pub fn check_resource(name: &str, amount: &str) -> Result<Quantity, String> {
    let standard = ["cpu", "memory", "ephemeral-storage"];
    let is_standard = standard.contains(&name) || name.starts_with("hugepages-");
    if !is_standard && !name.contains('/') {
        return Err(format!(
            "must name resources that there are (cpu, memory, ephemeral-storage, hugepages-SIZE, or one with a domain such as \
             nvidia.com/gpu), and `{name}` is none{}",
            alike(name, &standard)
        ));
    }
    let Some(quantity) = Quantity::parse(amount) else {
        return Err(format!("must be quantities such as `50m` or `64Mi`, and `{name}` is `{amount}`{}", hint(amount)));
    };
    if quantity.is_negative() {
        return Err(format!("must not be negative, and `{name}` is `{amount}`"));
    }
    if name.contains('/') && !quantity.is_whole() {
        return Err(format!("must be whole numbers of extended resources, and `{name}` is `{amount}`"));
    }
    Ok(quantity)
}

/// The name that was probably meant.
fn alike(name: &str, known: &[&str]) -> String {
    let start = |text: &str| text.chars().take(3).collect::<String>().to_ascii_lowercase();
    let found = known.iter().find(|it| start(it) == start(name));
    found.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default()
}

/// What is probably meant by a text that is no quantity, as an ending of the sentence that says so.
pub fn hint(text: &str) -> String {
    let bare: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let letters = bare.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(bare.len());
    let (number, suffix) = bare.split_at_checked(letters).unwrap_or((&bare, ""));
    let lower = suffix.to_ascii_lowercase();
    let bytes = lower.strip_suffix('b').unwrap_or(&lower);
    let meant = if Unit::parse(suffix).is_some() { Some(suffix) } else { known_suffix(bytes) };
    let meant = meant.map(|suffix| format!("{number}{suffix}")).filter(|meant| Quantity::parse(meant).is_some());
    meant.map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default()
}

/// The suffix of memory that letters in any case stand for.
fn known_suffix(letters: &str) -> Option<&'static str> {
    let known = ["k", "M", "G", "T", "P", "Ki", "Mi", "Gi", "Ti", "Pi"];
    known.into_iter().find(|suffix| suffix.eq_ignore_ascii_case(letters))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Option<i128> {
        Quantity::parse(text).map(|quantity| quantity.0)
    }

    #[test]
    fn a_unit_that_was_hardly_meant_is_told_with_the_one_that_was() {
        let meant = |resource: &str, amount: &str| likely_meant(resource, amount).unwrap_or_default();
        assert_eq!(meant("memory", "512m"), "512Mi");
        assert_eq!(meant("memory", "512"), "512Mi");
        assert_eq!(meant("storage", "10m"), "10Mi");
        assert_eq!(meant("cpu", "100Mi"), "100m");
        assert_eq!(meant("cpu", "2500"), "2500m");
        for (resource, amount) in [
            ("memory", "64Mi"),
            ("memory", "0"),
            ("memory", "1e9"),
            ("cpu", "500m"),
            ("cpu", "64"),
            ("nvidia.com/gpu", "1"),
        ] {
            assert_eq!(likely_meant(resource, amount), None, "{resource} {amount}");
        }
    }

    #[test]
    fn what_kubernetes_reads_is_read_as_the_same_amount() {
        // Of apimachinery's own cases (`quantity_test.go`), each with the amount that it must have.
        for (text, nanos) in [
            ("0", 0),
            ("10Gi", (10 << 30) * NANOS),
            ("1.5Gi", (3 << 29) * NANOS),
            ("50m", 50_000_000),
            ("100n", 100),
            ("7u", 7_000),
            ("1k", 1_000 * NANOS),
            ("2Pi", (2 << 50) * NANOS),
            ("1E", 1_000_000_000_000_000_000 * NANOS),
            ("3Ei", (3 << 60) * NANOS),
            ("12e6", 12_000_000 * NANOS),
            ("1E3", 1_000 * NANOS),
            ("1e-3", 1_000_000),
            ("1.e3", 1_000 * NANOS),
            (".5", 500_000_000),
            ("5.", 5 * NANOS),
            ("+2", 2 * NANOS),
            ("-2", -2 * NANOS),
            ("0.9n", 1),
            ("1e-30", 1),
            (" 10M ", 10_000_000 * NANOS),
            ("00010", 10 * NANOS),
            ("1e40", i128::MAX),
        ] {
            assert_eq!(read(text), Some(nanos), "{text}");
        }
    }

    #[test]
    fn what_kubernetes_refuses_is_refused() {
        for text in [
            "", " ", "50 m", "64MiB", "10GB", "1K", "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", "1i", "-3.01e-",
            "1,5Gi", "10 Gi", "1ee3", "1e3.5", "ten", "0x10", "1gi", "\u{a0}1",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }

    #[test]
    fn one_that_is_wrong_is_told_with_what_was_meant() {
        for (text, meant) in [
            ("50 m", "50m"),
            ("64MiB", "64Mi"),
            ("10GB", "10G"),
            ("1K", "1k"),
            ("1gi", "1Gi"),
            ("10 Gi", "10Gi"),
            ("5g", "5G"),
        ] {
            assert_eq!(hint(text), format!("; did you mean `{meant}`?"), "{text}");
        }
        assert_eq!(hint("ten"), "");
    }

    #[test]
    fn resources_are_checked_as_the_api_server_does() {
        for (name, amount) in [
            ("cpu", "0.5"),
            ("memory", "1Gi"),
            ("ephemeral-storage", "1G"),
            ("hugepages-2Mi", "4Mi"),
            ("nvidia.com/gpu", "1"),
            ("cpu", "0"),
        ] {
            assert!(check_resource(name, amount).is_ok(), "{name}");
        }
        let told = |name, amount| check_resource(name, amount).unwrap_err();
        assert!(told("memry", "1Gi").contains("did you mean `memory`?"), "{}", told("memry", "1Gi"));
        assert!(told("memory", "64MiB").contains("did you mean `64Mi`?"));
        assert!(told("cpu", "-1").contains("negative"));
        assert!(told("nvidia.com/gpu", "0.5").contains("whole"));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[-+]?[0-9]{0,40}\\.?[0-9]{0,40}[eEinumkKMGTP]{0,3}[-+]?[0-9]{0,20}|\\PC*") {
            if let Some(quantity) = Quantity::parse(&text) {
                prop_assert_eq!(quantity.is_negative(), text.trim().starts_with('-') && quantity != Quantity(0));
            }
        }

        #[test]
        fn suffixes_of_one_row_are_in_order(number in 1_u32..1_000) {
            let amounts: Vec<_> = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
                .iter().map(|suffix| Quantity::parse(&format!("{number}{suffix}")).unwrap()).collect();
            prop_assert!(amounts.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }
}
