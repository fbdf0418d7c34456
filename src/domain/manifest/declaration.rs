//! What was declared of an object, found again in the object itself.

use serde_json::Value;

use super::{Item, fields};
use crate::domain::ownership::MARKS;

/// What was declared of an object, as its manager's fields tell. Content of Secrets is left out.
pub fn declaration(found: &Value, manager: &str) -> Option<Value> {
    let own = fields::part(found, fields::of_manager(found, manager)?);
    let mut object = serde_json::json!({ "apiVersion": found.get("apiVersion"), "kind": found.get("kind") });
    let (members, own) = (object.as_object_mut()?, own.as_object()?.clone());
    members.extend(own);
    let metadata = members.entry("metadata").or_insert_with(|| serde_json::json!({})).as_object_mut()?;
    for name in ["name", "namespace"] {
        if let Some(value) = found.pointer(&format!("/metadata/{name}")) {
            metadata.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        for mark in MARKS {
            annotations.remove(mark);
        }
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let is_secret = Item { line: 1, object: object.clone() }.has_secret_data();
    (!is_secret).then_some(object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_declaration_is_found_again_without_marks() {
        let found = json!({ "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "a", "namespace": "b", "annotations": { "berth/owner": "x" }, "managedFields": [
                { "manager": "berth", "operation": "Apply", "fieldsV1": { "f:metadata": { "f:annotations": { "f:berth/owner": {} } }, "f:data": { "f:k": {} } } } ] },
            "data": { "k": "v", "other": "w" } });
        let expected = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a", "namespace": "b" }, "data": { "k": "v" } });
        assert_eq!(declaration(&found, "berth"), Some(expected));
    }
}
