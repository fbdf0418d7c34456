//! Copies the images of a mirror, all that can be, and gives up those that have left it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};

use crate::clients::oci::{Content, Image, Oci, OciError, Subject, Unfinished, patiently};
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

/// Makes the mirror so; what was done is in the model, whatever fails. What leaves is given up when all else is there.
pub async fn copy(cx: &Cx, prior: Option<&Declared>, model: &mut Declared) -> Result<()> {
    let what = cannot("fill", model);
    let had = prior.map(|prior| super::all(prior, &what)).transpose()?.unwrap_or_default();
    let mut named = planned(cx, prior, model, &had, &what).await?;
    let work = Work { cx, what: &what, prior, before: prior.map(|it| it.by_place(&had)).unwrap_or_default(), model };
    // Several names may mean one tag.
    let mut places = BTreeMap::<String, (&Mirrored, Vec<&String>)>::new();
    for (name, it) in &named {
        places.entry(it.place.to_string()).or_insert_with(|| (it, Vec::new())).1.push(name);
    }
    let works: Vec<_> = places.values().map(|(it, names)| work.done(it, names)).collect();
    let done: Vec<_> = stream::iter(works).buffer_unordered(AT_ONCE).collect().await;
    let (mut copies, mut failures) = (BTreeMap::new(), Failures::new());
    for (names, outcome, was) in done {
        let is = outcome.map_err(|error| failures.extend(names.first().map(|name| ((*name).clone(), error)))).ok();
        if let Some(copied) = is.or(was) {
            copies.extend(names.iter().map(|name| ((*name).clone(), copied.clone())));
        }
    }
    let of = named.len();
    if let Some(prior) = prior {
        let leaving: Vec<_> = had.iter().filter(|(name, _)| !named.contains_key(*name)).collect();
        let failed =
            if failures.is_empty() { left(cx, prior, model, (&leaving, &named), &what).await } else { Vec::new() };
        let stays = |name: &String| !failures.is_empty() || failed.iter().any(|(failed, _)| failed == name);
        for (name, it) in leaving.into_iter().filter(|(name, _)| stays(name)) {
            copies.extend(prior.copied(name).cloned().map(|copied| (name.clone(), copied)));
            named.insert(name.clone(), it.clone());
        }
        failures.extend(failed);
    }
    model.settle(&named, copies);
    told(failures, (of, prior.is_none()))
}

/// The images of the plan; where it could not tell them, those that are wanted now.
async fn planned(
    cx: &Cx,
    prior: Option<&Declared>,
    model: &Declared,
    had: &BTreeMap<String, Mirrored>,
    what: &str,
) -> Result<BTreeMap<String, Mirrored>> {
    let mirror = model.mirror(what)?;
    let mut wanted: BTreeSet<String> = model.images.iter().flat_map(|images| images.iter().cloned()).collect();
    match (&model.copies, &model.pods) {
        (Computed::Known(copies), _) => wanted = copies.keys().cloned().collect(),
        (_, Some(pods)) => {
            let known = prior.map(|prior| super::known(prior, had)).unwrap_or_default();
            let used = names::of_pods(cx, pods, &mirror, &known).await?;
            names::remember(cx, pods, &used);
            wanted.extend(used);
        }
        _ => {}
    }
    mirror.all(wanted.iter().map(String::as_str)).map_err(|fault| names::wrong(what, &fault))
}

/// Gives up what has left the set; answers what could not be taken off.
async fn left(
    cx: &Cx,
    prior: &Declared,
    model: &Declared,
    (leaving, all): (&[(&String, &Mirrored)], &BTreeMap<String, Mirrored>),
    what: &str,
) -> Failures {
    let kept: BTreeSet<String> = all.values().map(|it| it.place.to_string()).collect();
    let gone = leaving.iter().copied().filter(|(_, it)| !kept.contains(&it.place.to_string()));
    given_up(cx, prior, model.delete_on_destroy, gone, what).await
}

/// Gives up the whole mirror.
pub async fn give_up(cx: &Cx, model: &Declared, what: &str, all: &BTreeMap<String, Mirrored>) -> Result<()> {
    told(given_up(cx, model, model.delete_on_destroy, all.iter(), what).await, (all.len(), false))
}

/// Gives up these images of a mirror; answers what could not be taken off.
async fn given_up(
    cx: &Cx,
    of: &Declared,
    is_removed: bool,
    gone: impl Iterator<Item = (&String, &Mirrored)>,
    what: &str,
) -> Failures {
    let mut failures = Failures::new();
    for (name, Mirrored { place, .. }) in gone {
        let digest = of.copied(name).and_then(|it| it.digest.get()).map(String::as_str);
        match digest.filter(|_| is_removed) {
            Some(digest) => {
                failures.extend(at(place).remove(cx, what, digest).await.err().map(|error| (name.clone(), error)));
            }
            None => at(place).leave(cx, digest),
        }
    }
    failures
}

/// What failed, in one message: the first cause, and the others in brief.
fn told(mut failures: Failures, (of, is_new): (usize, bool)) -> Result<()> {
    if failures.is_empty() {
        return Ok(());
    }
    failures.sort_by(|(one, _), (other, _)| one.cmp(other));
    let lines: Vec<String> = failures.iter().map(|(name, error)| format!("{name}: {}", error.cause())).collect();
    let (failed, (name, first)) = (failures.len(), failures.swap_remove(0));
    if of < 2 {
        return Err(first);
    }
    let untaint = if is_new { "; `terraform untaint` keeps it from beginning anew" } else { "" };
    let next =
        format!("the first to fail is `{name}`; the others are done, and an apply goes on with what is left{untaint}");
    Err(first.seen([format!("{failed} of {of} images failed: {}", listed(&lines, TOLD))]).adding(&next))
}

/// What is to be done.
struct Work<'a> {
    cx: &'a Cx,
    what: &'a str,
    prior: Option<&'a Declared>,
    /// The earlier copies, by their tags, whatever the images were called then.
    before: BTreeMap<String, &'a Copied>,
    model: &'a Declared,
}

impl Work<'_> {
    /// Brings the image of a tag, for all its names. Answers what is left of the earlier copy if that fails: where all is to be looked
    /// through again, its source counts as not known, so that the next apply does it.
    async fn done<'b>(
        &self,
        mirrored: &Mirrored,
        names: &'b [&String],
    ) -> (&'b [&'b String], Result<Copied>, Option<Copied>) {
        let before = self.before.get(&mirrored.place.to_string()).copied();
        let planned = names.first().and_then(|name| self.model.copied(name));
        let done = match self.standing(mirrored, before, planned).await {
            Ok(None) => self.copied(mirrored, before, planned).await,
            Ok(Some(copied)) => Ok(copied),
            Err(error) => Err(error),
        };
        if done.is_ok() {
            self.cx.forget(&losing(&mirrored.place));
        }
        let mut was = before.cloned();
        if let Some(was) = was.as_mut().filter(|_| self.is_anew()) {
            was.source_digest = Computed::Null;
        }
        (names, done, was)
    }

    fn is_anew(&self) -> bool {
        self.prior.is_some_and(|prior| prior.platforms != self.model.platforms || prior.triggers != self.model.triggers)
    }

    /// What was copied, where the source is the same: the tag is put back if it is not there.
    async fn standing(
        &self,
        mirrored: &Mirrored,
        before: Option<&Copied>,
        planned: Option<&Copied>,
    ) -> Result<Option<Copied>> {
        let (Some(before), Some(planned)) = (before, planned) else { return Ok(None) };
        let is_other = before.source_digest != planned.source_digest
            || planned.digest.get().is_some_and(|digest| Some(digest) != before.digest.get());
        let Some(digest) = before.digest.get().filter(|_| !is_other && !self.is_anew()) else { return Ok(None) };
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
        let digest = match planned.and_then(|it| it.source_digest.get()).or(source.digest.as_ref()) {
            Some(digest) => digest.clone(),
            None => self.source(&registry, subject, mirrored).await?,
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
    async fn source(&self, registry: &Oci, subject: Subject<'_>, mirrored: &Mirrored) -> Result<String> {
        let source = &mirrored.source;
        let seen =
            patiently(self.cx.budget(), || registry.head(&source.repository, mirrored.reference(), "pull")).await;
        let seen =
            seen.and_then(|head| head.ok_or_else(|| Unfinished::Failed(OciError::NotFound { words: NONE.to_owned() })));
        Ok(seen.map_err(|error| error.explain(self.what, subject).on(source.to_string()))?.digest)
    }
}
