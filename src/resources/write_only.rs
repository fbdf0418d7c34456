//! Warns of passwords whose change nobody would notice.

use crate::explain::Explanation;
use crate::sdk::{Attribute, Nesting, Path, Plan, Shape, Value};

/// How a write-only attribute ends.
const ENDING: &str = "_wo";

/// Warns of every write-only value that is given without its version: Terraform compares only what it stores, so another
/// value changes nothing.
pub fn warn_of_missing_versions(attributes: &[Attribute], plan: &mut Plan<'_>) {
    let mut places = Vec::new();
    visit(attributes, plan.config().value(), &Path::root(), &mut places);
    for place in places {
        plan.warn(
            &Explanation::new("BERTH-SDK-030", format!("Nobody will notice when `{place}` changes"))
                .next(format!(
                    "set `{place}_version` to a number, and change that whenever the value changes: a write-only value is not \
                     stored, so a plan has nothing to compare it with"
                ))
                .at(place.to_string()),
        );
    }
}

fn visit(attributes: &[Attribute], value: &Value, at: &Path, found: &mut Vec<Path>) {
    for attribute in attributes {
        let (given, here) = (value.member(&attribute.name), at.attribute(&attribute.name));
        if attribute.write_only && attribute.name.ends_with(ENDING) {
            let version = format!("{}_version", attribute.name);
            let is_counted = attributes.iter().any(|other| other.name == version);
            if is_counted && !given.is_null() && !given.is_unknown() && value.member(&version).is_null() {
                found.push(here);
            }
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            each(*nesting, given, &here, &mut |element, place| visit(inner, element, place, found));
        }
    }
}

/// Elements of sets have no path of their own, and no write-only attributes.
fn each(nesting: Nesting, value: &Value, at: &Path, then: &mut dyn FnMut(&Value, &Path)) {
    match nesting {
        Nesting::Single if value.members().is_some() => then(value, at),
        Nesting::Map => value.members().into_iter().flatten().for_each(|(key, element)| then(element, &at.key(key))),
        Nesting::List => {
            let elements = value.elements().into_iter().flatten().enumerate();
            elements.for_each(|(index, element)| then(element, &at.index(index)));
        }
        Nesting::Single | Nesting::Set => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::registry::Declared;
    use crate::sdk::Model as _;

    fn places(config: &Value) -> Vec<String> {
        let mut found = Vec::new();
        visit(&Declared::attributes(), config, &Path::root(), &mut found);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_password_without_a_version_is_found_wherever_it_stands() {
        let user =
            |version: Value| Value::object([("password_wo", Value::from("p")), ("password_wo_version", version)]);
        let config = Value::object([
            ("users", Value::object([("ann", user(Value::Null)), ("bob", user(Value::from(1)))])),
            ("proxy", user(Value::Null)),
            ("storage", Value::object([("s3", Value::object([("secret_key_wo", Value::from("s"))]))])),
        ]);
        assert_eq!(places(&config), ["storage.s3.secret_key_wo", "users[\"ann\"].password_wo", "proxy.password_wo"]);
        assert_eq!(places(&Value::object([("users", Value::Unknown)])), Vec::<String>::new());
    }
}
