//! What a plan says of a push: the digest where it can be known, and what will be refused.

use crate::clients::oci::{GatherError, LocalError, LocalImage, Subject};
use crate::domain::image::ImageReference;
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Plan, Result, Set, Value};

use super::super::oci_tag::{Destination, by_digest, files_absent, unplannable};
use super::super::platforms;
use super::source::Files;
use super::{Source, at};

/// What is computed of what is pushed.
const OUTCOME: [&str; 5] = ["digest", "reference", "media_type", "size_bytes", "tag_digest"];

/// What decides what is pushed.
const WISH: [&str; 3] = ["source", "platforms", "triggers"];

/// What is known before it is pushed.
enum Foreseen {
    /// All of it.
    Image(Box<LocalImage>),
    /// Its digest.
    Digest(String),
    /// Nothing: the file is not there.
    Absent(Files),
    /// Nothing.
    Open,
}

/// Refines the plan.
pub async fn plan(cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
    let foreseen = foresee(cx, plan).await?;
    let is_new = plan.is_create() || WISH.iter().any(|part| plan.changes(part));
    match &foreseen {
        Foreseen::Image(found) => {
            let image = &found.image;
            set_digest(plan, &image.top.digest);
            plan.set("media_type", Value::from(image.top.media_type.as_str()));
            plan.set("size_bytes", Value::from(i64::try_from(image.size()).unwrap_or(i64::MAX)));
        }
        Foreseen::Digest(digest) if is_new => {
            plan.leave_open(&OUTCOME);
            set_digest(plan, digest);
        }
        Foreseen::Absent(files) if is_new => {
            plan.leave_open(&OUTCOME);
            plan.warn(&absent(files));
        }
        Foreseen::Open if is_new => plan.leave_open(&OUTCOME),
        _ => stay(plan),
    }
    if let Some(tag) = plan.planned().text("destination").and_then(|text| text.parse::<Tag>().ok()) {
        let digest = plan.planned().text("digest").map(str::to_owned);
        at(&tag).look(cx, plan, digest.as_deref()).await;
    }
    if is_new && matches!(foreseen, Foreseen::Open | Foreseen::Digest(_)) {
        look_for_source(cx, plan).await;
    }
    if let Some(reference) = plan.planned().text("reference") {
        cx.provider().holdings().plan(&by_digest(reference));
    }
    Ok(())
}

/// Looks whether there is what is to be copied.
async fn look_for_source(cx: &Cx, plan: &mut Plan<'_>) {
    let reference = plan.planned().text("source.reference").and_then(|text| text.parse::<ImageReference>().ok());
    let Some(ImageReference { registry, repository, tag, digest }) = reference else { return };
    let tag = Tag { registry, repository, tag: tag.unwrap_or_else(|| "latest".to_owned()) };
    if digest.as_ref().is_some_and(|it| cx.provider().holdings().is_planned(&by_digest(&tag.by_digest(it)))) {
        return;
    }
    let source = Destination { tag: &tag, attribute: "source.reference", called: "tag" };
    source.look_for_source(cx, plan, digest.as_deref().unwrap_or(&tag.tag)).await;
}

/// Nothing else is pushed: the tag goes back to what was.
fn stay(plan: &mut Plan<'_>) {
    plan.keep(&OUTCOME);
    if let Some(digest) = plan.prior().text("digest").map(str::to_owned) {
        plan.set("tag_digest", Value::from(digest));
    }
    set_reference(plan);
}

fn set_digest(plan: &mut Plan<'_>, digest: &str) {
    plan.set("digest", Value::from(digest));
    plan.set("tag_digest", Value::from(digest));
    set_reference(plan);
}

fn set_reference(plan: &mut Plan<'_>) {
    let planned = plan.planned();
    let tag = planned.text("destination").and_then(|text| text.parse::<Tag>().ok());
    let reference = tag.zip(planned.text("digest")).map(|(tag, digest)| tag.by_digest(digest));
    plan.set("reference", reference.map_or(Value::Unknown, Value::from));
}

async fn foresee(cx: &Cx, plan: &Plan<'_>) -> Result<Foreseen> {
    let planned = plan.planned();
    let is_settled = WISH.iter().all(|part| planned.at(part).known().is_none_or(Value::is_wholly_known))
        && WISH.iter().all(|part| !planned.at(part).is_unknown());
    let Some(source) = planned.read::<Source>("source").filter(|_| is_settled) else { return Ok(Foreseen::Open) };
    let wanted = platforms::wanted(planned.read::<Set<String>>("platforms").as_ref());
    if let Some(files) = Files::of(&source) {
        return match files.image(cx, source.image.as_deref(), &wanted).await {
            Ok(found) => Ok(Foreseen::Image(Box::new(found))),
            Err(GatherError::Local(LocalError::Absent(_))) => Ok(Foreseen::Absent(files)),
            Err(error) => {
                let what = format!("Cannot push the image `{}`", planned.text("destination").unwrap_or_default());
                let nobody = Subject { registry: "", attribute: files.attribute(), has_login: false };
                Err(unplannable(error.explain(what, nobody, files.attribute()), plan))
            }
        };
    }
    let reference = source.reference.and_then(|text| text.parse::<ImageReference>().ok());
    let digest = reference.and_then(|reference| reference.digest).filter(|_| wanted.is_empty());
    Ok(digest.map_or(Foreseen::Open, Foreseen::Digest))
}

fn absent(files: &Files) -> Explanation {
    let path = files.path().display().to_string();
    files_absent("The image that is to be pushed is not there yet", &path, files.attribute())
}
