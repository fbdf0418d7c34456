//! Pods that have moved on since.

use super::*;

fn codes(report: &Report) -> Vec<&'static str> {
    report.findings.iter().map(|it| it.cause.code()).collect()
}

/// Has the Pod become ready.
fn heal(pod: &mut Value) {
    for condition in pod["status"]["conditions"].as_array_mut().unwrap() {
        condition["status"] = json!("True");
    }
    let container = &mut pod["status"]["containerStatuses"][0];
    container["ready"] = json!(true);
    container["state"] = json!({ "running": {} });
}

#[test]
fn a_container_that_is_ready_again_after_a_crash_is_no_crash_loop() {
    let mut recorded = Recorded::of("pod-ends");
    heal(recorded.first_of("Pod"));
    let report = recorded.report();
    assert_eq!((codes(&report), report.health), (Vec::new(), Health::Healthy), "{report:#?}");
}

#[test]
fn a_pod_that_has_succeeded_fails_by_no_container() {
    let mut recorded = Recorded::of("pod-ends");
    let pod = recorded.first_of("Pod");
    pod["status"]["phase"] = json!("Succeeded");
    pod["status"]["containerStatuses"][0]["state"] = json!({ "terminated": { "exitCode": 0, "reason": "Completed" } });
    let report = recorded.report();
    assert_eq!((codes(&report), report.health), (Vec::new(), Health::Healthy), "{report:#?}");
}

#[test]
fn a_container_that_ended_well_at_last_did_not_crash() {
    let mut recorded = Recorded::of("pod-ends");
    recorded.first_of("Pod")["status"]["containerStatuses"][0]["state"] =
        json!({ "terminated": { "exitCode": 0, "reason": "Completed" } });
    assert_ne!(first(&recorded.report()), "crash-loop");
}

#[test]
fn a_young_pod_that_is_not_ready_yet_is_waited_for() {
    let mut recorded = Recorded::of("pod-ends");
    let pod = recorded.first_of("Pod");
    heal(pod);
    pod["status"]["containerStatuses"][0] = json!({ "name": "web", "ready": false, "state": { "running": {} } });
    for condition in pod["status"]["conditions"].as_array_mut().unwrap() {
        if condition["type"] == "Ready" {
            condition["status"] = json!("False");
        }
    }
    let made = pod["metadata"]["creationTimestamp"].as_str().unwrap().to_owned();
    recorded.seen.now = made.clone();
    let report = recorded.report();
    assert_eq!((first(&report), report.health), ("waiting", Health::Unknown), "{report:#?}");
    recorded.seen.now = "2026-12-01T00:00:00Z".to_owned();
    assert_eq!(first(&recorded.report()), "not-ready");
}

/// An event about a volume of the Pod.
fn failed_mount(recorded: &mut Recorded) {
    let mut event = recorded.first_of("Event").clone();
    event["metadata"]["name"] = json!("mount");
    event["reason"] = json!("FailedMount");
    event["message"] = json!("MountVolume.SetUp failed for volume \"data\": secret \"data\" not found");
    recorded.seen.objects.push(event);
}

#[test]
fn a_mount_that_failed_before_the_container_ran_is_over() {
    let mut recorded = Recorded::of("pod-ends");
    failed_mount(&mut recorded);
    assert_eq!(codes(&recorded.report()), ["crash-loop"]);
    for waiting in ["ContainerCreating", "CreateContainerConfigError"] {
        recorded.first_of("Pod")["status"]["containerStatuses"][0] =
            json!({ "name": "web", "ready": false, "state": { "waiting": { "reason": waiting } } });
        let is_mounted = waiting != "ContainerCreating";
        let report = recorded.report();
        assert_eq!(codes(&report), [if is_mounted { "config-missing" } else { "volume-mount" }], "{report:#?}");
    }
}

#[test]
fn an_event_of_an_earlier_pod_of_the_name_is_not_this_ones() {
    let mut recorded = Recorded::of("pod-ends");
    failed_mount(&mut recorded);
    recorded.first_of("Pod")["status"]["containerStatuses"][0] =
        json!({ "name": "web", "ready": false, "state": { "waiting": { "reason": "ContainerCreating" } } });
    assert_eq!(first(&recorded.report()), "volume-mount");
    recorded.seen.objects.last_mut().unwrap()["involvedObject"]["uid"] = json!("an earlier one");
    assert_ne!(first(&recorded.report()), "volume-mount");
}

/// A Pod whose container waits so.
fn waits(status: Value) -> Report {
    let mut recorded = Recorded::of("pod-ends");
    recorded.seen.logs.clear();
    recorded.first_of("Pod")["status"]["containerStatuses"][0] = status;
    recorded.report()
}

fn remedy(report: &Report) -> &str {
    report.first().map_or("", |finding| finding.remedy.as_str())
}

#[test]
fn a_command_that_comes_to_its_end_is_a_crash_loop_without_a_failure() {
    let report = waits(json!({ "name": "web", "ready": false, "restartCount": 3,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 0, "reason": "Completed" } } }));
    assert_eq!(first(&report), "crash-loop", "{report:#?}");
    assert!(remedy(&report).contains("runs on"), "{report:#?}");
}

#[test]
fn a_container_that_must_not_be_root_wants_another_user() {
    let message = "container has runAsNonRoot and image will run as root";
    let report = waits(json!({ "name": "web", "ready": false, "restartCount": 0,
        "state": { "waiting": { "reason": "CreateContainerConfigError", "message": message } } }));
    assert_eq!(first(&report), "start-fails", "{report:#?}");
    assert!(remedy(&report).contains("runAsUser"), "{report:#?}");
}

#[test]
fn a_start_that_fails_is_told_in_the_words_of_the_runtime() {
    let message = "unable to set memory limit to 1048576 (current usage: 2, peak usage: 3)";
    let report = waits(json!({ "name": "web", "ready": false, "restartCount": 3,
        "state": { "waiting": { "reason": "CrashLoopBackOff" } },
        "lastState": { "terminated": { "exitCode": 128, "reason": "StartError", "message": message } } }));
    assert_eq!(first(&report), "start-fails", "{report:#?}");
    let seen = &report.first().unwrap().evidence;
    assert!(seen.iter().any(|it| it.text.contains(message)), "{report:#?}");
    assert!(remedy(&report).contains("limits.memory"), "{report:#?}");
}

#[test]
fn a_login_that_the_node_cannot_read_is_the_pull_secrets_fault() {
    let reason = "unable to parse auth field, must be formatted as base64(username:password)";
    let report = waits(
        json!({ "name": "web", "ready": false, "restartCount": 0, "state": { "waiting": { "reason": reason } } }),
    );
    assert_eq!(first(&report), "pull-secret-unreadable", "{report:#?}");
}

#[test]
fn what_the_cluster_did_to_a_pod_comes_before_what_its_containers_say() {
    for (reason, remedy) in
        [("Evicted", "requests"), ("DeadlineExceeded", "activeDeadlineSeconds"), ("NodeShutdown", "")]
    {
        let mut recorded = Recorded::of("pod-ends");
        let pod = recorded.first_of("Pod");
        pod["status"]["phase"] = json!("Failed");
        pod["status"]["reason"] = json!(reason);
        pod["status"]["message"] = json!("The node was low on resource: memory.");
        let report = recorded.report();
        assert_eq!((codes(&report), report.health), (vec!["pod-ended"], Health::Failing), "{report:#?}");
        let finding = report.first().unwrap();
        assert!(finding.remedy.contains(remedy), "{report:#?}");
        assert!(
            finding.evidence[0].text.contains(reason) && finding.evidence[0].text.contains("low on"),
            "{report:#?}"
        );
    }
}

#[test]
fn a_gate_and_a_deletion_that_hang_are_told_with_who_holds_them() {
    let mut recorded = Recorded::of("pod-ends");
    let pod = recorded.first_of("Pod");
    pod["status"] = json!({ "phase": "Pending", "conditions": [{
        "type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "Scheduling is blocked",
    }] });
    pod["spec"]["schedulingGates"] = json!([{ "name": "queue.test/admission" }]);
    let report = recorded.report();
    assert_eq!(codes(&report), ["scheduling-gated"], "{report:#?}");
    assert!(report.first().unwrap().evidence[0].text.contains("queue.test/admission"), "{report:#?}");

    let mut recorded = Recorded::of("pod-ends");
    heal(recorded.first_of("Pod"));
    recorded.seen.now = "2026-12-01T00:00:00Z".to_owned();
    for (moment, finalizers, codes_of) in [
        ("2026-12-01T00:00:20Z", json!([]), vec![]),
        ("2026-11-30T23:00:00Z", json!([]), vec!["pod-leaving"]),
        ("2026-11-30T23:00:00Z", json!(["mesh.test/drain"]), vec!["pod-leaving"]),
    ] {
        let pod = recorded.first_of("Pod");
        pod["metadata"]["deletionTimestamp"] = json!(moment);
        pod["metadata"]["finalizers"] = finalizers.clone();
        let report = recorded.report();
        assert_eq!(codes(&report), codes_of, "{report:#?}");
        if let Some(name) = finalizers.get(0).and_then(Value::as_str) {
            let finding = report.first().unwrap();
            assert!(finding.evidence[0].text.contains(name) && !finding.remedy.contains("NAME"), "{report:#?}");
        }
    }
}

#[test]
fn a_container_that_comes_first_and_does_not_end_is_named_with_its_log() {
    let mut recorded = Recorded::of("pod-ends");
    let pod = recorded.first_of("Pod");
    let place = format!(
        "{}/{} wait",
        pod["metadata"]["namespace"].as_str().unwrap(),
        pod["metadata"]["name"].as_str().unwrap()
    );
    pod["spec"]["initContainers"] = json!([{ "name": "mesh", "restartPolicy": "Always" }, { "name": "wait" }]);
    let running =
        |name: &str, at: &str| json!({ "name": name, "ready": false, "state": { "running": { "startedAt": at } } });
    pod["status"] = json!({ "phase": "Pending", "initContainerStatuses": [
        running("mesh", "2026-11-30T22:00:00Z"), running("wait", "2026-11-30T23:00:00Z"),
    ], "containerStatuses": [{ "name": "web", "ready": false, "state": { "waiting": { "reason": "PodInitializing" } } }] });
    recorded.seen.now = "2026-12-01T00:00:00Z".to_owned();
    recorded.seen.logs.insert(place, vec!["error: waiting for database:5432".to_owned()]);
    let report = recorded.report();
    assert_eq!((codes(&report), report.health), (vec!["init-runs"], Health::Failing), "{report:#?}");
    let evidence = &report.first().unwrap().evidence;
    assert!(evidence[0].text.contains("database:5432") && evidence[1].field.contains("[wait]"), "{report:#?}");

    recorded.seen.now = "2026-11-30T23:00:10Z".to_owned();
    assert!(!codes(&recorded.report()).contains(&"init-runs"), "it may still end");
}
