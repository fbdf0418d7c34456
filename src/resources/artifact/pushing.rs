//! Pushes an artifact, and brings a changed one up to date.

use crate::clients::oci::{Content, Image, LocalArtifact, Moving, patiently};
use crate::domain::oci::Manifest;
use crate::domain::oci::artifact::Subject;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::Result;

use super::super::oci_tag::{is_losing, put_back, stay};
use super::attachment::Attachment;
use super::model::Declared;
use super::place::Place;
use super::subject;
use super::wish::wish;

/// Pushes the files and fills in what they are.
pub async fn push(cx: &Cx, model: &mut Declared, moving: Moving) -> Result<()> {
    let what = format!("Cannot push the artifact `{}`", model.destination);
    let place = Place::of(model, &what)?;
    let subject = subject::resolve(cx, &place, model, &what).await?;
    if place.tag.is_none() && subject.is_none() {
        return Err(without_tag(&what));
    }
    let read = LocalArtifact::read(wish(model, subject.clone())).await;
    let LocalArtifact { image, places } = read.map_err(|error| error.explain(&*what))?;
    let digest = &image.top.digest;
    check_planned(model, digest, &what)?;
    let attachment = subject.as_ref().map(|subject| Attachment::new(&place, digest, &subject.digest));
    if let Some(attachment) = &attachment {
        attachment.claim(cx).await?;
    }
    let tag = place.named(digest);
    let pushed = place.at(&tag).push(cx, &what, (&image, &Content::Local(places)), moving).await;
    if let (Err(_), Some(attachment)) = (&pushed, &attachment) {
        attachment.release(cx);
    }
    pushed?;
    fill(model, &place, &image, subject.as_ref());
    if let Some(attachment) = &attachment {
        attachment.tell(cx, &what, &image.top).await?;
        model.attached.set(Some(true));
    }
    Ok(())
}

/// Fills in what was pushed, which is not attached yet.
fn fill(model: &mut Declared, place: &Place, image: &Image, subject: Option<&Subject>) {
    let digest = &image.top.digest;
    model.subject_digest.set(subject.map(|subject| subject.digest.clone()));
    model.attached.set(subject.map(|_| false));
    model.reference.set(place.named(digest).by_digest(digest));
    model.tag_digest.set(digest.clone());
    model.digest.set(digest.clone());
    model.media_type.set(image.top.media_type.clone());
    model.size_bytes.set(i64::try_from(image.size()).unwrap_or(i64::MAX));
}

/// Brings what is there up to date.
pub async fn update(cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
    let what = format!("Cannot push the artifact `{}`", model.destination);
    let place = Place::of(model, &what)?;
    // Only the tag was moved, or nothing that has to do with the registry changes.
    let same = model.digest.get().filter(|digest| Some(*digest) == prior.digest.get()).cloned();
    if let Some(digest) = same {
        let tag = place.named(&digest);
        if let Some(attachment) = Attachment::of(&place, prior).filter(|_| is_losing(cx)) {
            // Before anything else: the destroy that takes it away leaves it then, or is over.
            attachment.claim(cx).await?;
        }
        let is_there = prior.tag_digest.get() == Some(&digest) && !is_losing(cx);
        if is_there || place.at(&tag).restore(cx, &what, &digest).await? {
            return stand(cx, &place, (prior, model), &digest).await;
        }
        return push(cx, model, Moving::Allowed).await;
    }
    push(cx, model, Moving::Allowed).await?;
    let former = Attachment::of(&place, prior).filter(|_| model.delete_on_destroy && model.digest != prior.digest);
    match former {
        Some(former) => former.remove(cx, &what).await,
        None => Ok(()),
    }
}

/// The manifest is there: what else belongs to it is set right.
async fn stand(cx: &Cx, place: &Place, (prior, model): (&Declared, &mut Declared), digest: &str) -> Result<()> {
    let what = format!("Cannot push the artifact `{}`", model.destination);
    stay(&mut model.subject_digest, &prior.subject_digest);
    stay(&mut model.media_type, &prior.media_type);
    stay(&mut model.size_bytes, &prior.size_bytes);
    model.tag_digest.set(digest.to_owned());
    model.reference.set(place.named(digest).by_digest(digest));
    let attachment = Attachment::of(place, model);
    if let Some(attachment) = attachment.as_ref().filter(|_| prior.attached.get() != Some(&true) || is_losing(cx)) {
        attachment.claim(cx).await?;
        attachment.tell(cx, &what, &manifest(cx, place, digest, &what).await?).await?;
    }
    model.attached.set(attachment.map(|_| true));
    put_back(cx);
    Ok(())
}

/// A manifest of the registry.
pub async fn manifest(cx: &Cx, place: &Place, digest: &str, what: &str) -> Result<Manifest> {
    let registry = cx.provider().oci(place.repository(), "destination").await?;
    let found = patiently(cx.budget(), || registry.get(&place.repository, digest, "pull")).await;
    let tag = place.named(digest);
    found.map_err(|error| error.explain(what, place.at(&tag).subject(registry.has_login())))
}

fn check_planned(model: &Declared, found: &str, what: &str) -> Result<()> {
    let Some(planned) = model.digest.get().filter(|planned| *planned != found) else { return Ok(()) };
    let at = if model.platforms.is_some() { "platforms" } else { "files" };
    Err(Explanation::new("BERTH-OCI-007", what)
        .said("Reading the files", format!("they make {found} by now, and were planned as {planned}"))
        .next("plan and apply again; nothing was pushed")
        .at(at))
}

/// The failure of what nothing would name.
fn without_tag(what: &str) -> Explanation {
    Explanation::new("BERTH-OCI-001", what)
        .next("name a tag in destination: only what is attached to a subject is found without one")
        .at("destination")
}
