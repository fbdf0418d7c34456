//! What a plan says of an artifact: its digest where the files are there, and what will be refused.

use crate::clients::oci::{ArtifactError, ArtifactFault, LocalArtifact};
use crate::domain::oci::artifact::Subject;
use crate::provider::Cx;
use crate::sdk::{Plan, Result, Value};

use super::super::oci_tag::{by_digest, files_absent, unplannable};
use super::attachment::Attachment;
use super::model::Declared;
use super::place::Place;
use super::subject::{self, Described};
use super::wish::wish;

/// What is computed of what is pushed.
const OUTCOME: [&str; 7] =
    ["digest", "reference", "media_type", "size_bytes", "tag_digest", "subject_digest", "attached"];

/// What decides what is pushed.
const WISH: [&str; 7] = ["artifact_type", "files", "config", "platforms", "annotations", "subject", "triggers"];

/// What is known before it is pushed.
enum Foreseen {
    /// All of it.
    Artifact(Box<LocalArtifact>, Option<Subject>),
    /// Nothing: a file is not there.
    Absent(ArtifactError, String),
    /// Nothing.
    Open,
}

/// Refines the plan.
pub async fn plan(cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
    let is_new = plan.is_create() || WISH.iter().any(|part| plan.changes(part));
    match foresee(cx, plan).await? {
        Foreseen::Artifact(found, subject) => set(plan, &found, subject),
        Foreseen::Absent(error, path) if is_new => {
            leave_open(plan);
            plan.warn(&files_absent("The artifact that is to be pushed is not there yet", &path, &error.attribute));
        }
        Foreseen::Open if is_new => leave_open(plan),
        _ => stay(plan),
    }
    if let Ok(place) = plan.planned().text("destination").unwrap_or_default().parse::<Place>() {
        look(cx, plan, &place).await;
    }
    if let Some(reference) = plan.planned().text("reference") {
        cx.provider().holdings().plan(&by_digest(reference));
    }
    Ok(())
}

/// What the place means for the plan: what will be refused there, and what else becomes of it.
async fn look(cx: &Cx, plan: &mut Plan<'_>, place: &Place) {
    let digest = plan.planned().text("digest").map(str::to_owned);
    if place.tag.is_none() && !plan.is_create() && plan.changes("digest") {
        plan.replace_for("digest");
        return;
    }
    if place.tag.is_none() && digest.is_none() {
        return;
    }
    let tag = place.named(digest.as_deref().unwrap_or_default());
    place.at(&tag).look(cx, plan, digest.as_deref()).await;
    let prior = plan.prior_model::<Declared>().filter(|prior| prior.digest.get() == digest.as_ref());
    if let Some(attachment) = prior.as_ref().and_then(|prior| Attachment::of(place, prior)) {
        // A run without a refresh knows it from here.
        attachment.stand(cx);
    }
}

fn set(plan: &mut Plan<'_>, found: &LocalArtifact, subject: Option<Subject>) {
    let top = &found.image.top;
    plan.set("digest", Value::from(top.digest.as_str()));
    plan.set("tag_digest", Value::from(top.digest.as_str()));
    plan.set("media_type", Value::from(top.media_type.as_str()));
    plan.set("size_bytes", Value::from(i64::try_from(found.image.size()).unwrap_or(i64::MAX)));
    plan.set("attached", subject.as_ref().map_or(Value::Null, |_| Value::from(true)));
    plan.set("subject_digest", subject.map_or(Value::Null, |subject| Value::from(subject.digest)));
    set_reference(plan);
}

fn leave_open(plan: &mut Plan<'_>) {
    plan.leave_open(&OUTCOME);
    if plan.planned().at("subject").is_null() {
        plan.set("subject_digest", Value::Null);
        plan.set("attached", Value::Null);
    }
}

/// Nothing else is pushed: the tag goes back to what was.
fn stay(plan: &mut Plan<'_>) {
    plan.keep(&OUTCOME);
    if let Some(digest) = plan.prior().text("digest").map(str::to_owned) {
        plan.set("tag_digest", Value::from(digest));
    }
    if plan.prior().text("subject_digest").is_some() {
        plan.set("attached", Value::from(true));
    }
    set_reference(plan);
}

fn set_reference(plan: &mut Plan<'_>) {
    let planned = plan.planned();
    let place = planned.text("destination").and_then(|text| text.parse::<Place>().ok());
    let reference = place.zip(planned.text("digest")).map(|(place, digest)| place.named(digest).by_digest(digest));
    plan.set("reference", reference.map_or(Value::Unknown, Value::from));
}

async fn foresee(cx: &Cx, plan: &mut Plan<'_>) -> Result<Foreseen> {
    // What is not known yet is in no model.
    let Some(model) = plan.model::<Declared>() else { return Ok(Foreseen::Open) };
    let subject = match subject::foresee(cx, plan, &model).await? {
        Described::None => None,
        Described::Known(subject) => Some(subject),
        Described::Open => return Ok(Foreseen::Open),
    };
    let error = match LocalArtifact::read(wish(&model, subject.clone())).await {
        Ok(found) => return Ok(Foreseen::Artifact(Box::new(found), subject)),
        Err(error) => error,
    };
    if let ArtifactFault::Absent(path) = &error.fault {
        let path = path.display().to_string();
        return Ok(Foreseen::Absent(error, path));
    }
    Err(unplannable(error.explain(format!("Cannot push the artifact `{}`", model.destination)), plan))
}
