//! The claim of a registry's volume: what holds images is not lost by a create that fails, and what holds none is in nobody's way.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::differences;
use crate::domain::kubernetes::{ObjectRef, annotations};
use crate::domain::ownership::{Claim, is_terminating};
use crate::domain::registry::{Registry, Storage, Volume, claim_ref, workload};
use crate::explain::Explanation;
use crate::provider::Cx;

use super::leftovers::Leftovers;
use super::model::{self, Declared};

/// How long a plan asks for a claim.
const PATIENCE: Duration = Duration::from_secs(5);

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

/// The registry with its claim as it is, where the declaration does not say how it shall be: a class that was the cluster's
/// default and a way of mounting stay with the claim.
pub async fn as_it_is(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    mut registry: Registry,
) -> Result<Registry, ClusterError> {
    let object = claim_ref(&registry.namespace, &registry.name);
    let (Some(declared), Storage::Volume(volume)) = (&model.storage.volume, &mut registry.storage) else {
        return Ok(registry);
    };
    if declared.storage_class.is_some() && declared.access_modes.is_some() {
        return Ok(registry);
    }
    let found = cluster.get(cx.budget(), &object).await?.filter(is_bound);
    if let Some(spec) = found.as_ref().and_then(|found| found.get("spec")) {
        fit(declared, volume, spec);
    }
    Ok(registry)
}

fn fit(declared: &model::Volume, volume: &mut Volume, spec: &Value) {
    if declared.storage_class.is_none() {
        volume.storage_class = spec.get("storageClassName").and_then(Value::as_str).map(str::to_owned);
    }
    if declared.access_modes.is_none()
        && let Some(modes) = spec.get("accessModes").and_then(Value::as_array)
    {
        volume.access_modes = modes.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    }
}

/// What a claim that holds something asks for. `Some(None)` says that none does, so that it may be any: it is absent, on its
/// way out, or was never bound; `None` that the cluster cannot be asked.
pub async fn look(cx: &Cx, object: &ObjectRef) -> Option<Option<model::Volume>> {
    let cluster = cx.provider().cluster().ok()?;
    if cx.provider().is_offline() {
        return None;
    }
    let found = cluster.get(&cx.budget().at_most(PATIENCE), object).await.ok()?;
    Some(found.filter(|found| !is_terminating(found) && is_bound(found)).map(|found| volume_of(&found)))
}

/// What a claim asks for.
fn volume_of(claim: &Value) -> model::Volume {
    let text = |pointer: &str| claim.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let modes = claim.pointer("/spec/accessModes").and_then(Value::as_array);
    model::Volume {
        size: text("/spec/resources/requests/storage").unwrap_or_default(),
        storage_class: text("/spec/storageClassName"),
        access_modes: modes.map(|modes| modes.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        delete_on_destroy: false,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_declared_of_a_claim_stays_as_it_is() {
        let spec = json!({ "storageClassName": "sandbox", "accessModes": ["ReadWriteMany"] });
        let fitted = |declared: model::Volume| {
            let access_modes = declared.access_modes.clone().unwrap_or_else(|| vec!["ReadWriteOnce".to_owned()]);
            let storage_class = declared.storage_class.clone();
            let mut volume = Volume { size: "1Gi".to_owned(), storage_class, access_modes };
            fit(&declared, &mut volume, &spec);
            (volume.storage_class, volume.access_modes)
        };
        let (class, modes) = fitted(model::Volume::default());
        assert_eq!((class.as_deref(), modes), (Some("sandbox"), vec!["ReadWriteMany".to_owned()]));
        let declared = model::Volume {
            storage_class: Some("other".to_owned()),
            access_modes: Some(vec!["ReadWriteOnce".to_owned()]),
            ..model::Volume::default()
        };
        let (class, modes) = fitted(declared);
        assert_eq!((class.as_deref(), modes), (Some("other"), vec!["ReadWriteOnce".to_owned()]));
    }
}
