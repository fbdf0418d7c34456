//! What the objects of a registry are called.

use super::APPLICATION;
use crate::domain::kubernetes::{ObjectRef, owner_selector};

/// The selector of the Pods of a registry as a query.
pub fn selector(name: &str) -> String {
    owner_selector(APPLICATION, name)
}

/// The names of the objects beside the Deployment.
pub fn config_name(name: &str) -> String {
    format!("{name}-config")
}

/// The Secret with what the Pods need to log in elsewhere, and what they share.
pub fn credentials_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::secret(namespace, &format!("{name}-credentials"))
}

/// The Secret with the users.
pub fn users_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::secret(namespace, &format!("{name}-users"))
}

/// The claim of its volume.
pub fn claim_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::core("PersistentVolumeClaim", namespace, &format!("{name}-data"))
}

/// Its Ingress.
pub fn ingress_ref(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef::namespaced("networking.k8s.io/v1", "Ingress", namespace, name)
}

/// Everything that may have been made for a registry but its volume, in the order in which it is to
/// be taken away: the Deployment, which answers for the others, first.
pub fn removable(namespace: &str, name: &str, account: &str) -> Vec<ObjectRef> {
    vec![
        ObjectRef::deployment(namespace, name),
        ingress_ref(namespace, name),
        ObjectRef::core("Service", namespace, name),
        users_ref(namespace, name),
        credentials_ref(namespace, name),
        ObjectRef::core("ConfigMap", namespace, &config_name(name)),
        ObjectRef::service_account(namespace, account),
    ]
}
