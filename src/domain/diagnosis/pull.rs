//! Images that a node cannot pull: which login it tried, and why that did not do.

mod login;
mod unbound;
mod words;

use serde_json::Value;

use crate::domain::dockerconfig::compared_host;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::registry_name::without_port;

use super::cause::Cause;
use super::pod::statuses;
use super::report::{Evidence, LinkState, Severity};
use super::snapshot::{Answer, RegistryAnswer, text};
use super::walk::{Walk, evidence};

use login::by_login;
use words::trouble;

/// Whether the kubelet waits for an image (`pkg/kubelet/images/types.go`).
pub fn is_failed_pull(reason: &str) -> bool {
    matches!(reason, "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable")
}

/// The containers of a Pod whose image could not be pulled, with the image.
pub fn pulled_images(pod: &Value) -> Vec<(String, String)> {
    let failed = statuses(pod).filter(|it| text(it, "/state/waiting/reason").is_some_and(is_failed_pull));
    // The status has the image as the runtime names it, which may be shorter.
    failed
        .filter_map(|it| {
            let name = text(it, "/name")?;
            let places = ["/spec/initContainers", "/spec/containers"];
            let specs = places.iter().filter_map(|place| pod.pointer(place)?.as_array()).flatten();
            let spec = specs.into_iter().find(|spec| text(spec, "/name") == Some(name));
            Some((
                name.to_owned(),
                spec.and_then(|spec| text(spec, "/image")).or_else(|| text(it, "/image"))?.to_owned(),
            ))
        })
        .collect()
}

/// What a failed pull is judged by.
struct Pull<'a> {
    pod: &'a ObjectRef,
    found: &'a Value,
    namespace: &'a str,
    image: &'a str,
    host: String,
    /// The node's own words.
    words: Evidence,
}

/// Finds the cause of a failed pull.
pub fn look(walk: &mut Walk<'_>, pod: &ObjectRef, found: &Value, image: &str, waiting: &Evidence) {
    let event = walk.seen.events(pod).into_iter().rev().find(|event| {
        event.reason == "Failed"
            && event.message.as_deref().is_some_and(|it| it.contains("ailed to pull image") && it.contains(image))
    });
    let words = event.map_or_else(
        || waiting.clone(),
        |event| evidence(pod, "event Failed", event.message.unwrap_or_default()).at(event.last_timestamp.as_deref()),
    );
    let host = compared_host(image);
    let namespace = pod.namespace.as_deref().unwrap_or_default();
    let pull = Pull { pod, found, namespace, image, host, words };
    let registry = walk.seen.registries.get(&pull.host);
    registry_link(walk, &pull, registry);
    match trouble(&pull.words.text) {
        Some(Cause::NodeName) if has_no_address(walk, &pull) => {
            let seen = beside(walk, &pull, Cause::NodeName, registry);
            walk.fails(
                Cause::NameNotFound,
                pull.pod,
                seen,
                "make a record for the registry's name that the nodes' resolvers see",
            );
        }
        Some(Cause::PullLoginMissing) => by_login(walk, &pull),
        Some(cause) => {
            let seen = beside(walk, &pull, cause, registry);
            walk.fails(cause, pull.pod, seen, "");
        }
        // Its registry may say that there is no such image to those without a login.
        None => {
            walk.finds(Severity::Failure, Cause::ImagePull, pull.pod, vec![pull.words.clone()], "");
        }
    }
}

/// Whether nobody knows the name, here as little as at the node.
fn has_no_address(walk: &Walk<'_>, pull: &Pull<'_>) -> bool {
    let bare = without_port(&pull.host);
    matches!(walk.seen.names.get(bare), Some(Answer::Told(told)) if told.own.is_empty() && told.resolved.is_empty())
}

fn registry_link(walk: &mut Walk<'_>, pull: &Pull<'_>, registry: Option<&RegistryAnswer>) {
    let Some(answer) = registry else { return };
    let (state, words) = match (&answer.fault, answer.status) {
        (Some(fault), _) => (LinkState::Failing, fault.clone()),
        (None, Some(status)) => (LinkState::Ok, format!("answers {status} without a login, asked from here")),
        (None, None) => (LinkState::Unknown, String::new()),
    };
    walk.link(1, format!("registry {}", pull.host), state, words);
}

/// What speaks for a cause beside the node's words: what is seen from here.
fn beside(walk: &Walk<'_>, pull: &Pull<'_>, cause: Cause, registry: Option<&RegistryAnswer>) -> Vec<Evidence> {
    let mut seen = vec![pull.words.clone()];
    let place = format!("registry {}", pull.host);
    match (cause, registry) {
        (
            Cause::NodeTrust | Cause::RegistryCertificateName | Cause::RegistryCertificateEnded,
            Some(RegistryAnswer { certificate: Some(shown), .. }),
        ) => {
            seen.push(evidence(
                place,
                "certificate",
                format!("issued by {}, valid until {}", shown.issuer, shown.not_after),
            ));
        }
        (Cause::NodeName, _) => {
            let bare = without_port(&pull.host);
            match walk.seen.names.get(bare) {
                Some(Answer::Told(told)) if told.own.is_empty() && told.resolved.is_empty() => {
                    seen.push(evidence(format!("DNS {bare}"), "A, AAAA", "none, asked from here"));
                }
                Some(Answer::Told(told)) => {
                    let all = [told.own.clone(), told.resolved.clone()].concat();
                    seen.push(evidence(
                        format!("DNS {bare}"),
                        "A, AAAA",
                        format!("{}, asked from here: the node's resolvers see otherwise", all.join(", ")),
                    ));
                }
                _ => {}
            }
        }
        (_, Some(RegistryAnswer { fault: Some(fault), .. })) => seen.push(evidence(place, "asked from here", fault)),
        _ => {}
    }
    seen
}
