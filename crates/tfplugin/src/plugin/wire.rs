//! Terraform's values as they travel: MessagePack, JSON, and the JSON of types.
//!
//! The type always comes from the schema and leads the decoder; nothing is guessed from the bytes.
//! The facts are those of go-cty, `cty/msgpack` and `cty/json`, which Terraform itself uses.

mod error;
pub mod json;
pub mod msgpack;
mod trail;
pub mod types;

pub use error::{Problem, WireError};
pub use json::UnknownKeys;
pub use types::TypeError;

use crate::sdk::{Type, Value};

/// How deep values and types may nest. A type of this depth stays below the 128 levels that `serde_json` reads.
pub const MAX_DEPTH: usize = 60;

/// How long one encoded value may be, in bytes: Terraform's own limit for a gRPC message.
pub const MAX_BYTES: usize = 256 << 20;

/// Reads the two fields of the protocol's `DynamicValue`: `msgpack` is preferred, both empty is null.
pub fn decode_dynamic_value(msgpack: &[u8], json: &[u8], ty: &Type) -> Result<Value, WireError> {
    match (msgpack, json) {
        ([], []) => Ok(Value::Null),
        ([], json) => json::decode(json, ty, UnknownKeys::Refuse),
        (msgpack, _) => msgpack::decode(msgpack, ty),
    }
}

/// What the decoders expect at a place, in words.
fn expected(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "a bool",
        Type::Number => "a number",
        Type::String => "a string",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Tuple(_) => "a tuple",
        Type::Object(_) => "an object",
        Type::Dynamic => "a value with its type",
    }
}

/// What an encoder was given, in words.
fn found(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Unknown => "an unknown value",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Set(_) => "a set",
        Value::Map(_) => "a map",
        Value::Dynamic(_) => "a value with its type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dynamic_value_prefers_messagepack_and_is_null_when_empty() {
        let decoded = |msgpack: &[u8], json: &[u8]| decode_dynamic_value(msgpack, json, &Type::Bool);
        assert_eq!(decoded(&[], &[]), Ok(Value::Null));
        assert_eq!(decoded(&[0xc3], b"false"), Ok(Value::Bool(true)));
        assert_eq!(decoded(&[], b"false"), Ok(Value::Bool(false)));
    }
}
