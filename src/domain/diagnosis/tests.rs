//! Judges what was recorded of real failures (`tests/acceptance/diagnosis.rs`), and what follows from it when less is known.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

mod certificates;
mod pods;
mod pulls;
mod registries;

/// What was seen of one failure.
#[derive(Deserialize)]
struct Recorded {
    /// `certificate NAMESPACE/NAME`.
    subject: String,
    /// The cause to begin with; empty where all was well.
    cause: String,
    seen: Snapshot,
}

impl Recorded {
    fn all() -> Vec<(String, Self)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain/diagnosis/recorded");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let read = files.map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap())
        });
        read.collect()
    }

    fn of(name: &str) -> Self {
        Self::all().into_iter().find(|(file, _)| file == name).unwrap().1
    }

    /// The namespace of the subject.
    fn namespace(&self) -> String {
        self.subject.split_once(' ').unwrap().1.split_once('/').unwrap().0.to_owned()
    }

    /// The first object of that kind in the subject's namespace.
    fn first_of(&mut self, kind: &str) -> &mut Value {
        let namespace = self.namespace();
        let is_meant = |it: &&mut Value| it["kind"] == kind && it["metadata"]["namespace"] == namespace.as_str();
        self.seen.objects.iter_mut().find(is_meant).unwrap()
    }

    /// Has nobody been able to read objects of a kind.
    fn hide(&mut self, kind: &str) {
        self.seen.objects.retain(|it| it["kind"] != kind);
        self.seen.listed.retain(|place| place.split(' ').next() != Some(kind));
        for place in [kind.to_owned(), format!("{kind} {}", self.namespace())] {
            self.seen.unread.insert(place, "it may not be read".to_owned());
        }
    }

    fn report(&self) -> Report {
        let (kind, name) = self.subject.split_once(' ').unwrap();
        let (namespace, name) = name.split_once('/').unwrap();
        match kind {
            "certificate" => certificate(&self.seen, namespace, name),
            _ => pod(&self.seen, namespace, name),
        }
    }
}

fn first(report: &Report) -> &'static str {
    report.first().map_or("", |finding| finding.cause.code())
}

#[test]
fn each_failure_that_was_recorded_has_its_cause_first_and_evidence_for_it() {
    let all = Recorded::all();
    assert!(all.len() > 25, "{} are recorded", all.len());
    for (name, recorded) in &all {
        let report = recorded.report();
        assert_eq!(first(&report), recorded.cause, "{name}: {report:#?}");
        // What works may have a cause all the same, of what is to come.
        let fails = report.first().is_some_and(|it| it.severity == Severity::Failure);
        let health = if fails { Health::Failing } else { Health::Healthy };
        assert_eq!(report.health, health, "{name}: {report:#?}");
        let has_evidence = report.findings.iter().all(|it| it.severity == Severity::Note || !it.evidence.is_empty());
        assert!(has_evidence && report.findings.iter().all(|it| !it.remedy.is_empty()), "{name}: {report:#?}");
        assert!(report.chain.first().is_some_and(|link| link.depth == 0), "{name}");
    }
}

#[test]
fn what_was_recorded_holds_no_secret() {
    for (name, recorded) in Recorded::all() {
        let secrets = recorded.seen.all("Secret", None);
        for secret in secrets {
            assert!(secret.get("data").is_none() && secret.get("stringData").is_none(), "{name}: {secret}");
        }
        let text = serde_json::to_string(&recorded.seen).unwrap();
        assert!(!text.contains("PRIVATE KEY") && !text.contains("password of the hub"), "{name}");
        // What is left out when it is seen was left out here.
        for object in &recorded.seen.objects {
            assert_eq!(&reduced(object.clone()), object, "{name}");
        }
    }
}

#[test]
fn nothing_secret_is_kept_of_any_kind() {
    let program = json!({
        "name": "web", "image": "busybox", "command": ["run", "hunter2"], "args": ["--password=hunter2"],
        "env": [{ "name": "PASSWORD", "value": "hunter2" }],
        "livenessProbe": { "httpGet": { "httpHeaders": [{ "name": "Authorization", "value": "hunter2" }] } },
    });
    let labels = json!({ "env": "production" });
    let applied = json!({ "kubectl.kubernetes.io/last-applied-configuration": "{hunter2}" });
    let objects = [
        json!({ "kind": "Pod", "metadata": { "annotations": applied }, "spec": { "initContainers": [program] } }),
        json!({ "kind": "Deployment", "spec": {
            "selector": { "matchLabels": labels },
            "template": { "metadata": { "labels": labels }, "spec": { "containers": [program] } },
        } }),
        json!({ "kind": "Secret", "data": { "password": "hunter2" }, "stringData": { "password": "hunter2" } }),
        json!({ "kind": "Secret", "metadata": { "annotations": { "a/applied": "hunter2" } } }),
        json!({ "kind": "Certificate", "spec": { "keystores": { "jks": { "password": "hunter2" } } } }),
        json!({ "kind": "Issuer", "spec": { "acme": { "solvers": [
            { "dns01": { "webhook": { "solverName": "own", "config": { "token": "hunter2" } } } },
        ] } } }),
    ];
    let mut seen = Snapshot::default();
    for (index, mut object) in objects.into_iter().enumerate() {
        object["metadata"]["name"] = json!(format!("object-{index}"));
        seen.add(object);
    }
    let text = serde_json::to_string(&seen).unwrap();
    assert!(seen.objects.len() == 6 && !text.contains("hunter2"), "{text}");
    assert_eq!(seen.objects[1]["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(seen.objects[1]["spec"]["template"]["spec"]["containers"][0]["image"], "busybox");
}

#[test]
fn what_may_not_be_read_is_told_and_no_cause_is_made_up() {
    let mut recorded = Recorded::of("pod-wrong-password");
    let namespace = recorded.subject.split_once(' ').unwrap().1.split_once('/').unwrap().0.to_owned();
    recorded.seen.objects.retain(|it| it["kind"] != "Secret");
    recorded.seen.listed.retain(|place| !place.starts_with("Secret"));
    for place in [format!("Secret {namespace}/pull"), format!("Secret {namespace}"), "Secret".to_owned()] {
        recorded.seen.unread.insert(place, "it may not be read".to_owned());
    }
    let report = recorded.report();
    assert!(report.unread.iter().any(|it| it.contains(&format!("Secret {namespace}/pull"))), "{report:#?}");
    assert_ne!(first(&report), "pull-secret-missing", "{report:#?}");
    assert_ne!(report.health, Health::Healthy);
}

#[test]
fn all_that_could_not_be_read_is_told_wherever_the_walk_went() {
    for name in ["pod-ends", "certificate-ready", "certificate-no-record"] {
        let mut recorded = Recorded::of(name);
        recorded.seen.unread.insert("StorageClass".to_owned(), "it may not be read".to_owned());
        let report = recorded.report();
        assert_eq!(report.unread, ["StorageClass: it may not be read"], "{name}: {report:#?}");
    }
}

#[test]
fn a_cluster_without_cert_manager_is_told_before_all_else() {
    let mut recorded = Recorded::of("certificate-no-record");
    let crd = "CustomResourceDefinition certificates.cert-manager.io";
    recorded.seen.objects.retain(|it| it["kind"] == "Namespace");
    recorded.seen.absent.insert(crd.to_owned());
    assert_eq!(first(&recorded.report()), "crds-missing");
    recorded.seen.objects.clear();
    recorded
        .seen
        .absent
        .insert(format!("Namespace {}", recorded.subject.split_once(' ').unwrap().1.split_once('/').unwrap().0));
    assert_eq!(first(&recorded.report()), "namespace-missing");
}

#[test]
fn a_namespace_on_its_way_out_is_told_first() {
    let mut recorded = Recorded::of("certificate-no-record");
    for it in &mut recorded.seen.objects {
        if it["kind"] == "Namespace" {
            it["metadata"]["deletionTimestamp"] = json!("2026-11-29T12:00:00Z");
            it["status"]["conditions"] = json!([{
                "type": "NamespaceFinalizersRemaining", "status": "True", "reason": "SomeFinalizersRemain",
                "message": "finalizer.acme.cert-manager.io in 1 resource instances",
            }]);
        }
    }
    let report = recorded.report();
    assert_eq!(first(&report), "namespace-terminating");
    assert!(report.findings[0].evidence[0].text.contains("finalizer.acme.cert-manager.io"), "{report:#?}");
}

#[test]
fn an_answer_of_the_ca_is_told_by_its_type() {
    let mut recorded = Recorded::of("certificate-blocked");
    for (kind, cause) in [
        ("rateLimited", "rate-limited"),
        ("caa", "caa-forbids"),
        ("malformed", "order-failed"),
        ("accountDoesNotExist", "issuer-account-rejected"),
    ] {
        for it in recorded.seen.objects.iter_mut().filter(|it| it["kind"] == "Order") {
            it["status"]["reason"] =
                json!(format!("Failed to create Order: 400 urn:ietf:params:acme:error:{kind}: words"));
        }
        assert_eq!(first(&recorded.report()), cause, "{kind}");
    }
}

#[test]
fn a_challenge_that_waits_for_another_of_the_same_name_is_told() {
    let mut recorded = Recorded::of("certificate-no-record");
    let namespace = recorded.subject.split_once(' ').unwrap().1.split_once('/').unwrap().0.to_owned();
    let is_own = |it: &&mut Value| it["kind"] == "Challenge" && it["metadata"]["namespace"] == namespace.as_str();
    let own = recorded.seen.objects.iter_mut().find(is_own).unwrap();
    let mut other = own.clone();
    own["status"] = json!({});
    own["metadata"]["uid"] = json!("own");
    other["metadata"]["name"] = json!("other");
    other["metadata"]["namespace"] = json!("elsewhere");
    other["metadata"]["uid"] = json!("other");
    other["metadata"]["ownerReferences"] = json!([]);
    other["status"]["processing"] = json!(true);
    recorded.seen.objects.push(other);
    assert_eq!(first(&recorded.report()), "challenge-queued");
}

#[test]
fn a_solver_that_serves_nobody_is_told() {
    let mut recorded = Recorded::of("certificate-classless");
    recorded.seen.now = "2027-01-01T00:00:00Z".to_owned();
    for it in recorded.seen.objects.iter_mut().filter(|it| it["kind"] == "EndpointSlice") {
        it["endpoints"] = json!([{ "addresses": ["192.0.2.1"], "conditions": { "ready": false } }]);
    }
    let report = recorded.report();
    assert!(report.findings.iter().any(|it| it.cause == Cause::SolverNotServing), "{report:#?}");
    // The class comes first: with it the Pod may serve.
    assert_eq!(first(&report), "webhook-down", "the webhook's endpoints were taken as well: {report:#?}");
}

#[test]
fn codes_are_words_and_none_has_two_meanings() {
    let codes: BTreeSet<_> = Cause::ALL.iter().map(|cause| cause.code()).collect();
    assert_eq!(codes.len(), Cause::ALL.len());
    for cause in Cause::ALL {
        let is_word =
            cause.code().bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-');
        assert!(is_word, "{}", cause.code());
        assert!(
            cause.seen().ends_with('.') && cause.remedy().ends_with('.') && !cause.meaning().ends_with('.'),
            "{}",
            cause.code()
        );
    }
}
