//! What the images of a mirror stand for where they come from, as a plan sees it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clients::oci::{Subject, is_silence, patiently};
use crate::domain::oci::mirror::Mirrored;
use crate::domain::oci::tag::Tag;
use crate::explain::{Explanation, listed};
use crate::provider::Cx;
use crate::retry::Budget;
use crate::sdk::Plan;

use super::super::objects::side_by_side;
use super::super::oci_tag::{Destination, not_there_yet};

/// How long all questions together may hold up a plan, and how long one of them.
const PATIENCE: Duration = Duration::from_mins(1);
const PATIENCE_FOR_ONE: Duration = Duration::from_secs(8);

/// How many images are told by name.
const TOLD: usize = 10;

/// What is known of a registry that does not answer.
const SILENT: &str = "its registry does not answer";

/// What a plan knows of an image.
enum Sight {
    Digest(String),
    /// There is no such image.
    Absent,
    /// Another resource of this run pushes it.
    Made,
    /// Nothing: why.
    Unseen(String),
}

/// The digests of the images, by their names, as far as they can be told; warns of those that cannot.
pub async fn digests(cx: &Cx, plan: &mut Plan<'_>, all: &BTreeMap<String, Mirrored>) -> BTreeMap<String, String> {
    let look = Look { cx, budget: cx.budget().at_most(PATIENCE), silent: Mutex::default() };
    let look = &look;
    let (mut digests, mut absent, mut unseen) = (BTreeMap::new(), Vec::new(), Vec::new());
    let sights = side_by_side(all.iter().map(|(name, it)| async move { (name, look.at(it).await) })).await;
    for (name, sight) in sights {
        match sight {
            Sight::Digest(digest) => drop(digests.insert(name.clone(), digest)),
            Sight::Absent => absent.push(name.clone()),
            Sight::Unseen(why) => unseen.push(format!("{name}: {why}")),
            Sight::Made => {}
        }
    }
    if !absent.is_empty() {
        let made = "pushes them; else correct the names, or leave them out";
        plan.warn(&not_there_yet(
            "Images that are to be mirrored are not there",
            &listed(&absent, TOLD),
            made,
            "images",
        ));
    }
    if !unseen.is_empty() {
        plan.warn(&untold(&listed(&unseen, TOLD)));
    }
    digests
}

fn untold(which: &str) -> Explanation {
    Explanation::new("BERTH-OCI-021", "What is to be mirrored cannot be looked at").seen([which.to_owned()]).next(
        "nothing needs to be done if this passes: what was mirrored of them stays as it is, and an apply tries those that are new; \
         else give their registries a login (registries of the provider block, or `docker login`), or leave them out",
    )
}

/// The look of one plan.
struct Look<'a> {
    cx: &'a Cx,
    budget: Budget,
    /// Registries that have not answered: the others of their images are not asked for.
    silent: Mutex<BTreeSet<String>>,
}

impl Look<'_> {
    async fn at(&self, mirrored: &Mirrored) -> Sight {
        let source = &mirrored.source;
        if let Some(digest) = &source.digest {
            return Sight::Digest(digest.clone());
        }
        let (registry, repository) = (source.registry.clone(), source.repository.clone());
        let tag = Tag { registry, repository, tag: mirrored.reference().to_owned() };
        if (Destination { tag: &tag, attribute: "images", called: "tag" }).is_planned(self.cx) {
            return Sight::Made;
        }
        if self.cx.provider().is_offline() {
            return Sight::Unseen("the provider is offline".to_owned());
        }
        if self.silent().contains(&source.registry) {
            return Sight::Unseen(SILENT.to_owned());
        }
        self.asked(mirrored).await
    }

    async fn asked(&self, mirrored: &Mirrored) -> Sight {
        let source = &mirrored.source;
        let registry = match self.cx.provider().oci((&source.registry, &source.repository), "images").await {
            Ok(registry) => registry,
            Err(error) => return Sight::Unseen(error.cause().to_owned()),
        };
        let budget = self.budget.at_most(PATIENCE_FOR_ONE);
        match patiently(&budget, || registry.head(&source.repository, mirrored.reference(), "pull")).await {
            Ok(Some(head)) => Sight::Digest(head.digest),
            Ok(None) => Sight::Absent,
            Err(error) if is_silence(&error) => {
                self.silent().insert(source.registry.clone());
                Sight::Unseen(SILENT.to_owned())
            }
            Err(error) => {
                let has_login = registry.has_login();
                let subject = Subject { registry: &source.registry, attribute: "images", has_login };
                Sight::Unseen(error.explain("", subject).cause().to_owned())
            }
        }
    }

    fn silent(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.silent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
