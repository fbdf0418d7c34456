//! The bytes that go-cty writes and reads.

use super::{MAX_REFINEMENTS, decode, encode};
use crate::plugin::wire::{MAX_DEPTH, Problem, TypeError};
use crate::sdk::{Number, Type, Value};

fn number(text: &str) -> Value {
    Value::Number(Number::parse(text).unwrap())
}

fn float(float: f64) -> Value {
    Value::Number(Number::from_f64(float).unwrap())
}

fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    Type::Object(attributes.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect())
}

fn dynamic(ty: Type, value: Value) -> Value {
    Value::Dynamic(Box::new((ty, value)))
}

fn problem(bytes: &[u8], ty: &Type) -> (String, Problem) {
    let error = decode(bytes, ty).unwrap_err();
    (error.at.to_string(), error.problem)
}

#[test]
fn reads_and_writes_the_bytes_of_terraform() {
    let strings = || Type::list(Type::String);
    let table: Vec<(Type, Value, &[u8])> = vec![
        (Type::Bool, Value::Null, b"\xc0"),
        (Type::Bool, Value::Unknown, b"\xd4\x00\x00"),
        (Type::Bool, Value::Bool(true), b"\xc3"),
        (Type::String, "ami".into(), b"\xa3ami"),
        (Type::Number, 3.into(), b"\x03"),
        (Type::Number, Value::from(-1), b"\xff"),
        (Type::Number, 200.into(), b"\xcc\xc8"),
        (Type::Number, Value::from(i64::MIN), b"\xd3\x80\0\0\0\0\0\0\0"),
        (Type::Number, float(0.5), b"\xcb\x3f\xe0\0\0\0\0\0\0"),
        (Type::Number, float(f64::NEG_INFINITY), b"\xcb\xff\xf0\0\0\0\0\0\0"),
        (Type::Number, float(1e23), b"\xb8100000000000000000000000"),
        (Type::Number, number("0.1"), b"\xa30.1"),
        (Type::Number, number("9223372036854775808"), b"\xb39223372036854775808"),
        (strings(), Value::from(vec!["a", "b"]), b"\x92\xa1a\xa1b"),
        (strings(), Value::Unknown, b"\xd4\x00\x00"),
        (Type::set(Type::Number), Value::set(vec![2.into(), 1.into()]), b"\x92\x01\x02"),
        (Type::map(Type::Bool), Value::object([("k", Value::Bool(false))]), b"\x81\xa1k\xc2"),
        (Type::Tuple(vec![Type::Bool, Type::String]), Value::List(vec![true.into(), "x".into()]), b"\x92\xc3\xa1x"),
        (
            object([("b", Type::Bool), ("a", Type::String)]),
            Value::object([("a", Value::Null), ("b", Value::Unknown)]),
            b"\x82\xa1a\xc0\xa1b\xd4\x00\x00",
        ),
        (Type::Dynamic, Value::Null, b"\xc0"),
        (Type::Dynamic, Value::Unknown, b"\xd4\x00\x00"),
        (Type::Dynamic, dynamic(Type::String, Value::Null), b"\x92\xc4\x08\"string\"\xc0"),
        (Type::Dynamic, dynamic(strings(), Value::Unknown), b"\x92\xc4\x11[\"list\",\"string\"]\xd4\x00\x00"),
        (Type::Dynamic, dynamic(Type::Bool, true.into()), b"\x92\xc4\x06\"bool\"\xc3"),
    ];
    for (ty, value, bytes) in table {
        assert_eq!(decode(bytes, &ty).as_ref(), Ok(&value), "{bytes:x?}");
        assert_eq!(encode(&value, &ty).as_deref(), Ok(bytes), "{value:?}");
    }
}

#[test]
fn reads_what_terraform_may_write_otherwise() {
    let table: Vec<(Type, &[u8], Value)> = vec![
        (Type::String, b"\xc4\x03ami", "ami".into()),
        (Type::String, b"\xd9\x01a", "a".into()),
        (Type::String, b"\xdb\0\0\0\x01a", "a".into()),
        (Type::String, b"\xc7\x03\x0c\x81\x01\xc2", Value::Unknown),
        (Type::String, b"\xc7\x09\x0c\x82\x01\xc2\x02\xa4ami-", Value::Unknown),
        (Type::String, b"\xc7\x00\x00", Value::Unknown),
        (Type::Bool, b"\xd6\x63\0\0\0\0", Value::Unknown),
        (Type::Number, b"\xd1\xff\xff", Value::from(-1)),
        (Type::Number, b"\xcf\0\0\0\0\0\0\0\x01", 1.into()),
        (Type::Number, b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", number("18446744073709551615")),
        (Type::Number, b"\xca\x40\x40\0\0", 3.into()),
        (Type::Number, b"\xcb\x40\x08\0\0\0\0\0\0", 3.into()),
        (Type::Number, b"\xc4\x011", 1.into()),
        (Type::set(Type::Number), b"\x93\x02\x01\x02", Value::set(vec![1.into(), 2.into()])),
        (object([("a", Type::Bool)]), b"\x81\xc4\x01a\xc3", Value::object([("a", true.into())])),
        (Type::Dynamic, b"\x92\xa6\"bool\"\xc3", dynamic(Type::Bool, true.into())),
        (Type::Dynamic, b"\x92\xa9\"dynamic\"\xc0", Value::Null),
    ];
    for (ty, bytes, value) in table {
        assert_eq!(decode(bytes, &ty), Ok(value), "{bytes:x?}");
    }
}

#[test]
fn keeps_apart_unknown_elements_of_a_set() {
    let ty = Type::set(Type::String);
    let value = decode(b"\x93\xd4\0\0\xa1a\xd4\0\0", &ty).unwrap();
    assert_eq!(value.elements().map(<[_]>::len), Some(3));
    assert_eq!(decode(&encode(&value, &ty).unwrap(), &ty), Ok(value));
}

#[test]
fn names_the_place_of_what_does_not_fit() {
    let server = object([("name", Type::String), ("ports", Type::map(Type::list(Type::Number)))]);
    let table: Vec<(&Type, &[u8], &str, Problem)> = vec![
        (&server, b"\x81\xa4name\xc0", "", Problem::Missing("ports".into())),
        (&server, b"\x83\xa4name\xc0\xa5ports\xc0\xa1x\xc0", "", Problem::Surplus("x".into())),
        (&server, b"\x82\xa4name\xc0\xa4name\xc0", "", Problem::Twice("name".into())),
        (&server, b"\x82\xa4name\xc3", "name", Problem::Expected { expected: "a string", found: "a bool" }),
        (
            &server,
            b"\x82\xa4name\xc0\xa5ports\x81\xa1a\x92\x01\xc3",
            "ports[\"a\"][1]",
            Problem::Expected { expected: "a number", found: "a bool" },
        ),
    ];
    for (ty, bytes, at, expected) in table {
        assert_eq!(problem(bytes, ty), (at.to_owned(), expected), "{bytes:x?}");
    }
}

#[test]
fn refuses_what_is_no_value() {
    let pair = Type::Tuple(vec![Type::Bool, Type::Bool]);
    let list = Type::list(Type::Bool);
    let table: Vec<(&Type, &[u8], Problem)> = vec![
        (&Type::Bool, b"", Problem::Truncated),
        (&Type::Bool, b"\xc1", Problem::Reserved),
        (&Type::Bool, b"\xc3\xc3", Problem::Trailing(1)),
        (&Type::String, b"\xa3am", Problem::Truncated),
        (&Type::String, b"\xa1\xff", Problem::NoText),
        (&Type::Number, b"\xcb\x7f\xf8\0\0\0\0\0\0", Problem::NoNumber),
        (&Type::Number, b"\xa3ten", Problem::NoNumber),
        (&Type::Number, b"\xa51e401", Problem::NoNumber),
        (&pair, b"\x91\xc3", Problem::Length { expected: 2, found: 1 }),
        (&Type::Dynamic, b"\x91\xc3", Problem::Expected { expected: "a value with its type", found: "an array" }),
        (&Type::Dynamic, b"\x92\xa6\"text\"\xc3", Problem::Type(TypeError::Unknown("text".into()))),
        (&list, b"\xdd\xff\xff\xff\xff\xc3", Problem::Truncated),
        (&list, b"\xdf\xff\xff\xff\xff", Problem::Expected { expected: "a list", found: "a map" }),
        (&Type::String, b"\xdb\xff\xff\xff\xffa", Problem::Truncated),
    ];
    for (ty, bytes, expected) in table {
        assert_eq!(problem(bytes, ty).1, expected, "{bytes:x?}");
    }
    let refined = |length: u16| [&[0xc8][..], &length.to_be_bytes(), &[12], &vec![0; usize::from(length)]].concat();
    let longest = u16::try_from(MAX_REFINEMENTS).unwrap();
    assert_eq!(decode(&refined(longest), &Type::Bool), Ok(Value::Unknown));
    assert_eq!(problem(&refined(longest + 1), &Type::Bool).1, Problem::Refinements(MAX_REFINEMENTS + 1));
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| [b"\x92\xa9\"dynamic\"".repeat(depth), b"\xc0".to_vec()].concat();
    assert_eq!(decode(&nested(MAX_DEPTH), &Type::Dynamic), Ok(Value::Null));
    assert_eq!(problem(&nested(MAX_DEPTH + 1), &Type::Dynamic).1, Problem::TooDeep);
}

#[test]
fn writes_only_what_the_type_allows() {
    let ty = object([("a", Type::Bool)]);
    let problem = |value: Value, ty: &Type| encode(&value, ty).unwrap_err().problem;
    assert_eq!(problem(Value::object([] as [(&str, Value); 0]), &ty), Problem::Missing("a".into()));
    let surplus = Value::object([("a", Value::Null), ("b", Value::Null)]);
    assert_eq!(problem(surplus, &ty), Problem::Surplus("b".into()));
    let untyped = Problem::Expected { expected: "a value with its type", found: "a string" };
    assert_eq!(problem("x".into(), &Type::Dynamic), untyped);
    assert_eq!(problem(Value::Number(Number::Float(f64::NAN)), &Type::Number), Problem::NoNumber);
}
