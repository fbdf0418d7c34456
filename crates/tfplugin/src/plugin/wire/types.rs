//! Types as JSON, the form that schemas and dynamic values carry (go-cty, `cty/type_conform.go` and `cty/json.go`).

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::MAX_DEPTH;
use crate::sdk::Type;

/// A text that is no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeError {
    /// No JSON at all; the words of the parser.
    #[error("not JSON: {0}")]
    Json(String),
    /// A name that is no type's.
    #[error("there is no type `{0}`")]
    Unknown(String),
    /// JSON of another shape, such as `["list"]`.
    #[error("not a type: a type is a name, or a list of a name and what is inside")]
    Shape,
    /// More than [`MAX_DEPTH`] levels.
    #[error("types nested deeper than {MAX_DEPTH} levels are refused")]
    TooDeep,
}

/// Writes a type as compact JSON: `["list","string"]`.
pub fn to_json(ty: &Type) -> Vec<u8> {
    json_of(ty).to_string().into_bytes()
}

/// Reads a type from its JSON. The names of optional attributes that an object type may carry are ignored.
pub fn from_json(json: &[u8]) -> Result<Type, TypeError> {
    parse(json, MAX_DEPTH)
}

/// Reads a type of at most `levels` levels below its top.
pub(super) fn parse(json: &[u8], levels: usize) -> Result<Type, TypeError> {
    let json = serde_json::from_slice(json).map_err(|error| TypeError::Json(error.to_string()))?;
    type_of(&json, levels)
}

pub(super) fn json_of(ty: &Type) -> Json {
    match ty {
        Type::Bool => json!("bool"),
        Type::Number => json!("number"),
        Type::String => json!("string"),
        Type::Dynamic => json!("dynamic"),
        Type::List(element) => json!(["list", json_of(element)]),
        Type::Set(element) => json!(["set", json_of(element)]),
        Type::Map(element) => json!(["map", json_of(element)]),
        Type::Tuple(elements) => json!(["tuple", elements.iter().map(json_of).collect::<Vec<_>>()]),
        Type::Object(attributes) => {
            let members = attributes.iter().map(|(name, ty)| (name.clone(), json_of(ty)));
            json!(["object", Json::Object(members.collect())])
        }
    }
}

pub(super) fn type_of(json: &Json, levels: usize) -> Result<Type, TypeError> {
    match json {
        Json::String(name) => plain(name),
        Json::Array(parts) => {
            let below = levels.checked_sub(1).ok_or(TypeError::TooDeep)?;
            constructed(parts, below)
        }
        _ => Err(TypeError::Shape),
    }
}

fn plain(name: &str) -> Result<Type, TypeError> {
    match name {
        "bool" => Ok(Type::Bool),
        "number" => Ok(Type::Number),
        "string" => Ok(Type::String),
        "dynamic" => Ok(Type::Dynamic),
        _ => Err(TypeError::Unknown(name.to_owned())),
    }
}

fn constructed(parts: &[Json], levels: usize) -> Result<Type, TypeError> {
    match parts {
        [Json::String(name), inside] => match (name.as_str(), inside) {
            ("list", element) => Ok(Type::list(type_of(element, levels)?)),
            ("set", element) => Ok(Type::set(type_of(element, levels)?)),
            ("map", element) => Ok(Type::map(type_of(element, levels)?)),
            ("tuple", Json::Array(elements)) => {
                elements.iter().map(|element| type_of(element, levels)).collect::<Result<_, _>>().map(Type::Tuple)
            }
            ("object", Json::Object(members)) => object(members, levels),
            ("tuple" | "object", _) => Err(TypeError::Shape),
            _ => Err(TypeError::Unknown(name.clone())),
        },
        [Json::String(name), Json::Object(members), Json::Array(_optional)] if name == "object" => {
            object(members, levels)
        }
        _ => Err(TypeError::Shape),
    }
}

fn object(members: &serde_json::Map<String, Json>, levels: usize) -> Result<Type, TypeError> {
    let attributes = members.iter().map(|(name, ty)| Ok((name.clone(), type_of(ty, levels)?)));
    attributes.collect::<Result<BTreeMap<_, _>, _>>().map(Type::Object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_each_type() {
        for (ty, json) in [
            (Type::String, r#""string""#),
            (Type::Number, r#""number""#),
            (Type::Bool, r#""bool""#),
            (Type::Dynamic, r#""dynamic""#),
            (Type::list(Type::String), r#"["list","string"]"#),
            (Type::set(Type::map(Type::Bool)), r#"["set",["map","bool"]]"#),
            (Type::Tuple(vec![Type::Bool, Type::Number]), r#"["tuple",["bool","number"]]"#),
            (Type::Tuple(vec![]), r#"["tuple",[]]"#),
            (
                Type::Object([("b".to_owned(), Type::Bool), ("a\"".to_owned(), Type::String)].into()),
                r#"["object",{"a\"":"string","b":"bool"}]"#,
            ),
        ] {
            assert_eq!(String::from_utf8(to_json(&ty)).unwrap(), json);
            assert_eq!(from_json(json.as_bytes()), Ok(ty), "{json}");
        }
    }

    #[test]
    fn ignores_the_names_of_optional_attributes() {
        let ty = from_json(br#"["object",{"a":"string"},["a"]]"#);
        assert_eq!(ty, Ok(Type::Object([("a".to_owned(), Type::String)].into())));
    }

    #[test]
    fn refuses_what_is_no_type() {
        for json in [r#"["list"]"#, r#"["tuple","bool"]"#, r#"["object",[]]"#, "{}", "[]", "1", r#"["map","bool",[]]"#]
        {
            assert_eq!(from_json(json.as_bytes()), Err(TypeError::Shape), "{json}");
        }
        assert_eq!(from_json(br#""text""#), Err(TypeError::Unknown("text".into())));
        assert_eq!(from_json(br#"["stack","bool"]"#), Err(TypeError::Unknown("stack".into())));
        assert!(matches!(from_json(b"[\"list\","), Err(TypeError::Json(_))));
    }

    #[test]
    fn the_deepest_type_is_read_and_one_deeper_is_not() {
        let nested = |depth: usize| (0..depth).fold(Type::Bool, |ty, _| Type::Object([("a".to_owned(), ty)].into()));
        let deepest = nested(MAX_DEPTH);
        assert_eq!(from_json(&to_json(&deepest)), Ok(deepest));
        assert_eq!(from_json(&to_json(&nested(MAX_DEPTH + 1))), Err(TypeError::TooDeep));
    }
}
