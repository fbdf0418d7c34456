//! What a resource remembers beside its state: kept by Terraform, in clear text, not shown to users.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

/// The note of a replacement's plan with the notes of what it replaces.
const PREDECESSOR: &str = "predecessor";

/// Named notes (`privatestate`), stored as a small JSON object. Never put a secret here: it lies in the state file.
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

    /// The notes of what replaces an object: it is another one and begins with none, but its plan is all that the host hands
    /// to the destroy of the former, so that those notes travel in it.
    #[must_use]
    pub fn of_successor(self) -> Self {
        let mut successor = Self::default();
        if !self.0.is_empty() {
            successor.set(PREDECESSOR, &self.0);
        }
        successor
    }

    /// The notes that a destroy is meant to have.
    #[must_use]
    pub fn for_destroy(self) -> Self {
        self.get(PREDECESSOR).map_or(self, Self)
    }

    /// The notes that a create is meant to have.
    #[must_use]
    pub fn for_create(mut self) -> Self {
        self.remove(PREDECESSOR);
        self
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
    fn the_notes_of_what_is_replaced_reach_its_destroy_and_not_its_successor() {
        let mut old = Private::default();
        old.set("owner", &"a");
        let mut planned = Private::from_bytes(&old.clone().of_successor().to_bytes());
        planned.set("zone", &"z");
        assert_eq!(planned.clone().for_destroy(), old);
        assert_eq!(planned.clone().for_create().get::<String>("owner"), None);
        assert_eq!(planned.for_create().get::<String>("zone"), Some("z".to_owned()));
        assert_eq!(old.clone().for_destroy(), old);
        assert!(Private::default().of_successor().to_bytes().is_empty());
    }

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
