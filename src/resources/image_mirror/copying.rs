//! Copies the images of a mirror, all that can be, and gives up those that have left it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use crate::clients::oci::{Content, Image, OciError, Subject, Unfinished, patiently};
use crate::domain::oci::mirror::Mirrored;
use crate::domain::oci::tag::Tag;
use crate::explain::{Explanation, listed};
use crate::provider::Cx;
use crate::sdk::{Computed, Result};

use super::super::oci_tag::moving;
use super::model::{Copied, Declared, cannot};
use super::{at, names};

/// How many images are copied side by side; of each, several blobs are.
const AT_ONCE: usize = 3;

/// How many failures are told.
const TOLD: usize = 20;

/// The note of a tag that the destroy of another resource takes off in the same run, before that tag.
const LOSING: &str = "losing";

/// What the answer to a question for the head alone does not say.
const NONE: &str = "there is no such image";

type Failures = Vec<(String, Explanation)>;

/// Whether the destroy of another resource takes off a tag of the mirror in this run.
pub fn is_losing(cx: &Cx, place: &Tag) -> bool {
    cx.recall(&losing(place)) == Some(true)
}

/// Notes at a refresh that a tag is the mirror's.
pub fn note(cx: &Cx, place: &Tag) -> Result<()> {
    if at(place).noted(cx)? {
        cx.remember(&losing(place), &true);
    } else {
        cx.forget(&losing(place));
    }
    Ok(())
}

fn losing(place: &Tag) -> String {
    format!("{LOSING} {place}")
}

/// Makes the mirror so; what was done is in the model, whatever fails.
pub async fn copy(cx: &Cx, prior: Option<&Declared>, model: &mut Declared) -> Result<()> {
    let what = cannot("fill", model);
    let all = planned(cx, model, &what).await?;
    let work = Work { cx, what: &what, prior, model };
    let works: Vec<_> = all.iter().map(|(name, it)| work.done(name, it)).collect();
    let done: Vec<_> = stream::iter(works).buffer_unordered(AT_ONCE).collect().await;
    let (mut copies, mut failures) = (BTreeMap::new(), Failures::new());
    for (name, outcome) in done {
        let was = prior.and_then(|prior| prior.copied(&name)).cloned();
        let is = outcome.map_err(|error| failures.push((name.clone(), error))).ok();
        copies.extend(is.or(was).map(|copied| (name, copied)));
    }
    let mut named = all;
    if let Some(prior) = prior {
        for (name, error, mirrored) in left(cx, prior, model, &named, &what).await? {
            copies.extend(prior.copied(&name).cloned().map(|it| (name.clone(), it)));
            named.insert(name.clone(), mirrored);
            failures.push((name, error));
        }
    }
    model.settle(&named, copies);
    told(failures, &what, named.len())
}

/// The images of the plan; where it could not tell them, those that are wanted now.
async fn planned(cx: &Cx, model: &Declared, what: &str) -> Result<BTreeMap<String, Mirrored>> {
    let mirror = model.mirror(what)?;
    let mut wanted: BTreeSet<String> = model.images.iter().flat_map(|images| images.iter().cloned()).collect();
    match (&model.copies, &model.pods) {
        (Computed::Known(copies), _) => wanted = copies.keys().cloned().collect(),
        (_, Some(pods)) => wanted.extend(names::of_pods(cx, pods, &mirror, &BTreeMap::new()).await?),
        _ => {}
    }
    mirror.all(wanted.iter().map(String::as_str)).map_err(|fault| names::wrong(what, &fault))
}

/// Gives up what has left the set; answers what could not be taken off.
async fn left(
    cx: &Cx,
    prior: &Declared,
    model: &Declared,
    all: &BTreeMap<String, Mirrored>,
    what: &str,
) -> Result<Vec<(String, Explanation, Mirrored)>> {
    let kept: BTreeSet<String> = all.values().map(|it| it.place.to_string()).collect();
    let gone = super::all(prior, what)?.into_iter();
    let gone = gone.filter(|(name, it)| !all.contains_key(name) && !kept.contains(&it.place.to_string()));
    let mut failed = Vec::new();
    for (name, mirrored) in gone {
        let digest = prior.copied(&name).and_then(|it| it.digest.get());
        if let Err(error) = given_up(cx, &mirrored.place, digest, model.delete_on_destroy, what).await {
            failed.push((name, error, mirrored));
        }
    }
    Ok(failed)
}

async fn given_up(cx: &Cx, place: &Tag, digest: Option<&String>, is_removed: bool, what: &str) -> Result<()> {
    if let Some(digest) = digest.filter(|_| is_removed) {
        return at(place).remove(cx, what, digest).await;
    }
    at(place).leave(cx, digest.map(String::as_str));
    Ok(())
}

/// Gives up the whole mirror.
pub async fn give_up(cx: &Cx, model: &Declared, what: &str, all: &BTreeMap<String, Mirrored>) -> Result<()> {
    let mut failures = Failures::new();
    for (name, mirrored) in all {
        let digest = model.copied(name).and_then(|it| it.digest.get());
        let done = given_up(cx, &mirrored.place, digest, model.delete_on_destroy, what).await;
        failures.extend(done.err().map(|error| (name.clone(), error)));
    }
    told(failures, what, all.len())
}

/// What failed, in one message: the first cause, and the others in brief.
fn told(mut failures: Failures, what: &str, of: usize) -> Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    failures.sort_by(|(one, _), (other, _)| one.cmp(other));
    let lines: Vec<String> = failures.iter().map(|(name, error)| format!("{name}: {}", error.cause())).collect();
    let (failed, (name, first)) = (failures.len(), failures.swap_remove(0));
    tracing::warn!(what, failed, of, "images failed");
    let first = first.seen((of > 1).then(|| format!("{failed} of {of} images failed: {}", listed(&lines, TOLD))));
    Err(if of > 1 {
        first.adding(&format!(
            "the first to fail is `{name}`; the others are done, and an apply goes on with what is left"
        ))
    } else {
        first
    })
}

/// What is to be done.
struct Work<'a> {
    cx: &'a Cx,
    what: &'a str,
    prior: Option<&'a Declared>,
    model: &'a Declared,
}

impl Work<'_> {
    async fn done(&self, name: &str, mirrored: &Mirrored) -> (String, Result<Copied>) {
        let before = self.prior.and_then(|prior| prior.copied(name));
        let planned = self.model.copied(name);
        let done = match self.standing(mirrored, before, planned).await {
            Ok(None) => self.copied(mirrored, before, planned).await,
            Ok(Some(copied)) => Ok(copied),
            Err(error) => Err(error),
        };
        if done.is_ok() {
            self.cx.forget(&losing(&mirrored.place));
        }
        (name.to_owned(), done)
    }

    /// What was copied, where the source is the same: the tag is put back if it is not there.
    async fn standing(
        &self,
        mirrored: &Mirrored,
        before: Option<&Copied>,
        planned: Option<&Copied>,
    ) -> Result<Option<Copied>> {
        let (Some(prior), Some(before), Some(planned)) = (self.prior, before, planned) else { return Ok(None) };
        let is_anew = prior.platforms != self.model.platforms || prior.triggers != self.model.triggers;
        let (Some(digest), false) = (before.digest.get(), is_anew || before.source_digest != planned.source_digest)
        else {
            return Ok(None);
        };
        let as_it_was = Copied { tag_digest: Computed::Known(digest.clone()), ..before.clone() };
        let stands = before.tag_digest == before.digest && !is_losing(self.cx, &mirrored.place);
        let stands = stands || at(&mirrored.place).restore(self.cx, self.what, digest).await?;
        Ok(stands.then_some(as_it_was))
    }

    /// Copies an image by the digest that its name stood for in the plan.
    async fn copied(&self, mirrored: &Mirrored, before: Option<&Copied>, planned: Option<&Copied>) -> Result<Copied> {
        let source = &mirrored.source;
        let registry = self.cx.provider().oci((&source.registry, &source.repository), "images").await?;
        let subject = Subject { registry: &source.registry, attribute: "images", has_login: registry.has_login() };
        let digest = match planned.and_then(|it| it.source_digest.get()) {
            Some(digest) => digest.clone(),
            None => self.source(mirrored).await?,
        };
        let wanted = self.model.wanted();
        let image = Image::in_registry(self.cx.budget(), &registry, (&source.repository, &digest), &wanted).await;
        let image = image.map_err(|error| error.explain(self.what, subject, "images").on(source.to_string()))?;
        let content = Content::Remote { registry, repository: source.repository.clone() };
        let moving = moving(before.is_some() || self.model.overwrite);
        at(&mirrored.place).push(self.cx, self.what, (&image, &content), moving).await?;
        Ok(Copied::of(&digest, &image.top.digest))
    }

    /// What an image's name stands for, where the plan could not tell.
    async fn source(&self, mirrored: &Mirrored) -> Result<String> {
        if let Some(digest) = &mirrored.source.digest {
            return Ok(digest.clone());
        }
        let source = &mirrored.source;
        let registry = self.cx.provider().oci((&source.registry, &source.repository), "images").await?;
        let subject = Subject { registry: &source.registry, attribute: "images", has_login: registry.has_login() };
        let seen =
            patiently(self.cx.budget(), || registry.head(&source.repository, mirrored.reference(), "pull")).await;
        let seen =
            seen.and_then(|head| head.ok_or_else(|| Unfinished::Failed(OciError::NotFound { words: NONE.to_owned() })));
        Ok(seen.map_err(|error| error.explain(self.what, subject).on(source.to_string()))?.digest)
    }
}
