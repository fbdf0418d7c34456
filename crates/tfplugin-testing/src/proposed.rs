//! What a host proposes to plan: the configuration, and what the provider computed before where it says nothing
//! (Terraform, `internal/plans/objchange`, `ProposedNew`).

use tfplugin::{Attribute, Nesting, Shape, Value};

/// The proposed state of an object that was `prior` (null: there is none) and is configured so.
pub(crate) fn proposed(attributes: &[Attribute], prior: &Value, config: &Value) -> Value {
    let members = attributes.iter().map(|attribute| {
        let (prior, config) = (prior.member(&attribute.name), config.member(&attribute.name));
        (attribute.name.clone(), member(attribute, prior, config))
    });
    Value::object(members)
}

fn member(attribute: &Attribute, prior: &Value, config: &Value) -> Value {
    match &attribute.shape {
        _ if config.is_null() && attribute.mode.is_computed() => prior.clone(),
        Shape::Nested(nesting, inner) if !config.is_null() && !config.is_unknown() => {
            nested(*nesting, inner, prior, config)
        }
        _ => config.clone(),
    }
}

fn nested(nesting: Nesting, inner: &[Attribute], prior: &Value, config: &Value) -> Value {
    match (nesting, config) {
        (Nesting::Map, Value::Map(members)) => {
            Value::object(members.iter().map(|(key, one)| (key.clone(), element(inner, prior.member(key), one))))
        }
        (Nesting::List, Value::List(elements)) => {
            let before = prior.elements().unwrap_or_default();
            let pairs = elements.iter().enumerate();
            Value::List(pairs.map(|(at, one)| element(inner, before.get(at).unwrap_or(&Value::Null), one)).collect())
        }
        (Nesting::Set, Value::Set(elements)) => {
            let before = prior.elements().unwrap_or_default();
            let twin = |one: &Value| before.iter().find(|prior| proposed(inner, prior, one) == **prior);
            Value::set(elements.iter().map(|one| element(inner, twin(one).unwrap_or(&Value::Null), one)).collect())
        }
        _ => proposed(inner, prior, config),
    }
}

fn element(inner: &[Attribute], prior: &Value, config: &Value) -> Value {
    if config.is_null() || config.is_unknown() { config.clone() } else { proposed(inner, prior, config) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use tfplugin::{Computed, Model};

    use super::*;

    #[derive(Clone, Debug, Model)]
    struct Thing {
        /// Set.
        name: String,
        /// Found.
        id: Computed<String>,
        /// Set or found.
        #[attr(optional)]
        size: Computed<i64>,
        /// Set.
        note: Option<String>,
        /// By name.
        parts: Option<BTreeMap<String, Part>>,
    }

    #[derive(Clone, Debug, Model)]
    struct Part {
        /// Found.
        id: Computed<String>,
    }

    #[test]
    fn computed_values_stay_where_the_configuration_is_silent_and_all_else_is_as_configured() {
        let thing = |id: Value, size: Value, note: Value, parts: Value| {
            Value::object([("name", "a".into()), ("id", id), ("size", size), ("note", note), ("parts", parts)])
        };
        let parts = |names: &[(&str, Value)]| {
            Value::object(names.iter().map(|(name, id)| (*name, Value::object([("id", id.clone())]))))
        };
        let prior = thing("i".into(), 3.into(), "old".into(), parts(&[("x", "1".into()), ("gone", "2".into())]));
        let config = thing(Value::Null, 5.into(), Value::Null, parts(&[("x", Value::Null), ("new", Value::Null)]));
        let expected = thing("i".into(), 5.into(), Value::Null, parts(&[("x", "1".into()), ("new", Value::Null)]));
        assert_eq!(proposed(&Thing::attributes(), &prior, &config), expected);
        assert_eq!(proposed(&Thing::attributes(), &Value::Null, &config), config);
    }
}
