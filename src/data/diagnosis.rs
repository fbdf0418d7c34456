//! What the diagnoses of certificates, Pods and registries have in common: their outcome, and the way to it.

use crate::clients::diagnosis::{Subject, World, diagnose};
use crate::domain::diagnosis::{Evidence, Finding, Health, Link, Report};
use crate::explain::Explanation;
use crate::provider::{Access, Berth, Cx};
use crate::sdk::{Computed, Model, Result};

/// What a diagnosis says.
#[derive(Clone, Debug, Model)]
pub struct Outcome {
    /// Whether it works. `false` also where that cannot be told: `health` says which.
    pub healthy: Computed<bool>,
    /// `healthy`, `failing`, or `unknown`: on its way, or what would tell may not be read.
    pub health: Computed<String>,
    /// The code of the cause to begin with, such as `name-not-found`; the guide on troubleshooting lists all of them. Empty
    /// where nothing is wrong. What works may have one as well: of a warning, such as a renewal that will fail.
    pub cause: Computed<String>,
    /// What speaks for the cause, the most telling first.
    pub evidence: Computed<Vec<EvidenceModel>>,
    /// What can be done about the cause. Empty where there is none.
    pub remedy: Computed<String>,
    /// The objects on the way from the subject to the cause.
    pub chain: Computed<Vec<LinkModel>>,
    /// All causes, the first of them to begin with.
    pub findings: Computed<Vec<FindingModel>>,
    /// What could not be read, and why. Rights that are missing are no error.
    pub unread: Computed<Vec<String>>,
}

/// Something that was seen.
#[derive(Clone, Debug, Model)]
pub struct EvidenceModel {
    /// The object, or the question to the world: `Challenge apps/web-1`, `DNS hub.example`.
    pub object: String,
    /// The field, or the part of the answer.
    pub field: String,
    /// What stood there.
    pub text: String,
    /// When it was written, RFC 3339, if that is known.
    pub time: Option<String>,
}

/// An object on the way.
#[derive(Clone, Debug, Model)]
pub struct LinkModel {
    /// How deep it is below the subject.
    pub depth: i64,
    /// The object.
    pub object: String,
    /// `ok`, `waiting`, `failing`, `absent` or `unknown`.
    pub state: String,
    /// What it says of itself.
    pub words: String,
}

/// One cause.
#[derive(Clone, Debug, Model)]
pub struct FindingModel {
    /// The cause's code.
    pub cause: String,
    /// `failure`, `warning` or `note`.
    pub severity: String,
    /// The object that it holds for.
    pub subject: String,
    /// What was seen.
    pub evidence: Vec<EvidenceModel>,
    /// What can be done.
    pub remedy: String,
}

/// The login that is tried and the certificates that are trusted. A registry is asked as the provider asks it, by what the
/// block gives for it; images may be of any.
async fn access(provider: &Berth, subject: &Subject) -> Result<Access> {
    match subject {
        Subject::Registry { host } => Ok(provider.registry_access(host).await?),
        _ => Ok(Access { login: None, ca_pem: provider.registry_roots().await }),
    }
}

/// Diagnoses a subject and writes down what was found. `ca_pem` is trusted for registries, beside what the provider block
/// gives.
pub async fn fill(cx: &Cx, subject: &Subject, ca_pem: Option<&str>, outcome: &mut Outcome, what: &str) -> Result<()> {
    let provider = cx.provider();
    let dns = provider.dns()?;
    let access = access(provider, subject).await?;
    let roots: Vec<&str> = ca_pem.into_iter().chain(access.ca_pem.as_deref()).collect();
    let roots = roots.join("\n");
    let world = World {
        cluster: Some(provider.cluster()?),
        dns: &dns,
        network: provider.network(),
        clock: cx.clock(),
        ca_pem: Some(roots.as_str()).filter(|roots| !roots.is_empty()),
        login: access.login.as_ref(),
        searches: true,
    };
    let report = diagnose(&world, subject, cx.budget()).await.map_err(|error| error.explain(what))?;
    write(report, outcome);
    Ok(())
}

fn write(report: Report, outcome: &mut Outcome) {
    let first = report.first().cloned();
    outcome.healthy.set(report.health == Health::Healthy);
    outcome.health.set(report.health.name().to_owned());
    // Not null where nothing is wrong: the `error_message` of a check is evaluated then as well.
    outcome.cause.set(first.as_ref().map(|it| it.cause.code().to_owned()).unwrap_or_default());
    outcome.remedy.set(first.as_ref().map(|it| it.remedy.clone()).unwrap_or_default());
    outcome.evidence.set(first.map(|it| evidence(it.evidence)).unwrap_or_default());
    outcome.chain.set(report.chain.into_iter().map(link).collect::<Vec<_>>());
    outcome.findings.set(report.findings.into_iter().map(finding).collect::<Vec<_>>());
    outcome.unread.set(report.unread);
}

fn evidence(seen: Vec<Evidence>) -> Vec<EvidenceModel> {
    let one = |Evidence { object, field, text, time }| EvidenceModel { object, field, text, time };
    seen.into_iter().map(one).collect()
}

fn link(Link { depth, object, state, words }: Link) -> LinkModel {
    LinkModel { depth: i64::try_from(depth).unwrap_or(i64::MAX), object, state: state.name().to_owned(), words }
}

fn finding(Finding { cause, severity, subject, evidence: seen, remedy }: Finding) -> FindingModel {
    let (cause, severity) = (cause.code().to_owned(), severity.name().to_owned());
    FindingModel { cause, severity, subject, evidence: evidence(seen), remedy }
}

/// The failure of a question that names nothing.
pub fn unreadable(what: String, next: &str, attribute: &str) -> Explanation {
    Explanation::new("BERTH-DIAG-001", what).next(next).at(attribute)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;
    use crate::provider::Config;
    use crate::sdk::{Path, Provider as _, Settings, Value};

    #[test]
    fn where_nothing_is_wrong_the_texts_are_empty_and_not_null() {
        let (subject, health) = ("registry hub.test".to_owned(), Health::Healthy);
        let (findings, chain, unread) = (Vec::new(), Vec::new(), Vec::new());
        let nothing: [(&str, Value); 0] = [];
        let mut outcome = Outcome::decode(&Value::object(nothing), &Path::root()).unwrap();
        write(Report { subject, health, findings, chain, unread }, &mut outcome);
        assert_eq!((outcome.cause.get(), outcome.remedy.get()), (Some(&String::new()), Some(&String::new())));
    }

    #[tokio::test]
    async fn a_registry_is_trusted_by_its_own_roots_only() {
        let mut config = Config::default();
        for host in ["one.test", "two.test"] {
            let given = config.registries.get_or_insert_default().entry(host.to_owned()).or_default();
            given.ca_pem = Some(format!("roots of {host}"));
        }
        let settings = Settings { model: config, unknown: Vec::new() };
        let provider = Berth::configure(settings, &Env::default()).unwrap();
        let roots = async |subject: &Subject| access(&provider, subject).await.unwrap().ca_pem.unwrap();
        assert_eq!(roots(&Subject::Registry { host: "one.test".to_owned() }).await, "roots of one.test");
        let pod = Subject::Pod { namespace: "apps".to_owned(), name: "web".to_owned() };
        assert_eq!(roots(&pod).await, "roots of one.test\nroots of two.test");
    }
}
