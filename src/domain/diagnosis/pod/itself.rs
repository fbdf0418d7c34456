//! What a Pod says of itself, whatever its containers say: that it was ended, is held back, is leaving, or is not past what
//! comes first.

use serde_json::Value;

use crate::domain::diagnosis::cause::Cause;
use crate::domain::diagnosis::report::Evidence;
use crate::domain::diagnosis::snapshot::text;
use crate::domain::diagnosis::walk::{Walk, condition, evidence, since};
use crate::domain::kubernetes::ObjectRef;

use super::{PATIENCE, last_words, log_of};

const MORE_TIME: &str =
    "Raise `activeDeadlineSeconds` of the Pod, or of the Job that makes it; see also why it takes so long.";
const MORE_ROOM: &str = "Set `resources.requests` to what the Pod needs, so that it comes to a node that has it, or free what the node ran short of.";

/// Notes all of it; whether the cluster has ended the Pod, so that its containers tell nothing more.
pub fn look(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) -> bool {
    gated(walk, object, found);
    leaving(walk, object, found);
    first_containers(walk, object, found);
    ended(walk, object, found)
}

/// A Pod that was ended has a reason beside its phase (kubelet: `Evicted`, `DeadlineExceeded`, `Terminated`, `NodeShutdown`;
/// `Preempting`, `UnexpectedAdmissionError`, `OutOfcpu`; `NodeLost`).
fn ended(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) -> bool {
    let reason = text(found, "/status/reason").filter(|_| text(found, "/status/phase") == Some("Failed"));
    let Some(reason) = reason else { return false };
    let words = text(found, "/status/message").map_or_else(|| reason.to_owned(), |words| format!("{reason}: {words}"));
    let remedy = match reason {
        "DeadlineExceeded" => MORE_TIME,
        "Evicted" => MORE_ROOM,
        _ => "",
    };
    walk.fails(Cause::PodEnded, object, vec![evidence(object, "status.reason", words)], remedy);
    true
}

fn gated(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let gates: Vec<&str> = elements(found, "/spec/schedulingGates").filter_map(|gate| text(gate, "/name")).collect();
    if gates.is_empty() {
        return;
    }
    let seen = evidence(object, "spec.schedulingGates", gates.join(", "));
    let told = condition(found, "PodScheduled").map(|it| it.evidence(object, "PodScheduled"));
    walk.fails(Cause::SchedulingGated, object, std::iter::once(seen).chain(told).collect(), "");
}

/// The moment of the deletion is the one by which it should be gone.
fn leaving(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let Some(moment) = text(found, "/metadata/deletionTimestamp") else { return };
    if since(walk.seen, moment).is_none_or(|late| late < PATIENCE) {
        return;
    }
    let names: Vec<&str> = elements(found, "/metadata/finalizers").filter_map(Value::as_str).collect();
    let seen = if names.is_empty() {
        evidence(object, "metadata.deletionTimestamp", moment)
    } else {
        evidence(object, "metadata.finalizers", names.join(", "))
    };
    let remedy = if names.is_empty() { String::new() } else { serve_finalizers(object) };
    walk.fails(Cause::PodLeaving, object, vec![seen], remedy);
}

fn serve_finalizers(pod: &ObjectRef) -> String {
    let namespace = pod.namespace.as_deref().unwrap_or("default");
    format!(
        "See that what serves these finalizers runs in the cluster; if it is gone for good, take them off: `kubectl -n {namespace} \
         patch pod {} --type=merge -p '{{\"metadata\":{{\"finalizers\":null}}}}'`.",
        pod.name
    )
}

/// Containers that come before the others and do not end. Those that are to run on beside the others have a `restartPolicy`.
fn first_containers(walk: &mut Walk<'_>, object: &ObjectRef, found: &Value) {
    let runs_on = |name: &str| {
        let mut declared = elements(found, "/spec/initContainers").filter(|it| text(it, "/name") == Some(name));
        declared.any(|it| text(it, "/restartPolicy") == Some("Always"))
    };
    let began = |it: &Value| text(it, "/state/running/startedAt").map(str::to_owned);
    let open = elements(found, "/status/initContainerStatuses").filter_map(|it| Some((text(it, "/name")?, began(it)?)));
    let held =
        open.filter(|(name, _)| !runs_on(name)).find(|(_, at)| since(walk.seen, at).is_some_and(|it| it >= PATIENCE));
    let Some((name, at)) = held else { return };
    let log = last_words(walk, object, name).map(|words| evidence(log_of(object, name), "last words", words));
    let field = format!("status.initContainerStatuses[{name}].state.running.startedAt");
    let seen: Vec<Evidence> = log.into_iter().chain([evidence(object, &field, at)]).collect();
    walk.fails(Cause::InitRuns, object, seen, "");
}

fn elements<'a>(object: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    object.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
