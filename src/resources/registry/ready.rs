//! Waits until the registry serves.

use crate::clients::cluster::{Cluster, ClusterError, Folder, StorageCheck};
use crate::domain::registry::config::{DATA_PATH, first_look};
use crate::domain::registry::workload::CONTAINER;
use crate::domain::registry::{Registry, Storage};
use crate::provider::Cx;

/// How many Pods are ready: all of them after a wait.
pub async fn ready(cx: &Cx, cluster: &Cluster, registry: &Registry, wait: bool) -> Result<i64, ClusterError> {
    let (budget, object, labels) = (cx.budget(), registry.deployment_ref(), registry.selector());
    if !wait {
        let found = cluster.get(budget, &object).await?;
        return Ok(found.and_then(|found| found.pointer("/status/readyReplicas")?.as_i64()).unwrap_or(0));
    }
    let ready = match storage_check(registry) {
        Some(check) => cluster.wait_for_rollout_with_storage(budget, &object, &labels, check).await?,
        None => cluster.wait_for_rollout(budget, &object, &labels).await?,
    };
    if let Some(folder) = folder(registry) {
        cluster.must_write(budget, &object, &labels, folder).await?;
    }
    Ok(ready.into())
}

/// Where the registry keeps images, if it is a volume: not all of them take their owner from the Pod.
pub fn folder(registry: &Registry) -> Option<Folder> {
    matches!(registry.storage, Storage::Volume(_)).then_some(Folder { container: CONTAINER, path: DATA_PATH })
}

/// How the registry tells of its storage: a folder is there as soon as the Pod is, a bucket may not be.
pub fn storage_check(registry: &Registry) -> Option<StorageCheck> {
    let in_bucket = matches!(registry.storage, Storage::S3(_));
    in_bucket.then_some(StorageCheck { container: CONTAINER, interval: first_look(registry) })
}
