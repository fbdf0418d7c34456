//! Waits for a Deployment or a single Pod, and brings back the evidence when it does not get there.

use std::time::Duration;

use kube::api::ListParams;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::{
    Deployment, Event, Obstacle, ObstacleKind, Pod, Rollout, last_warnings, pod_start, rollout, speaks_of_failure,
    telling_lines,
};
use crate::explain::MAX_QUOTE;
use crate::retry::{Budget, Pace, Stopped};

use super::{Cluster, ClusterError};

const PACE: Pace = Pace::new(Duration::from_millis(300), Duration::from_secs(3));

/// How much of a log is read to find the lines that tell.
const LOG_LINES: i64 = 60;

/// How long gathering evidence may take after the time for the operation is over.
const EVIDENCE_TIME: Duration = Duration::from_secs(10);

impl Cluster {
    /// Waits until all replicas of the Deployment run its newest template and are ready; answers how
    /// many are. The Pods are found by `labels` (`a=b,c=d`). Of a Pod, waits until it is ready itself.
    ///
    /// # Errors
    /// [`ClusterError::Stuck`] with the container's log or the cluster's words when something stands in
    /// the way for longer than its kind may; [`ClusterError::Stopped`] with the last state seen.
    pub async fn wait_for_rollout(
        &self,
        budget: &Budget,
        deployment: &ObjectRef,
        labels: &str,
    ) -> Result<i32, ClusterError> {
        let mut stuck_since: Option<(ObstacleKind, Instant)> = None;
        let mut last = None;
        for pause in PACE.pauses() {
            match self.judge(budget, deployment, labels).await {
                Ok(Rollout::Done { ready }) => return Ok(ready),
                Ok(Rollout::Stuck(obstacle)) => {
                    let since = match stuck_since {
                        Some((kind, since)) if kind == obstacle.kind => since,
                        _ => Instant::now(),
                    };
                    stuck_since = Some((obstacle.kind, since));
                    if obstacle.kind.patience().is_some_and(|patience| since.elapsed() >= patience) {
                        return Err(self.stuck(deployment, obstacle).await);
                    }
                    last = Some(Rollout::Stuck(obstacle));
                }
                Ok(progress) => {
                    stuck_since = None;
                    last = Some(progress);
                }
                Err(ClusterError::Stopped { stopped, .. }) => {
                    return Err(self.not_finished(deployment, labels, stopped, last).await);
                }
                Err(error) => return Err(error),
            }
            if let Err(stopped) = budget.sleep(pause).await {
                return Err(self.not_finished(deployment, labels, stopped, last).await);
            }
        }
        Err(self.not_finished(deployment, labels, Stopped::Deadline, last).await)
    }

    /// How far the Deployment is at this moment.
    async fn judge(&self, budget: &Budget, deployment: &ObjectRef, labels: &str) -> Result<Rollout, ClusterError> {
        let Some(found) = self.get(budget, deployment).await? else {
            let words = "it was deleted while its rollout was waited for".to_owned();
            return Err(ClusterError::NotFound { object: deployment.to_string(), words });
        };
        if deployment.kind == "Pod" {
            return Ok(pod_start(&typed(found)?));
        }
        let found: Deployment = typed(found)?;
        let pods = self.pods(budget, deployment, labels).await?;
        Ok(rollout(&found, &pods))
    }

    async fn pods(&self, budget: &Budget, beside: &ObjectRef, labels: &str) -> Result<Vec<Pod>, ClusterError> {
        let like = ObjectRef::pod(beside.namespace.as_deref().unwrap_or_default(), "");
        self.list(budget, &like, labels).await?.into_iter().map(typed).collect()
    }

    /// The error for an obstacle, with the evidence from the deepest object that has some.
    async fn stuck(&self, deployment: &ObjectRef, obstacle: Obstacle) -> ClusterError {
        let budget = Budget::for_cleanup(EVIDENCE_TIME);
        let log = match (&obstacle.pod, &obstacle.container) {
            (Some(pod), Some(container)) if obstacle.kind == ObstacleKind::CrashLoop => {
                let pod = ObjectRef::pod(deployment.namespace.as_deref().unwrap_or_default(), pod);
                self.last_words(&budget, &pod, container).await
            }
            _ => None,
        };
        ClusterError::Stuck { object: deployment.to_string(), obstacle: Box::new(obstacle), log }
    }

    /// The error for a rollout that did not end in time: the last state, and what the Pods complain about.
    async fn not_finished(
        &self,
        deployment: &ObjectRef,
        labels: &str,
        stopped: Stopped,
        last: Option<Rollout>,
    ) -> ClusterError {
        let last_seen = match last {
            Some(Rollout::Stuck(obstacle)) => Some(format!("said that {obstacle}: {}", obstacle.words)),
            Some(Rollout::Progressing { ready, wanted, waiting_for }) => {
                let complaint =
                    if stopped == Stopped::Deadline { self.complaint(deployment, labels).await } else { None };
                let complaint = complaint.map_or_else(String::new, |words| format!("; {words}"));
                Some(format!("had {ready} of {wanted} ready and waited for {waiting_for}{complaint}"))
            }
            Some(Rollout::Done { .. }) | None => None,
        };
        ClusterError::Stopped { stopped, waiting_for: format!("the rollout of {deployment}"), last_seen }
    }

    /// What the events of the Pods, or else their logs, complain about.
    async fn complaint(&self, deployment: &ObjectRef, labels: &str) -> Option<String> {
        let budget = Budget::for_cleanup(EVIDENCE_TIME);
        let pods = self.pods(&budget, deployment, labels).await.ok()?;
        let namespace = deployment.namespace.as_deref().unwrap_or_default();
        for pod in pods {
            let pod = ObjectRef::pod(namespace, &pod.metadata.name);
            let warnings = self.warnings(&budget, &pod).await;
            if !warnings.is_empty() {
                return Some(format!("the Pod `{}`: {}", pod.name, warnings.join("; ")));
            }
        }
        None
    }

    /// The last warnings among the events of an object; empty if there are none or they cannot be read.
    pub async fn warnings(&self, budget: &Budget, object: &ObjectRef) -> Vec<String> {
        let like = ObjectRef::core("Event", object.namespace.as_deref().unwrap_or_default(), "");
        let params = ListParams::default()
            .fields(&format!("involvedObject.name={},involvedObject.kind={}", object.name, object.kind));
        let events = self.list_with(budget, &like, &params).await.unwrap_or_default();
        let events: Vec<Event> = events.into_iter().filter_map(|event| typed(event).ok()).collect();
        last_warnings(&events, 2)
    }

    /// The telling lines of a container's log: of its last run, or else of the one before. A run that has
    /// just begun may not have come to its error yet.
    async fn last_words(&self, budget: &Budget, pod: &ObjectRef, container: &str) -> Option<String> {
        let mut logs = Vec::new();
        for previous in [false, true] {
            match self.pod_log(budget, pod, container, LOG_LINES, previous).await {
                Ok(log) if !log.trim().is_empty() && !is_lost(&log) => logs.push(log),
                _ => {}
            }
            if logs.last().is_some_and(|log| speaks_of_failure(log)) {
                break;
            }
        }
        let best = logs.iter().find(|log| speaks_of_failure(log)).or(logs.first())?;
        Some(telling_lines(best, MAX_QUOTE - 20))
    }
}

/// The kubelet answers so, with success, when the container's log is removed already.
fn is_lost(log: &str) -> bool {
    log.starts_with("unable to retrieve container logs")
}

/// Reads an answer into the API's own type.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ClusterError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| ClusterError::Other { status: None, words: format!("unreadable answer: {error}") })
}
