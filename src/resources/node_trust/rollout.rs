//! Waits until the nodes have it, and finds out what stands in the way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize as _;
use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::node_trust::{
    CONTAINER, Complaint, DaemonSet, NOT_YET, NodeTrust, Progress, TRUSTED, complaining, nodes, progress, selector,
};
use crate::domain::rollout::Pod;
use crate::retry::{Budget, Pace, Stopped};

const PACE: Pace = Pace::new(Duration::from_millis(300), Duration::from_secs(2));

/// What is said while the last change has not reached every node.
pub const NOT_EVERYWHERE: &str = "the last change has not been seen on all nodes";

/// How long what a Pod has said may be from before: it looks anew each half minute.
const ROUND: Duration = Duration::from_secs(40);

/// How many lines a Pod's last words have.
const WORDS: i64 = 20;

/// How the nodes stand.
pub struct Standing {
    /// What is known of each.
    pub nodes: BTreeMap<String, String>,
    /// How far the rollout is; `None` if the `DaemonSet` is gone.
    pub progress: Option<Progress>,
}

impl Standing {
    /// The nodes that have not got it, with the reason.
    pub fn behind(&self) -> Vec<String> {
        self.told(|told| told != TRUSTED)
    }

    /// What the next apply is to wait for again. A node that has just come is none of that.
    pub fn amiss(&self) -> Vec<String> {
        let stuck = self.told(|told| told != TRUSTED && told != NOT_YET);
        let is_rolled_out = self.progress.is_some_and(|progress| progress.is_rolled_out);
        if stuck.is_empty() && !is_rolled_out { vec![NOT_EVERYWHERE.to_owned()] } else { stuck }
    }

    /// The nodes that say what no waiting mends.
    fn complaints(&self) -> Vec<String> {
        self.told(|told| Complaint::parse(told).is_some())
    }

    fn told(&self, which: impl Fn(&str) -> bool) -> Vec<String> {
        let nodes = self.nodes.iter().filter(|(_, told)| which(told));
        nodes.map(|(node, told)| format!("node {node}: {told}")).collect()
    }
}

/// Looks for the `DaemonSet` and at its Pods.
pub async fn look(
    budget: &Budget,
    cluster: &Cluster,
    trust: &NodeTrust,
    lead: &ObjectRef,
) -> Result<Standing, ClusterError> {
    match cluster.get(budget, lead).await? {
        Some(set) => standing(budget, cluster, trust, &set).await,
        None => Ok(Standing { nodes: BTreeMap::new(), progress: None }),
    }
}

/// How the nodes stand by a `DaemonSet` that was found.
pub async fn standing(
    budget: &Budget,
    cluster: &Cluster,
    trust: &NodeTrust,
    set: &Value,
) -> Result<Standing, ClusterError> {
    let like = ObjectRef::pod(&trust.namespace, "");
    let found = cluster.list(budget, &like, &selector(&trust.name)).await?;
    let pods: Vec<Pod> = found.into_iter().filter_map(|pod| serde_json::from_value(pod).ok()).collect();
    let mut words = BTreeMap::new();
    for name in complaining(&pods) {
        let pod = ObjectRef::pod(&trust.namespace, name);
        // Who may not read logs is told less.
        if let Ok(log) = cluster.pod_log(budget, &pod, CONTAINER, WORDS, false).await {
            words.insert(name.to_owned(), last_round(&log));
        }
    }
    let set = DaemonSet::deserialize(set).unwrap_or_default();
    Ok(Standing { nodes: nodes(&pods, &words), progress: Some(progress(&set)) })
}

/// What a Pod said last: it looks anew each half minute, and ends what it says with an empty line.
fn last_round(log: &str) -> String {
    let last = log.trim_end().rsplit("\n\n").next().unwrap_or_default();
    last.lines().filter(|line| !line.trim().is_empty()).collect::<Vec<_>>().join("; ")
}

/// What nodes say that no waiting mends, and since when.
#[derive(Default)]
struct Standstill {
    words: Vec<String>,
    since: Option<Instant>,
}

impl Standstill {
    /// Whether the words stand for longer than nodes take to look anew: then they are not from before something was mended.
    fn lasts(&mut self, now: Instant, words: Vec<String>) -> bool {
        if words != self.words {
            *self = Self { words, since: Some(now) };
        }
        !self.words.is_empty() && self.since.is_some_and(|since| now.duration_since(since) >= ROUND)
    }

    fn failure(&self, lead: &ObjectRef) -> ClusterError {
        ClusterError::Failed { object: lead.clone(), words: self.words.join("; ") }
    }
}

/// Waits until all nodes that are meant have it.
///
/// # Errors
/// [`ClusterError::Stopped`] with what stands in the way on which node, and [`ClusterError::Failed`], soon, with what nodes go on
/// saying if no waiting mends it.
pub async fn wait(
    budget: &Budget,
    cluster: &Cluster,
    trust: &NodeTrust,
    lead: &ObjectRef,
) -> Result<Standing, ClusterError> {
    let mut last = None;
    let mut standstill = Standstill::default();
    let stop = |stopped, last_seen, standstill: &Standstill| {
        if stopped == Stopped::Deadline && !standstill.words.is_empty() {
            return standstill.failure(lead);
        }
        let waiting_for = "the nodes to take it".to_owned();
        ClusterError::Stopped { stopped, waiting_for, last_seen }
    };
    for pause in PACE.pauses() {
        match look(budget, cluster, trust, lead).await {
            Ok(standing) => match standing.progress {
                Some(progress) if progress.is_done => return Ok(standing),
                Some(progress) => {
                    if standstill.lasts(Instant::now(), standing.complaints()) {
                        return Err(standstill.failure(lead));
                    }
                    let count = format!("{} of {} nodes have it", progress.done, progress.wanted);
                    last = Some(std::iter::once(count).chain(standing.behind()).collect::<Vec<_>>().join("; "));
                }
                None => last = Some(format!("{lead} is missing")),
            },
            // The time was over while it looked: what it saw before says more.
            Err(ClusterError::Stopped { stopped, .. }) => return Err(stop(stopped, last, &standstill)),
            Err(error) if error.is_passing() => last = Some(error.told()),
            Err(error) => return Err(error),
        }
        if let Err(stopped) = budget.sleep(pause).await {
            return Err(stop(stopped, last, &standstill));
        }
    }
    look(budget, cluster, trust, lead).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_waiting_mends_counts_once_a_pod_must_have_looked_again() {
        let (begun, mut standstill) = (Instant::now(), Standstill::default());
        let mut lasts = |seconds: u64, words: &[&str]| {
            standstill.lasts(begun + Duration::from_secs(seconds), words.iter().map(|&it| it.to_owned()).collect())
        };
        assert!(!lasts(0, &[]) && !lasts(60, &[]), "nobody complains");
        assert!(!lasts(61, &["node a: x"]) && !lasts(99, &["node a: x"]) && lasts(101, &["node a: x"]));
        assert!(!lasts(102, &["node b: x"]), "another one");
    }

    #[test]
    fn only_the_last_round_of_a_pod_counts() {
        assert_eq!(last_round("a\nb\n\na\nb\n\nb\n\n"), "b");
        assert_eq!(last_round("a\nb\n\n"), "a; b");
        assert_eq!(last_round(""), "");
    }
}
