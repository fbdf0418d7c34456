//! The Secrets that get the certificate: looked at, written, carried over, removed.

mod content;
mod holding;
mod looking;

use serde_json::Value as Json;

use crate::clients::cluster::{ClusterError, Removal};
use crate::domain::certificate::Chain;
use crate::domain::kubernetes::{ObjectRef, annotation};
use crate::domain::tls_secret::{self, CERTIFICATE_ENTRY, KEY_ENTRY, TLS_TYPE, Wanted};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::{Result, Secret};

use super::import;
use super::journal;
use super::model::Certificate;
use super::model::destination::{Destination, Metadata, Site, told};

use content::{Content, FORMS_ANNOTATION, Passwords};

pub use holding::{claim, claim_of, finish, is_anothers};
pub use looking::{Found, look};

/// The annotation that names the CA a Secret's certificate came from.
const DIRECTORY_ANNOTATION: &str = "berth/acme-directory";

/// Tests, before anything is ordered, that everything can be stored afterwards: namespaces exist, passwords can be read, new
/// Secrets are nobody else's.
///
/// # Errors
/// What is missing or foreign, at its attribute.
pub async fn prepare(cx: &Cx, model: &Certificate, prior: Option<&Certificate>) -> Result<()> {
    let Some(place) = &model.kubernetes_secret else { return Ok(()) };
    Passwords::load(cx, place).await?;
    let (before, claim) = (sites(prior), claim_of(cx, place));
    for site in place.sites() {
        let is_known = before.iter().any(|before| before.object == site.object);
        let admitted = holding::admit(cx, &site, &claim, is_known).await;
        let refused = |error: ClusterError| {
            error.explain(format!("Cannot store the certificate for {}", model.title())).at(site.attribute("name"))
        };
        if admitted.map_err(refused)?.is_none() {
            must_exist(cx, &site).await?;
        }
    }
    Ok(())
}

/// All Secrets of a certificate.
fn sites(model: Option<&Certificate>) -> Vec<Site> {
    model.and_then(|model| model.kubernetes_secret.as_ref()).map(Destination::sites).unwrap_or_default()
}

/// Fails when the namespace of a Secret does not exist.
async fn must_exist(cx: &Cx, site: &Site) -> Result<()> {
    let namespace = site.object.namespace.as_deref().unwrap_or_default();
    let what = format!("Cannot store the certificate in {}", site.told());
    match cx.provider().cluster()?.has_namespace(cx.budget(), namespace).await {
        Ok(false) => Err(ClusterError::NamespaceMissing { namespace: namespace.to_owned() }
            .explain(what)
            .at(site.attribute("namespace"))),
        // Who may not look at namespaces may still write into one.
        Ok(true) | Err(ClusterError::Forbidden { .. }) => Ok(()),
        Err(error) => Err(error.explain(what)),
    }
}

/// A certificate of ours, with its key, that a create which failed late has left in the first Secret, if it is what is wanted.
pub async fn adoptable(cx: &Cx, place: &Destination, model: &Certificate) -> Result<Option<(Chain, Secret)>> {
    let Some(secret) = get(cx, &place.object()).await? else { return Ok(None) };
    let Some((chain, key)) = pair(&secret) else { return Ok(None) };
    let is_wanted = model.order.is_none()
        && serves(cx, model, &chain, &key)
        && chain.facts.key_type.as_deref() == Some(model.key_type.as_str())
        && is_from(&secret, model);
    Ok(is_wanted.then_some((chain, key)))
}

/// The annotation that names the wish a Secret's certificate was issued for.
const WISH_ANNOTATION: &str = "berth/acme-wish";

/// The certificate and key that were stored for just this wish.
pub async fn stored_for(
    cx: &Cx,
    place: &Destination,
    model: &Certificate,
    print: &str,
) -> Result<Option<(Chain, Secret)>> {
    let Some(secret) = get(cx, &place.object()).await? else { return Ok(None) };
    if annotation(&secret, WISH_ANNOTATION) != Some(print) || !tls_secret::is_managed(&secret) {
        return Ok(None);
    }
    Ok(pair(&secret).filter(|(chain, key)| serves(cx, model, chain, key)))
}

/// Whether a certificate is one for the model's names, still valid, with its key.
fn serves(cx: &Cx, model: &Certificate, chain: &Chain, key: &Secret) -> bool {
    chain.facts.names() == model.names()
        && chain.facts.not_after > cx.clock().now()
        && chain.facts.matches_key(key.expose()).unwrap_or(false)
}

fn is_from(secret: &Json, model: &Certificate) -> bool {
    let annotation = annotation(secret, DIRECTORY_ANNOTATION);
    annotation.is_some() && annotation == model.directory_url.get().map(String::as_str) && model.profile.is_none()
}

/// Stores chain and key in every Secret of the certificate. The first Secret comes last: with it the certificate counts as
/// stored, and a failure before that leaves the order to go on from. A new certificate brings the print of its wish.
pub async fn store(cx: &Cx, model: &Certificate, (chain, key): (&Chain, &Secret), print: Option<&str>) -> Result<()> {
    let Some(place) = &model.kubernetes_secret else { return Ok(()) };
    let content = Content::make(cx, place, chain, key).await?;
    let (cluster, claim) = (cx.provider().cluster()?, claim_of(cx, place));
    for site in place.sites().into_iter().rev() {
        let (labels, mut annotations) = dress(model, place, &site, chain, content.seal.as_ref());
        annotations.extend(claim.marks(&site.object));
        let print = print.filter(|_| site.is_first);
        annotations.extend(print.map(|print| (WISH_ANNOTATION.to_owned(), print.to_owned())));
        let entries =
            [(CERTIFICATE_ENTRY.to_owned(), Secret::new(chain.full_pem())), (KEY_ENTRY.to_owned(), key.clone())];
        let binaries = content.binaries.clone();
        let (object, kind) = (site.object.clone(), TLS_TYPE);
        let wanted = Wanted { object, kind, entries: entries.into(), binaries, labels, annotations };
        let written = journal::write(cluster, cx.budget(), &wanted).await;
        written.map_err(|error| {
            error.explain(format!("Cannot store the certificate for {} in {}", model.title(), site.told()))
        })?;
    }
    Ok(())
}

/// All labels and annotations that stand on a Secret for us.
fn dress(
    model: &Certificate,
    place: &Destination,
    site: &Site,
    chain: &Chain,
    seal: Option<&String>,
) -> (Metadata, Metadata) {
    let (mut labels, mut annotations) = (site.labels.clone(), site.annotations.clone());
    annotations.extend(model.directory_url.get().map(|url| (DIRECTORY_ANNOTATION.to_owned(), url.clone())));
    annotations.extend(seal.map(|seal| (FORMS_ANNOTATION.to_owned(), seal.clone())));
    if let Some((theirs, about)) = place.hand_over(chain).filter(|_| site.is_first) {
        labels.extend(theirs);
        annotations.extend(about);
    }
    (labels, annotations)
}

/// The key of a certificate, from wherever it is kept: the state, a file that was imported, one of the Secrets.
pub async fn present_key(cx: &Cx, model: &Certificate) -> Result<Option<Secret>> {
    if let Some(key) = model.private_key_pem.get() {
        return Ok(Some(key.clone()));
    }
    let Some(chain) = model.chain() else { return Ok(None) };
    if let Some(key) = import::noted_key(cx, &chain).await? {
        return Ok(Some(key));
    }
    for site in sites(Some(model)) {
        let key = get(cx, &site.object).await?.and_then(|secret| tls_secret::entry(&secret, KEY_ENTRY));
        let key = key.filter(|key| chain.facts.matches_key(key.expose()).unwrap_or(false));
        if key.is_some() {
            return Ok(key);
        }
    }
    Ok(None)
}

/// Brings a certificate that stays to what else has changed: its places, what stands in them, the key in the state.
pub async fn carry_over(cx: &Cx, prior: &Certificate, model: &mut Certificate) -> Result<()> {
    let is_untouched = prior.kubernetes_secret == model.kubernetes_secret
        && prior.private_key_in_state == model.private_key_in_state
        && prior.directory_url == model.directory_url
        && prior.drift.get().is_none_or(Vec::is_empty);
    let Some(chain) = model.chain().filter(|_| !is_untouched) else { return Ok(()) };
    let mut kept = None;
    if model.kubernetes_secret.is_some() || model.private_key_in_state {
        prepare(cx, model, Some(prior)).await?;
        let key = present_key(cx, prior).await?.ok_or_else(|| lost(model))?;
        store(cx, model, (&chain, &key), None).await?;
        finish_marks(cx, model).await?;
        kept = model.private_key_in_state.then_some(key);
    }
    cx.exists();
    model.private_key_pem.set(kept);
    import::forget(cx);
    leave(cx, prior, model).await
}

/// Takes away the mark of a create that could not be ended.
async fn finish_marks(cx: &Cx, model: &Certificate) -> Result<()> {
    let Some(place) = &model.kubernetes_secret else { return Ok(()) };
    let finished = cx.provider().cluster()?.finish(cx.budget(), &claim_of(cx, place)).await;
    finished.map_err(|error| error.explain(format!("Cannot change {}", told(&place.object()))))
}

fn lost(model: &Certificate) -> Explanation {
    Explanation::new("BERTH-ACME-048", format!("Cannot move the certificate for {}", model.title()))
        .said("the old destination", "it holds no key for the certificate any more")
        .next("apply again: the refresh sees that, and a new certificate is made")
}

/// Takes away what was ours before and is wished no more: whole Secrets; elsewhere labels, annotations, entries.
pub async fn leave(cx: &Cx, prior: &Certificate, model: &Certificate) -> Result<()> {
    let (Some(before), chain) = (&prior.kubernetes_secret, prior.chain()) else { return Ok(()) };
    let stays = sites(Some(model));
    for site in before.sites() {
        match stays.iter().find(|stays| stays.object == site.object) {
            Some(after) => tidy(cx, (prior, before, &site), (model, after), chain.as_ref()).await?,
            None => drop(remove_site(cx, before, &site).await?),
        }
    }
    Ok(())
}

/// Takes out of a Secret that stays what is wished there no more.
async fn tidy(
    cx: &Cx,
    (prior, place, site): (&Certificate, &Destination, &Site),
    (model, after): (&Certificate, &Site),
    chain: Option<&Chain>,
) -> Result<()> {
    let (Some(chain), Some(wished)) = (chain, &model.kubernetes_secret) else { return Ok(()) };
    let sealed = |place: &Destination| (!place.further_entries().is_empty()).then(String::new);
    let (labels, annotations) = dress(prior, place, site, chain, sealed(place).as_ref());
    let (new_labels, new_annotations) = dress(model, wished, after, chain, sealed(wished).as_ref());
    let (labels, annotations) = (gone(&labels, &new_labels), gone(&annotations, &new_annotations));
    let entries: Vec<_> = place.further_entries().difference(&wished.further_entries()).copied().collect();
    if labels.is_empty() && annotations.is_empty() && entries.is_empty() {
        return Ok(());
    }
    let edited = cx.provider().cluster()?.update(cx.budget(), &site.object, |object| {
        tls_secret::remove_metadata(object, "labels", &labels);
        tls_secret::remove_metadata(object, "annotations", &annotations);
        tls_secret::remove_entries(object, &entries);
        true
    });
    edited.await.map(|_| ()).map_err(|error| error.explain(format!("Cannot change {}", site.told())))
}

/// The names that were there before and are not wished any more.
fn gone(before: &Metadata, after: &Metadata) -> Vec<String> {
    before.keys().filter(|name| !after.contains_key(*name)).cloned().collect()
}

/// Removes the Secrets, if they are ours, and what an interrupted renewal may have left beside the first.
pub async fn remove(cx: &Cx, place: &Destination) -> Result<()> {
    let mut removals = Vec::new();
    for site in place.sites() {
        removals.push((site.object.clone(), remove_site(cx, place, &site).await?));
    }
    tenancy::tell_left(cx, "Removing the certificate", removals);
    place.sites().iter().for_each(|site| tenancy::release(cx, &site.object));
    Ok(())
}

/// Removes the copies that a create has stored before it failed; the first Secret comes last.
pub async fn remove_copies(cx: &Cx, place: &Destination) -> Result<()> {
    for site in place.sites().iter().filter(|site| !site.is_first) {
        holding::remove(cx, &site.object, &claim_of(cx, place)).await?;
    }
    Ok(())
}

async fn remove_site(cx: &Cx, place: &Destination, site: &Site) -> Result<Removal> {
    let claim = claim_of(cx, place);
    if site.is_first && place.cert_manager.is_some() {
        // It is cert-manager's now, which would only make it anew.
        return Ok(Removal::Gone);
    }
    if site.is_first && !get(cx, &site.object).await?.is_some_and(|secret| is_anothers(&claim, &secret)) {
        holding::remove(cx, &journal::object(place), &claim).await?;
    }
    holding::remove(cx, &site.object, &claim).await
}

/// A Secret; `None` if it does not exist.
pub async fn get(cx: &Cx, object: &ObjectRef) -> Result<Option<Json>> {
    let found = cx.provider().cluster()?.get(cx.budget(), object).await;
    found.map_err(|error| error.explain(format!("Cannot look at {}", told(object))))
}

/// Chain and key of a TLS Secret.
pub fn pair(secret: &Json) -> Option<(Chain, Secret)> {
    let chain = Chain::parse(tls_secret::entry(secret, CERTIFICATE_ENTRY)?.expose()).ok()?;
    Some((chain, tls_secret::entry(secret, KEY_ENTRY)?))
}
