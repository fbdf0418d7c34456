//! What the instances of this state stand for, so that the destroy of a former owner leaves it.
//!
//! Two instances of one state have the same object after a run that ended between the two halves of a replacement, or that
//! made only the one that took the object over. Hosts tell nobody of the other; but they plan both in one process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The objects that plans since the provider was configured keep, and those that they let go.
#[derive(Debug, Default)]
pub struct Standing(Mutex<Plans>);

#[derive(Debug, Default)]
struct Plans {
    kept: BTreeSet<String>,
    gone: BTreeSet<String>,
    /// When each instance that a refresh has found last wrote its object.
    written: BTreeMap<String, BTreeSet<i64>>,
}

impl Standing {
    /// Notes that an instance has an object and stays. Answers whether it comes in time: `false` if the destroy of another
    /// instance was planned already, and will remove the object.
    pub fn keep(&self, object: &str) -> bool {
        let mut plans = self.lock();
        plans.kept.insert(object.to_owned());
        !plans.gone.contains(object)
    }

    /// Whether an instance that stays has the object, as far as plans have come.
    pub fn is_kept(&self, object: &str) -> bool {
        self.lock().kept.contains(object)
    }

    /// Notes that an instance which is to be destroyed removes these objects. Answers with those that another one keeps.
    pub fn let_go(&self, objects: &BTreeSet<String>) -> BTreeSet<String> {
        let mut plans = self.lock();
        let (kept, gone): (BTreeSet<_>, BTreeSet<_>) =
            objects.iter().cloned().partition(|object| plans.kept.contains(object));
        plans.gone.extend(gone);
        kept
    }

    /// Notes that a refresh has found an instance with an object, and when that one last wrote it.
    pub fn find(&self, object: &str, written: i64) {
        self.lock().written.entry(object.to_owned()).or_default().insert(written);
    }

    /// Whether another instance with the object wrote it after this one did.
    pub fn is_succeeded(&self, object: &str, written: i64) -> bool {
        self.lock().written.get(object).is_some_and(|all| all.iter().any(|other| *other > written))
    }

    /// Whether refreshes have found two instances with the object.
    pub fn is_shared(&self, object: &str) -> bool {
        self.lock().written.get(object).is_some_and(|all| all.len() > 1)
    }

    fn lock(&self) -> MutexGuard<'_, Plans> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_instance_keeps_is_left_by_the_destroy_of_another_or_told_where_that_came_first() {
        let (standing, both) = (Standing::default(), BTreeSet::from(["a".to_owned(), "b".to_owned()]));
        assert!(standing.keep("a") && standing.is_kept("a") && !standing.is_kept("b"));
        assert_eq!(standing.let_go(&both), BTreeSet::from(["a".to_owned()]));
        assert!(standing.keep("a"), "it was left");
        assert!(!standing.keep("b"), "it will be gone");
    }

    #[test]
    fn who_wrote_last_has_it() {
        let standing = Standing::default();
        standing.find("a", 1);
        assert!(!standing.is_succeeded("a", 1) && !standing.is_shared("a"), "alone");
        standing.find("a", 2);
        assert!(standing.is_shared("a"), "two have it");
        assert!(standing.is_succeeded("a", 1) && !standing.is_succeeded("a", 2));
        standing.find("b", 0);
        standing.find("b", 0);
        assert!(!standing.is_succeeded("b", 0), "of an older version, or found twice");
    }
}
