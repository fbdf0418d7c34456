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
        // The poller answers each waiter before it forgets it; it ends early only with the process.
        answer.await.unwrap_or(Ok(()))
    }

    /// Takes the waiter in; whether the poller must be started.
    fn watch(&self, change: &ChangeId, done: oneshot::Sender<Result<(), AwsError>>) -> bool {
        let mut pending = self.lock();
        let new = || Watched { next: Instant::now() + FIRST, pause: FIRST, waiters: Vec::new() };
        pending.changes.entry(change.clone()).or_insert_with(new).waiters.push(done);
        !std::mem::replace(&mut pending.running, true)
    }

    async fn run(self: Arc<Self>, api: Arc<Api>) {
        while let Some(next) = self.next() {
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.wake.notified() => continue,
            }
            for change in self.due() {
                let budget = Budget::uninterrupted(QUESTION);
                match api.is_in_sync(&budget, &change).await {
                    Ok(false) => self.later(&change),
                    Ok(true) => self.finish(&change, &Ok(())),
                    Err(error) => self.finish(&change, &Err(error)),
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
