//! What a registry needs from others and has not got: told in the plan and again at the apply, and no failure, since it may
//! come later. What cannot be asked is not told.

mod gateway;

use std::time::Duration;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::{FIELD_MANAGER, MANAGED_BY, ObjectRef, annotations};
use crate::domain::registry::certificate::certificate_fault;
use crate::domain::registry::{Exposure, Flavour, Ingress, Registry, Storage, claim_ref};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;
use crate::sdk::Plan;

use super::model::Declared;
use super::rules::OLD_CLASS;

/// The annotations of the classes that stand for none (Kubernetes: "Default Ingress class", "Default `StorageClass`").
const DEFAULT_INGRESS: &str = "ingressclass.kubernetes.io/is-default-class";
const DEFAULT_STORAGE: &str = "storageclass.kubernetes.io/is-default-class";

/// How long all questions together may hold up a plan.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at the certificate and at who is to act on the Ingress, when the registry is about to be made.
pub async fn look(cx: &Cx, cluster: &Cluster, registry: &Registry) {
    let looking = Looking { cx, cluster, registry, budget: cx.budget() };
    for told in looking.at_the_way_in().await.iter().filter(|told| cx.provider().told().is_new(told)) {
        cx.warn(told);
    }
}

/// Looks at all that can be told in a plan.
pub async fn preview(cx: &Cx, plan: &mut Plan<'_>, model: &Declared, registry: &Registry) {
    let is_secret_open = plan.planned().at("tls.secret_name").is_unknown();
    let known = Registry { tls_secret: registry.tls_secret.clone().filter(|_| !is_secret_open), ..registry.clone() };
    let registry = &known;
    if cx.provider().is_offline() {
        return;
    }
    let Ok(cluster) = cx.provider().cluster() else { return };
    let budget = cx.budget().at_most(PATIENCE);
    let looking = Looking { cx, cluster, registry, budget: &budget };
    let takes_port = plan.is_create() || plan.changes("host_port");
    for told in looking.at_everything(model, takes_port).await {
        cx.provider().told().is_new(&told);
        plan.warn(&told);
    }
}

/// Says which objects this plan is to make, so that nobody misses them.
pub fn note_planned(cx: &Cx, model: &Declared) {
    if model.create_namespace {
        cx.provider().holdings().plan(&ObjectRef::of_namespace(&model.namespace).key());
    }
}

struct Looking<'a> {
    cx: &'a Cx,
    cluster: &'a Cluster,
    registry: &'a Registry,
    budget: &'a Budget,
}

impl Looking<'_> {
    async fn at_everything(&self, model: &Declared, takes_port: bool) -> Vec<Explanation> {
        if !model.create_namespace && self.is_absent(&ObjectRef::of_namespace(&self.registry.namespace)).await {
            return vec![self.missing_namespace()];
        }
        let (way_in, storage, nodes, port) = tokio::join!(
            Box::pin(self.at_the_way_in()),
            Box::pin(self.at_the_storage_class()),
            Box::pin(self.at_the_nodes()),
            Box::pin(self.at_the_port(takes_port)),
        );
        let mut told =
            [way_in, storage.into_iter().collect(), nodes.into_iter().collect(), port.into_iter().collect()].concat();
        for name in &self.registry.image_pull_secrets {
            let object = ObjectRef::secret(&self.registry.namespace, name);
            if self.is_absent(&object).await {
                let next = "make it first, or correct image_pull_secrets: the nodes may not be able to pull the image";
                told.push(self.warning(
                    "may not start",
                    format!("{object}, which does not exist"),
                    next,
                    "image_pull_secrets",
                ));
            }
        }
        told
    }

    async fn at_the_way_in(&self) -> Vec<Explanation> {
        let mut told: Vec<_> = self.at_the_certificate().await.into_iter().collect();
        match &self.registry.exposure {
            Exposure::Ingress(ingress) => {
                told.extend(self.at_the_class(ingress).await);
                told.extend(self.at_the_issuer(ingress).await);
            }
            Exposure::Gateway(gateway) => told.extend(self.at_the_gateway(gateway).await),
            Exposure::Service | Exposure::HostPort(_) => {}
        }
        told
    }

    /// Whether an object is missing for certain: it is not there, and no plan of this run is to make it.
    async fn is_absent(&self, object: &ObjectRef) -> bool {
        !self.cx.provider().holdings().is_planned(&object.key())
            && matches!(self.cluster.get(self.budget, object).await, Ok(None))
    }

    fn missing_namespace(&self) -> Explanation {
        let namespace = &self.registry.namespace;
        let object = format!("the namespace `{namespace}`, which does not exist");
        let next = "set create_namespace = true, or let `namespace` come from the resource that makes it";
        self.warning("cannot be made", object, next, "namespace")
    }

    async fn at_the_certificate(&self) -> Option<Explanation> {
        let registry = self.registry;
        let is_made_by_others = matches!(&registry.exposure, Exposure::Ingress(ingress) if ingress.has_issuer());
        let name = registry.tls_secret.as_ref().filter(|_| !is_made_by_others)?;
        let object = ObjectRef::secret(&registry.namespace, name);
        if self.cx.provider().holdings().is_planned(&object.key()) {
            return None;
        }
        let Some(secret) = self.cluster.get(self.budget, &object).await.ok()? else {
            let (may, next) = if registry.serves_tls() {
                (
                    "cannot start",
                    "make the certificate first: let tls.secret_name come from the resource that writes the Secret",
                )
            } else {
                ("will not be reached", "make the certificate: until then the Ingress controller serves one of its own")
            };
            return Some(self.warning(may, format!("{object}, which does not exist"), next, "tls.secret_name"));
        };
        let fault = certificate_fault(&secret, registry.host.as_deref(), self.cx.clock().now())?;
        let next = "put a certificate for `host` there, or correct host or tls.secret_name: clients refuse this one";
        Some(self.warning("will not be reached", format!("{object}, which {fault}"), next, "tls.secret_name"))
    }

    /// The class must be there, and its controller one that knows the annotations.
    async fn at_the_class(&self, ingress: &Ingress) -> Option<Explanation> {
        let like = |name: &str| ObjectRef::of_cluster("networking.k8s.io/v1", "IngressClass", name);
        let next = "correct ingress.class, or install the controller: without it nobody acts on the Ingress";
        let missing = |object: String| Some(self.warning("will not be reached", object, next, "ingress.class"));
        let class = match ingress.class.as_deref() {
            Some(class) if self.cx.provider().holdings().is_planned(&like(class).key()) => return None,
            Some(class) => match self.cluster.get(self.budget, &like(class)).await.ok()? {
                Some(found) => found,
                None => return missing(format!("{}, which does not exist", like(class))),
            },
            // The old way to name one.
            None if ingress.annotations.contains_key(OLD_CLASS) => return None,
            None => match self.default_class(&like(""), DEFAULT_INGRESS).await.ok()? {
                Some(found) => found,
                None => return missing("the cluster, which has no default Ingress class".to_owned()),
            },
        };
        let controller = class.pointer("/spec/controller").and_then(Value::as_str)?;
        let known =
            Flavour::of_controller(controller).filter(|known| ingress.is_guessed && *known != ingress.flavour)?;
        if !known.annotates() && !ingress.flavour.annotates() {
            return None;
        }
        let object = format!("the Ingress class `{}`, whose controller is `{controller}`", place(&class).1?);
        let next = format!(
            "set ingress.flavour = \"{}\": the annotations are those of another controller, and large pushes may be refused",
            known.name()
        );
        Some(self.warning("may take no large pushes", object, &next, "ingress.flavour"))
    }

    async fn at_the_issuer(&self, ingress: &Ingress) -> Option<Explanation> {
        let object = ObjectRef::of_cluster("cert-manager.io/v1", "ClusterIssuer", ingress.issuer.as_ref()?);
        let next =
            "make the issuer, install cert-manager, or correct ingress.issuer: until then there is no certificate";
        let what = format!("{object}, which does not exist");
        self.is_absent(&object).await.then(|| self.warning("will not be reached", what, next, "ingress.issuer"))
    }

    /// A claim without a class that exists waits for ever.
    async fn at_the_storage_class(&self) -> Option<Explanation> {
        let Storage::Volume(volume) = &self.registry.storage else { return None };
        let claim = claim_ref(&self.registry.namespace, &self.registry.name);
        if !matches!(self.cluster.get(self.budget, &claim).await, Ok(None)) {
            return None;
        }
        let like = |name: &str| ObjectRef::of_cluster("storage.k8s.io/v1", "StorageClass", name);
        let next = "correct storage.volume.storage_class, or make the class: the claim waits for a volume until then";
        let object = match volume.storage_class.as_deref() {
            // A volume that somebody makes by hand.
            Some("") => return None,
            Some(class) if self.is_absent(&like(class)).await => {
                let names = self.cluster.list(self.budget, &like(""), "").await.unwrap_or_default();
                format!("{}, which does not exist{}", like(class), there_are(&names))
            }
            None if matches!(self.default_class(&like(""), DEFAULT_STORAGE).await, Ok(None)) => {
                "the cluster, which has no default StorageClass".to_owned()
            }
            Some(_) | None => return None,
        };
        Some(self.warning("may not start", object, next, "storage.volume.storage_class"))
    }

    async fn at_the_nodes(&self) -> Option<Explanation> {
        let labels: Vec<String> =
            self.registry.node_selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if labels.is_empty() {
            return None;
        }
        let nodes =
            self.cluster.list(self.budget, &ObjectRef::of_cluster("v1", "Node", ""), &labels.join(",")).await.ok()?;
        let object = format!("the nodes of the cluster: none has {}", labels.join(" and "));
        let next = "correct node_selector or label a node, unless an autoscaler brings such a node";
        nodes.is_empty().then(|| self.warning("may not start", object, next, "node_selector"))
    }

    /// Another registry with the same port of the nodes: there is room for one of them on each node.
    /// One that has its port already may be waited for by others.
    async fn at_the_port(&self, takes_port: bool) -> Option<Explanation> {
        let Exposure::HostPort(port) = self.registry.exposure else { return None };
        if !takes_port {
            return None;
        }
        let like = ObjectRef::of_cluster("apps/v1", "Deployment", "");
        let found =
            self.cluster.list(self.budget, &like, &format!("{MANAGED_BY}={FIELD_MANAGER}")).await.unwrap_or_default();
        let own = (Some(self.registry.namespace.as_str()), Some(self.registry.name.as_str()));
        let others = found.iter().filter(|it| holds_port(it, port) && place(it) != own);
        let other = others.map(|it| place(it)).map(|(namespace, name)| {
            format!("the registry {}/{}", namespace.unwrap_or_default(), name.unwrap_or_default())
        });
        let noted = format!("port {port} of the nodes");
        let is_second = !self.cx.provider().holdings().plan(&noted);
        let second = is_second.then(|| "another registry of this configuration".to_owned());
        let object = format!("{noted}, which {} has", other.into_iter().next().or(second)?);
        let next =
            "choose another host_port, or remove the other: on one node only one of them gets it, and the other waits";
        Some(self.warning("may not start", object, next, "host_port"))
    }

    /// The class that stands for none, by its annotation.
    async fn default_class(&self, like: &ObjectRef, annotation: &str) -> Result<Option<Value>, ClusterError> {
        let classes = self.cluster.list(self.budget, like, "").await?;
        Ok(classes.into_iter().find(|class| annotations(class).get(annotation).and_then(Value::as_str) == Some("true")))
    }

    fn warning(&self, may: &str, object: String, next: &str, at: &str) -> Explanation {
        let what = format!("The registry `{}/{}` {may}", self.registry.namespace, self.registry.name);
        Explanation::new("BERTH-REG-006", what).on(object).next(next).at(at)
    }
}

fn place(object: &Value) -> (Option<&str>, Option<&str>) {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    (text("/metadata/namespace"), text("/metadata/name"))
}

fn holds_port(deployment: &Value, port: u16) -> bool {
    let containers = deployment.pointer("/spec/template/spec/containers").and_then(Value::as_array);
    let ports = containers.into_iter().flatten().filter_map(|it| it.get("ports")?.as_array()).flatten();
    ports.into_iter().any(|it| it.get("hostPort").and_then(Value::as_u64) == Some(port.into()))
}

fn there_are(objects: &[Value]) -> String {
    let names: Vec<&str> = objects.iter().filter_map(|it| place(it).1).collect();
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}
