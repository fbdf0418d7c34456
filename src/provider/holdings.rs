//! Who holds what in this process: two resources of one configuration must not write the same object.

mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::owner::Owner;

use standing::Standings;

/// The objects that resources of this run have claimed, by a name that says which they are.
#[derive(Debug, Default)]
pub struct Holdings {
    held: Mutex<BTreeMap<String, Owner>>,
    planned: Mutex<BTreeSet<String>>,
    seen: Mutex<BTreeSet<String>>,
    own: Mutex<BTreeSet<String>>,
    standings: Mutex<Standings>,
    vain: AtomicU32,
}

/// Waits in vain for what other resources of the run say, after which nobody waits any more.
const VAIN: u32 = 3;

impl Holdings {
    /// Claims an object. Answers whether it is the owner's now: `false` if another resource of this run has it.
    pub fn take(&self, object: &str, owner: &Owner) -> bool {
        self.lock().entry(object.to_owned()).or_insert_with(|| owner.clone()) == owner
    }

    /// Gives an object that several may name to the one that named it last.
    pub fn give(&self, object: &str, owner: &Owner) {
        self.lock().insert(object.to_owned(), owner.clone());
    }

    /// Who has it.
    pub fn holder(&self, object: &str) -> Option<Owner> {
        self.lock().get(object).cloned()
    }

    /// Gives it up, if it is the owner's.
    pub fn release(&self, object: &str, owner: &Owner) {
        let mut held = self.lock();
        if held.get(object) == Some(owner) {
            held.remove(object);
        }
    }

    /// Notes that an object is to be made. Answers whether it is the first plan to do so since the provider was configured:
    /// a host plans each creation once in that time.
    pub fn plan(&self, object: &str) -> bool {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).insert(object.to_owned())
    }

    /// Whether a plan of this run is to make an object.
    pub fn is_planned(&self, object: &str) -> bool {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner).contains(object)
    }

    /// Notes whose object a refresh of this state has looked at.
    pub fn note_seen(&self, owner: &Owner) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(owner.as_str().to_owned());
    }

    /// Whether this state has an object of that owner, as far as its refreshes have come.
    pub fn is_seen(&self, owner: &Owner) -> bool {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).contains(owner.as_str())
    }

    /// Whether it may still be waited for what refreshes and plans of other resources say.
    pub fn may_wait(&self) -> bool {
        self.vain.load(Ordering::Relaxed) < VAIN
    }

    /// Notes that nothing was said.
    pub fn waited_in_vain(&self) {
        self.vain.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes that this state has an object whose owner nothing tells: by a name that says which it is.
    pub fn note_own(&self, object: &str) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).insert(object.to_owned());
    }

    /// Whether this state has the object, as far as its refreshes and plans have come.
    pub fn is_own(&self, object: &str) -> bool {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).contains(object)
    }

    fn standings(&self) -> MutexGuard<'_, Standings> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Owner>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_two_has_it_until_it_is_given_up() {
        let (holdings, one, other) = (Holdings::default(), Owner::found("1"), Owner::found("2"));
        assert!(holdings.take("Secret a/b", &one) && holdings.take("Secret a/b", &one));
        assert!(!holdings.take("Secret a/b", &other));
        holdings.release("Secret a/b", &other);
        assert_eq!(holdings.holder("Secret a/b"), Some(one.clone()));
        holdings.release("Secret a/b", &one);
        assert!(holdings.take("Secret a/b", &other));
        assert!(!holdings.is_planned("Secret a/b"));
        holdings.note_own("role a");
        assert!(holdings.is_own("role a") && !holdings.is_own("role b"));
        assert!(holdings.plan("Secret a/b") && !holdings.plan("Secret a/b") && holdings.is_planned("Secret a/b"));
    }
}
