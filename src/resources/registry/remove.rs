//! Takes a registry away; its images stay unless they shall go.

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::{ObjectRef, is_ours};
use crate::domain::registry::{APPLICATION, claim_ref, removable, selector};
use crate::provider::Cx;
use crate::sdk::Result;

use super::model::Declared;

/// Removes what was made for the registry and bears its mark.
pub async fn take_away(cx: &Cx, model: &Declared) -> Result<()> {
    let what = format!("Cannot remove the registry `{}/{}`", model.namespace, model.name);
    let cluster = cx.provider().cluster()?;
    removed(cx, cluster, model).await.map_err(|error| error.explain(what))
}

async fn removed(cx: &Cx, cluster: &Cluster, model: &Declared) -> std::result::Result<(), ClusterError> {
    let budget = cx.budget();
    let account = model.account_name();
    give_back_account(cx, cluster, model).await?;
    let mut objects = removable(&model.namespace, &model.name, account);
    if model.storage.volume.as_ref().is_some_and(|volume| volume.delete_on_destroy) {
        objects.push(claim_ref(&model.namespace, &model.name));
    }
    for object in &objects {
        cluster.delete_own(budget, object, APPLICATION, &model.name).await?;
    }
    // A port of the node and a volume are free only when the Pods are gone.
    let like = ObjectRef::pod(&model.namespace, "");
    cluster.wait_until_none(budget, &like, &selector(&model.name)).await?;
    if model.create_namespace {
        cluster.remove_own_empty_namespace(budget, &model.namespace, APPLICATION, &model.name).await?;
    }
    Ok(())
}

/// Takes our annotations off an account that someone else made.
async fn give_back_account(cx: &Cx, cluster: &Cluster, model: &Declared) -> std::result::Result<(), ClusterError> {
    let object = ObjectRef::service_account(&model.namespace, model.account_name());
    let Some(found) = cluster.get(cx.budget(), &object).await? else { return Ok(()) };
    if is_ours(&found, APPLICATION, &model.name) {
        return Ok(());
    }
    let annotations = model.service_account.as_ref().and_then(|account| account.annotations.as_ref());
    for (name, value) in annotations.into_iter().flatten() {
        cluster.unannotate(cx.budget(), &object, name, value).await?;
    }
    Ok(())
}
