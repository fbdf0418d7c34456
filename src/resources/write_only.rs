//! Warns of passwords whose change nobody would notice, and of those that hold more than the password.

use crate::explain::Explanation;
use crate::sdk::{Attribute, Nesting, Path, Plan, Shape, Value};

/// How a write-only attribute ends.
const ENDING: &str = "_wo";

/// Warns of write-only values that are hardly meant as they are given.
pub fn warn_of_write_only(attributes: &[Attribute], plan: &mut Plan<'_>) {
    let mut given = Vec::new();
    visit(attributes, plan.config().value(), &Path::root(), &mut given);
    warn_of_missing_versions(&given, plan);
    warn_of_line_breaks(&given, plan);
}

/// A write-only value, as the configuration gives it.
struct Given {
    place: Path,
    has_version: bool,
    ends_in_a_line_break: bool,
}

/// Terraform compares only what it stores, so another value changes nothing without another version.
fn warn_of_missing_versions(given: &[Given], plan: &mut Plan<'_>) {
    for place in given.iter().filter(|it| !it.has_version).map(|it| &it.place) {
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

/// Files and the output of programs end in one, and no login does.
fn warn_of_line_breaks(given: &[Given], plan: &mut Plan<'_>) {
    for place in given.iter().filter(|it| it.ends_in_a_line_break).map(|it| &it.place) {
        plan.warn(
            &Explanation::new("BERTH-SDK-090", format!("`{place}` ends in a line break, which counts as part of it"))
                .next("take it off, for example by `trimspace(file(…))`")
                .at(place.to_string()),
        );
    }
}

fn visit(attributes: &[Attribute], value: &Value, at: &Path, found: &mut Vec<Given>) {
    for attribute in attributes {
        let (given, here) = (value.member(&attribute.name), at.attribute(&attribute.name));
        if attribute.write_only && attribute.name.ends_with(ENDING) {
            let version = format!("{}_version", attribute.name);
            let is_counted = attributes.iter().any(|other| other.name == version);
            if is_counted && !given.is_null() && !given.is_unknown() {
                found.push(Given {
                    place: here,
                    has_version: !value.member(&version).is_null(),
                    ends_in_a_line_break: given.as_str().is_some_and(|text| text.ends_with(['\n', '\r'])),
                });
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

    fn places(config: &Value, is_so: impl Fn(&Given) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        visit(&Declared::attributes(), config, &Path::root(), &mut found);
        found.iter().filter(|given| is_so(given)).map(|given| given.place.to_string()).collect()
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
        let unversioned = |config: &Value| places(config, |given| !given.has_version);
        assert_eq!(
            unversioned(&config),
            ["storage.s3.secret_key_wo", "users[\"ann\"].password_wo", "proxy.password_wo"]
        );
        assert_eq!(unversioned(&Value::object([("users", Value::Unknown)])), Vec::<String>::new());
    }

    #[test]
    fn a_password_with_the_end_of_its_file_is_found() {
        for (password, expected) in [("p\n", 1), ("p\r\n", 1), ("p", 0), ("p ", 0), ("a\nb", 0)] {
            let config = Value::object([("proxy", Value::object([("password_wo", Value::from(password))]))]);
            assert_eq!(places(&config, |given| given.ends_in_a_line_break).len(), expected, "{password:?}");
        }
    }
}
