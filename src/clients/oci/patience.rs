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
    let began = Instant::now();
    let attempts = retry(budget, PACE, || async {
        match attempt().await {
            Err(error) if error.is_passing() && began.elapsed() < PATIENCE => again(error),
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

    /// Whether it may go on failing.
    pub(super) fn may_go_on(&self) -> bool {
        self.since.elapsed() < PATIENCE
    }
}

pub(super) const fn pace() -> Pace {
    PACE
}
