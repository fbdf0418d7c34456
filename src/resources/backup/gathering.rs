//! Finds what belongs to a backup, and what of it is not there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::cert_manager::backup::{Backup, Part, secrets};
use crate::domain::kubernetes::{ObjectRef, text};
use crate::explain::{self, Explanation};
use crate::provider::Cx;
use crate::resources::cert_manager::API_VERSION;
use crate::resources::objects::side_by_side;

use super::Declared;

/// How many objects are told by name.
const TOLD: usize = 20;

/// What belongs to a backup.
pub struct Gathered {
    /// What is there.
    pub backup: Backup,
    /// What is not, as clauses.
    missing: Vec<String>,
}

impl Gathered {
    /// Tells what a restore of it would lack.
    pub fn tell(&self, cx: &Cx, what: &str) {
        if self.missing.is_empty() {
            return;
        }
        let told = Explanation::new("BERTH-CM-018", format!("{what}: it lacks what belongs to it"))
            .on(listed(&self.missing))
            .next(
                "correct namespaces or controller_namespace, which is where Secrets of ClusterIssuers lie, or make what is missing; \
                 then take it anew (triggers)",
            );
        cx.warn(&told.at("namespaces"));
    }
}

/// Some names, and how many more there are.
pub fn listed(names: &[String]) -> String {
    explain::listed(names, TOLD)
}

/// Looks at the issuers, the Certificates and their Secrets.
pub async fn gathered(cx: &Cx, cluster: &Cluster, model: &Declared) -> Result<Gathered, ClusterError> {
    let parts = model.parts();
    let mut found = Vec::new();
    for kind in ["ClusterIssuer", "Issuer", "Certificate"] {
        let all = cluster.list(cx.budget(), &ObjectRef::of_cluster(API_VERSION, kind, ""), "").await?;
        found.extend(all.into_iter().filter(|it| text(it, "/metadata/namespace").is_none_or(|it| model.covers(it))));
    }
    let needed: Vec<ObjectRef> = secrets(&found, &model.controller_namespace, &parts).into_iter().collect();
    let looks = needed.iter().map(|secret| async move { cluster.get(cx.budget(), secret).await });
    let looked: Vec<Option<Value>> = side_by_side(looks).await.into_iter().collect::<Result<_, _>>()?;
    let is_lost = |(secret, found): (&ObjectRef, &Option<Value>)| found.is_none().then(|| secret.to_string());
    let mut missing: Vec<String> = needed.iter().zip(&looked).filter_map(is_lost).collect();
    missing.extend(lost_namespaces(cx, cluster, model).await);
    let backup = Backup::of(
        &model.controller_namespace,
        looked.iter().flatten().chain(found.iter().filter(|it| is_kept(it, &parts))),
    );
    if backup.objects.is_empty() {
        missing.push("all: there are no such objects".to_owned());
    }
    Ok(Gathered { backup, missing })
}

/// Whether an object is kept itself. What a controller has made (cert-manager, for an Ingress or a Gateway) it makes anew, and
/// would not touch one that is not its own.
fn is_kept(object: &Value, parts: &BTreeSet<Part>) -> bool {
    let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let is_controlled = |owner: &Value| owner.get("controller").and_then(Value::as_bool) == Some(true);
    if owners.is_some_and(|owners| owners.iter().any(is_controlled)) {
        return false;
    }
    let is_certificate = text(object, "/kind") == Some("Certificate");
    parts.contains(if is_certificate { &Part::Certificates } else { &Part::Issuers })
}

/// The namespaces that are named and do not exist.
async fn lost_namespaces(cx: &Cx, cluster: &Cluster, model: &Declared) -> Vec<String> {
    let named: Vec<ObjectRef> =
        model.namespaces.iter().flat_map(|it| &it.0).map(|name| ObjectRef::of_namespace(name)).collect();
    let looked = cluster.look_at(cx.budget(), named).await;
    looked.into_iter().filter(|(_, found)| found.is_none()).map(|(object, _)| object.to_string()).collect()
}
