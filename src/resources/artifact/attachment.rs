//! What this resource has attached to a subject: who holds it in this run, whether the registry tells it, and how it goes.

use crate::clients::oci::{AttachError, OciError, Unfinished};
use crate::domain::oci::Manifest;
use crate::domain::oci::artifact::referrers;
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::Result;

use super::super::oci_tag::{lose, refused_removal, tell_left};
use super::Declared;
use super::place::Place;

/// The note of a destroy that leaves an attachment to another resource.
const SHARED: &str = "shared attachment";

/// A manifest that is attached to another one.
#[derive(Clone, Debug)]
pub struct Attachment<'a> {
    place: &'a Place,
    digest: String,
    subject: String,
}

impl<'a> Attachment<'a> {
    pub fn new(place: &'a Place, digest: &str, subject: &str) -> Self {
        Self { place, digest: digest.to_owned(), subject: subject.to_owned() }
    }

    /// That of a model; `None` if it has no subject.
    pub fn of(place: &'a Place, model: &Declared) -> Option<Self> {
        Some(Self::new(place, model.digest.get()?, model.subject_digest.get()?))
    }

    /// The name under which it is held in this run.
    fn object(&self) -> String {
        format!("attachment {}/{}@{}", self.place.registry, self.place.repository, self.digest)
    }

    /// The tag of the index, by which those wait for each other that change what is attached to one subject.
    fn index(&self) -> Tag {
        Place { tag: Some(referrers::tag_of(&self.subject)), ..self.place.clone() }.named("")
    }

    /// Claims it for this run, before it is pushed: a destroy of another resource leaves it then.
    pub async fn claim(&self, cx: &Cx) -> Result<()> {
        let _turn = cx.provider().turn_at(&self.index()).await;
        cx.provider().holdings().give(&self.object(), &cx.owner()?);
        Ok(())
    }

    /// Notes that this resource has it, so that the destroy of another one leaves it.
    pub fn note(&self, cx: &Cx) -> Result<()> {
        cx.forget(SHARED);
        if cx.provider().holdings().stand(&self.object(), &cx.owner()?) {
            lose(cx);
        }
        Ok(())
    }

    /// Notes in a plan that it stays as it is.
    pub fn stand(&self, cx: &Cx) {
        let Some(owner) = cx.known_owner() else { return };
        cx.provider().holdings().stand(&self.object(), &owner);
        cx.provider().holdings().keep(&self.object(), &owner);
    }

    /// Notes at the plan of a destroy whether another resource has it.
    pub fn part(&self, cx: &Cx, is_removed: bool) {
        let Some(owner) = cx.known_owner() else { return };
        if cx.provider().holdings().part(&self.object(), &owner, is_removed) {
            cx.remember(SHARED, &true);
        } else {
            cx.forget(SHARED);
        }
    }

    /// Gives it up.
    pub fn release(&self, cx: &Cx) {
        if let Some(owner) = cx.known_owner() {
            cx.provider().holdings().release(&self.object(), &owner);
        }
    }

    /// Whether the registry tells it.
    pub async fn is_told(&self, cx: &Cx, what: &str) -> Result<bool> {
        let registry = cx.provider().oci(self.place.repository(), "subject").await?;
        let told = registry.is_attached(cx.budget(), &self.place.repository, (&self.digest, &self.subject)).await;
        told.map_err(|error| self.explain(&error.into(), what, registry.has_login()).unanswered())
    }

    /// Sees to it that the registry tells it.
    pub async fn tell(&self, cx: &Cx, what: &str, manifest: &Manifest) -> Result<()> {
        let _turn = cx.provider().turn_at(&self.index()).await;
        let registry = cx.provider().oci(self.place.repository(), "subject").await?;
        let done = registry.attach(cx.budget(), &self.place.repository, (manifest, &self.subject)).await;
        done.map_err(|error| self.explain(&error, what, registry.has_login()))
    }

    /// Deletes it, if no other resource of the run has it.
    pub async fn remove(&self, cx: &Cx, what: &str) -> Result<()> {
        let _turn = cx.provider().turn_at(&self.index()).await;
        let holder = cx.provider().holdings().holder(&self.object());
        if holder.is_some_and(|holder| Some(holder) != cx.known_owner()) || cx.recall(SHARED) == Some(true) {
            tell_left(cx, what, &self.name(), "another resource of this configuration has it attached");
            return Ok(());
        }
        let registry = cx.provider().oci(self.place.repository(), "subject").await?;
        let done = registry.detach(cx.budget(), &self.place.repository, (&self.digest, &self.subject)).await;
        done.map_err(|error| self.explain(&error, what, registry.has_login()))?;
        tracing::info!(digest = self.digest, subject = self.subject, "detached");
        self.release(cx);
        Ok(())
    }

    fn name(&self) -> String {
        format!("{}/{}@{}", self.place.registry, self.place.repository, self.digest)
    }

    fn explain(&self, error: &AttachError, what: &str, has_login: bool) -> Explanation {
        if let AttachError::Remote(Unfinished::Failed(
            refused @ (OciError::Unsupported { .. } | OciError::Refused { status: 400 | 501, .. }),
        )) = error
        {
            return refused_removal(what, &self.name(), &self.place.registry, refused);
        }
        let tag = self.place.named(&self.digest);
        error.explain(what, self.place.at(&tag).subject(has_login))
    }
}
