//! Warns of passwords whose change nobody would notice, and of those that hold more than the password.

use crate::explain::Explanation;
use crate::sdk::{Attribute, Nesting, Path, Plan, Shape, Value};

/// A write-only value that may be left out where the remote has it already, in each element of a map.
pub struct Kept {
    /// The map.
    pub map: &'static str,
    /// The write-only attribute of its elements.
    pub secret: &'static str,
    /// What of an element the value belongs to: it is needed when one of these changes.
    pub belongs_to: &'static [&'static str],
}

impl Kept {
    /// The first element whose value is left out and that the remote cannot have: it is new, or another one is meant.
    pub fn first_needed(&self, plan: &Plan<'_>) -> Option<String> {
        let (config, prior) = (plan.config(), plan.prior());
        let elements = config.at(self.map).known().and_then(Value::members)?;
        let before = prior.at(self.map).known().unwrap_or(&Value::Null);
        let version = format!("{}_version", self.secret);
        let belongs_to: Vec<&str> = self.belongs_to.iter().copied().chain([version.as_str()]).collect();
        let is_needed = |(key, element): &(&String, &Value)| {
            let old = before.member(key);
            let is_other = |name: &&str| {
                let given = element.member(name);
                !given.is_null() && !given.is_unknown() && given != old.member(name)
            };
            element.member(self.secret).is_null() && (old.is_null() || belongs_to.iter().any(is_other))
        };
        elements.iter().find(is_needed).map(|(key, _)| key.clone())
    }

    /// Whether any value is given.
    pub fn is_given(&self, plan: &Plan<'_>) -> bool {
        let config = plan.config();
        let elements = config.at(self.map).known().and_then(Value::members);
        elements.into_iter().flatten().any(|(_, element)| !element.member(self.secret).is_null())
    }
}

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
    fn a_password_that_is_left_out_is_needed_where_the_remote_cannot_have_it() {
        let kept = Kept { map: "users", secret: "password_wo", belongs_to: &["name"] };
        let user = |version: i64, name: &str, password: Value| {
            Value::object([
                ("password_wo", password),
                ("password_wo_version", Value::from(version)),
                ("name", Value::from(name)),
            ])
        };
        let users = |users: Vec<(&str, Value)>| Value::object([("users", Value::object(users))]);
        let schema = crate::sdk::Schema::default();
        let needed = |prior: Option<Value>, config: Value| {
            let planned = config.clone();
            kept.first_needed(&Plan::new(&schema, config, prior, planned, crate::sdk::Private::default()))
        };
        let out = |version, name| user(version, name, Value::Null);
        let before = || Some(users(vec![("ann", out(1, "a"))]));
        assert_eq!(needed(None, users(vec![("ann", out(1, "a"))])), Some("ann".to_owned()), "nothing has it");
        assert_eq!(needed(before(), users(vec![("ann", out(1, "a"))])), None);
        assert_eq!(needed(before(), users(vec![("ann", out(2, "a"))])), Some("ann".to_owned()), "another one is meant");
        assert_eq!(needed(before(), users(vec![("ann", out(1, "b"))])), Some("ann".to_owned()), "of somebody else");
        assert_eq!(needed(before(), users(vec![("ann", out(1, "a")), ("bob", out(1, "b"))])), Some("bob".to_owned()));
        assert_eq!(needed(before(), users(vec![("ann", user(2, "b", Value::from("x")))])), None);
        assert_eq!(needed(before(), users(vec![("ann", user(2, "b", Value::Unknown))])), None);
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
