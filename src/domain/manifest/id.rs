//! How an object is named in one word: `apps/v1/Deployment/NAMESPACE/NAME`, `v1/Namespace/NAME`.

use crate::domain::kubernetes::ObjectRef;

/// The word for an object.
pub fn written(object: &ObjectRef) -> String {
    let ObjectRef { api_version, kind, namespace, name } = object;
    match namespace {
        Some(namespace) => format!("{api_version}/{kind}/{namespace}/{name}"),
        None => format!("{api_version}/{kind}/{name}"),
    }
}

/// The object that a word names. The core API has no group, and no version but `v1`, which is no group's name.
pub fn of_id(id: &str) -> Option<ObjectRef> {
    let parts: Vec<&str> = id.split('/').collect();
    let (api, rest) = parts.split_at_checked(if parts.first() == Some(&"v1") { 1 } else { 2 })?;
    let (kind, namespace, name) = match rest {
        [kind, name] => (kind, None, name),
        [kind, namespace, name] => (kind, Some((*namespace).to_owned()), name),
        _ => return None,
    };
    if parts.iter().any(|part| part.is_empty()) || !api.iter().all(|part| is_lower_case(part)) {
        return None;
    }
    Some(ObjectRef { api_version: api.join("/"), kind: (*kind).to_owned(), namespace, name: (*name).to_owned() })
}

/// Groups and versions are; most kinds are not.
fn is_lower_case(part: &str) -> bool {
    part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for id in [
            "v1/Namespace/apps",
            "v1/Secret/apps/pull",
            "apps/v1/Deployment/a/b",
            "rbac.authorization.k8s.io/v1/ClusterRole/system:x",
            "ships.test/stable/Pier/a/one",
            "ships.test/alpha1/Sea/one",
        ] {
            assert_eq!(of_id(id).map(|object| written(&object)).as_deref(), Some(id));
        }
        for wrong in [
            "",
            "v1",
            "v1/Secret",
            "Secret/apps/pull",
            "apps/v1/Deployment/a/b/c",
            "v1//a",
            "Deployment/apps/a/b",
            "apps/V1/Deployment/b",
        ] {
            assert_eq!(of_id(wrong), None, "{wrong}");
        }
    }
}
