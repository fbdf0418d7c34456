//! Images that cannot be pulled, where less is known or more time has passed.

use super::*;

/// A Secret of the Pod's namespace, as it is kept.
fn secret(recorded: &Recorded, name: &str, kind: &str, data: &Value) -> Value {
    reduced(json!({
        "apiVersion": "v1", "kind": "Secret", "type": kind, "data": data,
        "metadata": { "name": name, "namespace": recorded.namespace() },
    }))
}

fn encoded(file: &Value) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(file.to_string())
}

fn host(recorded: &Recorded) -> String {
    recorded.seen.registries.keys().next().unwrap().clone()
}

/// Has the node say more of the pull that failed.
fn node_says(recorded: &mut Recorded, more: &str) {
    for it in &mut recorded.seen.objects {
        if let Some(words) = it["message"].as_str().filter(|words| words.contains("Failed to pull image")) {
            it["message"] = json!(format!("{words}: {more}"));
        }
    }
}

#[test]
fn secrets_that_may_not_be_read_are_no_missing_login() {
    let mut recorded = Recorded::of("pod-wrong-password");
    recorded.hide("Secret");
    let report = recorded.report();
    assert_eq!((first(&report), report.findings.len()), ("image-pull", 1), "{report:#?}");
    let seen = &report.findings[0].evidence[0];
    assert_eq!(seen.field, "spec.imagePullSecrets");
    assert!(seen.text.contains("pull") && seen.text.contains("could not be read"), "{report:#?}");
}

#[test]
fn a_legacy_secret_has_logins_too() {
    let login = json!({ "username": "ann", "password": "p" });
    for (key, cause) in [("", "registry-login-refused"), ("other.test", "pull-secret-other-registry")] {
        let mut recorded = Recorded::of("pod-wrong-password");
        let key = if key.is_empty() { host(&recorded) } else { key.to_owned() };
        let data = json!({ ".dockercfg": encoded(&json!({ key: login })) });
        let legacy = secret(&recorded, "pull", "kubernetes.io/dockercfg", &data);
        assert!(legacy.get("data").is_none(), "{legacy}");
        recorded.seen.objects.retain(|it| it["kind"] != "Secret");
        recorded.seen.objects.push(legacy);
        assert_eq!(first(&recorded.report()), cause);
    }
}

#[test]
fn a_login_that_was_corrected_meanwhile_is_waited_for() {
    let mut recorded = Recorded::of("pod-wrong-password");
    recorded.seen.now = "2026-12-01T00:00:00Z".to_owned();
    let answer = recorded.seen.registries.values_mut().next().unwrap();
    answer.logins[0].answer = LoginAnswer::Accepted;
    let report = recorded.report();
    assert_eq!((first(&report), report.health), ("waiting", Health::Unknown), "{report:#?}");
    assert_eq!(report.findings.len(), 1, "{report:#?}");
    assert!(report.findings[0].remedy.contains("next try"), "{report:#?}");
    // With a token it is the right that lacks, unless there was none.
    recorded.seen.registries.values_mut().next().unwrap().realm = Some("https://auth.test/token".to_owned());
    assert_eq!(first(&recorded.report()), "pull-denied");
    node_says(&mut recorded, "failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized");
    assert_eq!(first(&recorded.report()), "waiting");
}

#[test]
fn a_login_that_was_not_tried_is_denied_where_the_node_says_so() {
    let mut recorded = Recorded::of("pod-wrong-password");
    recorded.seen.registries.clear();
    assert_eq!(first(&recorded.report()), "registry-login-refused");
    node_says(&mut recorded, "pull access denied: insufficient_scope: authorization failed");
    assert_eq!(first(&recorded.report()), "pull-denied");
    // Who has no login may lack just that.
    recorded.first_of("Pod")["spec"]["imagePullSecrets"] = json!([]);
    recorded.seen.objects.retain(|it| it["kind"] != "Secret");
    assert_eq!(first(&recorded.report()), "pull-login-missing");
}

/// What each login of the snapshot came to.
fn answers(recorded: &mut Recorded, given: &[(&str, LoginAnswer)]) {
    let registry = recorded.seen.registries.values_mut().next().unwrap();
    let like = registry.logins[0].clone();
    let probe =
        |(from, answer): &(&str, LoginAnswer)| LoginProbe { from: from.to_string(), answer: *answer, ..like.clone() };
    registry.logins = given.iter().map(probe).collect();
}

#[test]
fn a_secret_whose_login_is_refused_is_not_recommended() {
    let mut recorded = Recorded::of("pod-unbound");
    let pull = format!("{}/pull", recorded.namespace());
    let good = format!("{}/good", recorded.namespace());
    answers(&mut recorded, &[(&pull, LoginAnswer::Refused)]);
    let report = recorded.report();
    assert_eq!((first(&report), report.findings.len()), ("registry-login-refused", 1), "{report:#?}");
    assert!(report.findings[0].remedy.starts_with("Correct its password"), "{report:#?}");
    answers(&mut recorded, &[(&pull, LoginAnswer::Denied)]);
    assert_eq!(first(&recorded.report()), "pull-denied");
    // Beside a wrong one only the right one is named.
    let mut other = recorded.first_of("Secret").clone();
    other["metadata"]["name"] = json!("good");
    recorded.seen.objects.push(other);
    answers(&mut recorded, &[(&pull, LoginAnswer::Refused), (&good, LoginAnswer::Accepted)]);
    let report = recorded.report();
    assert_eq!((first(&report), report.findings.len()), ("pull-secret-not-bound", 1), "{report:#?}");
    assert!(report.findings[0].subject.ends_with("/good"), "{report:#?}");
    assert!(!report.findings[0].remedy.contains("could not be tried"), "{report:#?}");
}

#[test]
fn a_secret_whose_login_was_not_tried_is_called_a_candidate() {
    let mut recorded = Recorded::of("pod-unbound");
    recorded.seen.registries.clear();
    let report = recorded.report();
    assert_eq!(first(&report), "pull-secret-not-bound");
    assert!(report.findings[0].remedy.starts_with("If its login is the right one"), "{report:#?}");
}

#[test]
fn a_secret_elsewhere_whose_login_is_refused_is_none() {
    let mut recorded = Recorded::of("pod-elsewhere");
    let secrets = recorded.seen.all("Secret", None).filter_map(|it| it["metadata"]["namespace"].as_str());
    let places: Vec<String> = secrets.map(|namespace| format!("{namespace}/pull")).collect();
    let registry = recorded.seen.registries.values_mut().next().unwrap();
    let key = registry.certificate.as_ref().unwrap().names[0].clone();
    let probe = |from: &String| LoginProbe {
        from: from.clone(),
        key: key.clone(),
        username: "ann".to_owned(),
        answer: LoginAnswer::Refused,
        words: String::new(),
    };
    registry.logins = places.iter().map(probe).collect();
    let report = recorded.report();
    assert_eq!(first(&report), "pull-secret-missing", "{report:#?}");
    recorded.first_of("Pod")["spec"]["imagePullSecrets"] = json!([]);
    assert_eq!(first(&recorded.report()), "pull-login-missing");
}

#[test]
fn a_failure_elsewhere_does_not_hide_where_a_fitting_secret_is() {
    let mut recorded = Recorded::of("pod-wrong-key");
    recorded.first_of("Pod")["spec"]["imagePullSecrets"] = json!([]);
    recorded.first_of("Secret")["auths"] = json!({});
    assert_eq!(first(&recorded.report()), "pull-secret-elsewhere");
    // Another container that fails as well.
    let pod = recorded.first_of("Pod");
    let mut other = pod["status"]["containerStatuses"][0].clone();
    other["name"] = json!("other");
    other["state"]["waiting"] = json!({ "reason": "CreateContainerConfigError", "message": "no Secret" });
    pod["status"]["initContainerStatuses"] = json!([other]);
    let report = recorded.report();
    assert!(report.findings.iter().any(|it| it.cause == Cause::PullSecretElsewhere), "{report:#?}");
}
