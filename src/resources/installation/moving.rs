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
use super::planning::certificates;

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
            Err(ClusterError::KindUnknown { .. } | ClusterError::NotFound { .. }) => return Ok(0),
            Err(error) => return Err(told(error)),
        };
        let names: BTreeSet<String> = issuers.iter().flat_map(|issuer| of_issuer(&issuer["spec"])).collect();
        if names.is_empty() {
            return Ok(0);
        }
        let namespace = ObjectRef::of_namespace(self.to);
        let claim = Claim::intended(APPLICATION, self.to, Some(cx.owner()?), namespace);
        cluster.ensure_namespace(cx.budget(), self.to, &claim).await.map_err(told)?;
        let mut doubtful = Vec::new();
        for name in &names {
            let copied = self.copy(cx, cluster, name).await.map_err(|error| self.failed(&error, name, what))?;
            doubtful.extend(copied.map(|why| format!("{}/{name} {why}", self.to)));
        }
        doubtful.extend(self.renewed_there(cx, &names).await);
        if !doubtful.is_empty() {
            let told = Explanation::new(
                "BERTH-CM-012",
                "Secrets that ClusterIssuers need may not be what they should be after the move",
            );
            let next = "compare each with the one where it was, and declare the Certificates that fill them in the new namespace";
            cx.warn(&told.seen(doubtful).next(next).at("namespace"));
        }
        Ok(names.len())
    }

    /// Copies one; answers what is doubtful about one that was there already.
    async fn copy(
        &self,
        cx: &Cx,
        cluster: &Cluster,
        name: &str,
    ) -> std::result::Result<Option<&'static str>, ClusterError> {
        let Some(found) = cluster.get(cx.budget(), &ObjectRef::secret(self.from, name)).await? else { return Ok(None) };
        match cluster.create(cx.budget(), &copied(&found, self.to, name)).await {
            Ok(_) => Ok(None),
            Err(ClusterError::Foreign { .. }) => {
                let there = cluster.get(cx.budget(), &ObjectRef::secret(self.to, name)).await?;
                let is_same = there.is_some_and(|there| there.get("data") == found.get("data"));
                Ok((!is_same).then_some("was there already, with other content, and was left"))
            }
            Err(error) => Err(error.without_content()),
        }
    }

    /// The Certificates that go on filling the Secrets that were copied, where they were.
    async fn renewed_there(&self, cx: &Cx, names: &BTreeSet<String>) -> Vec<String> {
        let certificates = certificates(cx, cx.budget()).await.unwrap_or_default();
        let fills = |it: &Value| {
            let part = |path: &str| it.pointer(path).and_then(Value::as_str);
            let secret = part("/spec/secretName").filter(|secret| names.contains(*secret))?;
            let name = part("/metadata/name").filter(|_| part("/metadata/namespace") == Some(self.from))?;
            Some(format!(
                "{}/{secret} is renewed by the Certificate {}/{name}, and its copy is not",
                self.from, self.from
            ))
        };
        certificates.iter().filter_map(fills).collect()
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
