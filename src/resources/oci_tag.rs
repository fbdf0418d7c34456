//! What every resource does that pushes to a tag: claims it for the run, looks at it, sees it drift, takes it off.

mod holding;
mod told;

use std::time::Duration;

use crate::clients::http::HttpError;
use crate::clients::oci::{
    Content, GatherError, Head, Image, Moving, OciError, Pushed, StoredChart, Subject, Unfinished, is_silence,
    patiently,
};
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Stopped;
use crate::sdk::{Computed, Plan, Result};

pub use holding::Holding;
pub use told::{DESTROYING, files_absent, not_there_yet, refused_removal, tell_left, unplannable};

/// How long a refresh waits for a registry that does not answer.
const REFRESHING: Duration = Duration::from_secs(20);

/// How long a plan may be held up by a look.
pub const LOOKING: Duration = Duration::from_secs(3);

/// The question that plans ask registries; whoever gets no answer does not ask again.
pub const QUESTION: &str = "tags of registries";

/// The question of whether there is what is to be copied: that registry may be out of reach while the other is not.
const SOURCES: &str = "sources of images";

/// The note of a destroy that leaves a tag to another resource, before that tag.
const SHARED: &str = "shared";

/// The note of a resource whose tag the destroy of another one takes off in the same run.
const LOSING: &str = "losing";

/// The name under which a tag is held in this run.
fn object(tag: &Tag) -> String {
    format!("tag {tag}")
}

/// What becomes of the second of two creations.
const REFUSED: &str = "; nothing is pushed for the second one";

/// What a plan says of a tag that is declared twice.
const TWICE: &str = "Two resources of this configuration push to the same tag";

/// The name under which is noted what a replacement is to find at a tag.
fn replaced(tag: &Tag) -> String {
    format!("replaced {}", object(tag))
}

/// The failure of a look that is given no more time by any setting: more is not to be asked for.
fn unanswered(error: Unfinished) -> Unfinished {
    match error {
        Unfinished::Stopped(Stopped::Deadline, last) => {
            let fault = format!("nothing came within {} seconds", REFRESHING.as_secs());
            Unfinished::Failed(last.unwrap_or(OciError::Http(HttpError::Unreachable { fault })))
        }
        error => error,
    }
}

/// Whether the destroy of another resource takes off the tag of this one in this run.
pub fn is_losing(cx: &Cx) -> bool {
    cx.recall(LOSING) == Some(true)
}

/// Notes that the destroy of another resource takes away what this one has in this run.
pub fn lose(cx: &Cx) {
    cx.remember(LOSING, &true);
}

/// Notes that the tag was put back.
pub fn put_back(cx: &Cx) {
    cx.forget(LOSING);
}

/// What was not looked up again stays as it was.
pub fn stay<T: Clone>(field: &mut Computed<T>, before: &Computed<T>) {
    if field.is_unknown() {
        field.clone_from(before);
    }
}

/// Whether a tag that stands for something else is moved by a create.
pub fn moving(overwrite: bool) -> Moving {
    if overwrite { Moving::Allowed } else { Moving::Refused }
}

/// The name under which an image or artifact is noted that a plan of this run has by its digest.
pub fn by_digest(reference: &str) -> String {
    format!("image {reference}")
}

/// A tag that a resource pushes to, and the attribute that names it.
#[derive(Clone, Copy, Debug)]
pub struct Destination<'a> {
    pub tag: &'a Tag,
    pub attribute: &'a str,
    /// What it is called there: `tag`, or the `version` of a chart.
    pub called: &'a str,
}

impl Destination<'_> {
    /// Claims it for this run.
    ///
    /// # Errors
    /// Another resource of the run has it.
    fn claim(self, cx: &Cx, what: &str) -> Result<()> {
        if cx.provider().holdings().take(&object(self.tag), &cx.owner()?) {
            return Ok(());
        }
        Err(self.twice(what, REFUSED))
    }

    fn twice(self, what: &str, outcome: &str) -> Explanation {
        Explanation::new("BERTH-OCI-009", what)
            .on(format!("{}, which another resource of this configuration pushes as well", self.tag))
            .next(format!("give one of the two another {}, or remove it{outcome}", self.called))
            .at(self.attribute)
    }

    /// Notes at a refresh that this resource has the tag, so that the destroy of another one leaves it. If such a destroy was planned before
    /// this could be known, the tag is to be put back.
    pub fn note(self, cx: &Cx) -> Result<()> {
        if self.noted(cx)? {
            lose(cx);
        } else {
            put_back(cx);
        }
        Ok(())
    }

    /// As [`Destination::note`], for one of many tags: answers whether it is to be put back.
    pub fn noted(self, cx: &Cx) -> Result<bool> {
        self.held().note(cx)
    }

    /// Whether a plan of this run is to push it.
    pub fn is_planned(self, cx: &Cx) -> bool {
        cx.provider().holdings().is_planned(&object(self.tag))
    }

    fn held(self) -> Holding {
        Holding { object: object(self.tag), shared: format!("{SHARED} {}", self.tag) }
    }

    /// Notes at the plan of a destroy whether another resource has the tag: the apply does not see those that do not change.
    pub fn part(self, cx: &Cx, is_removed: bool) {
        self.held().part(cx, is_removed);
    }

    /// What the plan of a resource means that has the tag already.
    fn kept(self, cx: &Cx, plan: &mut Plan<'_>) {
        if plan.changes(self.attribute) {
            return;
        }
        let told = self.stands(cx, plan.prior().text("digest"));
        if let Some(told) = told {
            plan.warn(&told);
        }
        if is_losing(cx) {
            plan.leave_open(&["tag_digest"]);
        }
    }

    /// Notes in a plan that the tag stays with this resource, which has pushed `digest`. Answers what to warn of: another one is to
    /// push to it as well.
    pub fn stands(self, cx: &Cx, digest: Option<&str>) -> Option<Explanation> {
        let owner = cx.known_owner()?;
        let (holdings, held) = (cx.provider().holdings(), self.held());
        held.stand(cx, &owner);
        if let Some(digest) = digest {
            holdings.leave(&replaced(self.tag), digest);
        }
        holdings.is_planned(&held.object).then(|| self.twice(TWICE, ""))
    }

    /// Warns in the plan of a creation of what the apply will refuse: a tag that is declared twice, or stands for something
    /// else. `digest` is what will be pushed, if that is known.
    pub async fn look(self, cx: &Cx, plan: &mut Plan<'_>, digest: Option<&str>) {
        if !plan.is_create() {
            self.kept(cx, plan);
            return;
        }
        let moving = moving(plan.planned().truth("overwrite") != Some(false));
        if let Some(told) = self.foreseen(cx, digest, moving).await {
            plan.warn(&told);
        }
    }

    /// Notes in a plan that the tag is to be made. Answers what the apply will refuse.
    pub async fn foreseen(self, cx: &Cx, digest: Option<&str>, moving: Moving) -> Option<Explanation> {
        let holdings = cx.provider().holdings();
        if !holdings.plan(&object(self.tag)) {
            return Some(self.twice(TWICE, REFUSED));
        }
        let kept = holdings.is_kept(&object(self.tag), cx.predecessor().as_ref());
        if kept {
            return Some(self.twice(TWICE, ""));
        }
        let digest = digest.filter(|_| moving == Moving::Refused && !cx.provider().is_offline())?;
        if !cx.provider().looks().may(QUESTION) {
            return None;
        }
        let registry = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await.ok()?;
        let budget = cx.budget().at_most(LOOKING);
        match patiently(&budget, || registry.head(&self.tag.repository, &self.tag.tag, "pull")).await {
            // The old one of a replacement, before its destroy and after it.
            Ok(Some(found))
                if [object(self.tag), replaced(self.tag)].iter().any(|it| holdings.is_left(it, &found.digest)) =>
            {
                None
            }
            Ok(Some(found)) if found.digest != digest => {
                let what = format!("The apply will refuse to replace a {} that exists already", self.called);
                Some(self.occupied(&what, &found.digest))
            }
            Err(error) if is_silence(&error) => {
                cx.provider().looks().give_up(QUESTION);
                None
            }
            _ => None,
        }
    }

    fn occupied(self, what: &str, found: &str) -> Explanation {
        Explanation::new("BERTH-OCI-008", what)
            .on(format!("{}, which stands for {found}", self.tag))
            .next(format!(
                "use another {}; or import this one, if it is to be kept in step from here on; or set overwrite = true if nobody else \
                 pushes it",
                self.called
            ))
            .at(self.attribute)
    }

    /// What the tag stands for; `None` if it is gone.
    pub async fn observe(self, cx: &Cx, what: &str) -> Result<Option<Head>> {
        let registry = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await?;
        let budget = cx.budget().at_most(REFRESHING);
        let seen = patiently(&budget, || registry.head(&self.tag.repository, &self.tag.tag, "pull")).await;
        seen.map_err(|error| {
            let (error, subject) = (unanswered(error), self.subject(registry.has_login()));
            let told = error.explain(what, subject);
            // A login that has run out is denied by some: what the tag stands for is not known then.
            if matches!(error, Unfinished::Failed(OciError::Denied { .. })) { told.unanswered() } else { told }
        })
    }

    /// What the tag stands for, of something that is imported.
    ///
    /// # Errors
    /// There is no such tag.
    pub async fn imported(self, cx: &Cx, what: &str) -> Result<Head> {
        self.observe(cx, what).await?.ok_or_else(|| {
            Explanation::new("BERTH-OCI-015", what)
                .on(format!("{}, which does not exist", self.tag))
                .next("correct the id, or declare it without import: the next apply pushes it")
        })
    }

    /// How large an image is, in bytes; `None` where its manifests cannot be read as those of one.
    pub async fn size_of(self, cx: &Cx, what: &str, digest: &str) -> Result<Option<i64>> {
        let registry = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await?;
        match Image::in_registry(cx.budget(), &registry, (&self.tag.repository, digest), &[]).await {
            Ok(image) => Ok(i64::try_from(image.size()).ok()),
            Err(GatherError::Remote(error)) => Err(error.explain(what, self.subject(registry.has_login()))),
            Err(_) => Ok(None),
        }
    }

    /// What a chart says of itself in the registry.
    pub async fn chart(self, cx: &Cx, what: &str, digest: &str) -> Result<StoredChart> {
        let registry = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await?;
        let read = registry.chart(cx.budget(), &self.tag.repository, digest).await;
        read.map_err(|error| error.explain(what, self.subject(registry.has_login())))
    }

    /// Warns in the plan of an image that is to be copied from here and does not exist.
    pub async fn look_for_source(self, cx: &Cx, plan: &mut Plan<'_>, reference: &str) {
        if self.is_planned(cx) || cx.provider().is_offline() || !cx.provider().looks().may(SOURCES) {
            return;
        }
        let Ok(registry) = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await else {
            return;
        };
        let budget = cx.budget().at_most(LOOKING);
        match patiently(&budget, || registry.head(&self.tag.repository, reference, "pull")).await {
            Ok(None) => {
                let named = plan.planned().text("source.reference").unwrap_or_default().to_owned();
                let what = "The image that is to be copied is not there yet";
                let otherwise = "pushes it; else correct host, path, tag or digest";
                plan.warn(&not_there_yet(what, &named, otherwise, self.attribute));
            }
            Err(error) if is_silence(&error) => cx.provider().looks().give_up(SOURCES),
            _ => {}
        }
    }

    /// Pushes what the tag shall stand for.
    ///
    /// # Errors
    /// It stands for something else and may not be moved; or another resource of the run has it.
    pub async fn push(self, cx: &Cx, what: &str, (image, content): (&Image, &Content), moving: Moving) -> Result<()> {
        let _turn = cx.provider().turn_at(self.tag).await;
        self.claim(cx, what)?;
        let done = self.pushed(cx, what, (image, content), moving).await;
        match done {
            Ok(()) => cx.exists(),
            Err(_) if moving == Moving::Refused => self.release(cx),
            Err(_) => {}
        }
        done
    }

    async fn pushed(self, cx: &Cx, what: &str, image: (&Image, &Content), moving: Moving) -> Result<()> {
        let registry = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await?;
        let place = (self.tag.repository.as_str(), self.tag.tag.as_str());
        let mut pushed = registry.push_image(cx.budget(), place, image, moving).await;
        // What this very run has left there is nobody's: it is the old one of a replacement.
        if let Ok(Pushed::Occupied(found)) = &pushed
            && cx.provider().holdings().is_left(&object(self.tag), found)
        {
            pushed = registry.push_image(cx.budget(), place, image, Moving::Allowed).await;
        }
        match pushed.map_err(|error| error.explain(what, self.subject(registry.has_login())))? {
            Pushed::Occupied(found) => Err(self.occupied(what, &found)),
            Pushed::WasThere => Ok(()),
            Pushed::Sent(bytes) => {
                tracing::info!(tag = %self.tag, digest = image.0.top.digest, bytes, "pushed");
                Ok(())
            }
        }
    }

    /// Puts the tag back on what it stood for, if the repository still has that.
    pub async fn restore(self, cx: &Cx, what: &str, digest: &str) -> Result<bool> {
        let _turn = cx.provider().turn_at(self.tag).await;
        self.claim(cx, what)?;
        let registry = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await?;
        let restored = registry.retag(cx.budget(), &self.tag.repository, digest, &self.tag.tag).await;
        restored.map_err(|error| error.explain(what, self.subject(registry.has_login())))
    }

    /// Takes the tag off, if it still stands for what was pushed and no other resource of the run has it. What it stood for stays
    /// until the registry collects what has no tag: others may have pulled it by digest.
    pub async fn remove(self, cx: &Cx, what: &str, digest: &str) -> Result<()> {
        let _turn = cx.provider().turn_at(self.tag).await;
        if self.held().is_anothers(cx) {
            tell_left(cx, what, &self.tag.to_string(), "another resource of this configuration pushes it");
            return Ok(());
        }
        match self.observe(cx, what).await? {
            None => {}
            Some(found) if found.digest != digest => {
                tell_left(cx, what, &self.tag.to_string(), &format!("it stands for {} by now", found.digest));
            }
            Some(_) => self.taken_off(cx, what).await?,
        }
        self.release(cx);
        Ok(())
    }

    async fn taken_off(self, cx: &Cx, what: &str) -> Result<()> {
        let registry = cx.provider().oci((&self.tag.registry, &self.tag.repository), self.attribute).await?;
        let removed = patiently(cx.budget(), || registry.delete_manifest(&self.tag.repository, &self.tag.tag)).await;
        removed.map_err(|error| match &error {
            Unfinished::Failed(refused) if refused.is_of_undeletable() => {
                refused_removal(what, &self.tag.to_string(), &self.tag.registry, refused)
            }
            _ => error.explain(what, self.subject(registry.has_login())),
        })
    }

    /// Gives it up, and leaves it on what this resource has pushed.
    pub fn leave(self, cx: &Cx, digest: Option<&str>) {
        if let Some(digest) = digest {
            cx.provider().holdings().leave(&object(self.tag), digest);
        }
        self.release(cx);
    }

    fn release(self, cx: &Cx) {
        self.held().release(cx);
    }

    /// What a failure is about.
    pub fn subject(&self, has_login: bool) -> Subject<'_> {
        Subject { registry: &self.tag.registry, attribute: self.attribute, has_login }
    }
}
