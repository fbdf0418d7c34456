//! What cert-manager holds, taken out of a cluster and put into one: issuers, Certificates and the Secrets that they need.

mod choice;
mod needs;

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use crate::domain::kubernetes::{LAST_APPLIED, ObjectRef};
use crate::domain::ownership::UNFINISHED;

pub use needs::secrets;

/// The form of a backup, by which a later one is known.
const FORM: &str = "berth/cert-manager-backup/1";

/// The API group of cert-manager.
const GROUP: &str = "cert-manager.io";

/// How much a backup may hold once it is unpacked, 256 MiB: a damaged or foreign one is not unpacked without end.
const LARGEST: u64 = 256 << 20;

/// What a backup is to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Issuers and `ClusterIssuers`.
    Issuers,
    /// Certificates.
    Certificates,
    /// Keys of ACME accounts, and bindings to external ones.
    AccountKeys,
    /// All other Secrets that issuers refer to: credentials of DNS providers, CAs.
    Credentials,
    /// The Secrets that Certificates fill: keys and certificates.
    Issued,
}

/// Objects in the order in which they are put back: Secrets, issuers, Certificates.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Backup {
    /// The namespace of the controller that it was taken of, where Secrets of `ClusterIssuers` lie.
    pub controller: String,
    /// The objects, as they are to be declared.
    pub objects: Vec<Value>,
}

/// Why bytes are no backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// They are not packed, or broken.
    Unreadable(String),
    /// They are of another form.
    OtherForm,
    /// They hold an object that belongs to no backup.
    Stranger(String),
}

impl Backup {
    /// A backup of these objects, as the API server has them.
    pub fn of<'a>(controller: &str, objects: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut objects: Vec<Value> = objects.into_iter().filter_map(stripped).collect();
        objects.sort_by_key(|object| (rank(object), ObjectRef::of(object)));
        objects.dedup();
        Self { controller: controller.to_owned(), objects }
    }

    /// Which objects there are.
    pub fn references(&self) -> impl Iterator<Item = ObjectRef> + '_ {
        self.objects.iter().filter_map(ObjectRef::of)
    }

    /// Packed, the same bytes for the same objects.
    pub fn packed(&self) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let text = json!({ "form": FORM, "controller": self.controller, "objects": self.objects }).to_string();
        // Writing to memory does not fail.
        drop(encoder.write_all(text.as_bytes()));
        encoder.finish().unwrap_or_default()
    }

    /// What was packed.
    ///
    /// # Errors
    /// It is no backup.
    pub fn unpacked(bytes: &[u8]) -> Result<Self, Fault> {
        let mut text = String::new();
        let mut decoder = GzDecoder::new(bytes).take(LARGEST);
        decoder.read_to_string(&mut text).map_err(|error| Fault::Unreadable(error.to_string()))?;
        let value: Value = serde_json::from_str(&text).map_err(|error| Fault::Unreadable(error.to_string()))?;
        if value.get("form").and_then(Value::as_str) != Some(FORM) {
            return Err(Fault::OtherForm);
        }
        let controller = value.get("controller").and_then(Value::as_str).unwrap_or_default().to_owned();
        let objects = value.get("objects").and_then(Value::as_array).cloned().unwrap_or_default();
        // Who may write the Secret of a backup is not to have any object made with the rights of the restore.
        match objects.iter().find(|object| !belongs(object)) {
            Some(stranger) => {
                Err(Fault::Stranger(ObjectRef::of(stranger).map_or_else(String::new, |it| it.to_string())))
            }
            None => Ok(Self { controller, objects }),
        }
    }
}

/// Whether an object is of a kind that backups hold.
fn belongs(object: &Value) -> bool {
    ObjectRef::of(object).is_some_and(|it| match it.kind.as_str() {
        "Secret" => it.api_version == "v1",
        "Issuer" | "ClusterIssuer" | "Certificate" => it.group() == GROUP,
        _ => false,
    })
}

/// What is put back first.
fn rank(object: &Value) -> usize {
    match object.get("kind").and_then(Value::as_str) {
        Some("Secret") => 0,
        Some("Certificate") => 2,
        _ => 1,
    }
}

/// What of an object is to be declared again: not its state, and whose it was, so that its owner finds it again.
fn stripped(object: &Value) -> Option<Value> {
    let reference = ObjectRef::of(object)?;
    let mut kept = Map::new();
    for name in ["apiVersion", "kind", "spec", "type", "data", "immutable"] {
        kept.extend(object.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    let mut metadata = json!({ "name": reference.name });
    let members = metadata.as_object_mut()?;
    members.extend(reference.namespace.map(|namespace| ("namespace".to_owned(), namespace.into())));
    for name in ["labels", "annotations"] {
        let mut entries =
            object.pointer(&format!("/metadata/{name}")).and_then(Value::as_object).cloned().unwrap_or_default();
        entries.retain(|entry, _| entry != LAST_APPLIED && entry != UNFINISHED);
        if !entries.is_empty() {
            members.insert(name.to_owned(), Value::Object(entries));
        }
    }
    kept.insert("metadata".to_owned(), metadata);
    Some(Value::Object(kept))
}

#[cfg(test)]
mod tests;
