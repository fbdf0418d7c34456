//! Which attribute is to blame for a field that the cluster refuses.

use crate::clients::cluster::ClusterError;
use crate::domain::admission::Refusal;
use crate::explain::Explanation;

/// Parts of a field's path, by the kind of the object, with the attribute that it comes from; the first that fits counts.
const FIELDS: [(&str, &str, &str); 31] = [
    ("Service", ".nodePort", "service.node_port"),
    ("Service", "spec.ports", "service.port"),
    ("Service", "loadBalancerClass", "service.load_balancer_class"),
    ("Service", "oadBalancerSourceRanges", "service.load_balancer_source_ranges"),
    ("Service", "spec.type", "service.type"),
    ("Service", "metadata.annotations", "service.annotations"),
    ("Ingress", "kubernetes.io/ingress.class", "ingress.class"),
    ("Ingress", "ingressClassName", "ingress.class"),
    ("Ingress", "metadata.annotations", "ingress.annotations"),
    ("Ingress", "spec.tls", "tls.secret_name"),
    ("Ingress", ".host", "host"),
    ("HTTPRoute", "parentRefs", "gateway.parent"),
    ("HTTPRoute", "timeouts", "gateway.timeouts"),
    ("HTTPRoute", "hostnames[0]", "host"),
    ("HTTPRoute", "hostnames", "gateway.hostnames"),
    ("HTTPRoute", "metadata.annotations", "gateway.annotations"),
    ("PersistentVolumeClaim", "resources", "storage.volume.size"),
    ("PersistentVolumeClaim", "storageClassName", "storage.volume.storage_class"),
    ("PersistentVolumeClaim", "accessModes", "storage.volume.access_modes"),
    ("PersistentVolumeClaim", "spec", "storage.volume"),
    ("Deployment", ".resources", "resources"),
    ("Deployment", ".hostPort", "host_port"),
    ("Deployment", ".nodeSelector", "node_selector"),
    ("Deployment", ".tolerations", "tolerations"),
    ("Deployment", ".imagePullSecrets", "image_pull_secrets"),
    ("Deployment", ".securityContext", "security_context"),
    ("Deployment", ".image", "image"),
    ("Deployment", "sizeLimit", "storage.ephemeral.size_limit"),
    ("Deployment", "spec.replicas", "replicas"),
    ("ServiceAccount", "metadata.annotations", "service_account.annotations"),
    ("", "metadata.name", "name"),
];

/// A cluster's failure, blamed on the attribute that its cause stands in.
pub fn explained(error: &ClusterError, what: &str) -> Explanation {
    let explanation = error.explain(what);
    match (attribute(error), error) {
        // Hosts show the line of no attribute within another: the words must name it.
        (Some(attribute), ClusterError::Invalid { .. }) => {
            explanation.next(format!("correct `{attribute}`, which the refused field comes from")).at(attribute)
        }
        (Some(attribute), ClusterError::Refused { .. }) => {
            explanation.adding(&format!("it comes from `{attribute}`")).at(attribute)
        }
        (Some(attribute), _) => explanation.at(attribute),
        (None, _) => explanation,
    }
}

fn attribute(error: &ClusterError) -> Option<&'static str> {
    match error {
        ClusterError::NamespaceMissing { .. } => Some("namespace"),
        ClusterError::Foreign { .. } | ClusterError::Held { .. } => Some("name"),
        ClusterError::Refused { refusal: Refusal::Resize, .. } => Some("storage.volume.size"),
        ClusterError::Invalid { object, faults, words } => {
            let named = faults.iter().find_map(|fault| of_field(object, &fault.field));
            named.or_else(|| of_field(object, words))
        }
        _ => None,
    }
}

/// The attribute that a field of an object (`Service apps/hub`) comes from.
fn of_field(object: &str, field: &str) -> Option<&'static str> {
    let kind = object.split(' ').next().unwrap_or_default();
    let fits = |(of, part, _): &&(&str, &str, &str)| (of.is_empty() || *of == kind) && field.contains(part);
    FIELDS.iter().find(fits).map(|(_, _, attribute)| *attribute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::cluster::FieldFault;
    use crate::resources::registry::Declared;
    use crate::sdk::{Attribute, Model as _, Shape};

    fn blamed(object: &str, field: &str) -> Option<String> {
        let faults = vec![FieldFault { field: field.to_owned(), message: String::new() }];
        let error = ClusterError::Invalid { object: object.to_owned(), faults, words: String::new() };
        explained(&error, "x").attribute().map(str::to_owned)
    }

    #[test]
    fn a_field_that_the_cluster_names_is_told_at_its_attribute() {
        for (object, field, attribute) in [
            ("Service apps/hub", "spec.ports[0].nodePort", "service.node_port"),
            ("Service apps/hub", "spec.ports[0].port", "service.port"),
            ("Service apps/hub", "spec.LoadBalancerSourceRanges", "service.load_balancer_source_ranges"),
            ("Ingress apps/hub", "annotations.kubernetes.io/ingress.class", "ingress.class"),
            ("Ingress apps/hub", "spec.rules[0].host", "host"),
            ("PersistentVolumeClaim apps/hub-data", "spec.resources.requests.storage", "storage.volume.size"),
            ("PersistentVolumeClaim apps/hub-data", "spec", "storage.volume"),
            ("Deployment apps/hub", "spec.template.spec.containers[0].resources.requests[memry]", "resources"),
            ("Deployment apps/hub", "spec.template.spec.containers[0].ports[0].hostPort", "host_port"),
            ("Deployment apps/hub", "spec.template.spec.tolerations[0].operator", "tolerations"),
            ("Deployment apps/hub", "spec.template.spec.containers[0].image", "image"),
            ("Service apps/3hub", "metadata.name", "name"),
        ] {
            assert_eq!(blamed(object, field).as_deref(), Some(attribute), "{object} {field}");
        }
        assert_eq!(blamed("Deployment apps/hub", "spec.selector"), None);
    }

    #[test]
    fn a_claim_that_may_not_grow_is_told_at_its_size() {
        let object = "PersistentVolumeClaim apps/hub-data".to_owned();
        let error = ClusterError::Refused { object, refusal: Refusal::Resize, words: "can be resized".to_owned() };
        let told = explained(&error, "x");
        assert_eq!(told.attribute(), Some("storage.volume.size"));
        assert!(!told.to_string().contains("grant"), "{told}");
    }

    #[test]
    fn every_attribute_that_is_blamed_exists() {
        fn exists(attributes: &[Attribute], path: &str) -> bool {
            let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
            attributes.iter().find(|it| it.name == first).is_some_and(|found| match (&found.shape, rest) {
                (_, None) => true,
                (Shape::Nested(_, inner), Some(rest)) => exists(inner, rest),
                (Shape::Plain(_), Some(_)) => false,
            })
        }
        for (_, _, attribute) in FIELDS {
            assert!(exists(&Declared::attributes(), attribute), "{attribute}");
        }
    }
}
