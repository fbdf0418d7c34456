//! In which order objects come, and go.

use crate::domain::kubernetes::ObjectRef;

use super::scope::is_built_in;

/// A step of an apply: all objects of one are declared side by side, before those of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Namespaces, in which the rest lives.
    Namespaces,
    /// Definitions of kinds.
    Definitions,
    /// Limits and quotas, which hold for what is made after them.
    Limits,
    /// What workloads refer to: accounts, rights, settings, volumes, Services.
    Foundations,
    /// What runs.
    Workloads,
    /// What leads to what runs: Ingresses, webhooks, aggregated APIs.
    Edges,
    /// Objects of kinds that somebody has defined; their controllers and webhooks may be among the workloads.
    Custom,
}

/// When an object comes.
pub fn phase(object: &ObjectRef) -> Phase {
    if !is_built_in(object.group()) {
        return Phase::Custom;
    }
    match object.kind.as_str() {
        "Namespace" => Phase::Namespaces,
        "CustomResourceDefinition" => Phase::Definitions,
        "ResourceQuota" | "LimitRange" | "PriorityClass" | "StorageClass" | "RuntimeClass" => Phase::Limits,
        "Pod"
        | "ReplicationController"
        | "ReplicaSet"
        | "Deployment"
        | "StatefulSet"
        | "DaemonSet"
        | "Job"
        | "CronJob"
        | "HorizontalPodAutoscaler"
        | "PodDisruptionBudget" => Phase::Workloads,
        "Ingress" | "APIService" | "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => Phase::Edges,
        _ => Phase::Foundations,
    }
}

/// When an object goes: the kinds that `first` names in its order, then the reverse of how they came.
pub fn delete_rank(object: &ObjectRef, first: &[String]) -> usize {
    let named = first.iter().position(|kind| *kind == object.kind);
    named.unwrap_or_else(|| first.len() + (Phase::Custom as usize - phase(object) as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_need_comes_first_and_goes_last() {
        let order = |objects: &[ObjectRef]| objects.iter().map(phase).collect::<Vec<_>>().is_sorted();
        let [namespace, definition, account, deployment, webhook, issuer] = [
            ObjectRef::of_namespace("a"),
            ObjectRef::of_cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", "a"),
            ObjectRef::service_account("a", "b"),
            ObjectRef::deployment("a", "b"),
            ObjectRef::of_cluster("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "a"),
            ObjectRef::namespaced("cert-manager.io/v1", "Issuer", "a", "b"),
        ];
        assert!(order(&[namespace.clone(), definition, account.clone(), deployment.clone(), webhook, issuer.clone()]));
        let first = ["Deployment".to_owned()];
        let rank = |object: &ObjectRef| delete_rank(object, &first);
        assert!(
            rank(&deployment) < rank(&issuer) && rank(&issuer) < rank(&account) && rank(&account) < rank(&namespace)
        );
    }
}
