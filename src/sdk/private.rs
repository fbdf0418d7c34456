//! What a resource remembers beside its state: kept by Terraform, in clear text, not shown to users.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// Named notes, stored as a small JSON object. Never put a secret here: it lies in the state file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Private(BTreeMap<String, Json>);

impl Private {
    /// Reads what [`Private::to_bytes`] wrote; anything else counts as empty.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).map(Self).unwrap_or_default()
    }

    /// Empty when there are no notes.
    pub fn to_bytes(&self) -> Vec<u8> {
        if self.0.is_empty() {
            return Vec::new();
        }
        serde_json::to_vec(&self.0).unwrap_or_default()
    }

    /// The note of that name, if there is one of that form.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        self.0.get(name).and_then(|note| serde_json::from_value(note.clone()).ok())
    }

    /// Writes a note; one that JSON cannot hold is left out.
    pub fn set<T: Serialize>(&mut self, name: &str, note: &T) {
        if let Ok(note) = serde_json::to_value(note) {
            self.0.insert(name.to_owned(), note);
        }
    }

    /// Takes a note away.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote_and_forgives_what_it_did_not() {
        let mut private = Private::default();
        assert!(private.to_bytes().is_empty());
        private.set("renewal", &vec![1, 2]);
        let read = Private::from_bytes(&private.to_bytes());
        assert_eq!(read.get::<Vec<i32>>("renewal"), Some(vec![1, 2]));
        assert_eq!(read.get::<String>("renewal"), None);
        assert_eq!(Private::from_bytes(b"garbage"), Private::default());
    }
}
