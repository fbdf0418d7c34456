//! The service account that a registry's Pods run as: made, or only annotated where it is somebody else's.

use crate::clients::cluster::{Annotated, Cluster, ClusterError};
use crate::domain::kubernetes::{ObjectRef, is_ours};
use crate::domain::ownership::Claim;
use crate::domain::registry::{APPLICATION, Registry, workload};
use crate::provider::Cx;

use super::leftovers::Leftovers;
use super::model::Declared;

/// Makes the service account; one that someone else made only gets the annotations, and what they said before is noted.
pub async fn declare(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
    claim: &Claim,
    prior: Option<&Declared>,
    left: &mut Leftovers,
) -> Result<(), ClusterError> {
    let object = ObjectRef::service_account(&registry.namespace, registry.account_name());
    let theirs = match cluster.settled(cx.budget(), &object).await? {
        Some(found) => !is_ours(&found, APPLICATION, &registry.name),
        None => object.name == "default",
    };
    if !theirs {
        let manifest = workload::account(registry);
        return cluster.apply_own(cx.budget(), &manifest, claim).await.map(|_| ());
    }
    cluster.wait_for_service_account(cx.budget(), &object).await?;
    for (name, value) in &registry.account.annotations {
        if let Annotated::Now { before: Some(before) } = cluster.annotate(cx.budget(), &object, name, value).await? {
            left.note_before(prior, &object.name, name, &before);
            left.remember(cx);
        }
    }
    Ok(())
}
