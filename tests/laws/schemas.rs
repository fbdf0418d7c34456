//! The rules that Terraform itself has for schemas, and our own.

use std::collections::BTreeSet;

use berth::plugin::wire::msgpack;
use berth::sdk::{self, Attribute, Mode, Nesting, Shape, Type, Value, check};

use crate::subjects::{Kind, catalogue, subjects};

/// Terraform's own words in a resource or data block, and in a provider block.
const OF_BLOCKS: &[&str] = &["count", "for_each", "depends_on", "lifecycle", "provider", "provisioner", "connection"];
const OF_PROVIDERS: &[&str] = &["alias", "version"];

/// Attributes whose name says that they hold a secret.
const SECRETS: &[&str] =
    &["password", "secret_key", "session_token", "token", "client_key", "private_key_pem", "hmac_key"];

#[test]
fn schemas_obey_the_rules_of_terraform() {
    let mut wrong = Vec::new();
    for subject in subjects() {
        let reserved = if subject.kind == Kind::Provider { OF_PROVIDERS } else { OF_BLOCKS };
        let names = subject.schema.attributes.iter().map(|attribute| attribute.name.as_str());
        wrong.extend(
            names.filter(|name| reserved.contains(name)).map(|name| format!("{subject}: `{name}` is reserved")),
        );
        if subject.kind != Kind::Provider && !subject.name.starts_with("berth_") {
            wrong.push(format!("{subject}: the name of a type begins with the provider's"));
        }
        if subject.schema.version < 0 {
            wrong.push(format!("{subject}: a state version is not negative"));
        }
        object_rules(&subject.to_string(), &subject.schema.attributes, false, &mut wrong);
        match subject.kind {
            Kind::Of(sdk::Kind::Ephemeral) => {
                ephemeral_rules(&subject.to_string(), &subject.schema.attributes, &mut wrong);
            }
            Kind::Of(sdk::Kind::List | sdk::Kind::Action) => {
                given_rules(&subject.to_string(), &subject.schema.attributes, &mut wrong);
            }
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn object_rules(at: &str, attributes: &[Attribute], in_set: bool, wrong: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    for attribute in attributes {
        let here = format!("{at}.{}", attribute.name);
        let mut say = |broken: bool, rule: &str| {
            if broken {
                wrong.push(format!("{here}: {rule}"));
            }
        };
        say(!is_identifier(&attribute.name), "a name is of small letters, digits and underscores");
        say(!seen.insert(attribute.name.as_str()), "there is another of that name");
        say(in_set && attribute.write_only, "a set holds nothing write-only");
        say(
            in_set && attribute.mode.is_computed() && attribute.default.is_none(),
            "a set holds nothing computed: the element would not be found again",
        );
        say(attribute.write_only && attribute.mode.is_computed(), "nobody computes a write-only value");
        say(attribute.write_only && attribute.replace, "no plan sees a write-only value change");
        say(!fits_default(attribute), "the default is not of the attribute's type, or against its checks");
        match &attribute.shape {
            Shape::Plain(plain) => say(hides_dynamic(plain), "a collection has elements of one type"),
            Shape::Nested(nesting, inner) => {
                say(inner.is_empty(), "a nested attribute has attributes");
                object_rules(&here, inner, in_set || *nesting == Nesting::Set, wrong);
            }
        }
    }
}

/// Nothing of an ephemeral resource is stored, so that nothing needs to be write-only, and nothing is there to be replaced or
/// compared with what was.
fn ephemeral_rules(at: &str, attributes: &[Attribute], wrong: &mut Vec<String>) {
    for attribute in attributes {
        let here = format!("{at}.{}", attribute.name);
        if attribute.write_only || attribute.name.ends_with("_wo") || attribute.name.ends_with("_wo_version") {
            wrong.push(format!("{here}: nothing of an ephemeral resource is stored, so nothing is write-only"));
        }
        if attribute.replace || attribute.keep || attribute.equality.is_some() {
            wrong.push(format!("{here}: an ephemeral resource has nothing before it that it could be compared with"));
        }
        if let Shape::Nested(_, inner) = &attribute.shape {
            ephemeral_rules(&here, inner, wrong);
        }
    }
}

/// Of a listing or an action everything is given, and nothing is there before it or stays after it.
fn given_rules(at: &str, attributes: &[Attribute], wrong: &mut Vec<String>) {
    for attribute in attributes {
        let here = format!("{at}.{}", attribute.name);
        if attribute.mode.is_computed() && attribute.default.is_none() {
            wrong.push(format!("{here}: nothing is computed that nobody could read"));
        }
        if attribute.replace || attribute.keep || attribute.equality.is_some() {
            wrong.push(format!("{here}: there is nothing before it that it could be compared with"));
        }
        if let Shape::Nested(_, inner) = &attribute.shape {
            given_rules(&here, inner, wrong);
        }
    }
}

#[test]
fn every_list_is_of_a_resource_with_an_identity_and_hides_nothing() {
    for list in catalogue().types_of(sdk::Kind::List) {
        let resource = catalogue().resource_named(list.name()).expect("a list is of a resource");
        assert!(resource.identity().is_some(), "{}", list.name());
        assert!(!list.schema().attributes.iter().any(Attribute::holds_secrets), "{}", list.name());
    }
}

#[test]
fn what_can_be_imported_has_an_identity_that_hosts_can_keep() {
    let mut wrong = Vec::new();
    for r#type in catalogue().types() {
        let at = format!("identity of {}", r#type.name());
        match r#type.identity() {
            Some(identity) => identity_rules(&at, &identity.schema().attributes, &mut wrong),
            None if r#type.meta().import_id.is_empty() => {}
            None => wrong.push(format!("{at}: there is none, and it can be imported: `.identified(…)`")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Hosts know identities of plain values and lists of them, each required or optional for an import
/// (Terraform, `internal/providers/schemas.go`); they show them, and keep them in the state.
fn identity_rules(at: &str, attributes: &[Attribute], wrong: &mut Vec<String>) {
    attribute_sentences(at, attributes, wrong);
    for attribute in attributes {
        let here = format!("{at}.{}", attribute.name);
        let plain = |ty: &Type| matches!(ty, Type::String | Type::Number | Type::Bool);
        let is_kept = match attribute.shape.value_type() {
            Type::List(element) => plain(&element),
            ty => plain(&ty),
        };
        let is_fine = is_kept && is_identifier(&attribute.name) && !attribute.sensitive && !attribute.write_only;
        if !is_fine || !matches!(attribute.mode, Mode::Required | Mode::Optional) {
            wrong.push(format!("{here}: no plain public value that an import must or may give"));
        }
    }
    if !attributes.iter().any(|attribute| attribute.mode == Mode::Required) {
        wrong.push(format!("{at}: nothing of it must be given"));
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// A dynamic type inside a collection: Terraform cannot write such a schema down.
fn hides_dynamic(ty: &Type) -> bool {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => holds_dynamic(element),
        Type::Tuple(elements) => elements.iter().any(hides_dynamic),
        Type::Object(attributes) => attributes.values().any(hides_dynamic),
        Type::Bool | Type::Number | Type::String | Type::Dynamic => false,
    }
}

fn holds_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Dynamic => true,
        Type::List(element) | Type::Set(element) | Type::Map(element) => holds_dynamic(element),
        Type::Tuple(elements) => elements.iter().any(holds_dynamic),
        Type::Object(attributes) => attributes.values().any(holds_dynamic),
        Type::Bool | Type::Number | Type::String => false,
    }
}

fn fits_default(attribute: &Attribute) -> bool {
    let Some(default) = &attribute.default else { return true };
    let ty = attribute.shape.value_type();
    let default = match (&ty, default) {
        (Type::Set(_), Value::List(elements)) => Value::set(elements.clone()),
        _ => default.clone(),
    };
    let typed = !default.is_null() && msgpack::encode(&default, &ty).is_ok();
    typed && attribute.checks.iter().all(|check| check.test(&default).is_ok())
}

#[test]
fn the_rules_see_what_breaks_them() {
    let plain = |name: &str, ty: Type| Attribute::new(name, Shape::Plain(ty), Mode::Optional, "Says something.");
    let inside = vec![
        Attribute { write_only: true, ..plain("key_wo", Type::String) },
        Attribute { mode: Mode::Computed, ..plain("id", Type::String) },
    ];
    let attributes = [
        plain("Name", Type::String),
        plain("name", Type::list(Type::Dynamic)),
        plain("name", Type::Dynamic),
        Attribute { default: Some("three".into()), ..plain("size", Type::Number) },
        Attribute { default: Some(3.into()), checks: vec![check::range(1, 2)], ..plain("count", Type::Number) },
        Attribute { write_only: true, replace: true, ..plain("token_wo", Type::String) },
        Attribute::new("users", Shape::Nested(Nesting::Set, inside), Mode::Optional, "has no capital."),
    ];
    let mut wrong = Vec::new();
    object_rules("x", &attributes, false, &mut wrong);
    attribute_sentences("x", &attributes, &mut wrong);
    secret_rules("x", &attributes, &mut wrong);
    ephemeral_rules("y", &attributes[3..6], &mut wrong);
    given_rules("z", &attributes[5..], &mut wrong);
    let expected = [
        "x.Name: a name is of small letters, digits and underscores",
        "x.name: a collection has elements of one type",
        "x.name: there is another of that name",
        "x.size: the default is not of the attribute's type, or against its checks",
        "x.count: the default is not of the attribute's type, or against its checks",
        "x.token_wo: no plan sees a write-only value change",
        "x.users.key_wo: a set holds nothing write-only",
        "x.users.id: a set holds nothing computed: the element would not be found again",
        "x.users: not a sentence with a full stop: \"has no capital.\"",
        "x.token_wo: has no number `token_wo_version` beside it",
        "x.users.key_wo: has no number `key_wo_version` beside it",
        "y.token_wo: nothing of an ephemeral resource is stored, so nothing is write-only",
        "y.token_wo: an ephemeral resource has nothing before it that it could be compared with",
        "z.token_wo: there is nothing before it that it could be compared with",
        "z.users.id: nothing is computed that nobody could read",
    ];
    assert_eq!(wrong, expected);
}

#[test]
fn everything_is_documented_in_sentences() {
    let mut wrong = Vec::new();
    for subject in subjects() {
        sentence(&subject.to_string(), &subject.schema.description, &mut wrong);
        if subject.subcategory.is_empty() {
            wrong.push(format!("{subject}: is listed under no heading"));
        }
        attribute_sentences(&subject.to_string(), &subject.schema.attributes, &mut wrong);
    }
    for function in catalogue().functions() {
        let (at, signature) = (format!("function {}", function.name()), function.signature());
        if signature.summary.is_empty() {
            wrong.push(format!("{at}: has no line for the table of contents"));
        }
        sentence(&at, signature.description, &mut wrong);
        for parameter in signature.parameters.iter().chain(&signature.variadic) {
            sentence(&format!("{at}({})", parameter.name), parameter.description, &mut wrong);
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn attribute_sentences(at: &str, attributes: &[Attribute], wrong: &mut Vec<String>) {
    for attribute in attributes {
        let here = format!("{at}.{}", attribute.name);
        sentence(&here, &attribute.description, wrong);
        for check in attribute.checks.iter().filter(|check| !check.rule().starts_with("must ")) {
            wrong.push(format!("{here}: the rule `{}` does not complete `The value …`", check.rule()));
        }
        if let Shape::Nested(_, inner) = &attribute.shape {
            attribute_sentences(&here, inner, wrong);
        }
    }
}

fn sentence(at: &str, text: &str, wrong: &mut Vec<String>) {
    let begins = text.starts_with(|first: char| first.is_uppercase() || matches!(first, '`' | '"' | '['));
    let text = text.trim_end_matches("```");
    if !begins || !(text.ends_with('.') || text.ends_with('\n')) {
        wrong.push(format!("{at}: not a sentence with a full stop: {:?}", text.chars().take(60).collect::<String>()));
    }
}

#[test]
fn secrets_are_hidden_and_write_only_ones_have_a_version() {
    let mut wrong = Vec::new();
    let actions = Kind::Of(sdk::Kind::Action);
    for subject in subjects() {
        // An action leaves nothing that a later value could be compared with.
        if subject.kind == actions {
            continue;
        }
        secret_rules(&subject.to_string(), &subject.schema.attributes, &mut wrong);
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn secret_rules(at: &str, attributes: &[Attribute], wrong: &mut Vec<String>) {
    for attribute in attributes {
        let here = format!("{at}.{}", attribute.name);
        let plain_text = attribute.shape.value_type() == Type::String;
        if SECRETS.contains(&attribute.name.as_str()) && plain_text && !attribute.sensitive {
            wrong.push(format!("{here}: is a secret by its name and not sensitive"));
        }
        let version = format!("{}_version", attribute.name);
        let has_version = attributes.iter().any(|a| a.name == version && a.shape.value_type() == Type::Number);
        if attribute.write_only && !has_version {
            wrong.push(format!("{here}: has no number `{version}` beside it"));
        }
        if let Shape::Nested(_, inner) = &attribute.shape {
            secret_rules(&here, inner, wrong);
        }
    }
}

#[test]
fn functions_have_names_that_terraform_can_read() {
    for function in catalogue().functions() {
        let (name, signature) = (function.name(), function.signature());
        let mut names = vec![name];
        names.extend(signature.parameters.iter().chain(&signature.variadic).map(|parameter| parameter.name));
        assert!(names.iter().all(|name| is_identifier(name)), "{names:?}");
        let distinct: BTreeSet<_> = names[1..].iter().collect();
        assert_eq!(distinct.len(), names.len() - 1, "{name} has two parameters of one name");
    }
}
