//! Quiet refreshes: what means the same as the state stays as it stands there.

use super::walk::each_object;
use crate::sdk::{Attribute, Path, Schema, Shape, Value, write_only};

/// What a refresh found, as it goes into state: with the state's own wording where both mean the same,
/// without write-only values, and with nothing unknown.
pub fn settled(schema: &Schema, state: &Value, mut found: Value) -> Value {
    keep_wording(&schema.attributes, &mut found, state);
    write_only::hide(&schema.attributes, &mut found);
    found.nullify_unknowns();
    found
}

fn keep_wording(attributes: &[Attribute], found: &mut Value, state: &Value) {
    let Some(members) = found.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let stored = state.member(&attribute.name);
        if let Some(equal) = attribute.equality
            && !stored.is_null()
            && !value.is_null()
            && equal(stored, value)
        {
            *value = stored.clone();
        }
        if let Shape::Nested(nesting, inner) = &attribute.shape {
            each_object(*nesting, value, &Path::root(), &mut |element, place| {
                keep_wording(inner, element, place.of(stored));
            });
        }
    }
}
