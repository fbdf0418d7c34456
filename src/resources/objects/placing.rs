//! Writes an object, unless it is somebody else's or somebody else declares its fields.

use std::time::Duration;

use serde_json::{Value, json};

use crate::clients::cluster::{ClusterError, Declaring};
use crate::domain::kubernetes::{FIELD_MANAGER, ObjectRef};
use crate::domain::manifest::{self, fields};
use crate::domain::ownership::{Tenure, answers_for, is_terminating};
use crate::provider::Cx;
use crate::retry::Pace;

use super::Tenant;

/// How long a webhook may take to come up that was made a moment ago.
const WEBHOOK_PATIENCE: Duration = Duration::from_secs(90);
const PACE: Pace = Pace::new(Duration::from_millis(300), Duration::from_secs(3));

type Outcome<T> = Result<T, ClusterError>;

/// Repeats what a webhook refuses by its silence, for as long as it may still be coming up.
pub async fn patiently<T, F: Future<Output = Outcome<T>>>(cx: &Cx, work: impl Fn() -> F) -> Outcome<T> {
    let patience = cx.budget().at_most(WEBHOOK_PATIENCE);
    for pause in PACE.pauses() {
        match work().await {
            // The API server tells with this status that a webhook did not answer.
            Err(ClusterError::Other { status: Some(500), words }) => {
                tracing::debug!(words, "a webhook may be coming up");
                if patience.sleep(pause).await.is_err() {
                    return Err(ClusterError::Other { status: Some(500), words });
                }
            }
            done => return done,
        }
    }
    work().await
}

impl Tenant<'_> {
    /// Whether an object may be written: `None` if it is absent.
    pub async fn admit(&self, object: &ObjectRef) -> Outcome<Option<Value>> {
        self.cluster.admit_metadata_by(self.cx.budget(), object, |found| self.tenure(object, found)).await
    }

    /// Whether it is a namespace that somebody else has made, which is used as it stands. One on its way out is waited for.
    pub async fn is_shared(&self, object: &ObjectRef) -> Outcome<bool> {
        if !self.namespaces.may_share(object) {
            return Ok(false);
        }
        let Some(found) = self.cluster.settled(self.cx.budget(), object).await? else { return Ok(false) };
        Ok(match self.tenure(object, &found) {
            Tenure::Ours | Tenure::Leftover => false,
            Tenure::Foreign | Tenure::Others { lead: None, .. } => true,
            Tenure::Others { owner, lead: Some(lead) } => {
                let answers = self.cluster.lead(self.cx.budget(), &lead).await?;
                answers.is_some_and(|lead| !is_terminating(&lead) && answers_for(&lead, &owner))
            }
        })
    }

    /// [`Tenant::admit`], with the content of what is found.
    async fn admit_whole(&self, object: &ObjectRef) -> Outcome<Option<Value>> {
        self.cluster.admit_by(self.cx.budget(), object, |found| self.tenure(object, found)).await
    }

    /// Declares an object, marked as ours; answers what the cluster made of it. `had` tells whether the state has had it: then
    /// what somebody has changed of it by hand is set back.
    pub async fn place(&self, manifest: &Value, had: bool) -> Outcome<Value> {
        let Some(object) = ObjectRef::of(manifest) else { return self.write(manifest, None, false).await };
        let mut marked = manifest.clone();
        self.claim.mark(&mut marked);
        loop {
            let found = if fields::has_shared_pull_secrets(manifest) {
                self.admit_whole(&object).await?
            } else {
                self.admit(&object).await?
            };
            let is_given = self.is_given(&object);
            let is_taken_over = is_given || found.as_ref().is_some_and(|found| self.adopts_found(found));
            match self.write(&marked, found.as_ref(), self.force || is_given).await {
                // Deleted between the look and the write: what was written goes with it.
                Ok(stored) if is_terminating(&stored) => {}
                Ok(stored) if is_taken_over => return self.without_former(&object, stored).await,
                Ok(stored) => return Ok(stored),
                Err(ClusterError::Conflict { manager: None, .. }) if found.is_some() => {}
                Err(conflict @ ClusterError::Conflict { .. }) if had => {
                    return self.set_back(&object, &marked, conflict).await;
                }
                Err(error) => return Err(error),
            }
            self.cx.budget().check().map_err(|stopped| ClusterError::Stopped {
                stopped,
                waiting_for: format!("{object} to be left alone for a moment"),
                last_seen: None,
            })?;
        }
    }

    /// [`Tenant::place`], while a webhook or a controller that judges the object may still be coming up.
    pub async fn place_patiently(&self, manifest: &Value, had: bool) -> Outcome<Value> {
        patiently(self.cx, || self.place(manifest, had)).await
    }

    /// For the very version that was looked at: the API server refuses it for any later one.
    async fn write(&self, manifest: &Value, found: Option<&Value>, force: bool) -> Outcome<Value> {
        let how = Declaring { manager: self.manager, force, is_rehearsal: false };
        let version = found.and_then(|found| found.pointer("/metadata/resourceVersion"));
        let mut manifest = self.beside_bound(manifest, found);
        if let (Some(version), Some(metadata)) = (version, manifest.get_mut("metadata").and_then(Value::as_object_mut))
        {
            metadata.insert("resourceVersion".to_owned(), version.clone());
        }
        let written = self.cluster.declare(self.cx.budget(), &manifest, how).await;
        if written.as_ref().err().is_some_and(ClusterError::may_be_done) {
            // The state knows it from here on: a destroy takes it away if it is there.
            self.cx.exists();
        }
        written
    }

    /// What is declared, with the pull secrets that others have bound to an account.
    fn beside_bound(&self, manifest: &Value, found: Option<&Value>) -> Value {
        let Some(found) = found.filter(|_| fields::has_shared_pull_secrets(manifest)) else { return manifest.clone() };
        let id = ObjectRef::of(manifest).map(|object| manifest::id(&object)).unwrap_or_default();
        // Before it was noted, the whole list was ours if we declared it.
        let is_declared =
            fields::of_manager(found, self.manager).is_some_and(|it| it.get("f:imagePullSecrets").is_some());
        let all = || if is_declared { fields::pull_secrets(found) } else { Vec::new() };
        let before = self.pull_secrets.get(&id).cloned().unwrap_or_else(all);
        fields::with_bound(manifest, found, &before)
    }

    /// Takes back what was changed by hand; what another declaration or the autoscaler keeps to stays in dispute.
    async fn set_back(&self, object: &ObjectRef, manifest: &Value, conflict: ClusterError) -> Outcome<Value> {
        // Looked at anew: it may be somebody else's by now.
        let Some(found) = self.admit_whole(object).await? else { return Err(conflict) };
        let ClusterError::Conflict { managers, fields: disputed, .. } = &conflict else { return Err(conflict) };
        // What a `berth_pull_secret` writes: nothing of it is lost, since it is among what is declared.
        let is_bound = fields::has_shared_pull_secrets(manifest)
            && disputed.iter().all(|field| field.trim_start_matches('.') == fields::PULL_SECRETS);
        let others: Vec<String> =
            managers.iter().filter(|manager| !is_bound || *manager != FIELD_MANAGER).cloned().collect();
        if managers.is_empty() || !fields::may_be_set_back(&found, &others) {
            return Err(conflict);
        }
        self.write(manifest, Some(&found), true).await
    }

    /// An object that another tool made is ours alone once it is taken over: else what leaves the text would stay, since that
    /// tool owns it as well.
    async fn without_former(&self, object: &ObjectRef, stored: Value) -> Outcome<Value> {
        let Some(kept) = fields::without_former(&stored, self.manager) else { return Ok(stored) };
        let version = stored.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
        let patch = json!({ "metadata": { "managedFields": kept, "resourceVersion": version } });
        match self.cluster.merge(self.cx.budget(), object, &patch).await {
            Ok(Some(stored)) => Ok(stored),
            // Somebody wrote meanwhile; the fields are ours as well, which is what counts.
            Ok(None) | Err(ClusterError::Conflict { .. }) => Ok(stored),
            Err(error) => Err(error),
        }
    }
}
