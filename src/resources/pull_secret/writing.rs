//! Writes pull secrets and binds service accounts to them: in every namespace where that can be done.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::clients::cluster::{Binding, Cluster, ClusterError};
use crate::domain::dockerconfig::{DockerConfig, SECRET_KEY, SECRET_TYPE};
use crate::domain::kubernetes::{DECLARATION, ObjectRef, owner_labels};
use crate::domain::ownership::Claim;
use crate::domain::tls_secret::entry;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::{Result, Secret};

use super::bindings::Bindings;
use super::digest::{self, DIGEST_KEY};
use super::removing::Removing;
use super::{APPLICATION, AT_ONCE, Declared, Failures, taking_over};

/// What a pull secret is said to lack while its last change has not been finished.
const UNFINISHED: &str = "the last change was not finished";

/// What every Secret holds.
struct Content {
    logins: Secret,
    /// What the digest of the logins is keyed with.
    key: Secret,
}

/// What a namespace got.
struct Placed {
    namespace: String,
    /// Each account that uses the Secret now, and whether it did before.
    bound: Vec<(String, Binding)>,
    /// Whether the Secret was there before.
    was_there: bool,
    /// Why it did not get all.
    failure: Option<ClusterError>,
}

/// Binds the accounts and writes the Secret into each namespace; what `prior` had and the model has not goes.
pub async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared, what: &str) -> Result<()> {
    let what = format!("{what} `{}`", model.name);
    let cluster = cx.provider().cluster()?;
    let before = prior.map(Declared::places).unwrap_or_default();
    let content = content(cx, cluster, &before, model, &what).await?;
    let namespaces = namespaces(cx, cluster, model).await.map_err(|error| explained(&error, &what))?;
    if let Some(prior) = prior {
        tenancy::recovered(cx, &prior.objects(), &what).await?;
    }
    let claim = claim(cx, model, &namespaces, &what)?;
    let is_given = match prior {
        Some(prior) => {
            taking_over::take_over(cx, cluster, prior, &claim).await.map_err(|error| explained(&error, &what))?
        }
        None => false,
    };
    refuse_held(cx, cluster, model, &namespaces, &claim).await.map_err(|error| explained(&error, &what))?;

    let content = Content { key: digest_key(cx, cluster, &before, model, &what).await?, logins: content };
    model.digest.set(digest::under(&content.key, &content.logins));
    model.drift.set(vec![UNFINISHED.to_owned()]);
    let placed = place_all(cx, cluster, model, &namespaces, &content, &claim).await;

    // Who uses a Secret that another tool made was not bound by us.
    let mut bindings = Bindings::recall(cx, prior.filter(|_| !is_given));
    let mut failures = Failures::new();
    let (mut there, mut bound) = (before.clone(), Vec::new());
    for part in placed {
        for (account, binding) in &part.bound {
            bindings.note(&part.namespace, account, *binding, part.was_there && prior.is_none());
            bound.push(format!("{}/{account}", part.namespace));
        }
        match part.failure {
            None => there.push(part.namespace),
            Some(error) => failures.push((part.namespace, error)),
        }
    }
    let (name, claim) = (model.name.clone(), &claim);
    let mut removing = Removing { cx, cluster, name: &name, claim, bindings: &mut bindings, failures: &mut failures };
    let left = removing.tidy(&before, model, &namespaces).await;
    bindings.remember(cx);
    there.retain(|namespace| namespaces.contains(namespace) || left.contains(namespace));
    note(model, there, bound);
    told(failures, &what, namespaces.len())?;
    cx.forget(taking_over::IMPORTED);
    model.drift.set(Vec::new());
    Ok(())
}

fn note(model: &mut Declared, mut there: Vec<String>, mut bound: Vec<String>) {
    there.sort();
    there.dedup();
    bound.sort();
    let secrets: Vec<_> = there.into_iter().map(|namespace| format!("{namespace}/{}", model.name)).collect();
    model.secrets.set(secrets);
    model.bound.set(bound);
}

async fn digest_key(cx: &Cx, cluster: &Cluster, before: &[String], model: &Declared, what: &str) -> Result<Secret> {
    let key = digest::key(cx, cluster, before, &model.name).await.map_err(|error| explained(&error, what))?;
    key.ok_or_else(|| {
        Explanation::new("BERTH-PULL-003", what).next("the system gives no random numbers; try another machine")
    })
}

/// Claims the Secret of every namespace for this run.
fn claim(cx: &Cx, model: &Declared, namespaces: &[String], what: &str) -> Result<Claim> {
    for namespace in namespaces {
        tenancy::claim(cx, &ObjectRef::secret(namespace, &model.name), what)?;
    }
    Ok(model.claim(Some(cx.owner()?), namespaces))
}

/// Looks at all Secrets before the first is written: who meets another's object has made a mistake, and half of it helps nobody.
async fn refuse_held(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    namespaces: &[String],
    claim: &Claim,
) -> std::result::Result<(), ClusterError> {
    let objects: Vec<_> = namespaces.iter().map(|namespace| ObjectRef::secret(namespace, &model.name)).collect();
    let looks = stream::iter(objects).map(|object| async move { cluster.admit(cx.budget(), &object, claim).await });
    let found: Vec<_> = looks.buffered(AT_ONCE).collect().await;
    let is_taken = |error: &ClusterError| matches!(error, ClusterError::Held { .. } | ClusterError::Foreign { .. });
    found.into_iter().filter_map(std::result::Result::err).find(is_taken).map_or(Ok(()), Err)
}

/// Does what can be done in each namespace; the one whose Secret answers for all comes last.
async fn place_all(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    namespaces: &[String],
    content: &Content,
    claim: &Claim,
) -> Vec<Placed> {
    let (lead, others) = namespaces.split_first().map_or((None, &[][..]), |(lead, others)| (Some(lead), others));
    let at = |namespace: String| place(cx, cluster, model, namespace, content, claim);
    let mut placed: Vec<Placed> = stream::iter(others.to_vec()).map(at).buffered(AT_ONCE).collect().await;
    if let Some(lead) = lead {
        placed.push(at(lead.clone()).await);
    }
    placed
}

async fn place(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    namespace: String,
    content: &Content,
    claim: &Claim,
) -> Placed {
    let mut placed = Placed { namespace, bound: Vec::new(), was_there: false, failure: None };
    placed.failure = fill(cx, cluster, model, content, claim, &mut placed).await.err();
    placed
}

async fn fill(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    content: &Content,
    claim: &Claim,
    placed: &mut Placed,
) -> std::result::Result<(), ClusterError> {
    let object = ObjectRef::secret(&placed.namespace, &model.name);
    placed.was_there = cluster.get(cx.budget(), &object).await?.is_some();
    // The Secret comes last: a run that is killed before it leaves nothing that another would have to ask whose it is.
    for account in &model.service_accounts {
        let object = ObjectRef::service_account(&placed.namespace, account);
        let binding = cluster.bind_pull_secret(cx.budget(), &object, &model.name).await?;
        cx.exists();
        placed.bound.push((account.clone(), binding));
    }
    let manifest = manifest(model, &placed.namespace, content);
    cluster.apply_own(cx.budget(), &manifest, claim).await?;
    cx.exists();
    Ok(())
}

/// What failed, in one message: the first cause, and where else.
pub fn told(mut failures: Failures, what: &str, of: usize) -> Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    let failed = failures.len();
    let (namespace, first) = failures.remove(0);
    let what = if of > 1 { format!("{what} in {failed} of {of} namespaces") } else { what.to_owned() };
    let others = failures.into_iter().map(|(namespace, error)| format!("{namespace}: {error}"));
    let here = (of > 1).then(|| format!("{namespace}: {first}"));
    Err(explained(&first, &what).seen(here.into_iter().chain(others)))
}

/// A cluster's failure, blamed on the attribute that names what is missing.
fn explained(error: &ClusterError, what: &str) -> Explanation {
    let explanation = error.explain(what);
    match error {
        ClusterError::NamespaceMissing { .. } | ClusterError::NamespaceTerminating { .. } => {
            explanation.at("namespaces")
        }
        ClusterError::Foreign { .. } | ClusterError::Held { .. } => explanation.at("name"),
        ClusterError::NotFound { .. } => explanation.at("service_accounts"),
        _ => explanation,
    }
}

/// The logins; passwords that are not given are those that a Secret of before has.
async fn content(cx: &Cx, cluster: &Cluster, before: &[String], model: &Declared, what: &str) -> Result<Secret> {
    let is_whole = model.registries.values().all(|login| login.password_wo.is_some());
    let kept = if is_whole { DockerConfig::default() } else { kept(cx, cluster, before, &model.name, what).await? };
    let wrong = |next: String| Explanation::new("BERTH-PULL-001", what).next(next).at("registries");
    match model.docker_config(&kept) {
        Ok(Ok(config)) => Ok(config.json()),
        Ok(Err(host)) => Err(Explanation::new("BERTH-PULL-001", what)
            .said("the cluster", format!("no Secret has a password for `{host}` and this user"))
            .next("set password_wo: it is not stored, and no Secret has it any more")
            .at(format!("registries[\"{host}\"]"))),
        Err(fault) => Err(wrong(format!("correct the login: {fault}"))),
    }
}

/// The logins of the first Secret that is there.
async fn kept(cx: &Cx, cluster: &Cluster, before: &[String], name: &str, what: &str) -> Result<DockerConfig> {
    for namespace in before {
        let found = cluster.get(cx.budget(), &ObjectRef::secret(namespace, name)).await;
        let found = found.map_err(|error| explained(&error, what))?;
        let content = found.as_ref().and_then(|secret| entry(secret, SECRET_KEY));
        if let Some(kept) = content.and_then(|text| DockerConfig::parse(text.expose()).ok()) {
            return Ok(kept);
        }
    }
    Ok(DockerConfig::default())
}

/// The declared namespaces and those that the selector finds, in order.
pub async fn namespaces(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
) -> std::result::Result<Vec<String>, ClusterError> {
    let mut names: Vec<String> = model.namespaces.iter().flat_map(|namespaces| namespaces.0.clone()).collect();
    if let Some(selector) = &model.namespace_selector {
        let labels: Vec<String> = selector.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let found = cluster.list(cx.budget(), &ObjectRef::of_namespace(""), &labels.join(",")).await?;
        let alive = found.iter().filter(|it| it.pointer("/metadata/deletionTimestamp").is_none());
        names.extend(alive.filter_map(|it| Some(it.pointer("/metadata/name")?.as_str()?.to_owned())));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

fn manifest(model: &Declared, namespace: &str, content: &Content) -> Value {
    let Content { logins, key } = content;
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "type": SECRET_TYPE,
        "metadata": {
            "name": model.name,
            "namespace": namespace,
            "labels": owner_labels(APPLICATION, &model.name),
            "annotations": { DECLARATION: serde_json::to_string(model).unwrap_or_default() },
        },
        "data": { SECRET_KEY: STANDARD.encode(logins.expose()), DIGEST_KEY: STANDARD.encode(key.expose()) },
    })
}
