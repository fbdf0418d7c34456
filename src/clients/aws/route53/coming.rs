//! How many changes are on their way to a queue: they look up zones and records first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A count that all of an account's queues share.
#[derive(Clone, Debug, Default)]
pub(super) struct Coming(Arc<AtomicUsize>);

/// One that is on its way, until it is dropped.
#[derive(Debug)]
pub(super) struct OneMore(Coming);

impl Coming {
    /// One more sets out.
    pub(super) fn one(&self) -> OneMore {
        self.0.fetch_add(1, Ordering::Relaxed);
        OneMore(self.clone())
    }

    /// Whether there is any.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

impl Drop for OneMore {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
