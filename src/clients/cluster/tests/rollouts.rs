//! Waits for rollouts: what ends them, what does not, and what is told.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Asked, absent, answering, budget, claim, deployment, status};
use crate::clients::cluster::{Cluster, ClusterError, StorageCheck};
use crate::domain::kubernetes::ObjectRef;
use crate::retry::Budget;

const CHECK: StorageCheck = StorageCheck { container: "registry", interval: Duration::from_secs(3) };

/// What the API server shows; each test changes what it is about.
#[derive(Clone)]
struct World {
    available: i32,
    pods: Vec<Value>,
    /// Answers for other paths, by a part of the path.
    more: Vec<(&'static str, (u16, Value))>,
}

impl World {
    fn of(available: i32, pods: &[Value]) -> Self {
        Self { available, pods: pods.to_vec(), more: Vec::new() }
    }

    fn with(mut self, path: &'static str, answer: Value) -> Self {
        self.more.push((path, (200, answer)));
        self
    }

    fn answer(&self, path: &str) -> (u16, Value) {
        if let Some((_, answer)) = self.more.iter().find(|(part, _)| path.contains(part)) {
            return answer.clone();
        }
        let template = json!({ "metadata": { "labels": { "a": "b" } } });
        if path.contains("/deployments/registry") {
            let found = json!({
                "metadata": { "generation": 1, "namespace": "apps" },
                "spec": { "replicas": 1, "template": template },
                "status": {
                    "observedGeneration": 1, "updatedReplicas": 1, "replicas": 1, "availableReplicas": self.available,
                    "readyReplicas": self.available,
                },
            });
            return (200, found);
        }
        if path.contains("/replicasets") {
            let labels = json!({ "a": "b", "pod-template-hash": "1" });
            let set = json!({ "metadata": { "labels": labels }, "spec": { "template": { "metadata": { "labels": labels } } } });
            return (200, json!({ "items": [set] }));
        }
        if path.contains("/pods?") {
            return (200, json!({ "items": self.pods }));
        }
        if path.contains("/events") {
            return (200, json!({ "items": [] }));
        }
        if path.contains("/log?") {
            return (200, json!("time=x level=info msg=\"listening on [::]:5000\"\n"));
        }
        status(404, "NotFound", "no such thing", &json!({}))
    }
}

fn pod(status: &Value) -> Value {
    json!({
        "metadata": { "name": "registry-x", "uid": "u", "labels": { "pod-template-hash": "1" } },
        "spec": {}, "status": status,
    })
}

fn container(state: &Value) -> Value {
    json!({ "containerStatuses": [{
        "name": "registry", "ready": false, "restartCount": 0, "state": state,
    }] })
}

fn unschedulable() -> Value {
    json!({ "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes are available",
    }] })
}

/// A cluster that shows `first`, and from `after` on `then`.
fn changing(first: World, after: Duration, then: World) -> (Cluster, Asked) {
    let begun = Instant::now();
    answering(move |_, path| Some(if begun.elapsed() < after { first.answer(path) } else { then.answer(path) }))
}

fn lasting(world: World) -> (Cluster, Asked) {
    answering(move |_, path| Some(world.answer(path)))
}

async fn fails(cluster: &Cluster) -> (String, Duration) {
    let begun = Instant::now();
    let error = cluster.wait_for_rollout(&budget(), &deployment(), "a=b").await.unwrap_err();
    assert_eq!(error.code(), "BERTH-K8S-014", "{error:?}");
    (error.explain("Cannot start the registry `apps/registry`").to_string(), begun.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_brings_the_containers_log() {
    let crashed = json!({ "containerStatuses": [{
        "name": "registry", "ready": false, "restartCount": 2, "state": { "waiting": { "reason": "CrashLoopBackOff" } },
    }] });
    let again = json!({ "containerStatuses": [{
        "name": "registry", "ready": false, "restartCount": 4, "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 1, "reason": "Error" } },
    }] });
    let log = json!("time=now level=fatal msg=\"no storage\"");
    let then = World::of(0, &[pod(&again)]).with("/log?", log);
    let (cluster, asked) = changing(World::of(0, &[pod(&crashed)]), Duration::from_secs(5), then);
    let (told, _) = fails(&cluster).await;
    assert!(told.contains("no storage") && told.contains("exit code 1, started 5 times"), "{told}");
    let (_, path, _) = asked.lock().unwrap().last().cloned().unwrap();
    assert!(path.contains("/log?") && path.contains("container=registry"), "{path}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_connection_and_a_server_in_trouble_do_not_end_a_wait() {
    let (early, late) = (World::of(0, &[]), World::of(1, &[]));
    let mut calls = 0;
    let (cluster, _) = answering(move |_, path| {
        calls += 1;
        match calls {
            4 => None,
            8 => Some(status(500, "InternalError", "etcdserver: leader changed", &json!({}))),
            11 => Some((502, json!("<html>bad gateway</html>"))),
            ..20 => Some(early.answer(path)),
            _ => Some(late.answer(path)),
        }
    });
    assert_eq!(cluster.wait_for_rollout(&budget(), &deployment(), "a=b").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_got_no_answer_at_the_end_says_so() {
    let (early, begun) = (World::of(0, &[]), Instant::now());
    let (cluster, _) = answering(move |_, path| {
        if begun.elapsed() > Duration::from_secs(20) {
            return Some(status(500, "InternalError", "etcdserver: leader changed", &json!({})));
        }
        Some(early.answer(path))
    });
    let budget = Budget::uninterrupted(Duration::from_mins(1));
    let error = cluster.wait_for_rollout(&budget, &deployment(), "a=b").await.unwrap_err();
    let told = error.explain("x").detail();
    assert_eq!(error.code(), "BERTH-K8S-012");
    assert!(
        told.contains("The cluster last said: the cluster answers with an error: etcdserver: leader changed"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_deployment_that_somebody_deletes_ends_the_wait() {
    let gone = || Some(status(404, "NotFound", "gone", &json!({ "kind": "deployments" })));
    let (cluster, _) = answering(move |_, _| gone());
    let error = cluster.wait_for_rollout(&budget(), &deployment(), "a=b").await.unwrap_err();
    assert!(matches!(error, ClusterError::NotFound { .. }), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn what_happened_at_the_end_of_the_time_is_told_in_plain_words() {
    let warning =
        json!({ "items": [{ "type": "Warning", "reason": "FailedMount", "message": "secret \"tls\" not found" }] });
    let creating = container(&json!({ "waiting": { "reason": "ContainerCreating" } }));
    let (cluster, _) = lasting(World::of(0, &[pod(&creating)]).with("/events", warning));
    let budget = Budget::uninterrupted(Duration::from_mins(1));
    let told = cluster.wait_for_rollout(&budget, &deployment(), "a=b").await.unwrap_err().explain("x").detail();
    let words = "The cluster last said: 0 of 1 ready, waiting for the Pods to become ready; the Pod `registry-x`: FailedMount: \
                 secret \"tls\" not found";
    assert!(told.contains(words), "{told}");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_fits_on_no_node_is_told_long_before_the_end_with_who_holds_its_port() {
    let mut wanting = pod(&unschedulable());
    wanting["spec"] = json!({ "containers": [{ "ports": [{ "hostPort": 443 }] }] });
    let other = json!({
        "metadata": { "name": "gateway", "namespace": "web", "uid": "other" },
        "spec": { "nodeName": "n1", "containers": [{ "ports": [{ "hostPort": 443 }, { "hostPort": 80 }] }] },
    });
    let world = World::of(0, &[wanting.clone()])
        .with("/namespaces/apps/pods/registry-x", wanting.clone())
        .with("/api/v1/pods?", json!({ "items": [wanting, other] }));
    let (cluster, _) = lasting(world);
    let (told, after) = fails(&cluster).await;
    assert!(
        told.contains("0/1 nodes are available; the port 443 of the node n1 is held by the Pod web/gateway"),
        "{told}"
    );
    assert!(after < Duration::from_mins(4), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_an_autoscaler_has_announced_is_waited_for() {
    let coming =
        json!({ "items": [{ "type": "Normal", "reason": "TriggeredScaleUp", "message": "pod triggered scale-up" }] });
    let first = World::of(0, &[pod(&unschedulable())]).with("/events", coming);
    let (cluster, _) = changing(first, Duration::from_secs(280), World::of(1, &[]));
    assert_eq!(cluster.wait_for_rollout(&budget(), &deployment(), "a=b").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_storage_class_that_does_not_exist_is_told_at_once() {
    let mut waiting = pod(&unschedulable());
    waiting["spec"] = json!({ "volumes": [{ "persistentVolumeClaim": { "claimName": "registry-data" } }] });
    let claim = |class: &Value| json!({ "spec": { "storageClassName": class }, "status": { "phase": "Pending" } });
    for (class, words) in
        [(json!("gp3"), "names the storage class `gp3`, which does not exist"), (Value::Null, "has no default")]
    {
        let world = World::of(0, &[waiting.clone()]).with("/persistentvolumeclaims/registry-data", claim(&class));
        let (told, after) = fails(&lasting(world).0).await;
        assert!(told.contains(words) && told.contains("PersistentVolumeClaim apps/registry-data"), "{told}");
        assert!(after < Duration::from_secs(30), "{after:?}");
    }
    let claim = claim(&json!("gp3"));
    let world = World::of(0, &[waiting])
        .with("/persistentvolumeclaims/registry-data", claim)
        .with("/storageclasses/gp3", json!({ "metadata": { "name": "gp3" } }));
    let (told, after) = fails(&lasting(world).0).await;
    assert!(told.contains("fits on no node") && after > Duration::from_mins(2), "{after:?} {told}");
}

fn running() -> Value {
    let mut seen = container(&json!({ "running": {} }));
    seen["conditions"] = json!([{ "type": "Ready", "status": "True" }]);
    seen
}

async fn waits_with_storage(cluster: &Cluster) -> (Result<i32, ClusterError>, Duration) {
    let begun = Instant::now();
    let ended = cluster.wait_for_rollout_with_storage(&budget(), &deployment(), "a=b", CHECK).await;
    (ended, begun.elapsed())
}

const COMPLAINT: &str = "time=x level=error msg=\"storage driver health check: s3aws: NoSuchBucket: The specified bucket does not exist\\n\\tstatus code: 404, request id: R\" version=3\n";

#[tokio::test(start_paused = true)]
async fn a_program_counts_as_ready_when_it_has_looked_at_its_storage_once() {
    let creating = pod(&container(&json!({ "waiting": { "reason": "ContainerCreating" } })));
    let made = World::of(1, &[pod(&running())]);
    let (cluster, asked) = changing(World::of(0, &[creating]), Duration::from_secs(2), made.clone());
    let (ended, after) = waits_with_storage(&cluster).await;
    assert_eq!(ended, Ok(1));
    assert!(after > Duration::from_secs(5) && after < Duration::from_secs(9), "{after:?}");
    let (_, path, _) = asked.lock().unwrap().last().cloned().unwrap();
    assert!(path.contains("/log?") && path.contains("sinceSeconds=7"), "{path}");

    let (ended, after) = waits_with_storage(&lasting(made).0).await;
    assert_eq!(ended, Ok(1));
    assert!(after < Duration::from_secs(1), "one that ran before has looked already: {after:?}");
}

#[tokio::test(start_paused = true)]
async fn storage_that_does_not_answer_fails_the_wait_in_the_programs_own_words() {
    for available in [1, 0] {
        let mut seen = running();
        seen["conditions"][0]["status"] = json!(if available == 1 { "True" } else { "False" });
        let (cluster, _) = lasting(World::of(available, &[pod(&seen)]).with("/log?", json!(COMPLAINT)));
        let (ended, after) = waits_with_storage(&cluster).await;
        let told = ended.unwrap_err().explain("Cannot create the registry `apps/registry`").to_string();
        let words = "The container's log said: storage driver health check: s3aws: NoSuchBucket: The specified bucket does not exist";
        assert!(told.contains(words) && !told.contains("request id") && !told.contains("()"), "{told}");
        assert!(told.contains("make the bucket") && told.contains("cannot use its storage"), "{told}");
        assert!(after < Duration::from_secs(40), "{after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_complaint_that_ends_is_forgiven_and_a_log_that_may_not_be_read_says_nothing() {
    let complaining = World::of(1, &[pod(&running())]).with("/log?", json!(COMPLAINT));
    let (cluster, _) = changing(complaining, Duration::from_secs(20), World::of(1, &[pod(&running())]));
    assert_eq!(waits_with_storage(&cluster).await.0, Ok(1));

    let mut closed = World::of(1, &[pod(&running())]);
    closed.more.push(("/log?", status(403, "Forbidden", "User \"ci\" cannot get pods/log", &json!({}))));
    assert_eq!(waits_with_storage(&lasting(closed).0).await.0, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn where_replica_sets_may_not_be_listed_the_wait_goes_on_without() {
    let mut world = World::of(1, &[]);
    world.more.push(("/replicasets", status(403, "Forbidden", "User \"ci\" cannot list replicasets", &json!({}))));
    assert_eq!(lasting(world).0.wait_for_rollout(&budget(), &deployment(), "a=b").await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_something_to_go_outlives_a_broken_connection() {
    let mut calls = 0;
    let (cluster, _) = answering(move |_, path| {
        if path.contains("/deployments/") {
            return Some(absent());
        }
        calls += 1;
        match calls {
            2 => None,
            3 => Some(status(500, "InternalError", "etcdserver: request timed out", &json!({}))),
            ..6 => Some((200, json!({ "items": [{ "metadata": { "name": "registry-x" } }] }))),
            _ => Some((200, json!({ "items": [] }))),
        }
    });
    assert_eq!(cluster.wait_until_none(&budget(), &ObjectRef::pod("apps", ""), "a=b", &claim("ours")).await, Ok(()));
}
