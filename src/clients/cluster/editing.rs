//! Objects read, changed and written back, against others who write them at the same time.

use kube::api::PostParams;
use serde_json::Value;

use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::retry::Budget;

use super::{Cluster, ClusterError, PACE, Verb, stopped_while};

/// How often a written object may have changed meanwhile before the conflict counts.
const CONFLICT_LIMIT: usize = 20;

/// Which part of an object is written.
#[derive(Clone, Copy, Debug)]
enum Part {
    /// All but its status.
    Declared,
    /// Its status alone.
    Status,
}

impl Cluster {
    /// Reads an object, lets `edit` change it and writes it back, again and again if someone else
    /// wrote in between. `edit` answers whether it changed anything; if not, nothing is written.
    /// `None` if the object does not exist.
    pub async fn update(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        edit: impl FnMut(&mut Value) -> bool,
    ) -> Result<Option<Value>, ClusterError> {
        self.edit(budget, object, Part::Declared, edit).await
    }

    /// As [`Cluster::update`], of an object's status, which is its controllers' to write.
    pub async fn update_status(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        edit: impl FnMut(&mut Value) -> bool,
    ) -> Result<Option<Value>, ClusterError> {
        self.edit(budget, object, Part::Status, edit).await
    }

    async fn edit(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        part: Part,
        mut edit: impl FnMut(&mut Value) -> bool,
    ) -> Result<Option<Value>, ClusterError> {
        let mut pauses = PACE.pauses();
        let mut conflicts = 0;
        loop {
            let Some(mut value) = self.get(budget, object).await? else { return Ok(None) };
            if !edit(&mut value) {
                return Ok(Some(value));
            }
            match self.replace(budget, object, part, &value).await {
                Err(ClusterError::Conflict { .. }) if conflicts < CONFLICT_LIMIT => conflicts += 1,
                Err(error) if error.is_absence() => return Ok(None),
                written => return written.map(Some),
            }
            let pause = pauses.next().unwrap_or(PACE.longest);
            budget.sleep(pause).await.map_err(|stopped| stopped_while(stopped, Verb::Update, object))?;
        }
    }

    /// Writes a part of an object back as it was read; the resource version in it must still be the newest.
    async fn replace(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        part: Part,
        value: &Value,
    ) -> Result<Value, ClusterError> {
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let body = value.to_string().into_bytes();
        let written = self
            .ask(budget, Verb::Update, object, |api| match part {
                Part::Declared => api.replace(&object.name, &params, body.clone()),
                Part::Status => api.replace_subresource("status", &object.name, &params, body.clone()),
            })
            .await?;
        tracing::info!(object = %object, "updated");
        Ok(written)
    }
}
