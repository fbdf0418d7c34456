//! At most so many requests in any second, as a remote counts them, that does not refuse one of them.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::call::Pacing;

/// The time in which requests are counted.
const SECOND: Duration = Duration::from_secs(1);
/// How much slower it gets at most while the remote refuses.
const SLOWEST: u32 = 10;

/// Lets requests out in the order in which they came. A remote counts a request when it arrives, which is at some time
/// before its answer: so a place is free again one second after the answer.
#[derive(Debug)]
pub(super) struct Window {
    places: Semaphore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When each place that nobody holds is free, the earliest first.
    free: VecDeque<Instant>,
    /// How many seconds a place is kept: one, and more while the remote refuses.
    seconds: u32,
}

/// A request's place, from its turn to its answer.
#[derive(Debug)]
pub(super) struct Place<'a> {
    window: &'a Window,
    /// Since when it is free, if no request was sent in it.
    unused: Option<Instant>,
    _permit: SemaphorePermit<'a>,
}

impl Window {
    /// `rate` requests in any second, one at least. One of them is spared at first: the process of the plan may have asked
    /// something just before that of the apply began.
    pub(super) fn new(rate: u32) -> Self {
        let (rate, now) = (rate.max(1), Instant::now());
        let mut free = std::iter::repeat_n(now, usize::try_from(rate).unwrap_or(1)).collect::<VecDeque<_>>();
        if let Some(last) = free.back_mut().filter(|_| rate > 1) {
            *last += SECOND;
        }
        Self { places: Semaphore::new(free.len()), state: Mutex::new(State { free, seconds: 1 }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pacing for Window {
    type Turn<'a> = Option<Place<'a>>;

    async fn turn(&self) -> Option<Place<'_>> {
        // The semaphore is never closed.
        let permit = self.places.acquire().await.ok()?;
        let at = self.state().free.pop_front().unwrap_or_else(Instant::now);
        let mut place = Place { window: self, unused: Some(at), _permit: permit };
        tokio::time::sleep_until(at).await;
        place.unused = None;
        Some(place)
    }

    fn refused(&self) {
        let mut state = self.state();
        state.seconds = (state.seconds * 2).min(SLOWEST);
    }

    fn answered(&self) {
        let mut state = self.state();
        state.seconds = (state.seconds - 1).max(1);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.window.state();
        let at = self.unused.unwrap_or_else(|| Instant::now() + SECOND * state.seconds);
        let index = state.free.partition_point(|other| *other <= at);
        state.free.insert(index, at);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Sends so many requests at once, each answered after `latency`; the moments at which they arrived.
    async fn arrivals(window: &Arc<Window>, requests: usize, latency: Duration) -> Vec<Instant> {
        let sent = (0..requests).map(|_| {
            let window = Arc::clone(window);
            tokio::spawn(async move {
                let _place = window.turn().await;
                tokio::time::sleep(latency / 2).await;
                let arrived = Instant::now();
                tokio::time::sleep(latency / 2).await;
                arrived
            })
        });
        let mut arrived: Vec<_> = futures_util::future::join_all(sent).await.into_iter().map(Result::unwrap).collect();
        arrived.sort();
        arrived
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_sees_more_than_the_rate_whatever_an_answer_takes() {
        for (rate, latency) in [(5, 0), (5, 30), (5, 700), (1, 10), (20, 150)] {
            let window = Arc::new(Window::new(rate));
            let started = Instant::now();
            let arrived = arrivals(&window, 60, Duration::from_millis(latency)).await;
            let rate = usize::try_from(rate).unwrap();
            for (one, after) in arrived.iter().zip(arrived.iter().skip(rate)) {
                assert!(*after - *one >= SECOND, "{rate} at {latency} ms");
            }
            let rounds = u32::try_from(60 / rate).unwrap();
            let most = (SECOND + Duration::from_millis(latency + 5)) * rounds;
            assert!(started.elapsed() <= most, "{rate} at {latency} ms: {:?}", started.elapsed());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_while_waiting_takes_no_place_along() {
        let window = Window::new(1);
        drop(window.turn().await);
        for _ in 0..5 {
            let waited = tokio::time::timeout(Duration::from_millis(10), window.turn()).await;
            assert!(waited.is_err());
        }
        let started = Instant::now();
        drop(window.turn().await);
        assert!(started.elapsed() <= SECOND, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_makes_it_slower_and_answers_bring_the_pace_back() {
        let window = Window::new(1);
        (0..9).for_each(|_| window.refused());
        drop(window.turn().await);
        let started = Instant::now();
        drop(window.turn().await);
        assert_eq!(started.elapsed(), SECOND * SLOWEST);
        (0..20).for_each(|_| window.answered());
        drop(window.turn().await);
        let started = Instant::now();
        drop(window.turn().await);
        assert_eq!(started.elapsed(), SECOND);
    }
}
