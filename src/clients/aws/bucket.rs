//! A token bucket that slows down when the remote says "too fast" and recovers on success.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::call::Pacing;

/// Requests that may go out at once after a rest.
const BURST: f64 = 5.0;
/// The slowest pace, as a part of the configured one.
const FLOOR: f64 = 0.1;
/// What a success gives back of the configured pace.
const RECOVERY: f64 = 0.05;

/// Lets requests out at a pace, in the order in which they came.
#[derive(Debug)]
pub(super) struct Bucket {
    /// Configured requests a second.
    rate: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Present requests a second.
    rate: f64,
    /// Tokens at `at`; below zero are requests that wait.
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// `rate` requests a second.
    pub(super) fn new(rate: f64) -> Self {
        let rate = rate.max(0.01);
        Self { rate, state: Mutex::new(State { rate, tokens: BURST, at: Instant::now() }) }
    }

    fn reserve(&self) -> Duration {
        let mut state = self.refilled();
        state.tokens -= 1.0;
        if state.tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-state.tokens / state.rate) }
    }

    fn refilled(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = now.saturating_duration_since(state.at).as_secs_f64() * state.rate;
        state.tokens = (state.tokens + gained).min(BURST);
        state.at = now;
        state
    }
}

impl Pacing for Bucket {
    type Turn<'a> = ();

    async fn turn(&self) {
        let wait = self.reserve();
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Half the pace, and nothing saved up.
    fn refused(&self) {
        let mut state = self.refilled();
        state.rate = (state.rate / 2.0).max(self.rate * FLOOR);
        state.tokens = state.tokens.min(0.0);
    }

    /// A little faster again.
    fn answered(&self) {
        let mut state = self.refilled();
        state.rate = (state.rate + self.rate * RECOVERY).min(self.rate);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn time_for(bucket: &Bucket, requests: usize) -> Duration {
        let start = Instant::now();
        for _ in 0..requests {
            bucket.turn().await;
        }
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_out_at_once_and_the_rest_at_the_pace() {
        let bucket = Bucket::new(5.0);
        assert_eq!(time_for(&bucket, 5).await, Duration::ZERO);
        let ten_more = time_for(&bucket, 10).await;
        assert!((1900..2100).contains(&ten_more.as_millis()), "{ten_more:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_halves_the_pace_and_success_brings_it_back() {
        let bucket = Bucket::new(5.0);
        bucket.refused();
        let slow = time_for(&bucket, 5).await;
        assert!((1900..2200).contains(&slow.as_millis()), "{slow:?}");
        (0..20).for_each(|_| bucket.answered());
        let quick = time_for(&bucket, 10).await;
        assert!((1900..2300).contains(&quick.as_millis()), "{quick:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn never_slower_than_a_tenth() {
        let bucket = Bucket::new(5.0);
        (0..50).for_each(|_| bucket.refused());
        let one = time_for(&bucket, 1).await;
        assert!((1900..2100).contains(&one.as_millis()), "{one:?}");
    }
}
