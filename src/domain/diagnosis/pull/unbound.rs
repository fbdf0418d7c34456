//! Secrets that a Pod could be given: which of them is the right one, as far as their logins could be tried.

use crate::domain::diagnosis::cause::Cause;
use crate::domain::diagnosis::report::LinkState;
use crate::domain::diagnosis::snapshot::{LoginAnswer, text};
use crate::domain::diagnosis::walk::{Walk, evidence, reference};
use crate::domain::kubernetes::ObjectRef;

use super::Pull;
use super::login::{Candidate, candidate, named, probe, tried_login};

/// What is added to the advice where a login could not be tried.
const IF_RIGHT: &str = "if its login is the right one, which could not be tried from here";

/// Whether the registry accepts the login of a candidate; `None` if it was not tried.
fn is_right(walk: &Walk<'_>, pull: &Pull<'_>, it: &Candidate<'_>) -> Option<bool> {
    match probe(walk, pull, &reference(it.secret), it.taken.as_deref()?)?.answer {
        LoginAnswer::Accepted => Some(true),
        LoginAnswer::Refused | LoginAnswer::Denied => Some(false),
        LoginAnswer::Untried => None,
    }
}

/// Whether it is known not to be.
pub(super) fn was_refused(walk: &Walk<'_>, pull: &Pull<'_>, it: &Candidate<'_>) -> bool {
    is_right(walk, pull, it) == Some(false)
}

/// Those that are right, or else those of which that is not known.
fn best<'a, 'b>(walk: &Walk<'_>, pull: &Pull<'_>, all: &[&'b Candidate<'a>]) -> Vec<&'b Candidate<'a>> {
    let of = |wanted: Option<bool>| all.iter().copied().filter(|it| is_right(walk, pull, it) == wanted).collect();
    let right: Vec<_> = of(Some(true));
    if right.is_empty() { of(None) } else { right }
}

/// Secrets that would do and that the Pod does not name.
pub(super) fn unbound(walk: &mut Walk<'_>, pull: &Pull<'_>, names: &[String], mark: usize) {
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
    let unnamed: Vec<&Candidate<'_>> = here.iter().copied().filter(|it| !names.contains(&it.name)).collect();
    let best_here = best(walk, pull, &unnamed);
    for it in &best_here {
        recommend(walk, pull, it, names, (&account, &of_account));
    }
    if best_here.is_empty() {
        for it in unnamed {
            refuse(walk, pull, it, names);
        }
    }
    if here.is_empty() && !walk.has_failed_since(mark) {
        fits_elsewhere(walk, pull, &best(walk, pull, &elsewhere), names);
    }
}

/// One of the Pod's namespace that would do, or may.
fn recommend(
    walk: &mut Walk<'_>,
    pull: &Pull<'_>,
    it: &Candidate<'_>,
    names: &[String],
    (account, of_account): (&ObjectRef, &[String]),
) {
    let object = reference(it.secret);
    let key = it.taken.as_deref().unwrap_or_default();
    let mut seen = vec![evidence(pull.pod, "spec.imagePullSecrets", listed(names))];
    if of_account.contains(&it.name) {
        seen.push(evidence(account, "imagePullSecrets", listed(of_account)));
        walk.fails(Cause::PullSecretBoundLate, pull.pod, seen, "");
        return;
    }
    seen.push(evidence(&object, "auths", format!("`{key}` would be taken")));
    seen.push(evidence(account, "imagePullSecrets", listed(of_account)));
    seen.extend(probe(walk, pull, &object, key).map(|tried| tried_login(pull, &object, tried)));
    let remedy = match is_right(walk, pull, it) {
        Some(_) => String::new(),
        None => format!(
            "{IF_RIGHT}, name it in `imagePullSecrets` of the service account (`service_accounts` of `berth_pull_secret`), then \
             make the Pod anew"
        ),
    };
    walk.fails(Cause::PullSecretNotBound, &object, seen, remedy);
}

/// One of the Pod's namespace that is for the registry, and whose login that refuses.
fn refuse(walk: &mut Walk<'_>, pull: &Pull<'_>, it: &Candidate<'_>, names: &[String]) {
    let object = reference(it.secret);
    let Some(tried) = it.taken.as_deref().and_then(|key| probe(walk, pull, &object, key)) else { return };
    walk.link(1, &object, LinkState::Failing, format!("`{}` as {}: {}", tried.key, tried.username, tried.answer));
    let seen = vec![
        tried_login(pull, &object, tried),
        evidence(pull.pod, "spec.imagePullSecrets", listed(names)),
        pull.words.clone(),
    ];
    let (cause, mend) = match tried.answer {
        LoginAnswer::Denied => (Cause::PullDenied, "give its user the right to pull this repository"),
        _ => (Cause::RegistryLoginRefused, "correct its password"),
    };
    let remedy = format!(
        "{mend}, and name it in `imagePullSecrets` of the service account (`service_accounts` of `berth_pull_secret`); then make \
         the Pod anew"
    );
    walk.fails(cause, &object, seen, remedy);
}

/// Secrets of other namespaces that would do, or may.
fn fits_elsewhere(walk: &mut Walk<'_>, pull: &Pull<'_>, elsewhere: &[&Candidate<'_>], names: &[String]) {
    let Some(first) = elsewhere.first() else { return };
    let condition = if is_right(walk, pull, first).is_none() { format!("{IF_RIGHT}, ") } else { String::new() };
    let object = reference(first.secret);
    let others = elsewhere.len() - 1;
    let more = if others == 0 { String::new() } else { format!(", and {others} more") };
    let seen = vec![
        evidence(&object, "metadata.namespace", format!("{}{more}", object.namespace.clone().unwrap_or_default())),
        evidence(pull.pod, "spec.imagePullSecrets", listed(names)),
    ];
    let remedy = format!("{condition}write it to the namespace {} as well, and bind it there", pull.namespace);
    walk.fails(Cause::PullSecretElsewhere, &object, seen, remedy);
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
