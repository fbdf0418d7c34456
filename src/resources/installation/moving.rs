//! Takes along, into another namespace, what `ClusterIssuers` need: without its key the controller would make a new account.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::cert_manager::secrets::of_issuer;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::Claim;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::cert_manager::API_VERSION;
use crate::sdk::Result;

use super::APPLICATION;

/// From one namespace to another.
pub struct Moving<'a> {
    pub from: &'a str,
    pub to: &'a str,
}

impl Moving<'_> {
    /// Copies the Secrets of all `ClusterIssuers`; those that are there already stay as they are. Answers how many there are.
    ///
    /// # Errors
    /// One could not be copied: nothing else has been done yet.
    pub async fn take_along(&self, cx: &Cx, what: &str) -> Result<usize> {
        let cluster = cx.provider().cluster()?;
        let told = |error: ClusterError| error.explain(what);
        let like = ObjectRef::of_cluster(API_VERSION, "ClusterIssuer", "");
        let issuers = match cluster.list(cx.budget(), &like, "").await {
            Ok(issuers) => issuers,
            Err(ClusterError::KindUnknown { .. }) => return Ok(0),
            Err(error) => return Err(told(error)),
        };
        let names: BTreeSet<String> = issuers.iter().flat_map(|issuer| of_issuer(&issuer["spec"])).collect();
        if names.is_empty() {
            return Ok(0);
        }
        let namespace = ObjectRef::of_namespace(self.to);
        let claim = Claim::intended(APPLICATION, self.to, Some(cx.owner()?), namespace);
        cluster.ensure_namespace(cx.budget(), self.to, &claim).await.map_err(told)?;
        for name in &names {
            self.copy(cx, cluster, name).await.map_err(|error| self.failed(&error, name, what))?;
        }
        Ok(names.len())
    }

    async fn copy(&self, cx: &Cx, cluster: &Cluster, name: &str) -> std::result::Result<(), ClusterError> {
        let Some(found) = cluster.get(cx.budget(), &ObjectRef::secret(self.from, name)).await? else { return Ok(()) };
        match cluster.create(cx.budget(), &copied(&found, self.to, name)).await {
            Ok(_) | Err(ClusterError::Foreign { .. }) => Ok(()),
            Err(error) => Err(error.without_content()),
        }
    }

    fn failed(&self, error: &ClusterError, name: &str, what: &str) -> Explanation {
        error.explain(format!(
            "{what}: the Secret `{}/{name}`, which a ClusterIssuer needs, cannot be copied",
            self.from
        ))
    }
}

/// Content and labels; whose the original is is not said of the copy.
fn copied(found: &Value, namespace: &str, name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": "Secret", "type": found["type"], "data": found["data"],
        "metadata": { "name": name, "namespace": namespace, "labels": found.pointer("/metadata/labels") } })
}
