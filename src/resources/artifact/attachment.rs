//! What this resource has attached to a subject: who holds it in this run, whether the registry tells it, and how it goes.

use crate::clients::oci::{AttachError, Unfinished};
use crate::domain::oci::Manifest;
use crate::domain::oci::artifact::referrers;
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::Result;

use super::super::oci_tag::{Holding, lose, refused_removal, tell_left};
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

    fn held(&self) -> Holding {
        Holding { object: format!("attachment {}", self.name()), shared: SHARED.to_owned() }
    }

    /// The tag of the index, by which those wait for each other that change what is attached to one subject.
    fn index(&self) -> Tag {
        Place { tag: Some(referrers::tag_of(&self.subject)), ..self.place.clone() }.named("")
    }

    /// Claims it for this run, before it is pushed: a destroy of another resource leaves it then.
    pub async fn claim(&self, cx: &Cx) -> Result<()> {
        let _turn = cx.provider().turn_at(&self.index()).await;
        cx.provider().holdings().give(&self.held().object, &cx.owner()?);
        Ok(())
    }

    /// Notes that this resource has it, so that the destroy of another one leaves it.
    pub fn note(&self, cx: &Cx) -> Result<()> {
        if self.held().note(cx)? {
            lose(cx);
        }
        Ok(())
    }

    /// Notes in a plan that it stays as it is.
    pub fn stand(&self, cx: &Cx) {
        if let Some(owner) = cx.known_owner() {
            self.held().stand(cx, &owner);
        }
    }

    /// Notes at the plan of a destroy whether another resource has it.
    pub fn part(&self, cx: &Cx, is_removed: bool) {
        self.held().part(cx, is_removed);
    }

    /// Gives it up.
    pub fn release(&self, cx: &Cx) {
        self.held().release(cx);
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
        if self.held().is_anothers(cx) {
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
        match error {
            AttachError::Remote(Unfinished::Failed(refused)) if refused.is_of_undeletable() => {
                refused_removal(what, &self.name(), &self.place.registry, refused)
            }
            _ => error.explain(what, self.place.at(&self.place.named(&self.digest)).subject(has_login)),
        }
    }
}
