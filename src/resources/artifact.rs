//! `berth_artifact`: content of any kind in a registry, alone or attached to something else.

mod attachment;
mod identity;
mod model;
mod place;
mod planning;
mod pushing;
mod rules;
mod subject;
mod wish;

use crate::domain::oci::artifact::Stored;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{Diagnostics, Import, Limits, Meta, Plan, Resource, Result, View};

use super::oci_tag::moving;
use attachment::Attachment;
use model::Declared;
use place::Place;

/// An artifact in a registry.
pub struct Artifact;

impl Resource<Berth> for Artifact {
    type Model = Declared;

    const NAME: &'static str = "berth_artifact";

    const META: Meta = Meta {
        import_id: "HOST/PATH:TAG or HOST/PATH@sha256:…",
        limits: Limits::minutes(60),
        ..Meta::new(
            "Images and charts",
            "Content of any kind in a registry, as an OCI artifact: a module for OpenTofu, a release of a provider for its mirrors, policies, \
             manifests for Flux, a bill of materials or a signature that is attached to an image. No ORAS is needed, and ORAS reads it.\n\nFiles \
             are pushed as they are. A folder is packed, as zip or as tar with gzip, to the same bytes on any machine and at any time: sorted, \
             with one time, without compression, which differs from tool to tool, and without empty folders; links are followed. Of a file's \
             mode only whether its owner may execute it is kept. The same declaration has the same digest for good, which is known in the plan \
             if the files are there; what `oras push` makes of the same parts has that digest too, if the time that it adds is among the \
             `annotations`.\n\nWhat is attached to a `subject` is \
             found by it: `oras discover`, and tools that verify images, ask for it. A registry tells that itself, or, where it has no API for \
             it (`registry:3` of the CNCF has none), by an index under the tag `sha256-…`, which is kept here, beside what others attach. With \
             `delete_on_destroy`, a destroy and each change take off what was attached before.\n\nA file that changes between plan and apply \
             fails the apply: plan again. A tag that somebody moves or removes, and an attachment that is not told any more, are set right by \
             the next apply. An import reads what the registry has but its files: the first plan after it notes those, and its apply pushes \
             nothing if they are the same. `terraform destroy -refresh=false` passes by a plan that fails for files.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        rules::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        planning::plan(cx, plan).await
    }

    async fn plan_destroy(&self, cx: &Cx, model: Declared) -> Result<()> {
        let what = format!("Cannot take off the artifact `{}`", model.destination);
        let (place, Some(digest)) = (Place::of(&model, &what)?, model.digest.get()) else { return Ok(()) };
        place.at(&place.named(digest)).part(cx, model.delete_on_destroy);
        if let Some(attachment) = Attachment::of(&place, &model) {
            attachment.part(cx, model.delete_on_destroy);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        let moving = moving(model.overwrite);
        pushing::push(cx, model, moving).await
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        let what = format!("Cannot look at the artifact `{}`", model.destination);
        let (place, Some(digest)) = (Place::of(&model, &what)?, model.digest.get().cloned()) else {
            return Ok(Some(model));
        };
        let tag = place.named(&digest);
        place.at(&tag).note(cx)?;
        let Some(head) = place.at(&tag).observe(cx, &what).await? else { return Ok(None) };
        let attachment = Attachment::of(&place, &model);
        if let Some(attachment) = &attachment {
            attachment.note(cx)?;
        }
        let is_attached = is_told(cx, attachment, &what).await?;
        model.tag_digest.set(head.digest);
        model.attached.set(is_attached);
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        pushing::update(cx, prior, model).await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        let what = format!("Cannot take off the artifact `{}`", model.destination);
        let (place, Some(digest)) = (Place::of(&model, &what)?, model.digest.get()) else { return Ok(()) };
        let (tag, attachment) = (place.named(digest), Attachment::of(&place, &model));
        if model.delete_on_destroy && place.tag.is_some() {
            place.at(&tag).remove(cx, &what, digest).await?;
        } else {
            place.at(&tag).leave(cx, Some(digest));
        }
        match attachment {
            Some(attachment) if model.delete_on_destroy => attachment.remove(cx, &what).await,
            Some(attachment) => {
                attachment.release(cx);
                Ok(())
            }
            None => Ok(()),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        let what = format!("Cannot import the artifact `{id}`");
        let wrong = |why: String| Explanation::new("BERTH-OCI-015", what.clone()).next(format!("the id {why}"));
        let (place, reference) = Place::imported(id).map_err(wrong)?;
        let tag = place.named(&reference);
        let head = place.at(&tag).imported(cx, &what).await?;
        let mut model = Declared { destination: place.to_string(), ..Declared::default() };
        let manifest = pushing::manifest(cx, &place, &head.digest, &what).await?;
        let Stored { artifact_type, subject, annotations } = Stored::read(&manifest);
        model.size_bytes.set(place.at(&tag).size_of(cx, &what, &head.digest).await?);
        model.reference.set(tag.by_digest(&head.digest));
        model.media_type.set(head.media_type);
        model.tag_digest.set(head.digest.clone());
        model.digest.set(head.digest);
        model.subject_digest.set(subject.as_ref().map(|subject| subject.digest.clone()));
        model.subject = subject.as_ref().map(|subject| subject.digest.clone());
        (model.artifact_type, model.annotations) = (artifact_type, annotations.filter(|notes| !notes.is_empty()));
        let is_attached = is_told(cx, Attachment::of(&place, &model), &what).await?;
        model.attached.set(is_attached);
        if let Some(subject) = subject {
            cx.remember(subject::NOTE, &subject);
        }
        Ok(Import(model))
    }
}

/// Whether the registry tells what is attached; `None` if nothing is.
async fn is_told(cx: &Cx, attachment: Option<Attachment<'_>>, what: &str) -> Result<Option<bool>> {
    match attachment {
        Some(attachment) => attachment.is_told(cx, what).await.map(Some),
        None => Ok(None),
    }
}
