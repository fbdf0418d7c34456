//! Writes pull secrets, binds service accounts to them, and looks at what became of both.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clients::cluster::{Cluster, ClusterError, pull_secrets};
use crate::domain::dockerconfig::{SECRET_KEY, SECRET_TYPE};
use crate::domain::kubernetes::{DECLARATION, ObjectRef, is_ours, owner_labels};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Result, Secret};

use super::digest::{self, DIGEST_KEY};
use super::{APPLICATION, Declared};

/// What a pull secret is said to lack while its last change has not been finished.
const UNFINISHED: &str = "the last change was not finished";

/// What is said of a Secret whose digest would let guesses of its logins be checked.
const WITHOUT_KEY: &str = "has no key for the digest of its logins: an earlier berth wrote it, or somebody changed it";

/// What the cluster holds.
pub struct Observed {
    /// The Secrets, as `NAMESPACE/NAME`.
    pub secrets: Vec<String>,
    /// The accounts that use them, as `NAMESPACE/ACCOUNT`.
    pub bound: Vec<String>,
    /// What differs from what was declared.
    pub drift: Vec<String>,
    /// The fingerprint of the logins found.
    pub digest: Option<String>,
}

/// Writes the Secret into each namespace and binds the accounts; what `before` names and the model does not goes.
pub async fn bring_about(cx: &Cx, before: &[String], model: &mut Declared, what: &str) -> Result<()> {
    let what = format!("{what} `{}`", model.name);
    let content = content(model, &what)?;
    let cluster = cx.provider().cluster()?;
    let told = |error: ClusterError| explained(&error, &what);
    let namespaces = namespaces(cx, cluster, model).await.map_err(told)?;
    for namespace in &namespaces {
        if !cluster.has_namespace(cx.budget(), namespace).await.map_err(told)? {
            return Err(told(ClusterError::NamespaceMissing { namespace: namespace.clone() }));
        }
    }

    let key = digest::key(cx, cluster, before, &model.name).await.map_err(told)?.ok_or_else(|| {
        Explanation::new("BERTH-PULL-003", &what).next("the system gives no random numbers; try another machine")
    })?;
    model.digest.set(digest::under(&key, &content));
    model.drift.set(vec![UNFINISHED.to_owned()]);
    model.bound.set(Vec::new());
    let mut secrets: Vec<String> = before.iter().map(|namespace| format!("{namespace}/{}", model.name)).collect();
    let mut bound = Vec::new();
    for namespace in &namespaces {
        let secret = format!("{namespace}/{}", model.name);
        if !secrets.contains(&secret) {
            secrets.push(secret);
        }
        model.secrets.set(secrets.clone());
        let manifest = manifest(model, namespace, &content, &key);
        cluster.apply_own(cx.budget(), &manifest, APPLICATION, &model.name).await.map_err(told)?;
        cx.exists();
        for account in &model.service_accounts {
            let object = ObjectRef::service_account(namespace, account);
            cluster.bind_pull_secret(cx.budget(), &object, &model.name).await.map_err(|error| {
                let explanation = explained(&error, &what);
                if error.is_absence() { explanation.at("service_accounts") } else { explanation }
            })?;
            bound.push(format!("{namespace}/{account}"));
            model.bound.set(bound.clone());
        }
    }
    tidy(cx, cluster, before, model, &namespaces).await.map_err(told)?;
    secrets.retain(|secret| secret.split_once('/').is_some_and(|(space, _)| namespaces.iter().any(|it| it == space)));
    secrets.sort();
    bound.sort();
    model.secrets.set(secrets);
    model.bound.set(bound);
    model.drift.set(Vec::new());
    Ok(())
}

/// A cluster's failure, blamed on the attribute that names what is missing.
fn explained(error: &ClusterError, what: &str) -> Explanation {
    let explanation = error.explain(what);
    match error {
        ClusterError::NamespaceMissing { .. } => explanation.at("namespaces"),
        ClusterError::Foreign { .. } => explanation.at("name"),
        _ => explanation,
    }
}

fn content(model: &Declared, what: &str) -> Result<Secret> {
    let wrong = |next: String| Explanation::new("BERTH-PULL-001", what).next(next).at("registries");
    let config = model.docker_config().map_err(|fault| wrong(format!("correct the login: {fault}")))?;
    config.map(|config| config.json()).ok_or_else(|| {
        wrong("set password_wo of each login: it is not stored, and is needed for each change".to_owned())
    })
}

/// The declared namespaces and those that the selector finds, in order.
async fn namespaces(cx: &Cx, cluster: &Cluster, model: &Declared) -> std::result::Result<Vec<String>, ClusterError> {
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

fn manifest(model: &Declared, namespace: &str, content: &Secret, key: &Secret) -> Value {
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
        "data": { SECRET_KEY: STANDARD.encode(content.expose()), DIGEST_KEY: STANDARD.encode(key.expose()) },
    })
}

/// Takes the Secret out of namespaces that are no longer named, and off accounts that are no longer named.
async fn tidy(
    cx: &Cx,
    cluster: &Cluster,
    before: &[String],
    model: &Declared,
    namespaces: &[String],
) -> std::result::Result<(), ClusterError> {
    let gone: Vec<String> = before.iter().filter(|namespace| !namespaces.contains(namespace)).cloned().collect();
    remove(cx, cluster, model, &gone).await?;
    for namespace in before.iter().filter(|namespace| namespaces.contains(namespace)) {
        unbind(cx, cluster, model, namespace, |account| !model.service_accounts.iter().any(|it| it == account)).await?;
    }
    Ok(())
}

/// Takes the Secret out of these namespaces, off every account first.
pub async fn remove(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    namespaces: &[String],
) -> std::result::Result<(), ClusterError> {
    for namespace in namespaces {
        unbind(cx, cluster, model, namespace, |_| true).await?;
        let object = ObjectRef::secret(namespace, &model.name);
        cluster.delete_own(cx.budget(), &object, APPLICATION, &model.name).await?;
    }
    Ok(())
}

/// Takes our element off the accounts of a namespace that `which` picks.
async fn unbind(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    namespace: &str,
    which: impl Fn(&str) -> bool,
) -> std::result::Result<(), ClusterError> {
    for account in users_of(cx, cluster, namespace, &model.name).await? {
        if which(&account) {
            let object = ObjectRef::service_account(namespace, &account);
            cluster.unbind_pull_secret(cx.budget(), &object, &model.name).await?;
        }
    }
    Ok(())
}

/// The service accounts of a namespace that use the Secret.
async fn users_of(
    cx: &Cx,
    cluster: &Cluster,
    namespace: &str,
    secret: &str,
) -> std::result::Result<Vec<String>, ClusterError> {
    let accounts = cluster.list(cx.budget(), &ObjectRef::service_account(namespace, ""), "").await?;
    let using = accounts.iter().filter(|account| pull_secrets(account).contains(&secret));
    Ok(using.filter_map(|account| Some(account.pointer("/metadata/name")?.as_str()?.to_owned())).collect())
}

/// Looks at every namespace that has or should have the Secret.
pub async fn observe(cx: &Cx, cluster: &Cluster, model: &Declared) -> std::result::Result<Observed, ClusterError> {
    let wanted = namespaces(cx, cluster, model).await?;
    let mut all = wanted.clone();
    all.extend(model.places().into_iter().filter(|place| !wanted.contains(place)));
    let mut seen = Observed { secrets: Vec::new(), bound: Vec::new(), drift: Vec::new(), digest: None };
    for namespace in &all {
        observe_namespace(cx, cluster, model, namespace, &mut seen).await?;
        if !wanted.contains(namespace) {
            seen.drift.push(format!("the namespace {namespace} no longer matches and still has the Secret"));
        }
    }
    seen.secrets.sort();
    seen.bound.sort();
    Ok(seen)
}

async fn observe_namespace(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    namespace: &str,
    seen: &mut Observed,
) -> std::result::Result<(), ClusterError> {
    let object = ObjectRef::secret(namespace, &model.name);
    let found = cluster.get(cx.budget(), &object).await?;
    let Some(secret) = found.filter(|secret| is_ours(secret, APPLICATION, &model.name)) else {
        seen.drift.push(format!("{object} is gone"));
        return Ok(());
    };
    seen.secrets.push(format!("{namespace}/{}", model.name));
    let digest = digest::of(&secret);
    if digest.is_none() {
        seen.drift.push(format!("{object} {WITHOUT_KEY}"));
    } else if model.digest.get().is_some_and(|known| Some(known) != digest.as_ref()) {
        seen.drift.push(format!("{object} holds other logins than were declared"));
    }
    seen.digest = seen.digest.take().or(digest);
    for account in &model.service_accounts {
        let object = ObjectRef::service_account(namespace, account);
        let found = cluster.get(cx.budget(), &object).await?;
        if found.is_some_and(|found| pull_secrets(&found).contains(&model.name.as_str())) {
            seen.bound.push(format!("{namespace}/{account}"));
        } else {
            seen.drift.push(format!("{object} does not use the Secret {}", model.name));
        }
    }
    Ok(())
}
