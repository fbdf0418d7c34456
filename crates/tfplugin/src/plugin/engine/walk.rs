//! Visits the nested objects of a value beside the same places of other values.

use crate::sdk::{Nesting, Path, Value};

/// One nested object: where it stands, and how to find the same place in another value.
pub struct Place<'a> {
    key: Key<'a>,
    /// The object's path.
    pub path: Path,
}

enum Key<'a> {
    Only,
    Index(usize),
    Name(&'a str),
    Unordered,
}

impl Place<'_> {
    /// The object at the same place of another value of the same attribute; null if it has none there.
    pub fn of<'v>(&self, other: &'v Value) -> &'v Value {
        match self.key {
            Key::Only => other,
            Key::Index(index) => match other {
                Value::List(elements) => elements.get(index).unwrap_or(&Value::Null),
                _ => &Value::Null,
            },
            Key::Name(name) => other.member(name),
            Key::Unordered => &Value::Null,
        }
    }

    /// Whether the object is an element of a set, which has no place of its own.
    pub fn is_in_set(&self) -> bool {
        matches!(self.key, Key::Unordered)
    }
}

/// Visits each nested object of `value`, to change it. Null and unknown ones are left out.
pub fn each_object(nesting: Nesting, value: &mut Value, at: &Path, visit: &mut dyn FnMut(&mut Value, &Place<'_>)) {
    match (nesting, value) {
        (Nesting::Single, object @ Value::Map(_)) => visit(object, &Place { key: Key::Only, path: at.clone() }),
        (Nesting::List, Value::List(elements)) => {
            for (index, element) in elements.iter_mut().enumerate().filter(|(_, e)| e.members().is_some()) {
                visit(element, &Place { key: Key::Index(index), path: at.index(index) });
            }
        }
        (Nesting::Map, Value::Map(members)) => {
            for (name, member) in members.iter_mut().filter(|(_, m)| m.members().is_some()) {
                visit(member, &Place { key: Key::Name(name), path: at.key(name) });
            }
        }
        (Nesting::Set, set @ Value::Set(_)) => each_of_set(set, at, visit),
        _ => {}
    }
}

/// The elements of a set may change: it is put in order again afterwards.
fn each_of_set(set: &mut Value, at: &Path, visit: &mut dyn FnMut(&mut Value, &Place<'_>)) {
    let Value::Set(elements) = std::mem::replace(set, Value::Null) else { return };
    let mut elements = elements;
    for element in elements.iter_mut().filter(|e| e.members().is_some()) {
        visit(element, &Place { key: Key::Unordered, path: at.clone() });
    }
    *set = Value::set(elements);
}
