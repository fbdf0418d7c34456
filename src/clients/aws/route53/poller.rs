//! Asks for all pending changes in one place until every one of Route53's servers knows them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::ChangeId;
use super::api::Api;
use crate::clients::aws::AwsError;
use crate::retry::Budget;

/// The pause before a change is first asked for.
const FIRST: Duration = Duration::from_millis(300);
/// The longest pause; Route53 usually needs 10 to 60 seconds in all.
const LONGEST: Duration = Duration::from_secs(10);
/// How long one question may take.
const QUESTION: Duration = Duration::from_mins(2);

/// The one poller of an account.
#[derive(Debug, Default)]
pub(super) struct Poller {
    pending: Mutex<Pending>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Pending {
    running: bool,
    changes: BTreeMap<ChangeId, Watched>,
}

#[derive(Debug)]
struct Watched {
    next: Instant,
    pause: Duration,
    waiters: Vec<oneshot::Sender<Result<(), AwsError>>>,
}

impl Poller {
    /// Waits until the change is everywhere. The caller bounds the wait.
    pub(super) async fn in_sync(self: &Arc<Self>, api: &Arc<Api>, change: &ChangeId) -> Result<(), AwsError> {
        let (done, answer) = oneshot::channel();
        if self.watch(change, done) {
            tokio::spawn(Arc::clone(self).run(Arc::clone(api)));
        }
        self.wake.notify_one();
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Takes the waiter in; whether the poller must be started.
    fn watch(&self, change: &ChangeId, done: oneshot::Sender<Result<(), AwsError>>) -> bool {
        let mut pending = self.lock();
        let new = || Watched { next: Instant::now() + FIRST, pause: FIRST, waiters: Vec::new() };
        pending.changes.entry(change.clone()).or_insert_with(new).waiters.push(done);
        !std::mem::replace(&mut pending.running, true)
    }

    async fn run(self: Arc<Self>, api: Arc<Api>) {
        let _cleared = Cleared(&self);
        while let Some(next) = self.next() {
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.wake.notified() => continue,
            }
            for change in self.due() {
                let budget = Budget::uninterrupted(QUESTION);
                match verdict(api.is_in_sync(&budget, &change).await) {
                    Some(result) => self.finish(&change, &result),
                    None => self.later(&change),
                }
            }
        }
    }

    /// When to ask next; none when nobody waits any more, and then the poller ends.
    fn next(&self) -> Option<Instant> {
        let mut pending = self.lock();
        pending.changes.retain(|_, watched| {
            watched.waiters.retain(|waiter| !waiter.is_closed());
            !watched.waiters.is_empty()
        });
        let next = pending.changes.values().map(|watched| watched.next).min();
        pending.running = next.is_some();
        next
    }

    fn due(&self) -> Vec<ChangeId> {
        let now = Instant::now();
        self.lock().changes.iter().filter(|(_, watched)| watched.next <= now).map(|(id, _)| id.clone()).collect()
    }

    fn later(&self, change: &ChangeId) {
        if let Some(watched) = self.lock().changes.get_mut(change) {
            watched.pause = (watched.pause * 3 / 2).min(LONGEST);
            watched.next = Instant::now() + watched.pause;
        }
    }

    fn finish(&self, change: &ChangeId, result: &Result<(), AwsError>) {
        let Some(watched) = self.lock().changes.remove(change) else { return };
        for waiter in watched.waiters {
            // One who no longer waits needs no answer.
            let _gone = waiter.send(result.clone());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer means to those who wait; none if it must be asked again. A question that took too long is only asked
/// again: how long they wait is theirs to say.
fn verdict(answer: Result<bool, AwsError>) -> Option<Result<(), AwsError>> {
    match answer {
        Ok(false) | Err(AwsError::Stopped { .. }) => None,
        Ok(true) => Some(Ok(())),
        Err(error) => Some(Err(error)),
    }
}

fn ended() -> AwsError {
    let words = "the provider's own task ended early; this is a defect of berth";
    AwsError::Other(crate::clients::aws::Reply::ours("route53", "GetChange", words))
}

/// However the poller ends, by a panic too, nobody waits for it for ever: the next one who waits starts another.
struct Cleared<'a>(&'a Poller);

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            *self.0.lock() = Pending::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::Reply;
    use crate::retry::Stopped;

    #[test]
    fn a_question_that_took_too_long_is_asked_again() {
        let slow = AwsError::Throttled(Reply::ours("route53", "GetChange", "Rate exceeded"));
        let stopped = AwsError::Stopped { why: Stopped::Deadline, last: Some(Box::new(slow)) };
        assert!(verdict(Err(stopped)).is_none() && verdict(Ok(false)).is_none());
        assert!(matches!(verdict(Ok(true)), Some(Ok(()))));
        let denied = AwsError::Invalid(Reply::ours("route53", "GetChange", "no"));
        assert!(matches!(verdict(Err(denied)), Some(Err(_))));
    }

    #[tokio::test]
    async fn a_poller_that_panics_is_no_success_and_the_next_one_starts_anew() {
        let poller = Arc::new(Poller::default());
        let (done, answer) = oneshot::channel();
        assert!(poller.watch(&ChangeId::new("C1"), done));
        let task = Arc::clone(&poller);
        let panicked = tokio::spawn(async move {
            let _cleared = Cleared(&task);
            panic!("as a defect would");
        });
        assert!(panicked.await.is_err());
        assert!(answer.await.is_err(), "heard as an error");
        assert!(poller.watch(&ChangeId::new("C1"), oneshot::channel().0), "another task");
    }
}
