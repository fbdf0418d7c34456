//! Rules for values that several types share.

use super::{Check, Value};

/// The text must be one of `allowed`.
pub fn one_of(allowed: &'static [&'static str]) -> Check {
    let rule = format!("must be one of {}", quoted(allowed));
    let complaint = rule.clone();
    text(
        rule,
        move |value| {
            if allowed.contains(&value) { Ok(()) } else { Err(format!("{complaint}, and is `{value}`")) }
        },
    )
}

/// The text must satisfy `test`, which answers what is wrong in words that complete "The value …".
pub fn text(rule: impl Into<String>, test: impl Fn(&str) -> Result<(), String> + Send + Sync + 'static) -> Check {
    Check::new(rule, move |value| each_text(value, &test))
}

fn each_text(value: &Value, test: &impl Fn(&str) -> Result<(), String>) -> Result<(), String> {
    match value {
        Value::String(words) => test(words),
        Value::List(elements) | Value::Set(elements) => elements.iter().try_for_each(|e| each_text(e, test)),
        _ => Ok(()),
    }
}

/// The text must have between `least` and `most` characters.
pub fn length(least: usize, most: usize) -> Check {
    let rule = format!("must have {least} to {most} characters");
    let complaint = rule.clone();
    text(rule, move |value| {
        let count = value.chars().count();
        if (least..=most).contains(&count) { Ok(()) } else { Err(format!("{complaint}, and has {count}")) }
    })
}

/// The number must lie between `least` and `most`.
pub fn range(least: i64, most: i64) -> Check {
    let rule = format!("must be between {least} and {most}");
    let complaint = rule.clone();
    Check::new(rule, move |value| {
        let Value::Number(number) = value else { return Ok(()) };
        match number.as_i64() {
            Some(int) if (least..=most).contains(&int) => Ok(()),
            _ => Err(format!("{complaint}, and is {number}")),
        }
    })
}

/// The list, set or map must have at least `least` elements.
pub fn at_least(least: usize) -> Check {
    count(format!("must have at least {}", elements(least)), move |count| count >= least)
}

/// The list, set or map must have so many elements at most.
pub fn at_most(most: usize) -> Check {
    count(format!("must have at most {}", elements(most)), move |count| count <= most)
}

fn elements(count: usize) -> String {
    format!("{count} element{}", if count == 1 { "" } else { "s" })
}

fn count(rule: String, fits: impl Fn(usize) -> bool + Send + Sync + 'static) -> Check {
    let complaint = rule.clone();
    Check::new(rule, move |value| {
        let count =
            value.elements().map(<[Value]>::len).or_else(|| value.members().map(std::collections::BTreeMap::len));
        match count {
            Some(count) if !fits(count) => Err(format!("{complaint}, and has {count}")),
            _ => Ok(()),
        }
    })
}

/// The text must be a duration such as `90s`, `30m` or `1h30m`.
pub fn duration() -> Check {
    text("must be a duration such as `90s`, `30m` or `1h30m`", |value| {
        super::timeouts::parse_duration(value)
            .map(|_| ())
            .ok_or_else(|| format!("must be a duration such as `90s`, `30m` or `1h30m`, and is `{value}`"))
    })
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_texts_is_tested_element_by_element() {
        let check = one_of(&["a", "b"]);
        assert!(check.test(&Value::from(vec!["a", "b"])).is_ok());
        assert_eq!(check.test(&Value::from(vec!["a", "c"])), Err("must be one of `a`, `b`, and is `c`".to_owned()));
    }

    #[test]
    fn says_the_length_it_found() {
        assert_eq!(length(1, 3).test(&Value::from("abcd")), Err("must have 1 to 3 characters, and has 4".to_owned()));
    }

    #[test]
    fn a_number_beyond_64_bits_is_out_of_range() {
        let huge = Value::Number(super::super::Number::Text("99999999999999999999".into()));
        assert!(range(1, 10).test(&huge).is_err());
        assert!(range(1, 10).test(&Value::from(10)).is_ok());
    }

    #[test]
    fn durations_are_written_as_in_go() {
        for good in ["90s", "30m", "1h30m", "2160h", "500ms"] {
            assert!(duration().test(&Value::from(good)).is_ok(), "{good}");
        }
        for bad in ["", "30", "m", "-5m", "1d"] {
            assert!(duration().test(&Value::from(bad)).is_err(), "{bad}");
        }
    }
}
