//! Finds out what the cluster holds of a registry, and what differs from what was declared.

use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::differences;
use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::manifest::fields;
use crate::domain::ownership::{Claim, Tenure, is_terminating, is_unfinished, owner_of};
use crate::domain::registry::workload::{content_digest, deployment_marked};
use crate::domain::registry::{
    CERTIFICATE_DIGEST, CONFIG_DIGEST, CREDENTIALS_DIGEST, IDENTITY_DIGEST, Registry, USERS_DIGEST, claim_ref,
    credentials_ref, removable, route_ref, users_ref,
};
use crate::domain::rollout::{Deployment, is_under_way, unfinished};
use crate::provider::Cx;
use crate::resources::deviations::Deviations;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::address::url;
use super::apply::certificate_digest;
use super::leftovers::deletes_claim;
use super::model::Declared;
use super::ready::storage_check;
use super::volume;

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

    let registry = volume::as_it_is(cx, cluster, &model, registry).await.map_err(told)?;
    let mut drift = drift(cx, cluster, &registry, &deployment).await.map_err(told)?;
    drift.extend(unmarked(&claim.lead, &deployment));
    let ready = deployment.pointer("/status/readyReplicas").and_then(Value::as_i64).unwrap_or(0);
    let amiss = match unready(cx, cluster, &model, &registry, &deployment).await {
        None => volume::refusal(cx, cluster, &registry).await,
        amiss => amiss,
    };
    drift.extend(amiss);
    model.drift.set(drift);
    model.ready_replicas.set(ready);
    model.describe(&registry);
    model.url.set(url(cx, cluster, &registry).await.map_err(told)?);
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
    if model.gateway.is_some() {
        parts.push(route_ref(&model.namespace, &model.name));
    }
    if model.create_namespace {
        parts.push(ObjectRef::of_namespace(&model.namespace));
    }
    for part in &parts {
        let found = cluster.get(cx.budget(), part).await?.filter(|found| !is_terminating(found));
        if found.is_some_and(|found| claim.tenure(&found) == Tenure::Ours) {
            model.drift.set(vec![format!("{} is missing", claim.lead), format!("{part} is left of it")]);
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
    let deviations = Deviations::recall(cx);
    let mut told = deviations.drift(cx, cluster, registry.visible_objects()).await?;
    told.extend(account_drift(cx, cluster, registry).await?);
    let marks = deployment.pointer("/spec/template/metadata/annotations").cloned().unwrap_or_default();
    let declared = deployment_marked(registry, &own_marks(&marks));
    told.extend(deviations.differences(&registry.deployment_ref(), &declared, deployment));
    let mark = |name: &str| marks.get(name).and_then(Value::as_str).map(str::to_owned);
    told.extend(old_settings(registry, mark));

    let credentials = credentials_ref(&registry.namespace, &registry.name);
    told.extend(changed_secret(cx, cluster, &credentials, mark(CREDENTIALS_DIGEST)).await?);
    if registry.has_users {
        let users = users_ref(&registry.namespace, &registry.name);
        told.extend(changed_secret(cx, cluster, &users, mark(USERS_DIGEST)).await?);
    }
    told.extend(old_certificate(cx, cluster, registry, mark(CERTIFICATE_DIGEST)).await?);
    Ok(told)
}

/// What the Pods were started with before it became what is declared: an apply that failed between the two left it so.
fn old_settings(registry: &Registry, mark: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut told = Vec::new();
    if mark(CONFIG_DIGEST) != Some(registry.config_digest()) {
        told.push("the Pods were started with another configuration".to_owned());
    }
    if mark(IDENTITY_DIGEST) != registry.identity_digest() {
        told.push("the Pods were started with another identity than the service account's annotations give".to_owned());
    }
    told
}

/// What of the rollout has not come about, with the cause if it can be seen.
async fn unready(cx: &Cx, cluster: &Cluster, model: &Declared, registry: &Registry, found: &Value) -> Option<String> {
    let deployment: Deployment = serde_json::from_value(found.clone()).ok()?;
    // Where nobody waited, what is under way is as it should be. Where an apply waits, it waited in vain.
    if !model.wait && is_under_way(&deployment) {
        return None;
    }
    let ready = deployment.status.as_ref().map_or(0, |status| status.ready_replicas);
    let unserved = (registry.replicas > 0 && ready == 0).then(|| "no Pod of the registry is ready".to_owned());
    let told = unserved.or_else(|| unfinished(&deployment))?;
    let (object, labels) = (registry.deployment_ref(), registry.selector());
    let cause = cluster.cause_of_unreadiness(cx.budget(), &object, &labels, storage_check(registry)).await;
    Some(cause.map_or(told.clone(), |cause| format!("{told}: {cause}")))
}

/// What is amiss with the account that the Pods run as: it is gone, or grants another role.
async fn account_drift(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
) -> std::result::Result<Vec<String>, ClusterError> {
    let object = ObjectRef::service_account(&registry.namespace, registry.account_name());
    let Some(found) = cluster.get(cx.budget(), &object).await? else { return Ok(vec![format!("{object} is missing")]) };
    let declared = json!({ "metadata": { "annotations": registry.account.annotations } });
    let told = differences(&declared, &found).into_iter();
    Ok(told.map(|difference| format!("{object}: {difference}")).collect())
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
        None => Some(format!("{object} is missing")),
        Some(secret) if Some(content_digest(&own_part(&secret))) != mark => {
            Some(format!("{object} holds something else than was declared"))
        }
        Some(_) => None,
    })
}

/// What we have declared of an object: what others add to it is theirs.
fn own_part(found: &Value) -> Value {
    fields::of_manager(found, FIELD_MANAGER).map_or_else(|| found.clone(), |own| fields::part(found, own))
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
