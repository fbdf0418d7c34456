//! Waits for one object to become so, by watching it.

use std::pin::pin;
use std::time::Duration;

use futures_util::{Stream, TryStreamExt as _};
use kube::api::{WatchEvent, WatchParams};
use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::retry::{Budget, Pace, Stopped};

use super::{Cluster, ClusterError, PACE, Verb};

/// How the wait stands.
pub enum Watched<T> {
    /// It is so.
    Done(T),
    /// Not yet; what is seen, in words.
    NotYet(String),
}

impl Cluster {
    /// Watches an object, which need not exist yet, until `judge` says that it is done. Needs the right to `watch`.
    ///
    /// # Errors
    /// [`ClusterError::Stopped`] with what was seen last when the time is over.
    pub async fn watch_until<T>(
        &self,
        budget: &Budget,
        object: &ObjectRef,
        waiting_for: &str,
        mut judge: impl FnMut(&Value) -> Watched<T>,
    ) -> Result<T, ClusterError> {
        let mut last = "there is no such object".to_owned();
        let mut was_answered = false;
        let stop = |stopped: Stopped, last: &str| ClusterError::Stopped {
            stopped,
            waiting_for: waiting_for.to_owned(),
            last_seen: Some(last.to_owned()),
        };
        // The API server ends each watch after some minutes.
        for pause in Pace::pauses(PACE) {
            let events = match self.events(budget, object).await {
                Ok(events) => {
                    was_answered = true;
                    events
                }
                Err(ClusterError::Stopped { stopped, .. }) => return Err(stop(stopped, &last)),
                // A cluster that is away from the first is no trouble of a moment.
                Err(error) if was_answered && error.is_passing() => {
                    last = error.told();
                    budget.sleep(pause).await.map_err(|stopped| stop(stopped, &last))?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let mut events = pin!(events);
            loop {
                let event = budget.run(events.try_next()).await.map_err(|stopped| stop(stopped, &last))?;
                match event {
                    Ok(Some(WatchEvent::Added(seen) | WatchEvent::Modified(seen))) => match judge(&seen) {
                        Watched::Done(result) => return Ok(result),
                        Watched::NotYet(words) => last = words,
                    },
                    Ok(Some(WatchEvent::Deleted(_))) => "it was deleted".clone_into(&mut last),
                    Ok(Some(WatchEvent::Bookmark(_))) => {}
                    Ok(Some(WatchEvent::Error(_)) | None) | Err(_) => break,
                }
            }
            budget.sleep(pause).await.map_err(|stopped| stop(stopped, &last))?;
        }
        Err(stop(Stopped::Deadline, &last))
    }

    /// Whether an object is there, or comes within `patience`.
    pub async fn appears(&self, budget: &Budget, object: &ObjectRef, patience: Duration) -> Result<bool, ClusterError> {
        let patience = budget.at_most(patience);
        for pause in Pace::pauses(PACE) {
            if self.get(budget, object).await?.is_some() {
                return Ok(true);
            }
            tracing::debug!(object = %object, "watching for it to appear");
            if let Err(stopped) = patience.sleep(pause).await {
                let waiting_for = format!("{object} to appear");
                return match stopped {
                    Stopped::Deadline => Ok(false),
                    Stopped::Interrupted => Err(ClusterError::Stopped { stopped, waiting_for, last_seen: None }),
                };
            }
        }
        Ok(false)
    }

    /// The object as it is, and then each change of it.
    pub(super) async fn events(
        &self,
        budget: &Budget,
        object: &ObjectRef,
    ) -> Result<impl Stream<Item = Result<WatchEvent<Value>, kube::Error>> + use<>, ClusterError> {
        tracing::debug!(object = %object, "watching");
        let params = WatchParams::default().fields(&format!("metadata.name={}", object.name));
        let build = |api: kube::core::Request| api.watch(&params, "");
        let send = |client: kube::Client, request| async move { client.request_events::<Value>(request).await };
        self.call(budget, Verb::Watch, object, &build, send).await
    }
}
