//! Waits for a Deployment or a single Pod, and brings back the evidence when it does not get there.

mod evidence;
mod folder;
mod storage;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::{Obstacle, ObstacleKind, Pod, Restarts, Rollout, Sight, pod_start, rollout};
use crate::retry::{Budget, Pace, Stopped};

use super::{Cluster, ClusterError};

pub use folder::{Folder, Writing};
pub use storage::StorageCheck;

const PACE: Pace = Pace::new(Duration::from_millis(300), Duration::from_secs(2));

/// At first, when most Pods come up, nobody waits longer than this between two looks.
const EARLY: Duration = Duration::from_secs(8);
const EARLY_PAUSE: Duration = Duration::from_millis(400);

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
        Wait::new(self, deployment, labels, None).run(budget).await
    }

    /// As [`Cluster::wait_for_rollout`], for a program that looks at its storage now and then and logs what it cannot do:
    /// it counts as ready only when it has looked once and not complained.
    pub async fn wait_for_rollout_with_storage(
        &self,
        budget: &Budget,
        deployment: &ObjectRef,
        labels: &str,
        check: StorageCheck,
    ) -> Result<i32, ClusterError> {
        Wait::new(self, deployment, labels, Some(storage::Look::new(check))).run(budget).await
    }

    /// What keeps the Pods of a Deployment from being ready, in words, as far as it can be seen at this moment.
    pub async fn cause_of_unreadiness(
        &self,
        budget: &Budget,
        deployment: &ObjectRef,
        labels: &str,
        check: Option<StorageCheck>,
    ) -> Option<String> {
        let mut wait = Wait::new(self, deployment, labels, check.map(storage::Look::new));
        match wait.look(budget).await.ok()? {
            Rollout::Stuck(obstacle) => Some(format!("{obstacle}: {}", obstacle.words)),
            Rollout::Progressing { .. } | Rollout::Done { .. } => self.complaint(deployment, labels).await,
        }
    }

    /// What the cluster shows of a Deployment; `None` if there is none.
    async fn sight(&self, budget: &Budget, object: &ObjectRef, labels: &str) -> Result<Option<Sight>, ClusterError> {
        let Some(found) = self.get(budget, object).await? else { return Ok(None) };
        let pods = self.pods(budget, object, labels).await?;
        let like = ObjectRef { kind: "ReplicaSet".to_owned(), ..object.clone() };
        let sets = match self.list(budget, &like, labels).await {
            Ok(sets) => Some(sets.into_iter().map(typed).collect::<Result<_, _>>()?),
            Err(ClusterError::Forbidden { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Some(Sight { deployment: typed(found)?, sets, pods }))
    }

    async fn pods(&self, budget: &Budget, beside: &ObjectRef, labels: &str) -> Result<Vec<Pod>, ClusterError> {
        let like = ObjectRef::pod(beside.namespace.as_deref().unwrap_or_default(), "");
        self.list(budget, &like, labels).await?.into_iter().map(typed).collect()
    }
}

/// What a wait saw last.
enum Last {
    Rollout(Rollout),
    /// The question was not answered.
    Silence(String),
}

/// One wait, and what it remembers.
struct Wait<'a> {
    cluster: &'a Cluster,
    object: &'a ObjectRef,
    labels: &'a str,
    storage: Option<storage::Look>,
    /// The restarts of before; `None` until the Pods were seen for the first time.
    before: Option<Restarts>,
    stuck_since: Option<(ObstacleKind, Instant)>,
    last: Option<Last>,
}

impl<'a> Wait<'a> {
    fn new(cluster: &'a Cluster, object: &'a ObjectRef, labels: &'a str, storage: Option<storage::Look>) -> Self {
        Self { cluster, object, labels, storage, before: None, stuck_since: None, last: None }
    }

    async fn run(mut self, budget: &Budget) -> Result<i32, ClusterError> {
        let begun = Instant::now();
        for pause in PACE.pauses() {
            match self.look(budget).await {
                Ok(Rollout::Done { ready }) => return Ok(ready),
                Ok(seen) => {
                    if let Some(obstacle) = self.given_up(budget, &seen).await {
                        return Err(self.cluster.stuck(self.object, obstacle).await);
                    }
                    self.last = Some(Last::Rollout(seen));
                }
                // The cluster was there a moment ago.
                Err(error) if error.is_passing() => self.last = Some(Last::Silence(error.told())),
                Err(ClusterError::Stopped { stopped, .. }) => return Err(self.not_finished(stopped).await),
                Err(error) => return Err(error),
            }
            let pause = if begun.elapsed() < EARLY { pause.min(EARLY_PAUSE) } else { pause };
            let pause = self.storage.as_ref().and_then(storage::Look::remaining).map_or(pause, |it| it.min(pause));
            if let Err(stopped) = budget.sleep(pause).await {
                return Err(self.not_finished(stopped).await);
            }
        }
        Err(self.not_finished(Stopped::Deadline).await)
    }

    /// How far it is at this moment.
    async fn look(&mut self, budget: &Budget) -> Result<Rollout, ClusterError> {
        let gone = || ClusterError::NotFound {
            object: self.object.to_string(),
            words: "it was deleted while its rollout was waited for".to_owned(),
        };
        if self.object.kind == "Pod" {
            let found = self.cluster.get(budget, self.object).await?.ok_or_else(gone)?;
            return Ok(pod_start(&typed(found)?));
        }
        let sight = self.cluster.sight(budget, self.object, self.labels).await?.ok_or_else(gone)?;
        let before = self.before.get_or_insert_with(|| Restarts::of(&sight.pods));
        let seen = rollout(&sight, before);
        if let Rollout::Stuck(obstacle) = seen {
            return Ok(Rollout::Stuck(self.cluster.looked_into(budget, &sight, obstacle).await));
        }
        match &mut self.storage {
            Some(storage) => Ok(storage.judge(self.cluster, budget, self.object, &sight, seen).await),
            None => Ok(seen),
        }
    }

    /// The obstacle, if it has been seen for longer than its kind may last.
    async fn given_up(&mut self, budget: &Budget, seen: &Rollout) -> Option<Obstacle> {
        let Rollout::Stuck(obstacle) = seen else {
            self.stuck_since = None;
            return None;
        };
        let since = match self.stuck_since {
            Some((kind, since)) if kind == obstacle.kind => since,
            _ => Instant::now(),
        };
        self.stuck_since = Some((obstacle.kind, since));
        if since.elapsed() < obstacle.kind.patience()
            || self.cluster.is_promised_a_node(budget, self.object, obstacle).await
        {
            return None;
        }
        Some(obstacle.clone())
    }

    /// The error for a rollout that did not end in time: the last state, and what the Pods complain about.
    async fn not_finished(self, stopped: Stopped) -> ClusterError {
        let last_seen = match self.last {
            Some(Last::Rollout(Rollout::Stuck(obstacle))) => {
                let obstacle = self.cluster.with_port_holder(self.object, obstacle).await;
                Some(format!("{obstacle}: {}", obstacle.words))
            }
            Some(Last::Rollout(Rollout::Progressing { ready, wanted, waiting_for })) => {
                let complaint = match stopped {
                    Stopped::Deadline => self.cluster.complaint(self.object, self.labels).await,
                    Stopped::Interrupted => None,
                };
                let complaint = complaint.map_or_else(String::new, |words| format!("; {words}"));
                Some(format!("{ready} of {wanted} ready, waiting for {waiting_for}{complaint}"))
            }
            Some(Last::Silence(words)) => Some(words),
            Some(Last::Rollout(Rollout::Done { .. })) | None => None,
        };
        ClusterError::Stopped { stopped, waiting_for: format!("the rollout of {}", self.object), last_seen }
    }
}

/// Reads an answer into the API's own type.
pub(super) fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ClusterError> {
    serde_path_to_error::deserialize(value)
        .map_err(|error| ClusterError::Other { status: None, words: format!("unreadable answer: {error}") })
}
