//! Takes a registry away. Data outlives it unless that is asked for; a bucket always does.

use crate::clients::cluster::{Cluster, ClusterError, Removal, Vacancy};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::Claim;
use crate::domain::registry::{claim_ref, removable, selector};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::leftovers::{Leftovers, deletes_claim};
use super::model::Declared;

/// The note of the private state: a create found the claim of an earlier registry, and has not finished.
const ADOPTED: &str = "adopted_claim";

/// Removes what was made for the registry and bears its mark, and waits until it is gone.
pub async fn take_away(cx: &Cx, model: &Declared) -> Result<()> {
    let what = format!("Cannot remove the registry `{}/{}`", model.namespace, model.name);
    let cluster = cx.provider().cluster()?;
    let claim = model.claim(cx.known_owner());
    let mut left = Leftovers::recall(cx).all_of(model);
    let removed = removed(cx, cluster, model, &claim, &mut left).await;
    let (removals, vacancy) = removed.map_err(|error| error.explain(what))?;
    tenancy::release(cx, &claim.lead);
    let title = format!("Removing the registry `{}/{}`", model.namespace, model.name);
    tenancy::tell_left(cx, &title, removals);
    tenancy::tell_vacancy(cx, &model.namespace, &vacancy);
    Ok(())
}

async fn removed(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    claim: &Claim,
    left: &mut Leftovers,
) -> std::result::Result<(Vec<(ObjectRef, Removal)>, Vacancy), ClusterError> {
    let budget = cx.budget();
    left.clear(cx, cluster, &model.namespace, claim).await?;
    let mut objects = removable(&model.namespace, &model.name, model.account_name());
    let volume = claim_ref(&model.namespace, &model.name);
    if claim_goes(cx, cluster, &volume, left).await? {
        objects.push(volume);
    }
    let mut removals = Vec::new();
    for object in objects {
        let removal = cluster.delete_own(budget, &object, claim).await?;
        removals.push((object, removal));
    }
    // A port of the node and a volume are free only when the Pods are gone.
    let like = ObjectRef::pod(&model.namespace, "");
    cluster.wait_until_none(budget, &like, &selector(&model.name), claim).await?;
    for (object, _) in removals.iter().filter(|(_, removal)| *removal == Removal::Gone) {
        cluster.wait_until_left(budget, object, claim).await?;
    }
    // An account of somebody else is no loss: it only ran the Pods.
    removals.retain(|(object, _)| object.kind != "ServiceAccount");
    let mut vacancy = Vacancy::Settled;
    if model.create_namespace {
        vacancy = cluster.remove_own_empty_namespace(budget, &model.namespace, claim).await?;
    }
    Ok((removals, vacancy))
}

/// Whether the claim goes: it was asked for, or no volume was ever bound to it, so that it holds nothing and would only stand
/// in the way of a corrected one. What an unfinished create found there holds an earlier registry's images, and stays.
async fn claim_goes(
    cx: &Cx,
    cluster: &Cluster,
    volume: &ObjectRef,
    left: &Leftovers,
) -> std::result::Result<bool, ClusterError> {
    let Some(found) = cluster.get(cx.budget(), volume).await? else { return Ok(false) };
    let text = |pointer: &str| found.pointer(pointer).and_then(serde_json::Value::as_str);
    let is_bound =
        text("/spec/volumeName").is_some_and(|name| !name.is_empty()) || text("/status/phase") == Some("Bound");
    if is_bound && left.claim && cx.recall(ADOPTED).unwrap_or(false) {
        let told = Explanation::new("BERTH-REG-006", "The volume of an earlier registry was kept")
            .on(volume.to_string())
            .next("the registry was never finished, and its volume is older than it; apply again to use it, or delete the claim with kubectl");
        cx.warn(&told);
        return Ok(false);
    }
    Ok(left.claim || !is_bound)
}

/// Notes, before a registry is made, whether the claim of an earlier one is there.
pub async fn note_claim(cx: &Cx, cluster: &Cluster, model: &Declared) -> std::result::Result<(), ClusterError> {
    if !deletes_claim(model) {
        return Ok(());
    }
    if cluster.settled(cx.budget(), &claim_ref(&model.namespace, &model.name)).await?.is_some() {
        cx.remember(ADOPTED, &true);
    }
    Ok(())
}

/// The registry is finished, and its claim its own.
pub fn keep_claim(cx: &Cx) {
    cx.forget(ADOPTED);
}
