//! Waits for the way in to a registry whose Pods are ready: the certificate that another resource writes, and the address that
//! a controller gives. The registry stands without them: what does not come is a warning.

mod route;

use std::time::Duration;

use serde_json::Value;

use crate::clients::cluster::Cluster;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::load_balancer::addresses;
use crate::domain::registry::{Exposure, Registry, ingress_ref};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::{Budget, Pace};

use super::apply::certificate_digest;
use super::look::look;

/// How long a certificate may take that a resource of the same run makes.
const CERTIFICATE: Duration = Duration::from_mins(1);

/// How long a controller may take to give an address; clouds make load balancers within that.
const ADDRESS: Duration = Duration::from_mins(3);

const PACE: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(5));

/// Controllers that give each Ingress an address (AWS Load Balancer Controller, EKS Auto Mode). Of others it is known only
/// when another Ingress of the class has one.
const GIVE_ADDRESSES: [&str; 2] = ["ingress.k8s.aws/alb", "eks.amazonaws.com/alb"];

/// Waits for the certificate and the address of a new registry, and tells what is missing of any.
pub async fn arrive(cx: &Cx, cluster: &Cluster, registry: &Registry, is_new: bool) {
    if is_new {
        certificate(cx, cluster, registry).await;
    }
    look(cx, cluster, registry).await;
    if let Exposure::Gateway(gateway) = &registry.exposure {
        let patience = if is_new { ADDRESS } else { Duration::ZERO };
        if let Some(told) = route::taken(cx, cluster, registry, gateway, patience).await {
            cx.warn(&told);
        }
        return;
    }
    let Some(object) = gate(registry) else { return };
    let patience = if is_new { cx.budget().at_most(ADDRESS) } else { cx.budget().at_most(Duration::ZERO) };
    if !has_address(cx, cluster, &object, &patience).await {
        cx.warn(&without_address(cx, cluster, registry, &object).await);
    }
}

/// The certificate of an Ingress, unless an issuer makes it: that may wait for a record which waits for this registry.
async fn certificate(cx: &Cx, cluster: &Cluster, registry: &Registry) {
    let (Exposure::Ingress(ingress), Some(name)) = (&registry.exposure, &registry.tls_secret) else { return };
    if ingress.has_issuer() {
        return;
    }
    let (object, patience) = (ObjectRef::secret(&registry.namespace, name), cx.budget().at_most(CERTIFICATE));
    for pause in PACE.pauses() {
        match cluster.get(cx.budget(), &object).await {
            Ok(found) if found.as_ref().and_then(certificate_digest).is_none() => {}
            _ => return,
        }
        if patience.sleep(pause).await.is_err() {
            return;
        }
    }
}

/// What clients come through, if it is something that gets an address.
fn gate(registry: &Registry) -> Option<ObjectRef> {
    match &registry.exposure {
        Exposure::Ingress(_) => Some(ingress_ref(&registry.namespace, &registry.name)),
        _ if registry.service.r#type == "LoadBalancer" => {
            Some(ObjectRef::core("Service", &registry.namespace, &registry.name))
        }
        _ => None,
    }
}

/// Whether it gets an address within the time, or is of a kind that may never have one. What cannot be asked is not missed.
async fn has_address(cx: &Cx, cluster: &Cluster, object: &ObjectRef, patience: &Budget) -> bool {
    for pause in PACE.pauses() {
        let Ok(Some(found)) = cluster.get(cx.budget(), object).await else { return true };
        if addresses(&found).is_some() || !gets_address(cx, cluster, &found).await {
            return true;
        }
        if patience.sleep(pause).await.is_err() {
            return false;
        }
    }
    false
}

async fn gets_address(cx: &Cx, cluster: &Cluster, found: &Value) -> bool {
    if found.get("kind").and_then(Value::as_str) == Some("Service") {
        return true;
    }
    let class_of =
        |ingress: &Value| ingress.pointer("/spec/ingressClassName").and_then(Value::as_str).map(str::to_owned);
    let Some(class) = class_of(found) else { return false };
    let like = ObjectRef::of_cluster("networking.k8s.io/v1", "IngressClass", &class);
    let Ok(Some(declared)) = cluster.get(cx.budget(), &like).await else { return false };
    let controller = declared.pointer("/spec/controller").and_then(Value::as_str).unwrap_or_default();
    if GIVE_ADDRESSES.contains(&controller) {
        return true;
    }
    let all = ObjectRef::of_cluster("networking.k8s.io/v1", "Ingress", "");
    let others = cluster.list(cx.budget(), &all, "").await.unwrap_or_default();
    others.iter().any(|other| class_of(other).as_ref() == Some(&class) && addresses(other).is_some())
}

fn unreached(registry: &Registry) -> Explanation {
    let what = format!("The registry `{}/{}` cannot be reached yet", registry.namespace, registry.name);
    Explanation::new("BERTH-REG-015", what)
}

async fn without_address(cx: &Cx, cluster: &Cluster, registry: &Registry, object: &ObjectRef) -> Explanation {
    let told = unreached(registry)
        .on(format!("{object}, which has no address"))
        .next("see what its controller says of it; where it only takes longer, nothing needs to be done");
    match cluster.warnings(cx.budget(), object).await.as_slice() {
        [] => told,
        warnings => told.said("The cluster", warnings.join("; ")),
    }
}
