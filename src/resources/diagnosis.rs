//! Ends a wait in vain with the cause that a diagnosis finds.

use std::time::Duration;

use crate::clients::diagnosis::{Subject, World, diagnose};
use crate::domain::diagnosis::{Cause, Finding, LinkState, Report, Severity};
use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;

/// How long a diagnosis may take when the time for the operation is over.
const LIMIT: Duration = Duration::from_secs(10);

/// What a diagnosis calls an object; `None` where it knows nothing of its kind.
pub fn subject_of(object: &ObjectRef) -> Option<Subject> {
    let ObjectRef { namespace, name, .. } = object.clone();
    match (object.group(), object.kind.as_str(), namespace) {
        ("cert-manager.io", "Certificate", Some(namespace)) => Some(Subject::Certificate { namespace, name }),
        ("cert-manager.io", "Issuer" | "ClusterIssuer", namespace) => Some(Subject::Issuer { namespace, name }),
        ("apps", "Deployment", Some(namespace)) => Some(Subject::Deployment { namespace, name }),
        ("", "Pod", Some(namespace)) => Some(Subject::Pod { namespace, name }),
        _ => None,
    }
}

/// The message with what a diagnosis of the subject adds to it, if that is one of `causes`; the message as it is where
/// nothing more can be told.
pub async fn with_cause(cx: &Cx, subject: &Subject, causes: &[Cause], told: Explanation) -> Explanation {
    match report(cx, subject).await.as_ref().and_then(|it| worth_telling(it, causes)) {
        Some(finding) => told.adding(&words(finding)),
        None => told,
    }
}

/// The message with what each object on the way to the cause says of itself, and the cause; the message as it is where nothing
/// more can be told.
pub async fn with_the_way(cx: &Cx, object: &ObjectRef, told: Explanation) -> Explanation {
    let Some(subject) = subject_of(object) else { return told };
    let Some(report) = report(cx, &subject).await else { return told };
    let amiss = report.chain.iter().filter(|link| link.state != LinkState::Ok);
    let told = told.seen(amiss.map(|link| format!("{}: {}", link.object, link.words)).collect::<Vec<_>>());
    match report.first().filter(|finding| finding.severity == Severity::Failure) {
        Some(finding) => told.adding(&words(finding)),
        None => told,
    }
}

async fn report(cx: &Cx, subject: &Subject) -> Option<Report> {
    let provider = cx.provider();
    let dns = provider.dns().ok()?;
    let roots = provider.registry_roots().await;
    let world = World {
        cluster: provider.cluster().ok(),
        dns: &dns,
        network: provider.network(),
        clock: cx.clock(),
        ca_pem: roots.as_deref(),
        login: None,
        // Whoever may apply need not be one who may list Secrets.
        searches: false,
    };
    diagnose(&world, subject, &Budget::for_cleanup(LIMIT)).await.ok()
}

fn worth_telling<'a>(report: &'a Report, causes: &[Cause]) -> Option<&'a Finding> {
    report.first().filter(|it| it.severity == Severity::Failure && causes.contains(&it.cause))
}

fn words(finding: &Finding) -> String {
    let seen = finding.evidence.first().map(|it| format!(" ({}: {})", it.object, it.text)).unwrap_or_default();
    let remedy = within_a_sentence(finding.remedy.trim_end_matches('.'));
    format!("cause {}: {}{seen}; {remedy}", finding.cause.code(), finding.cause.meaning())
}

/// A sentence as a part of another: without the capital that it begins with, unless that is of a name.
fn within_a_sentence(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_goes_on_in_the_sentence_before_it() {
        assert_eq!(within_a_sentence("Correct the class"), "correct the class");
        assert_eq!(within_a_sentence("TLS is needed"), "TLS is needed");
        assert_eq!(within_a_sentence("`a` is"), "`a` is");
    }
}
