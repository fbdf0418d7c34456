//! How far a Deployment is, judged from what the cluster says about it and its Pods.

mod newest;
mod observed;
mod obstacle;
mod words;

pub use newest::newest;
pub use observed::{Claim, Container, Deployment, Event, Pod, ReplicaSet};
pub use obstacle::{Obstacle, ObstacleKind, RESTARTS_TO_GIVE_UP, Restarts, obstacle};
pub use words::{deepest_clauses, last_warnings, promises_a_node, speaks_of_failure, storage_complaint, telling_lines};

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

/// What the cluster shows of a Deployment at one moment.
#[derive(Clone, Debug, Default)]
pub struct Sight {
    /// The Deployment.
    pub deployment: Deployment,
    /// Its `ReplicaSets`; `None` if they may not be read.
    pub sets: Option<Vec<ReplicaSet>>,
    /// Its Pods, of whatever template.
    pub pods: Vec<Pod>,
}

impl Sight {
    /// The Pods of the newest template that are not on their way out.
    pub fn newest(&self) -> Vec<&Pod> {
        newest(&self.deployment, self.sets.as_deref(), &self.pods)
    }
}

/// Judges a Deployment. Of its Pods' restarts only those after `before` count.
pub fn rollout(sight: &Sight, before: &Restarts) -> Rollout {
    let deployment = &sight.deployment;
    let wanted = wanted(deployment);
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
    if deployment.spec.paused && updated < wanted {
        return Rollout::Stuck(paused());
    }
    let of_pods = || sight.newest().into_iter().find_map(|pod| obstacle::obstacle_since(pod, before));
    if let Some(obstacle) = refusal(deployment).or_else(of_pods) {
        return Rollout::Stuck(obstacle);
    }
    if status.replicas > updated {
        return progressing(ready, wanted, "Pods of the previous version to end");
    }
    progressing(ready, wanted, "the Pods to become ready")
}

/// Judges a Pod that stands alone.
pub fn pod_start(pod: &Pod) -> Rollout {
    match obstacle(pod) {
        _ if is_ready(pod) => Rollout::Done { ready: 1 },
        Some(obstacle) => Rollout::Stuck(obstacle),
        None => progressing(0, 1, "it to become ready"),
    }
}

/// Whether a Pod serves.
pub fn is_ready(pod: &Pod) -> bool {
    pod.status.conditions.iter().any(|it| it.r#type == "Ready" && it.status == "True")
}

/// The ports of the node that a Pod wants.
pub fn host_ports(pod: &Pod) -> Vec<i32> {
    let ports = pod.spec.containers.iter().flat_map(|container| &container.ports);
    ports.filter_map(|port| port.host_port).filter(|port| *port > 0).collect()
}

/// Whether a first rollout, or that of a change, is still under way and has not been given up by the cluster
/// (Kubernetes: Deployments, "Progressing Deployment" and "Complete Deployment").
pub fn is_under_way(deployment: &Deployment) -> bool {
    let Some(status) = &deployment.status else { return true };
    if status.observed_generation < deployment.metadata.generation {
        return true;
    }
    progress(deployment).is_none_or(|it| it.status == "True" && it.reason != "NewReplicaSetAvailable")
}

/// What of the last change has not come about, in words; `None` if all Pods run it. Whether they are ready is not asked.
pub fn unfinished(deployment: &Deployment) -> Option<String> {
    let Some(status) = &deployment.status else {
        return Some("the cluster has taken no notice of the Deployment yet".to_owned());
    };
    if status.observed_generation < deployment.metadata.generation {
        return Some("the cluster has taken no notice of the last change yet".to_owned());
    }
    let wanted = wanted(deployment);
    let given_up = progress(deployment).filter(|it| it.status == "False");
    let updated = status.updated_replicas;
    if updated < wanted || status.replicas > updated {
        let paused = deployment.spec.paused.then(|| ": the Deployment is paused".to_owned());
        let why = paused.or_else(|| given_up.map(|it| format!(": {}", it.message))).unwrap_or_default();
        return Some(format!(
            "the last change has reached {updated} of {wanted} Pods, beside {} older{why}",
            status.replicas - updated
        ));
    }
    let unavailable = given_up.filter(|_| status.available_replicas < wanted)?;
    Some(format!("the cluster has given up the last change: {}", unavailable.message))
}

fn wanted(deployment: &Deployment) -> i32 {
    deployment.spec.replicas.unwrap_or(1)
}

fn progress(deployment: &Deployment) -> Option<&observed::Condition> {
    deployment.status.as_ref()?.conditions.iter().find(|it| it.r#type == "Progressing")
}

fn progressing(ready: i32, wanted: i32, waiting_for: &str) -> Rollout {
    Rollout::Progressing { ready, wanted, waiting_for: waiting_for.to_owned() }
}

fn paused() -> Obstacle {
    let words = "somebody has set `spec.paused`, as `kubectl rollout pause` does".to_owned();
    Obstacle { kind: ObstacleKind::Paused, pod: None, container: None, words }
}

/// The condition that tells of Pods the cluster refuses to make.
fn refusal(deployment: &Deployment) -> Option<Obstacle> {
    let conditions = &deployment.status.as_ref()?.conditions;
    let condition = conditions.iter().find(|it| it.r#type == "ReplicaFailure" && it.status == "True")?;
    let words = condition.message.clone();
    Some(Obstacle { kind: ObstacleKind::Refused, pod: None, container: None, words })
}

#[cfg(test)]
mod tests;
