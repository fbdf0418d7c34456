//! The attributes of a schema as sections of a page: its own, and one for each nested object.

use berth::sdk::{Attribute, Limits, Mode, Shape};
use minijinja::{Value, context};

use super::types;

/// The attributes of one object, under a heading of their own.
#[derive(Debug, Default)]
pub struct Section {
    /// The way to the object, such as `dns01.delegation`; empty for the type itself.
    pub path: String,
    /// A list item for each attribute that the user must set.
    pub required: Vec<String>,
    /// A list item for each attribute that the user may set.
    pub optional: Vec<String>,
    /// A list item for each attribute that the provider sets.
    pub read_only: Vec<String>,
}

impl Section {
    /// What a template needs of it.
    pub fn context(&self) -> Value {
        let groups: Vec<_> =
            [("Required", &self.required), ("Optional", &self.optional), ("Read-Only", &self.read_only)]
                .into_iter()
                .filter(|(_, items)| !items.is_empty())
                .map(|(heading, items)| context! { heading, items })
                .collect();
        context! { path => &self.path, anchor => anchor(&self.path), groups }
    }
}

/// The sections of a schema, each before those of the objects nested in it.
/// `limits` are the defaults of its `timeouts`.
pub fn sections(attributes: &[Attribute], limits: Option<Limits>) -> Vec<Section> {
    let mut found = Vec::new();
    collect("", attributes, limits, &mut found);
    found
}

/// The attributes of an identity, as list items.
pub fn identity(attributes: &[Attribute]) -> Vec<String> {
    let must = |attribute: &Attribute| if attribute.mode == Mode::Required { "required" } else { "optional" };
    let item = |attribute: &Attribute| {
        let (name, words) = (&attribute.name, types::of_shape(&attribute.shape));
        format!("- `{name}` ({words}, {}) {}", must(attribute), indented(&attribute.description))
    };
    attributes.iter().map(item).collect()
}

/// Whether anything, at any depth, is given to the provider and never stored.
pub fn have_write_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.shape {
        Shape::Plain(_) => attribute.write_only,
        Shape::Nested(_, inner) => have_write_only(inner),
    })
}

fn collect(path: &str, attributes: &[Attribute], limits: Option<Limits>, found: &mut Vec<Section>) {
    let mut section = Section { path: path.to_owned(), ..Section::default() };
    let mut nested = Vec::new();
    for attribute in attributes {
        let place = if path.is_empty() { attribute.name.clone() } else { format!("{path}.{}", attribute.name) };
        let item = item(attribute, &place, limits);
        match attribute.mode {
            Mode::Required => section.required.push(item),
            Mode::Optional | Mode::OptionalComputed => section.optional.push(item),
            Mode::Computed => section.read_only.push(item),
        }
        if let Shape::Nested(_, inner) = &attribute.shape {
            nested.push((place, inner));
        }
    }
    found.push(section);
    for (place, inner) in nested {
        collect(&place, inner, limits, found);
    }
}

fn item(attribute: &Attribute, place: &str, limits: Option<Limits>) -> String {
    let mut words = format!("- `{}` ({})", attribute.name, flags(attribute));
    if let Some(why) = &attribute.deprecated {
        words.extend([" **Deprecated:** ", &sentence(why)]);
    }
    words += " ";
    words += &indented(&attribute.description);
    let rules = rules(attribute, place, limits).join(" ");
    if !rules.is_empty() {
        // After a list or several paragraphs, the rules are a paragraph of their own.
        words += if attribute.description.contains("\n\n") { "\n\n  " } else { " " };
        words += &rules;
    }
    words
}

/// What the schema says beside the description, in sentences.
fn rules(attribute: &Attribute, place: &str, limits: Option<Limits>) -> Vec<String> {
    let mut sentences: Vec<_> = default(attribute, place, limits).into_iter().collect();
    sentences.extend(attribute.checks.iter().map(|check| rule(check.rule())));
    if matches!(attribute.shape, Shape::Nested(..)) {
        sentences.push(format!("See [below](#{}).", anchor(place)));
    }
    sentences
}

fn flags(attribute: &Attribute) -> String {
    let mut words = vec![types::of_shape(&attribute.shape)];
    let mut say = |is_so: bool, word: &str| {
        if is_so {
            words.push(word.to_owned());
        }
    };
    say(attribute.sensitive, "Sensitive");
    say(attribute.write_only, "Write-only");
    say(attribute.replace, "Forces replacement");
    say(attribute.deprecated.is_some(), "Deprecated");
    words.join(", ")
}

/// The default in words, unless the description says it already.
fn default(attribute: &Attribute, place: &str, limits: Option<Limits>) -> Option<String> {
    let value = match &attribute.default {
        Some(value) => types::value(value),
        None => types::duration(limit(place, limits?)?),
    };
    let said = [format!("Default `{value}`"), format!("Default: `{value}`")];
    let is_said = said.iter().any(|words| attribute.description.contains(words));
    (!is_said).then(|| format!("Default `{value}`."))
}

fn limit(place: &str, limits: Limits) -> Option<std::time::Duration> {
    match place {
        "timeouts.create" => Some(limits.create),
        "timeouts.read" => Some(limits.read),
        "timeouts.update" => Some(limits.update),
        "timeouts.delete" => Some(limits.delete),
        "timeouts.invoke" => Some(limits.invoke),
        _ => None,
    }
}

/// A check's rule, which completes "The value …", as a sentence.
fn rule(words: &str) -> String {
    match words.strip_prefix("must ") {
        Some(rest) => sentence(&format!("Must {rest}")),
        None => sentence(&format!("The value {words}")),
    }
}

fn sentence(words: &str) -> String {
    if words.ends_with('.') { words.to_owned() } else { format!("{words}.") }
}

/// A text of several lines as the content of one list item.
fn indented(text: &str) -> String {
    let lines = text.lines().map(|line| if line.is_empty() { String::new() } else { format!("  {line}") });
    lines.collect::<Vec<_>>().join("\n").trim_start().to_owned()
}

fn anchor(place: &str) -> String {
    format!("nestedatt--{}", place.replace('.', "--"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use berth::sdk::{Computed, Model, Secret, Timeouts, check};

    use super::*;

    /// A thing.
    #[expect(dead_code, reason = "only its schema is of interest")]
    #[derive(Clone, Model)]
    struct Thing {
        /// The name.
        ///
        /// - one
        /// - two
        #[attr(replace, check = check::length(1, 63))]
        name: String,
        /// When. Default `always`.
        #[attr(default = "always", check = check::one_of(&["always", "never"]))]
        rotation: String,
        /// How many.
        #[attr(default = 3)]
        replicas: i64,
        /// The password.
        #[attr(write_only)]
        password_wo: Option<Secret>,
        /// The old name.
        #[attr(deprecated = "use `name`")]
        title: Option<String>,
        /// The users.
        users: Option<BTreeMap<String, User>>,
        /// How long.
        timeouts: Option<Timeouts>,
        /// The address.
        url: Computed<String>,
    }

    /// A user.
    #[derive(Clone, Model)]
    struct User {
        /// The keys.
        keys: Vec<Key>,
    }

    /// A key.
    #[derive(Clone, Model)]
    struct Key {
        /// Its bits.
        bits: Option<i64>,
    }

    fn thing() -> Vec<Section> {
        sections(&Thing::attributes(), Some(Limits::minutes(90)))
    }

    fn item_of<'a>(items: &'a [String], name: &str) -> &'a str {
        items.iter().find(|item| item.starts_with(&format!("- `{name}`"))).expect("an item of that name")
    }

    #[test]
    fn each_attribute_stands_under_the_heading_of_its_mode() {
        let sections = thing();
        assert_eq!(sections[0].required.len(), 1);
        assert_eq!(sections[0].optional.len(), 6);
        assert_eq!(sections[0].read_only, ["- `url` (String) The address."]);
    }

    #[test]
    fn rules_and_lists_are_part_of_the_item() {
        assert_eq!(
            item_of(&thing()[0].required, "name"),
            "- `name` (String, Forces replacement) The name.\n\n  - one\n  - two\n\n  Must have 1 to 63 characters."
        );
    }

    #[test]
    fn a_default_is_said_once() {
        let sections = thing();
        assert_eq!(
            item_of(&sections[0].optional, "rotation"),
            "- `rotation` (String) When. Default `always`. Must be one of `always`, `never`."
        );
        assert_eq!(item_of(&sections[0].optional, "replicas"), "- `replicas` (Number) How many. Default `3`.");
    }

    #[test]
    fn flags_tell_secrets_and_what_is_deprecated() {
        let sections = thing();
        assert_eq!(
            item_of(&sections[0].optional, "password_wo"),
            "- `password_wo` (String, Sensitive, Write-only) The password."
        );
        assert_eq!(
            item_of(&sections[0].optional, "title"),
            "- `title` (String, Deprecated) **Deprecated:** use `name`. The old name."
        );
    }

    #[test]
    fn write_only_attributes_are_found_at_any_depth() {
        assert!(have_write_only(&Thing::attributes()));
        assert!(!have_write_only(&User::attributes()));
    }

    #[test]
    fn nested_objects_have_sections_of_their_own() {
        let sections = thing();
        let paths: Vec<_> = sections.iter().map(|section| section.path.as_str()).collect();
        assert_eq!(paths, ["", "users", "users.keys", "timeouts"]);
        assert_eq!(
            item_of(&sections[1].required, "keys"),
            "- `keys` (Attributes List) The keys. See [below](#nestedatt--users--keys)."
        );
    }

    #[test]
    fn timeouts_tell_the_limits_of_their_type() {
        let sections = thing();
        let timeouts = &sections[3];
        assert!(item_of(&timeouts.optional, "create").contains("Default `1h30m`."), "{timeouts:?}");
        assert!(item_of(&timeouts.optional, "read").contains("Default `2m`."), "{timeouts:?}");
    }
}
