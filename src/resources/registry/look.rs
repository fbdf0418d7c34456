//! Warns of what the registry needs from others and has not got: told at once, and no failure, since it may come later.

use serde_json::Value;

use crate::clients::cluster::Cluster;
use crate::domain::kubernetes::{ObjectRef, annotations};
use crate::domain::registry::certificate::certificate_fault;
use crate::domain::registry::{Exposure, Ingress, Registry};
use crate::explain::Explanation;
use crate::provider::Cx;

/// The annotation of the Ingress class that stands for none (Kubernetes: Ingress, "Default Ingress class").
const DEFAULT_CLASS: &str = "ingressclass.kubernetes.io/is-default-class";

/// Looks at the certificate and at who is to act on the Ingress. What may not be read is not told.
pub async fn look(cx: &Cx, cluster: &Cluster, registry: &Registry) {
    look_at_certificate(cx, cluster, registry).await;
    if let Exposure::Ingress(ingress) = &registry.exposure {
        look_at_class(cx, cluster, registry, ingress.class.as_deref()).await;
        look_at_issuer(cx, cluster, registry, ingress).await;
    }
}

async fn look_at_certificate(cx: &Cx, cluster: &Cluster, registry: &Registry) {
    let is_made_by_others = matches!(&registry.exposure, Exposure::Ingress(ingress) if ingress.issuer.is_some());
    let Some(name) = registry.tls_secret.as_ref().filter(|_| !is_made_by_others) else { return };
    let object = ObjectRef::secret(&registry.namespace, name);
    let Ok(found) = cluster.get(cx.budget(), &object).await else { return };
    let Some(secret) = found else {
        let next = "make the certificate: until then the Ingress controller serves one of its own";
        return warn(cx, registry, format!("{object}, which does not exist"), next, "tls.secret_name");
    };
    if let Some(fault) = certificate_fault(&secret, registry.host.as_deref(), cx.clock().now()) {
        let next = "put a certificate for `host` there, or correct host or tls.secret_name: clients refuse this one";
        warn(cx, registry, format!("{object}, which {fault}"), next, "tls.secret_name");
    }
}

async fn look_at_class(cx: &Cx, cluster: &Cluster, registry: &Registry, class: Option<&str>) {
    let like = |name: &str| ObjectRef::of_cluster("networking.k8s.io/v1", "IngressClass", name);
    let next = "correct ingress.class, or install the controller: without it nobody acts on the Ingress";
    if let Some(class) = class {
        if let Ok(None) = cluster.get(cx.budget(), &like(class)).await {
            warn(cx, registry, format!("{}, which does not exist", like(class)), next, "ingress.class");
        }
        return;
    }
    let Ok(classes) = cluster.list(cx.budget(), &like(""), "").await else { return };
    let is_default = |mark: &Value| mark.as_str() == Some("true");
    if !classes.iter().any(|class| annotations(class).get(DEFAULT_CLASS).is_some_and(is_default)) {
        warn(cx, registry, "the cluster, which has no default Ingress class".to_owned(), next, "ingress.class");
    }
}

async fn look_at_issuer(cx: &Cx, cluster: &Cluster, registry: &Registry, ingress: &Ingress) {
    let Some(issuer) = &ingress.issuer else { return };
    let object = ObjectRef::of_cluster("cert-manager.io/v1", "ClusterIssuer", issuer);
    if let Ok(None) = cluster.get(cx.budget(), &object).await {
        let next =
            "make the issuer, install cert-manager, or correct ingress.issuer: until then there is no certificate";
        warn(cx, registry, format!("{object}, which does not exist"), next, "ingress.issuer");
    }
}

fn warn(cx: &Cx, registry: &Registry, object: String, next: &str, at: &str) {
    let what = format!("Clients will not reach the registry `{}/{}`", registry.namespace, registry.name);
    cx.warn(&Explanation::new("BERTH-REG-006", what).on(object).next(next).at(at));
}
