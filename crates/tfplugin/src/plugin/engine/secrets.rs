//! Makes the secrets of a value known, so that no message and no log line shows them.

use crate::sdk::{Attribute, Shape, Value};
use crate::secret::learn;

/// Learns every text that stands in a sensitive or write-only attribute.
pub fn learn_all(attributes: &[Attribute], value: &Value) {
    let Some(members) = value.members() else { return };
    for attribute in attributes {
        let Some(given) = members.get(&attribute.name) else { continue };
        if attribute.sensitive || attribute.write_only {
            texts(given);
        } else if let Shape::Nested(_, inner) = &attribute.shape {
            nested(inner, given);
        }
    }
}

/// The objects of a nested attribute, in whatever collection they are: its keys are names and no secrets.
fn nested(inner: &[Attribute], value: &Value) {
    match value {
        Value::List(elements) | Value::Set(elements) => elements.iter().for_each(|element| learn_all(inner, element)),
        Value::Map(members) => {
            learn_all(inner, value);
            members.values().filter(|member| member.members().is_some()).for_each(|member| learn_all(inner, member));
        }
        _ => {}
    }
}

fn texts(value: &Value) {
    match value {
        Value::String(text) => learn(text),
        Value::List(elements) | Value::Set(elements) => elements.iter().for_each(texts),
        Value::Map(members) => members.values().for_each(texts),
        Value::Dynamic(typed) => texts(&typed.1),
        Value::Null | Value::Unknown | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::sdk::{Model, Secret};
    use crate::secret::hidden;

    #[derive(Clone, Debug, Model)]
    struct Outer {
        /// Shown.
        host: String,
        /// Hidden.
        #[attr(sensitive)]
        tokens: Option<Vec<String>>,
        /// By name.
        users: BTreeMap<String, User>,
    }

    #[derive(Clone, Debug, Model)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct User {
        /// Hidden.
        #[attr(write_only)]
        password_wo: Option<Secret>,
        /// Its version.
        password_wo_version: Option<i64>,
    }

    #[test]
    fn what_is_hidden_in_a_plan_is_hidden_everywhere() {
        let text = |text: &str| Value::from(text);
        let object = |members: &[(&str, Value)]| {
            Value::Map(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
        };
        let users = object(&[("ann-learned-name", object(&[("password_wo", text("learned-by-schema-3"))]))]);
        let tokens = Value::List(vec![text("learned-by-schema-1"), text("learned-by-schema-2")]);
        let value = object(&[("host", text("learned-host.test")), ("tokens", tokens), ("users", users)]);
        learn_all(&Outer::attributes(), &value);
        for secret in ["learned-by-schema-1", "learned-by-schema-2", "learned-by-schema-3"] {
            assert_eq!(hidden(secret), "(hidden)");
        }
        for shown in ["learned-host.test", "ann-learned-name"] {
            assert_eq!(hidden(shown), shown);
        }
    }
}
