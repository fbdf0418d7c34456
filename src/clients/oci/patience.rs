//! How long a registry in trouble is tried again.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use crate::retry::{Attempt, Budget, Failed, Pace, Stopped, retry};

use super::OciError;

/// The pauses between attempts.
const PACE: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(10));

/// How long it may fail without any progress: a load balancer that is new takes a while to answer.
const PATIENCE: Duration = Duration::from_mins(2);

/// Why something was not done in the end.
#[derive(Debug)]
pub enum Unfinished {
    /// The registry refused it, or was in trouble for too long.
    Failed(OciError),
    /// The time was over, or the user interrupted; with what the last attempt saw.
    Stopped(Stopped, Option<OciError>),
}

impl From<OciError> for Unfinished {
    fn from(error: OciError) -> Self {
        Self::Failed(error)
    }
}

/// Tries until it is done, while its failures may pass by themselves.
pub async fn patiently<T, F, Fut>(budget: &Budget, attempt: F) -> Result<T, Unfinished>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<T, OciError>>,
{
    let progress = Progress::new();
    let attempts = retry(budget, PACE, || async {
        match attempt().await {
            Err(error) if progress.may_survive(&error) => again(error),
            done => Attempt::Done(done),
        }
    });
    attempts.await.map_err(unfinished)
}

/// Another attempt, after the pause that the registry asks for.
pub(super) fn again<T>(error: OciError) -> Attempt<T, OciError> {
    tracing::debug!(%error, "trying again");
    let pause = error.pause();
    Attempt::Again(error, pause)
}

pub(super) fn unfinished(failed: Failed<OciError>) -> Unfinished {
    match failed {
        Failed::Error(error) => Unfinished::Failed(error),
        Failed::Stopped(stopped, last) => Unfinished::Stopped(stopped, last),
    }
}

/// The time that something may go on failing, which begins anew with each progress.
#[derive(Debug)]
pub(super) struct Progress {
    since: Instant,
    reached: u64,
}

impl Progress {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), reached: 0 }
    }

    /// Notes how far it has come.
    pub(super) fn reach(&mut self, offset: u64) {
        if offset > self.reached {
            (self.since, self.reached) = (Instant::now(), offset);
        }
    }

    /// Whether it is tried again after this. A pause that ends too late is told, not waited for.
    pub(super) fn may_survive(&self, error: &OciError) -> bool {
        let pause = error.pause().unwrap_or_default();
        error.is_passing() && self.since.elapsed().saturating_add(pause) < PATIENCE
    }
}

pub(super) const fn pace() -> Pace {
    PACE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_short_pause_is_waited_for_and_a_long_one_is_told() {
        let budget = Budget::uninterrupted(Duration::from_hours(1));
        for (seconds, waited) in [(50, 100), (7200, 0), (u64::MAX, 0)] {
            let pause = Duration::from_secs(seconds);
            let throttled = OciError::Throttled { words: String::new(), pause: Some(pause) };
            for told in [throttled, OciError::Busy { words: String::new(), pause }] {
                let before = Instant::now();
                let done = patiently(&budget, || std::future::ready(Err::<(), _>(told.clone()))).await;
                assert!(matches!(done, Err(Unfinished::Failed(error)) if error == told));
                assert_eq!(before.elapsed().as_secs(), waited, "{seconds}");
            }
        }
    }
}
