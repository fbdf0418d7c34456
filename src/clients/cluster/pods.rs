//! Pods: their logs, and one that proves that a node can pull an image.

use std::time::Duration;

use kube::api::{DeleteParams, LogParams};
use serde_json::json;

use crate::domain::kubernetes::{ObjectRef, owner_labels};
use crate::domain::rollout::{ObstacleKind, Pod, deepest_clauses, obstacle};
use crate::retry::{Budget, Pace};

use super::rollouts::typed;
use super::{Cluster, ClusterError, Verb};

const PACE: Pace = Pace::new(Duration::from_millis(300), Duration::from_secs(2));

/// How long removing the Pod may take, even after an interrupt.
const REMOVAL_TIME: Duration = Duration::from_secs(15);

/// How long a pull may go on failing before it counts: the first failure may be the Secret's or the
/// name's, not known to the node yet.
const FAILURE_PATIENCE: Duration = Duration::from_secs(8);

/// How much of a node's words about a failed pull is told: the cause stands at their end.
const CAUSE_LIMIT: usize = 250;

/// What is asked of a node.
#[derive(Clone, Debug)]
pub struct PullRequest {
    /// Where the Pod runs.
    pub namespace: String,
    /// The Pod's name.
    pub name: String,
    /// The service account whose pull secrets are to be used.
    pub service_account: String,
    /// The image, best by digest.
    pub image: String,
}

/// What the node did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullProof {
    /// It has the image.
    Pulled {
        /// Which node.
        node: String,
        /// The image by digest, as the node names it; empty if it does not say.
        image_id: String,
    },
    /// It could not pull it.
    Refused {
        /// The node's words.
        words: String,
    },
}

impl Cluster {
    /// The last lines of a container's log; with `previous` those of its run before the present one.
    pub async fn pod_log(
        &self,
        budget: &Budget,
        pod: &ObjectRef,
        container: &str,
        lines: i64,
        previous: bool,
    ) -> Result<String, ClusterError> {
        let params = LogParams {
            container: Some(container.to_owned()),
            tail_lines: Some(lines),
            previous,
            ..LogParams::default()
        };
        let build = |api: kube::core::Request| api.logs(&pod.name, &params);
        self.call(budget, Verb::Get, pod, &build, |client, request| async move { client.request_text(request).await })
            .await
    }

    /// What a container has logged within the last `since`, by its node's clock.
    pub(super) async fn recent_log(
        &self,
        budget: &Budget,
        pod: &ObjectRef,
        container: &str,
        since: Duration,
    ) -> Result<String, ClusterError> {
        let since_seconds = i64::try_from(since.as_secs()).ok();
        let params = LogParams { container: Some(container.to_owned()), since_seconds, ..LogParams::default() };
        let build = |api: kube::core::Request| api.logs(&pod.name, &params);
        self.call(budget, Verb::Get, pod, &build, |client, request| async move { client.request_text(request).await })
            .await
    }

    /// Runs a Pod just far enough to see whether a node can pull the image, then takes it away again,
    /// also after an interrupt. Nothing of the image is executed: the Pod's command does not exist.
    pub async fn prove_pull(&self, budget: &Budget, request: &PullRequest) -> Result<PullProof, ClusterError> {
        let pod = ObjectRef::pod(&request.namespace, &request.name);
        // Without its account a Pod is refused, and a namespace made a moment ago has none yet.
        let account = ObjectRef::service_account(&request.namespace, &request.service_account);
        self.wait_for_service_account(budget, &account).await?;
        self.delete(budget, &pod, None).await?;
        self.wait_until_gone(budget, &pod).await?;
        let seen = match self.create(budget, &pull_pod(request)).await {
            Ok(_) => self.watch_pull(budget, &pod).await,
            Err(error) => Err(error),
        };
        // No program runs in it that needed time to end.
        let at_once = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
        let removed = self.delete_with(&Budget::for_cleanup(REMOVAL_TIME), &pod, at_once).await;
        let proof = seen?;
        removed.map(|()| proof)
    }

    async fn watch_pull(&self, budget: &Budget, pod: &ObjectRef) -> Result<PullProof, ClusterError> {
        let mut failing_since = None;
        let mut last_seen = None;
        for pause in PACE.pauses() {
            match self.get(budget, pod).await {
                Ok(Some(found)) => match pull_state(&typed(found)?) {
                    PullState::Pulled { node, image_id } => return Ok(PullProof::Pulled { node, image_id }),
                    PullState::Failing(words) => {
                        let since = *failing_since.get_or_insert_with(tokio::time::Instant::now);
                        if since.elapsed() >= FAILURE_PATIENCE {
                            return Ok(PullProof::Refused { words: deepest_clauses(&words, CAUSE_LIMIT) });
                        }
                        last_seen = Some(words);
                    }
                    PullState::Waiting(words) => last_seen = words.or(last_seen),
                },
                Ok(None) => {
                    let words = "someone deleted it".to_owned();
                    return Err(ClusterError::NotFound { object: pod.to_string(), words });
                }
                Err(error) if error.is_passing() => last_seen = Some(error.told()),
                Err(error) => return Err(error),
            }
            if let Err(stopped) = budget.sleep(pause).await {
                let waiting_for = format!("{pod} to have its image");
                return Err(ClusterError::Stopped { stopped, waiting_for, last_seen });
            }
        }
        Ok(PullProof::Refused { words: last_seen.unwrap_or_default() })
    }

    pub(super) async fn wait_until_gone(&self, budget: &Budget, object: &ObjectRef) -> Result<(), ClusterError> {
        for pause in PACE.pauses() {
            let last_seen = match self.get(budget, object).await {
                Ok(None) => return Ok(()),
                Ok(Some(_)) => None,
                Err(error) if error.is_passing() => Some(error.told()),
                Err(error) => return Err(error),
            };
            if let Err(stopped) = budget.sleep(pause).await {
                let waiting_for = format!("{object} to go");
                return Err(ClusterError::Stopped { stopped, waiting_for, last_seen });
            }
        }
        Ok(())
    }
}

/// How far the pull is.
#[derive(Debug, PartialEq, Eq)]
enum PullState {
    Pulled { node: String, image_id: String },
    Failing(String),
    Waiting(Option<String>),
}

/// An image is there as soon as the node has tried to start its container, whether or not that worked.
fn pull_state(pod: &Pod) -> PullState {
    let node = pod.spec.node_name.clone();
    if let Some(container) = pod.status.container_statuses.first() {
        let started = container.state.running.is_some() || container.state.terminated.is_some();
        if started || !container.image_id.is_empty() {
            return PullState::Pulled { node, image_id: container.image_id.clone() };
        }
    }
    match obstacle(pod) {
        Some(found) if found.kind == ObstacleKind::ImagePull => PullState::Failing(found.words),
        Some(found) if found.kind == ObstacleKind::Start => PullState::Pulled { node, image_id: String::new() },
        Some(found) => PullState::Waiting(Some(found.words)),
        None => PullState::Waiting(None),
    }
}

fn pull_pod(request: &PullRequest) -> serde_json::Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": request.name,
            "namespace": request.namespace,
            "labels": owner_labels("registry-check", &request.name),
        },
        "spec": {
            "serviceAccountName": request.service_account,
            "automountServiceAccountToken": false,
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 0,
            "enableServiceLinks": false,
            "securityContext": { "runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": "pull",
                "image": request.image,
                "imagePullPolicy": "Always",
                "command": ["/berth-does-not-run-this"],
                // A quota may want each of them to be limited.
                "resources": { "requests": { "cpu": "1m", "memory": "4Mi" }, "limits": { "cpu": "100m", "memory": "32Mi" } },
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        },
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn pod(container: &Value) -> Pod {
        serde_json::from_value(json!({
            "metadata": { "name": "p" },
            "spec": { "nodeName": "n1", "containers": [] },
            "status": { "containerStatuses": [container] },
        }))
        .unwrap()
    }

    fn container(image_id: &str, state: &Value) -> Value {
        json!({ "name": "pull", "image": "i", "imageID": image_id, "ready": false, "restartCount": 0, "state": state })
    }

    #[test]
    fn a_command_that_does_not_exist_proves_the_pull() {
        let ended = json!({ "terminated": { "exitCode": 128, "reason": "StartError" } });
        let state = pull_state(&pod(&container("r.test/a@sha256:1", &ended)));
        assert_eq!(state, PullState::Pulled { node: "n1".to_owned(), image_id: "r.test/a@sha256:1".to_owned() });
        let waiting = json!({ "waiting": { "reason": "RunContainerError", "message": "no such file" } });
        assert!(matches!(pull_state(&pod(&container("", &waiting))), PullState::Pulled { .. }));
    }

    #[test]
    fn a_refused_pull_is_told_in_the_nodes_words() {
        let waiting = json!({ "waiting": { "reason": "ErrImagePull", "message": "401" } });
        assert_eq!(pull_state(&pod(&container("", &waiting))), PullState::Failing("ErrImagePull: 401".to_owned()));
    }

    #[test]
    fn a_container_in_the_making_proves_nothing() {
        let waiting = json!({ "waiting": { "reason": "ContainerCreating" } });
        assert_eq!(pull_state(&pod(&container("", &waiting))), PullState::Waiting(None));
    }
}
