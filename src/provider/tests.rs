//! Every attribute of the provider block reaches the setting of its name in the client, also one that comes later.

use super::{aws, kubernetes};
use crate::sdk::{Attribute, Model, Nesting, Path, Shape, Type, Value};

/// A leaf of a block: its name, and the text or number that stands there and nowhere else.
struct Leaf {
    name: String,
    text: String,
}

/// A block in which everything is set, each leaf to something of its own.
fn filled(attributes: &[Attribute], at: &str, leaves: &mut Vec<Leaf>) -> Value {
    let members = attributes.iter().map(|attribute| {
        let place = format!("{at}.{}", attribute.name);
        (attribute.name.clone(), value(&attribute.shape, &attribute.name, &place, leaves))
    });
    Value::object(members.collect::<Vec<_>>())
}

fn value(shape: &Shape, name: &str, place: &str, leaves: &mut Vec<Leaf>) -> Value {
    if let Shape::Nested(Nesting::Single, attributes) = shape {
        return filled(attributes, place, leaves);
    }
    let number = 1_000 + i64::try_from(leaves.len()).unwrap();
    let text = format!("<{place}>");
    let (value, text) = match shape {
        Shape::Plain(Type::String) => (text.as_str().into(), text),
        Shape::Plain(Type::Number) => (number.into(), number.to_string()),
        Shape::Plain(Type::List(_)) => (Value::List(vec![text.as_str().into()]), text),
        Shape::Plain(Type::Map(_)) => (Value::object([("key", text.as_str().into())]), text),
        other => panic!("{place}: this test knows no value of {other:?}"),
    };
    leaves.push(Leaf { name: name.to_owned(), text });
    value
}

/// Fails the test unless each leaf stands in the settings, written as Rust's `Debug` does, under its own name.
fn assert_all_arrive(leaves: &[Leaf], settings: &str) {
    assert!(leaves.len() > 8);
    for Leaf { name, text } in leaves {
        let under_its_name = |(at, _): (usize, &str)| {
            let before = settings[..at].trim_end_matches("key\": \"").trim_end_matches(['"', '[', '{', '(']);
            before.trim_end_matches("Some").ends_with(&format!("{name}: "))
        };
        assert!(settings.match_indices(text.as_str()).any(under_its_name), "{name} ({text}) is not in {settings}");
    }
}

#[test]
fn every_attribute_of_aws_reaches_its_setting() {
    let mut leaves = Vec::new();
    let block = filled(&aws::Block::attributes(), "aws", &mut leaves);
    let settings = aws::Block::decode(&block, &Path::root()).unwrap().settings();
    let keys = settings.keys.as_ref().unwrap();
    let (secret, token) = (keys.secret_key.expose(), keys.session_token.as_ref().unwrap().expose());
    let shown = format!("{settings:?} secret_key: \"{secret}\", session_token: \"{token}\"");
    assert_all_arrive(&leaves, &shown);
}

#[test]
fn every_attribute_of_kubernetes_reaches_its_setting() {
    let mut leaves = Vec::new();
    let block = filled(&kubernetes::Block::attributes(), "kubernetes", &mut leaves);
    let settings = kubernetes::settings(&kubernetes::Block::decode(&block, &Path::root()).unwrap());
    let (token, key) = (settings.token.as_ref().unwrap().expose(), settings.client_key.as_ref().unwrap().expose());
    let shown = format!("{settings:?} token: \"{token}\", client_key: \"{key}\"");
    assert_all_arrive(&leaves, &shown);
}
