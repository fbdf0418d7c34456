//! Takes the steps of a check, one after the other, until one fails.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::clients::cluster::{PullProof, PullRequest};
use crate::clients::http::{HttpError, addresses};
use crate::clients::oci::{Oci, OciError};
use crate::digest::sha256_hex;
use crate::domain::certificate::{Facts, moment_text};
use crate::domain::check::{Presented, Step, is_issued_by, issuers};
use crate::domain::dockerconfig::Login;
use crate::domain::probe_image::ProbeImage;
use crate::domain::registry_name::{RegistryName, base_url};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::{Pace, Stopped};
use crate::sdk::{Computed, Result};
use crate::secret::Secret;

use super::failure::{Failure, Passing, is_placeholder, pull_patience};
use super::{Question, StepResult};

const PACE: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(5));

/// The tag that the image is pushed under.
const TAG: &str = "check";

/// Hears what a check finds, step by step.
pub type Tell<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// A check under way.
struct Checking<'a> {
    cx: &'a Cx,
    question: &'a Question,
    tell: Tell<'a>,
    base: Url,
    login: Option<Login>,
    registry: Oci,
    image: ProbeImage,
    /// The time that the whole check has.
    limit: Duration,
    results: Vec<StepResult>,
}

/// The steps of a check, in their order.
pub fn steps(has_login: bool, push: bool, in_cluster: bool) -> Vec<Step> {
    let mut steps = vec![Step::Resolve, Step::Tls, Step::Anonymous];
    steps.extend(has_login.then_some(Step::Login));
    steps.extend([Step::Push, Step::Pull].into_iter().filter(|_| push));
    steps.extend(in_cluster.then_some(Step::InCluster));
    steps
}

/// What a run found, in one line.
pub fn summary(results: &[StepResult]) -> String {
    let name = |result: &StepResult| result.step.get().cloned().unwrap_or_default();
    let names: Vec<String> = results.iter().map(name).collect();
    let certificate = results.iter().find(|result| name(result) == Step::Tls.name());
    let certificate =
        certificate.and_then(|tls| tls.detail.get()).map(|detail| format!("; the certificate was {detail}"));
    format!("{} steps passed: {}{}", results.len(), names.join(", "), certificate.unwrap_or_default())
}

/// Takes every step that is asked for; `tell` hears of each that has passed.
///
/// # Errors
/// The first step that fails, with those that passed.
pub async fn run(cx: &Cx, question: &Question, tell: Tell<'_>) -> Result<Vec<StepResult>> {
    let mut checking = Checking::new(cx, question, tell).await?;
    checking.all().await?;
    Ok(checking.results)
}

impl<'a> Checking<'a> {
    async fn new(cx: &'a Cx, question: &'a Question, tell: Tell<'a>) -> Result<Self> {
        let what = || format!("Cannot check the registry `{}`", question.host);
        let base = base_url(&question.host)
            .map_err(|wrong| Explanation::new("BERTH-CHECK-001", what()).next(format!("host {wrong}")).at("host"))?;
        let access = cx.provider().registry_access(&question.host).await?;
        let login = match (&question.username, &question.password_wo) {
            (Some(username), Some(password)) => Some(Login { username: username.clone(), password: password.clone() }),
            // The provider's, but never for another user than the one that is named.
            (Some(username), None) => Some(access.login.filter(|login| login.username == *username).ok_or_else(|| {
                Explanation::new("BERTH-CHECK-001", what())
                    .on(format!("the user `{username}`, whose password is not given"))
                    .next("set password_wo, or give the login of this user in `registries` of the provider; a variable that was not set is null")
                    .at("password_wo")
            })?),
            (None, _) => access.login,
        };
        let ca_pem = question.ca_pem.clone().or(access.ca_pem);
        let registry = Oci::new(cx.provider().network(), base.clone(), ca_pem.as_deref(), login.clone())
            .map_err(|error| unusable(what(), &error))?;
        // Checks at the same time, in this run or others, push and delete each its own.
        let mark = Secret::random().map(|random| random.expose().chars().take(16).collect::<String>());
        let image = ProbeImage::new(&mark.unwrap_or_default());
        Ok(Self {
            cx,
            question,
            tell,
            base,
            login,
            registry,
            image,
            limit: cx.budget().remaining(),
            results: Vec::new(),
        })
    }

    async fn all(&mut self) -> Result<()> {
        let (mut taken, mut has_pushed) = (Ok(()), false);
        for step in steps(self.login.is_some(), self.question.push, self.question.in_cluster.is_some()) {
            has_pushed |= step == Step::Push;
            taken = self.step(step).await;
            if taken.is_err() {
                break;
            }
        }
        if has_pushed {
            self.tidy().await;
        }
        taken
    }

    /// One attempt at a step: what it found, in words.
    async fn attempt(&self, step: Step) -> std::result::Result<String, Failure> {
        match step {
            Step::Resolve => self.within(self.resolve()).await,
            Step::Tls => self.within(self.tls()).await,
            Step::Anonymous => self.within(self.anonymous()).await,
            Step::Login => self.within(self.log_in()).await,
            Step::Push => self.within(self.push()).await,
            Step::Pull => self.within(self.pull()).await,
            // It minds the time by itself: it has a Pod to remove at the end.
            Step::InCluster => self.pull_in_cluster().await,
        }
    }

    /// Takes one step, again while its failure may pass, and keeps what it found.
    async fn step(&mut self, step: Step) -> Result<()> {
        let started = Instant::now();
        let mut pauses = PACE.pauses();
        let failure = loop {
            let failure = match self.attempt(step).await {
                Ok(detail) => {
                    (self.tell)(&format!("{step}: {detail}"));
                    self.results.push(StepResult {
                        step: Computed::Known(step.name().to_owned()),
                        ok: Computed::Known(true),
                        detail: Computed::Known(detail),
                        elapsed_ms: Computed::Known(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX)),
                    });
                    return Ok(());
                }
                Err(failure) => failure,
            };
            let pause = pauses.next().unwrap_or(PACE.longest);
            let is_over = started.elapsed() + pause > failure.passing.patience(self.limit);
            if is_over || self.cx.budget().sleep(pause).await.is_err() {
                break failure;
            }
        };
        Err(self.failed(step, failure))
    }

    /// Waits for one attempt within the operation's time.
    async fn within<T>(
        &self,
        attempt: impl Future<Output = std::result::Result<T, Failure>>,
    ) -> std::result::Result<T, Failure> {
        self.cx.budget().run(attempt).await.unwrap_or_else(|stopped| {
            let next = match stopped {
                Stopped::Interrupted => "apply again to check again",
                Stopped::Deadline => "allow more time in `timeouts`, or see what takes so long",
            };
            Err(Failure { next: Some(next.to_owned()), ..Failure::new(stopped.to_string()) })
        })
    }

    fn failed(&self, step: Step, failure: Failure) -> Explanation {
        let passed: Vec<&str> =
            self.results.iter().filter_map(|result| result.step.get().map(String::as_str)).collect();
        let passed = if passed.is_empty() { "none".to_owned() } else { passed.join(", ") };
        let what = format!("The registry `{}` fails the check at the step `{step}`", self.question.host);
        Explanation::new("BERTH-CHECK-002", what)
            .on(format!("{} (steps passed: {passed})", self.base))
            .said("The step", failure.cause)
            .next(failure.next.unwrap_or_else(|| step.remedy().to_owned()))
    }

    fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Where a proxy is on the way, the name is its own to resolve, and this machine may not know it.
    async fn resolve(&self) -> std::result::Result<String, Failure> {
        let Some(proxy) = self.cx.provider().network().proxy(&self.base).map_err(HttpError::from)? else {
            let found = addresses(self.host()).await?;
            return Ok(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
        };
        match addresses(proxy.url().host_str().unwrap_or_default()).await {
            Ok(_) => Ok(format!("left to the {proxy}")),
            Err(error) => {
                let next = Some(format!("correct {}, or list the registry in NO_PROXY", proxy.origin()));
                Err(Failure { next, ..Failure::new(format!("the {proxy}: {error}")) })
            }
        }
    }

    async fn tls(&self) -> std::result::Result<String, Failure> {
        let chain = self.cx.provider().network().presented_chain(&self.base).await?;
        let read: Vec<_> = chain.iter().map(|der| Facts::from_der(der)).collect();
        let leaf = read.first().and_then(|facts| facts.as_ref().ok());
        let stands_in = leaf.is_some_and(|leaf| is_placeholder(leaf, chain.len()));
        let presented: Vec<Presented> = read
            .iter()
            .map(|facts| match facts {
                Ok(facts) => Presented { issuer: facts.issuer.clone(), not_after: moment_text(facts.not_after) },
                Err(error) => Presented { issuer: format!("somebody (unreadable: {error})"), not_after: String::new() },
            })
            .collect();
        let told = issuers(&presented);
        // Trust is judged by the client that everything else is sent by.
        if let Err(error) = self.registry.anonymous().await {
            let failure = Failure::from(error);
            let passing = match failure.passing {
                Passing::Certificate if !stands_in => Passing::Soon,
                passing => passing,
            };
            return Err(Failure { cause: format!("{}; it was issued by {told}", failure.cause), passing, ..failure });
        }
        if let Some(expected) =
            self.question.expect_issuer.as_ref().filter(|expected| !is_issued_by(&presented, expected))
        {
            return Err(Failure {
                next: Some("correct expect_issuer, or have the certificate issued by the expected CA".to_owned()),
                ..Failure::new(format!("the certificate was issued by {told}, not by `{expected}`"))
            });
        }
        let until = presented.first().map_or("", |leaf| leaf.not_after.as_str());
        Ok(format!("issued by {told}, valid until {until}"))
    }

    async fn anonymous(&self) -> std::result::Result<String, Failure> {
        let answer = self.registry.anonymous().await?;
        match (answer.status, self.login.is_some()) {
            (401, true) if answer.challenge.is_some() => Ok("refused with status 401, as it should be".to_owned()),
            (401, false) => Err(Failure {
                next: Some("set username and password_wo".to_owned()),
                ..Failure::new("the registry wants a login, and none is given")
            }),
            (200, false) => Ok("let in, and no login is given".to_owned()),
            (200, true) => Err(Failure::new("the registry lets everyone in without a login")),
            (status, _) => Err(Failure {
                passing: if matches!(status, 404 | 502..=504) { Passing::Place } else { Passing::Never },
                next: Some("check that the name leads to a registry, and what stands before it".to_owned()),
                ..Failure::new(format!("{} answers with status {status} at /v2/: no registry", self.host()))
            }),
        }
    }

    async fn log_in(&self) -> std::result::Result<String, Failure> {
        self.registry.log_in().await?;
        Ok(format!("logged in as {}", self.login.as_ref().map_or("nobody", |login| login.username.as_str())))
    }

    async fn push(&self) -> std::result::Result<String, Failure> {
        self.registry.push(&self.question.repository, TAG, &self.image).await?;
        Ok(format!("pushed {}", self.image.index().digest))
    }

    async fn pull(&self) -> std::result::Result<String, Failure> {
        let repository = &self.question.repository;
        for manifest in self.image.manifests().iter().chain([self.image.index()]) {
            self.registry.get(repository, &manifest.digest, "pull").await?;
        }
        for blob in self.image.blobs() {
            self.registry.pull_blob(repository, &blob.digest).await?;
        }
        Ok(format!("pulled {} and all it names", self.image.index().digest))
    }

    async fn pull_in_cluster(&self) -> std::result::Result<String, Failure> {
        let Some(in_cluster) = &self.question.in_cluster else { return Ok(String::new()) };
        let pushed = || image(&self.question.host, &self.question.repository, &self.image.index().digest);
        let request = PullRequest {
            namespace: in_cluster.namespace.clone(),
            name: pod_name(&self.question.host, &in_cluster.service_account),
            service_account: in_cluster.service_account.clone(),
            image: in_cluster.image.clone().unwrap_or_else(pushed),
            patience: pull_patience(self.limit),
        };
        let cluster = self.cx.provider().cluster().map_err(|explanation| Failure::new(explanation.what()))?;
        let proof = cluster.prove_pull(self.cx.budget(), &request).await;
        match proof.map_err(|error| Failure { next: Some(error.next_step()), ..Failure::new(error.told()) })? {
            PullProof::Pulled { node, .. } => Ok(format!("the node {node} pulled {}", request.image)),
            PullProof::Refused { words } => Err(Failure::new(format!(
                "a Pod of the service account {}/{} cannot pull the image: {words}",
                in_cluster.namespace, in_cluster.service_account
            ))),
        }
    }

    /// Deletes what was pushed. Where that is not allowed it stays, some two thousand octets, without the tag from the next
    /// check on.
    async fn tidy(&self) {
        let repository = &self.question.repository;
        for manifest in [self.image.index()].into_iter().chain(self.image.manifests()) {
            let deleted = self.registry.delete_manifest(repository, &manifest.digest);
            let done = tokio::time::timeout(Duration::from_secs(10), deleted).await;
            if !matches!(done, Ok(Ok(()))) {
                tracing::debug!(repository, digest = manifest.digest, "the pushed image stays");
                return;
            }
        }
    }
}

/// The image as a pull secret of berth names its registry: the kubelet compares the two as texts.
fn image(host: &str, repository: &str, digest: &str) -> String {
    let host = RegistryName::parse(host).map_or_else(|_| host.to_owned(), |name| name.authority());
    format!("{host}/{repository}@{digest}")
}

fn unusable(what: String, error: &OciError) -> Explanation {
    let told = Explanation::new("BERTH-CHECK-001", what).said("Reading it", error.to_string());
    match error {
        OciError::Http(HttpError::NoProxy(fault)) => told.next(format!("correct {}", fault.origin)),
        _ => told.next("correct ca_pem").at("ca_pem"),
    }
}

/// What the names of Pods begin with that check one registry by one service account.
fn pod_name(host: &str, account: &str) -> String {
    let digest = sha256_hex(format!("{host} {account}").as_bytes());
    format!("berth-check-{}", digest.get(..10).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_told_in_one_line_and_foreseen_step_by_step() {
        let result = |step: Step, detail: &str| StepResult {
            detail: Computed::Known(detail.to_owned()),
            elapsed_ms: Computed::Known(7),
            ..StepResult::passed(step)
        };
        let results = [result(Step::Resolve, "192.0.2.1"), result(Step::Tls, "issued by `CA`, valid until 2027")];
        assert_eq!(
            summary(&results),
            "2 steps passed: resolve, tls; the certificate was issued by `CA`, valid until 2027"
        );
        let [bare, _] = results;
        assert_eq!(format!("{:?}", bare.bare()), format!("{:?}", StepResult::passed(Step::Resolve)));
        assert_eq!(steps(false, false, false), [Step::Resolve, Step::Tls, Step::Anonymous]);
        assert_eq!(steps(true, true, true).last(), Some(&Step::InCluster));
        assert_eq!(steps(true, true, true).len(), 7);
    }

    #[test]
    fn the_image_is_named_as_the_pull_secret_names_its_registry() {
        for host in ["Hub.test:443", "hub.test", "https://hub.test/v2/"] {
            assert_eq!(image(host, "berth-check", "sha256:1"), "hub.test/berth-check@sha256:1");
            let keys: Vec<_> =
                RegistryName::parse(host).map(|name| [vec![name.key()], name.other_keys()].concat()).unwrap();
            assert!(keys.contains(&"hub.test".to_owned()), "{keys:?}");
        }
    }

    #[test]
    fn checks_of_two_accounts_have_pods_of_two_names() {
        assert_eq!(pod_name("a.test", "ci"), pod_name("a.test", "ci"));
        assert_ne!(pod_name("a.test", "ci"), pod_name("a.test", "default"));
        assert_ne!(pod_name("a.test", "ci"), pod_name("b.test", "ci"));
    }
}
