//! Objects of any kind: declared under any manager's name, looked at without their content, waited for until they are gone.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use kube::api::{PatchParams, ValidationDirective, WatchEvent};
use kube::core::params::GetParams;
use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::is_terminating;
use crate::retry::{Budget, Pace, Stopped};

use super::{Cluster, ClusterError, PACE, Verb, absent_as_none};

/// How an object is declared (server-side apply).
#[derive(Clone, Copy, Debug)]
pub struct Declaring<'a> {
    /// Under whose name its fields are owned.
    pub manager: &'a str,
    /// Whether fields that another manager owns with other values are taken.
    pub force: bool,
    /// Whether the API server is only asked what it would make of it.
    pub is_rehearsal: bool,
}

impl Cluster {
    /// Declares an object of any kind, as it stands in the manifest; answers what the API server made of it.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] when someone else owns a field with another value and nothing is forced, or when the
    /// manifest names a version of the object that is not the newest.
    pub async fn declare(&self, budget: &Budget, manifest: &Value, how: Declaring<'_>) -> Result<Value, ClusterError> {
        let mut params = PatchParams::apply(how.manager);
        params.force = how.force;
        params.dry_run = how.is_rehearsal;
        // A field that the kind does not have is told, as by kubectl: else it would be dropped in silence.
        params.field_validation = Some(ValidationDirective::Strict);
        self.apply_with(budget, manifest, params).await
    }

    /// The metadata of an object; `None` if it does not exist. Definitions of kinds are large, and their content is not needed
    /// to tell whose they are.
    pub async fn metadata(&self, budget: &Budget, object: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        let found =
            self.ask(budget, Verb::Get, object, |api| api.get_metadata(&object.name, &GetParams::default())).await;
        absent_as_none(found)
    }

    /// Gives the fields of an object up that a manager owns by declaration: they stay as they are.
    pub async fn give_up(&self, budget: &Budget, object: &ObjectRef, manager: &str) -> Result<(), ClusterError> {
        let how = Declaring { manager, force: true, is_rehearsal: false };
        self.declare(budget, &object.bare(), how).await.map(drop)
    }

    /// Waits until an object is gone, or another one of its name has come: by watching it.
    ///
    /// # Errors
    /// [`ClusterError::Lingering`] with what holds it when the time is over.
    pub async fn watch_until_gone(&self, budget: &Budget, object: &ObjectRef) -> Result<(), ClusterError> {
        let Some(mut last) = self.get(budget, object).await? else { return Ok(()) };
        let first = uid(&last).map(str::to_owned);
        for pause in Pace::pauses(PACE) {
            let events = match self.events(budget, object).await {
                Ok(events) => events,
                // The kind went with it.
                Err(error) if error.is_absence() => return Ok(()),
                Err(ClusterError::Stopped { stopped, .. }) => return Err(lingering(stopped, object, &last)),
                Err(error) if error.is_passing() => {
                    budget.sleep(pause).await.map_err(|stopped| lingering(stopped, object, &last))?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            // It may have gone before the watch began.
            match self.get(budget, object).await? {
                Some(found) if uid(&found) == first.as_deref() => last = found,
                _ => return Ok(()),
            }
            let mut events = pin!(events);
            loop {
                let event = budget.run(events.try_next()).await.map_err(|stopped| lingering(stopped, object, &last))?;
                match event {
                    Ok(Some(WatchEvent::Deleted(_))) => return Ok(()),
                    Ok(Some(WatchEvent::Added(seen) | WatchEvent::Modified(seen))) => {
                        if uid(&seen) != first.as_deref() || !is_terminating(&seen) {
                            return Ok(());
                        }
                        last = seen;
                    }
                    Ok(Some(WatchEvent::Bookmark(_))) => {}
                    Ok(Some(WatchEvent::Error(_)) | None) | Err(_) => break,
                }
            }
            budget.sleep(pause).await.map_err(|stopped| lingering(stopped, object, &last))?;
        }
        Ok(())
    }
}

fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid").and_then(Value::as_str)
}

/// An object that does not go, and what holds it.
pub(super) fn lingering(stopped: Stopped, object: &ObjectRef, found: &Value) -> ClusterError {
    let finalizers = found.pointer("/metadata/finalizers").and_then(Value::as_array).into_iter().flatten();
    let finalizers = finalizers.filter_map(|name| Some(name.as_str()?.to_owned())).collect();
    ClusterError::Lingering { object: object.clone(), finalizers, stopped, words: remnants(found) }
}

/// What a namespace says of its content (Kubernetes: `NamespaceContentRemaining`, `NamespaceFinalizersRemaining`).
fn remnants(found: &Value) -> String {
    let conditions = found.pointer("/status/conditions").and_then(Value::as_array).into_iter().flatten();
    let open = conditions.filter(|condition| condition.get("status").and_then(Value::as_str) == Some("True"));
    let words: Vec<_> = open.filter_map(|condition| condition.get("message")?.as_str()).collect();
    words.join("; ")
}
