//! Whose the Secrets of a certificate are: claimed before anything is ordered, and let go only while they are ours.

use serde_json::Value as Json;

use crate::clients::cluster::{ClusterError, Removal};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, Tenure, is_unfinished, owner_of};
use crate::domain::tls_secret;
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::super::model::Certificate;
use super::super::model::destination::{Destination, Site, told};

/// The note of the private state while a certificate is made for the first time.
const OPENING: &str = "opening";

/// What a certificate with this destination claims as its own; the first Secret answers for the copies.
pub fn claim_of(cx: &Cx, place: &Destination) -> Claim {
    let is_open = cx.recall(OPENING).unwrap_or(false);
    let (owner, lead) = (cx.known_owner(), place.object());
    Claim { application: "certificate", instance: place.name.clone(), owner, lead, is_open }
}

/// Claims the Secrets for this run: two certificates of one configuration must not order for the same one.
pub fn claim(cx: &Cx, model: &Certificate, is_new: bool) -> Result<()> {
    let Some(place) = &model.kubernetes_secret else { return Ok(()) };
    let what = format!("Cannot store the certificate for {}", model.title());
    for site in place.sites() {
        tenancy::claim(cx, &site.object, &what).map_err(|error| error.at(site.attribute("name")))?;
    }
    if is_new {
        cx.remember(OPENING, &true);
    }
    Ok(())
}

/// Ends a create, however it went.
pub async fn finish(cx: &Cx, model: &Certificate) {
    cx.forget(OPENING);
    let Some(place) = &model.kubernetes_secret else { return };
    if !cx.has_existing() {
        return place.sites().iter().for_each(|site| tenancy::abandon(cx, &site.object));
    }
    tenancy::finish(cx, &claim_of(cx, place)).await;
}

/// Whether a certificate may be stored at a site; the Secret that is there. One that is on its way out is waited for.
///
/// # Errors
/// It was made by others, or is held by another resource or state.
pub async fn admit(
    cx: &Cx,
    site: &Site,
    claim: &Claim,
    is_known: bool,
) -> std::result::Result<Option<Json>, ClusterError> {
    let tenure = |found: &Json| match tenure(claim, found) {
        // Imported: it becomes ours by the first write.
        Tenure::Foreign if is_known => Tenure::Ours,
        tenure => tenure,
    };
    let Ok(cluster) = cx.provider().cluster() else { return Ok(None) };
    cluster.admit_by(cx.budget(), &site.object, tenure).await
}

/// Whether the certificate's first Secret belongs to another resource or state by now.
pub fn is_anothers(claim: &Claim, secret: &Json) -> bool {
    !matches!(tenure(claim, secret), Tenure::Ours | Tenure::Foreign)
}

fn tenure(claim: &Claim, secret: &Json) -> Tenure {
    let is_managed = tls_secret::is_managed(secret) || claim.is_marked(secret);
    if is_managed { claim.holder(secret) } else { Tenure::Foreign }
}

/// What is amiss with the marks of a first Secret that is ours, in words.
pub fn unmarked(secret: &Json) -> Option<String> {
    if owner_of(secret).is_none() {
        return Some("does not bear the mark of its owner".to_owned());
    }
    is_unfinished(secret).then(|| "is marked as unfinished".to_owned())
}

/// Removes a Secret if it is ours, and waits until it is gone.
pub async fn remove(cx: &Cx, object: &ObjectRef, claim: &Claim) -> Result<Removal> {
    let cluster = cx.provider().cluster()?;
    let trouble = |error: ClusterError| error.explain(format!("Cannot remove {}", told(object)));
    let tenure = |found: &Json| tenure(claim, found);
    let removal = cluster.delete_by(cx.budget(), object, tenure).await.map_err(trouble)?;
    if removal == Removal::Gone {
        cluster.wait_until_left_by(cx.budget(), object, tenure).await.map_err(trouble)?;
    }
    Ok(removal)
}
