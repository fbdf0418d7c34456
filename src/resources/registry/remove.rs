//! Takes a registry away. Data outlives it unless that is asked for; a bucket always does.

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError, Removal, Vacancy};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::Claim;
use crate::domain::registry::{claim_ref, removable, selector};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::leftovers::Leftovers;
use super::model::Declared;
use super::volume;

/// The kind of accounts, which others may use as well.
const ACCOUNT: &str = "ServiceAccount";

/// Removes what was made for the registry and bears its mark, and waits until it is gone.
pub async fn take_away(cx: &Cx, model: &Declared) -> Result<()> {
    let what = format!("Cannot remove the registry `{}/{}`", model.namespace, model.name);
    let cluster = cx.provider().cluster()?;
    let parts = removable(&model.namespace, &model.name, model.account_name());
    let claim = model.claim(tenancy::recovered(cx, &parts, &what).await?);
    let mut left = Leftovers::recall(cx).all_of(model);
    let removed = removed(cx, cluster, model, &claim, &mut left).await;
    let (removals, vacancy) = removed.map_err(|error| error.explain(what))?;
    tenancy::release(cx, &claim.lead);
    let title = format!("Removing the registry `{}/{}`", model.namespace, model.name);
    tenancy::tell_left(cx, &title, removals);
    tenancy::tell_vacancy(cx, &model.namespace, &vacancy);
    Ok(())
}

/// Whether Pods run as an account, after our own are gone: it stays for them.
async fn is_account_used(cx: &Cx, cluster: &Cluster, account: &ObjectRef) -> std::result::Result<bool, ClusterError> {
    let namespace = account.namespace.as_deref().unwrap_or_default();
    let pods = cluster.list(cx.budget(), &ObjectRef::pod(namespace, ""), "").await?;
    let name = |pod: &Value| pod.pointer("/spec/serviceAccountName").and_then(Value::as_str) == Some(&account.name);
    let is_used = pods.iter().any(name);
    if is_used {
        let told = Explanation::new("BERTH-REG-009", "The service account of the registry was kept")
            .on(account.to_string())
            .next("other Pods run as it; remove it with kubectl when they are gone");
        cx.warn(&told);
    }
    Ok(is_used)
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
    objects.retain(|object| object.kind != ACCOUNT);
    let claimed = claim_ref(&model.namespace, &model.name);
    if volume::goes(cx, cluster, &claimed, left).await? {
        objects.push(claimed);
    }
    let mut removals = Vec::new();
    for object in objects {
        let removal = cluster.delete_own(budget, &object, claim).await?;
        removals.push((object, removal));
    }
    // A port of the node and a volume are free only when the Pods are gone.
    let like = ObjectRef::pod(&model.namespace, "");
    cluster.wait_until_none(budget, &like, &selector(&model.name), claim).await?;
    let account = ObjectRef::service_account(&model.namespace, model.account_name());
    if !is_account_used(cx, cluster, &account).await? {
        cluster.delete_own(budget, &account, claim).await?;
    }
    for (object, _) in removals.iter().filter(|(_, removal)| *removal == Removal::Gone) {
        cluster.wait_until_left(budget, object, claim).await?;
    }
    let mut vacancy = Vacancy::Settled;
    if model.create_namespace {
        vacancy = cluster.remove_own_empty_namespace(budget, &model.namespace, claim).await?;
    }
    Ok((removals, vacancy))
}
