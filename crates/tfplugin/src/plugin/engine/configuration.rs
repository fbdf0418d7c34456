//! The configuration that a person would have written for an object that exists.

use super::walk::each_object;
use crate::sdk::{Attribute, Mode, Path, Shape, Value};

/// Leaves of a state what has to be declared: nothing that only the provider sets, no defaults, nothing write-only.
pub fn declared(attributes: &[Attribute], state: &mut Value) {
    let Some(members) = state.members_mut() else { return };
    for attribute in attributes {
        let Some(value) = members.get_mut(&attribute.name) else { continue };
        let goes_without_saying = attribute.default.as_ref() == Some(value);
        if attribute.mode == Mode::Computed || attribute.write_only || goes_without_saying {
            *value = Value::Null;
        } else if let Shape::Nested(nesting, inner) = &attribute.shape {
            each_object(*nesting, value, &Path::root(), &mut |element, _| declared(inner, element));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::{Computed, Model, Secret};

    /// A disk.
    #[derive(Clone, Debug, Model)]
    struct Disk {
        /// Its name.
        name: String,
        /// Its size.
        #[attr(default = 10)]
        size: i64,
        /// Where it is.
        #[attr(optional)]
        zone: Computed<String>,
        /// Its parts.
        parts: Vec<Part>,
        /// Its identifier.
        id: Computed<String>,
    }

    /// A part.
    #[derive(Clone, Debug, Model)]
    struct Part {
        /// The key.
        #[attr(write_only)]
        key_wo: Option<Secret>,
        /// The format.
        #[attr(default = "ext4")]
        format: String,
    }

    #[test]
    fn what_a_person_would_not_write_is_left_out() {
        let part = |format: &str| Part { key_wo: None, format: format.to_owned() };
        let (zone, id) = (Computed::Known("a".to_owned()), Computed::Known("7".to_owned()));
        let disk = Disk { name: "x".to_owned(), size: 10, zone, parts: vec![part("ext4"), part("xfs")], id };
        assert!(disk.parts.iter().all(|part| part.key_wo.is_none()), "nothing write-only is in a state");
        let mut value = disk.encode();
        declared(&Disk::attributes(), &mut value);
        let part = |format: Value| Value::object([("key_wo", Value::Null), ("format", format)]);
        let expected = Value::object([
            ("name", Value::from("x")),
            ("size", Value::Null),
            ("zone", Value::from("a")),
            ("parts", Value::List(vec![part(Value::Null), part(Value::from("xfs"))])),
            ("id", Value::Null),
        ]);
        assert_eq!(value, expected);
    }
}
