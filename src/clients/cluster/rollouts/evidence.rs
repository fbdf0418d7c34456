//! What objects beside a Deployment tell about its troubles: logs, events, claims, other Pods.

use std::time::Duration;

use kube::api::ListParams;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::{
    Claim, Event, Obstacle, ObstacleKind, Pod, Sight, host_ports, last_warnings, promises_a_node, speaks_of_failure,
    telling_lines,
};
use crate::explain::MAX_QUOTE;
use crate::retry::Budget;

use super::typed;

/// How much of a log is read to find the lines that tell.
const LOG_LINES: i64 = 60;

/// How long gathering evidence may take after the time for the operation is over.
const EVIDENCE_TIME: Duration = Duration::from_secs(10);

/// How many Pods are looked at for the one that holds a port of the node.
const PODS_LOOKED_AT: u32 = 2000;

impl Cluster {
    /// The error for an obstacle, with the evidence from the deepest object that has some.
    pub(super) async fn stuck(&self, deployment: &ObjectRef, mut obstacle: Obstacle) -> ClusterError {
        let budget = Budget::for_cleanup(EVIDENCE_TIME);
        let mut log = match (&obstacle.pod, &obstacle.container) {
            (Some(pod), Some(container)) if obstacle.kind.is_told_by_log() => {
                self.last_words(&budget, &pod_beside(deployment, pod), container).await
            }
            _ => None,
        };
        if obstacle.kind == ObstacleKind::Storage {
            log = Some(std::mem::take(&mut obstacle.words));
        }
        let obstacle = self.with_port_holder(deployment, obstacle).await;
        ClusterError::Stuck { object: deployment.to_string(), obstacle: Box::new(obstacle), log }
    }

    /// What the events of the Pods complain about.
    pub(super) async fn complaint(&self, deployment: &ObjectRef, labels: &str) -> Option<String> {
        let budget = Budget::for_cleanup(EVIDENCE_TIME);
        let pods = self.pods(&budget, deployment, labels).await.ok()?;
        for pod in pods {
            let pod = pod_beside(deployment, &pod.metadata.name);
            let warnings = self.warnings(&budget, &pod).await;
            if !warnings.is_empty() {
                return Some(format!("the Pod `{}`: {}", pod.name, warnings.join("; ")));
            }
        }
        None
    }

    /// Of a Pod that fits on no node, whether it is for want of a volume.
    pub(super) async fn looked_into(&self, budget: &Budget, sight: &Sight, obstacle: Obstacle) -> Obstacle {
        let found = sight.pods.iter().find(|pod| Some(&pod.metadata.name) == obstacle.pod.as_ref());
        let (Some(pod), ObstacleKind::Unschedulable) = (found, obstacle.kind) else { return obstacle };
        match self.missing_volume(budget, &sight.deployment.metadata.namespace, pod).await {
            Some(words) => Obstacle { kind: ObstacleKind::NoVolume, words, ..obstacle },
            None => obstacle,
        }
    }

    /// Of a Pod that fits on no node, who holds the port that it wants.
    pub(super) async fn with_port_holder(&self, deployment: &ObjectRef, obstacle: Obstacle) -> Obstacle {
        let (Some(name), ObstacleKind::Unschedulable) = (&obstacle.pod, obstacle.kind) else { return obstacle };
        match self.port_holder(&Budget::for_cleanup(EVIDENCE_TIME), &pod_beside(deployment, name)).await {
            Some(holder) => Obstacle { words: format!("{}; {holder}", obstacle.words), ..obstacle },
            None => obstacle,
        }
    }

    /// Why a claim of the Pod gets no volume, if no storage class is there to make one. A claim that somebody binds by hand
    /// needs none, but then it is bound at once.
    async fn missing_volume(&self, budget: &Budget, namespace: &str, pod: &Pod) -> Option<String> {
        for name in
            pod.spec.volumes.iter().filter_map(|it| it.persistent_volume_claim.as_ref()).map(|it| &it.claim_name)
        {
            let claim = ObjectRef::core("PersistentVolumeClaim", namespace, name);
            let found: Claim = typed(self.get(budget, &claim).await.ok()??).ok()?;
            if found.status.phase == "Bound" {
                continue;
            }
            let Some(class) = &found.spec.storage_class_name else {
                return Some(format!("{claim} names no storage class, and the cluster has no default one"));
            };
            let object = ObjectRef::of_cluster("storage.k8s.io/v1", "StorageClass", class);
            if self.get(budget, &object).await.ok()?.is_none() {
                return Some(format!("{claim} names the storage class `{class}`, which does not exist"));
            }
        }
        None
    }

    /// Which other Pod holds a port of the node that the Pod wants.
    async fn port_holder(&self, budget: &Budget, object: &ObjectRef) -> Option<String> {
        let pod: Pod = typed(self.get(budget, object).await.ok()??).ok()?;
        let wanted = host_ports(&pod);
        if wanted.is_empty() {
            return None;
        }
        let like = ObjectRef::of_cluster("v1", "Pod", "");
        let params = ListParams::default().fields("spec.nodeName!=").limit(PODS_LOOKED_AT);
        let found = self.list_with(budget, &like, &params).await.ok()?;
        let others =
            found.into_iter().filter_map(|pod| typed::<Pod>(pod).ok()).filter(|it| it.metadata.uid != pod.metadata.uid);
        let held = |other: Pod| {
            let port = host_ports(&other).into_iter().find(|port| wanted.contains(port))?;
            let (namespace, name, node) = (&other.metadata.namespace, &other.metadata.name, &other.spec.node_name);
            Some(format!("the port {port} of the node {node} is held by the Pod {namespace}/{name}"))
        };
        others.filter(|it| it.metadata.deletion_timestamp.is_none()).find_map(held)
    }

    /// Whether an autoscaler has said that it makes a node for the Pod.
    pub(super) async fn is_promised_a_node(&self, budget: &Budget, beside: &ObjectRef, obstacle: &Obstacle) -> bool {
        match (&obstacle.pod, obstacle.kind) {
            (Some(pod), ObstacleKind::Unschedulable) => {
                promises_a_node(&self.events_of(budget, &pod_beside(beside, pod)).await)
            }
            _ => false,
        }
    }

    /// The last warnings among the events of an object; empty if there are none or they cannot be read.
    pub async fn warnings(&self, budget: &Budget, object: &ObjectRef) -> Vec<String> {
        last_warnings(&self.events_of(budget, object).await, 2)
    }

    async fn events_of(&self, budget: &Budget, object: &ObjectRef) -> Vec<Event> {
        let like = ObjectRef::core("Event", object.namespace.as_deref().unwrap_or_default(), "");
        let params = ListParams::default()
            .fields(&format!("involvedObject.name={},involvedObject.kind={}", object.name, object.kind));
        let events = self.list_with(budget, &like, &params).await.unwrap_or_default();
        events.into_iter().filter_map(|event| typed(event).ok()).collect()
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

fn pod_beside(object: &ObjectRef, name: &str) -> ObjectRef {
    ObjectRef::pod(object.namespace.as_deref().unwrap_or_default(), name)
}

/// The kubelet answers so, with success, when the container's log is removed already.
fn is_lost(log: &str) -> bool {
    log.starts_with("unable to retrieve container logs")
}
