//! `berth_registry_check`: proof that a registry works, step by step.

mod failure;
pub mod steps;

use std::collections::BTreeMap;

use crate::domain::check::Step;
use crate::explain::Explanation;
use crate::provider::checks::{label, registry_host, subdomain, user_name};
use crate::provider::{Berth, Cx};
use crate::sdk::{
    Check, Computed, Diagnostics, Limits, Meta, Model, Plan, Resource, Result, Secret, Timeouts, Value, View, check,
};

use super::missing::Missing;
use super::write_only::warn_of_write_only;

pub use failure::pull_patience;

/// Proof that a registry works, step by step.
pub struct RegistryCheck;

/// The check's configuration and results.
#[derive(Clone, Debug, Model)]
pub struct Declared {
    /// What is checked.
    #[attr(flatten)]
    pub question: Question,
    /// A number to change whenever `password_wo` changes; the check then runs again.
    pub password_wo_version: Option<i64>,
    /// Any values: when one changes, the check runs again.
    pub triggers: Option<BTreeMap<String, String>>,
    /// Whether `results` tell what each step found and how long it took. That differs from run to run, so that each of them
    /// fills the plan; without it, `summary` says the essence in one line. Default `false`.
    #[attr(default = false)]
    pub details: bool,
    /// What the last run found, in one line.
    pub summary: Computed<String>,
    /// The steps that were taken.
    pub results: Computed<Vec<StepResult>>,
    /// Whether all steps passed. A check that fails is an error, so this is `true`.
    pub passed: Computed<bool>,
    /// How long operations may take. A name that does not resolve yet and a load balancer that does not answer yet are waited
    /// for as long as this allows.
    pub timeouts: Option<Timeouts>,
}

/// What is checked.
#[derive(Clone, Debug, Model)]
pub struct Question {
    /// The registry, as `HOST`, `HOST:PORT` or `https://HOST`. It is spoken to by HTTPS. `docker.io` is Docker Hub.
    #[attr(check = registry_host())]
    pub host: String,
    /// Whom to log in as. Default: the provider's login to this host in `registries`. Without any, the registry is
    /// expected to let everyone in.
    #[attr(check = user_name())]
    pub username: Option<String>,
    /// The password. It is not stored. Default: the provider's.
    #[attr(write_only)]
    pub password_wo: Option<Secret>,
    /// Certificates to trust beside the system's, PEM. Default: those of the provider's `registries`.
    pub ca_pem: Option<String>,
    /// The CA that should have made the registry's certificate, such as `Let's Encrypt`: a part of the name of any
    /// issuer in the chain that the server presents, in any case.
    pub expect_issuer: Option<String>,
    /// Whether a tiny image is pushed and pulled. Each check pushes one of its own, and deletes it afterwards where the
    /// registry allows that; elsewhere some 2 KB stay. Default `true`.
    #[attr(default = true)]
    pub push: bool,
    /// The repository that the image is pushed to. Default `berth-check`.
    #[attr(default = "berth-check", check = repository())]
    pub repository: String,
    /// Whether a node of the cluster can pull.
    pub in_cluster: Option<InCluster>,
}

impl Question {
    /// Tells what cannot be asked together.
    pub fn validate(config: &View<'_>, found: &mut Diagnostics) {
        if config.truth("push") == Some(false)
            && config.at("in_cluster").is_given()
            && config.at("in_cluster.image").is_null()
        {
            found.error(
                &Explanation::new("BERTH-CHECK-001", "The node has no image to pull")
                    .next("set in_cluster.image, or let push be true")
                    .at("in_cluster.image"),
            );
        }
        if config.at("password_wo").is_given() && config.at("username").is_null() {
            found.error(
                &Explanation::new("BERTH-CHECK-001", "`password_wo` needs `username`")
                    .next("set username")
                    .at("username"),
            );
        }
    }
}

/// A pull by a node of the cluster, with the pull secrets of a service account. A Pod is made for it and removed
/// again; nothing of the image is run.
#[derive(Clone, Debug, Model)]
pub struct InCluster {
    /// The Pod's namespace.
    #[attr(check = label())]
    pub namespace: String,
    /// The Pod's service account. Default `default`.
    #[attr(default = "default", check = subdomain())]
    pub service_account: String,
    /// The image. Default: the one that the check pushed.
    pub image: Option<String>,
}

/// What one step found.
#[derive(Clone, Debug, Model)]
pub struct StepResult {
    /// The step: `resolve`, `tls`, `anonymous`, `login`, `push`, `pull` or `in_cluster`.
    pub step: Computed<String>,
    /// Whether it passed.
    pub ok: Computed<bool>,
    /// What it found; only with `details`.
    pub detail: Computed<String>,
    /// How long it took, in milliseconds; only with `details`.
    pub elapsed_ms: Computed<i64>,
}

fn repository() -> Check {
    check::text("must be the name of a repository", |name| {
        let parsed = format!("registry.invalid/{name}").parse::<crate::domain::image::ImageReference>();
        match parsed {
            Ok(image) if image.tag.is_none() && image.digest.is_none() => Ok(()),
            Ok(_) => Err("must be the name of a repository, without tag and digest".to_owned()),
            Err(fault) => Err(format!("must be the name of a repository, and {fault}")),
        }
    })
}

impl Resource<Berth> for RegistryCheck {
    type Model = Declared;

    const NAME: &'static str = "berth_registry_check";

    const META: Meta = Meta {
        limits: Limits::minutes(5),
        ..Meta::new(
            "Registry",
            "Proof that a registry works: its name resolves, its certificate is trusted and from the expected CA, nobody \
             comes in without a login, the login works, an image can be pushed and pulled by digest, and a node of the \
             cluster can pull.\n\nThe check runs when the resource is created and whenever an argument changes. A step that \
             fails is an error that names the step and the cause. There is nothing to import or to destroy.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        Question::validate(config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        warn_of_write_only(&Declared::attributes(), plan);
        if plan.is_create() || plan.is_change() {
            plan.leave_open(&["summary", "results", "passed"]);
            foresee(cx, plan).await;
            warn_of_what_is_missing(cx, plan).await;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        answer(cx, model).await
    }

    async fn read(&self, _cx: &Cx, model: Declared) -> Result<Option<Declared>> {
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, _prior: &Declared, model: &mut Declared) -> Result<()> {
        answer(cx, model).await
    }

    async fn delete(&self, _cx: &Cx, _model: Declared) -> Result<()> {
        Ok(())
    }
}

/// Takes every step that is asked for and writes what was found into the model.
async fn answer(cx: &Cx, model: &mut Declared) -> Result<()> {
    let results = steps::run(cx, &model.question, &|_| {}).await?;
    model.summary.set(steps::summary(&results));
    let details = model.details;
    let kept: Vec<StepResult> =
        results.into_iter().map(|result| if details { result } else { result.bare() }).collect();
    model.results.set(kept);
    model.passed.set(true);
    Ok(())
}

/// Keeps out of the plan of another run what that will find again: the same steps, all passed.
async fn foresee(cx: &Cx, plan: &mut Plan<'_>) {
    if plan.is_create() || plan.planned().truth("details") != Some(false) {
        return;
    }
    let Some(steps) = expected(cx, plan.planned(), plan.config()).await else { return };
    let results: Vec<Value> = steps.into_iter().map(|step| StepResult::passed(step).encode()).collect();
    plan.set("results", Value::List(results));
    plan.set("passed", Value::Bool(true));
}

/// The steps that a run takes; `None` where that depends on something unknown.
async fn expected(cx: &Cx, planned: View<'_>, config: View<'_>) -> Option<Vec<Step>> {
    let push = planned.truth("push")?;
    let in_cluster = planned.at("in_cluster");
    if in_cluster.is_unknown() || planned.at("username").is_unknown() {
        return None;
    }
    let given = planned.at("username").is_given() && !config.at("password_wo").is_null();
    let has_login = given || cx.provider().registry_access(planned.text("host")?).await.ok()?.login.is_some();
    Some(steps::steps(has_login, push, in_cluster.is_given()))
}

/// Looks for the namespace and the account of the Pod that is to pull.
async fn warn_of_what_is_missing(cx: &Cx, plan: &mut Plan<'_>) {
    let text = |name: &str| plan.planned().text(&format!("in_cluster.{name}")).map(str::to_owned);
    let (Some(namespace), Some(account)) = (text("namespace"), text("service_account")) else { return };
    let accounts = [(namespace.clone(), account)];
    let what = format!("The check of `{}` may fail", plan.planned().text("host").unwrap_or_default());
    let missing = Missing { what: &what, namespaces: "in_cluster.namespace", accounts: "in_cluster.service_account" };
    for told in missing.look(cx, &[namespace], &accounts).await {
        plan.warn(&told);
    }
}

impl StepResult {
    /// The result without what differs from run to run.
    fn bare(self) -> Self {
        Self { detail: Computed::Null, elapsed_ms: Computed::Null, ..self }
    }

    /// A step that passed, without what it found.
    fn passed(step: Step) -> Self {
        Self {
            step: Computed::Known(step.name().to_owned()),
            ok: Computed::Known(true),
            detail: Computed::Null,
            elapsed_ms: Computed::Null,
        }
    }
}
