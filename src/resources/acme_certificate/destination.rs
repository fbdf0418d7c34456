//! The Secret that gets the certificate: looked at, written, carried over, removed.

use std::collections::BTreeMap;

use crate::clients::acme::RevocationReason;
use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::certificate::Chain;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::tls_secret::{self, CERTIFICATE_ENTRY, KEY_ENTRY, TLS_TYPE, Wanted};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::account_key::Source;
use crate::sdk::{Computed, Result, Secret, Set};

use super::journal;
use super::model::{Certificate, Destination};

/// Labels or annotations.
type Metadata = BTreeMap<String, String>;

/// What a look at the Secret says.
pub enum Found {
    /// The certificate of the state, with its key.
    Same,
    /// Another one for the same names, by the one it was handed over to.
    Renewed(Box<Chain>),
    /// Something else, in words.
    Drift(String),
}

impl Destination {
    fn object(&self) -> ObjectRef {
        ObjectRef::secret(&self.namespace, &self.name)
    }

    fn told(&self) -> String {
        format!("the Secret {}/{}", self.namespace, self.name)
    }
}

/// Compares the Secret with the state, and takes labels and annotations in as they are.
pub async fn look(cx: &Cx, place: &mut Destination, model: &Certificate) -> Result<Found> {
    let Some(secret) = get(cx, place).await? else { return Ok(Found::Drift(format!("{} is gone", place.told()))) };
    place.labels = place.labels.take().map(|labels| tls_secret::present(&secret, "labels", &labels));
    place.annotations =
        place.annotations.take().map(|annotations| tls_secret::present(&secret, "annotations", &annotations));
    let Some((chain, key)) = content(&secret) else {
        return Ok(Found::Drift(format!("{} holds no certificate with a key", place.told())));
    };
    let is_pair = chain.facts.matches_key(key.expose()).unwrap_or(false);
    let is_other = Some(&chain.facts.fingerprint_sha256) != model.fingerprint_sha256.get();
    if is_other && is_pair && place.cert_manager.is_some() && chain.facts.names() == model.names() {
        return Ok(Found::Renewed(Box::new(chain)));
    }
    if is_other {
        let serial = &chain.facts.serial_number;
        return Ok(Found::Drift(format!("{} holds another certificate, serial number {serial}", place.told())));
    }
    if !is_pair {
        return Ok(Found::Drift(format!("{} holds a key that is not the certificate's", place.told())));
    }
    Ok(Found::Same)
}

/// A certificate of ours that a create which failed late has left there, if it is what is wanted.
///
/// # Errors
/// The Secret exists and is not ours; or its namespace does not exist.
pub async fn adoptable(cx: &Cx, place: &Destination, model: &Certificate) -> Result<Option<Chain>> {
    let Some(secret) = get(cx, place).await? else {
        must_exist(cx, place).await?;
        return Ok(None);
    };
    if !tls_secret::is_managed(&secret) {
        return Err(ClusterError::Foreign { object: place.object().to_string() }
            .explain(format!("Cannot store the certificate for {}", model.title()))
            .at("kubernetes_secret.name"));
    }
    let Some((chain, key)) = content(&secret) else { return Ok(None) };
    let is_wanted = model.order.is_none()
        && chain.facts.names() == model.names()
        && chain.facts.key_type.as_deref() == Some(model.key_type.as_str())
        && chain.facts.matches_key(key.expose()).unwrap_or(false)
        && chain.facts.not_after > cx.clock().now()
        && is_from(&secret, model);
    Ok(is_wanted.then_some(chain))
}

/// The annotation that names the CA a Secret's certificate came from.
const DIRECTORY_ANNOTATION: &str = "berth/acme-directory";

/// The annotation that names the wish a Secret's certificate was issued for.
const WISH_ANNOTATION: &str = "berth/acme-wish";

/// The certificate and key that were stored for just this wish.
pub async fn stored_for(
    cx: &Cx,
    place: &Destination,
    model: &Certificate,
    print: &str,
) -> Result<Option<(Chain, Secret)>> {
    let Some(secret) = get(cx, place).await? else { return Ok(None) };
    let annotated = secret.pointer("/metadata/annotations").and_then(|all| all.get(WISH_ANNOTATION)?.as_str());
    if annotated != Some(print) || !tls_secret::is_managed(&secret) {
        return Ok(None);
    }
    Ok(content(&secret).filter(|(chain, key)| {
        chain.facts.names() == model.names()
            && chain.facts.not_after > cx.clock().now()
            && chain.facts.matches_key(key.expose()).unwrap_or(false)
    }))
}

fn is_from(secret: &serde_json::Value, model: &Certificate) -> bool {
    let annotation = secret.pointer("/metadata/annotations").and_then(|all| all.get(DIRECTORY_ANNOTATION)?.as_str());
    annotation.is_some() && annotation == model.directory_url.get().map(String::as_str) && model.profile.is_none()
}

/// Fails early, before anything is ordered, when the namespace does not exist.
async fn must_exist(cx: &Cx, place: &Destination) -> Result<()> {
    match cx.provider().cluster()?.has_namespace(cx.budget(), &place.namespace).await {
        Ok(false) => Err(ClusterError::NamespaceMissing { namespace: place.namespace.clone() }
            .explain(format!("Cannot store the certificate in {}", place.told()))
            .at("kubernetes_secret.namespace")),
        // Who may not look at namespaces may still write into one.
        Ok(true) | Err(ClusterError::Forbidden { .. }) => Ok(()),
        Err(error) => Err(error.explain(format!("Cannot store the certificate in {}", place.told()))),
    }
}

/// Stores chain and key; with the print of the wish that they were issued for, when they are new.
pub async fn store(
    cx: &Cx,
    place: &Destination,
    model: &Certificate,
    pair: (&Chain, &Secret),
    print: Option<&str>,
) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let written = write(cx, cluster, place, model, pair, print).await;
    written.map_err(|error| error.explain(format!("Cannot store the certificate for {}", model.title())))
}

async fn write(
    cx: &Cx,
    cluster: &Cluster,
    place: &Destination,
    model: &Certificate,
    (chain, key): (&Chain, &Secret),
    print: Option<&str>,
) -> std::result::Result<(), ClusterError> {
    let entries = [(CERTIFICATE_ENTRY.to_owned(), Secret::new(chain.full_pem())), (KEY_ENTRY.to_owned(), key.clone())];
    let mut annotations = place.annotations.clone().unwrap_or_default();
    annotations.extend(model.directory_url.get().map(|url| (DIRECTORY_ANNOTATION.to_owned(), url.clone())));
    annotations.extend(print.map(|print| (WISH_ANNOTATION.to_owned(), print.to_owned())));
    let mut labels = place.labels.clone().unwrap_or_default();
    if let Some((theirs, told)) = place.hand_over(chain) {
        labels.extend(theirs);
        annotations.extend(told);
    }
    let wanted = Wanted { object: place.object(), kind: TLS_TYPE, entries: entries.into(), labels, annotations };
    journal::write(cluster, cx.budget(), &wanted).await
}

/// The key that a destination holds, if it is the key of the state's certificate.
pub async fn present_key(cx: &Cx, model: &Certificate) -> Result<Option<Secret>> {
    if let Some(key) = model.private_key_pem.get() {
        return Ok(Some(key.clone()));
    }
    let Some(place) = &model.kubernetes_secret else { return Ok(None) };
    let Some((chain, key)) = get(cx, place).await?.as_ref().and_then(content) else { return Ok(None) };
    Ok(chain.facts.matches_key(key.expose()).unwrap_or(false).then_some(key))
}

/// Brings a certificate that stays to what else has changed: its place, its labels, the key in the state.
pub async fn carry_over(cx: &Cx, prior: &Certificate, model: &mut Certificate) -> Result<()> {
    let moved = match (&prior.kubernetes_secret, &model.kubernetes_secret) {
        (Some(before), Some(after)) => before.object() != after.object(),
        (before, after) => before.is_some() != after.is_some(),
    };
    let is_untouched = prior.kubernetes_secret == model.kubernetes_secret
        && prior.private_key_in_state == model.private_key_in_state
        && prior.directory_url == model.directory_url;
    let Some(chain) = model.chain().filter(|_| !is_untouched) else { return Ok(()) };
    let what = format!("Cannot move the certificate for {}", model.title());
    let key = present_key(cx, prior).await?.ok_or_else(|| {
        Explanation::new("BERTH-ACME-048", what)
            .said("the old destination", "it holds no key for the certificate any more")
            .next("apply again: the refresh sees that, and a new certificate is made")
    })?;
    if let Some(place) = &model.kubernetes_secret {
        if moved {
            adoptable(cx, place, model).await?;
        }
        store(cx, place, model, (&chain, &key), None).await?;
        cx.exists();
        drop_old_metadata(cx, prior.kubernetes_secret.as_ref().filter(|_| !moved), place).await?;
    }
    model.private_key_pem.set(model.private_key_in_state.then_some(key));
    match prior.kubernetes_secret.as_ref().filter(|_| moved) {
        Some(old) => remove(cx, old).await,
        None => Ok(()),
    }
}

/// Takes labels and annotations away that were ours and are wished no more.
pub async fn drop_old_metadata(cx: &Cx, prior: Option<&Destination>, place: &Destination) -> Result<()> {
    let Some(prior) = prior else { return Ok(()) };
    let labels = gone(prior.labels.as_ref(), place.labels.as_ref());
    let annotations = gone(prior.annotations.as_ref(), place.annotations.as_ref());
    if labels.is_empty() && annotations.is_empty() {
        return Ok(());
    }
    let object = place.object();
    let edited = cx.provider().cluster()?.update(cx.budget(), &object, |object| {
        tls_secret::remove_metadata(object, "labels", &labels);
        tls_secret::remove_metadata(object, "annotations", &annotations);
        true
    });
    edited.await.map(|_| ()).map_err(|error| error.explain(format!("Cannot change {}", place.told())))
}

/// The names that were there before and are not wished any more.
fn gone(before: Option<&Metadata>, after: Option<&Metadata>) -> Vec<String> {
    let stays = |name: &&String| after.is_some_and(|after| after.contains_key(*name));
    before.iter().flat_map(|map| map.keys()).filter(|name| !stays(name)).cloned().collect()
}

/// Removes the Secret, if it is ours, and what an interrupted renewal may have left beside it.
pub async fn remove(cx: &Cx, place: &Destination) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let trouble = |error: ClusterError| error.explain(format!("Cannot remove {}", place.told()));
    if place.cert_manager.is_some() {
        // It is cert-manager's now, which would only make it anew.
        return Ok(());
    }
    for object in [journal::object(place), place.object()] {
        let found = cluster.get(cx.budget(), &object).await.map_err(trouble)?;
        if found.as_ref().is_some_and(tls_secret::is_managed) {
            cluster.delete(cx.budget(), &object, None).await.map_err(trouble)?;
        }
    }
    Ok(())
}

/// The model of a certificate that stands in a Secret.
pub async fn import(cx: &Cx, namespace: &str, name: &str) -> Result<Certificate> {
    let place = Destination { namespace: namespace.to_owned(), name: name.to_owned(), ..Destination::default() };
    let secret = get(cx, &place).await?;
    let Some((chain, _)) = secret.as_ref().and_then(content) else {
        return Err(Explanation::new("BERTH-ACME-049", format!("Cannot import the certificate of {}", place.told()))
            .said(
                "the cluster",
                if secret.is_some() { "it holds no certificate with a key" } else { "it does not exist" },
            )
            .next("name a Secret with the entries `tls.crt` and `tls.key`"));
    };
    let mut model = Certificate {
        directory_url: Computed::Null,
        account_key: Source::default(),
        dns_names: Set(chain.facts.dns_names.clone()),
        ip_addresses: Some(Set(chain.facts.ip_addresses.clone())).filter(|all| !all.is_empty()),
        revocation_reason: RevocationReason::default().to_string(),
        key_type: chain.facts.key_type.clone().unwrap_or_default(),
        key_rotation: "always".to_owned(),
        kubernetes_secret: Some(place),
        ..Certificate::default()
    };
    model.fill(&chain);
    Ok(model)
}

async fn get(cx: &Cx, place: &Destination) -> Result<Option<serde_json::Value>> {
    let found = cx.provider().cluster()?.get(cx.budget(), &place.object()).await;
    found.map_err(|error| error.explain(format!("Cannot look at {}", place.told())))
}

/// Chain and key of a TLS Secret.
fn content(secret: &serde_json::Value) -> Option<(Chain, Secret)> {
    let chain = Chain::parse(tls_secret::entry(secret, CERTIFICATE_ENTRY)?.expose()).ok()?;
    Some((chain, tls_secret::entry(secret, KEY_ENTRY)?))
}
