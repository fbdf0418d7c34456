//! Types and values in the words of the documentation.

use std::fmt::Write;
use std::time::Duration;

use berth::sdk::{Nesting, Shape, Type, Value};

/// The type of an attribute, as in `(List of String)`.
pub fn of_shape(shape: &Shape) -> String {
    match shape {
        Shape::Plain(plain) => in_words(plain),
        Shape::Nested(Nesting::Single, _) => "Attributes".to_owned(),
        Shape::Nested(Nesting::List, _) => "Attributes List".to_owned(),
        Shape::Nested(Nesting::Set, _) => "Attributes Set".to_owned(),
        Shape::Nested(Nesting::Map, _) => "Attributes Map".to_owned(),
    }
}

/// A type in words.
pub fn in_words(plain: &Type) -> String {
    match plain {
        Type::Bool => "Boolean".to_owned(),
        Type::Number => "Number".to_owned(),
        Type::String => "String".to_owned(),
        Type::List(element) => format!("List of {}", in_words(element)),
        Type::Set(element) => format!("Set of {}", in_words(element)),
        Type::Map(element) => format!("Map of {}", in_words(element)),
        Type::Tuple(_) => "Tuple".to_owned(),
        Type::Object(_) => "Object".to_owned(),
        Type::Dynamic => "Dynamic".to_owned(),
    }
}

/// A type as a configuration writes it: `map(object({ username = string }))`.
pub fn as_constraint(plain: &Type) -> String {
    match plain {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::List(element) => format!("list({})", as_constraint(element)),
        Type::Set(element) => format!("set({})", as_constraint(element)),
        Type::Map(element) => format!("map({})", as_constraint(element)),
        Type::Tuple(elements) => format!("tuple([{}])", joined(elements.iter().map(as_constraint))),
        Type::Object(members) => {
            let members = members.iter().map(|(name, member)| format!("{name} = {}", as_constraint(member)));
            format!("object({{ {} }})", joined(members))
        }
        Type::Dynamic => "any".to_owned(),
    }
}

/// A default value, as the reader of a page would write it; text without quotes.
pub fn value(value: &Value) -> String {
    match value {
        Value::Null | Value::Unknown => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::List(elements) | Value::Set(elements) => format!("[{}]", joined(elements.iter().map(element))),
        Value::Map(members) if members.is_empty() => "{}".to_owned(),
        Value::Map(members) => {
            format!("{{ {} }}", joined(members.iter().map(|(name, member)| format!("{name} = {}", element(member)))))
        }
        Value::Dynamic(typed) => self::value(&typed.1),
    }
}

fn element(inner: &Value) -> String {
    match inner {
        Value::String(text) => format!("{text:?}"),
        other => value(other),
    }
}

/// A duration as it is written in `timeouts`: `1h30m`.
pub fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let mut text = String::new();
    for (amount, unit) in [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')] {
        if amount > 0 {
            write!(text, "{amount}{unit}").expect("a String takes every write");
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_told_in_words_and_as_constraints() {
        let login = Type::Object([("username".to_owned(), Type::String), ("tries".to_owned(), Type::Number)].into());
        let logins = Type::map(login);
        assert_eq!(in_words(&logins), "Map of Object");
        assert_eq!(as_constraint(&logins), "map(object({ tries = number, username = string }))");
        assert_eq!(in_words(&Type::list(Type::set(Type::Bool))), "List of Set of Boolean");
        assert_eq!(as_constraint(&Type::Tuple(vec![Type::Dynamic, Type::String])), "tuple([any, string])");
    }

    #[test]
    fn values_are_told_as_they_are_written() {
        assert_eq!(value(&Value::from("always")), "always");
        assert_eq!(value(&Value::from(vec!["sts.amazonaws.com"])), r#"["sts.amazonaws.com"]"#);
        assert_eq!(value(&Value::object([("ari", Value::from(true))])), "{ ari = true }");
    }

    #[test]
    fn durations_leave_out_what_is_zero() {
        assert_eq!(duration(Duration::from_mins(90)), "1h30m");
        assert_eq!(duration(Duration::from_secs(90)), "1m30s");
        assert_eq!(duration(Duration::ZERO), "0s");
    }
}
