//! The logins of a Pod: which of its pull secrets the kubelet takes, and what is wrong with each.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::diagnosis::cause::Cause;
use crate::domain::diagnosis::reduced::is_pull_secret;
use crate::domain::diagnosis::report::{Evidence, LinkState, Severity};
use crate::domain::diagnosis::snapshot::{LoginAnswer, LoginProbe, RegistryAnswer, Seen, text};
use crate::domain::diagnosis::walk::{Walk, evidence, reference};
use crate::domain::dockerconfig::{Match, matches};
use crate::domain::kubernetes::ObjectRef;

use super::Pull;
use super::unbound::{unbound, was_refused};

/// A Secret that may hold a login, and how its keys stand to the image.
pub(super) struct Candidate<'a> {
    pub secret: &'a Value,
    pub name: String,
    /// The key that the kubelet takes.
    pub taken: Option<String>,
    /// Keys for the same registry that it does not take, and why.
    other_forms: Vec<(String, String)>,
    has_auths: bool,
    keys: Vec<String>,
}

pub(super) fn candidate<'a>(secret: &'a Value, image: &str) -> Candidate<'a> {
    let object = reference(secret);
    let auths: Vec<String> =
        secret.get("auths").and_then(Value::as_object).map(|it| it.keys().cloned().collect()).unwrap_or_default();
    let judged: BTreeMap<&String, Match> = auths.iter().map(|key| (key, matches(key, image))).collect();
    let taken = judged.iter().find(|(_, it)| **it == Match::Takes).map(|(key, _)| (*key).clone());
    let other_forms = judged.iter().filter_map(|(key, it)| match it {
        Match::OtherForm(why) => Some(((*key).clone(), why.clone())),
        Match::Takes | Match::OtherRegistry => None,
    });
    Candidate {
        secret,
        name: object.name,
        taken,
        other_forms: other_forms.collect(),
        has_auths: text(secret, "/type").is_some_and(is_pull_secret)
            && secret.get("auths").is_some_and(Value::is_object),
        keys: auths,
    }
}

/// The names under `imagePullSecrets`.
pub(super) fn named(object: &Value, pointer: &str) -> Vec<String> {
    let all = object.pointer(pointer).and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|it| it.get("name")?.as_str().map(str::to_owned)).collect()
}

/// The registry wants a login: which the Pod has, and what is wrong with each.
pub fn by_login(walk: &mut Walk<'_>, pull: &Pull<'_>) {
    let mark = walk.mark();
    let names = named(pull.found, "/spec/imagePullSecrets");
    let (mut bound, mut unknown) = (Vec::new(), Vec::new());
    for name in &names {
        let secret = ObjectRef::secret(pull.namespace, name);
        match walk.get(&secret) {
            Seen::Found(found) => bound.push(candidate(found, pull.image)),
            Seen::Absent => missing(walk, pull, &secret),
            Seen::Unread(_) | Seen::NotAsked => {
                walk.link(1, &secret, LinkState::Unknown, "could not be read");
                unknown.push(name.as_str());
            }
        }
    }
    for it in &bound {
        bound_secret(walk, pull, it);
    }
    if bound.iter().any(|it| it.taken.is_some()) {
        return;
    }
    if unknown.is_empty() {
        unbound(walk, pull, &names, mark);
    }
    if !walk.has_failed_since(mark) {
        nothing_fits(walk, pull, &bound, &unknown);
    }
}

/// None of the Secrets that the Pod names has a login for the image, as far as they could be read.
fn nothing_fits(walk: &mut Walk<'_>, pull: &Pull<'_>, bound: &[Candidate<'_>], unknown: &[&str]) {
    let keys = bound.iter().flat_map(|it| it.keys.iter().map(|key| format!("`{key}` of {}", it.name)));
    let (cause, words) = if !unknown.is_empty() {
        (Cause::ImagePull, format!("{} could not be read", unknown.join(", ")))
    } else if bound.is_empty() {
        (Cause::PullLoginMissing, "empty".to_owned())
    } else {
        let keys = keys.collect::<Vec<_>>().join(", ");
        (Cause::PullSecretOtherRegistry, format!("{keys} for the image `{}`", pull.image))
    };
    let remedy = match cause {
        Cause::ImagePull => {
            format!("see that one of these Secrets has a login for `{}`, or let them be read and look again", pull.host)
        }
        _ => String::new(),
    };
    let seen = vec![evidence(pull.pod, "spec.imagePullSecrets", words), pull.words.clone()];
    walk.fails(cause, pull.pod, seen, remedy);
}

/// A Secret that the Pod names and that is not there.
fn missing(walk: &mut Walk<'_>, pull: &Pull<'_>, secret: &ObjectRef) {
    walk.link(1, secret, LinkState::Absent, "");
    let mut seen = vec![evidence(
        pull.pod,
        "spec.imagePullSecrets",
        format!("{}: no such Secret in {}", secret.name, pull.namespace),
    )];
    let event = walk.seen.events(pull.pod).into_iter().rev().find(|it| it.reason == "FailedToRetrieveImagePullSecret");
    seen.extend(event.map(|it| {
        evidence(pull.pod, "event FailedToRetrieveImagePullSecret", it.message.unwrap_or_default())
            .at(it.last_timestamp.as_deref())
    }));
    let elsewhere: Vec<String> = walk
        .seen
        .all("Secret", None)
        .filter(|it| text(it, "/metadata/name") == Some(&secret.name))
        .filter(|it| {
            let found = candidate(it, pull.image);
            found.taken.is_some() && !was_refused(walk, pull, &found)
        })
        .filter_map(|it| text(it, "/metadata/namespace").map(str::to_owned))
        .filter(|namespace| namespace != pull.namespace)
        .collect();
    if elsewhere.is_empty() {
        walk.fails(Cause::PullSecretMissing, secret, seen, "");
    } else {
        seen.push(evidence(
            "Secret",
            "metadata.namespace",
            format!("{} exists in {}", secret.name, elsewhere.join(", ")),
        ));
        walk.fails(Cause::PullSecretElsewhere, secret, seen, "");
    }
}

/// A Secret that the Pod names and that exists.
fn bound_secret(walk: &mut Walk<'_>, pull: &Pull<'_>, it: &Candidate<'_>) {
    let object = reference(it.secret);
    if !it.has_auths {
        let kind = text(it.secret, "/type").unwrap_or_default();
        walk.link(1, &object, LinkState::Failing, "cannot be read by the kubelet");
        walk.fails(Cause::PullSecretUnreadable, &object, vec![evidence(&object, "type", kind)], "");
        return;
    }
    if let Some(key) = &it.taken {
        login(walk, pull, &object, key);
        return;
    }
    walk.link(1, &object, LinkState::Failing, format!("for {}", it.keys.join(", ")));
    for (key, why) in &it.other_forms {
        let seen = vec![
            evidence(&object, "auths", format!("`{key}` is not matched with the image `{}`: {why}", pull.image)),
            pull.words.clone(),
        ];
        let remedy = format!("write the key as `{}`", pull.host);
        walk.fails(Cause::PullSecretKeyForm, &object, seen, remedy);
    }
}

/// What the registry says to the login that the kubelet takes.
fn login(walk: &mut Walk<'_>, pull: &Pull<'_>, object: &ObjectRef, key: &str) {
    let Some(tried) = probe(walk, pull, object, key) else {
        walk.link(1, object, LinkState::Ok, format!("`{key}` is tried; the registry was not asked"));
        // The node was refused with just this login.
        let seen = vec![
            evidence(object, "auths", format!("`{key}` is taken for the image `{}`", pull.image)),
            pull.words.clone(),
        ];
        walk.fails(refusal(pull), object, seen, "");
        return;
    };
    let told = || tried_login(pull, object, tried);
    let (username, answer) = (&tried.username, tried.answer);
    let state = if answer == LoginAnswer::Accepted { LinkState::Ok } else { LinkState::Failing };
    walk.link(1, object, state, format!("`{key}` as {username}: {answer}"));
    let has_realm = walk.seen.registries.get(&pull.host).is_some_and(|it| it.realm.is_some());
    let cause = match answer {
        LoginAnswer::Refused => Cause::RegistryLoginRefused,
        LoginAnswer::Untried => refusal(pull),
        LoginAnswer::Denied => Cause::PullDenied,
        LoginAnswer::Accepted if has_realm && !was_refused_a_token(pull) => Cause::PullDenied,
        // It was corrected since: the kubelet tries again, with pauses of up to five minutes.
        LoginAnswer::Accepted => {
            walk.finds(
                Severity::Note,
                Cause::Waiting,
                object,
                vec![told(), pull.words.clone()],
                "wait for the node's next try, or make the Pod anew",
            );
            return;
        }
    };
    walk.fails(cause, object, vec![told(), pull.words.clone()], "");
}

/// What a login of a Secret came to, if it was tried.
pub(super) fn probe<'a>(walk: &Walk<'a>, pull: &Pull<'_>, object: &ObjectRef, key: &str) -> Option<&'a LoginProbe> {
    let from = format!("{}/{}", object.namespace.as_deref().unwrap_or_default(), object.name);
    let answer: &'a RegistryAnswer = walk.seen.registries.get(&pull.host)?;
    answer.logins.iter().find(|it| it.from == from && it.key == key)
}

/// What it came to, as evidence.
pub(super) fn tried_login(
    pull: &Pull<'_>,
    object: &ObjectRef,
    LoginProbe { username, answer, words, .. }: &LoginProbe,
) -> Evidence {
    let said = format!("user `{username}` of {object}: {answer} {words}");
    evidence(format!("registry {}", pull.host), "login", said.trim())
}

/// Why the node was refused with a login that nobody else has tried: only who is known can lack a right.
fn refusal(pull: &Pull<'_>) -> Cause {
    if pull.words.text.contains("insufficient_scope") { Cause::PullDenied } else { Cause::RegistryLoginRefused }
}

/// Whether it was the token service that refused the login (containerd, `remotes/docker/authorizer.go`); else the registry did,
/// with a token.
fn was_refused_a_token(pull: &Pull<'_>) -> bool {
    pull.words.text.contains("failed to fetch oauth token")
}
