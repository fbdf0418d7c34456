//! What differs in the cluster from what was declared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use crate::digest::sha256_hex;

use super::manifest::fields::{self, Elements, Structure};
use super::quantity::Quantity;

/// How many differences of one object are told.
const TOLD: usize = 5;

/// What the API server stored otherwise than we declared it when we did: by place, a digest of what it stored. A webhook that
/// changes objects on their way in does so each time, and nobody can set it right. What an object that others may add to has
/// where we declare it empty is among them in any case: it tells later whether somebody has filled it since.
pub type Deviations = BTreeMap<String, String>;

/// Tells where `found` does not have what `declared` says. What only `found` has does not count: the
/// cluster fills in defaults and others own fields of their own.
pub fn differences(declared: &Value, found: &Value) -> Vec<String> {
    told(&compared(declared, found), &Deviations::new())
}

/// Where `stored`, the API server's answer to our own declaration, is not what `declared` says. Elements of its lists are
/// found as its managers tell them apart.
pub fn own_deviations(declared: &Value, stored: &Value) -> Deviations {
    noted(own_compared(declared, stored, &structure(declared, stored)))
}

/// As [`differences`], of an object that others may add to, without what was stored so when it was declared.
pub fn own_differences(declared: &Value, found: &Value, known: &Deviations) -> Vec<String> {
    told(&own_compared(declared, found, &structure(declared, found)), known)
}

fn noted(found: Vec<Difference<'_>>) -> Deviations {
    found.into_iter().map(|it| (it.path.clone(), it.digest())).collect()
}

fn told(differences: &[Difference<'_>], known: &Deviations) -> Vec<String> {
    differences.iter().filter(|it| it.is_new(known)).take(TOLD).map(ToString::to_string).collect()
}

/// One place where the two differ, or that is declared empty.
struct Difference<'a> {
    path: String,
    declared: &'a Value,
    found: &'a Value,
}

impl Difference<'_> {
    /// Whether it came after the declaration.
    fn is_new(&self, known: &Deviations) -> bool {
        let known = known.get(&self.path);
        if !is_empty(self.declared) {
            return known != Some(&self.digest());
        }
        // Where it was not noted what the server stored there, it says nothing.
        let is_as_declared = self.found == self.declared || self.declared.is_array() && is_empty(self.found);
        !is_as_declared && known.is_some_and(|known| *known != self.digest())
    }

    fn digest(&self) -> String {
        sha256_hex(self.found.to_string().as_bytes())
    }
}

impl fmt::Display for Difference<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}, declared {}", self.path, shown(self.found), shown(self.declared))
    }
}

/// What is declared empty does not count: the API leaves it out, and others may fill it.
fn compared<'a>(declared: &'a Value, found: &'a Value) -> Vec<Difference<'a>> {
    let mut differences = Vec::new();
    compare(String::new(), declared, found, &[], &mut differences);
    differences.retain(|it| !is_empty(it.declared));
    differences
}

/// What is declared empty counts, unless its managers share it: `podSelector: {}` and `rules: []` say what is meant.
fn own_compared<'a>(declared: &'a Value, found: &'a Value, owned: &[Value]) -> Vec<Difference<'a>> {
    if owned.is_empty() {
        return compared(declared, found);
    }
    let mut differences = Vec::new();
    compare(String::new(), declared, found, owned, &mut differences);
    differences
}

/// How the lists of an object are made up. That of an account's pull secrets has several writers, though the API takes it for
/// one value.
fn structure(declared: &Value, found: &Value) -> Vec<Value> {
    let mut known = fields::structure(found);
    if !known.is_empty() && fields::has_shared_pull_secrets(declared) {
        known.push(json!({ "f:imagePullSecrets": { "k:{\"name\":\"\"}": {} } }));
    }
    known
}

fn compare<'a>(
    path: String,
    declared: &'a Value,
    found: &'a Value,
    owned: &[Value],
    differences: &mut Vec<Difference<'a>>,
) {
    match (declared, found) {
        (Value::Null, _) => {}
        (declared, _) if is_empty(declared) => {
            if !fields::is_shared(owned) {
                differences.push(Difference { path, declared, found });
            }
        }
        // The API leaves out what says nothing.
        (Value::Object(members), Value::Null) if is_hollow(declared) => {
            for (name, value) in members {
                compare(format!("{path}.{name}"), value, found, &[], differences);
            }
        }
        (Value::Object(declared), Value::Object(found)) => {
            for (name, value) in declared {
                let below = fields::below_member(owned, name);
                let found = found.get(name).unwrap_or(&Value::Null);
                compare(format!("{path}.{name}"), value, found, &below, differences);
            }
        }
        (Value::Array(elements), Value::Array(members)) => {
            compare_lists(&path, (declared, elements), (found, members), owned, differences);
        }
        _ if declared == found || is_same_quantity(declared, found) => {}
        _ => differences.push(Difference { path, declared, found }),
    }
}

fn compare_lists<'a>(
    path: &str,
    (declared, elements): (&'a Value, &'a [Value]),
    (found, members): (&'a Value, &'a [Value]),
    owned: &[Value],
    differences: &mut Vec<Difference<'a>>,
) {
    match Structure::new(owned).elements() {
        Elements::Keys(names) => {
            for (index, (element, member)) in elements.iter().zip(by_keys(elements, members, &names)).enumerate() {
                let below = fields::below_element(owned, member);
                compare(format!("{path}[{index}]"), element, member, &below, differences);
            }
        }
        Elements::Values if elements.iter().all(|element| members.contains(element)) => {}
        Elements::Places if elements.len() == members.len() => {
            for (index, (element, member)) in elements.iter().zip(members).enumerate() {
                compare(format!("{path}[{index}]"), element, member, &[], differences);
            }
        }
        Elements::Values | Elements::Places => differences.push(Difference { path: path.to_owned(), declared, found }),
    }
}

/// The member that each element stands for. What is named in full comes first: of two ports of one number, the one that is
/// declared without its protocol is that which is left.
fn by_keys<'a>(elements: &[Value], members: &'a [Value], names: &BTreeSet<String>) -> Vec<&'a Value> {
    let mut found = vec![&Value::Null; elements.len()];
    let mut left: Vec<&Value> = members.iter().collect();
    for fits in [is_full_key, is_default_key, is_open_key] {
        for (element, found) in elements.iter().zip(&mut found).filter(|(_, found)| found.is_null()) {
            let is_it = |it: &&Value| names.iter().all(|name| fits(name, element.get(name), it.get(name)));
            if let Some(place) = left.iter().position(is_it) {
                *found = left.remove(place);
            }
        }
    }
    found
}

fn is_full_key(_: &str, declared: Option<&Value>, found: Option<&Value>) -> bool {
    declared == found
}

/// The default that keys of the API have: the protocol of a port.
fn is_default_key(name: &str, declared: Option<&Value>, found: Option<&Value>) -> bool {
    let is_default = name == "protocol" && found.and_then(Value::as_str) == Some("TCP");
    declared == found || declared.is_none() && is_default
}

/// A part of a key that is not declared has any default.
fn is_open_key(_: &str, declared: Option<&Value>, found: Option<&Value>) -> bool {
    declared.is_none() || declared == found
}

/// Whether a value says nothing.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Whether nothing but what is empty is in it.
fn is_hollow(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().all(is_hollow),
        other => is_empty(other),
    }
}

/// A value fit for a sentence; long texts are told by their length.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) if text.len() > 60 => format!("another text of {} characters", text.chars().count()),
        other => {
            let text = other.to_string();
            if text.len() > 60 { "another value".to_owned() } else { text }
        }
    }
}

/// The API writes quantities in its own way: `1000m` comes back as `1`.
fn is_same_quantity(declared: &Value, found: &Value) -> bool {
    match (declared.as_str().and_then(Quantity::parse), found.as_str().and_then(Quantity::parse)) {
        (Some(declared), Some(found)) => declared == found && !declared.is_capped(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
