//! How the objects of a cluster are named, told apart and marked as ours.

use std::fmt;

use serde_json::{Map, Value, json};

use super::kubernetes_name::as_label;

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

/// The annotation in which `kubectl apply` keeps the whole of an object, with what a Secret holds.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

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
    /// A manifest that names the object and declares nothing of it.
    pub fn bare(&self) -> Value {
        let metadata = match &self.namespace {
            Some(namespace) => json!({ "name": self.name, "namespace": namespace }),
            None => json!({ "name": self.name }),
        };
        json!({ "apiVersion": self.api_version, "kind": self.kind, "metadata": metadata })
    }

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

    /// Which object it is, in whatever version it is asked for: `apps/Deployment/NAMESPACE/NAME`.
    pub fn key(&self) -> String {
        let namespace = self.namespace.as_deref().unwrap_or_default();
        format!("{}/{}/{namespace}/{}", self.group(), self.kind, self.name)
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
    json!({ APPLICATION: application, INSTANCE: as_label(instance), MANAGED_BY: FIELD_MANAGER })
}

/// The labels of [`owner_labels`] as a query.
pub fn owner_selector(application: &str, instance: &str) -> String {
    selector(&owner_labels(application, instance))
}

/// Labels as a query.
pub fn selector(labels: &Value) -> String {
    let pairs = labels.as_object().into_iter().flatten();
    pairs.filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?))).collect::<Vec<_>>().join(",")
}

/// The text at a place of an object; none if it is empty.
pub fn text<'a>(object: &'a Value, pointer: &str) -> Option<&'a str> {
    object.pointer(pointer)?.as_str().filter(|text| !text.is_empty())
}

/// Whether a selector by labels (`matchLabels`, a Service's `selector`) takes what bears these; one without a label takes
/// nothing.
pub fn selects(selector: Option<&Value>, labels: Option<&Value>) -> bool {
    let wanted = selector.and_then(Value::as_object).filter(|it| !it.is_empty());
    let bears = |(name, value): (&String, &Value)| labels.and_then(|own| own.get(name)) == Some(value);
    wanted.is_some_and(|wanted| wanted.iter().all(bears))
}

/// Whether an object bears our mark for this installation.
pub fn is_ours(object: &Value, application: &str, instance: &str) -> bool {
    let label = |name: &str| object.pointer("/metadata/labels")?.get(name)?.as_str();
    label(MANAGED_BY) == Some(FIELD_MANAGER)
        && label(APPLICATION) == Some(application)
        && label(INSTANCE) == Some(&as_label(instance))
}

/// Whether berth made an object, for whatever.
pub fn is_berths(object: &Value) -> bool {
    let manager = object.pointer("/metadata/labels").and_then(|labels| labels.get(MANAGED_BY)?.as_str());
    manager == Some(FIELD_MANAGER)
}

/// The value of one annotation.
pub fn annotation<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations")?.get(name)?.as_str()
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
    fn a_selector_takes_what_bears_all_its_labels() {
        let labels = json!({ "app": "web", "tier": "front" });
        for (selector, is_taken) in [
            (json!({ "app": "web" }), true),
            (json!({ "app": "web", "tier": "back" }), false),
            (json!({ "team": "a" }), false),
            (json!({}), false),
        ] {
            assert_eq!(selects(Some(&selector), Some(&labels)), is_taken, "{selector}");
        }
        assert!(!selects(None, Some(&labels)) && !selects(Some(&labels), None));
    }

    #[test]
    fn only_our_mark_for_the_same_installation_counts() {
        let object = json!({ "metadata": { "labels": owner_labels("registry", "one") } });
        assert!(is_ours(&object, "registry", "one"));
        assert!(!is_ours(&object, "registry", "two"));
        assert!(!is_ours(&json!({}), "registry", "one"));
        let long = "a.".repeat(100);
        let object = json!({ "metadata": { "labels": owner_labels("pull-secret", &long) } });
        assert!(is_ours(&object, "pull-secret", &long) && !is_ours(&object, "pull-secret", &format!("{long}b")));
    }
}
