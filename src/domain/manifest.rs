//! Texts with objects of a cluster: which they are, where each belongs, in which order they come and go.

pub mod confidential;
mod declaration;
pub mod exclusive;
pub mod fields;
pub mod health;
mod id;
mod order;
pub mod path;
mod scope;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::kubernetes::{LAST_APPLIED, ObjectRef, annotation};
use super::yaml::{self, Fault};

pub use declaration::{declaration, declaration_of_formers};
pub use id::{of_id, written as id};
pub use order::{Phase, delete_rank, phase};
pub use scope::{Scope, Scopes};

/// What the API server writes into objects: a text that was read from a cluster has it too, and declares it not.
const SERVERS: [&str; 8] = [
    "managedFields",
    "resourceVersion",
    "uid",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
];

/// One object of a text, as it is to be declared.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The line of its document, from 1.
    pub line: usize,
    /// What is declared; `metadata.namespace` only where the text names one.
    pub object: Value,
}

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// It cannot be read.
    Unreadable(Fault),
    /// A document is no object.
    NoObject {
        /// The line of the document.
        line: usize,
        /// What it lacks, as a clause about the document.
        what: String,
    },
    /// Two documents declare the same object.
    Twice {
        /// The lines of both.
        lines: (usize, usize),
        /// The object.
        object: ObjectRef,
    },
}

impl Mistake {
    /// What is wrong, for people.
    pub fn told(&self) -> String {
        match self {
            Self::Unreadable(fault) => format!("line {}, column {}: {}", fault.line, fault.column, fault.what),
            Self::NoObject { line, what } => format!("the document in line {line} {what}"),
            Self::Twice { lines: (first, second), object } => {
                format!("the documents in line {first} and line {second} both declare {object}")
            }
        }
    }

    /// The same without any word of the text.
    pub fn told_without_quoting(&self) -> String {
        match self {
            Self::Unreadable(fault) => format!("line {}, column {} is no YAML", fault.line, fault.column),
            other => other.told(),
        }
    }
}

/// The objects of a text, lists taken apart.
///
/// # Errors
/// The first mistake.
pub fn items(text: &str) -> Result<Vec<Item>, Mistake> {
    let (items, mistakes) = read(text);
    mistakes.into_iter().next().map_or(Ok(items), Err)
}

/// All that is wrong with the documents of a text. One that is no YAML hides those behind it.
pub fn mistakes(text: &str) -> Vec<Mistake> {
    read(text).1
}

fn read(text: &str) -> (Vec<Item>, Vec<Mistake>) {
    let documents = match yaml::documents(text) {
        Ok(documents) => documents,
        Err(fault) => return (Vec::new(), vec![Mistake::Unreadable(fault)]),
    };
    let (mut items, mut mistakes) = (Vec::new(), Vec::new());
    for document in documents {
        mistakes.extend(take(document.line, document.value, &mut items).err());
    }
    (items, mistakes)
}

/// Finds an object that is declared twice; those without a namespace belong to `namespace`.
///
/// # Errors
/// There is one.
pub fn distinct<'a>(items: impl IntoIterator<Item = &'a Item>, namespace: &str) -> Result<(), Mistake> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for item in items {
        let object = item.reference();
        let place = object.namespace.clone().unwrap_or_else(|| namespace.to_owned());
        let placed = ObjectRef { namespace: Some(place), ..object.clone() };
        if let Some(first) = seen.insert(placed.key(), item.line) {
            return Err(Mistake::Twice { lines: (first, item.line), object });
        }
    }
    Ok(())
}

fn take(line: usize, value: Value, found: &mut Vec<Item>) -> Result<(), Mistake> {
    let wrong = |what: &str| Mistake::NoObject { line, what: what.to_owned() };
    let Value::Object(mut members) = value else {
        return Err(wrong("is no mapping with apiVersion, kind and metadata"));
    };
    if let Some((of, elements)) = elements(&mut members) {
        return elements.into_iter().try_for_each(|element| take(line, typed(element, &of), found));
    }
    check(&members).map_err(|what| wrong(&what))?;
    found.push(Item { line, object: Value::Object(declared(members)) });
    Ok(())
}

/// The type of a list's elements, where the list names it, and the elements.
fn elements(list: &mut Map<String, Value>) -> Option<(Map<String, Value>, Vec<Value>)> {
    let kind = list.get("kind").and_then(Value::as_str)?.strip_suffix("List")?.to_owned();
    let elements = std::mem::take(list.get_mut("items")?.as_array_mut()?);
    let version = list.get("apiVersion").cloned().filter(|_| !kind.is_empty());
    let of = version.map(|version| [("apiVersion".to_owned(), version), ("kind".to_owned(), kind.into())]);
    Some((of.into_iter().flatten().collect(), elements))
}

/// An element of a list of one kind need not name it again.
fn typed(element: Value, of: &Map<String, Value>) -> Value {
    match element {
        Value::Object(members) => Value::Object(of.clone().into_iter().chain(members).collect()),
        other => other,
    }
}

fn check(members: &Map<String, Value>) -> Result<(), String> {
    for name in ["apiVersion", "kind"] {
        match members.get(name) {
            Some(Value::String(text)) if !text.is_empty() => {}
            Some(Value::Null) | None => return Err(format!("lacks `{name}`")),
            Some(_) => return Err(format!("has a `{name}` that is no text")),
        }
    }
    let Some(Value::Object(metadata)) = members.get("metadata") else { return Err("lacks `metadata`".to_owned()) };
    match metadata.get("name") {
        Some(Value::String(name)) if !name.is_empty() && !name.contains('/') => {}
        Some(Value::String(_)) => return Err("has a `metadata.name` that is none".to_owned()),
        Some(Value::Null) | None if metadata.contains_key("generateName") => {
            return Err(
                "has `metadata.generateName`: an object that is declared needs its own `metadata.name`".to_owned()
            );
        }
        Some(Value::Null) | None => return Err("lacks `metadata.name`".to_owned()),
        Some(_) => return Err("has a `metadata.name` that is no text: put it into quotes".to_owned()),
    }
    if let Some(namespace) = metadata.get("namespace")
        && !namespace.is_null()
        && !namespace.is_string()
    {
        return Err("has a `metadata.namespace` that is no text: put it into quotes".to_owned());
    }
    for part in ["labels", "annotations"] {
        texts(metadata.get(part), &format!("metadata.{part}"))?;
    }
    // The API server would quote the value that it refuses, also one of a Secret.
    let is_of_texts = is_core(members, "Secret") || is_core(members, "ConfigMap");
    for part in ["data", "stringData", "binaryData"].into_iter().filter(|_| is_of_texts) {
        texts(members.get(part), part)?;
    }
    let of_bytes = if is_core(members, "Secret") { "data" } else { "binaryData" };
    if is_of_texts { bytes(members.get(of_bytes), of_bytes) } else { Ok(()) }
}

/// Texts that stand for bytes.
fn bytes(mapping: Option<&Value>, at: &str) -> Result<(), String> {
    let is_none = |text: &str| STANDARD.decode(text.replace(['\r', '\n'], "")).is_err();
    let mut entries = mapping.and_then(Value::as_object).into_iter().flatten();
    match entries.find(|(_, value)| value.as_str().is_some_and(is_none)) {
        Some((name, _)) if at == "data" => {
            Err(format!("has a value of `{name}` in `{at}` that is no base64: texts belong into `stringData`"))
        }
        Some((name, _)) => {
            Err(format!("has a value of `{name}` in `{at}` that is no base64: texts belong into `data`"))
        }
        None => Ok(()),
    }
}

/// A mapping of texts, or nothing at all.
fn texts(mapping: Option<&Value>, at: &str) -> Result<(), String> {
    let entries = match mapping {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Object(entries)) => entries,
        Some(_) => return Err(format!("has a `{at}` that is no mapping")),
    };
    match entries.iter().find(|(_, value)| !value.is_string() && !value.is_null()) {
        Some((name, _)) => Err(format!("has a value of `{name}` in `{at}` that is no text: put it into quotes")),
        None => Ok(()),
    }
}

/// Without what only the API server writes, and a Secret's texts as the server stores them.
fn declared(mut members: Map<String, Value>) -> Map<String, Value> {
    members.remove("status");
    if is_sum(&members) && members.get("rules").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        members.remove("rules");
    }
    if let Some(Value::Object(metadata)) = members.get_mut("metadata") {
        for name in SERVERS {
            metadata.remove(name);
        }
        if metadata.get("namespace").is_some_and(|namespace| namespace.is_null() || namespace == "") {
            metadata.remove("namespace");
        }
    }
    if is_core(&members, "Secret")
        && let Some(Value::Object(texts)) = members.remove("stringData")
    {
        let encoded = texts.into_iter().map(|(name, text)| (name, encoded(text)));
        let data = members.entry("data").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(data) = data {
            data.extend(encoded);
        } else {
            *data = Value::Object(encoded.collect());
        }
    }
    members
}

/// Whether it is a role whose rules a controller adds up from others: by server-side apply, as the rules' only owner (Kubernetes:
/// `clusterroleaggregation_controller.go`). `rules: []` beside it, as Kubernetes' documentation has it, would be in dispute.
fn is_sum(members: &Map<String, Value>) -> bool {
    members.get("aggregationRule").is_some_and(|rule| !rule.is_null())
}

/// Anything but a text is left for the server to refuse.
fn encoded(text: Value) -> Value {
    match text {
        Value::String(text) => STANDARD.encode(text).into(),
        other => other,
    }
}

/// Whether it is of this kind of the core API.
fn is_core(members: &Map<String, Value>, kind: &str) -> bool {
    members.get("apiVersion").and_then(Value::as_str) == Some("v1")
        && members.get("kind").and_then(Value::as_str) == Some(kind)
}

impl Item {
    /// What it points at; without a namespace where the text names none.
    pub fn reference(&self) -> ObjectRef {
        // `check` has seen all parts.
        ObjectRef::of(&self.object).unwrap_or_else(|| ObjectRef::of_cluster("", "", ""))
    }

    /// Whether it is a Secret with content.
    pub fn has_secret_data(&self) -> bool {
        let Some(members) = self.object.as_object().filter(|members| is_core(members, "Secret")) else { return false };
        let is_full = members.get("data").and_then(Value::as_object).is_some_and(|data| !data.is_empty());
        is_full || annotation(&self.object, LAST_APPLIED).is_some()
    }

    /// The object in its place: in a namespace, or in none.
    #[must_use]
    pub fn placed(&self, scope: Scope, namespace: &str) -> Value {
        let mut object = self.object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            match scope {
                Scope::Cluster => drop(metadata.remove("namespace")),
                Scope::Namespaced => drop(metadata.entry("namespace").or_insert_with(|| namespace.into())),
            }
        }
        object
    }
}

/// Whether two texts declare the same objects in the same words, whatever their order, form and comments.
pub fn is_same(one: &str, other: &str) -> bool {
    let read = |text: &str| {
        let objects = items(text).ok()?.into_iter().map(|item| (item.reference(), item.object));
        Some(objects.collect::<BTreeMap<_, _>>())
    };
    one == other || matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(text: &str) -> String {
        items(text).unwrap_err().told()
    }

    #[test]
    fn lists_are_taken_apart_and_what_the_server_writes_is_left_out() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: x, creationTimestamp: null}, data: {k: v}, status: {}}\n- apiVersion: v1\n  kind: ConfigMapList\n  items: [{metadata: {name: b, namespace: '', deletionTimestamp: x}}]\n";
        let found: Vec<_> = items(text).unwrap().into_iter().map(|item| item.object).collect();
        assert_eq!(
            found,
            [
                json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": { "k": "v" } }),
                json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "b" } }),
            ]
        );
    }

    #[test]
    fn rules_that_a_controller_adds_up_are_left_to_it() {
        let declared = |text: &str| items(text).unwrap().remove(0).object;
        let head = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: sum}\n";
        let sum = "aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}\n";
        assert!(declared(&format!("{head}{sum}rules: []\n")).get("rules").is_none());
        assert!(declared(&format!("{head}rules: []\n")).get("rules").is_some());
        assert!(declared(&format!("{head}{sum}rules: [{{verbs: [get]}}]\n")).get("rules").is_some());
    }

    #[test]
    fn what_is_no_object_is_told_with_its_line() {
        assert_eq!(told("a: 1\n---\nb: 2\n"), "the document in line 1 lacks `apiVersion`");
        assert!(told("- x").contains("no mapping"));
        assert!(told("apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}\n").contains("generateName"));
        assert!(told("apiVersion: v1\nkind: Pod\nmetadata: {}\n").contains("lacks `metadata.name`"));
        assert!(told("apiVersion: v1\nkind: Pod\nmetadata: {name: 123}\n").contains("quotes"));
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n";
        for part in ["stringData: {pin: 4711}", "data: {pin: 4711}", "data: 4711"] {
            let told = told(&format!("{secret}{part}\n"));
            assert!(told.contains("is no") && !told.contains("4711"), "{told}");
        }
        let unencoded = told(&format!("{secret}data: {{p: hunter2}}\n"));
        assert!(unencoded.contains("`stringData`") && !unencoded.contains("hunter2"), "{unencoded}");
        let yes = told("apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {on: yes}}\n");
        assert!(yes.contains("`true` in `metadata.labels`"), "{yes}");
    }

    #[test]
    fn the_same_object_twice_is_told_whatever_its_version() {
        let both = |first: &str, second: &str| {
            let text = format!("{first}\n---\n{second}\n");
            distinct(&items(&text).unwrap(), "default").map_err(|mistake| mistake.told())
        };
        let one = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}";
        let other = "{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: a, namespace: default}}";
        assert!(both(one, other).unwrap_err().contains("line 1 and line 3"));
        assert_eq!(both(one, &other.replace("default", "else")), Ok(()));
    }

    #[test]
    fn texts_of_secrets_are_stored_as_the_server_stores_them() {
        let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {a: eA==}\nstringData: {a: z, b: hi}\n";
        let found = items(text).unwrap();
        assert_eq!(found[0].object["data"], json!({ "a": "eg==", "b": "aGk=" }));
        assert!(found[0].has_secret_data() && found[0].object.get("stringData").is_none());
        let bare = "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\nmetadata: {name: a}\n";
        assert!(!items(bare).unwrap()[0].has_secret_data());
        let applied =
            format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a, annotations: {{{LAST_APPLIED}: x}}}}\n");
        assert!(items(&applied).unwrap()[0].has_secret_data());
    }

    #[test]
    fn form_and_order_and_comments_make_no_other_text() {
        let one = "# a\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {x: '1'}\n";
        let other = r#"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"b"},"data":{"x":"1"}}
{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"a"}}"#;
        assert!(is_same(one, other) && !is_same(one, &other.replace('1', "2")));
        assert!(!is_same(one, "a: ["));
    }
}
