//! How far the nodes have come.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::rollout::Pod;

/// What is said of a node that has everything.
pub const TRUSTED: &str = "trusted";

/// What is said of a node whose Pod has only begun.
pub const NOT_YET: &str = "not yet";

/// What is read of a `DaemonSet`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct DaemonSet {
    metadata: Metadata,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    generation: i64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    desired_number_scheduled: i64,
    updated_number_scheduled: i64,
    number_available: i64,
}

/// How far a rollout is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many nodes are meant.
    pub wanted: i64,
    /// How many have what is declared now.
    pub done: i64,
    /// Whether each node's Pod is of the newest declaration.
    pub is_rolled_out: bool,
    /// Whether that is all of them, and each has it.
    pub is_done: bool,
}

/// How far a rollout is.
pub fn progress(set: &DaemonSet) -> Progress {
    let DaemonSet { metadata, status } = set;
    let is_seen = status.observed_generation >= metadata.generation;
    let done = status.updated_number_scheduled.min(status.number_available);
    let wanted = status.desired_number_scheduled;
    let is_rolled_out = is_seen && status.updated_number_scheduled >= wanted;
    Progress { wanted, done, is_rolled_out, is_done: is_rolled_out && done >= wanted }
}

/// What is known of each node, by the Pods and by what those say that are not ready.
pub fn nodes(pods: &[Pod], words: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let alive = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none() && !pod.spec.node_name.is_empty());
    alive.map(|pod| (pod.spec.node_name.clone(), told(pod, words.get(&pod.metadata.name)))).collect()
}

/// The Pods that run and have something to say.
pub fn complaining(pods: &[Pod]) -> impl Iterator<Item = &str> {
    let runs_unready = |pod: &&Pod| {
        let containers = &pod.status.container_statuses;
        containers.iter().any(|container| container.state.running.is_some() && !container.ready)
    };
    pods.iter().filter(runs_unready).map(|pod| pod.metadata.name.as_str())
}

fn told(pod: &Pod, words: Option<&String>) -> String {
    let containers = &pod.status.container_statuses;
    if containers.iter().any(|container| container.ready) {
        return TRUSTED.to_owned();
    }
    let waiting = containers.iter().find_map(|container| container.state.waiting.as_ref());
    match (waiting, words.map(|words| words.trim()).filter(|words| !words.is_empty())) {
        (Some(waiting), _) if waiting.reason == "ContainerCreating" => NOT_YET.to_owned(),
        (Some(waiting), _) => format!("{}: {}", waiting.reason, waiting.message).trim_end_matches(": ").to_owned(),
        (None, Some(words)) => words.to_owned(),
        (None, None) => NOT_YET.to_owned(),
    }
}

/// What a Pod complains of that no waiting mends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Complaint {
    /// A file of somebody else stands where one is to be written: its path on the node.
    Taken(String),
    /// containerd is not told to read folders.
    Unread,
}

impl Complaint {
    /// The first of a node's words.
    pub fn parse(words: &str) -> Option<Self> {
        words.split("; ").find_map(|line| match line.trim().strip_suffix(" was written by somebody else") {
            Some(path) => Some(Self::Taken(path.to_owned())),
            None => line.trim().starts_with("containerd reads no such folders").then_some(Self::Unread),
        })
    }

    /// What mends it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Taken(path) => format!(
                "remove {path} on that node if nothing needs it, or leave its registry out of `hosts`, then apply again"
            ),
            Self::Unread => "set `containerd_config` to the file that containerd is started with, and `containerd_folder` to \
                what `config_path` below `registry` names in it (`containerd config dump` on the node shows it); where there is \
                none, set it there and restart containerd; then apply again"
                .to_owned(),
        }
    }

    /// The attribute that it is about.
    pub fn attribute(&self) -> &'static str {
        match self {
            Self::Taken(_) => "hosts",
            Self::Unread => "containerd_config",
        }
    }
}
