//! Makes the nodes hold what is declared, and takes it off them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::node_trust::{Complaint, NodeTrust, Runtime, config_map, config_ref, daemon_set, places, selector};
use crate::domain::ownership::{Claim, is_terminating};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::deviations::Deviations;
use crate::resources::tenancy;
use crate::retry::Budget;
use crate::sdk::Result;

use super::model::Declared;
use super::rollout::{self, NOT_EVERYWHERE};

/// How long a destroy waits for nodes that do not answer.
const CLEANING: Duration = Duration::from_mins(2);

/// The objects, as they are declared.
fn objects(trust: &NodeTrust) -> [Value; 2] {
    [config_map(trust), daemon_set(trust)]
}

/// Applies the objects and waits for the nodes. Objects of other owners are refused, not taken over.
pub async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared, what: &str) -> Result<()> {
    if prior.is_some() {
        tenancy::recovered(cx, &[model.lead()], what).await?;
    }
    let owner = tenancy::claim(cx, &model.lead(), what)?;
    let claim = Claim { is_open: prior.is_none(), ..model.claim(Some(owner.clone())) };
    let trust = model.trust(&owner);
    let cluster = cx.provider().cluster()?;
    let told = |error: ClusterError| explained(&error, what);
    if let Some(prior) = prior {
        let before = prior.trust(&owner).runtimes;
        leave(cx, cluster, &trust, Some(before), &claim).await.map_err(told)?;
    }
    declare(cx, cluster, model, &trust, &claim).await.map_err(told)?;
    model.drift.set(Vec::new());
    let standing = if model.wait {
        rollout::wait(cx.budget(), cluster, &trust, &claim.lead).await
    } else {
        rollout::look(cx.budget(), cluster, &trust, &claim.lead).await
    };
    match standing {
        Ok(standing) => model.nodes.set(standing.nodes),
        Err(error) => {
            model.drift.set(vec![NOT_EVERYWHERE.to_owned()]);
            note_nodes(cluster, model, &trust, &claim.lead).await;
            if prior.is_some() {
                return Err(explained(&error, what));
            }
            let what = format!("Not all nodes trust yet what `{}/{}` declares", model.namespace, model.name);
            let afterwards = "nothing is removed: `nodes` tells of each, and the next apply waits again";
            cx.tell_wait(Err(explained(&error, &what)), afterwards);
        }
    }
    Ok(())
}

async fn note_nodes(cluster: &Cluster, model: &mut Declared, trust: &NodeTrust, lead: &ObjectRef) {
    let budget = Budget::for_cleanup(Duration::from_secs(5));
    let standing = rollout::look(&budget, cluster, trust, lead).await;
    let nodes = standing.map(|standing| standing.nodes);
    if let Err(error) = &nodes {
        tracing::debug!(%error, lead = %lead, "the nodes could not be looked at");
    }
    model.nodes.set(nodes.unwrap_or_default());
}

async fn declare(
    cx: &Cx,
    cluster: &Cluster,
    model: &mut Declared,
    trust: &NodeTrust,
    claim: &Claim,
) -> std::result::Result<(), ClusterError> {
    if !cluster.has_namespace(cx.budget(), &model.namespace).await? {
        return Err(ClusterError::NamespaceMissing { namespace: model.namespace.clone() });
    }
    for object in [claim.lead.clone(), config_ref(&trust.namespace, &trust.name)] {
        cluster.admit(cx.budget(), &object, claim).await?;
    }
    let mut deviations = Deviations::default();
    for object in objects(trust) {
        let stored = cluster.apply_own(cx.budget(), &object, claim).await?;
        cx.exists();
        deviations.note(&object, &stored);
    }
    deviations.remember(cx);
    Ok(())
}

/// First the nodes take away what was written, then the Pods go that do so.
pub async fn take_away(cx: &Cx, model: &Declared) -> Result<()> {
    let what = format!("Cannot take off the nodes what `{}/{}` has put there", model.namespace, model.name);
    let cluster = cx.provider().cluster()?;
    let parts = [model.lead(), config_ref(&model.namespace, &model.name)];
    let claim = model.claim(tenancy::recovered(cx, &parts, &what).await?);
    let told = |error: ClusterError| explained(&error, &what);
    if let Some(owner) = &claim.owner {
        let trust = model.trust(owner);
        if leave(cx, cluster, &trust, None, &claim).await.map_err(told)? {
            clean(cx, cluster, &trust.emptied(), &claim).await.map_err(told)?;
        }
    }
    let mut removals = Vec::new();
    for object in parts {
        let removal = cluster.delete_own(cx.budget(), &object, &claim).await.map_err(told)?;
        removals.push((object, removal));
    }
    let like = ObjectRef::pod(&model.namespace, "");
    cluster.wait_until_none(cx.budget(), &like, &selector(&model.name), &claim).await.map_err(told)?;
    tenancy::release(cx, &claim.lead);
    tenancy::tell_left(cx, &format!("Removing the nodes' trust `{}/{}`", model.namespace, model.name), removals);
    Ok(())
}

/// Has the nodes take away what is in folders that are declared no more: those of the state before, and those that the
/// `DaemonSet` names itself, where a run before did not come to its end. Whether the `DaemonSet` is there and ours.
async fn leave(
    cx: &Cx,
    cluster: &Cluster,
    trust: &NodeTrust,
    before: Option<BTreeMap<Runtime, String>>,
    claim: &Claim,
) -> std::result::Result<bool, ClusterError> {
    let found = cluster.get(cx.budget(), &claim.lead).await?;
    if found.as_ref().is_some_and(|found| !is_ours(found, claim)) {
        return Ok(false);
    }
    let written = found.as_ref().map(places);
    let others = before.filter(|before| Some(before) != written.as_ref());
    for left in written.into_iter().chain(others).filter_map(|places| trust.leaving(places)) {
        clean(cx, cluster, &left, claim).await?;
    }
    Ok(found.is_some())
}

fn is_ours(found: &Value, claim: &Claim) -> bool {
    claim.is_marked(found) && !is_terminating(found)
}

/// Has the nodes take away the files. Those that do not answer keep them, which is told.
async fn clean(cx: &Cx, cluster: &Cluster, empty: &NodeTrust, claim: &Claim) -> std::result::Result<(), ClusterError> {
    for object in objects(empty) {
        cluster.apply_own(cx.budget(), &object, claim).await?;
    }
    let budget = cx.budget().at_most(CLEANING);
    match rollout::wait(&budget, cluster, empty, &claim.lead).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_interrupt() => Err(error),
        Err(error) if error.is_of_a_wait() => {
            let told = Explanation::new("BERTH-TRUST-003", "Some nodes keep what was written to them")
                .on(claim.lead.to_string())
                .said("the cluster", error.told())
                .next(format!(
                    "take the registry's folder below {} away on those nodes, if they come back and should not trust it any more",
                    empty.runtimes.values().cloned().collect::<Vec<_>>().join(" and ")
                ));
            cx.warn(&told);
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// A cluster's failure, blamed on the attribute that its cause stands in.
pub fn explained(error: &ClusterError, what: &str) -> Explanation {
    if let ClusterError::Failed { object, words } = error
        && let Some(complaint) = words.split_once(": ").and_then(|(_, words)| Complaint::parse(words))
    {
        let told = Explanation::new("BERTH-TRUST-005", what).on(object.to_string()).said("the nodes", words);
        return told.next(complaint.remedy()).at(complaint.attribute());
    }
    let explanation = error.explain(what);
    match error {
        ClusterError::NamespaceMissing { .. } | ClusterError::NamespaceTerminating { .. } => {
            explanation.at("namespace")
        }
        ClusterError::Foreign { .. } | ClusterError::Held { .. } => explanation.at("name"),
        _ => explanation,
    }
}
