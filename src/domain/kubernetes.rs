//! How the objects of a cluster are named, told apart and marked as ours.

use std::fmt;

use serde_json::{Map, Value, json};

/// The name under which we own fields of objects (server-side apply's field manager).
pub const FIELD_MANAGER: &str = "berth";

/// The label that says which program manages an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// The label that says which of several installations an object belongs to.
pub const INSTANCE: &str = "app.kubernetes.io/instance";

/// The label that names the application an object is part of.
pub const APPLICATION: &str = "app.kubernetes.io/name";

/// The annotation that holds what was declared, as JSON without secrets, so that it can be imported.
pub const DECLARATION: &str = "berth/declaration";

/// Points at one object of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Group and version: `v1`, `apps/v1`.
    pub api_version: String,
    /// The kind, singular: `Secret`.
    pub kind: String,
    /// The namespace; `None` for kinds that belong to the whole cluster.
    pub namespace: Option<String>,
    /// The object's own name.
    pub name: String,
}

impl ObjectRef {
    /// An object in a namespace.
    pub fn namespaced(api_version: &str, kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(namespace.to_owned()),
            name: name.to_owned(),
        }
    }

    /// An object of the core API (`v1`) in a namespace.
    pub fn core(kind: &str, namespace: &str, name: &str) -> Self {
        Self::namespaced("v1", kind, namespace, name)
    }

    /// A `Secret`.
    pub fn secret(namespace: &str, name: &str) -> Self {
        Self::core("Secret", namespace, name)
    }

    /// A `ServiceAccount`.
    pub fn service_account(namespace: &str, name: &str) -> Self {
        Self::core("ServiceAccount", namespace, name)
    }

    /// A `Pod`.
    pub fn pod(namespace: &str, name: &str) -> Self {
        Self::core("Pod", namespace, name)
    }

    /// A `Deployment`.
    pub fn deployment(namespace: &str, name: &str) -> Self {
        Self::namespaced("apps/v1", "Deployment", namespace, name)
    }

    /// An object that belongs to the whole cluster.
    pub fn of_cluster(api_version: &str, kind: &str, name: &str) -> Self {
        Self { api_version: api_version.to_owned(), kind: kind.to_owned(), namespace: None, name: name.to_owned() }
    }

    /// A `Namespace`.
    pub fn of_namespace(name: &str) -> Self {
        Self::of_cluster("v1", "Namespace", name)
    }

    /// What a manifest points at; `None` when it lacks a version, kind or name.
    pub fn of(object: &Value) -> Option<Self> {
        let text = |pointer: &str| object.pointer(pointer)?.as_str().map(str::to_owned);
        Some(Self {
            api_version: text("/apiVersion")?,
            kind: text("/kind")?,
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name")?,
        })
    }

    /// The API group: empty for the core API.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// The version within the group.
    pub fn version(&self) -> &str {
        self.api_version.split_once('/').map_or(self.api_version.as_str(), |(_, version)| version)
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// Why a text cannot name an object.
/// Source: Kubernetes documentation, "Object Names and IDs" (RFC 1123 label and subdomain).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing was given.
    #[error("it is empty")]
    Empty,
    /// More characters than the limit.
    #[error("it has {length} characters, at most {limit} are allowed")]
    TooLong {
        /// How many characters it has.
        length: usize,
        /// How many it may have.
        limit: usize,
    },
    /// A character or an end that is not allowed.
    #[error("it may hold only a-z, 0-9 and '-', and begin and end with a letter or digit")]
    Characters,
}

/// Longest RFC 1123 label, in characters.
pub const LABEL_LIMIT: usize = 63;

/// Longest RFC 1123 subdomain, in characters.
pub const SUBDOMAIN_LIMIT: usize = 253;

/// Checks an RFC 1123 label: what a namespace, a Service and a container may be called.
pub fn check_label(name: &str) -> Result<(), NameFault> {
    check_length(name, LABEL_LIMIT)?;
    if is_label(name) { Ok(()) } else { Err(NameFault::Characters) }
}

/// Checks an RFC 1123 subdomain, labels joined by dots: what a Secret or a service account may be called.
pub fn check_subdomain(name: &str) -> Result<(), NameFault> {
    check_length(name, SUBDOMAIN_LIMIT)?;
    if name.split('.').all(is_label) { Ok(()) } else { Err(NameFault::Characters) }
}

fn check_length(name: &str, limit: usize) -> Result<(), NameFault> {
    match name.chars().count() {
        0 => Err(NameFault::Empty),
        length if length > limit => Err(NameFault::TooLong { length, limit }),
        _ => Ok(()),
    }
}

fn is_label(label: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    label.starts_with(allowed) && label.ends_with(allowed) && label.chars().all(|c| allowed(c) || c == '-')
}

/// A taint of nodes that a Pod tolerates.
#[derive(Clone, Debug, Default)]
pub struct Toleration {
    /// The taint's key; all if none.
    pub key: Option<String>,
    /// `Equal` or `Exists`.
    pub operator: Option<String>,
    /// The taint's value.
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`; all if none.
    pub effect: Option<String>,
}

impl Toleration {
    /// As a Pod's `tolerations` have it.
    pub fn manifest(&self) -> Value {
        let Self { key, operator, value, effect } = self;
        let parts = [("key", key), ("operator", operator), ("value", value), ("effect", effect)];
        let given = parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), json!(part.as_ref()?))));
        Value::Object(given.collect())
    }
}

/// The labels of everything that makes up one installation of `application`.
pub fn owner_labels(application: &str, instance: &str) -> Value {
    json!({ APPLICATION: application, INSTANCE: instance, MANAGED_BY: FIELD_MANAGER })
}

/// Whether an object bears our mark for this installation.
pub fn is_ours(object: &Value, application: &str, instance: &str) -> bool {
    let label = |name: &str| object.pointer("/metadata/labels")?.get(name)?.as_str();
    label(MANAGED_BY) == Some(FIELD_MANAGER)
        && label(APPLICATION) == Some(application)
        && label(INSTANCE) == Some(instance)
}

/// An object's annotations; empty when it has none.
pub fn annotations(object: &Value) -> Map<String, Value> {
    object.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_an_object_like_kubectl_does() {
        assert_eq!(ObjectRef::secret("apps", "pull").to_string(), "Secret apps/pull");
        assert_eq!(ObjectRef::of_namespace("apps").to_string(), "Namespace apps");
    }

    #[test]
    fn splits_group_and_version() {
        let deployment = ObjectRef::deployment("a", "b");
        assert_eq!((deployment.group(), deployment.version()), ("apps", "v1"));
        let secret = ObjectRef::secret("a", "b");
        assert_eq!((secret.group(), secret.version()), ("", "v1"));
    }

    #[test]
    fn refuses_what_cannot_be_a_name() {
        assert_eq!(check_label(""), Err(NameFault::Empty));
        assert_eq!(check_label(&"a".repeat(64)), Err(NameFault::TooLong { length: 64, limit: 63 }));
        for wrong in ["-a", "a-", "A", "a_b", "a.b", "ü"] {
            assert_eq!(check_label(wrong), Err(NameFault::Characters), "{wrong}");
        }
        assert_eq!(check_subdomain("a.b-c.1"), Ok(()));
        assert_eq!(check_subdomain("a..b"), Err(NameFault::Characters));
    }

    #[test]
    fn only_our_mark_for_the_same_installation_counts() {
        let object = json!({ "metadata": { "labels": owner_labels("registry", "one") } });
        assert!(is_ours(&object, "registry", "one"));
        assert!(!is_ours(&object, "registry", "two"));
        assert!(!is_ours(&json!({}), "registry", "one"));
    }
}
