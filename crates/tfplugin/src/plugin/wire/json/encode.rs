//! From values to JSON, led by the type.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::plugin::wire::trail::Trail;
use crate::plugin::wire::{Problem, WireError, expected, found, types};
use crate::sdk::{Number, Type, Value};

/// Writes a value of the type `ty` as compact JSON. Nothing in it may be unknown or infinite.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, WireError> {
    to_json(value, ty).map(|json| json.to_string().into_bytes())
}

/// A value of the type `ty` as JSON.
pub fn to_json(value: &Value, ty: &Type) -> Result<Json, WireError> {
    write(value, ty, &Trail::root())
}

fn write(value: &Value, ty: &Type, at: &Trail<'_>) -> Result<Json, WireError> {
    match (ty, value) {
        (_, Value::Null) => Ok(Json::Null),
        (_, Value::Unknown) => Err(at.error(Problem::Unwritable("an unknown value"))),
        (Type::Bool, Value::Bool(bool)) => Ok(Json::Bool(*bool)),
        (Type::Number, Value::Number(number)) => write_number(number, at),
        (Type::String, Value::String(text)) => Ok(Json::String(text.clone())),
        (Type::List(element), Value::List(elements)) => write_list(elements, element, at),
        (Type::Set(element), Value::Set(elements)) => write_set(elements, element, at),
        (Type::Tuple(types), Value::List(elements)) => write_tuple(elements, types, at),
        (Type::Map(element), Value::Map(members)) => write_map(members, element, at),
        (Type::Object(attributes), Value::Map(members)) => write_object(members, attributes, at),
        (Type::Dynamic, Value::Dynamic(typed)) => write_dynamic(&typed.0, &typed.1, at),
        (ty, value) => Err(at.error(Problem::Expected { expected: expected(ty), found: found(value) })),
    }
}

fn write_number(number: &Number, at: &Trail<'_>) -> Result<Json, WireError> {
    // What does not parse is an infinity: every other number is a decimal text.
    let number = number.to_string().parse().map_err(|_| at.error(Problem::Unwritable("an infinite number")))?;
    Ok(Json::Number(number))
}

fn write_list(elements: &[Value], ty: &Type, at: &Trail<'_>) -> Result<Json, WireError> {
    let elements = elements.iter().enumerate().map(|(index, element)| write(element, ty, &at.index(index)?));
    elements.collect::<Result<_, _>>().map(Json::Array)
}

fn write_set(elements: &[Value], ty: &Type, at: &Trail<'_>) -> Result<Json, WireError> {
    let elements = elements.iter().map(|element| write(element, ty, &at.element()?));
    elements.collect::<Result<_, _>>().map(Json::Array)
}

fn write_tuple(elements: &[Value], types: &[Type], at: &Trail<'_>) -> Result<Json, WireError> {
    if elements.len() != types.len() {
        return Err(at.error(Problem::Length { expected: types.len(), found: elements.len() }));
    }
    let pairs = elements.iter().zip(types).enumerate();
    let elements = pairs.map(|(index, (element, ty))| write(element, ty, &at.index(index)?));
    elements.collect::<Result<_, _>>().map(Json::Array)
}

fn write_map(members: &BTreeMap<String, Value>, ty: &Type, at: &Trail<'_>) -> Result<Json, WireError> {
    let members = members.iter().map(|(key, member)| Ok((key.clone(), write(member, ty, &at.key(key)?)?)));
    members.collect::<Result<_, _>>().map(Json::Object)
}

fn write_object(
    members: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Type>,
    at: &Trail<'_>,
) -> Result<Json, WireError> {
    if let Some(surplus) = members.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(at.error(Problem::Surplus(surplus.clone())));
    }
    let members = attributes.iter().map(|(name, ty)| {
        let member = members.get(name).ok_or_else(|| at.error(Problem::Missing(name.clone())))?;
        Ok((name.clone(), write(member, ty, &at.attribute(name)?)?))
    });
    members.collect::<Result<_, _>>().map(Json::Object)
}

fn write_dynamic(ty: &Type, value: &Value, at: &Trail<'_>) -> Result<Json, WireError> {
    let inside = at.typed()?;
    let value = write(value, ty, &inside)?;
    if *ty == Type::Dynamic {
        return Ok(value);
    }
    let pair = [("type".to_owned(), types::json_of(ty)), ("value".to_owned(), value)];
    Ok(Json::Object(Map::from_iter(pair)))
}
