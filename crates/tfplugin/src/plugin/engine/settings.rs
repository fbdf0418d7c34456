//! The provider block while parts of it are unknown, or empty.

use super::walk::each_object;
use crate::sdk::{Attribute, Mode, Path, Schema, Shape, Type, Value};

/// Takes empty texts out of the provider block: variables of CI systems that are not set come as such, and mean "not set".
/// Answers the required attributes of nested objects that are empty, which stay.
pub fn without_empty(schema: &Schema, config: &mut Value) -> Vec<Path> {
    let mut required = Vec::new();
    empty(&schema.attributes, config, &Path::root(), &mut required);
    required
}

fn empty(attributes: &[Attribute], object: &mut Value, at: &Path, required: &mut Vec<Path>) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let here = at.attribute(&attribute.name);
        match (&attribute.shape, &*value) {
            (Shape::Plain(Type::String), Value::String(text)) if text.trim().is_empty() => match attribute.mode {
                Mode::Required => required.push(here),
                _ => *value = Value::Null,
            },
            (Shape::Nested(nesting, inner), _) => {
                each_object(*nesting, value, &here, &mut |element, place| empty(inner, element, &place.path, required));
            }
            _ => {}
        }
    }
}

/// Takes what is unknown out of the provider block: null in its place, and a nested object whose
/// required attribute is unknown is null as a whole. Answers what was taken out.
pub fn without_unknowns(schema: &Schema, config: &mut Value) -> Vec<Path> {
    let mut found = Vec::new();
    clear(&schema.attributes, config, &Path::root(), &mut found);
    found
}

fn clear(attributes: &[Attribute], object: &mut Value, at: &Path, found: &mut Vec<Path>) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let here = at.attribute(&attribute.name);
        match &attribute.shape {
            Shape::Plain(_) if !value.is_wholly_known() => take(value, here, found),
            Shape::Nested(..) if value.is_unknown() => take(value, here, found),
            Shape::Nested(nesting, inner) => {
                let mut incomplete = false;
                each_object(*nesting, value, &here, &mut |element, place| {
                    incomplete |=
                        inner.iter().any(|a| a.mode == Mode::Required && !element.member(&a.name).is_wholly_known());
                    clear(inner, element, &place.path, found);
                });
                if incomplete {
                    *value = Value::Null;
                }
            }
            Shape::Plain(_) => {}
        }
    }
}

fn take(value: &mut Value, here: Path, found: &mut Vec<Path>) {
    *value = Value::Null;
    found.push(here);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::{Meta, Model};

    /// A login.
    #[derive(Clone, Debug, Model)]
    struct Login {
        /// Who.
        name: String,
        /// By what.
        password: Option<String>,
    }

    /// The block.
    #[derive(Clone, Debug, Model)]
    struct Block {
        /// A text.
        region: Option<String>,
        /// Texts that may be empty.
        args: Option<Vec<String>>,
        /// One login.
        login: Option<Login>,
        /// Many.
        logins: Option<std::collections::BTreeMap<String, Login>>,
    }

    fn told(text: &str) -> (Vec<String>, Value) {
        let login = || Value::object([("name", Value::from(text)), ("password", Value::from(text))]);
        let mut config = Value::object([
            ("region", Value::from(text)),
            ("args", Value::List(vec![Value::from(text)])),
            ("login", login()),
            ("logins", Value::object([("a", login())])),
        ]);
        let meta = Meta::new("", "");
        let schema = Schema { version: meta.version, description: String::new(), attributes: Block::attributes() };
        let required = without_empty(&schema, &mut config);
        (required.iter().map(ToString::to_string).collect(), config)
    }

    #[test]
    fn empty_texts_are_not_set_and_those_that_must_be_are_told() {
        for text in ["", "  "] {
            let (required, left) = told(text);
            assert_eq!(required, ["login.name", "logins[\"a\"].name"]);
            assert_eq!((left.member("region"), left.member("login").member("password")), (&Value::Null, &Value::Null));
            assert_eq!(left.member("args"), &Value::List(vec![Value::from(text)]), "an argument may be empty");
        }
        let (required, left) = told("x");
        assert!(required.is_empty() && left.member("region") == &Value::from("x"));
    }
}
