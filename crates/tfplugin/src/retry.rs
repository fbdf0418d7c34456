//! How long a call may go on, and how it tries again within that time.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Why a wait ended without its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// The time for the whole operation (its `timeouts` entry) is used up.
    #[error("the time for this operation is used up")]
    Deadline,
    /// The user interrupted Terraform.
    #[error("interrupted")]
    Interrupted,
}

/// The time that an operation has, and the user's wish to stop it.
#[derive(Clone, Debug)]
pub struct Budget {
    deadline: Instant,
    stop: CancellationToken,
}

impl Budget {
    /// `limit` from now, ended early when `stop` is cancelled.
    pub fn new(limit: Duration, stop: CancellationToken) -> Self {
        Self { deadline: Instant::now() + limit, stop }
    }

    /// `limit` from now, for calls that nobody interrupts (tests, tools, tidying up).
    pub fn uninterrupted(limit: Duration) -> Self {
        Self::new(limit, CancellationToken::new())
    }

    /// A short budget for tidying up, that goes on after an interrupt: at most `limit`.
    #[must_use]
    pub fn for_cleanup(limit: Duration) -> Self {
        Self::uninterrupted(limit)
    }

    /// The same stop sign with less time: the earlier of the two deadlines.
    #[must_use]
    pub fn at_most(&self, limit: Duration) -> Self {
        Self { deadline: self.deadline.min(Instant::now() + limit), stop: self.stop.clone() }
    }

    /// What is left of the time.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Fails when the time is over or the user interrupted.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.stop.is_cancelled() {
            return Err(Stopped::Interrupted);
        }
        if self.remaining().is_zero() { Err(Stopped::Deadline) } else { Ok(()) }
    }

    /// Waits for `work`, but no longer than the budget; `work` is dropped when it ends early.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Stopped> {
        self.check()?;
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(Stopped::Interrupted),
            done = tokio::time::timeout_at(self.deadline, work) => done.map_err(|_| Stopped::Deadline),
        }
    }

    /// Waits for `work` like [`Budget::run`], and for `grace` longer where the budget ends while it is under way: for a
    /// request that was sent and may take effect, whose answer tells what there is now.
    pub async fn run_to_the_answer<T>(&self, grace: Duration, work: impl Future<Output = T>) -> Result<T, Stopped> {
        let mut work = std::pin::pin!(work);
        match self.run(work.as_mut()).await {
            Err(why) => tokio::time::timeout(grace, work).await.map_err(|_| why),
            done => done,
        }
    }

    /// Sleeps, but no longer than the budget.
    pub async fn sleep(&self, time: Duration) -> Result<(), Stopped> {
        tracing::trace!(seconds = time.as_secs_f64(), "pausing");
        self.run(tokio::time::sleep(time)).await
    }
}

/// Growing pauses between attempts: each is `factor` times the last, up to `longest`; up to one first
/// pause is added by chance, so that many waiters do not knock together.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The first pause.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// How much longer each pause is than the one before; at least 1.
    pub factor: f32,
}

impl Pace {
    /// Half as long again each time.
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self { first, longest, factor: 1.5 }
    }

    /// The pauses, without end.
    pub fn pauses(self) -> impl Iterator<Item = Duration> + Send {
        use backon::{BackoffBuilder as _, ExponentialBuilder};
        let growing = ExponentialBuilder::default()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_factor(self.factor)
            .with_jitter()
            .without_max_times()
            .build();
        growing.map(move |pause| pause.min(self.longest))
    }
}

/// What one attempt found.
#[derive(Debug)]
pub enum Attempt<T, E> {
    /// The result, good or bad: no further attempt.
    Done(Result<T, E>),
    /// Not yet. The error is what to report if the time runs out; the duration, if given, is the
    /// pause that the remote asked for (Retry-After).
    Again(E, Option<Duration>),
}

/// Runs `attempt` until it is done or the budget is used up; then its last error is the answer.
///
/// # Errors
/// [`Failed::Stopped`] carries the last error seen, if any attempt ended before the stop.
pub async fn retry<T, E, F, Fut>(budget: &Budget, pace: Pace, mut attempt: F) -> Result<T, Failed<E>>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Attempt<T, E>>,
{
    let mut last = None;
    for pause in pace.pauses() {
        match budget.run(attempt()).await {
            Ok(Attempt::Done(result)) => return result.map_err(Failed::Error),
            Ok(Attempt::Again(error, asked)) => {
                last = Some(error);
                if let Err(stopped) = budget.sleep(asked.unwrap_or(pause)).await {
                    return Err(Failed::Stopped(stopped, last));
                }
            }
            Err(stopped) => return Err(Failed::Stopped(stopped, last)),
        }
    }
    Err(Failed::Stopped(Stopped::Deadline, last))
}

/// Why [`retry`] has no result.
#[derive(Debug)]
pub enum Failed<E> {
    /// An attempt failed for good.
    Error(E),
    /// The budget ended first; with what the last attempt saw.
    Stopped(Stopped, Option<E>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn tries_again_until_done() {
        let mut tries = 0;
        let budget = Budget::uninterrupted(Duration::from_mins(1));
        let pace = Pace::new(Duration::from_secs(1), Duration::from_secs(4));
        let result = retry(&budget, pace, || {
            tries += 1;
            let attempt = if tries < 4 { Attempt::Again("not yet", None) } else { Attempt::Done(Ok(tries)) };
            std::future::ready(attempt)
        })
        .await;
        assert!(matches!(result, Ok(4)), "{result:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn reports_the_last_error_when_the_time_is_over() {
        let budget = Budget::uninterrupted(Duration::from_secs(5));
        let pace = Pace::new(Duration::from_secs(1), Duration::from_secs(4));
        let result: Result<(), _> =
            retry(&budget, pace, || std::future::ready(Attempt::Again("still pending", None))).await;
        assert!(matches!(result, Err(Failed::Stopped(Stopped::Deadline, Some("still pending")))), "{result:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_interrupt_ends_a_sleep_at_once() {
        let stop = CancellationToken::new();
        let budget = Budget::new(Duration::from_hours(1), stop.clone());
        stop.cancel();
        assert_eq!(budget.sleep(Duration::from_mins(10)).await, Err(Stopped::Interrupted));
    }

    #[tokio::test(start_paused = true)]
    async fn the_remotes_own_pause_wins() {
        let started = Instant::now();
        let mut tries = 0;
        let budget = Budget::uninterrupted(Duration::from_mins(10));
        let pace = Pace::new(Duration::from_secs(1), Duration::from_secs(1));
        let _done = retry(&budget, pace, || {
            tries += 1;
            let attempt =
                if tries < 2 { Attempt::Again((), Some(Duration::from_secs(90))) } else { Attempt::Done(Ok(())) };
            std::future::ready(attempt)
        })
        .await;
        assert_eq!(started.elapsed(), Duration::from_secs(90));
    }
}
