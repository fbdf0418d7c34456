//! What the cluster would make of an object: admission and defaults run, and nothing is stored.

use kube::api::PostParams;
use serde_json::Value;

use crate::domain::kubernetes::FIELD_MANAGER;
use crate::retry::Budget;

use super::{Cluster, ClusterError, Verb, reference};

impl Cluster {
    /// The object as it would be if it were made now, with what webhooks add to it.
    pub async fn rehearse(&self, budget: &Budget, manifest: &Value) -> Result<Value, ClusterError> {
        let object = reference(manifest)?;
        let params = PostParams { dry_run: true, field_manager: Some(FIELD_MANAGER.to_owned()) };
        let body = manifest.to_string().into_bytes();
        self.ask(budget, Verb::Create, &object, |api| api.create(&params, body.clone())).await
    }
}
