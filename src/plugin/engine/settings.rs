//! The provider block while parts of it are unknown.

use super::walk::each_object;
use crate::sdk::{Attribute, Mode, Path, Schema, Shape, Value};

/// Takes what is unknown out of the provider block: null in its place, and a nested object whose
/// required attribute is unknown is null as a whole. Answers what was taken out.
pub fn without_unknowns(schema: &Schema, config: &mut Value) -> Vec<Path> {
    let mut found = Vec::new();
    clear(&schema.attributes, config, &Path::root(), &mut found);
    found
}

fn clear(attributes: &[Attribute], object: &mut Value, at: &Path, found: &mut Vec<Path>) {
    let Some(members) = object.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let here = at.attribute(&attribute.name);
        match &attribute.shape {
            Shape::Plain(_) if !value.is_wholly_known() => take(value, here, found),
            Shape::Nested(..) if value.is_unknown() => take(value, here, found),
            Shape::Nested(nesting, inner) => {
                let mut incomplete = false;
                each_object(*nesting, value, &here, &mut |element, place| {
                    incomplete |=
                        inner.iter().any(|a| a.mode == Mode::Required && !element.member(&a.name).is_wholly_known());
                    clear(inner, element, &place.path, found);
                });
                if incomplete {
                    *value = Value::Null;
                }
            }
            Shape::Plain(_) => {}
        }
    }
}

fn take(value: &mut Value, here: Path, found: &mut Vec<Path>) {
    *value = Value::Null;
    found.push(here);
}
