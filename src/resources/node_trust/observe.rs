//! Finds out what the nodes have, and what differs from what was declared.

use crate::clients::cluster::ClusterError;
use crate::domain::node_trust::{config_map, config_ref, daemon_set};
use crate::domain::ownership::Tenure;
use crate::provider::Cx;
use crate::resources::deviations::Deviations;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::model::Declared;
use super::rollout;

/// As it is; `None` if it is gone.
pub async fn refreshed(cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
    let what = format!("Cannot read what `{}/{}` has the nodes trust", model.namespace, model.name);
    let cluster = cx.provider().cluster()?;
    let told = |error: ClusterError| error.explain(&what);
    let lead = model.lead();
    let found = cluster.get(cx.budget(), &lead).await.map_err(told)?;
    tenancy::recover(cx, &lead, found.as_ref());
    let claim = model.claim(cx.known_owner());
    let Some(set) = found.filter(|found| claim.tenure(found) == Tenure::Ours) else {
        // The files may be on the nodes still; only another DaemonSet can tell or take them off.
        let rest = config_ref(&model.namespace, &model.name);
        let left = cluster.get(cx.budget(), &rest).await.map_err(told)?;
        if !left.is_some_and(|left| claim.tenure(&left) == Tenure::Ours) {
            return Ok(None);
        }
        model.drift.set(vec![format!("{lead} is missing")]);
        return Ok(Some(model));
    };
    let Some(owner) = cx.known_owner() else { return Ok(Some(model)) };
    let trust = model.trust(&owner);
    let deviations = Deviations::recall(cx);
    let mut drift = deviations.drift(cx, cluster, [config_map(&trust)]).await.map_err(told)?;
    drift.extend(deviations.amiss(&lead, &daemon_set(&trust), Some(&set)));
    let standing = rollout::standing(cx.budget(), cluster, &trust, &set).await.map_err(told)?;
    if model.wait {
        drift.extend(standing.amiss());
    }
    model.drift.set(drift);
    model.nodes.set(standing.nodes);
    Ok(Some(model))
}
