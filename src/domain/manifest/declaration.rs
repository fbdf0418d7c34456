//! What was declared of an object, found again in the object itself.

use serde_json::Value;

use super::{Item, fields};
use crate::domain::kubernetes::LAST_APPLIED;
use crate::domain::ownership::MARKS;

/// What was declared of an object, as its manager's fields tell. Content of Secrets is left out.
pub fn declaration(found: &Value, manager: &str) -> Option<Value> {
    of_fields(found, fields::of_manager(found, manager)?)
}

/// What other tools have declared of an object that is about to be taken over by `manager`.
pub fn declaration_of_formers(found: &Value, manager: &str) -> Option<Value> {
    of_fields(found, &fields::of_formers(found, manager)?)
}

fn of_fields(found: &Value, fields: &Value) -> Option<Value> {
    let own = fields::part(found, fields);
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
        for name in MARKS.into_iter().chain([LAST_APPLIED]) {
            annotations.remove(name);
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
        assert_eq!(declaration_of_formers(&found, "berth"), None);
    }

    #[test]
    fn what_other_tools_declared_is_found_again_whoever_wrote_beside_them() {
        let found = json!({ "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "a", "annotations": { "kubectl.kubernetes.io/last-applied-configuration": "{}" }, "managedFields": [
                { "manager": "kubectl-client-side-apply", "operation": "Update", "fieldsV1": {
                    "f:metadata": { "f:annotations": { ".": {}, "f:kubectl.kubernetes.io/last-applied-configuration": {} } },
                    "f:data": { ".": {}, "f:k": {} } } },
                { "manager": "helm", "operation": "Update", "fieldsV1": { "f:data": { "f:l": {} } } },
                { "manager": "cainjector", "operation": "Update", "fieldsV1": { "f:data": { "f:ca": {} } } },
                { "manager": "kubectl", "operation": "Update", "subresource": "status", "fieldsV1": { "f:status": {} } } ] },
            "data": { "k": "v", "l": "w", "ca": "x" }, "status": {} });
        let expected = json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "a" }, "data": { "k": "v", "l": "w" } });
        assert_eq!(declaration_of_formers(&found, "berth"), Some(expected));
    }
}
