//! The claim of a registry's volume: what holds images is not lost by a create that fails, and what holds none is in nobody's way.

use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::differences;
use crate::domain::kubernetes::{ObjectRef, annotations};
use crate::domain::ownership::Claim;
use crate::domain::registry::{Registry, claim_ref, workload};
use crate::explain::Explanation;
use crate::provider::Cx;

use super::leftovers::Leftovers;

/// The annotation of a claim that a create has found there, until the registry is finished. It stands in the cluster because
/// Terraform hands no notes to the destroy of a tainted object.
const ADOPTED: &str = "berth/adopted";

/// Prepares the claim that is there for what is declared: a create marks it as older than itself, and one that was never
/// bound is removed if it is another one than is declared, since claims cannot be changed.
pub async fn prepare(cx: &Cx, cluster: &Cluster, registry: &Registry, claim: &Claim) -> Result<(), ClusterError> {
    let Some(declared) = workload::claim(registry) else { return Ok(()) };
    let object = claim_ref(&registry.namespace, &registry.name);
    let Some(found) = cluster.settled(cx.budget(), &object).await? else { return Ok(()) };
    if is_bound(&found) {
        return if claim.is_open { set_adopted(cx, cluster, &object, json!("true")).await } else { Ok(()) };
    }
    let spec = |object: &Value| object.get("spec").cloned().unwrap_or_default();
    if !differences(&spec(&declared), &spec(&found)).is_empty() {
        cluster.delete_own(cx.budget(), &object, claim).await?;
        cluster.settled(cx.budget(), &object).await?;
    }
    Ok(())
}

/// The registry is finished, and its claim its own.
pub async fn keep(cx: &Cx, cluster: &Cluster, registry: &Registry) -> Result<(), ClusterError> {
    let object = claim_ref(&registry.namespace, &registry.name);
    set_adopted(cx, cluster, &object, Value::Null).await
}

async fn set_adopted(cx: &Cx, cluster: &Cluster, object: &ObjectRef, mark: Value) -> Result<(), ClusterError> {
    let patch = json!({ "metadata": { "annotations": { ADOPTED: mark } } });
    cluster.merge(cx.budget(), object, &patch).await.map(drop)
}

/// Whether the claim goes with the registry: it was asked for, or no volume was ever bound to it, so that it holds nothing.
/// What an unfinished create found there holds an earlier registry's images, and stays.
pub async fn goes(cx: &Cx, cluster: &Cluster, object: &ObjectRef, left: &Leftovers) -> Result<bool, ClusterError> {
    let Some(found) = cluster.get(cx.budget(), object).await? else { return Ok(false) };
    if is_bound(&found) && left.claim && annotations(&found).contains_key(ADOPTED) {
        let told =
            Explanation::new("BERTH-REG-008", "The volume of an earlier registry was kept").on(object.to_string());
        cx.warn(&told.next(
            "the registry was never finished, and its volume is older than it: apply again to use it, or delete the claim with kubectl",
        ));
        return Ok(false);
    }
    Ok(left.claim || !is_bound(&found))
}

fn is_bound(claim: &Value) -> bool {
    let text = |pointer: &str| claim.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    !text("/spec/volumeName").is_empty() || text("/status/phase") == "Bound"
}
