//! What stands in the way of a Pod, how long it may, and what to do about it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::observed::{Condition, Container, Pod};

/// A container that was started this often and still ends is not waited for any longer.
pub const RESTARTS_TO_GIVE_UP: i32 = 3;

/// What stands in the way of a rollout, and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What kind of obstacle.
    pub kind: ObstacleKind,
    /// The Pod that shows it; `None` when no Pod could be made.
    pub pod: Option<String>,
    /// The container within the Pod.
    pub container: Option<String>,
    /// The words of the cluster, or of the container.
    pub words: String,
}

/// The kinds of obstacles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObstacleKind {
    /// The container starts and ends, again and again.
    CrashLoop,
    /// The container ended again and again before the wait began, and has not been started since.
    CrashedBefore,
    /// The program runs, and cannot use its storage.
    Storage,
    /// The program runs, and may not write to its volume.
    Volume,
    /// Somebody has paused the Deployment, which makes no Pods until it is resumed.
    Paused,
    /// The node cannot pull the image.
    ImagePull,
    /// The image has no name that a node could pull, or must not be pulled.
    ImageName,
    /// The container cannot be made: a Secret or key that it names is missing.
    Configuration,
    /// The container cannot be started: its command or its rights do not fit.
    Start,
    /// No node takes the Pod.
    Unschedulable,
    /// The Pod's claim gets no volume, and nothing is there that would make one.
    NoVolume,
    /// The cluster refuses to make Pods: quota, admission, a missing service account.
    Refused,
}

impl ObstacleKind {
    /// How long an obstacle of this kind may last before it counts as a failure: some mend themselves
    /// (a node is added, a Secret is made by another resource, a registry comes back).
    pub fn patience(self) -> Duration {
        match self {
            Self::CrashLoop | Self::ImageName | Self::Volume | Self::Paused => Duration::ZERO,
            Self::Start | Self::Refused | Self::NoVolume => Duration::from_secs(20),
            // A role or its policy is known everywhere only after some seconds.
            Self::Storage => Duration::from_secs(30),
            Self::ImagePull => Duration::from_secs(45),
            // The fourth start comes 80 seconds after the third (kubelet: back-off of 10 seconds, doubled each time).
            Self::Configuration | Self::CrashedBefore => Duration::from_secs(90),
            // Nodes that a group or an autoscaler adds take some minutes.
            Self::Unschedulable => Duration::from_mins(3),
        }
    }

    /// One concrete step for the reader.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::CrashLoop | Self::CrashedBefore => "correct what the log complains about",
            Self::Storage => {
                "make the bucket if it does not exist, or correct storage.s3 (bucket, region, endpoint, keys) or the \
                 rights of the Pods' identity"
            }
            Self::Volume => {
                "set security_context to the user or group that may write there, as the words show it (fs_group where the \
                 volume's driver gives the folder to that group, which NFS and folders of a node do not), or change the \
                 folder's owner; a volume that is mounted read-only must be another one"
            }
            Self::Paused => "resume it with `kubectl rollout resume`",
            Self::ImagePull => "check the image's name, and that the nodes can reach and log in to its registry",
            Self::ImageName => "correct the image's name",
            Self::Configuration => "create the Secret or ConfigMap that is missing, or correct its name",
            Self::Start => "check the image: it has no such command, or its user may not run it",
            Self::Unschedulable => {
                "free or add a node that fits, or change host_port, node_selector, tolerations or resources"
            }
            Self::NoVolume => {
                "correct storage.volume.storage_class, make that class, or mark one as the cluster's default; a claim \
                 that names another class must be deleted first"
            }
            Self::Refused => {
                "give what the rule asks for (`resources` for a quota, no `host_port` under Pod security), have it changed, \
                 or make what the cluster misses"
            }
        }
    }

    /// Whether the container's own log tells the cause.
    pub fn is_told_by_log(self) -> bool {
        matches!(self, Self::CrashLoop | Self::CrashedBefore)
    }

    fn clause(self) -> &'static str {
        match self {
            Self::CrashLoop => "ends after each start",
            Self::CrashedBefore => "ended after each start, and waits for the next one",
            Self::Storage => "cannot use its storage",
            Self::Volume => "may not write to its volume",
            Self::Paused => "is not made: the Deployment is paused",
            Self::ImagePull => "has an image that the node cannot pull",
            Self::ImageName => "has an image that no node can pull",
            Self::Configuration => "lacks an object that it refers to",
            Self::Start => "cannot be started",
            Self::Unschedulable => "fits on no node",
            Self::NoVolume => "waits for a volume that nothing provides",
            Self::Refused => "is refused by the cluster",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clause = self.kind.clause();
        match (&self.container, &self.pod) {
            (Some(container), Some(pod)) => write!(f, "the container `{container}` of the Pod `{pod}` {clause}"),
            (_, Some(pod)) => write!(f, "the Pod `{pod}` {clause}"),
            _ => write!(f, "the Pod {clause}"),
        }
    }
}

/// How often each container had been started again at some moment: what came before a change tells nothing about it.
#[derive(Clone, Debug, Default)]
pub struct Restarts(BTreeMap<(String, String), i32>);

impl Restarts {
    /// The counts as they are now.
    pub fn of(pods: &[Pod]) -> Self {
        let counts = pods.iter().flat_map(|pod| {
            let containers = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
            containers.map(|it| ((pod.metadata.uid.clone(), it.name.clone()), it.restart_count))
        });
        Self(counts.collect())
    }

    fn since(&self, pod: &Pod, container: &Container) -> i32 {
        let place = (pod.metadata.uid.clone(), container.name.clone());
        container.restart_count - self.0.get(&place).copied().unwrap_or(0)
    }
}

/// What keeps a Pod from running, if anything does.
pub fn obstacle(pod: &Pod) -> Option<Obstacle> {
    obstacle_since(pod, &Restarts::default())
}

/// What keeps a Pod from running, of its restarts only those after `before`.
pub(super) fn obstacle_since(pod: &Pod, before: &Restarts) -> Option<Obstacle> {
    let name = Some(pod.metadata.name.clone());
    for container in pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses) {
        if let Some((kind, words)) = container_obstacle(container, before.since(pod, container)) {
            return Some(Obstacle { kind, pod: name, container: Some(container.name.clone()), words });
        }
    }
    let unschedulable =
        |it: &&Condition| it.r#type == "PodScheduled" && it.status == "False" && it.reason == "Unschedulable";
    let condition = pod.status.conditions.iter().find(unschedulable)?;
    Some(Obstacle { kind: ObstacleKind::Unschedulable, pod: name, container: None, words: condition.message.clone() })
}

/// Source of the reasons: kubelet, `pkg/kubelet/images/types.go` and `pkg/kubelet/kuberuntime`.
fn container_obstacle(container: &Container, new_restarts: i32) -> Option<(ObstacleKind, String)> {
    let waiting = container.state.waiting.clone().unwrap_or_default();
    let kind = match waiting.reason.as_str() {
        "InvalidImageName" | "ErrImageNeverPull" => ObstacleKind::ImageName,
        "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable" => ObstacleKind::ImagePull,
        "CreateContainerConfigError" => ObstacleKind::Configuration,
        "CreateContainerError" | "RunContainerError" | "PostStartHookError" => ObstacleKind::Start,
        reason => return crash_loop(container, reason, new_restarts).map(|kind| (kind, last_end(container))),
    };
    let words =
        if waiting.message.is_empty() { waiting.reason } else { format!("{}: {}", waiting.reason, waiting.message) };
    Some((kind, words))
}

/// A container that ended often is in a crash loop if it ended since the wait began as well.
fn crash_loop(container: &Container, waiting_reason: &str, new_restarts: i32) -> Option<ObstacleKind> {
    let is_backed_off = waiting_reason == "CrashLoopBackOff" && container.restart_count >= RESTARTS_TO_GIVE_UP;
    if container.ready {
        return None;
    }
    if new_restarts >= RESTARTS_TO_GIVE_UP || (is_backed_off && new_restarts > 0) {
        return Some(ObstacleKind::CrashLoop);
    }
    is_backed_off.then_some(ObstacleKind::CrashedBefore)
}

/// How the container ended the last time.
fn last_end(container: &Container) -> String {
    let count = container.restart_count;
    match container.state.terminated.as_ref().or(container.last_state.terminated.as_ref()) {
        Some(end) => format!("{}, exit code {}, started {} times", end.reason, end.exit_code, count + 1),
        None => format!("started {} times", count + 1),
    }
}
