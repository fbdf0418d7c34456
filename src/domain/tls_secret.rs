//! Kubernetes Secrets that hold keys and certificates: how they are written and read.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::keystore::Bytes;
use super::kubernetes::{FIELD_MANAGER, MANAGED_BY, ObjectRef};
use crate::secret::Secret;

/// The entry that holds the chain, in Secrets of type `kubernetes.io/tls`.
pub const CERTIFICATE_ENTRY: &str = "tls.crt";
/// The entry that holds the private key.
pub const KEY_ENTRY: &str = "tls.key";
/// The type of Secrets that ingress controllers read.
pub const TLS_TYPE: &str = "kubernetes.io/tls";

/// The label of what we manage.
pub const MANAGED: (&str, &str) = (MANAGED_BY, FIELD_MANAGER);

/// What we wish of a Secret; what else is in it stays.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The Secret.
    pub object: ObjectRef,
    /// Its type, which the cluster never changes.
    pub kind: &'static str,
    /// Entries, as text.
    pub entries: BTreeMap<String, Secret>,
    /// Entries that are no text.
    pub binaries: BTreeMap<String, Bytes>,
    /// Labels beside our mark.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Wanted {
    /// A Secret of type `Opaque` with entries only.
    pub fn opaque(object: ObjectRef, entries: BTreeMap<String, Secret>) -> Self {
        let (binaries, labels, annotations) = Default::default();
        Self { object, kind: "Opaque", entries, binaries, labels, annotations }
    }

    /// The whole object, for a Secret that does not exist.
    pub fn manifest(&self) -> Value {
        let mut object = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": self.kind,
            "metadata": { "name": self.object.name, "namespace": self.object.namespace },
        });
        self.write_into(&mut object);
        object
    }

    /// Puts what is wished into an object that exists. Answers whether that changed anything.
    pub fn write_into(&self, object: &mut Value) -> bool {
        let before = object.clone();
        let mark = (MANAGED.0.to_owned(), MANAGED.1.to_owned());
        merge(object, "/metadata", "labels", self.labels.clone().into_iter().chain([mark]));
        merge(object, "/metadata", "annotations", self.annotations.clone());
        let encoded = self.entries.iter().map(|(name, text)| (name.clone(), STANDARD.encode(text.expose())));
        merge(object, "", "data", encoded);
        let encoded = self.binaries.iter().map(|(name, bytes)| (name.clone(), STANDARD.encode(bytes)));
        merge(object, "", "data", encoded);
        *object != before
    }
}

/// Sets members of a map within an object.
fn merge(object: &mut Value, at: &str, name: &str, pairs: impl IntoIterator<Item = (String, String)>) {
    let mut pairs = pairs.into_iter().peekable();
    if pairs.peek().is_none() {
        return;
    }
    let Some(parent) = object.pointer_mut(at).and_then(Value::as_object_mut) else { return };
    let entry = parent.entry(name).or_insert(Value::Null);
    if !entry.is_object() {
        *entry = Value::Object(Map::new());
    }
    if let Some(members) = entry.as_object_mut() {
        members.extend(pairs.map(|(key, value)| (key, Value::String(value))));
    }
}

/// Takes labels or annotations (`map`) out of an object.
pub fn remove_metadata<'a>(object: &mut Value, map: &str, names: impl IntoIterator<Item = &'a String>) {
    if let Some(members) = object.pointer_mut("/metadata").and_then(|m| m.get_mut(map)).and_then(Value::as_object_mut) {
        for name in names {
            members.remove(name);
        }
    }
}

/// An entry of a Secret as text; `None` when it is absent or no text.
pub fn entry(object: &Value, name: &str) -> Option<Secret> {
    let bytes = decode(object, name)?;
    String::from_utf8(bytes).ok().map(Secret::new)
}

/// An entry of a Secret; `None` when it is absent.
pub fn bytes(object: &Value, name: &str) -> Option<Bytes> {
    decode(object, name).map(Bytes::new)
}

fn decode(object: &Value, name: &str) -> Option<Vec<u8>> {
    STANDARD.decode(object.get("data")?.get(name)?.as_str()?).ok()
}

/// Takes entries out of a Secret.
pub fn remove_entries(object: &mut Value, names: &[&str]) {
    if let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) {
        for name in names {
            data.remove(*name);
        }
    }
}

/// Puts the entry `from` in the place of the entry `to`. Answers whether there was one.
pub fn move_entry(object: &mut Value, from: &str, to: &str) -> bool {
    let Some(data) = object.get_mut("data").and_then(Value::as_object_mut) else { return false };
    let Some(moved) = data.remove(from) else { return false };
    data.insert(to.to_owned(), moved);
    true
}

/// Whether we manage the object.
pub fn is_managed(object: &Value) -> bool {
    object.pointer("/metadata/labels").and_then(|labels| labels.get(MANAGED_BY)?.as_str()) == Some(FIELD_MANAGER)
}

/// Those of `wanted` (labels or annotations, by `map`) that the object has, with the object's values.
pub fn present(object: &Value, map: &str, wanted: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let members = object.pointer("/metadata").and_then(|metadata| metadata.get(map)).and_then(Value::as_object);
    let found = wanted.keys().filter_map(|key| Some((key.clone(), members?.get(key)?.as_str()?.to_owned())));
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted() -> Wanted {
        Wanted {
            object: ObjectRef::secret("apps", "web"),
            kind: TLS_TYPE,
            entries: [(KEY_ENTRY.to_owned(), Secret::new("key"))].into(),
            binaries: [("key.der".to_owned(), Bytes::new(vec![0xFF]))].into(),
            labels: [("team".to_owned(), "a".to_owned())].into(),
            annotations: BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        let object = wanted().manifest();
        assert_eq!(entry(&object, KEY_ENTRY), Some(Secret::new("key")));
        assert_eq!(entry(&object, CERTIFICATE_ENTRY), None);
        assert_eq!((entry(&object, "key.der"), bytes(&object, "key.der")), (None, Some(Bytes::new(vec![0xFF]))));
        assert!(is_managed(&object));
        assert_eq!(object["type"], TLS_TYPE);
    }

    #[test]
    fn what_others_wrote_stays() {
        let mut object = json!({
            "metadata": { "name": "web", "labels": { "other": "tool" }, "annotations": null },
            "data": { "ca.crt": "eA==" },
        });
        assert!(wanted().write_into(&mut object));
        assert_eq!(object["metadata"]["labels"]["other"], "tool");
        assert_eq!(object["data"]["ca.crt"], "eA==");
        assert!(!wanted().write_into(&mut object), "a second time changes nothing");
        remove_entries(&mut object, &["key.der", "none"]);
        assert_eq!((&object["data"]["ca.crt"], bytes(&object, "key.der")), (&json!("eA=="), None));
    }

    #[test]
    fn an_entry_takes_the_place_of_another() {
        let mut object = json!({ "data": { "tls.key": "old", "tls.key.next": "new" } });
        assert!(move_entry(&mut object, "tls.key.next", "tls.key"));
        assert_eq!(object["data"], json!({ "tls.key": "new" }));
        assert!(!move_entry(&mut object, "tls.key.next", "tls.key"));
    }

    #[test]
    fn labels_that_changed_or_went_are_seen() {
        let mut object = wanted().manifest();
        assert_eq!(present(&object, "labels", &wanted().labels), wanted().labels);
        remove_metadata(&mut object, "labels", &["team".to_owned()]);
        assert!(present(&object, "labels", &wanted().labels).is_empty());
    }
}
