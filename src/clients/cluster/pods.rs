//! Pods: their logs, and one that proves that a node can pull an image.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube::api::{DeleteParams, LogParams};
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::domain::kubernetes::{ObjectRef, owner_labels, owner_selector};
use crate::domain::rollout::{ObstacleKind, Pod, deepest_clauses, obstacle};
use crate::retry::{Budget, Pace};
use crate::secret::{Secret, hidden};

use super::rollouts::typed;
use super::{Cluster, ClusterError, Verb};

const PACE: Pace = Pace::new(Duration::from_millis(300), Duration::from_secs(2));

/// How long removing the Pod may take, even after an interrupt.
const REMOVAL_TIME: Duration = Duration::from_secs(15);

/// How old a Pod that an earlier check left must be to be taken away: a check under way may need it.
const LEFTOVER_AGE: SignedDuration = SignedDuration::from_hours(1);

/// The application of such Pods in labels.
const APPLICATION: &str = "registry-check";

/// How much of a node's words about a failed pull is told: the cause stands at their end.
const CAUSE_LIMIT: usize = 250;

/// What is asked of a node.
#[derive(Clone, Debug)]
pub struct PullRequest {
    /// Where the Pod runs.
    pub namespace: String,
    /// What names of such Pods begin with, and their label. Each Pod gets an ending of its own, so that checks at the same
    /// time do not meet.
    pub name: String,
    /// The service account whose pull secrets are to be used.
    pub service_account: String,
    /// The image, best by digest.
    pub image: String,
    /// How long a pull may go on failing before it counts: the first failure may be the Secret's or the
    /// name's, not known to the node yet.
    pub patience: Duration,
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
        let send = |client: kube::Client, request| async move { client.request_text(request).await };
        let log = self.call(budget, Verb::Get, pod, &build, send).await?;
        // Before anybody cuts it: a part of a secret would not be found.
        Ok(hidden(&log).into_owned())
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
        let pod = ObjectRef::pod(&request.namespace, &own_name(&request.name));
        // Without its account a Pod is refused, and a namespace made a moment ago has none yet.
        let account = ObjectRef::service_account(&request.namespace, &request.service_account);
        self.wait_for_service_account(budget, &account).await?;
        self.remove_leftovers(budget, request).await;
        let seen = match self.create(budget, &pull_pod(request, &pod.name)).await {
            Ok(_) => self.watch_pull(budget, &pod, request.patience).await,
            Err(error) => Err(error),
        };
        // No program runs in it that needed time to end.
        let at_once = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
        let removed = self.delete_with(&Budget::for_cleanup(REMOVAL_TIME), &pod, at_once).await;
        let proof = seen?;
        removed.map(|()| proof)
    }

    /// Takes away what killed checks left. It is no part of the proof: what goes wrong with it changes nothing.
    async fn remove_leftovers(&self, budget: &Budget, request: &PullRequest) {
        let like = ObjectRef::pod(&request.namespace, "");
        let Ok(found) = self.list(budget, &like, &leftovers(&request.name)).await else { return };
        let now = Clock::system().now();
        for pod in found.iter().filter(|pod| is_old(pod, now)) {
            let text = |pointer: &str| pod.pointer(pointer).and_then(Value::as_str);
            let Some(name) = text("/metadata/name") else { continue };
            let object = ObjectRef::pod(&request.namespace, name);
            if self.delete(budget, &object, text("/metadata/uid")).await.is_err() {
                tracing::debug!(object = %object, "what an earlier check left stays");
            }
        }
    }

    async fn watch_pull(
        &self,
        budget: &Budget,
        pod: &ObjectRef,
        patience: Duration,
    ) -> Result<PullProof, ClusterError> {
        let mut failing_since = None;
        let mut last_seen = None;
        for pause in PACE.pauses() {
            match self.get(budget, pod).await {
                Ok(Some(found)) => match pull_state(&typed(found)?) {
                    PullState::Pulled { node, image_id } => return Ok(PullProof::Pulled { node, image_id }),
                    PullState::Failing(words) => {
                        let since = *failing_since.get_or_insert_with(tokio::time::Instant::now);
                        if since.elapsed() >= patience {
                            return Ok(PullProof::Refused { words: deepest_clauses(&hidden(&words), CAUSE_LIMIT) });
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

/// A name that no other check has, in this run or another.
fn own_name(start: &str) -> String {
    // Without randomness the names of two checks at the same time may meet, which the second is told.
    let ending = Secret::random().map(|random| random.expose().chars().take(8).collect::<String>());
    format!("{start}-{}", ending.unwrap_or_default()).trim_end_matches('-').to_owned()
}

/// The query for the Pods of checks of the same kind.
fn leftovers(start: &str) -> String {
    owner_selector(APPLICATION, start)
}

fn is_old(pod: &Value, now: Timestamp) -> bool {
    let made = pod.pointer("/metadata/creationTimestamp").and_then(Value::as_str);
    let made = made.and_then(|moment| moment.parse::<Timestamp>().ok());
    made.is_some_and(|made| now.duration_since(made) > LEFTOVER_AGE)
}

fn pull_pod(request: &PullRequest, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": request.namespace,
            "labels": owner_labels(APPLICATION, &request.name),
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
                "resources": { "requests": { "cpu": "1m", "memory": "4Mi" }, "limits": { "cpu": "50m", "memory": "32Mi" } },
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        },
    })
}

#[cfg(test)]
mod tests {
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

    fn request() -> PullRequest {
        PullRequest {
            namespace: "apps".to_owned(),
            name: "berth-check-0123456789".to_owned(),
            service_account: "default".to_owned(),
            image: "r.test/a@sha256:1".to_owned(),
            patience: Duration::from_secs(8),
        }
    }

    #[test]
    fn two_checks_have_two_pods_of_one_kind() {
        let (one, two) = (own_name("berth-check-0123456789"), own_name("berth-check-0123456789"));
        assert!(one != two && one.starts_with("berth-check-0123456789-") && one.len() <= 63, "{one}");
        let label = |name: &str| pull_pod(&request(), name).pointer("/metadata/labels").cloned();
        assert_eq!(label(&one), label(&two));
        assert!(leftovers(&request().name).contains("berth-check-0123456789"));
    }

    #[test]
    fn only_what_a_check_of_long_ago_left_is_taken_away() {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let pod = |made: &str| json!({ "metadata": { "creationTimestamp": made } });
        assert!(is_old(&pod("2026-11-29T10:59:00Z"), now));
        assert!(!is_old(&pod("2026-11-29T11:01:00Z"), now));
        assert!(!is_old(&json!({}), now));
    }

    #[test]
    fn a_quota_that_wants_limits_admits_the_pod() {
        let pod = pull_pod(&request(), "p");
        for resource in ["cpu", "memory"] {
            for part in ["requests", "limits"] {
                let pointer = format!("/spec/containers/0/resources/{part}/{resource}");
                assert!(pod.pointer(&pointer).is_some_and(Value::is_string), "{pointer}");
            }
        }
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
