//! What the images of a mirror stand for where they come from: noted by a refresh, for plans to go by.

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

/// What is known of an image.
enum Sight {
    Digest(String),
    /// There is no such image.
    Absent,
    /// Another resource of this run pushes it.
    Made,
    /// Nothing: why.
    Unseen(String),
}

/// The note of what the names of the images stood for at the last refresh.
const SOURCES: &str = "sources";

type Digests = BTreeMap<String, String>;

/// Notes at a refresh what the names of the images stand for. Plans go by that alone: a host plans once more while it applies, and
/// takes no other answer then.
pub async fn note(cx: &Cx, all: &BTreeMap<String, Mirrored>) {
    let mut digests = noted(cx);
    digests.retain(|name, _| all.contains_key(name));
    let (seen, told) = digests_of(cx, all.iter()).await;
    digests.extend(seen);
    cx.remember(SOURCES, &digests);
    for told in &told {
        cx.warn(told);
    }
}

/// What was noted.
pub fn noted(cx: &Cx) -> Digests {
    cx.recall(SOURCES).unwrap_or_default()
}

/// Looks at images that are new: warns of those that are not there, and answers what the others stand for, which is no promise.
pub async fn look(cx: &Cx, plan: &mut Plan<'_>, new: impl Iterator<Item = (&String, &Mirrored)>) -> Digests {
    let (seen, told) = digests_of(cx, new).await;
    for told in &told {
        plan.warn(told);
    }
    seen
}

/// The digests of the images, by their names, as far as they can be told, and warnings of those that cannot.
async fn digests_of(cx: &Cx, all: impl Iterator<Item = (&String, &Mirrored)>) -> (Digests, Vec<Explanation>) {
    let look = Look { cx, budget: cx.budget().at_most(PATIENCE), silent: Mutex::default() };
    let look = &look;
    let (mut digests, mut absent, mut unseen) = (BTreeMap::new(), Vec::new(), Vec::new());
    let sights = side_by_side(all.map(|(name, it)| async move { (name, look.at(it).await) })).await;
    for (name, sight) in sights {
        match sight {
            Sight::Digest(digest) => drop(digests.insert(name.clone(), digest)),
            Sight::Absent => absent.push(name.clone()),
            Sight::Unseen(why) => unseen.push(format!("{name}: {why}")),
            Sight::Made => {}
        }
    }
    let what = "Images that are to be mirrored are not there";
    let made = "pushes them; else correct the names, or leave them out";
    let gone = (!absent.is_empty()).then(|| not_there_yet(what, &listed(&absent, TOLD), made, "images"));
    let unseen = (!unseen.is_empty()).then(|| untold(&listed(&unseen, TOLD)));
    (digests, gone.into_iter().chain(unseen).collect())
}

fn untold(which: &str) -> Explanation {
    Explanation::new("BERTH-OCI-021", "What is to be mirrored cannot be looked at").seen([which.to_owned()]).next(
        "nothing needs to be done if this passes: what was mirrored of them stays as it is, and an apply tries those that are new; \
         else give their registries a login (registries of the provider block, or `docker login`), or leave them out",
    )
}

/// One look at many.
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
            Err(error) => {
                if is_silence(&error) {
                    self.silent().insert(source.registry.clone());
                }
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
