//! Which kinds belong to a namespace, as far as that is known without a cluster.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Item;

/// Where the objects of a kind live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Each in a namespace.
    Namespaced,
    /// In none.
    Cluster,
}

/// The groups that every API server has, and of which all kinds are known here.
const BUILT_IN: [&str; 20] = [
    "",
    "apps",
    "batch",
    "autoscaling",
    "policy",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "coordination.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "storage.k8s.io",
    "node.k8s.io",
    "scheduling.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "certificates.k8s.io",
    "resource.k8s.io",
    "storagemigration.k8s.io",
];

/// The kinds of these groups that belong to no namespace. Source: `kubectl api-resources` of Kubernetes 1.36.
const OF_CLUSTER: [&str; 32] = [
    "Namespace",
    "Node",
    "PersistentVolume",
    "ComponentStatus",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
    "MutatingAdmissionPolicy",
    "MutatingAdmissionPolicyBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "StorageClass",
    "VolumeAttachment",
    "VolumeAttributesClass",
    "CSIDriver",
    "CSINode",
    "IngressClass",
    "IPAddress",
    "ServiceCIDR",
    "RuntimeClass",
    "PriorityClass",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "CertificateSigningRequest",
    "ClusterTrustBundle",
    "DeviceClass",
    "DeviceTaintRule",
    "ResourceSlice",
    "StorageVersionMigration",
];

/// Whether every API server has the group.
pub fn is_built_in(group: &str) -> bool {
    BUILT_IN.contains(&group)
}

/// The scopes that are known: of built-in kinds, of cert-manager's, and of those that a text defines.
#[derive(Clone, Debug, Default)]
pub struct Scopes(BTreeMap<(String, String), Scope>);

impl Scopes {
    /// What the definitions among these items say.
    pub fn of<'a>(items: impl IntoIterator<Item = &'a Item>) -> Self {
        Self(items.into_iter().filter_map(|item| defined(&item.object)).collect())
    }

    /// The scope of a kind.
    pub fn scope(&self, group: &str, kind: &str) -> Option<Scope> {
        if is_built_in(group) {
            return Some(if OF_CLUSTER.contains(&kind) { Scope::Cluster } else { Scope::Namespaced });
        }
        match (group, kind) {
            ("cert-manager.io", "ClusterIssuer") => Some(Scope::Cluster),
            ("cert-manager.io", "Issuer" | "Certificate") => Some(Scope::Namespaced),
            _ => self.0.get(&(group.to_owned(), kind.to_owned())).copied(),
        }
    }

    /// Whether a definition of the kind stands in the text.
    pub fn defines(&self, group: &str, kind: &str) -> bool {
        self.0.contains_key(&(group.to_owned(), kind.to_owned()))
    }
}

fn defined(object: &Value) -> Option<((String, String), Scope)> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    if text("/kind") != Some("CustomResourceDefinition") {
        return None;
    }
    let scope = if text("/spec/scope") == Some("Cluster") { Scope::Cluster } else { Scope::Namespaced };
    Some(((text("/spec/group")?.to_owned(), text("/spec/names/kind")?.to_owned()), scope))
}

#[cfg(test)]
mod tests {
    use super::super::items;
    use super::*;

    #[test]
    fn built_in_kinds_are_known_and_others_by_their_definition() {
        let text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {group: x.test, scope: Cluster, names: {kind: Berth}}\n";
        let scopes = Scopes::of(&items(text).unwrap());
        assert_eq!(scopes.scope("", "ConfigMap"), Some(Scope::Namespaced));
        assert_eq!(scopes.scope("rbac.authorization.k8s.io", "ClusterRole"), Some(Scope::Cluster));
        assert_eq!(scopes.scope("x.test", "Berth"), Some(Scope::Cluster));
        assert_eq!(scopes.scope("x.test", "Other"), None);
        assert!(scopes.defines("x.test", "Berth"));
    }
}
