//! Pods: why one does not run.

mod itself;

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::rollout::{self, ObstacleKind, Pod, obstacle, speaks_of_failure, storage_complaint, telling_lines};

use super::cause::Cause;
use super::installation::look_at_namespace;
use super::pull;
use super::report::{Evidence, Health, LinkState, Report, Severity};
use super::snapshot::{Seen, Snapshot, text};
use super::walk::{Walk, age, condition, evidence, reference};

/// How long what runs may take to start, in seconds.
const PATIENCE: i64 = 30;

const RUN_AS_USER: &str =
    "Set `securityContext.runAsUser` to a number other than 0, or take an image that does not run as root.";
const RAISE_MEMORY: &str = "Raise `resources.limits.memory`: the container does not even start within it.";
const MEND_PROBE: &str = "Look at what the probe asks, or give the program more time: `initialDelaySeconds`, `failureThreshold`, a `startupProbe`.";
const RUN_ON: &str =
    "Give it a command that runs on: it came to its end without a failure. What is to end belongs into a Job.";

/// How much of a log is told.
const LOG_LIMIT: usize = 300;

/// Diagnoses a Pod.
pub fn pod(seen: &Snapshot, namespace: &str, name: &str) -> Report {
    let object = ObjectRef::pod(namespace, name);
    examined(seen, &object, namespace, |walk, found| look(walk, 0, found), |found| is_young(seen, found))
}

/// Diagnoses what runs in a namespace: by a look at it, which answers whether it serves, and by whether it may still be starting.
pub fn examined<'a>(
    seen: &'a Snapshot,
    object: &ObjectRef,
    namespace: &str,
    look: impl FnOnce(&mut Walk<'a>, &'a Value) -> bool,
    is_young: impl FnOnce(&Value) -> bool,
) -> Report {
    let mut walk = Walk::new(seen, object);
    if look_at_namespace(&mut walk, namespace) {
        return walk.report(Health::Failing);
    }
    let found = match walk.subject(object) {
        Ok(found) => found,
        Err(health) => return walk.report(health),
    };
    let serves = look(&mut walk, found);
    if serves && !walk.has(Severity::Failure) {
        return walk.report(Health::Healthy);
    }
    walk.report_failing(is_young(found))
}

/// Whether a Pod, or what makes Pods, may still be starting.
pub fn is_young(seen: &Snapshot, pod: &Value) -> bool {
    age(seen, pod).is_some_and(|age| age < PATIENCE)
}

/// Notes how a Pod is, and what keeps it from running; whether it is ready.
pub fn look(walk: &mut Walk<'_>, depth: usize, found: &Value) -> bool {
    let object = reference(found);
    let mark = walk.mark();
    let Ok(typed) = serde_json::from_value::<Pod>(found.clone()) else {
        walk.unread(&format!("{object}: it cannot be understood"));
        return false;
    };
    let has_succeeded = text(found, "/status/phase") == Some("Succeeded");
    let is_ready = rollout::is_ready(&typed) || has_succeeded;
    let obstacle = obstacle(&typed).filter(|_| !has_succeeded);
    let words = obstacle
        .as_ref()
        .map_or_else(|| text(found, "/status/phase").unwrap_or_default().to_owned(), |it| it.words.clone());
    let state = match (&obstacle, is_ready) {
        (Some(_), _) => LinkState::Failing,
        (None, true) => LinkState::Ok,
        (None, false) => LinkState::Waiting,
    };
    walk.link(depth, &object, state, words);
    let is_over = has_succeeded || itself::look(walk, &object, found);
    for container in waiting(found).iter().filter(|_| !is_over) {
        by_waiting(walk, &object, found, container);
    }
    if let Some(obstacle) = obstacle.filter(|it| it.kind == ObstacleKind::Unschedulable) {
        unschedulable(walk, &object, &typed, &obstacle.words);
    }
    mounts(walk, &object, found);
    logs(walk, &object);
    if !is_ready && !is_young(walk.seen, found) && walk.since(mark).is_empty() {
        not_ready(walk, &object, found);
    }
    is_ready
}

/// A container that does not serve.
struct Waiting {
    name: String,
    reason: String,
    message: String,
    restarts: i64,
    /// How it ended the last time, if that was a failure, and where that stands.
    last_end: Option<(&'static str, String)>,
    last_reason: String,
    last_message: String,
}

/// The statuses of a Pod's containers, of those that run before the others first.
pub fn statuses(pod: &Value) -> impl Iterator<Item = &Value> {
    let places = ["/status/initContainerStatuses", "/status/containerStatuses"];
    places.into_iter().filter_map(|place| pod.pointer(place)?.as_array()).flatten()
}

fn waiting(pod: &Value) -> Vec<Waiting> {
    let read = |it: &Value| {
        let part = |pointer: &str| text(it, pointer).unwrap_or_default().to_owned();
        let ended = ["state", "lastState"].into_iter().find_map(|at| Some((at, it.get(at)?.get("terminated")?)));
        // One that ends well is in trouble only where it is to run on.
        let is_backed_off = text(it, "/state/waiting/reason") == Some("CrashLoopBackOff");
        let code = ended.and_then(|(_, end)| end.get("exitCode")?.as_i64());
        let code = code.filter(|code| *code != 0 || is_backed_off);
        let last_message = ended.and_then(|(_, end)| text(end, "/message")).unwrap_or_default().to_owned();
        let last_reason = ended.and_then(|(_, end)| text(end, "/reason")).unwrap_or_default().to_owned();
        let how = code.map(|code| format!("{last_reason}, exit code {code}"));
        Waiting {
            name: part("/name"),
            reason: part("/state/waiting/reason"),
            message: part("/state/waiting/message"),
            restarts: it.get("restartCount").and_then(Value::as_i64).unwrap_or(0),
            last_end: ended.map(|(at, _)| at).zip(how),
            last_reason,
            last_message,
        }
    };
    // What serves again is in no trouble, however it ended before.
    let unready = statuses(pod).filter(|it| it.get("ready") != Some(&Value::Bool(true)));
    unready.map(read).filter(|it| !it.reason.is_empty() || it.last_end.is_some()).collect()
}

fn by_waiting(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value, it: &Waiting) {
    let seen = evidence(
        object,
        &format!("status.containerStatuses[{}].state.waiting", it.name),
        format!("{}: {}", it.reason, it.message),
    );
    let image = || {
        let failed = pull::pulled_images(found);
        failed.into_iter().find(|(name, _)| *name == it.name).map(|(_, image)| image)
    };
    match it.reason.as_str() {
        reason if pull::is_failed_pull(reason) => pull::look(walk, object, found, &image().unwrap_or_default(), &seen),
        "InvalidImageName" | "ErrImageNeverPull" => walk.fails(Cause::ImageName, object, vec![seen], ""),
        "CreateContainerConfigError" if it.message.contains("runAsNonRoot") || it.message.contains("non-root") => {
            walk.fails(Cause::StartFails, object, vec![seen], RUN_AS_USER);
        }
        "CreateContainerConfigError" => walk.fails(Cause::ConfigMissing, object, vec![seen], ""),
        // The kubelet tells an unreadable login by these words in the place of a reason.
        reason if reason.starts_with("unable to parse auth field") => {
            walk.fails(Cause::PullSecretUnreadable, object, vec![seen], "");
        }
        "CreateContainerError" | "RunContainerError" | "PostStartHookError" => {
            walk.fails(Cause::StartFails, object, vec![seen], "");
        }
        _ if it.restarts > 0 || it.last_end.is_some() => crashed(walk, object, it),
        _ => {}
    }
}

/// A container that ended: its log tells, and else how it ended.
fn crashed(walk: &mut Walk<'_>, object: &ObjectRef, it: &Waiting) {
    let Some((at, end)) = &it.last_end else { return };
    let field = format!("status.containerStatuses[{}].{at}.terminated", it.name);
    let said = if it.last_reason == "StartError" { it.last_message.as_str() } else { "" };
    let colon = if said.is_empty() { "" } else { ": " };
    let how = evidence(object, &field, format!("{end}, started {} times{colon}{said}", it.restarts + 1));
    let probed = killed_by_probe(walk, object, &it.name);
    let (cause, words) = match last_words(walk, object, &it.name) {
        _ if it.last_reason == "OOMKilled" => (Cause::OutOfMemory, None),
        _ if it.last_reason == "StartError" => (Cause::StartFails, None),
        Some(words) => (cause_in_log(&words), Some(words)),
        None => (Cause::CrashLoop, None),
    };
    let remedy = match cause {
        Cause::StartFails if said.contains("memory") => RAISE_MEMORY,
        Cause::CrashLoop if probed.is_some() => MEND_PROBE,
        Cause::CrashLoop if end.ends_with("exit code 0") => RUN_ON,
        _ => "",
    };
    let log = words.map(|words| evidence(log_of(object, &it.name), "last words", words));
    walk.fails(cause, object, probed.into_iter().chain(log).chain([how]).collect(), remedy);
}

/// That the kubelet ended a container because its liveness or startup probe failed.
fn killed_by_probe(walk: &Walk<'_>, object: &ObjectRef, container: &str) -> Option<Evidence> {
    let is_it = |words: &str| words.contains(container) && words.contains("failed") && words.contains("probe");
    let mut events = walk.seen.events(object).into_iter().rev();
    let event = events.find(|it| it.reason == "Killing" && it.message.as_deref().is_some_and(is_it))?;
    Some(evidence(object, "event Killing", event.message.unwrap_or_default()).at(event.last_timestamp.as_deref()))
}

fn log_of(object: &ObjectRef, container: &str) -> String {
    format!("log of {}/{} {container}", object.namespace.as_deref().unwrap_or_default(), object.name)
}

fn last_words(walk: &Walk<'_>, object: &ObjectRef, container: &str) -> Option<String> {
    let key = format!("{}/{} {container}", object.namespace.as_deref().unwrap_or_default(), object.name);
    let lines = walk.seen.logs.get(&key)?.join("\n");
    Some(telling_lines(&lines, LOG_LIMIT)).filter(|it| !it.is_empty())
}

/// What a registry's last words mean (distribution, `registry/registry.go` and its storage drivers).
fn cause_in_log(words: &str) -> Cause {
    let any = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if any(&["configuration error", "error parsing", "configuration path"]) {
        return if any(&["no such file or directory", "configuration path unspecified"]) {
            Cause::RegistryConfigMissing
        } else {
            Cause::RegistryConfigBroken
        };
    }
    cause_of_storage(words).unwrap_or(Cause::CrashLoop)
}

fn cause_of_storage(words: &str) -> Option<Cause> {
    let any = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if any(&["NoSuchBucket"]) {
        Some(Cause::BucketMissing)
    } else if any(&["storage driver health check", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"]) {
        Some(Cause::StorageDenied)
    } else {
        None
    }
}

/// What a program that runs says of its storage.
fn logs(walk: &mut Walk<'_>, object: &ObjectRef) {
    let own = format!("{}/{} ", object.namespace.as_deref().unwrap_or_default(), object.name);
    let logs: Vec<(String, String)> = walk
        .seen
        .logs
        .iter()
        .filter(|(place, _)| place.starts_with(&own))
        .filter_map(|(place, lines)| Some((place.clone(), storage_complaint(&lines.join("\n"))?)))
        .collect();
    for (place, words) in logs {
        let cause = cause_of_storage(&words).unwrap_or(Cause::StorageDenied);
        walk.fails(cause, object, vec![evidence(format!("log of {place}"), "last words", words)], "");
    }
}

fn unschedulable(walk: &mut Walk<'_>, object: &ObjectRef, pod: &Pod, words: &str) {
    let seen = evidence(object, "status.conditions[PodScheduled]", words);
    let claims = pod.spec.volumes.iter().filter_map(|it| it.persistent_volume_claim.as_ref()).map(|it| &it.claim_name);
    for name in claims {
        let claim = ObjectRef::core("PersistentVolumeClaim", object.namespace.as_deref().unwrap_or_default(), name);
        if let Some(why) = unbound(walk, &claim) {
            walk.fails(Cause::VolumeUnbound, &claim, vec![why, seen.clone()], "");
        }
    }
    walk.fails(Cause::Unschedulable, object, vec![seen], "");
}

/// Why a claim has no volume.
fn unbound(walk: &mut Walk<'_>, claim: &ObjectRef) -> Option<Evidence> {
    let found = match walk.get(claim) {
        Seen::Absent => return Some(evidence(claim, "metadata.name", "not found")),
        Seen::Found(found) => found,
        Seen::Unread(_) | Seen::NotAsked => return None,
    };
    let phase = text(found, "/status/phase").unwrap_or_default();
    if phase == "Bound" {
        return None;
    }
    walk.link(1, claim, LinkState::Waiting, phase);
    let Some(class) = text(found, "/spec/storageClassName") else {
        return Some(evidence(claim, "spec.storageClassName", "none, and the cluster has no default class"));
    };
    let object = ObjectRef::of_cluster("storage.k8s.io/v1", "StorageClass", class);
    if walk.get(&object).is_absent() {
        return Some(evidence(claim, "spec.storageClassName", format!("{class}, which does not exist")));
    }
    let event = walk.seen.events(claim).into_iter().rev().find(|it| it.r#type == "Warning");
    Some(event.map_or_else(
        || evidence(claim, "status.phase", phase),
        |it| evidence(claim, &format!("event {}", it.reason), it.message.unwrap_or_default()),
    ))
}

/// What keeps a volume from being mounted: that comes before any container.
fn mounts(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    if is_past_mounts(found) {
        return;
    }
    let event = walk
        .seen
        .events(object)
        .into_iter()
        .rev()
        .find(|it| matches!(it.reason.as_str(), "FailedMount" | "FailedAttachVolume"));
    if let Some(event) = event {
        let seen = evidence(object, &format!("event {}", event.reason), event.message.unwrap_or_default());
        walk.fails(Cause::VolumeMount, object, vec![seen.at(event.last_timestamp.as_deref())], "");
    }
}

/// Whether all volumes were mounted: a container has run, or waits for something that comes later.
fn is_past_mounts(pod: &Value) -> bool {
    let has_run = |it: &Value| {
        ["/state/running", "/state/terminated", "/lastState/terminated"].iter().any(|at| it.pointer(at).is_some())
    };
    let is_later = |it: &Value| {
        text(it, "/state/waiting/reason").is_some_and(|it| !matches!(it, "ContainerCreating" | "PodInitializing"))
    };
    statuses(pod).any(|it| has_run(it) || is_later(it))
}

fn not_ready(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let is_running = text(found, "/status/phase") == Some("Running");
    let Some(ready) = condition(found, "Ready").filter(|_| is_running) else { return };
    let event = walk.seen.events(object).into_iter().rev().find(|it| it.reason == "Unhealthy");
    let mut seen: Vec<Evidence> = event
        .map(|it| evidence(object, "event Unhealthy", it.message.unwrap_or_default()).at(it.last_timestamp.as_deref()))
        .into_iter()
        .collect();
    seen.push(ready.evidence(object, "Ready"));
    let names = waiting(found).into_iter().map(|it| it.name);
    let words = names.filter_map(|name| last_words(walk, object, &name)).find(|words| speaks_of_failure(words));
    seen.extend(words.map(|words| evidence("log", "last words", words)));
    walk.fails(Cause::NotReady, object, seen, "");
}
