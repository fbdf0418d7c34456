//! `berth_image_mirror`: a set of images, kept in step with where they come from.

mod copying;
mod foresight;
mod identity;
mod model;
mod names;
mod planning;

use std::collections::BTreeMap;

use crate::domain::oci::mirror::Mirrored;
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{Diagnostics, Import, Limits, Meta, Plan, Resource, Result, Set, View};

use super::objects::side_by_side;
use super::oci_tag::Destination;

pub use model::Declared;
use model::{Copied, cannot};

/// A set of images in a registry.
pub struct ImageMirror;

impl Resource<Berth> for ImageMirror {
    type Model = Declared;

    const NAME: &'static str = "berth_image_mirror";

    const META: Meta = Meta {
        import_id: "DESTINATION,IMAGE,IMAGE…",
        limits: Limits::minutes(120),
        ..Meta::new(
            "Images and charts",
            "A set of images, copied into a registry and kept in step with where they come from: the way off a public registry. `mapping` \
             tells what each is called there. Each mirror wants a destination of its own.\n\nEach refresh asks what the tags stand for, one \
             request (`HEAD`) for each, which Docker Hub and others do not count as a pull; the plan shows what has changed, and the apply \
             copies just that, by the digest that was seen. A source that does not answer keeps what was copied. Nothing is stored here, and within one registry nothing is sent; every byte is \
             hashed on its way. What fails is told together, when all that can be copied has been; the next apply goes on with the \
             rest. Of a mirror that was just being made, Terraform would begin anew: `terraform untaint` lets it go on.\n\nAn image keeps its name: `docker.io/library/nginx:1.27` lies in the mirror `registry.example.com/mirror` as \
             `registry.example.com/mirror/docker.io/library/nginx:1.27`, a port of its host as `-5000`. One that is named by a digest \
             is pulled by its digest; a tag `digest-…` keeps it from being collected. Registries whose repositories have to be made first (ECR), or whose names have just \
             two parts (Docker Hub), cannot take such paths by themselves. What others attach to an image (signatures, \
             SBOMs) is not copied.\n\nLogins are those of the provider's `registries`, or else of the user who runs this, for the \
             sources as well as for the mirror. Copies stay when their names leave the set and when the resource is destroyed, unless \
             `delete_on_destroy` says otherwise.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        names::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        planning::plan(cx, plan).await
    }

    async fn plan_destroy(&self, cx: &Cx, model: Declared) -> Result<()> {
        for mirrored in all(&model, &cannot("destroy", &model))?.values() {
            at(&mirrored.place).part(cx, model.delete_on_destroy);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        copying::copy(cx, None, model).await
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        let what = cannot("look at", &model);
        let all = all(&model, &what)?;
        let looks = all.iter().map(|(name, mirrored)| looked(cx, &what, name, &mirrored.place));
        for look in side_by_side(looks).await {
            let (name, found) = look?;
            if let Some(copied) = model.copied_mut(&name) {
                copied.tag_digest.set(found);
            }
        }
        foresight::note(cx, &all).await;
        names::note(cx, model.pods.as_ref(), &model.mirror(&what)?, &known(&model, &all)).await;
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        copying::copy(cx, Some(prior), model).await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        let what = cannot("take off the tags of", &model);
        copying::give_up(cx, &model, &what, &all(&model, &what)?).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        imported(cx, id).await.map(Import)
    }
}

fn at(tag: &Tag) -> Destination<'_> {
    Destination { tag, attribute: "destination", called: "tag" }
}

/// What the state says was mirrored.
fn all(model: &Declared, what: &str) -> Result<BTreeMap<String, Mirrored>> {
    let names = model.copies.get().into_iter().flatten().map(|(name, _)| name.as_str());
    model.mirror(what)?.all(names).map_err(|fault| names::wrong(what, &fault))
}

/// The same with the digests of the copies.
fn known(model: &Declared, all: &BTreeMap<String, Mirrored>) -> names::Known {
    let known = |(name, it): (&String, &Mirrored)| {
        let digest = model.copied(name).and_then(|copied| copied.digest.get().cloned());
        (name.clone(), (it.clone(), digest))
    };
    all.iter().map(known).collect()
}

async fn looked(cx: &Cx, what: &str, name: &str, place: &Tag) -> Result<(String, Option<String>)> {
    copying::note(cx, place)?;
    let found = at(place).observe(cx, what).await?;
    Ok((name.to_owned(), found.map(|head| head.digest)))
}

/// What is in the mirror of those images; the next apply brings the others.
async fn imported(cx: &Cx, id: &str) -> Result<Declared> {
    let what = format!("Cannot import the mirror `{id}`");
    let (destination, images) = id.split_once(',').unwrap_or((id, ""));
    let images: Set<String> = images.split(',').map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned).collect();
    let mut model = Declared { destination: destination.to_owned(), keep_host: true, ..Declared::default() };
    let wrong = |why: String| Explanation::new("BERTH-OCI-015", what.clone()).next(why);
    if images.is_empty() {
        return Err(wrong(
            "name the images after the destination: `HOST/PATH,nginx:1.27,ghcr.io/team/app:v1`".to_owned(),
        ));
    }
    let all = model.mirror(&what)?.all(images.iter().map(String::as_str));
    let all = all.map_err(|fault| wrong(format!("correct the id: {fault}")))?;
    let looks = all.iter().map(|(name, mirrored)| looked(cx, &what, name, &mirrored.place));
    let mut copies = BTreeMap::new();
    for look in side_by_side(looks).await {
        let (name, found) = look?;
        copies.extend(found.map(|digest| (name, Copied::of(&digest, &digest))));
    }
    if copies.is_empty() {
        return Err(wrong(
            "correct the id: the mirror has none of these images; or declare it without import".to_owned(),
        ));
    }
    model.images = Some(images);
    model.settle(&all, copies);
    Ok(model)
}
