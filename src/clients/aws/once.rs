//! A value that is asked for once and shared by all who want it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::AwsError;
use crate::retry::Budget;

type Cell<T> = Arc<OnceCell<Result<T, AwsError>>>;

/// The value, once somebody has asked. A failure goes to all who waited for it and is then forgotten, so that the
/// next one asks anew.
#[derive(Debug)]
pub(super) struct Once<T>(Mutex<Cell<T>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Once<T> {
    /// The value, if somebody has it already.
    pub(super) fn known(&self) -> Option<T> {
        self.cell().get().and_then(|found| found.as_ref().ok().cloned())
    }

    /// The value; `ask` runs at most once at a time.
    pub(super) async fn get<F, Fut>(&self, budget: &Budget, ask: F) -> Result<T, AwsError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, AwsError>>,
    {
        self.get_if(budget, |_| true, ask).await
    }

    /// The value if it `will_do`, else one that is asked for anew: once for all who want it.
    pub(super) async fn get_if<F, Fut>(
        &self,
        budget: &Budget,
        will_do: impl Fn(&T) -> bool,
        ask: F,
    ) -> Result<T, AwsError>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<T, AwsError>>,
    {
        loop {
            let mut cell = self.cell();
            if cell.get().is_some_and(|found| found.as_ref().is_ok_and(|value| !will_do(value))) {
                self.replace(&cell);
                cell = self.cell();
            }
            let found = cell.get_or_init(&ask).await.clone();
            if found.is_ok() {
                return found;
            }
            self.replace(&cell);
            // Somebody else's time was over while ours is not.
            let stopped = matches!(found, Err(AwsError::Stopped { .. }));
            if !stopped || budget.check().is_err() {
                return found;
            }
        }
    }

    /// Forgets the value, also one that is just being asked for: it goes only to those who wait already.
    pub(super) fn forget(&self) {
        *self.lock() = Arc::default();
    }

    fn cell(&self) -> Cell<T> {
        Arc::clone(&self.lock())
    }

    fn replace(&self, old: &Cell<T>) {
        let mut cell = self.lock();
        if Arc::ptr_eq(&cell, old) {
            *cell = Arc::default();
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cell<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::clients::aws::Reply;
    use crate::retry::Stopped;

    async fn ask(count: &AtomicU32, answer: Result<u32, AwsError>) -> Result<u32, AwsError> {
        count.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(10)).await;
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn all_who_wait_share_an_answer_good_or_bad() {
        let (count, once, budget) = (AtomicU32::new(0), Once::default(), Budget::uninterrupted(Duration::from_mins(1)));
        let bad = || ask(&count, Err(AwsError::Busy(Reply::ours("iam", "ListRoles", "no"))));
        let (a, b) = tokio::join!(once.get(&budget, bad), once.get(&budget, bad));
        assert!(a.is_err() && b.is_err() && count.load(Ordering::Relaxed) == 1);
        let good = || ask(&count, Ok(7));
        let (a, b) = tokio::join!(once.get(&budget, good), once.get(&budget, good));
        assert!(matches!((a, b), (Ok(7), Ok(7))) && count.load(Ordering::Relaxed) == 2);
        assert_eq!(once.known(), Some(7));
        once.forget();
        assert_eq!(once.known(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_do_is_asked_for_anew_once_for_all() {
        let (count, once, budget) = (AtomicU32::new(0), Once::default(), Budget::uninterrupted(Duration::from_mins(1)));
        let next = async || {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok(count.fetch_add(1, Ordering::Relaxed))
        };
        assert!(matches!(once.get(&budget, next).await, Ok(0)));
        let newer = || once.get_if(&budget, |value| *value > 0, next);
        let (a, b, c) = tokio::join!(newer(), newer(), newer());
        assert!(matches!((a, b, c), (Ok(1), Ok(1), Ok(1))));
        assert!(matches!(once.get_if(&budget, |value| *value > 0, next).await, Ok(1)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_whose_time_is_over_does_not_stop_the_others() {
        let (count, once, budget) = (AtomicU32::new(0), Once::default(), Budget::uninterrupted(Duration::from_mins(1)));
        let over = Budget::uninterrupted(Duration::ZERO);
        let stopped = || ask(&count, Err(AwsError::Stopped { why: Stopped::Deadline, last: None }));
        let good = || ask(&count, Ok(7));
        let (first, second) = tokio::join!(once.get(&over, stopped), once.get(&budget, good));
        assert!(first.is_err() && matches!(second, Ok(7)), "{first:?} {second:?}");
    }
}
