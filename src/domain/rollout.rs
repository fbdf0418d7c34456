//! How far a Deployment is, judged from what the cluster says about it and its Pods.

mod observed;
mod words;

use std::fmt;
use std::time::Duration;

pub use observed::{Container, Deployment, Event, Pod};
pub use words::{deepest_clauses, last_warnings, speaks_of_failure, telling_lines};

/// A container that was started this often and still ends is not waited for any longer.
pub const RESTARTS_TO_GIVE_UP: i32 = 3;

/// How far a Deployment is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// All replicas run the newest template and are ready.
    Done {
        /// How many are ready.
        ready: i32,
    },
    /// On its way.
    Progressing {
        /// How many are ready.
        ready: i32,
        /// How many there shall be.
        wanted: i32,
        /// What it waits for, in words.
        waiting_for: String,
    },
    /// Something stands in the way that time alone hardly mends.
    Stuck(Obstacle),
}

/// What stands in the way of a rollout, and where it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What kind of obstacle.
    pub kind: ObstacleKind,
    /// The Pod that shows it; `None` when no Pod could be made.
    pub pod: Option<String>,
    /// The container within the Pod.
    pub container: Option<String>,
    /// The cluster's own words.
    pub words: String,
}

/// The kinds of obstacles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObstacleKind {
    /// The container starts and ends, again and again.
    CrashLoop,
    /// The node cannot pull the image.
    ImagePull,
    /// The container cannot be made: a Secret or key that it names is missing.
    Configuration,
    /// The container cannot be started: its command or its rights do not fit.
    Start,
    /// No node takes the Pod.
    Unschedulable,
    /// The cluster refuses to make Pods: quota, admission, a missing service account.
    Refused,
}

impl ObstacleKind {
    /// How long an obstacle of this kind may last before it counts as a failure: some mend themselves
    /// (a node is added, a Secret is made by another resource, a registry comes back).
    pub fn patience(self) -> Option<Duration> {
        match self {
            Self::CrashLoop => Some(Duration::ZERO),
            Self::Start | Self::Refused => Some(Duration::from_secs(20)),
            Self::ImagePull => Some(Duration::from_secs(45)),
            Self::Configuration => Some(Duration::from_secs(90)),
            Self::Unschedulable => None,
        }
    }

    /// One concrete step for the reader.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::CrashLoop => "correct what the log complains about",
            Self::ImagePull => "check the image's name, and that the nodes can reach and log in to its registry",
            Self::Configuration => "create the Secret or ConfigMap that is missing, or correct its name",
            Self::Start => "check the image: it has no such command, or its user may not run it",
            Self::Unschedulable => "free or add a node that fits, or change node_selector, tolerations or resources",
            Self::Refused => "raise the quota, or satisfy the policy that refuses the Pod",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            ObstacleKind::CrashLoop => "ends after each start",
            ObstacleKind::ImagePull => "has an image that the node cannot pull",
            ObstacleKind::Configuration => "lacks an object that it refers to",
            ObstacleKind::Start => "cannot be started",
            ObstacleKind::Unschedulable => "fits on no node",
            ObstacleKind::Refused => "is refused by the cluster",
        };
        match (&self.container, &self.pod) {
            (Some(container), Some(pod)) => write!(f, "the container `{container}` of the Pod `{pod}` {what}"),
            (_, Some(pod)) => write!(f, "the Pod `{pod}` {what}"),
            _ => write!(f, "the Pod {what}"),
        }
    }
}

/// Judges a Deployment with the Pods that its selector finds.
pub fn rollout(deployment: &Deployment, pods: &[Pod]) -> Rollout {
    let wanted = deployment.spec.replicas.unwrap_or(1);
    let Some(status) = &deployment.status else {
        return progressing(0, wanted, "the cluster to take notice of it");
    };
    let ready = status.ready_replicas;
    if status.observed_generation < deployment.metadata.generation {
        return progressing(ready, wanted, "the cluster to take notice of the change");
    }
    let updated = status.updated_replicas;
    if updated >= wanted && status.replicas <= updated && status.available_replicas >= wanted {
        return Rollout::Done { ready };
    }
    if let Some(obstacle) = refusal(deployment).or_else(|| newest(deployment, pods).find_map(obstacle)) {
        return Rollout::Stuck(obstacle);
    }
    if status.replicas > updated {
        return progressing(ready, wanted, "Pods of the previous version to end");
    }
    progressing(ready, wanted, "the Pods to become ready")
}

/// Judges a Pod that stands alone.
pub fn pod_start(pod: &Pod) -> Rollout {
    let is_ready = pod.status.conditions.iter().any(|it| it.r#type == "Ready" && it.status == "True");
    match obstacle(pod) {
        _ if is_ready => Rollout::Done { ready: 1 },
        Some(obstacle) => Rollout::Stuck(obstacle),
        None => progressing(0, 1, "it to become ready"),
    }
}

/// Whether a first rollout, or that of a change, is still under way and has not been given up by the cluster
/// (Kubernetes: Deployments, "Progressing Deployment" and "Complete Deployment").
pub fn is_under_way(deployment: &Deployment) -> bool {
    let Some(status) = &deployment.status else { return true };
    if status.observed_generation < deployment.metadata.generation {
        return true;
    }
    let progress = status.conditions.iter().find(|it| it.r#type == "Progressing");
    progress.is_none_or(|it| it.status == "True" && it.reason != "NewReplicaSetAvailable")
}

fn progressing(ready: i32, wanted: i32, waiting_for: &str) -> Rollout {
    Rollout::Progressing { ready, wanted, waiting_for: waiting_for.to_owned() }
}

/// The condition that tells of Pods the cluster refuses to make.
fn refusal(deployment: &Deployment) -> Option<Obstacle> {
    let conditions = &deployment.status.as_ref()?.conditions;
    let condition = conditions.iter().find(|it| it.r#type == "ReplicaFailure" && it.status == "True")?;
    let words = condition.message.clone();
    Some(Obstacle { kind: ObstacleKind::Refused, pod: None, container: None, words })
}

/// The Pods that were made from the Deployment's newest template: those that carry its annotations.
fn newest<'a>(deployment: &'a Deployment, pods: &'a [Pod]) -> impl Iterator<Item = &'a Pod> {
    let marks = &deployment.spec.template.metadata.annotations;
    pods.iter().filter(move |pod| {
        let own = &pod.metadata.annotations;
        marks.iter().all(|(name, value)| own.get(name) == Some(value)) && pod.metadata.deletion_timestamp.is_none()
    })
}

/// What keeps a Pod from running, if anything does.
pub fn obstacle(pod: &Pod) -> Option<Obstacle> {
    let name = Some(pod.metadata.name.clone());
    for container in pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses) {
        if let Some((kind, words)) = container_obstacle(container) {
            return Some(Obstacle { kind, pod: name, container: Some(container.name.clone()), words });
        }
    }
    let unschedulable =
        |it: &&observed::Condition| it.r#type == "PodScheduled" && it.status == "False" && it.reason == "Unschedulable";
    let condition = pod.status.conditions.iter().find(unschedulable)?;
    Some(Obstacle { kind: ObstacleKind::Unschedulable, pod: name, container: None, words: condition.message.clone() })
}

/// Source of the reasons: kubelet, `pkg/kubelet/images/types.go` and `pkg/kubelet/kuberuntime`.
fn container_obstacle(container: &Container) -> Option<(ObstacleKind, String)> {
    let waiting = container.state.waiting.clone().unwrap_or_default();
    let kind = match waiting.reason.as_str() {
        "ErrImagePull" | "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "RegistryUnavailable" => {
            ObstacleKind::ImagePull
        }
        "CreateContainerConfigError" => ObstacleKind::Configuration,
        "CreateContainerError" | "RunContainerError" | "PostStartHookError" => ObstacleKind::Start,
        _ if container.restart_count >= RESTARTS_TO_GIVE_UP && !container.ready => {
            return Some((ObstacleKind::CrashLoop, last_end(container)));
        }
        _ => return None,
    };
    let words =
        if waiting.message.is_empty() { waiting.reason } else { format!("{}: {}", waiting.reason, waiting.message) };
    Some((kind, words))
}

/// How the container ended the last time.
fn last_end(container: &Container) -> String {
    let count = container.restart_count;
    match container.state.terminated.as_ref().or(container.last_state.terminated.as_ref()) {
        Some(end) => format!("{}, exit code {}, started {} times", end.reason, end.exit_code, count + 1),
        None => format!("started {} times", count + 1),
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "literal statuses read better without a borrow")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn deployment(status: Value) -> Deployment {
        serde_json::from_value(json!({
            "metadata": { "name": "registry", "generation": 2 },
            "spec": {
                "replicas": 2,
                "selector": {},
                "template": { "metadata": { "annotations": { "berth/digest": "new" } } },
            },
            "status": status,
        }))
        .unwrap()
    }

    fn pod(digest: &str, status: Value) -> Pod {
        let metadata = json!({ "name": "registry-1", "annotations": { "berth/digest": digest, "other": "x" } });
        serde_json::from_value(json!({ "metadata": metadata, "status": status })).unwrap()
    }

    fn container(restarts: i32, state: Value) -> Value {
        json!({ "containerStatuses": [{
            "name": "registry", "image": "registry:3", "imageID": "", "ready": false,
            "restartCount": restarts, "state": state,
        }] })
    }

    fn half() -> Deployment {
        deployment(json!({ "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 1 }))
    }

    fn stuck(pods: &[Pod]) -> Obstacle {
        match rollout(&half(), pods) {
            Rollout::Stuck(obstacle) => obstacle,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn is_done_when_all_run_the_newest_template() {
        let status = json!({
            "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
        });
        assert_eq!(rollout(&deployment(status), &[]), Rollout::Done { ready: 2 });
    }

    #[test]
    fn an_old_generation_says_nothing_about_the_new_one() {
        let status = json!({
            "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
        });
        let judged = rollout(&deployment(status), &[]);
        assert!(matches!(judged, Rollout::Progressing { ready: 2, wanted: 2, .. }), "{judged:?}");
    }

    #[test]
    fn waits_for_pods_of_the_previous_version() {
        let status = json!({
            "observedGeneration": 2, "replicas": 3, "updatedReplicas": 2, "readyReplicas": 3, "availableReplicas": 3,
        });
        let judged = rollout(&deployment(status), &[]);
        assert!(matches!(&judged, Rollout::Progressing { waiting_for, .. } if waiting_for.contains("previous")));
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_told_in_the_nodes_words() {
        let waiting = json!({ "waiting": { "reason": "ErrImagePull", "message": "401 Unauthorized" } });
        let obstacle = stuck(&[pod("new", container(0, waiting))]);
        assert_eq!(
            (obstacle.kind, obstacle.words.as_str()),
            (ObstacleKind::ImagePull, "ErrImagePull: 401 Unauthorized")
        );
        assert_eq!(obstacle.pod.as_deref(), Some("registry-1"));
    }

    #[test]
    fn a_pod_of_the_previous_version_is_no_obstacle() {
        let waiting = json!({ "waiting": { "reason": "ErrImagePull" } });
        let judged = rollout(&half(), &[pod("old", container(0, waiting))]);
        assert!(matches!(judged, Rollout::Progressing { .. }), "{judged:?}");
    }

    #[test]
    fn a_first_crash_is_forgiven_and_the_third_is_not() {
        let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff" } });
        let judged = rollout(&half(), &[pod("new", container(1, waiting))]);
        assert!(matches!(judged, Rollout::Progressing { .. }), "{judged:?}");

        let ended = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
        let obstacle = stuck(&[pod("new", container(3, ended))]);
        assert_eq!(obstacle.kind, ObstacleKind::CrashLoop);
        assert_eq!(obstacle.words, "Error, exit code 1, started 4 times");
    }

    #[test]
    fn a_pod_without_a_node_says_why() {
        let conditions = json!({ "conditions": [
            { "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes" },
        ] });
        let obstacle = stuck(&[pod("new", conditions)]);
        assert_eq!((obstacle.kind, obstacle.words.as_str()), (ObstacleKind::Unschedulable, "0/1 nodes"));
    }

    #[test]
    fn a_refused_pod_is_told_by_the_deployment() {
        let status = json!({ "observedGeneration": 2, "conditions": [
            { "type": "ReplicaFailure", "status": "True", "message": "exceeded quota" },
        ] });
        let judged = rollout(&deployment(status), &[]);
        assert!(matches!(judged, Rollout::Stuck(Obstacle { kind: ObstacleKind::Refused, .. })), "{judged:?}");
    }

    #[test]
    fn a_rollout_is_under_way_until_it_is_complete_or_given_up() {
        let progress = |status: &str, reason: &str| {
            let condition = json!({ "type": "Progressing", "status": status, "reason": reason });
            deployment(json!({ "observedGeneration": 2, "conditions": [condition] }))
        };
        assert!(is_under_way(&progress("True", "ReplicaSetUpdated")));
        assert!(!is_under_way(&progress("True", "NewReplicaSetAvailable")), "it was complete once");
        assert!(!is_under_way(&progress("False", "ProgressDeadlineExceeded")));
        assert!(is_under_way(&deployment(json!({ "observedGeneration": 1 }))));
    }
}
