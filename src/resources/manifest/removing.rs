//! Takes away what has left the text, and all of it in the end.

use crate::clients::cluster::ClusterError;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::declaring::explained;
use crate::resources::objects::{Kept, Removed, Tenant};
use crate::resources::tenancy;
use crate::sdk::Result;

use super::Declared;
use super::applying::TEXT;

/// Removes what is no longer declared. What does not go stays in the state.
pub async fn remove_left(tenant: &Tenant<'_>, model: &mut Declared, leaving: &[ObjectRef], what: &str) -> Result<()> {
    if leaving.is_empty() {
        return Ok(());
    }
    let there = there(tenant, leaving).await.map_err(|error| error.explain(what))?;
    let removed = tenant.remove(&there, &kept(model)).await;
    removed.tell(tenant.cx, what);
    tell_kept(tenant.cx, &removed, what);
    for object in leaving {
        tenancy::release(tenant.cx, object);
    }
    failed(removed, what)
}

/// Removes everything.
pub async fn take_away(cx: &Cx, model: &Declared) -> Result<()> {
    let what = "Cannot remove the objects of the manifest";
    let (cluster, objects) = (cx.provider().cluster()?, model.inventory());
    let Some(lead) = objects.first().cloned() else { return Ok(()) };
    let owner = tenancy::recovered(cx, &objects, what).await?;
    let claim = Declared::claim(owner, lead);
    let tenant = Tenant::of(cx, cluster, &claim, &model.field_manager);
    let there = there(&tenant, &objects).await.map_err(|error| error.explain(what))?;
    let removed = tenant.remove(&there, &kept(model)).await;
    removed.tell(cx, what);
    tell_kept(cx, &removed, what);
    failed(removed, what)?;
    for object in &objects {
        tenancy::release(cx, object);
    }
    Ok(())
}

/// Where they are to be taken away. A kind that is served no more has no objects.
async fn there(tenant: &Tenant<'_>, objects: &[ObjectRef]) -> std::result::Result<Vec<ObjectRef>, ClusterError> {
    let kept = tenant.cluster.kept(tenant.cx.budget(), objects).await?;
    Ok(kept.into_iter().flatten().collect())
}

fn kept(model: &Declared) -> Kept {
    Kept { kinds: model.keep.0.clone(), first: model.delete_order.clone().unwrap_or_default() }
}

fn tell_kept(cx: &Cx, removed: &Removed, what: &str) {
    if removed.kept.is_empty() {
        return;
    }
    let names: Vec<_> = removed.kept.iter().map(ToString::to_string).collect();
    let told = Explanation::new("BERTH-K8S-088", format!("{what}: some are kept")).on(names.join(", ")).next(
        "nothing needs to be done; whoever declares them next may have them. To delete them as well, take their kinds out of `keep` \
         and apply before the destroy, or use `kubectl delete`",
    );
    cx.warn(&told);
}

fn failed(removed: Removed, what: &str) -> Result<()> {
    let mut failures = removed.failures.into_iter();
    let Some(first) = failures.next() else { return Ok(()) };
    let others = failures.map(|(object, error)| format!("{}: {}", manifest::id(&object), error.told()));
    Err(explained(&first, what, TEXT).seen(others))
}
