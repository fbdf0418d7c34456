//! Makes the cluster hold the registry that is declared.

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::clients::diagnosis::Subject;
use crate::digest::sha256_hex;
use crate::domain::diagnosis::Cause;
use crate::domain::htpasswd::{Fault, Htpasswd};
use crate::domain::kubernetes::{ObjectRef, is_ours};
use crate::domain::ownership::{Claim, owner_of};
use crate::domain::registry::{
    APPLICATION, Exposure, GATEWAY_API, HTPASSWD_KEY, HTTP_SECRET_KEY, Registry, Secrets, credentials_ref, ingress_ref,
    removable, users_ref,
};
use crate::domain::tls_secret::entry;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::deviations::Deviations;
use crate::resources::diagnosis::with_cause;
use crate::resources::tenancy;
use crate::sdk::{Result, Secret};

use super::account;
use super::address::url;
use super::arrival::arrive;
use super::blame::explained;
use super::leftovers::{Leftovers, deletes_claim};
use super::look::look;
use super::model::Declared;
use super::ready::ready;
use super::volume;

/// What a registry is said to lack while nobody has seen it ready.
const NOT_SEEN_READY: &str = "the registry has not been seen ready since the last change";

/// Applies every object and waits for the Pods. Objects of other owners are refused, not taken over.
pub async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared, what: &str) -> Result<()> {
    if prior.is_some() {
        tenancy::recovered(cx, &[model.lead()], what).await?;
    }
    let owner = tenancy::claim(cx, &model.lead(), what)?;
    let claim = Claim { is_open: prior.is_none(), ..model.claim(Some(owner)) };
    let registry = model.registry().map_err(|fault| {
        Explanation::new("BERTH-REG-002", what).next(format!("correct the image: {fault}")).at("image")
    })?;
    let cluster = cx.provider().cluster()?;
    let told = |error: ClusterError| explained(&error, what);
    volume::refuse_leaving(cx, cluster, &registry, what).await?;
    refuse_held(cx, cluster, &registry, &claim).await.map_err(told)?;
    if model.create_namespace {
        // From here on a namespace may be there, and a destroy is to take it away.
        cx.exists();
    }
    ensure_namespace(cx, cluster, model, &claim).await.map_err(told)?;
    let certificate_digest = certificate(cx, cluster, &registry, what).await?;
    let secrets = secrets(cx, cluster, model, certificate_digest, what).await?;
    let registry = volume::as_it_is(cx, cluster, model, registry).await.map_err(told)?;
    volume::prepare(cx, cluster, &registry, &claim).await.map_err(told)?;
    if !model.wait {
        look(cx, cluster, &registry).await;
    }

    cx.exists();
    model.describe(&registry);
    model.ready_replicas.set(0);
    model.drift.set(vec![NOT_SEEN_READY.to_owned()]);

    let mut left = Leftovers::recall(cx).after(prior, model);
    left.remember(cx);
    let mut declared = declare(cx, cluster, (&registry, &secrets), &claim, prior, &mut left).await;
    while model.create_namespace && matches!(declared, Err(ClusterError::NamespaceTerminating { .. })) {
        // Its former owner is leaving and takes it away: it is waited for, and made anew.
        ensure_namespace(cx, cluster, model, &claim).await.map_err(told)?;
        declared = declare(cx, cluster, (&registry, &secrets), &claim, prior, &mut left).await;
    }
    declared.map_err(told)?;
    cx.forget(super::IMPORTED);
    model.url.set(url(cx, cluster, &registry).await.map_err(told)?);
    if let Err(error) = wait(cx, cluster, &registry, model, prior.is_none()).await {
        let told = told(error.clone());
        return Err(if error.is_of_a_wait() { diagnosed(cx, &registry, &error, told).await } else { told });
    }
    if model.wait {
        let is_ready = model.drift.get().is_some_and(Vec::is_empty);
        arrive(cx, cluster, &registry, prior.is_none() && is_ready).await;
    }
    // The Pods that ran as an earlier account are gone only now.
    let cleared = left.clear(cx, cluster, &model.namespace, &claim).await;
    left.remember(cx);
    cleared.map_err(told)
}

/// Writes every object, notes what the cluster made of it, and takes away what is needed no more.
async fn declare(
    cx: &Cx,
    cluster: &Cluster,
    (registry, secrets): (&Registry, &Secrets),
    claim: &Claim,
    prior: Option<&Declared>,
    left: &mut Leftovers,
) -> std::result::Result<(), ClusterError> {
    account::declare(cx, cluster, registry, claim, prior, left).await?;
    let mut deviations = Deviations::default();
    for object in registry.objects(secrets) {
        let stored = cluster.apply_own(cx.budget(), &object, claim).await?;
        deviations.note(&object, &stored);
    }
    deviations.remember(cx);
    remove_leftovers(cx, cluster, registry, claim).await
}

/// Waits for the Pods. A new registry is there, whatever keeps its Pods: an error would have Terraform destroy it, and the next
/// apply goes on from what stands.
async fn wait(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
    model: &mut Declared,
    is_new: bool,
) -> std::result::Result<(), ClusterError> {
    match ready(cx, cluster, registry, model.wait).await {
        Ok(ready) => {
            model.ready_replicas.set(ready);
            model.drift.set(Vec::new());
            volume::note_refusal(cx, None);
            if deletes_claim(model) { volume::keep(cx, cluster, registry).await } else { Ok(()) }
        }
        Err(error) if is_new => {
            volume::note_refusal(cx, Some(&error));
            let what = format!("The registry `{}/{}` was made and is not ready yet", model.namespace, model.name);
            let told = diagnosed(cx, registry, &error, explained(&error, &what)).await;
            cx.tell_wait(Err(told), "nothing is removed: the next plan shows what is amiss");
            Ok(())
        }
        Err(error) => {
            volume::note_refusal(cx, Some(&error));
            Err(error)
        }
    }
}

/// The message of a wait in vain, with what a diagnosis adds to it. Of an interrupt everything is told.
async fn diagnosed(cx: &Cx, registry: &Registry, error: &ClusterError, told: Explanation) -> Explanation {
    if error.is_interrupt() {
        return told;
    }
    let subject = Subject::Deployment { namespace: registry.namespace.clone(), name: registry.name.clone() };
    with_cause(cx, &subject, Cause::OF_PULLS, told).await
}

/// Whether an object of a registry that is finished bears another mark: another state made the same at the same moment.
pub async fn is_contended(cx: &Cx, model: &Declared) -> bool {
    let (Ok(cluster), Some(owner)) = (cx.provider().cluster(), cx.known_owner()) else { return false };
    let parts = removable(&model.namespace, &model.name, model.account_name());
    let seen = cluster.look_at(cx.budget(), parts).await;
    // An account may be another registry's.
    let parts = seen.into_iter().filter_map(|(_, found)| found).filter(|it| is_ours(it, APPLICATION, &model.name));
    parts.filter_map(|found| owner_of(&found)).any(|other| other != owner)
}

async fn ensure_namespace(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    claim: &Claim,
) -> std::result::Result<(), ClusterError> {
    if model.create_namespace {
        return cluster.ensure_namespace(cx.budget(), &model.namespace, claim).await;
    }
    if cluster.has_namespace(cx.budget(), &model.namespace).await? {
        return Ok(());
    }
    Err(ClusterError::NamespaceMissing { namespace: model.namespace.clone() })
}

/// The digest of the certificate that the Pods shall serve, if they serve one.
pub async fn certificate(cx: &Cx, cluster: &Cluster, registry: &Registry, what: &str) -> Result<Option<String>> {
    let Some(name) = registry.tls_secret.as_ref().filter(|_| registry.serves_tls()) else { return Ok(None) };
    let object = ObjectRef::secret(&registry.namespace, name);
    let found = cluster.get(cx.budget(), &object).await.map_err(|error| explained(&error, what))?;
    let Some(secret) = found else {
        return Err(Explanation::new("BERTH-REG-003", what)
            .on(format!("{object}, which does not exist"))
            .next("make the certificate first: let tls.secret_name come from the resource that writes the Secret")
            .at("tls.secret_name"));
    };
    match certificate_digest(&secret) {
        Some(digest) => Ok(Some(digest)),
        None => Err(Explanation::new("BERTH-REG-003", what)
            .on(format!("{object}, which has no tls.crt and tls.key"))
            .next("name a Secret of the type kubernetes.io/tls")
            .at("tls.secret_name")),
    }
}

/// A digest of the certificate in a TLS Secret.
pub fn certificate_digest(secret: &Value) -> Option<String> {
    secret.pointer("/data/tls.key")?;
    Some(sha256_hex(secret.pointer("/data/tls.crt")?.as_str()?.as_bytes()))
}

/// What goes into the Secrets. What is there and still right is kept, so that nothing restarts without need.
async fn secrets(
    cx: &Cx,
    cluster: &Cluster,
    model: &Declared,
    certificate_digest: Option<String>,
    what: &str,
) -> Result<Secrets> {
    let told = |error: ClusterError| explained(&error, what);
    let credentials = credentials_ref(&model.namespace, &model.name);
    let kept = cluster.get(cx.budget(), &credentials).await.map_err(told)?;
    let http_secret = match kept.as_ref().and_then(|secret| entry(secret, HTTP_SECRET_KEY)) {
        Some(kept) => kept,
        None => Secret::random().ok_or_else(|| {
            Explanation::new("BERTH-REG-004", what).next("the system gives no random numbers; try another machine")
        })?,
    };
    let written = cluster.get(cx.budget(), &users_ref(&model.namespace, &model.name)).await.map_err(told)?;
    let written = written.as_ref().and_then(|secret| entry(secret, HTPASSWD_KEY));
    Ok(Secrets {
        http_secret,
        s3_secret_key: model.storage.s3.as_ref().and_then(|s3| s3.secret_key_wo.clone()),
        proxy_password: model.proxy.as_ref().and_then(|proxy| proxy.password_wo.clone()),
        users: users(model, written, what).await?,
        certificate_digest,
    })
}

/// The password file: the given one, or the hashes of the given passwords.
async fn users(model: &Declared, written: Option<Secret>, what: &str) -> Result<Htpasswd> {
    let refused = |fault: &Fault, at: &str| {
        Explanation::new("BERTH-REG-005", what).next(format!("correct the value: {fault}")).at(at)
    };
    if let Some(text) = &model.htpasswd {
        return Htpasswd::parse(text).map_err(|fault| refused(&fault, "htpasswd"));
    }
    let Some(users) = &model.users else { return Ok(Htpasswd::default()) };
    let passwords: Vec<_> = users.iter().map(|(name, user)| (name.clone(), user.password_wo.clone())).collect();
    // Each hash takes some 50 ms of a processor.
    let hashed = tokio::task::spawn_blocking(move || {
        let before = written.and_then(|text| Htpasswd::parse(text.expose()).ok()).unwrap_or_default();
        before.updated(passwords.iter().map(|(name, password)| (name.as_str(), password.as_ref())))
    });
    hashed.await.unwrap_or(Err(Fault::Hash)).map_err(|fault| match &fault {
        Fault::NoPassword { user } => Explanation::new("BERTH-REG-005", what)
            .said("the registry", fault.to_string())
            .next("set password_wo: it is not stored, and the cluster does not have it any more")
            .at(format!("users[\"{user}\"]")),
        fault => refused(fault, "users"),
    })
}

/// Looks at all objects before the first is written: half a registry beside someone else's helps nobody.
async fn refuse_held(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
    claim: &Claim,
) -> std::result::Result<(), ClusterError> {
    if matches!(registry.exposure, Exposure::Gateway(_)) {
        cluster.kind(cx.budget(), GATEWAY_API, "HTTPRoute").await?;
    }
    let others = registry.visible_objects();
    for object in [registry.deployment_ref()].into_iter().chain(others.iter().filter_map(ObjectRef::of)) {
        cluster.admit(cx.budget(), &object, claim).await?;
    }
    Ok(())
}

/// Takes away what an earlier declaration needed and this one does not; never a volume.
async fn remove_leftovers(
    cx: &Cx,
    cluster: &Cluster,
    registry: &Registry,
    claim: &Claim,
) -> std::result::Result<(), ClusterError> {
    let mut leftovers = Vec::new();
    if !registry.has_users {
        leftovers.push(users_ref(&registry.namespace, &registry.name));
    }
    if !matches!(registry.exposure, Exposure::Ingress(_)) {
        leftovers.push(ingress_ref(&registry.namespace, &registry.name));
    }
    for object in leftovers {
        cluster.delete_own(cx.budget(), &object, claim).await?;
    }
    Ok(())
}
