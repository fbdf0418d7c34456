//! Takes the steps of a check, one after the other, until one fails.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use url::Url;

use crate::clients::cluster::{PullProof, PullRequest};
use crate::clients::http::{HttpError, addresses};
use crate::clients::oci::{Oci, OciError};
use crate::digest::sha256_hex;
use crate::domain::certificate::Facts;
use crate::domain::check::{Presented, Step, is_issued_by, issuers};
use crate::domain::dockerconfig::Login;
use crate::domain::probe_image::ProbeImage;
use crate::domain::registry::certificate::covers;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::{Pace, Stopped};
use crate::sdk::{Computed, Result};
use crate::secret::Secret;

use super::{Declared, StepResult, base_url};

/// What of the operation's time is kept for the steps that come after one that waits.
const RESERVE: Duration = Duration::from_secs(45);

/// How a further CA is trusted here.
const TRUST: &str = "set `ca_pem`, or `ca_file` in the provider's `registries`, or SSL_CERT_FILE";

const PACE: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(5));

/// The tag that the image is pushed under.
const TAG: &str = "check";

/// Why a step failed.
#[derive(Debug)]
struct Failure {
    cause: String,
    /// Said instead of the step's own remedy.
    next: Option<String>,
    /// Whether trying again may help.
    passing: Passing,
}

/// How a failure may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    /// It does not.
    Never,
    /// A record or a load balancer is new: the one may take minutes to be seen, the other to answer.
    Place,
    /// A certificate is new: an Ingress controller shows one of its own until it has read the Secret.
    Certificate,
}

impl Passing {
    /// How long trying again may help, of the time that the whole operation has: more `timeouts`, more patience.
    fn patience(self, limit: Duration) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            Self::Place => limit.saturating_sub(RESERVE).max(limit / 4),
            Self::Certificate => limit / 5,
        }
    }
}

/// How long a node's failures to pull may go on.
fn pull_patience(limit: Duration) -> Duration {
    (limit / 15).max(Duration::from_secs(8))
}

impl Failure {
    fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), next: None, passing: Passing::Never }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let passing = match &error {
            HttpError::Name { .. } | HttpError::Unreachable { .. } | HttpError::Proxy { is_passing: true, .. } => {
                Passing::Place
            }
            HttpError::Certificate { .. } => Passing::Certificate,
            _ => Passing::Never,
        };
        let next = match &error {
            HttpError::Roots { .. } => Some("correct ca_pem".to_owned()),
            HttpError::Unreachable { .. } => {
                Some("check that the registry is up and its port can be reached".to_owned())
            }
            // A record that is missing is the step's own remedy.
            HttpError::Name { .. } => None,
            error => error.remedy(TRUST),
        };
        Self { cause: error.to_string(), next, passing }
    }
}

impl From<OciError> for Failure {
    fn from(error: OciError) -> Self {
        match error {
            OciError::Http(error) => error.into(),
            error => {
                let passing = match error {
                    OciError::Refused { status: 502..=504, .. } => Passing::Place,
                    _ => Passing::Never,
                };
                let next = match error {
                    OciError::TooLarge { .. } => {
                        Some("raise the body limit of the proxy or Ingress before the registry".to_owned())
                    }
                    OciError::Downgrade { .. } => Some(
                        "let what stands before the registry pass on X-Forwarded-Proto, or set the registry's \
                         http.relativeurls"
                            .to_owned(),
                    ),
                    _ => None,
                };
                Self { cause: error.to_string(), next, passing }
            }
        }
    }
}

/// A check under way.
struct Checking<'a> {
    cx: &'a Cx,
    model: &'a Declared,
    base: Url,
    login: Option<Login>,
    registry: Oci,
    image: ProbeImage,
    /// The time that the whole check has.
    limit: Duration,
    results: Vec<StepResult>,
}

/// Takes every step that is asked for and writes what was found into the model.
pub async fn run(cx: &Cx, model: &mut Declared) -> Result<()> {
    let results = {
        let mut checking = Checking::new(cx, model).await?;
        checking.all().await?;
        checking.results
    };
    model.results.set(results);
    model.passed.set(true);
    Ok(())
}

impl<'a> Checking<'a> {
    async fn new(cx: &'a Cx, model: &'a Declared) -> Result<Self> {
        let what = || format!("Cannot check the registry `{}`", model.host);
        let base = base_url(&model.host)
            .map_err(|wrong| Explanation::new("BERTH-CHECK-001", what()).next(format!("host {wrong}")).at("host"))?;
        let access = cx.provider().registry_access(&model.host).await?;
        let login = match (&model.username, &model.password_wo) {
            (Some(username), Some(password)) => Some(Login { username: username.clone(), password: password.clone() }),
            _ => access.login,
        };
        let ca_pem = model.ca_pem.clone().or(access.ca_pem);
        let registry = Oci::new(cx.provider().network(), base.clone(), ca_pem.as_deref(), login.clone())
            .map_err(|error| unusable(what(), &error))?;
        // Checks at the same time, in this run or others, push and delete each its own.
        let mark = Secret::random().map(|random| random.expose().chars().take(16).collect::<String>());
        let image = ProbeImage::new(&mark.unwrap_or_default());
        Ok(Self { cx, model, base, login, registry, image, limit: cx.budget().remaining(), results: Vec::new() })
    }

    async fn all(&mut self) -> Result<()> {
        for step in [Step::Resolve, Step::Tls, Step::Anonymous] {
            self.step(step).await?;
        }
        if self.login.is_some() {
            self.step(Step::Login).await?;
        }
        let exchanged = self.exchange().await;
        if self.model.push {
            self.tidy().await;
        }
        exchanged
    }

    /// The steps that need an image in the registry.
    async fn exchange(&mut self) -> Result<()> {
        if self.model.push {
            self.step(Step::Push).await?;
            self.step(Step::Pull).await?;
        }
        if self.model.in_cluster.is_some() {
            self.step(Step::InCluster).await?;
        }
        Ok(())
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
        let what = format!("The registry `{}` fails the check at the step `{step}`", self.model.host);
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
        let facts: Vec<Facts> = chain.iter().filter_map(|der| Facts::from_der(der).ok()).collect();
        let is_its_own = facts.first().is_some_and(|leaf| leaf.names().iter().any(|name| covers(name, self.host())));
        let presented: Vec<Presented> = facts
            .into_iter()
            .map(|facts| Presented { issuer: facts.issuer, not_after: facts.not_after.to_string() })
            .collect();
        let told = issuers(&presented);
        // Trust is judged by the client that everything else is sent by.
        if let Err(error) = self.registry.anonymous().await {
            let failure = Failure::from(error);
            // What an Ingress controller shows until it has read the Secret is not for this name.
            let is_wrong = is_its_own && failure.passing == Passing::Certificate;
            let passing = if is_wrong { Passing::Never } else { failure.passing };
            return Err(Failure { cause: format!("{}; it was issued by {told}", failure.cause), passing, ..failure });
        }
        if let Some(expected) = self.model.expect_issuer.as_ref().filter(|expected| !is_issued_by(&presented, expected))
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
        self.registry.push(&self.model.repository, TAG, &self.image).await?;
        Ok(format!("pushed {}", self.image.index().digest))
    }

    async fn pull(&self) -> std::result::Result<String, Failure> {
        let repository = &self.model.repository;
        for manifest in self.image.manifests().iter().chain([self.image.index()]) {
            self.registry.pull_manifest(repository, &manifest.digest).await?;
        }
        for blob in self.image.blobs() {
            self.registry.pull_blob(repository, &blob.digest).await?;
        }
        Ok(format!("pulled {} and all it names", self.image.index().digest))
    }

    async fn pull_in_cluster(&self) -> std::result::Result<String, Failure> {
        let Some(in_cluster) = &self.model.in_cluster else { return Ok(String::new()) };
        let pushed = || format!("{}/{}@{}", self.model.host, self.model.repository, self.image.index().digest);
        let request = PullRequest {
            namespace: in_cluster.namespace.clone(),
            name: pod_name(&self.model.host, &in_cluster.service_account),
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
        let repository = &self.model.repository;
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
    fn patience_grows_with_the_time_that_the_check_has_and_leaves_some_for_later_steps() {
        let minutes = Duration::from_mins;
        assert_eq!(Passing::Never.patience(minutes(5)), Duration::ZERO);
        assert_eq!(Passing::Place.patience(minutes(5)), Duration::from_secs(255));
        assert_eq!(Passing::Place.patience(minutes(15)), Duration::from_secs(855));
        assert_eq!(Passing::Place.patience(Duration::from_secs(20)), Duration::from_secs(5));
        assert_eq!(Passing::Certificate.patience(minutes(5)), minutes(1));
        assert_eq!(pull_patience(minutes(5)), Duration::from_secs(20));
        assert_eq!(pull_patience(minutes(1)), Duration::from_secs(8));
    }

    #[test]
    fn checks_of_two_accounts_have_pods_of_two_names() {
        assert_eq!(pod_name("a.test", "ci"), pod_name("a.test", "ci"));
        assert_ne!(pod_name("a.test", "ci"), pod_name("a.test", "default"));
        assert_ne!(pod_name("a.test", "ci"), pod_name("b.test", "ci"));
    }
}
