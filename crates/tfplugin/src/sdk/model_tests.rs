//! What the derive makes of a struct.

use std::collections::BTreeMap;

use super::{Computed, Mode, Model, Nesting, Path, Secret, Set, Shape, Type, Value, check};

/// A user of the registry.
#[derive(Clone, Debug, PartialEq, Model)]
struct User {
    /// The password.
    #[attr(write_only)]
    password_wo: Option<Secret>,
    /// Changes when the password does.
    password_wo_version: Option<i64>,
}

/// A registry.
#[derive(Clone, Debug, PartialEq, Model)]
struct Registry {
    /// Its name.
    ///
    /// In two paragraphs.
    #[attr(replace, check = check::length(1, 63))]
    name: String,
    /// How many.
    #[attr(default = 1)]
    replicas: i64,
    /// Who may log in.
    users: Option<BTreeMap<String, User>>,
    /// Other names.
    #[attr(default = Vec::<String>::new())]
    aliases: Set<String>,
    /// What kind.
    #[attr(deprecated = "use `name`")]
    r#type: Option<String>,
    /// Where it answers.
    #[attr(keep)]
    url: Computed<String>,
    /// Who it is.
    #[attr(optional)]
    owner: Computed<String>,
}

fn registry() -> Registry {
    let user = User { password_wo: Some(Secret::new("hunter2")), password_wo_version: Some(1) };
    Registry {
        name: "r".into(),
        replicas: 2,
        users: Some(BTreeMap::from([("ci".to_owned(), user)])),
        aliases: ["b".to_owned(), "a".to_owned()].into_iter().collect(),
        r#type: None,
        url: Computed::Unknown,
        owner: Computed::Known("me".into()),
    }
}

#[test]
fn the_schema_says_what_the_fields_say() {
    let attributes = Registry::attributes();
    let named = |name: &str| attributes.iter().find(|attribute| attribute.name == name).unwrap();
    assert_eq!(named("name").mode, Mode::Required);
    assert!(named("name").replace);
    assert_eq!(named("name").checks.len(), 1);
    assert_eq!(named("name").description, "Its name.\n\nIn two paragraphs.");
    assert_eq!(named("replicas").mode, Mode::OptionalComputed);
    assert_eq!(named("replicas").default, Some(Value::from(1)));
    assert_eq!(named("type").deprecated.as_deref(), Some("use `name`"));
    assert_eq!(named("url").mode, Mode::Computed);
    assert!(named("url").keep);
    assert_eq!(named("owner").mode, Mode::OptionalComputed);
    assert_eq!(named("aliases").shape.value_type(), Type::set(Type::String));
    let Shape::Nested(Nesting::Map, user) = &named("users").shape else { panic!("users is a map of objects") };
    assert!(user[0].write_only && user[0].sensitive);
}

#[test]
fn decoding_what_was_encoded_gives_it_back_without_the_secrets() {
    let mut expected = registry();
    expected.users.as_mut().unwrap().get_mut("ci").unwrap().password_wo = None;
    expected.aliases.0.sort();
    assert_eq!(Registry::decode(&registry().encode(), &Path::root()), Ok(expected));
}

#[test]
fn a_null_where_a_default_stands_reads_as_the_default() {
    let mut value = registry().encode();
    value.members_mut().unwrap().insert("replicas".into(), Value::Null);
    assert_eq!(Registry::decode(&value, &Path::root()).unwrap().replicas, 1);
}

#[test]
fn an_error_names_the_place() {
    let mut value = registry().encode();
    let bad = Value::object([("ci", Value::object([("password_wo_version", Value::from("one"))]))]);
    value.members_mut().unwrap().insert("users".into(), bad);
    let error = Registry::decode(&value, &Path::root()).unwrap_err();
    assert_eq!(error.to_string(), "`users[\"ci\"].password_wo_version` should be a whole number and is a string");
}
