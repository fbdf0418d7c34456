//! Programs that look at their storage now and then: what they say of it, and whether they have looked yet.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::clients::cluster::Cluster;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::{Container, Obstacle, ObstacleKind, Pod, Rollout, Sight, is_ready, storage_complaint};
use crate::retry::Budget;

/// How long a program's start and its first look may take beside the interval.
const MARGIN: Duration = Duration::from_millis(1200);

/// How a program tells of its storage.
#[derive(Clone, Copy, Debug)]
pub struct StorageCheck {
    /// The container whose log tells.
    pub container: &'static str,
    /// How often it looks; for the first time so long after its start.
    pub interval: Duration,
}

/// What a wait knows of the looks.
#[derive(Debug)]
pub(super) struct Look {
    check: StorageCheck,
    /// By the Pod's uid, when its container was first seen to run; `None` if it ran already when the wait began.
    running: BTreeMap<String, Option<Instant>>,
    has_begun: bool,
    waits_until: Option<Instant>,
}

impl Look {
    pub(super) fn new(check: StorageCheck) -> Self {
        Self { check, running: BTreeMap::new(), has_begun: false, waits_until: None }
    }

    /// What is left until a program that is ready has looked at its storage.
    pub(super) fn remaining(&self) -> Option<Duration> {
        self.waits_until.map(|it| it.saturating_duration_since(Instant::now()))
    }

    /// The judgement of the rollout, corrected by what the program says of its storage. A log that may not be read says
    /// nothing.
    pub(super) async fn judge(
        &mut self,
        cluster: &Cluster,
        budget: &Budget,
        beside: &ObjectRef,
        sight: &Sight,
        seen: Rollout,
    ) -> Rollout {
        self.note(&sight.newest());
        self.waits_until = None;
        let Some(pod) = self.telling(&sight.newest()).cloned() else { return seen };
        if let Rollout::Done { ready } = seen
            && let Some(until) = self.first_look_of(&pod).filter(|until| *until > Instant::now())
        {
            self.waits_until = Some(until);
            let waiting_for = "the first look at the storage".to_owned();
            return Rollout::Progressing { ready, wanted: ready, waiting_for };
        }
        let object = ObjectRef::pod(beside.namespace.as_deref().unwrap_or_default(), &pod.metadata.name);
        // Two looks: one may be under way.
        let log = cluster.recent_log(budget, &object, self.check.container, self.check.interval * 2 + MARGIN).await;
        match log.ok().and_then(|log| storage_complaint(&log)) {
            None => seen,
            Some(words) => Rollout::Stuck(Obstacle {
                kind: ObstacleKind::Storage,
                pod: Some(pod.metadata.name),
                container: Some(self.check.container.to_owned()),
                words,
            }),
        }
    }

    fn note(&mut self, pods: &[&Pod]) {
        let since = self.has_begun.then(Instant::now);
        let container = self.check.container;
        for pod in pods.iter().filter(|pod| is_running(pod, container)) {
            self.running.entry(pod.metadata.uid.clone()).or_insert(since);
        }
        self.has_begun = true;
    }

    /// The Pod to be asked: all have the same settings, and one that is not ready has something to say.
    fn telling<'a>(&self, pods: &[&'a Pod]) -> Option<&'a Pod> {
        let running: Vec<&Pod> = pods.iter().copied().filter(|pod| is_running(pod, self.check.container)).collect();
        running
            .iter()
            .find(|pod| !is_ready(pod))
            .or_else(|| running.iter().max_by_key(|pod| self.first_look_of(pod)))
            .copied()
    }

    /// When a program will have looked for the first time; `None` if it has long since.
    fn first_look_of(&self, pod: &Pod) -> Option<Instant> {
        self.running.get(&pod.metadata.uid).copied().flatten().map(|since| since + self.check.interval + MARGIN)
    }
}

fn is_running(pod: &Pod, container: &str) -> bool {
    let of_program = |it: &&Container| it.name == container;
    pod.status.container_statuses.iter().find(of_program).is_some_and(|it| it.state.running.is_some())
}
