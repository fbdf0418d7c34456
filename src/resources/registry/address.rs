//! The address of a registry, where only the cluster knows it.

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::registry::Registry;
use crate::provider::Cx;

/// The address that clients use. A port of the nodes that is not declared is chosen by the cluster.
pub async fn url(cx: &Cx, cluster: &Cluster, registry: &Registry) -> Result<Option<String>, ClusterError> {
    if let Some(url) = registry.url() {
        return Ok(Some(url));
    }
    let service = ObjectRef::core("Service", &registry.namespace, &registry.name);
    let found = cluster.get(cx.budget(), &service).await?;
    let port = found.as_ref().and_then(|found| found.pointer("/spec/ports/0/nodePort")).and_then(Value::as_u64);
    Ok(registry.url_at(port.and_then(|port| u16::try_from(port).ok())))
}
