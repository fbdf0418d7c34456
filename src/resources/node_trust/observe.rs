//! Finds out what the nodes have, and what differs from what was declared.

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::node_trust::{NodeTrust, config_ref};
use crate::domain::ownership::{Tenure, is_terminating};
use crate::provider::Cx;
use crate::resources::registry::Deviations;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::apply::objects;
use super::model::Declared;
use super::rollout;

/// As it is; `None` if it is gone.
pub async fn refreshed(cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
    let what = format!("Cannot read what the nodes trust by `{}/{}`", model.namespace, model.name);
    let cluster = cx.provider().cluster()?;
    let told = |error: ClusterError| error.explain(&what);
    let lead = model.lead();
    let found = cluster.get(cx.budget(), &lead).await.map_err(told)?;
    tenancy::recover(cx, &lead, found.as_ref());
    let claim = model.claim(cx.known_owner());
    let is_ours = found.as_ref().is_some_and(|found| claim.tenure(found) == Tenure::Ours);
    if !is_ours {
        // The files may be on the nodes still; only another DaemonSet can tell or take them off.
        let rest = config_ref(&model.namespace, &model.name);
        let left = cluster.get(cx.budget(), &rest).await.map_err(told)?;
        if !left.is_some_and(|left| claim.tenure(&left) == Tenure::Ours) {
            return Ok(None);
        }
        model.drift.set(vec![format!("{lead} is gone")]);
        return Ok(Some(model));
    }
    let Some(owner) = cx.known_owner() else { return Ok(Some(model)) };
    let trust = model.trust(&owner);
    let mut drift = drift(cx, cluster, &trust).await.map_err(told)?;
    let standing = rollout::look(cx.budget(), cluster, &trust, &lead).await.map_err(told)?;
    if model.wait {
        drift.extend(standing.amiss());
    }
    model.drift.set(drift);
    model.nodes.set(standing.nodes);
    Ok(Some(model))
}

async fn drift(cx: &Cx, cluster: &Cluster, trust: &NodeTrust) -> std::result::Result<Vec<String>, ClusterError> {
    let deviations = Deviations::recall(cx);
    let mut told = Vec::new();
    for declared in objects(trust) {
        let Some(object) = ObjectRef::of(&declared) else { continue };
        match cluster.get(cx.budget(), &object).await? {
            Some(found) if is_terminating(&found) => told.push(format!("{object} is being deleted")),
            Some(found) => told.extend(deviations.differences(&object, &declared, &found)),
            None => told.push(format!("{object} is gone")),
        }
    }
    Ok(told)
}
