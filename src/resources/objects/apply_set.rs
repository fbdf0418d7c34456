//! A set of objects that one resource declares by texts: brought about, looked at and taken away as a whole.

mod applying;
mod observing;
mod removing;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{Phase, health, phase};
use crate::domain::ownership::Claim;
use crate::owner::Owner;

use super::declaring::keys;
use super::{Goal, Kept, Wish};

/// What is said of an object that another tool made and that an import or a `moved` block has given to us.
const TO_TAKE_OVER: &str = "was made by another tool: the next apply takes it over";

/// What is said of an object that was not seen working.
const NOT_SEEN_READY: &str = "has not been seen ready since the last change";

/// What is said of such an object; its place in the state lets the next apply write to it.
pub fn said_to_take_over(object: &ObjectRef) -> String {
    format!("{object} {TO_TAKE_OVER}")
}

/// The objects of a resource, and how it treats them.
#[derive(Clone, Debug)]
pub struct ApplySet {
    /// What the resource is called in claims.
    pub application: &'static str,
    /// What the objects are part of, in messages: `the manifest`.
    pub whole: &'static str,
    /// The attribute at which failures are told.
    pub attribute: &'static str,
    /// Under whose name fields are owned.
    pub manager: String,
    /// Whether fields that others own are taken.
    pub force: bool,
    /// What becomes of objects that exist already and bear no mark.
    pub adoption: Adoption,
    /// Whether it waits until what can be judged works.
    pub waits: bool,
    /// Whether what has left the texts stays until [`ApplySet::prune`]: for what the new objects are to be proved first.
    pub prunes_late: bool,
    /// What is waited for beside that.
    pub wishes: Vec<Wishes>,
    /// What is not taken away, and what goes first.
    pub kept: Kept,
    /// What a program makes for itself, which goes with it and would keep its namespace; found in its live Deployment.
    pub residue: Option<fn(&Value) -> Option<ObjectRef>>,
    /// Which of its objects answers for all.
    pub lead: fn(&[ObjectRef]) -> Option<&ObjectRef>,
    /// What becomes of a namespace that somebody else has made.
    pub namespaces: Namespaces,
    /// The objects that the state has, in the order in which they are written.
    pub objects: Vec<ObjectRef>,
    /// What differs in the cluster, a sentence each.
    pub drift: Vec<String>,
}

/// What becomes of objects that exist already and bear no mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// They are refused.
    Refused,
    /// They are taken over; fields that others own stay theirs too.
    Shared,
    /// They are taken over with all fields: whoever had them has them no more.
    Whole,
}

/// What becomes of a namespace of the texts that somebody else has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespaces {
    /// What becomes of any other object.
    Own,
    /// It is used as it stands, and left at the end.
    Shared,
}

impl Namespaces {
    /// Whether an object may be somebody else's and serve all the same.
    pub fn may_share(self, object: &ObjectRef) -> bool {
        self == Self::Shared && phase(object) == Phase::Namespaces
    }
}

impl Adoption {
    /// What a setting `adopt` says.
    pub fn of(adopt: bool) -> Self {
        if adopt { Self::Shared } else { Self::Refused }
    }
}

/// What is waited for at some of the objects.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Of this kind.
    pub kind: String,
    /// Of this name, if it is given.
    pub name: Option<String>,
    /// Of this namespace, if it is given.
    pub namespace: Option<String>,
    /// What has to be so at each.
    pub all: Vec<Wish>,
}

impl Wishes {
    /// Whether they are about this object.
    pub fn fit(&self, object: &ObjectRef) -> bool {
        self.kind == object.kind
            && self.name.as_ref().is_none_or(|name| *name == object.name)
            && self.namespace.as_ref().is_none_or(|namespace| Some(namespace) == object.namespace.as_ref())
    }
}

impl ApplySet {
    /// What it claims as its own; `None` while nothing is in it.
    pub fn claim(&self, owner: Option<Owner>) -> Option<Claim> {
        let lead = self.lead_of(&self.objects)?.clone();
        Some(Claim::intended(self.application, &lead.name.clone(), owner, lead))
    }

    /// The object that answers for these.
    pub fn lead_of<'a>(&self, objects: &'a [ObjectRef]) -> Option<&'a ObjectRef> {
        (self.lead)(objects)
    }

    /// Those of some objects that can be nobody else's: their marks tell whose all of them are.
    pub(super) fn own_of(&self, objects: &[ObjectRef]) -> Vec<ObjectRef> {
        objects.iter().filter(|object| !self.namespaces.may_share(object)).cloned().collect()
    }

    /// The keys of the objects that were given to us and do not bear our mark yet.
    fn given(&self) -> BTreeSet<String> {
        let given = self.objects.iter().filter(|object| self.drift.contains(&said_to_take_over(object)));
        keys(&given.cloned().collect::<Vec<_>>())
    }

    /// What is waited for at an object.
    fn goal(&self, object: &ObjectRef) -> Goal {
        let named = self.wishes.iter().filter(|wishes| wishes.fit(object)).flat_map(|it| it.all.clone());
        let works = (self.waits && health::is_judged(object)).then_some(Wish::Works);
        Goal { object: object.clone(), wishes: works.into_iter().chain(named).collect() }
    }

    fn is_met(&self, object: &ObjectRef, found: &Value) -> bool {
        self.goal(object).judge(found) == health::Health::Ready
    }
}
