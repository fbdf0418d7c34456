//! Namespaces: made when asked for, and taken away only when ours and empty.

use serde_json::{Value, json};

use crate::domain::kubernetes::{ObjectRef, is_ours, owner_labels};
use crate::retry::Budget;

use super::{Cluster, ClusterError};

/// Kinds whose presence means that a namespace is in use.
const CONTENT: [(&str, &str); 8] = [
    ("v1", "Pod"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Service"),
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "Job"),
];

impl Cluster {
    /// Whether the namespace exists.
    pub async fn has_namespace(&self, budget: &Budget, name: &str) -> Result<bool, ClusterError> {
        Ok(self.get(budget, &ObjectRef::of_namespace(name)).await?.is_some())
    }

    /// Makes the namespace if it does not exist, marked as made for `instance` of `application`.
    /// One that exists is used as it is.
    pub async fn ensure_namespace(
        &self,
        budget: &Budget,
        name: &str,
        application: &str,
        instance: &str,
    ) -> Result<(), ClusterError> {
        if self.has_namespace(budget, name).await? {
            return Ok(());
        }
        let manifest = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": owner_labels(application, instance) },
        });
        match self.create(budget, &manifest).await {
            // Made by someone else in the meantime: as good.
            Ok(_) | Err(ClusterError::Foreign { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes the namespace away if it was made by [`Cluster::ensure_namespace`] for the same owner and
    /// nothing is left in it. Answers whether it is gone.
    pub async fn remove_own_empty_namespace(
        &self,
        budget: &Budget,
        name: &str,
        application: &str,
        instance: &str,
    ) -> Result<bool, ClusterError> {
        let object = ObjectRef::of_namespace(name);
        let Some(namespace) = self.get(budget, &object).await? else { return Ok(true) };
        if !is_ours(&namespace, application, instance) || self.is_in_use(budget, name).await? {
            return Ok(false);
        }
        let uid = namespace.pointer("/metadata/uid").and_then(Value::as_str);
        self.delete(budget, &object, uid).await?;
        Ok(true)
    }

    async fn is_in_use(&self, budget: &Budget, namespace: &str) -> Result<bool, ClusterError> {
        for (version, kind) in CONTENT {
            let like = ObjectRef::namespaced(version, kind, namespace, "");
            let found = self.list(budget, &like, "").await?;
            if found.iter().any(is_content) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// What the cluster puts into each namespace by itself, and what is on its way out, does not count.
fn is_content(object: &Value) -> bool {
    let made_by_cluster = object.pointer("/metadata/name").and_then(Value::as_str) == Some("kube-root-ca.crt")
        || object.get("type").and_then(Value::as_str) == Some("kubernetes.io/service-account-token");
    !made_by_cluster && object.pointer("/metadata/deletionTimestamp").is_none()
}
