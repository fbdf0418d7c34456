//! Write-only values: they stand in the configuration and nowhere else.

use super::{Attribute, Nesting, Shape, Value};

/// Puts null in the place of every write-only value.
pub fn hide(attributes: &[Attribute], object: &mut Value) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        if attribute.write_only {
            *value = Value::Null;
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            each_object(*nesting, value, &mut |object, _| hide(inner, object));
        }
    }
}

/// Copies the write-only values of the configuration to the same places of `object`.
pub fn reveal(attributes: &[Attribute], object: &mut Value, config: &Value) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let configured = config.member(&attribute.name);
        if attribute.write_only {
            *value = configured.clone();
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            each_object(*nesting, value, &mut |object, place| reveal(inner, object, place.of(configured)));
        }
    }
}

/// Which of several nested objects.
#[derive(Clone, Copy)]
enum Place<'a> {
    Only,
    Index(usize),
    Key(&'a str),
}

impl Place<'_> {
    fn of<'v>(&self, collection: &'v Value) -> &'v Value {
        match self {
            Self::Only => collection,
            Self::Index(index) => collection.elements().and_then(|e| e.get(*index)).unwrap_or(&Value::Null),
            Self::Key(key) => collection.member(key),
        }
    }
}

/// Visits the nested objects of an attribute. Sets are left out: nothing in them can be write-only.
fn each_object(nesting: Nesting, value: &mut Value, visit: &mut dyn FnMut(&mut Value, Place<'_>)) {
    match (nesting, value) {
        (Nesting::Single, object) => visit(object, Place::Only),
        (Nesting::List, Value::List(elements)) => {
            for (index, element) in elements.iter_mut().enumerate() {
                visit(element, Place::Index(index));
            }
        }
        (Nesting::Map, Value::Map(members)) => {
            for (key, member) in members {
                visit(member, Place::Key(key));
            }
        }
        _ => {}
    }
}
