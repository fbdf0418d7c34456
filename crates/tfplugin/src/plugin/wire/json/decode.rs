//! From JSON to values, led by the type.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::UnknownKeys;
use crate::plugin::wire::trail::Trail;
use crate::plugin::wire::{MAX_BYTES, Problem, WireError, expected, types};
use crate::sdk::{Number, Type, Value};

/// Reads one value of the type `ty` from JSON text.
pub fn decode(bytes: &[u8], ty: &Type, unknown_keys: UnknownKeys) -> Result<Value, WireError> {
    let root = Trail::root();
    if bytes.len() > MAX_BYTES {
        return Err(root.error(Problem::TooLong));
    }
    let json = serde_json::from_slice(bytes).map_err(|error| root.error(Problem::Json(error.to_string())))?;
    from_json(&json, ty, unknown_keys)
}

/// Reads one value of the type `ty` from parsed JSON.
pub fn from_json(json: &Json, ty: &Type, unknown_keys: UnknownKeys) -> Result<Value, WireError> {
    Decoder { unknown_keys }.value(json, ty, &Trail::root())
}

struct Decoder {
    unknown_keys: UnknownKeys,
}

impl Decoder {
    /// As go-cty does, scalars of one kind are read where another is due if their text says the same:
    /// older states hold `"1"` for a number.
    fn value(&self, json: &Json, ty: &Type, at: &Trail<'_>) -> Result<Value, WireError> {
        match (ty, json) {
            (_, Json::Null) => Ok(Value::Null),
            (Type::Bool, json) => bool(json).map(Value::Bool).ok_or_else(|| wrong(ty, json, at)),
            (Type::Number, json) => number(json, at),
            (Type::String, json) => text(json).map(Value::String).ok_or_else(|| wrong(ty, json, at)),
            (Type::List(element), Json::Array(elements)) => self.list(elements, element, at),
            (Type::Set(element), Json::Array(elements)) => self.set(elements, element, at),
            (Type::Tuple(types), Json::Array(elements)) => self.tuple(elements, types, at),
            (Type::Map(element), Json::Object(members)) => self.map(members, element, at),
            (Type::Object(attributes), Json::Object(members)) => self.object(members, attributes, at),
            (Type::Dynamic, Json::Object(members)) => self.dynamic(members, at),
            (ty, json) => Err(wrong(ty, json, at)),
        }
    }

    fn list(&self, elements: &[Json], ty: &Type, at: &Trail<'_>) -> Result<Value, WireError> {
        let elements = elements.iter().enumerate().map(|(index, element)| self.value(element, ty, &at.index(index)?));
        elements.collect::<Result<_, _>>().map(Value::List)
    }

    fn set(&self, elements: &[Json], ty: &Type, at: &Trail<'_>) -> Result<Value, WireError> {
        let elements = elements.iter().map(|element| self.value(element, ty, &at.element()?));
        elements.collect::<Result<_, _>>().map(Value::set)
    }

    fn tuple(&self, elements: &[Json], types: &[Type], at: &Trail<'_>) -> Result<Value, WireError> {
        if elements.len() != types.len() {
            return Err(at.error(Problem::Length { expected: types.len(), found: elements.len() }));
        }
        let pairs = elements.iter().zip(types).enumerate();
        let elements = pairs.map(|(index, (element, ty))| self.value(element, ty, &at.index(index)?));
        elements.collect::<Result<_, _>>().map(Value::List)
    }

    fn map(&self, members: &Map<String, Json>, ty: &Type, at: &Trail<'_>) -> Result<Value, WireError> {
        let members = members.iter().map(|(key, member)| Ok((key.clone(), self.value(member, ty, &at.key(key)?)?)));
        members.collect::<Result<_, _>>().map(Value::Map)
    }

    fn object(
        &self,
        members: &Map<String, Json>,
        attributes: &BTreeMap<String, Type>,
        at: &Trail<'_>,
    ) -> Result<Value, WireError> {
        if self.unknown_keys == UnknownKeys::Refuse
            && let Some(surplus) = members.keys().find(|name| !attributes.contains_key(*name))
        {
            return Err(at.error(Problem::Surplus(surplus.clone())));
        }
        let members = attributes.iter().map(|(name, ty)| {
            let member = match (members.get(name), self.unknown_keys) {
                (Some(json), _) => self.value(json, ty, &at.attribute(name)?)?,
                (None, UnknownKeys::Ignore) => Value::Null,
                (None, UnknownKeys::Refuse) => return Err(at.error(Problem::Missing(name.clone()))),
            };
            Ok((name.clone(), member))
        });
        members.collect::<Result<_, _>>().map(Value::Map)
    }

    /// `{"type": …, "value": …}`. The type stands in the value itself, so it is exact in any case.
    fn dynamic(&self, members: &Map<String, Json>, at: &Trail<'_>) -> Result<Value, WireError> {
        if let Some(surplus) = members.keys().find(|name| !matches!(name.as_str(), "type" | "value")) {
            return Err(at.error(Problem::Surplus(surplus.clone())));
        }
        let part = |name: &str| members.get(name).ok_or_else(|| at.error(Problem::Missing(name.to_owned())));
        let inside = at.typed()?;
        let ty = types::type_of(part("type")?, inside.levels_left());
        let ty = ty.map_err(|error| at.error(Problem::Type(error)))?;
        let value = self.value(part("value")?, &ty, &inside)?;
        Ok(if ty == Type::Dynamic { value } else { Value::Dynamic(Box::new((ty, value))) })
    }
}

fn bool(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(bool) => Some(*bool),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// The text of a JSON number is kept to its last digit.
fn number(json: &Json, at: &Trail<'_>) -> Result<Value, WireError> {
    let text = match json {
        Json::Number(number) => number.as_str(),
        Json::String(text) => text,
        other => return Err(wrong(&Type::Number, other, at)),
    };
    Number::parse(text).map(Value::Number).ok_or_else(|| at.error(Problem::NoNumber))
}

fn text(json: &Json) -> Option<String> {
    match json {
        Json::String(text) => Some(text.clone()),
        Json::Bool(bool) => Some(bool.to_string()),
        Json::Number(number) => Number::parse(number.as_str()).map(|number| number.to_string()),
        _ => None,
    }
}

fn wrong(ty: &Type, json: &Json, at: &Trail<'_>) -> WireError {
    let found = match json {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    };
    at.error(Problem::Expected { expected: expected(ty), found })
}
