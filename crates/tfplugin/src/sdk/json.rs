//! Values as JSON documents, for arguments of any type.

use super::{Number, Value};

impl Value {
    /// The value as JSON without its type: sets are lists, and what is unknown is null.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null | Self::Unknown => serde_json::Value::Null,
            Self::Bool(truth) => (*truth).into(),
            Self::Number(number) => number_json(number),
            Self::String(text) => text.as_str().into(),
            Self::List(elements) | Self::Set(elements) => elements.iter().map(Self::to_json).collect(),
            Self::Map(members) => members.iter().map(|(name, member)| (name.clone(), member.to_json())).collect(),
            Self::Dynamic(typed) => typed.1.to_json(),
        }
    }

    /// The value without the type that it carries, if it carries one.
    pub fn undressed(&self) -> &Self {
        match self {
            Self::Dynamic(typed) => typed.1.undressed(),
            plain => plain,
        }
    }
}

fn number_json(number: &Number) -> serde_json::Value {
    match (number.as_i64(), number.as_f64()) {
        (Some(int), _) => int.into(),
        (None, Some(float)) => float.into(),
        (None, None) => serde_json::Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sdk::Type;

    #[test]
    fn a_value_is_written_without_its_types() {
        let inner = Value::object([("a", Value::from(1)), ("b", Value::set(vec![Value::from("x")]))]);
        let ty = Type::map(Type::Dynamic);
        let value = Value::List(vec![Value::Dynamic(Box::new((ty, inner.clone()))), Value::Null, Value::Unknown]);
        assert_eq!(value.to_json(), json!([{ "a": 1, "b": ["x"] }, null, null]));
        assert_eq!(Value::Dynamic(Box::new((Type::Dynamic, inner.clone()))).undressed(), &inner);
    }
}
