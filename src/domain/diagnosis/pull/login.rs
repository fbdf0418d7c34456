//! The logins of a Pod: which of its pull secrets the kubelet takes, and what is wrong with each.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::domain::diagnosis::cause::Cause;
use crate::domain::diagnosis::reduced::is_pull_secret;
use crate::domain::diagnosis::report::{LinkState, Severity};
use crate::domain::diagnosis::snapshot::{LoginAnswer, LoginProbe, Seen, text};
use crate::domain::diagnosis::walk::{Walk, evidence, reference};
use crate::domain::dockerconfig::{Match, matches};
use crate::domain::kubernetes::ObjectRef;

use super::Pull;

/// A Secret that may hold a login, and how its keys stand to the image.
struct Candidate<'a> {
    secret: &'a Value,
    name: String,
    /// The key that the kubelet takes.
    taken: Option<String>,
    /// Keys for the same registry that it does not take, and why.
    other_forms: Vec<(String, String)>,
    has_auths: bool,
    keys: Vec<String>,
}

fn candidate<'a>(secret: &'a Value, image: &str) -> Candidate<'a> {
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
fn named(object: &Value, pointer: &str) -> Vec<String> {
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
        .filter(|it| text(it, "/metadata/name") == Some(&secret.name) && candidate(it, pull.image).taken.is_some())
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
    let from = format!("{}/{}", pull.namespace, object.name);
    let tried = walk
        .seen
        .registries
        .get(&pull.host)
        .and_then(|it| it.logins.iter().find(|it| it.from == from && it.key == key));
    let Some(LoginProbe { username, answer, words, .. }) = tried.cloned() else {
        walk.link(1, object, LinkState::Ok, format!("`{key}` is tried; the registry was not asked"));
        // The node was refused with just this login.
        let seen = vec![
            evidence(object, "auths", format!("`{key}` is taken for the image `{}`", pull.image)),
            pull.words.clone(),
        ];
        walk.fails(refusal(pull), object, seen, "");
        return;
    };
    let told = |field: &str| {
        evidence(
            format!("registry {}", pull.host),
            field,
            format!("user `{username}` of {object}: {answer} {words}").trim(),
        )
    };
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
                vec![told("login"), pull.words.clone()],
                "wait for the node's next try, or make the Pod anew",
            );
            return;
        }
    };
    walk.fails(cause, object, vec![told("login"), pull.words.clone()], "");
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

/// Secrets that would do and that the Pod does not name.
fn unbound(walk: &mut Walk<'_>, pull: &Pull<'_>, names: &[String], mark: usize) {
    let account_name = text(pull.found, "/spec/serviceAccountName").unwrap_or("default");
    let account = ObjectRef::service_account(pull.namespace, account_name);
    let of_account = walk.get(&account).found().map(|it| named(it, "/imagePullSecrets")).unwrap_or_default();
    if !walk.seen.is_listed("Secret", Some(pull.namespace)) {
        walk.unread(&format!("the Secrets of {}: whether one of them would do is not known", pull.namespace));
    }
    let all: Vec<Candidate<'_>> = walk.seen.all("Secret", None).map(|it| candidate(it, pull.image)).collect();
    let fitting = all.iter().filter(|it| it.taken.is_some());
    let (here, elsewhere): (Vec<_>, Vec<_>) =
        fitting.partition(|it| reference(it.secret).namespace.as_deref() == Some(pull.namespace));
    for it in here.iter().filter(|it| !names.contains(&it.name)) {
        let object = reference(it.secret);
        let key = it.taken.as_deref().unwrap_or_default();
        let mut seen = vec![evidence(pull.pod, "spec.imagePullSecrets", listed(names))];
        if of_account.contains(&it.name) {
            seen.push(evidence(&account, "imagePullSecrets", listed(&of_account)));
            walk.fails(Cause::PullSecretBoundLate, pull.pod, seen, "");
        } else {
            seen.push(evidence(&object, "auths", format!("`{key}` would be taken")));
            seen.push(evidence(&account, "imagePullSecrets", listed(&of_account)));
            walk.fails(Cause::PullSecretNotBound, &object, seen, "");
        }
    }
    if here.is_empty() && !walk.has_failed_since(mark) {
        fits_elsewhere(walk, pull, &elsewhere, names);
    }
}

/// Secrets of other namespaces that would do.
fn fits_elsewhere(walk: &mut Walk<'_>, pull: &Pull<'_>, elsewhere: &[&Candidate<'_>], names: &[String]) {
    let mut objects = elsewhere.iter().map(|it| reference(it.secret));
    let Some(first) = objects.next() else { return };
    let others = objects.count();
    let more = if others == 0 { String::new() } else { format!(", and {others} more") };
    let seen = vec![
        evidence(&first, "metadata.namespace", format!("{}{more}", first.namespace.clone().unwrap_or_default())),
        evidence(pull.pod, "spec.imagePullSecrets", listed(names)),
    ];
    let remedy = format!("write it to the namespace {} as well, and bind it there", pull.namespace);
    walk.fails(Cause::PullSecretElsewhere, &first, seen, remedy);
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
