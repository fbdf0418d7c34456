//! Judging Deployments by statuses as the API writes them.
#![expect(clippy::needless_pass_by_value, reason = "literal statuses read better without a borrow")]

use serde_json::{Value, json};

use super::*;

fn template(image: &str) -> Value {
    json!({
        "metadata": { "annotations": { "berth/digest": "same" }, "labels": { "app": "registry" } },
        "spec": { "containers": [{ "name": "registry", "image": image }] },
    })
}

fn deployment(status: Value) -> Deployment {
    serde_json::from_value(json!({
        "metadata": {
            "name": "registry", "generation": 2, "annotations": { "deployment.kubernetes.io/revision": "2" },
        },
        "spec": { "replicas": 2, "selector": {}, "template": template("new") },
        "status": status,
    }))
    .unwrap()
}

/// The set of a template, as the controller makes it.
fn set(hash: &str, revision: &str) -> ReplicaSet {
    let mut made_from = template(hash);
    made_from["metadata"]["labels"]["pod-template-hash"] = json!(hash);
    serde_json::from_value(json!({
        "metadata": {
            "labels": { "pod-template-hash": hash }, "annotations": { "deployment.kubernetes.io/revision": revision },
            "creationTimestamp": format!("2026-01-0{revision}T00:00:00Z"),
        },
        "spec": { "template": made_from },
    }))
    .unwrap()
}

fn pod(hash: &str, status: Value) -> Pod {
    let metadata = json!({
        "name": format!("registry-{hash}"), "uid": format!("uid-{hash}"),
        "annotations": { "berth/digest": "same", "other": "x" }, "labels": { "pod-template-hash": hash },
    });
    serde_json::from_value(json!({ "metadata": metadata, "status": status })).unwrap()
}

fn container(restarts: i32, state: Value) -> Value {
    json!({ "containerStatuses": [{
        "name": "registry", "image": "registry:3", "imageID": "", "ready": false,
        "restartCount": restarts, "state": state,
    }] })
}

fn backed_off(restarts: i32) -> Value {
    container(restarts, json!({ "waiting": { "reason": "CrashLoopBackOff" } }))
}

fn half() -> Deployment {
    deployment(json!({ "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 1 }))
}

fn sight(deployment: Deployment, pods: &[Pod]) -> Sight {
    Sight { deployment, sets: Some(vec![set("old", "1"), set("new", "2")]), pods: pods.to_vec() }
}

fn judged(pods: &[Pod]) -> Rollout {
    rollout(&sight(half(), pods), &Restarts::default())
}

fn stuck(pods: &[Pod]) -> Obstacle {
    match judged(pods) {
        Rollout::Stuck(obstacle) => obstacle,
        other => panic!("{other:?}"),
    }
}

fn complete() -> Value {
    json!({
        "observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2,
        "conditions": [{ "type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable" }],
    })
}

/// The complete status with other members.
fn but(changes: Value) -> Deployment {
    let mut status = complete();
    for (name, value) in changes.as_object().unwrap() {
        status[name] = value.clone();
    }
    deployment(status)
}

#[test]
fn is_done_when_all_run_the_newest_template() {
    assert_eq!(rollout(&sight(but(json!({})), &[]), &Restarts::default()), Rollout::Done { ready: 2 });
}

#[test]
fn an_old_generation_says_nothing_about_the_new_one() {
    let judged = rollout(&sight(but(json!({ "observedGeneration": 1 })), &[]), &Restarts::default());
    assert!(matches!(judged, Rollout::Progressing { ready: 2, wanted: 2, .. }), "{judged:?}");
}

#[test]
fn waits_for_pods_of_the_previous_version() {
    let judged = rollout(&sight(but(json!({ "replicas": 3 })), &[]), &Restarts::default());
    assert!(matches!(&judged, Rollout::Progressing { waiting_for, .. } if waiting_for.contains("previous")));
}

#[test]
fn an_image_that_cannot_be_pulled_is_told_in_the_nodes_words() {
    let waiting = json!({ "waiting": { "reason": "ErrImagePull", "message": "401 Unauthorized" } });
    let obstacle = stuck(&[pod("new", container(0, waiting))]);
    assert_eq!((obstacle.kind, obstacle.words.as_str()), (ObstacleKind::ImagePull, "ErrImagePull: 401 Unauthorized"));
    assert_eq!(obstacle.pod.as_deref(), Some("registry-new"));
}

#[test]
fn a_pod_of_the_previous_version_is_no_obstacle_though_its_marks_are_the_same() {
    let starting = || pod("new", container(0, json!({ "waiting": { "reason": "ContainerCreating" } })));
    let refused = container(0, json!({ "waiting": { "reason": "ErrImagePull" } }));
    for old in
        [refused, backed_off(7), container(9, json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } }))]
    {
        let judged = judged(&[pod("old", old), starting()]);
        assert!(matches!(judged, Rollout::Progressing { .. }), "{judged:?}");
    }
}

#[test]
fn before_the_new_pods_are_made_those_of_the_previous_revision_do_not_count() {
    // Recreate: the old Pods end first, and until then the Deployment bears the old revision.
    let mut deployment = deployment(json!({ "observedGeneration": 2, "replicas": 1, "updatedReplicas": 0 }));
    deployment.metadata.annotations.insert("deployment.kubernetes.io/revision".to_owned(), "1".to_owned());
    let sight = Sight { deployment, sets: Some(vec![set("old", "1")]), pods: vec![pod("old", backed_off(7))] };
    let judged = rollout(&sight, &Restarts::default());
    assert!(matches!(judged, Rollout::Progressing { .. }), "{judged:?}");
}

#[test]
fn a_set_that_a_webhook_changed_is_known_by_its_revision() {
    let mut changed = set("new", "2");
    changed.spec.template["spec"]["containers"][0]["image"] = json!("new@sha256:1");
    let sight = Sight {
        deployment: half(),
        sets: Some(vec![set("old", "1"), changed]),
        pods: vec![pod("old", backed_off(7)), pod("new", backed_off(3))],
    };
    assert!(
        matches!(rollout(&sight, &Restarts::default()), Rollout::Stuck(it) if it.pod.as_deref() == Some("registry-new"))
    );
}

#[test]
fn a_template_that_comes_back_is_known_by_its_first_set() {
    let again = Sight {
        deployment: half(),
        sets: Some(vec![set("new", "2"), ReplicaSet { ..set("new", "1") }]),
        pods: vec![pod("new", backed_off(3))],
    };
    assert!(matches!(rollout(&again, &Restarts::default()), Rollout::Stuck(_)));
}

#[test]
fn where_the_sets_may_not_be_read_marks_that_differ_tell() {
    let mut other = pod("old", backed_off(7));
    other.metadata.annotations.insert("berth/digest".to_owned(), "before".to_owned());
    let unread = |pods: Vec<Pod>| rollout(&Sight { deployment: half(), sets: None, pods }, &Restarts::default());
    assert!(matches!(unread(vec![other]), Rollout::Progressing { .. }));
    assert!(matches!(unread(vec![pod("new", backed_off(3))]), Rollout::Stuck(_)));
}

#[test]
fn a_first_crash_is_forgiven_and_the_third_is_not() {
    let judged = judged(&[pod("new", backed_off(1))]);
    assert!(matches!(judged, Rollout::Progressing { .. }), "{judged:?}");

    let ended = json!({ "terminated": { "exitCode": 1, "reason": "Error" } });
    let obstacle = stuck(&[pod("new", container(3, ended))]);
    assert_eq!(obstacle.kind, ObstacleKind::CrashLoop);
    assert_eq!(obstacle.words, "Error, exit code 1, started 4 times");
    assert_eq!(stuck(&[pod("new", backed_off(3))]).kind, ObstacleKind::CrashLoop);
}

#[test]
fn restarts_of_before_the_wait_are_no_crash_loop() {
    let running = || container(5, json!({ "running": {} }));
    let kind = |earlier: i32, now: Value| {
        let before = Restarts::of(&[pod("new", backed_off(earlier))]);
        match rollout(&sight(half(), &[pod("new", now)]), &before) {
            Rollout::Stuck(obstacle) => Some(obstacle.kind),
            _ => None,
        }
    };
    assert_eq!(kind(5, running()), None, "a moment of unreadiness after five restarts of last year");
    assert_eq!(kind(3, running()), None);
    assert_eq!(kind(2, running()), Some(ObstacleKind::CrashLoop));
    assert_eq!(kind(5, backed_off(5)), Some(ObstacleKind::CrashedBefore), "it gets one more start");
    assert_eq!(kind(5, backed_off(6)), Some(ObstacleKind::CrashLoop), "which fails as well");
    assert!(ObstacleKind::CrashedBefore.patience() > ObstacleKind::CrashLoop.patience());
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
    let judged = rollout(&sight(deployment(status), &[]), &Restarts::default());
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

#[test]
fn a_change_that_has_not_reached_all_pods_is_unfinished() {
    let given_up = json!([{
        "type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out",
    }]);
    assert_eq!(unfinished(&but(json!({}))), None);
    assert_eq!(unfinished(&but(json!({ "readyReplicas": 0, "availableReplicas": 0 }))), None, "that is told elsewhere");
    assert_eq!(unfinished(&but(json!({ "conditions": given_up }))), None, "it got there after all");
    let told = [
        (but(json!({ "observedGeneration": 1 })), "no notice of the last change"),
        (but(json!({ "updatedReplicas": 1, "replicas": 3 })), "1 of 2 Pods, beside 2 older"),
        (
            but(json!({ "updatedReplicas": 0, "replicas": 0, "conditions": given_up })),
            "0 of 2 Pods, beside 0 older: timed out",
        ),
        (but(json!({ "availableReplicas": 0, "conditions": given_up })), "given up the last change: timed out"),
        (deployment(Value::Null), "no notice of the Deployment"),
    ];
    for (deployment, words) in told {
        let unfinished = unfinished(&deployment).unwrap();
        assert!(unfinished.contains(words), "{unfinished}");
    }
}

#[test]
fn a_paused_deployment_is_named_as_such() {
    let mut paused =
        deployment(json!({ "observedGeneration": 2, "replicas": 2, "updatedReplicas": 0, "readyReplicas": 2 }));
    paused.spec.paused = true;
    assert!(unfinished(&paused).is_some_and(|told| told.ends_with(": the Deployment is paused")));
    match rollout(&sight(paused, &[]), &Restarts::default()) {
        Rollout::Stuck(obstacle) => assert_eq!(obstacle.kind, ObstacleKind::Paused),
        other => panic!("{other:?}"),
    }
    let mut done = deployment(complete());
    done.spec.paused = true;
    assert!(matches!(rollout(&sight(done, &[]), &Restarts::default()), Rollout::Done { .. }), "nothing is left to do");
}
