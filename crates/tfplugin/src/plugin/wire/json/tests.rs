//! The JSON that go-cty writes and reads.

use super::{UnknownKeys, decode, encode};
use crate::plugin::wire::{Problem, WireError};
use crate::sdk::{Number, Path, Type, Value};

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    Type::Object(attributes.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect())
}

fn problem(json: &str, ty: &Type) -> (String, Problem) {
    let WireError { at, problem } = decode(json.as_bytes(), ty, UnknownKeys::Refuse).unwrap_err();
    (at.to_string(), problem)
}

#[test]
fn reads_and_writes_the_json_of_terraform() {
    let table = [
        (Type::Bool, "null", Value::Null),
        (Type::Bool, "true", true.into()),
        (Type::String, r#""a\"b""#, "a\"b".into()),
        (Type::Number, "12", 12.into()),
        (Type::Number, "-0.5", number("-0.5")),
        (Type::Number, "123456789012345678901234567890.125", number("123456789012345678901234567890.125")),
        (Type::list(Type::Number), "[2,1]", Value::from(vec![2, 1])),
        (Type::set(Type::Number), "[1,2]", Value::set(vec![2.into(), 1.into()])),
        (Type::map(Type::Bool), r#"{"k":true}"#, Value::object([("k", true.into())])),
        (Type::Tuple(vec![Type::Bool, Type::String]), r#"[true,"x"]"#, Value::List(vec![true.into(), "x".into()])),
        (object([("a", Type::Bool)]), r#"{"a":null}"#, Value::object([("a", Value::Null)])),
        (Type::Dynamic, "null", Value::Null),
        (
            Type::Dynamic,
            r#"{"type":["list","bool"],"value":[true]}"#,
            Value::Dynamic(Box::new((Type::list(Type::Bool), Value::from(vec![true])))),
        ),
        (Type::Dynamic, r#"{"type":"string","value":null}"#, Value::Dynamic(Box::new((Type::String, Value::Null)))),
    ];
    for (ty, json, value) in table {
        assert_eq!(decode(json.as_bytes(), &ty, UnknownKeys::Refuse).as_ref(), Ok(&value), "{json}");
        assert_eq!(encode(&value, &ty).map(|json| String::from_utf8(json).unwrap()).as_deref(), Ok(json));
    }
}

#[test]
fn reads_scalars_that_say_the_same_in_another_type() {
    for (ty, json, value) in [
        (Type::Number, r#""12""#, 12.into()),
        (Type::Number, "1.5e1", 15.into()),
        (Type::Bool, r#""false""#, false.into()),
        (Type::String, "12.50", "12.5".into()),
        (Type::String, "true", "true".into()),
    ] {
        assert_eq!(decode(json.as_bytes(), &ty, UnknownKeys::Refuse), Ok(value), "{json}");
    }
}

#[test]
fn a_state_of_another_version_loses_and_gains_attributes() {
    let ty = object([("name", Type::String), ("inside", Type::list(object([("new", Type::Bool)])))]);
    let state = br#"{ "old": 1, "inside": [ { "gone": { "deep": [] } } ] }"#;
    let inside = Value::from(vec![Value::object([("new", Value::Null)])]);
    let expected = Value::object([("name", Value::Null), ("inside", inside)]);
    assert_eq!(decode(state, &ty, UnknownKeys::Ignore), Ok(expected));
    assert_eq!(
        problem(r#"{"name":null,"inside":[{"new":true,"gone":1}]}"#, &ty),
        ("inside[0]".into(), Problem::Surplus("gone".into()))
    );
    assert_eq!(problem(r#"{"name":null}"#, &ty), (String::new(), Problem::Missing("inside".into())));
}

#[test]
fn refuses_what_does_not_fit() {
    let dynamic = |json: &str| problem(json, &Type::Dynamic).1;
    assert_eq!(dynamic(r#"{"type":"bool"}"#), Problem::Missing("value".into()));
    assert_eq!(dynamic(r#"{"type":"bool","value":true,"x":1}"#), Problem::Surplus("x".into()));
    assert_eq!(dynamic("true"), Problem::Expected { expected: "a value with its type", found: "a bool" });
    assert_eq!(problem(r#""ten""#, &Type::Number).1, Problem::NoNumber);
    assert_eq!(problem("1e999999", &Type::Number).1, Problem::NoNumber);
    assert_eq!(problem("[1]", &Type::Tuple(vec![])).1, Problem::Length { expected: 0, found: 1 });
    assert!(matches!(problem("{", &Type::Bool).1, Problem::Json(_)));
    assert!(matches!(problem(&"[".repeat(1000), &Type::Bool).1, Problem::Json(_)));
}

#[test]
fn json_has_no_unknown_and_no_infinite_values() {
    let error = |value: Value| encode(&Value::List(vec![value]), &Type::list(Type::Number)).unwrap_err();
    let unwritable = |what| WireError { at: Path::root().index(0), problem: Problem::Unwritable(what) };
    assert_eq!(error(Value::Unknown), unwritable("an unknown value"));
    assert_eq!(error(Value::Number(Number::Float(f64::INFINITY))), unwritable("an infinite number"));
}
