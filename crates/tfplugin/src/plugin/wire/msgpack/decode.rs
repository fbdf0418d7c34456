//! From MessagePack to values, led by the type.

use std::collections::BTreeMap;

use super::reader::{Reader, Token, utf8};
use crate::plugin::wire::trail::Trail;
use crate::plugin::wire::{MAX_BYTES, Problem, WireError, expected, types};
use crate::sdk::{Number, Type, Value};

/// Reads one value of the type `ty`; the bytes must end with it. Objects must have every attribute of the type.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, WireError> {
    let root = Trail::root();
    if bytes.len() > MAX_BYTES {
        return Err(root.error(Problem::TooLong));
    }
    let mut reader = Reader::new(bytes);
    let value = value(&mut reader, ty, &root)?;
    match reader.left() {
        0 => Ok(value),
        left => Err(root.error(Problem::Trailing(left))),
    }
}

fn value(reader: &mut Reader<'_>, ty: &Type, at: &Trail<'_>) -> Result<Value, WireError> {
    let token = reader.token().map_err(|problem| at.error(problem))?;
    match (ty, token) {
        (_, Token::Nil) => Ok(Value::Null),
        (_, Token::Unknown) => Ok(Value::Unknown),
        (Type::Bool, Token::Bool(bool)) => Ok(Value::Bool(bool)),
        (Type::Number, token) => number(token).map(Value::Number).map_err(|problem| at.error(problem)),
        (Type::String, Token::Text(text)) => Ok(Value::string(text)),
        (Type::String, Token::Bytes(bytes)) => utf8(bytes).map(Value::string).map_err(|problem| at.error(problem)),
        (Type::List(element), Token::Array(length)) => list(reader, element, length, at),
        (Type::Set(element), Token::Array(length)) => set(reader, element, length, at),
        (Type::Map(element), Token::Map(length)) => map(reader, element, length, at),
        (Type::Tuple(elements), Token::Array(length)) => tuple(reader, elements, length, at),
        (Type::Object(attributes), Token::Map(length)) => object(reader, attributes, length, at),
        (Type::Dynamic, Token::Array(2)) => dynamic(reader, at),
        (ty, token) => Err(at.error(Problem::Expected { expected: expected(ty), found: token.kind() })),
    }
}

/// Every width of integer, both floats, and the decimal text that Terraform writes when neither is exact.
fn number(token: Token<'_>) -> Result<Number, Problem> {
    let text = match token {
        Token::Int(int) => return Ok(Number::Int(int)),
        Token::Uint(uint) => return i64::try_from(uint).map(Number::Int).or_else(|_| decimal(&uint.to_string())),
        Token::Float(float) => return Number::from_f64(float).ok_or(Problem::NoNumber),
        Token::Text(text) => text,
        Token::Bytes(bytes) => utf8(bytes)?,
        other => return Err(Problem::Expected { expected: "a number", found: other.kind() }),
    };
    decimal(text)
}

fn decimal(text: &str) -> Result<Number, Problem> {
    Number::parse(text).ok_or(Problem::NoNumber)
}

/// Refuses a collection that announces more elements, of `least` bytes each, than bytes are left.
fn plausible(reader: &Reader<'_>, length: usize, least: usize, at: &Trail<'_>) -> Result<(), WireError> {
    if length > reader.left() / least { Err(at.error(Problem::Truncated)) } else { Ok(()) }
}

// The vectors and maps below grow as elements come: an announced length allocates nothing.

fn list(reader: &mut Reader<'_>, element: &Type, length: usize, at: &Trail<'_>) -> Result<Value, WireError> {
    plausible(reader, length, 1, at)?;
    let mut elements = Vec::new();
    for index in 0..length {
        elements.push(value(reader, element, &at.index(index)?)?);
    }
    Ok(Value::List(elements))
}

fn set(reader: &mut Reader<'_>, element: &Type, length: usize, at: &Trail<'_>) -> Result<Value, WireError> {
    plausible(reader, length, 1, at)?;
    let mut elements = Vec::new();
    for _ in 0..length {
        elements.push(value(reader, element, &at.element()?)?);
    }
    Ok(Value::set(elements))
}

fn tuple(reader: &mut Reader<'_>, types: &[Type], length: usize, at: &Trail<'_>) -> Result<Value, WireError> {
    if types.len() != length {
        return Err(at.error(Problem::Length { expected: types.len(), found: length }));
    }
    let mut elements = Vec::new();
    for (index, ty) in types.iter().enumerate() {
        elements.push(value(reader, ty, &at.index(index)?)?);
    }
    Ok(Value::List(elements))
}

fn map(reader: &mut Reader<'_>, element: &Type, length: usize, at: &Trail<'_>) -> Result<Value, WireError> {
    plausible(reader, length, 2, at)?;
    let mut members = BTreeMap::new();
    for _ in 0..length {
        let key = key(reader, at)?;
        let member = value(reader, element, &at.key(key)?)?;
        insert(&mut members, key, member, at)?;
    }
    Ok(Value::Map(members))
}

fn object(
    reader: &mut Reader<'_>,
    attributes: &BTreeMap<String, Type>,
    length: usize,
    at: &Trail<'_>,
) -> Result<Value, WireError> {
    plausible(reader, length, 2, at)?;
    let mut members = BTreeMap::new();
    for _ in 0..length {
        let name = key(reader, at)?;
        let ty = attributes.get(name).ok_or_else(|| at.error(Problem::Surplus(name.to_owned())))?;
        let member = value(reader, ty, &at.attribute(name)?)?;
        insert(&mut members, name, member, at)?;
    }
    match attributes.keys().find(|name| !members.contains_key(*name)) {
        Some(missing) => Err(at.error(Problem::Missing(missing.clone()))),
        None => Ok(Value::Map(members)),
    }
}

fn key<'a>(reader: &mut Reader<'a>, at: &Trail<'_>) -> Result<&'a str, WireError> {
    let key = match reader.token() {
        Ok(Token::Text(text)) => Ok(text),
        Ok(Token::Bytes(bytes)) => utf8(bytes),
        Ok(other) => Err(Problem::Expected { expected: "a key", found: other.kind() }),
        Err(problem) => Err(problem),
    };
    key.map_err(|problem| at.error(problem))
}

fn insert(members: &mut BTreeMap<String, Value>, key: &str, member: Value, at: &Trail<'_>) -> Result<(), WireError> {
    match members.insert(key.to_owned(), member) {
        Some(_) => Err(at.error(Problem::Twice(key.to_owned()))),
        None => Ok(()),
    }
}

/// The type as JSON, then the value. A value that claims to be of dynamic type carries its type once more:
/// that says nothing new and is left out.
fn dynamic(reader: &mut Reader<'_>, at: &Trail<'_>) -> Result<Value, WireError> {
    let json = match reader.token() {
        Ok(Token::Bytes(bytes)) => Ok(bytes),
        Ok(Token::Text(text)) => Ok(text.as_bytes()),
        Ok(other) => Err(Problem::Expected { expected: "a type", found: other.kind() }),
        Err(problem) => Err(problem),
    };
    let inside = at.typed()?;
    let ty = json.and_then(|json| types::parse(json, inside.levels_left()).map_err(Problem::Type));
    let ty = ty.map_err(|problem| at.error(problem))?;
    let value = value(reader, &ty, &inside)?;
    Ok(if ty == Type::Dynamic { value } else { Value::Dynamic(Box::new((ty, value))) })
}
