//! The claim of a registry's volume: what holds images is not lost by a create that fails, and what holds none is in nobody's way.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError, Writing};
use crate::domain::drift::differences;
use crate::domain::kubernetes::{ObjectRef, annotations};
use crate::domain::ownership::{Claim, is_terminating};
use crate::domain::registry::{Registry, Storage, Volume, claim_ref, workload};
use crate::domain::rollout::ObstacleKind;
use crate::explain::Explanation;
use crate::provider::Cx;

use super::leftovers::Leftovers;
use super::model::{self, Declared};
use super::ready::folder;

/// How long a plan asks for a claim.
const PATIENCE: Duration = Duration::from_secs(5);

/// The annotation of a claim that a create has found there, until the registry is finished. It stands in the cluster because
/// Terraform hands no notes to the destroy of a tainted object.
const ADOPTED: &str = "berth/adopted";

/// The note that the Pods may not write to their volume: nothing in the cluster shows it, so that refreshes ask again.
const REFUSED: &str = "volume_refused";

/// What is said of a volume of which nobody can ask any more whether it was mended.
const NOT_SEEN_WRITABLE: &str = "the Pods could not write to their volume, and whether they can now cannot be asked";

/// Notes whether a wait ended with Pods that may not write to their volume; `None` for one that ended well.
pub fn note_refusal(cx: &Cx, error: Option<&ClusterError>) {
    match error {
        None => cx.forget(REFUSED),
        Some(ClusterError::Stuck { obstacle, .. }) if obstacle.kind == ObstacleKind::Volume => {
            cx.remember(REFUSED, &true);
        }
        Some(_) => {}
    }
}

/// Whether Pods that could not write to their volume still cannot, in words.
pub async fn refusal(cx: &Cx, cluster: &Cluster, registry: &Registry) -> Option<String> {
    cx.recall::<bool>(REFUSED)?;
    let folder = folder(registry)?;
    match cluster.writing(cx.budget(), &registry.deployment_ref(), &registry.selector(), folder).await {
        Writing::Refused(obstacle) => Some(format!("{obstacle}: {}", obstacle.words)),
        Writing::Unknown => Some(NOT_SEEN_WRITABLE.to_owned()),
        Writing::Allowed => {
            cx.forget(REFUSED);
            None
        }
    }
}

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

/// Refuses to go on with a claim that somebody has deleted: the cluster keeps it as long as Pods use it, and takes the images
/// with it when they end.
pub async fn refuse_leaving(cx: &Cx, cluster: &Cluster, registry: &Registry, what: &str) -> Result<(), Explanation> {
    if !matches!(registry.storage, Storage::Volume(_)) {
        return Ok(());
    }
    let told = |error: ClusterError| error.explain(what);
    let object = claim_ref(&registry.namespace, &registry.name);
    let found = cluster.get(cx.budget(), &object).await.map_err(told)?;
    if !found.as_ref().is_some_and(is_held_by_pods) {
        return Ok(());
    }
    let pods = ObjectRef::pod(&registry.namespace, "");
    let pods = cluster.list(cx.budget(), &pods, &registry.selector()).await.map_err(told)?;
    if pods.iter().all(is_terminating) {
        return Ok(());
    }
    let next = format!(
        "copy the images elsewhere while the Pods run, since the volume goes with the last of them; then `kubectl scale \
         deployment {} --namespace {} --replicas=0` and apply again: the claim is made anew",
        registry.name, registry.namespace
    );
    let on = format!("{object}, which somebody has deleted, and which stays only until the registry's Pods end");
    Err(Explanation::new("BERTH-REG-012", what).on(on).next(next).at("storage.volume"))
}

/// Whether a claim is on its way out and waits for the Pods that use it (Kubernetes: "Storage Object in Use Protection").
fn is_held_by_pods(claim: &Value) -> bool {
    let finalizers = claim.pointer("/metadata/finalizers").and_then(Value::as_array);
    is_terminating(claim)
        && finalizers.into_iter().flatten().any(|name| name.as_str() == Some("kubernetes.io/pvc-protection"))
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
