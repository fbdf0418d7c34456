//! Finds out what the cluster holds of a registry, and what differs from what was declared.

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::differences;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, Tenure, is_unfinished, owner_of};
use crate::domain::registry::workload::{content_digest, deployment_marked};
use crate::domain::registry::{
    CERTIFICATE_DIGEST, CREDENTIALS_DIGEST, Registry, USERS_DIGEST, claim_ref, credentials_ref, removable, users_ref,
};
use crate::domain::rollout::is_under_way;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::apply::certificate_digest;
use super::leftovers::deletes_claim;
use super::model::Declared;

/// The registry as it is; `None` if it is gone.
pub async fn refreshed(cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
    let what = format!("Cannot read the registry `{}/{}`", model.namespace, model.name);
    let cluster = cx.provider().cluster()?;
    let Ok(registry) = model.registry() else { return Ok(Some(model)) };
    let told = |error: ClusterError| error.explain(&what);
    let found = cluster.get(cx.budget(), &model.lead()).await.map_err(told)?;
    tenancy::recover(cx, &model.lead(), found.as_ref());
    let claim = model.claim(cx.known_owner());
    let Some(deployment) = found.filter(|found| claim.tenure(found) == Tenure::Ours) else {
        return remains(cx, cluster, model, &claim).await.map_err(told);
    };

    let mut drift = drift(cx, cluster, &registry, &deployment).await.map_err(told)?;
    drift.extend(unmarked(&claim.lead, &deployment));
    let ready = deployment.pointer("/status/readyReplicas").and_then(Value::as_i64).unwrap_or(0);
    if registry.replicas > 0 && ready == 0 && !may_be_starting(&model, &deployment) {
        drift.push("no Pod of the registry is ready".to_owned());
    }
    model.drift.set(drift);
    model.ready_replicas.set(ready);
    model.url.set(registry.url());
    model.config_digest.set(registry.config_digest());
    Ok(Some(model))
}

/// A registry without its Deployment: in state as long as anything of it is left, so that a destroy removes that too.
async fn remains(
    cx: &Cx,
    cluster: &Cluster,
    mut model: Declared,
    claim: &Claim,
) -> std::result::Result<Option<Declared>, ClusterError> {
    let mut parts = removable(&model.namespace, &model.name, model.account_name());
    if deletes_claim(&model) {
        parts.push(claim_ref(&model.namespace, &model.name));
    }
    for part in &parts {
        let found = cluster.get(cx.budget(), part).await?;
        if found.is_some_and(|found| claim.tenure(&found) == Tenure::Ours) {
            model.drift.set(vec![format!("{} is gone", claim.lead), format!("{part} is left of it")]);
            model.ready_replicas.set(0);
            return Ok(Some(model));
        }
    }
    Ok(None)
}

/// What is amiss with the marks of a Deployment that is ours.
fn unmarked(lead: &ObjectRef, deployment: &Value) -> Option<String> {
    if owner_of(deployment).is_none() {
        return Some(format!("{lead} does not bear the mark of its owner"));
    }
    is_unfinished(deployment).then(|| format!("{lead} is marked as unfinished"))
}

async fn drift(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
    deployment: &Value,
) -> std::result::Result<Vec<String>, ClusterError> {
    let mut told = Vec::new();
    for declared in registry.visible_objects() {
        let Some(object) = ObjectRef::of(&declared) else { continue };
        match cluster.get(cx.budget(), &object).await? {
            Some(found) => tell(&mut told, &object, &declared, &found),
            None => told.push(format!("{object} is gone")),
        }
    }
    let marks = deployment.pointer("/spec/template/metadata/annotations").cloned().unwrap_or_default();
    let declared = deployment_marked(registry, &own_marks(&marks));
    tell(&mut told, &registry.deployment_ref(), &declared, deployment);
    let mark = |name: &str| marks.get(name).and_then(Value::as_str).map(str::to_owned);

    let credentials = credentials_ref(&registry.namespace, &registry.name);
    told.extend(changed_secret(cx, cluster, &credentials, mark(CREDENTIALS_DIGEST)).await?);
    if registry.has_users {
        let users = users_ref(&registry.namespace, &registry.name);
        told.extend(changed_secret(cx, cluster, &users, mark(USERS_DIGEST)).await?);
    }
    told.extend(old_certificate(cx, cluster, registry, mark(CERTIFICATE_DIGEST)).await?);
    Ok(told)
}

/// Whether nobody waited for the Pods and they are still on their way. Where an apply waits, it waited in vain.
fn may_be_starting(model: &Declared, deployment: &Value) -> bool {
    !model.wait && serde_json::from_value(deployment.clone()).is_ok_and(|deployment| is_under_way(&deployment))
}

fn tell(told: &mut Vec<String>, object: &ObjectRef, declared: &Value, found: &Value) {
    told.extend(differences(declared, found).into_iter().map(|difference| format!("{object}: {difference}")));
}

/// Our marks of the Pods; others (`kubectl rollout restart`) are not ours to judge.
fn own_marks(marks: &Value) -> Value {
    let marks = marks.as_object().cloned().unwrap_or_default();
    Value::Object(marks.into_iter().filter(|(name, _)| name.starts_with("berth/")).collect())
}

/// Whether a Secret is gone or holds something else than the Pods were started with.
async fn changed_secret(
    cx: &Cx,
    cluster: &Cluster,
    object: &ObjectRef,
    mark: Option<String>,
) -> std::result::Result<Option<String>, ClusterError> {
    Ok(match cluster.get(cx.budget(), object).await? {
        None => Some(format!("{object} is gone")),
        Some(secret) if Some(content_digest(&secret)) != mark => {
            Some(format!("{object} holds something else than was declared"))
        }
        Some(_) => None,
    })
}

async fn old_certificate(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
    mark: Option<String>,
) -> std::result::Result<Option<String>, ClusterError> {
    let Some(name) = registry.tls_secret.as_ref().filter(|_| registry.serves_tls()) else { return Ok(None) };
    let object = ObjectRef::secret(&registry.namespace, name);
    let found = cluster.get(cx.budget(), &object).await?;
    Ok(match found.as_ref().map(certificate_digest) {
        None | Some(None) => Some(format!("{object} holds no certificate")),
        Some(digest) if digest != mark => Some(format!("the Pods serve an older certificate than {object} holds")),
        Some(_) => None,
    })
}
