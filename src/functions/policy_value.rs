//! A policy as functions give it: its statements, and the document made of them.

use std::collections::BTreeMap;

use crate::domain::irsa::{Condition, Statement, policy_json};
use crate::sdk::{FunctionError, Type, Value};

/// The type of [`value`].
pub(super) fn result_type() -> Type {
    object([("statements", Type::list(statement_type())), ("json", Type::String)])
}

/// The statements as `berth_irsa_role` takes them, and as JSON.
pub(super) fn value(statements: &[Statement]) -> Value {
    let listed: Vec<Value> = statements.iter().map(statement_value).collect();
    Value::object([("statements", Value::List(listed)), ("json", Value::String(policy_json(statements)))])
}

fn object<const N: usize>(attributes: [(&str, Type); N]) -> Type {
    Type::Object(attributes.into_iter().map(|(name, ty)| (name.to_owned(), ty)).collect::<BTreeMap<_, _>>())
}

fn statement_type() -> Type {
    let texts = || Type::list(Type::String);
    let condition = object([("test", Type::String), ("variable", Type::String), ("values", texts())]);
    object([
        ("sid", Type::String),
        ("effect", Type::String),
        ("actions", texts()),
        ("resources", texts()),
        ("conditions", Type::list(condition)),
    ])
}

fn statement_value(statement: &Statement) -> Value {
    let conditions: Vec<Value> = statement.conditions.iter().map(condition_value).collect();
    Value::object([
        ("sid", statement.sid.as_deref().map_or(Value::Null, Value::from)),
        ("effect", Value::from(statement.effect.as_str())),
        ("actions", Value::from(statement.actions.clone())),
        ("resources", Value::from(statement.resources.clone())),
        ("conditions", Value::List(conditions)),
    ])
}

fn condition_value(condition: &Condition) -> Value {
    Value::object([
        ("test", Value::from(condition.test.as_str())),
        ("variable", Value::from(condition.variable.as_str())),
        ("values", Value::from(condition.values.clone())),
    ])
}

/// The object of named arguments at a position, as JSON; an empty one if it is left out or null.
pub(super) fn named(
    position: usize,
    value: &Value,
) -> Result<serde_json::Map<String, serde_json::Value>, FunctionError> {
    match value.to_json() {
        serde_json::Value::Null => Ok(serde_json::Map::new()),
        serde_json::Value::Object(members) => Ok(members),
        _ => Err(FunctionError::at(position, "must be an object, such as `{ partition = \"aws\" }`")),
    }
}
