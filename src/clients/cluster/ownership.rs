//! Objects of ours: admitted before they are written, taken away only while they are ours, waited for while they go.

use std::time::Duration;

use kube::api::DeleteParams;
use kube::api::PatchParams;
use kube::core::params::Preconditions;
use serde_json::Value;

use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::ownership::{Claim, Tenure, UNFINISHED, answers_for, is_terminating, owner_of};
use crate::retry::Budget;

use super::objects::lingering;
use super::{Cluster, ClusterError, PACE, Verb, reference};

/// How long an owner who is about to leave may take to begin: of two resources of one run, Terraform destroys one and creates
/// the other at the same time.
const GRACE: Duration = Duration::from_secs(5);

/// What became of an object that was to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone, or on its way.
    Gone,
    /// It belongs to somebody else by now, and stays.
    Left,
}

/// How much of an object is asked for.
#[derive(Clone, Copy, Debug)]
enum Detail {
    Whole,
    Metadata,
}

impl Cluster {
    /// One object that is not on its way out: whatever is, is waited for until it is gone.
    pub async fn settled(&self, budget: &Budget, object: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        self.settled_of(budget, object, Detail::Whole).await
    }

    async fn settled_of(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        detail: Detail,
    ) -> Result<Option<Value>, ClusterError> {
        // What is left in a namespace stands in its status.
        let detail = if object.kind == "Namespace" { Detail::Whole } else { detail };
        for pause in PACE.pauses() {
            let found = match detail {
                Detail::Whole => self.get(budget, object).await?,
                Detail::Metadata => self.metadata(budget, object).await?,
            };
            let Some(leaving) = found.as_ref().filter(|found| is_terminating(found)) else { return Ok(found) };
            tracing::debug!(%object, "waiting until it is gone");
            budget.sleep(pause).await.map_err(|stopped| lingering(stopped, object, leaving))?;
        }
        Ok(None)
    }

    /// Whether a claim may write an object: it is absent (`None`), ours, or what a killed run has left.
    ///
    /// # Errors
    /// [`ClusterError::Foreign`] when it was made for something else, [`ClusterError::Held`] when another resource or state
    /// holds it and does not let go of it at once.
    pub async fn admit(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        claim: &Claim,
    ) -> Result<Option<Value>, ClusterError> {
        self.admit_of(budget, object, |found| claim.tenure(found), Detail::Whole).await
    }

    /// [`Cluster::admit`], with another way to tell whose an object is.
    pub async fn admit_by(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        tenure: impl Fn(&Value) -> Tenure,
    ) -> Result<Option<Value>, ClusterError> {
        self.admit_of(budget, object, tenure, Detail::Whole).await
    }

    /// [`Cluster::admit_by`] for objects whose content does not matter: what is found are its metadata only.
    pub async fn admit_metadata_by(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        tenure: impl Fn(&Value) -> Tenure,
    ) -> Result<Option<Value>, ClusterError> {
        self.admit_of(budget, object, tenure, Detail::Metadata).await
    }

    async fn admit_of(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        tenure: impl Fn(&Value) -> Tenure,
        detail: Detail,
    ) -> Result<Option<Value>, ClusterError> {
        let grace = budget.at_most(GRACE);
        for pause in PACE.pauses() {
            let Some(found) = self.settled_of(budget, object, detail).await? else { return Ok(None) };
            let lead = match tenure(&found) {
                Tenure::Ours | Tenure::Leftover => return Ok(Some(found)),
                Tenure::Foreign => return Err(ClusterError::Foreign { object: object.to_string() }),
                Tenure::Others { lead: None, .. } => object.clone(),
                Tenure::Others { owner, lead: Some(lead) } => match self.lead(budget, &lead).await? {
                    Some(found) if !is_terminating(&found) && answers_for(&found, &owner) => lead,
                    _ => return Ok(Some(found)),
                },
            };
            if grace.sleep(pause).await.is_err() {
                budget.check().map_err(|stopped| lingering(stopped, object, &found))?;
                return Err(ClusterError::Held { object: object.to_string(), lead });
            }
        }
        Ok(None)
    }

    /// The object that answers for others, as an annotation names it: of any kind and version.
    pub async fn lead(&self, budget: &Budget, lead: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        match self.kept(budget, std::slice::from_ref(lead)).await?.pop().flatten() {
            Some(kept) => self.get(budget, &kept).await,
            None => Ok(None),
        }
    }

    /// Declares an object that is wholly ours, and marks it: fields that someone else has changed are set back.
    ///
    /// # Errors
    /// As [`Cluster::admit`].
    pub async fn apply_own(&self, budget: &Budget, manifest: &Value, claim: &Claim) -> Result<Value, ClusterError> {
        let object = reference(manifest)?;
        let mut marked = manifest.clone();
        claim.mark(&mut marked);
        loop {
            let found = self.admit(budget, &object, claim).await?;
            if found.as_ref().is_some_and(|found| is_frozen(found, manifest)) {
                return Err(ClusterError::Immutable { object });
            }
            let of_looked_at = at_version(&marked, found.as_ref());
            match self.apply_with(budget, &of_looked_at, PatchParams::apply(FIELD_MANAGER).force()).await {
                // Deleted between the look and the write: what was written goes with it.
                Ok(applied) if is_terminating(&applied) => {}
                // Somebody wrote to it between the two, and it may be theirs by now.
                Err(ClusterError::Conflict { manager: None, .. }) if found.is_some() => {}
                applied => return applied,
            }
            budget.check().map_err(|stopped| super::stopped_while(stopped, Verb::Patch, &object))?;
        }
    }

    /// Says of a claim's lead that all it answers for is made.
    ///
    /// # Errors
    /// [`ClusterError::Held`] where another state has made the same at the same moment, and has it now.
    pub async fn finish(&self, budget: &Budget, claim: &Claim) -> Result<(), ClusterError> {
        let mut is_anothers = false;
        let finish = |found: &mut Value| {
            is_anothers = owner_of(found).is_some_and(|owner| Some(owner) != claim.owner);
            if owner_of(found) != claim.owner {
                return false;
            }
            let annotations = found.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut);
            annotations.is_some_and(|annotations| annotations.remove(UNFINISHED).is_some())
        };
        self.update(budget, &claim.lead, finish).await?;
        if is_anothers {
            return Err(ClusterError::Held { object: claim.lead.to_string(), lead: claim.lead.clone() });
        }
        Ok(())
    }

    /// Takes an object away if it is ours; any other stays, also one that becomes another's at this moment.
    pub async fn delete_own(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        claim: &Claim,
    ) -> Result<Removal, ClusterError> {
        self.delete_by(budget, object, |found| claim.tenure(found)).await
    }

    /// [`Cluster::delete_own`], with another way to tell whose an object is.
    pub async fn delete_by(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        tenure: impl Fn(&Value) -> Tenure,
    ) -> Result<Removal, ClusterError> {
        for pause in PACE.pauses() {
            let Some(found) = self.get(budget, object).await? else { return Ok(Removal::Gone) };
            match tenure(&found) {
                Tenure::Ours => {}
                Tenure::Foreign | Tenure::Leftover | Tenure::Others { .. } => return Ok(Removal::Left),
            }
            if is_terminating(&found) {
                return Ok(Removal::Gone);
            }
            let text = |pointer: &str| found.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            let (uid, resource_version) = (text("/metadata/uid"), text("/metadata/resourceVersion"));
            let preconditions = Some(Preconditions { uid, resource_version });
            match self.delete_with(budget, object, DeleteParams { preconditions, ..DeleteParams::default() }).await {
                // Somebody wrote to it in the meantime, and may have taken it over.
                Err(ClusterError::Conflict { .. }) => {}
                deleted => return deleted.map(|()| Removal::Gone),
            }
            budget.sleep(pause).await.map_err(|stopped| lingering(stopped, object, &found))?;
        }
        Ok(Removal::Gone)
    }

    /// Waits until no object of the kind and namespace of `like` matches `labels`, or the lead has another owner, who
    /// makes such objects again.
    pub async fn wait_until_none(
        &self,
        budget: &Budget,
        like: &ObjectRef,
        labels: &str,
        claim: &Claim,
    ) -> Result<(), ClusterError> {
        for pause in PACE.pauses() {
            let left = match self.left_over(budget, like, labels, claim).await {
                Ok(None) => return Ok(()),
                Ok(Some(left)) => Ok(left),
                // The connection broke, or the API server changes its leader.
                Err(error) if error.is_passing() => Err(error.told()),
                Err(error) => return Err(error),
            };
            budget.sleep(pause).await.map_err(|stopped| match &left {
                Ok(left) => {
                    let name = left.pointer("/metadata/name").and_then(Value::as_str).unwrap_or(labels).to_owned();
                    lingering(stopped, &ObjectRef { name, ..like.clone() }, left)
                }
                Err(words) => {
                    let waiting_for = format!("{} {labels} to go", like.kind);
                    ClusterError::Stopped { stopped, waiting_for, last_seen: Some(words.clone()) }
                }
            })?;
        }
        Ok(())
    }

    /// One of the objects that match, unless the lead has another owner by now.
    async fn left_over(
        &self,
        budget: &Budget,
        like: &ObjectRef,
        labels: &str,
        claim: &Claim,
    ) -> Result<Option<Value>, ClusterError> {
        let Some(first) = self.list(budget, like, labels).await?.into_iter().next() else { return Ok(None) };
        let lead = self.get(budget, &claim.lead).await?;
        let is_anothers = lead.is_some_and(|lead| claim.tenure(&lead) != Tenure::Ours);
        Ok((!is_anothers).then_some(first))
    }

    /// Waits until an object of ours is gone; one of another owner in its place counts as that.
    pub async fn wait_until_left(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        claim: &Claim,
    ) -> Result<(), ClusterError> {
        self.wait_until_left_by(budget, object, |found| claim.tenure(found)).await
    }

    /// [`Cluster::wait_until_left`], with another way to tell whose an object is.
    pub async fn wait_until_left_by(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        tenure: impl Fn(&Value) -> Tenure,
    ) -> Result<(), ClusterError> {
        for pause in PACE.pauses() {
            let found = self.get(budget, object).await?;
            let Some(found) = found.filter(|found| tenure(found) == Tenure::Ours) else { return Ok(()) };
            tracing::debug!(%object, "waiting until it is gone");
            budget.sleep(pause).await.map_err(|stopped| lingering(stopped, object, &found))?;
        }
        Ok(())
    }
}

/// The manifest for the very version of an object that was looked at: the API server refuses it for any later one.
fn at_version(manifest: &Value, found: Option<&Value>) -> Value {
    let mut manifest = manifest.clone();
    let version = found.and_then(|found| found.pointer("/metadata/resourceVersion")).cloned();
    if let (Some(version), Some(metadata)) = (version, manifest.get_mut("metadata").and_then(Value::as_object_mut)) {
        metadata.insert("resourceVersion".to_owned(), version);
    }
    manifest
}

/// Whether somebody has made a Secret or `ConfigMap` immutable, and it holds something else than is declared.
fn is_frozen(found: &Value, manifest: &Value) -> bool {
    let declared = manifest.get("data").and_then(Value::as_object).into_iter().flatten();
    let is_other =
        |(name, value): (&String, &Value)| found.pointer("/data").and_then(|data| data.get(name)) != Some(value);
    found.get("immutable") == Some(&Value::Bool(true)) && declared.into_iter().any(is_other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_immutable_may_be_declared_as_it_is() {
        let secret =
            |content: &str, immutable: bool| json!({ "data": { "a": content, "b": "x" }, "immutable": immutable });
        let declared = json!({ "data": { "a": "1" } });
        assert!(!is_frozen(&secret("1", true), &declared) && !is_frozen(&secret("2", false), &declared));
        assert!(is_frozen(&secret("2", true), &declared));
        assert!(!is_frozen(&json!({ "immutable": true }), &json!({ "spec": {} })));
    }
}
