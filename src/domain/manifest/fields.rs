//! Who set which fields of an object: `metadata.managedFields` (`fieldsV1` of structured-merge-diff).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::digest::sha256_hex;
use crate::domain::ownership::OWNER;

/// The fields that a manager has declared by server-side apply; `None` if it has declared none.
pub fn of_manager<'a>(object: &'a Value, manager: &str) -> Option<&'a Value> {
    entries(object).find(|entry| is_apply(entry) && name(entry) == manager)?.get("fieldsV1")
}

/// The manager that has put our mark on an object.
pub fn marker(object: &Value) -> Option<&str> {
    let mark = format!("f:{OWNER}");
    let has_mark = |entry: &&Value| {
        let annotations = entry.pointer("/fieldsV1/f:metadata/f:annotations");
        annotations.is_some_and(|annotations| annotations.get(&mark).is_some())
    };
    entries(object).filter(|entry| is_apply(entry)).find(has_mark).map(name)
}

/// A digest of which fields a manager owns. It tells nothing of their values, and changes when somebody else sets one of them.
/// Our marks come and go while an object is made, and do not count.
pub fn digest(object: &Value, manager: &str) -> Option<String> {
    let mut fields = of_manager(object, manager)?.clone();
    // Whoever binds a pull secret to an account takes the list over; ours is among it all the same.
    if object.get("kind").and_then(Value::as_str) == Some("ServiceAccount")
        && let Some(fields) = fields.as_object_mut()
    {
        fields.remove("f:imagePullSecrets");
    }
    if let Some(annotations) = fields.pointer_mut("/f:metadata/f:annotations").and_then(Value::as_object_mut) {
        annotations.retain(|step, _| step != "." && !step.starts_with(MARKS));
    }
    Some(sha256_hex(fields.to_string().as_bytes()))
}

/// How the steps to our annotations begin.
const MARKS: &str = "f:berth/";

/// The part of an object that these fields are.
pub fn part(value: &Value, fields: &Value) -> Value {
    let Some(fields) = fields.as_object().filter(|fields| !is_leaf(fields)) else { return value.clone() };
    match value {
        Value::Object(members) => members_of(members, fields),
        Value::Array(elements) => {
            let chosen = elements.iter().filter_map(|element| {
                let (_, inner) = fields.iter().find(|(step, _)| is_element(step, element))?;
                Some(part(element, inner))
            });
            Value::Array(chosen.collect())
        }
        other => other.clone(),
    }
}

fn members_of(members: &Map<String, Value>, fields: &Map<String, Value>) -> Value {
    let chosen = fields.iter().filter_map(|(step, inner)| {
        let name = step.strip_prefix("f:")?;
        Some((name.to_owned(), part(members.get(name)?, inner)))
    });
    Value::Object(chosen.collect())
}

/// Nothing is told of what is inside: all of it belongs to the field.
fn is_leaf(fields: &Map<String, Value>) -> bool {
    fields.keys().all(|step| step == ".")
}

/// Whether a step of `fieldsV1` (`k:{…}` or `v:…`) leads to an element of a list.
fn is_element(step: &str, element: &Value) -> bool {
    if let Some(key) = step.strip_prefix("k:").and_then(|key| serde_json::from_str::<Map<String, Value>>(key).ok()) {
        return key.iter().all(|(name, value)| element.get(name) == Some(value));
    }
    step.strip_prefix("v:").and_then(|value| serde_json::from_str::<Value>(value).ok()).is_some_and(|it| it == *element)
}

/// How the lists of an object are made up, by what all its managers say.
#[derive(Clone, Copy, Debug)]
pub struct Structure<'a>(&'a [Value]);

/// How elements of a list are told apart.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// By these members.
    Keys(BTreeSet<String>),
    /// By their value.
    Values,
    /// By their place.
    Places,
}

/// The `fieldsV1` of all managers.
pub fn structure(object: &Value) -> Vec<Value> {
    entries(object).filter_map(|entry| entry.get("fieldsV1").cloned()).collect()
}

impl<'a> Structure<'a> {
    /// A look at what [`structure`] has gathered.
    pub fn new(fields: &'a [Value]) -> Self {
        Self(fields)
    }

    /// How the elements of the list at this place are told apart.
    pub fn elements(&self) -> Elements {
        let steps: Vec<&str> =
            self.0.iter().filter_map(Value::as_object).flat_map(Map::keys).map(String::as_str).collect();
        let keys = steps.iter().filter_map(|step| step.strip_prefix("k:"));
        let keys = keys.filter_map(|key| serde_json::from_str::<Map<String, Value>>(key).ok());
        let names: BTreeSet<String> = keys.flat_map(|key| key.into_iter().map(|(name, _)| name)).collect();
        match (names.is_empty(), steps.iter().any(|step| step.starts_with("v:"))) {
            (false, _) => Elements::Keys(names),
            (true, true) => Elements::Values,
            (true, false) => Elements::Places,
        }
    }
}

/// What is below one member, of all managers.
pub fn below_member(fields: &[Value], name: &str) -> Vec<Value> {
    let step = format!("f:{name}");
    fields.iter().filter_map(|fields| fields.get(&step).cloned()).collect()
}

/// What is below one element of a list, of all managers.
pub fn below_element(fields: &[Value], element: &Value) -> Vec<Value> {
    let steps = fields.iter().filter_map(Value::as_object).flatten();
    steps.filter(|(step, _)| is_element(step, element)).map(|(_, inner)| inner.clone()).collect()
}

/// Whether a map or list is made up of parts that have managers of their own, by what is below it.
pub fn is_shared(below: &[Value]) -> bool {
    below.iter().filter_map(Value::as_object).any(|fields| !is_leaf(fields))
}

/// Whether it is an account with pull secrets of its own: a `berth_pull_secret`, or other tools, may add theirs.
pub fn has_shared_pull_secrets(declared: &Value) -> bool {
    let is = |name: &str, text: &str| declared.get(name).and_then(Value::as_str) == Some(text);
    is("kind", "ServiceAccount") && is("apiVersion", "v1") && declared.get(PULL_SECRETS).is_some_and(Value::is_array)
}

/// The names of an account's pull secrets.
pub fn pull_secrets(account: &Value) -> Vec<String> {
    let elements = account.get(PULL_SECRETS).and_then(Value::as_array).into_iter().flatten();
    elements.filter_map(|element| Some(element.get("name")?.as_str()?.to_owned())).collect()
}

/// An account as it is to be declared: with what others have bound to it, since the API takes the list for one value. What
/// `before` names was ours. What stands keeps its place, so that nothing is in dispute.
pub fn with_bound(declared: &Value, found: &Value, before: &[String]) -> Value {
    let ours = pull_secrets(declared);
    let name = |element: &Value| element.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
    let standing = found.get(PULL_SECRETS).and_then(Value::as_array).cloned().unwrap_or_default();
    let stays = |element: &Value| ours.contains(&name(element)) || !before.contains(&name(element));
    let mut elements: Vec<Value> = standing.into_iter().filter(stays).collect();
    for element in declared.get(PULL_SECRETS).and_then(Value::as_array).into_iter().flatten() {
        if !elements.iter().any(|it| name(it) == name(element)) {
            elements.push(element.clone());
        }
    }
    let mut merged = declared.clone();
    if let Some(members) = merged.as_object_mut() {
        members.insert(PULL_SECRETS.to_owned(), elements.into());
    }
    merged
}

/// The member of an account that the API takes for one value, and that has several writers.
pub const PULL_SECRETS: &str = "imagePullSecrets";

/// Whether all of these managers wrote by hand or by a program that wrote once: neither another declaration nor the
/// autoscaler, both of which keep to what they have set.
pub fn may_be_set_back(object: &Value, managers: &[String]) -> bool {
    managers.iter().all(|manager| {
        let of_manager: Vec<_> = entries(object).filter(|entry| name(entry) == manager).collect();
        !of_manager.is_empty() && !of_manager.iter().any(|entry| is_apply(entry)) && manager != AUTOSCALER
    })
}

/// What the autoscaler of Pods writes as.
const AUTOSCALER: &str = "kube-controller-manager";

/// The entries without those of tools that declared the object before it was taken over.
pub fn without_former(object: &Value, ours: &str) -> Option<Vec<Value>> {
    let all: Vec<_> = entries(object).collect();
    let kept: Vec<Value> = all.iter().copied().filter(|entry| !is_former(entry, ours)).cloned().collect();
    (kept.len() < all.len()).then_some(kept)
}

/// The fields that such tools have set; `None` if there are none.
pub fn of_formers(object: &Value, ours: &str) -> Option<Value> {
    let fields = entries(object).filter(|entry| is_former(entry, ours)).filter_map(|entry| entry.get("fieldsV1"));
    fields.cloned().reduce(|one, other| joined(one, &other))
}

/// Whether an entry is of a tool that declares. Source: kubectl's `csaupgrade`; the kubernetes provider writes as `Terraform`, its
/// typed resources and the kubectl provider as `HashiCorp` (the beginning of their user agents), Helm as `helm`, others with
/// their program's name.
fn is_former(entry: &Value, ours: &str) -> bool {
    let manager = name(entry).to_ascii_lowercase();
    let is_tool = manager.starts_with("kubectl")
        || manager.starts_with("helm")
        || manager.contains("terraform")
        || manager == "hashicorp"
        || manager == "before-first-apply";
    is_tool && name(entry) != ours && entry.get("subresource").is_none()
}

/// The fields of either.
fn joined(one: Value, other: &Value) -> Value {
    let (Value::Object(mut members), Value::Object(others)) = (one, other) else { return other.clone() };
    for (step, below) in others {
        let known = members.remove(step);
        members.insert(step.clone(), known.map_or_else(|| below.clone(), |known| joined(known, below)));
    }
    Value::Object(members)
}

fn entries(object: &Value) -> impl Iterator<Item = &Value> {
    object.pointer("/metadata/managedFields").and_then(Value::as_array).into_iter().flatten()
}

fn is_apply(entry: &Value) -> bool {
    entry.get("operation").and_then(Value::as_str) == Some("Apply") && entry.get("subresource").is_none()
}

fn name(entry: &Value) -> &str {
    entry.get("manager").and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service() -> Value {
        json!({
            "metadata": { "name": "a", "annotations": { "berth/owner": "x", "else": "y" }, "managedFields": [
                { "manager": "berth", "operation": "Apply", "fieldsV1": {
                    "f:metadata": { "f:annotations": { "f:berth/owner": {} } },
                    "f:spec": { "f:ports": { "k:{\"port\":80,\"protocol\":\"TCP\"}": { ".": {}, "f:port": {} } }, "f:selector": {} } } },
                { "manager": "kubectl-edit", "operation": "Update", "fieldsV1": { "f:spec": { "f:type": {} } } },
            ] },
            "spec": { "ports": [{ "port": 80, "protocol": "TCP", "targetPort": 80 }, { "port": 81, "protocol": "TCP" }], "selector": { "a": "b" }, "type": "NodePort" },
        })
    }

    #[test]
    fn the_part_of_a_manager_is_what_it_declared() {
        let service = service();
        assert_eq!(marker(&service), Some("berth"));
        let own = part(&service, of_manager(&service, "berth").unwrap());
        let expected = json!({ "metadata": { "annotations": { "berth/owner": "x" } }, "spec": { "ports": [{ "port": 80 }], "selector": { "a": "b" } } });
        assert_eq!(own, expected);
        assert_eq!(of_manager(&service, "kubectl-edit"), None);
    }

    #[test]
    fn elements_are_told_apart_as_managers_do() {
        let fields = structure(&service());
        let ports = below_member(&below_member(&fields, "spec"), "ports");
        assert_eq!(
            Structure::new(&ports).elements(),
            Elements::Keys(["port".to_owned(), "protocol".to_owned()].into())
        );
        assert_eq!(Structure::new(&below_member(&fields, "spec")).elements(), Elements::Places);
        let set = [json!({ "v:\"a\"": {} })];
        assert_eq!(Structure::new(&set).elements(), Elements::Values);
    }

    #[test]
    fn an_account_keeps_what_others_bind_to_it_and_loses_what_we_take_out() {
        let account = |names: &[&str]| {
            let list: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
            json!({ "apiVersion": "v1", "kind": "ServiceAccount", PULL_SECRETS: list })
        };
        let merged = |declared: &[&str], found: &[&str], before: &[&str]| {
            let before: Vec<String> = before.iter().map(|name| (*name).to_owned()).collect();
            pull_secrets(&with_bound(&account(declared), &account(found), &before))
        };
        assert_eq!(merged(&["own"], &["own", "pull"], &["own"]), ["own", "pull"]);
        assert_eq!(merged(&["new"], &["own", "pull"], &["own"]), ["pull", "new"]);
        assert_eq!(merged(&[], &["own", "pull"], &["own"]), ["pull"]);
        assert_eq!(merged(&["own"], &["pull"], &["own"]), ["pull", "own"]);
        assert!(has_shared_pull_secrets(&account(&[])) && !has_shared_pull_secrets(&json!({ "kind": "Pod" })));
    }

    #[test]
    fn only_what_was_written_by_hand_is_set_back() {
        let service = service();
        let managers = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(may_be_set_back(&service, &managers(&["kubectl-edit"])));
        assert!(!may_be_set_back(&service, &managers(&["kubectl-edit", "berth"])));
        assert!(!may_be_set_back(&service, &managers(&["nobody"])));
        assert_eq!(without_former(&service, "berth").map(|kept| kept.len()), Some(1));
    }
}
