//! Every schema in words, one line an attribute: a change that users see is a change of a file here.
//!
//! `INSTA_UPDATE=always cargo test --test schema` writes the files of `tests/snapshots`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/subjects.rs"]
#[allow(dead_code, reason = "not every suite needs all that is known of a subject")]
mod subjects;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::{fs, path::Path};

use berth::sdk::{Attribute, Mode, Nesting, Shape, Signature, Type, Value};

use subjects::{Kind, Subject, catalogue, subjects};

#[test]
fn every_schema_is_as_it_was() {
    let mut files = BTreeSet::new();
    for subject in subjects() {
        files.insert(file_of(&subject));
        insta::assert_snapshot!(file_of(&subject), in_words(&subject));
    }
    for function in catalogue().functions() {
        let name = format!("function_{}", function.name());
        insta::assert_snapshot!(name.clone(), signature(function.name(), &function.signature()));
        files.insert(name);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let stored = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let of_nothing: Vec<_> = stored
        .filter_map(|name| Some(name.strip_prefix("schema__")?.strip_suffix(".snap")?.to_owned()))
        .filter(|name| !files.contains(name))
        .collect();
    assert!(of_nothing.is_empty(), "files of what is no more: {of_nothing:?}");
}

#[test]
fn a_data_source_has_no_time_limit_but_that_of_reading() {
    for subject in subjects().into_iter().filter(|subject| subject.kind == Kind::Of(berth::sdk::Kind::Data)) {
        let timeouts = subject.schema.attribute("timeouts").map(|attribute| attribute.shape.clone());
        let Some(Shape::Nested(_, limits)) = timeouts else { continue };
        let names: Vec<_> = limits.iter().map(|limit| limit.name.as_str()).collect();
        assert_eq!(names, ["read"], "{}: use `ReadTimeouts`", subject.name);
    }
}

fn file_of(subject: &Subject) -> String {
    match subject.kind {
        Kind::Provider => "provider".to_owned(),
        Kind::Of(kind) => format!("{}_{}", kind.keyword(), subject.name),
    }
}

fn in_words(subject: &Subject) -> String {
    let mut text = format!("{subject}, version {}\n", subject.schema.version);
    lines(&subject.schema.attributes, 1, &mut text);
    if let Some(identity) = subject.of.and_then(|r#type| r#type.identity()) {
        writeln!(text, "identity, version {}", identity.schema().version).unwrap();
        lines(&identity.schema().attributes, 1, &mut text);
    }
    text
}

fn lines(attributes: &[Attribute], depth: usize, text: &mut String) {
    for attribute in attributes {
        writeln!(text, "{}{}: {}", "  ".repeat(depth), attribute.name, facts(attribute).join(", ")).unwrap();
        if let Shape::Nested(_, inner) = &attribute.shape {
            lines(inner, depth + 1, text);
        }
    }
}

fn facts(attribute: &Attribute) -> Vec<String> {
    let mode = match attribute.mode {
        Mode::Required => "required",
        Mode::Optional => "optional",
        Mode::Computed => "computed",
        Mode::OptionalComputed => "optional and computed",
    };
    let flags = [
        (attribute.sensitive, "sensitive"),
        (attribute.write_only, "write-only"),
        (attribute.replace, "replaces"),
        (attribute.keep, "kept by updates"),
        (attribute.equality.is_some(), "compared by meaning"),
    ];
    let mut facts = vec![shape(&attribute.shape), mode.to_owned()];
    facts.extend(flags.into_iter().filter(|(set, _)| *set).map(|(_, word)| word.to_owned()));
    facts.extend(attribute.default.as_ref().map(|default| format!("default {}", literal(default))));
    facts.extend(attribute.checks.iter().map(|check| check.rule().to_owned()));
    facts.extend(attribute.deprecated.as_ref().map(|why| format!("deprecated: {why}")));
    facts
}

fn shape(shape: &Shape) -> String {
    match shape {
        Shape::Plain(ty) => type_name(ty),
        Shape::Nested(Nesting::Single, _) => "object".to_owned(),
        Shape::Nested(Nesting::List, _) => "list of objects".to_owned(),
        Shape::Nested(Nesting::Set, _) => "set of objects".to_owned(),
        Shape::Nested(Nesting::Map, _) => "map of objects".to_owned(),
    }
}

fn type_name(ty: &Type) -> String {
    let inside = |types: Vec<String>| types.join(", ");
    match ty {
        Type::Bool => "bool".to_owned(),
        Type::Number => "number".to_owned(),
        Type::String => "string".to_owned(),
        Type::Dynamic => "anything".to_owned(),
        Type::List(element) => format!("list({})", type_name(element)),
        Type::Set(element) => format!("set({})", type_name(element)),
        Type::Map(element) => format!("map({})", type_name(element)),
        Type::Tuple(elements) => format!("tuple({})", inside(elements.iter().map(type_name).collect())),
        Type::Object(attributes) => {
            let attributes = attributes.iter().map(|(name, ty)| format!("{name} = {}", type_name(ty)));
            format!("object({})", inside(attributes.collect()))
        }
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("{text:?}"),
        Value::List(elements) | Value::Set(elements) => {
            format!("[{}]", elements.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn signature(name: &str, signature: &Signature) -> String {
    let mut text = format!("function {name}\n");
    for parameter in &signature.parameters {
        let null = if parameter.allow_null { ", may be null" } else { "" };
        writeln!(text, "  {}: {}{null}", parameter.name, type_name(&parameter.r#type)).unwrap();
    }
    if let Some(parameter) = &signature.variadic {
        writeln!(text, "  {}…: {}", parameter.name, type_name(&parameter.r#type)).unwrap();
    }
    writeln!(text, "  gives {}", type_name(&signature.result)).unwrap();
    text
}
