//! Objects that several resources of one state may have: what one of them leaves must stay for the others.

use std::collections::{BTreeMap, BTreeSet};

use crate::owner::Owner;

use super::Holdings;

/// Who has an object, and what becomes of it, as far as the refreshes and plans of this run have come.
#[derive(Debug, Default)]
struct Standing {
    /// Who has it.
    owners: BTreeSet<Owner>,
    /// Whose plan leaves it as it is.
    keepers: BTreeSet<Owner>,
    /// Whose planned destroy takes it away.
    removing: BTreeSet<Owner>,
}

/// All such objects.
#[derive(Debug, Default)]
pub(super) struct Standings {
    objects: BTreeMap<String, Standing>,
    left: BTreeMap<String, String>,
}

impl Holdings {
    /// Notes that a resource of this state has an object. Answers whether the planned destroy of another one takes it away: that one was
    /// planned before it could know of this one.
    pub fn stand(&self, object: &str, owner: &Owner) -> bool {
        let mut all = self.standings();
        let standing = all.objects.entry(object.to_owned()).or_default();
        standing.owners.insert(owner.clone());
        standing.removing.iter().any(|other| other != owner)
    }

    /// Notes that the destroy of a resource that has an object is planned. Answers whether another one has it; if none has, and it
    /// `is_removed`, those that are seen later are told by [`Holdings::stand`].
    pub fn part(&self, object: &str, owner: &Owner, is_removed: bool) -> bool {
        let mut all = self.standings();
        let standing = all.objects.entry(object.to_owned()).or_default();
        standing.owners.remove(owner);
        standing.keepers.remove(owner);
        let is_shared = !standing.owners.is_empty();
        if is_removed && !is_shared {
            standing.removing.insert(owner.clone());
        }
        is_shared
    }

    /// Notes that a plan leaves an object to a resource that has it.
    pub fn keep(&self, object: &str, owner: &Owner) {
        self.standings().objects.entry(object.to_owned()).or_default().keepers.insert(owner.clone());
    }

    /// Whether the plan of a resource other than this one keeps an object.
    pub fn is_kept(&self, object: &str, but: Option<&Owner>) -> bool {
        let all = self.standings();
        all.objects.get(object).is_some_and(|standing| standing.keepers.iter().any(|keeper| Some(keeper) != but))
    }

    /// Notes what an object holds that a resource of this run gives up, or is to give up, and leaves as it is.
    pub fn leave(&self, object: &str, content: &str) {
        self.standings().left.insert(object.to_owned(), content.to_owned());
    }

    /// Whether a resource of this run has left an object with this content.
    pub fn is_left(&self, object: &str, content: &str) -> bool {
        self.standings().left.get(object).is_some_and(|left| left == content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_leaves_stays_for_another_whichever_is_seen_first() {
        let (one, other) = (Owner::found("1"), Owner::found("2"));
        let holdings = Holdings::default();
        assert!(!holdings.stand("tag a", &one) && !holdings.stand("tag a", &other));
        assert!(holdings.part("tag a", &other, true), "another has it");
        assert!(!holdings.stand("tag a", &one), "it stays");

        let holdings = Holdings::default();
        holdings.stand("tag a", &other);
        assert!(!holdings.part("tag a", &other, true), "no other was seen");
        assert!(holdings.stand("tag a", &one), "it is taken away");

        let holdings = Holdings::default();
        assert!(!holdings.stand("tag a", &one) && !holdings.stand("tag a", &other));
        assert!(holdings.part("tag a", &one, false) && !holdings.part("tag a", &other, true), "both go");
    }

    #[test]
    fn a_keeper_is_no_other_to_itself() {
        let (holdings, one, other) = (Holdings::default(), Owner::found("1"), Owner::found("2"));
        holdings.keep("tag a", &one);
        assert!(!holdings.is_kept("tag a", Some(&one)) && holdings.is_kept("tag a", Some(&other)));
        assert!(holdings.is_kept("tag a", None) && !holdings.is_kept("tag b", None));
        holdings.leave("tag a", "sha256:1");
        assert!(holdings.is_left("tag a", "sha256:1") && !holdings.is_left("tag a", "sha256:2"));
    }
}
