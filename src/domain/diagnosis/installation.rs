//! Whether cert-manager is there at all: CRDs, controller, webhook, and the namespace.

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;

use super::cause::Cause;
use super::report::{LinkState, Severity};
use super::snapshot::{Seen, text};
use super::walk::{Walk, condition, evidence, reference};

/// The CRD that stands for all of them.
pub const CRD: &str = "certificates.cert-manager.io";

/// The label of cert-manager's Pods: `cert-manager`, `webhook`, `cainjector`.
const APP: &str = "/metadata/labels/app";

/// Looks at what every Certificate needs. Whether something stands in the way of all of them.
pub fn look(walk: &mut Walk<'_>, namespace: Option<&str>) -> bool {
    if let Some(name) = namespace
        && look_at_namespace(walk, name)
    {
        return true;
    }
    let crd = ObjectRef::of_cluster("apiextensions.k8s.io/v1", "CustomResourceDefinition", CRD);
    if walk.get(&crd).is_absent() {
        walk.link(0, &crd, LinkState::Absent, "");
        walk.fails(Cause::CrdsMissing, &crd, vec![evidence(&crd, "metadata.name", "not found")], "");
        return true;
    }
    controller(walk);
    webhook(walk);
    false
}

/// Whether the namespace is missing or on its way out.
pub fn look_at_namespace(walk: &mut Walk<'_>, name: &str) -> bool {
    let object = ObjectRef::of_namespace(name);
    match walk.get(&object) {
        Seen::Absent => {
            walk.link(0, &object, LinkState::Absent, "");
            walk.fails(Cause::NamespaceMissing, &object, vec![evidence(&object, "metadata.name", "not found")], "");
            true
        }
        Seen::Found(found) if text(found, "/metadata/deletionTimestamp").is_some() => {
            terminating(walk, &object, found);
            false
        }
        _ => false,
    }
}

fn terminating(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let since = text(found, "/metadata/deletionTimestamp");
    let mut seen = Vec::new();
    for kind in ["NamespaceFinalizersRemaining", "NamespaceContentRemaining", "NamespaceDeletionContentFailure"] {
        if let Some(condition) = condition(found, kind).filter(super::walk::Condition::is_true) {
            seen.push(condition.evidence(object, kind));
        }
    }
    seen.push(evidence(object, "metadata.deletionTimestamp", since.unwrap_or_default()).at(since));
    walk.link(0, object, LinkState::Failing, "is being deleted");
    walk.fails(Cause::NamespaceTerminating, object, seen, "");
}

/// The controller's Deployment, wherever it is.
fn controller(walk: &mut Walk<'_>) {
    let found: Vec<&Value> =
        walk.seen.all("Deployment", None).filter(|it| text(it, APP) == Some("cert-manager")).collect();
    let available = |it: &&Value| it.pointer("/status/availableReplicas").and_then(Value::as_i64).unwrap_or(0) > 0;
    if found.iter().any(available) {
        return;
    }
    if let Some(deployment) = found.first() {
        let object = reference(deployment);
        let wanted = deployment.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
        let words = format!("0 available of {wanted}");
        walk.link(0, &object, LinkState::Failing, &words);
        let mut seen = vec![evidence(&object, "status.availableReplicas", words)];
        seen.extend(condition(deployment, "Available").map(|it| it.evidence(&object, "Available")));
        let remedy = if wanted == 0 {
            let (namespace, name) = (object.namespace.as_deref().unwrap_or_default(), &object.name);
            format!("scale it up: `kubectl -n {namespace} scale deployment {name} --replicas=1`")
        } else {
            String::new()
        };
        walk.fails(Cause::ControllerNotRunning, &object, seen, remedy);
    } else if walk.seen.is_listed("Deployment", None) {
        let seen = vec![evidence("Deployment", "metadata.labels.app", "none in the cluster bears app=cert-manager")];
        // It may run outside, or under other labels.
        walk.finds(Severity::Warning, Cause::ControllerNotRunning, "cert-manager", seen, "");
    }
}

/// The endpoints of the webhook that every change has to pass.
fn webhook(walk: &mut Walk<'_>) {
    let mut configurations = walk.seen.all("ValidatingWebhookConfiguration", None);
    let Some((configuration, namespace, name)) = configurations.find_map(service_of) else { return };
    let service = ObjectRef::core("Service", &namespace, &name);
    let object = reference(configuration);
    if ready_endpoints(walk, &namespace, &name) != Some(0) {
        return;
    }
    walk.link(0, &service, LinkState::Failing, "no ready endpoint");
    let seen = vec![
        evidence(format!("EndpointSlice {namespace}/{name}"), "endpoints[].conditions.ready", "no ready endpoint"),
        evidence(&object, "webhooks[].clientConfig.service", format!("{namespace}/{name}")),
    ];
    walk.fails(Cause::WebhookDown, &service, seen, "");
}

/// The Service of a webhook for cert-manager's kinds.
fn service_of(configuration: &Value) -> Option<(&Value, String, String)> {
    let hooks = configuration.get("webhooks")?.as_array()?;
    let of_cert_manager = |hook: &&Value| hook.get("name").and_then(Value::as_str) == Some("webhook.cert-manager.io");
    let service = hooks.iter().find(of_cert_manager)?.pointer("/clientConfig/service")?;
    let part = |name: &str| service.get(name)?.as_str().map(str::to_owned);
    Some((configuration, part("namespace")?, part("name")?))
}

/// How many ready endpoints a Service has; `None` if that could not be read.
pub fn ready_endpoints(walk: &Walk<'_>, namespace: &str, service: &str) -> Option<usize> {
    if !walk.seen.is_listed("EndpointSlice", Some(namespace)) {
        return None;
    }
    let of_service = |it: &&Value| {
        it.pointer("/metadata/labels/kubernetes.io~1service-name").and_then(Value::as_str) == Some(service)
    };
    let slices = walk.seen.all("EndpointSlice", Some(namespace)).filter(of_service);
    let endpoints = slices.filter_map(|slice| slice.get("endpoints")?.as_array()).flatten();
    // Absent means ready (discovery.k8s.io/v1, EndpointConditions).
    Some(endpoints.filter(|it| it.pointer("/conditions/ready").and_then(Value::as_bool) != Some(false)).count())
}
