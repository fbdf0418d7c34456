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

/// The object that a word names. Versions begin with `v` and a digit, and no group does.
pub fn of_id(id: &str) -> Option<ObjectRef> {
    let parts: Vec<&str> = id.split('/').collect();
    let version = parts.iter().take(2).position(|part| is_version(part))?;
    let (head, rest) = parts.split_at_checked(version + 1)?;
    let (kind, namespace, name) = match rest {
        [kind, name] => (kind, None, name),
        [kind, namespace, name] => (kind, Some((*namespace).to_owned()), name),
        _ => return None,
    };
    if rest.iter().any(|part| part.is_empty()) {
        return None;
    }
    Some(ObjectRef { api_version: head.join("/"), kind: (*kind).to_owned(), namespace, name: (*name).to_owned() })
}

fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
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
        ] {
            assert_eq!(of_id(id).map(|object| written(&object)).as_deref(), Some(id));
        }
        for wrong in ["", "v1", "v1/Secret", "Secret/apps/pull", "apps/v1/Deployment/a/b/c", "v1//a", "a/b/c/d"] {
            assert_eq!(of_id(wrong), None, "{wrong}");
        }
    }
}
