//! `berth_image`: an image in a registry, from files or from another registry.

mod identity;
mod planning;
mod source;

use std::collections::BTreeMap;

use crate::clients::oci::Moving;
use crate::domain::image::ImageReference;
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{
    Check, Computed, Diagnostics, Import, Limits, Meta, Model, Plan, Resource, Result, Set, Timeouts, Value, View,
    check,
};

use super::oci_tag::{Destination, is_losing, moving, put_back, stay};
use super::platforms;

/// An image in a registry.
pub struct ImageResource;

/// The image's configuration and state.
#[derive(Clone, Debug, Default, Model)]
pub struct Declared {
    /// Where the image comes from: just one of `archive`, `oci_layout` and `reference`.
    pub source: Source,
    /// Where it is pushed to, as `HOST/PATH:TAG`; without a tag, `latest` is meant. Of a `berth_registry`, `HOST` or `HOST:PORT` is
    /// `trimprefix(berth_registry.x.url, "https://")`. Changing it pushes to the new place, and treats the old one as
    /// `delete_on_destroy` says.
    #[attr(replace, check = destination(), equal = same_tag)]
    pub destination: String,
    /// Platforms that are pushed of an image for several, such as `linux/amd64` or `linux/arm/v7`. Absent, all of them are. One
    /// platform is pushed as its manifest alone; several are pushed as an index with only these, which has a digest of its own.
    #[attr(check = check::at_least(1), check = platforms::check())]
    pub platforms: Option<Set<String>>,
    /// Any values: when one changes, the source is read and pushed anew. As long as one is not known, the digest is not either:
    /// name here what makes the archive, if the same run does.
    pub triggers: Option<BTreeMap<String, String>>,
    /// Whether a tag that stands for another image already may be moved when this resource is created. Later changes move the
    /// tag in any case. Default `false`.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Whether a destroy takes the tag off. The image itself stays until the registry collects what has no tag. Default `false`:
    /// others may pull it.
    #[attr(default = false)]
    pub delete_on_destroy: bool,
    /// The digest of what was pushed, `sha256:…`. It is known in the plan if the source is a file that is there, or names a digest.
    pub digest: Computed<String>,
    /// The image by its digest, `HOST/PATH@sha256:…`: what a Pod should name.
    pub reference: Computed<String>,
    /// What the digest stands for: the media type of a manifest or of an index.
    pub media_type: Computed<String>,
    /// The size of all its manifests, configurations and layers, in bytes, each counted once.
    pub size_bytes: Computed<i64>,
    /// What the tag stands for, as the last refresh found it. If it is not `digest`, the next apply sets it right.
    pub tag_digest: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// Where an image comes from.
#[derive(Clone, Debug, Default, Model)]
pub struct Source {
    /// A file: what `docker save`, `podman save` or `skopeo copy … docker-archive:` write, or an archive of an OCI layout; with or
    /// without gzip. Layers of a docker-archive are pushed as they lie in it, not compressed: so one archive has the same digest on any
    /// machine. An OCI layout is pushed byte for byte.
    #[attr(check = check::length(1, 4096))]
    pub archive: Option<String>,
    /// A folder with an OCI layout (`index.json`, `blobs/`). It is pushed byte for byte.
    #[attr(check = check::length(1, 4096))]
    pub oci_layout: Option<String>,
    /// An image of another registry or repository, `HOST/PATH:TAG` or `HOST/PATH@sha256:…`; it is copied without being stored here, and
    /// within one registry not even sent. A tag is looked up when this resource is created or changed; to follow it, take the
    /// digest from the data source `berth_image`.
    #[attr(check = reference())]
    pub reference: Option<String>,
    /// Which image is meant, if a file or folder holds several: one of its names, its tag or its digest.
    #[attr(check = check::length(1, 512))]
    pub image: Option<String>,
}

fn destination() -> Check {
    check::text("must be of the form `HOST/PATH:TAG`", |text| text.parse::<Tag>().map(|_| ()))
}

fn reference() -> Check {
    check::text("must be an image's name, `HOST/PATH:TAG` or `HOST/PATH@DIGEST`", |text| {
        text.parse::<ImageReference>().map(|_| ()).map_err(|fault| format!("must be an image's name, and {fault}"))
    })
}

/// Whether two texts name the same tag.
fn same_tag(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| value.as_str()?.parse::<Tag>().ok();
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

impl Resource<Berth> for ImageResource {
    type Model = Declared;

    const NAME: &'static str = "berth_image";

    const META: Meta = Meta {
        import_id: "HOST/PATH:TAG",
        limits: Limits::minutes(60),
        ..Meta::new(
            "Images and charts",
            "An image in a registry, pushed from a file or a folder or copied from another registry. No Docker is needed.\n\nEvery byte is \
             hashed while it is sent, and only what fits its digest is stored. Blobs that the registry has are not sent again, four are \
             sent at a time, and an upload that breaks off goes on where it was. A push looks for all parts of \
             what is there, one request for each, and sends those that somebody took away; a refresh looks at the tag alone, so that it needs \
             `-replace` or another value in `triggers` to have such an image mended. \
             Images for several platforms, nested indexes, attestations and other artifacts are taken as they are; layers \
             that are kept elsewhere (`urls`) are not sent.\n\nLogins are those of the provider's `registries`, or else of the \
             user who runs this: Docker's `config.json` with its credential helpers, or Podman's `auth.json`. Of several for one registry, \
             that with the longest path that the repository lies in counts.\n\nA file that changes \
             between plan and apply fails the apply: plan again. A tag that somebody moves or removes is \
             set right by the next apply. An import reads what the registry has; where that came from is told by `source`, so that the first \
             plan after it notes the source, and its apply pushes nothing if that is the same image. Two states that push to one tag take it from each other: `overwrite = false` refuses \
             the second one when it is created.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        source::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        planning::plan(cx, plan).await
    }

    async fn plan_destroy(&self, cx: &Cx, model: Declared) -> Result<()> {
        let tag = tag_of(&model.destination, &format!("Cannot take off the tag `{}`", model.destination))?;
        at(&tag).part(cx, model.delete_on_destroy);
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Declared) -> Result<()> {
        let moving = moving(model.overwrite);
        push(cx, model, moving).await
    }

    async fn read(&self, cx: &Cx, mut model: Declared) -> Result<Option<Declared>> {
        let what = format!("Cannot look at the image `{}`", model.destination);
        let tag = tag_of(&model.destination, &what)?;
        at(&tag).note(cx)?;
        let found = at(&tag).observe(cx, &what).await?;
        Ok(found.map(|head| {
            model.tag_digest.set(head.digest);
            model
        }))
    }

    async fn update(&self, cx: &Cx, prior: &Declared, model: &mut Declared) -> Result<()> {
        let what = format!("Cannot push the image `{}`", model.destination);
        let is_same = model.digest.get().is_some() && model.digest.get() == prior.digest.get();
        // Only the tag was moved, or nothing that has to do with the registry changes.
        if let Some(digest) = model.digest.get().filter(|_| is_same).cloned() {
            let tag = tag_of(&model.destination, &what)?;
            let is_there = prior.tag_digest.get() == Some(&digest) && !is_losing(cx);
            if is_there || at(&tag).restore(cx, &what, &digest).await? {
                put_back(cx);
                model.tag_digest.set(digest.clone());
                model.reference.set(tag.by_digest(&digest));
                stay(&mut model.media_type, &prior.media_type);
                stay(&mut model.size_bytes, &prior.size_bytes);
                return Ok(());
            }
        }
        push(cx, model, Moving::Allowed).await
    }

    async fn delete(&self, cx: &Cx, model: Declared) -> Result<()> {
        let what = format!("Cannot take off the tag `{}`", model.destination);
        let tag = tag_of(&model.destination, &what)?;
        if let Some(digest) = model.digest.get().filter(|_| model.delete_on_destroy) {
            return at(&tag).remove(cx, &what, digest).await;
        }
        at(&tag).leave(cx, model.digest.get().map(String::as_str));
        Ok(())
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Declared>> {
        let what = format!("Cannot import the image `{id}`");
        let wrong = |why: String| Explanation::new("BERTH-OCI-015", what.clone()).next(format!("the id {why}"));
        let tag: Tag = id.parse().map_err(wrong)?;
        let head = at(&tag).imported(cx, &what).await?;
        let mut model = Declared { destination: id.to_owned(), ..Declared::default() };
        model.size_bytes.set(at(&tag).size_of(cx, &what, &head.digest).await?);
        model.reference.set(tag.by_digest(&head.digest));
        model.media_type.set(head.media_type);
        model.tag_digest.set(head.digest.clone());
        model.digest.set(head.digest);
        Ok(Import(model))
    }
}

fn at(tag: &Tag) -> Destination<'_> {
    Destination { tag, attribute: "destination", called: "tag" }
}

/// Pushes the source and fills in what it is.
async fn push(cx: &Cx, model: &mut Declared, moving: Moving) -> Result<()> {
    let what = format!("Cannot push the image `{}`", model.destination);
    let tag = tag_of(&model.destination, &what)?;
    let (image, content) = source::resolve(cx, model, &what).await?;
    if let Some(planned) = model.digest.get().filter(|planned| **planned != image.top.digest) {
        return Err(source::changed(&what, planned, &image.top.digest, &model.source));
    }
    let size = i64::try_from(image.size()).unwrap_or(i64::MAX);
    at(&tag).push(cx, &what, (&image, &content), moving).await?;
    model.reference.set(tag.by_digest(&image.top.digest));
    model.tag_digest.set(image.top.digest.clone());
    model.digest.set(image.top.digest);
    model.media_type.set(image.top.media_type);
    model.size_bytes.set(size);
    Ok(())
}

fn tag_of(destination: &str, what: &str) -> Result<Tag> {
    destination.parse().map_err(|why: String| {
        Explanation::new("BERTH-OCI-001", what).next(format!("the destination {why}")).at("destination")
    })
}
