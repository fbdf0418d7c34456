//! What a hook of a resource is given beside its model: clients, time, notes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Diagnostic, Diagnostics, Explanation, Private, Result, Severity};
use crate::clock::Clock;
use crate::owner::Owner;
use crate::retry::Budget;

/// The note of the private state that names the owner.
const OWNER: &str = "owner";

/// The context of one call: what requests and responses carry beside values in HashiCorp's framework. `P` is the configured
/// provider with its clients.
pub struct Cx<P> {
    provider: Arc<P>,
    budget: Budget,
    clock: Clock,
    private: Mutex<Private>,
    notes: Mutex<Diagnostics>,
    exists: AtomicBool,
}

impl<P> Cx<P> {
    /// A context for one call.
    pub fn new(provider: Arc<P>, budget: Budget, clock: Clock, private: Private) -> Self {
        Self {
            provider,
            budget,
            clock,
            private: Mutex::new(private),
            notes: Mutex::default(),
            exists: AtomicBool::new(false),
        }
    }

    /// The configured provider: the way to every client.
    pub fn provider(&self) -> &P {
        &self.provider
    }

    /// How long this call may take; it ends when the user interrupts.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The time of day.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Says that the object exists remotely from here on: if the create fails after this, what the
    /// model holds then is stored in state, tainted, instead of being forgotten.
    /// In an update it says that the remote has changed: a failure then stores the model, not the prior state.
    pub fn exists(&self) {
        self.exists.store(true, Ordering::Relaxed);
    }

    /// Whether [`Cx::exists`] was called.
    pub fn has_existing(&self) -> bool {
        self.exists.load(Ordering::Relaxed)
    }

    /// Tells the user something that does not fail the call.
    pub fn warn(&self, explanation: &Explanation) {
        lock(&self.notes).push(Diagnostic::explained(Severity::Warning, explanation));
    }

    /// Ends a create's wait for what stands already (for its being seen, ready, everywhere): that it failed is told, and
    /// fails nothing. As an error it would taint what stands, and the next apply would remove it and make it anew.
    /// `afterwards` says what the next apply does, and how to see for oneself.
    pub fn tell_wait(&self, waited: Result<()>, afterwards: &str) {
        if let Err(failure) = waited {
            self.warn(&failure.adding(afterwards));
        }
    }

    /// The warnings so far.
    pub fn notes(&self) -> Diagnostics {
        lock(&self.notes).clone()
    }

    /// A note of the private state.
    pub fn recall<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        lock(&self.private).get(name)
    }

    /// Writes a note to the private state: it lies in the state file, in clear text, and is not shown.
    pub fn remember<T: Serialize>(&self, name: &str, note: &T) {
        lock(&self.private).set(name, note);
    }

    /// Takes a note out of the private state.
    pub fn forget(&self, name: &str) {
        lock(&self.private).remove(name);
    }

    /// The mark of this instance, made at its first use: what is made remotely bears it.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn owner(&self) -> Result<Owner> {
        if let Some(owner) = self.known_owner() {
            return Ok(owner);
        }
        let owner = Owner::random().ok_or_else(|| {
            Explanation::new("SDK-016", "Cannot mark what is made as this resource's own")
                .next("the system gives no random numbers; apply on another machine")
        })?;
        self.owned_by(&owner);
        Ok(owner)
    }

    /// The mark of this instance, if it has one: a state that was written before the first use of [`Cx::owner`] has none.
    pub fn known_owner(&self) -> Option<Owner> {
        self.recall(OWNER)
    }

    /// The mark of the instance that the one in the making takes the place of.
    pub fn predecessor(&self) -> Option<Owner> {
        self.private().for_destroy().get(OWNER)
    }

    /// Takes over the mark that an imported object bears.
    pub fn owned_by(&self, owner: &Owner) {
        self.remember(OWNER, owner);
    }

    /// The same call with time of its own: to tidy up after one whose time is over. What it notes counts once it
    /// [rejoins](Cx::rejoin).
    #[must_use]
    pub fn aside(&self, budget: Budget) -> Self {
        Self::new(Arc::clone(&self.provider), budget, self.clock.clone(), self.private())
    }

    /// Takes over what was noted [aside](Cx::aside).
    pub fn rejoin(&self, aside: &Self) {
        *lock(&self.private) = aside.private();
        lock(&self.notes).extend(aside.notes());
    }

    /// The private state as it is now.
    pub fn private(&self) -> Private {
        lock(&self.private).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wait_that_failed_is_told_as_a_warning_with_what_the_next_apply_does() {
        let budget = Budget::uninterrupted(Duration::from_mins(1));
        let cx = Cx::new(Arc::new(()), budget, Clock::system(), Private::default());
        cx.tell_wait(Ok(()), "it stands");
        assert!(cx.notes().iter().next().is_none());
        let late = Explanation::new("SMALL-001", "Cannot see the record").next("wait");
        cx.tell_wait(Err(late), "it stands");
        let notes = cx.notes();
        let told = notes.iter().next().unwrap();
        assert!(!notes.has_errors() && told.explanation.detail().contains("Next: wait; it stands"), "{told:?}");
    }
}
