//! Names that one object of a run gives up while another takes them: an address that was renamed, a key that was changed.
//!
//! Hosts plan that as one object to be removed and one to be made, and do both at the same time. A name that is taken is
//! refused, so whoever wants it waits for the one that gives it up.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::{AwsError, Iam, lock};
use crate::domain::irsa::role_key;
use crate::retry::{Budget, Pace, Stopped};

/// How long a removal is waited for that has not begun.
const SOON: Duration = Duration::from_secs(2);
/// How long IAM may say of what is gone that it exists.
const SETTLING: Duration = Duration::from_secs(20);
/// Pauses in between.
const PAUSES: Pace = Pace::new(Duration::from_millis(300), Duration::from_secs(3));

/// What this process removes, and has removed.
#[derive(Debug, Default)]
pub(super) struct Leaving {
    names: Mutex<BTreeMap<String, Stage>>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    Going,
    Gone(Instant),
}

/// A removal that is under way, until it is dropped.
#[derive(Debug)]
pub struct Departure {
    iam: Iam,
    key: String,
    gone: bool,
}

impl Departure {
    /// Says that everything is gone.
    pub fn completed(mut self) {
        self.gone = true;
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        let leaving = &self.iam.0.leaving;
        let mut names = lock(&leaving.names);
        if self.gone {
            names.insert(self.key.clone(), Stage::Gone(Instant::now()));
        } else {
            names.remove(&self.key);
        }
        leaving.changed.notify_waiters();
    }
}

impl Iam {
    /// Says that the role of this name is being removed, with all that is its own.
    pub fn role_leaves(&self, name: &str) -> Departure {
        self.leaves(role_key(name))
    }

    /// Says that the OIDC provider of this ARN is being removed.
    pub fn provider_leaves(&self, arn: &str) -> Departure {
        self.leaves(super::providers::provider_key(arn))
    }

    fn leaves(&self, key: String) -> Departure {
        lock(&self.0.leaving.names).insert(key.clone(), Stage::Going);
        self.0.leaving.changed.notify_waiters();
        Departure { iam: self.clone(), key, gone: false }
    }

    /// Whoever wants a name that another object of this run may be giving up.
    pub(super) fn heir<'a>(&'a self, key: &'a str) -> Heir<'a> {
        Heir { leaving: &self.0.leaving, key, pauses: Box::new(PAUSES.pauses()) }
    }
}

/// Whoever wants a name; see [`Iam::heir`].
pub(super) struct Heir<'a> {
    leaving: &'a Leaving,
    key: &'a str,
    pauses: Box<dyn Iterator<Item = Duration> + Send>,
}

impl Heir<'_> {
    /// Whether what could not be made, since it exists, should be tried again: once its name was given up.
    pub(super) async fn tries_again<T: Sync>(
        &mut self,
        budget: &Budget,
        made: &Result<T, AwsError>,
    ) -> Result<bool, AwsError> {
        let Err(error @ AwsError::AlreadyExists(_)) = made else {
            // Taken the moment it was free: what else of its predecessor is going must not be taken for ours.
            self.leaving.has_left(budget, self.key).await;
            lock(&self.leaving.names).remove(self.key);
            return Ok(false);
        };
        let stopped = |why| AwsError::Stopped { why, last: Some(Box::new(error.clone())) };
        if !self.leaving.given_up(budget, self.key).await.map_err(stopped)? {
            return Ok(false);
        }
        tracing::debug!(%error, "waiting for IAM to forget what was removed");
        budget.sleep(self.pauses.next().unwrap_or(SOON)).await.map_err(stopped)?;
        Ok(true)
    }
}

impl Leaving {
    /// Waits for the end of a removal that is under way, as long as there is time.
    async fn has_left(&self, budget: &Budget, key: &str) {
        loop {
            let changed = self.changed.notified();
            let is_going = matches!(lock(&self.names).get(key), Some(Stage::Going));
            if !is_going || budget.run(changed).await.is_err() {
                return;
            }
        }
    }

    /// Whether a name was given up; a removal that is under way, or begins soon, is waited for.
    async fn given_up(&self, budget: &Budget, key: &str) -> Result<bool, Stopped> {
        let begun_by = Instant::now() + SOON;
        loop {
            let changed = self.changed.notified();
            let stage = lock(&self.names).get(key).copied();
            match stage {
                Some(Stage::Gone(at)) if at.elapsed() < SETTLING => return Ok(true),
                Some(Stage::Going) => budget.run(changed).await?,
                Some(Stage::Gone(_)) | None => match timeout_at(begun_by, budget.run(changed)).await {
                    Ok(changed) => changed?,
                    Err(_elapsed) => return Ok(false),
                },
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::Reply;
    use crate::clients::aws::scripted::Script;

    fn exists() -> AwsError {
        AwsError::AlreadyExists(Reply::ours("iam", "CreateRole", "exists"))
    }

    async fn iam() -> Iam {
        Iam::new(&Script::of(Vec::new()).await.config(), None, 5)
    }

    /// Makes `app`, which exists at the first so many requests; how it ended, and after how many requests.
    async fn make(iam: &Iam, refusals: u32) -> (Result<(), AwsError>, u32) {
        let (budget, mut heir, mut asked) = (Budget::uninterrupted(Duration::from_hours(1)), iam.heir("app"), 0);
        loop {
            let made = if asked < refusals { Err(exists()) } else { Ok(()) };
            asked += 1;
            if !heir.tries_again(&budget, &made).await.unwrap() {
                return (made, asked);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_gives_up_is_refused_soon() {
        let (iam, started) = (iam().await, Instant::now());
        let (result, asked) = make(&iam, 9).await;
        assert!(matches!(result, Err(AwsError::AlreadyExists(_))) && asked == 1, "{result:?} {asked}");
        assert!(started.elapsed() <= SOON, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_removal_that_begins_a_little_later_is_waited_for_to_its_end() {
        let iam = iam().await;
        let remove = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let leaves = iam.role_leaves("app");
            tokio::time::sleep(Duration::from_mins(3)).await;
            leaves.completed();
        };
        // IAM says once more that it exists, after it is gone.
        let ((result, asked), ()) = tokio::join!(make(&iam, 2), remove);
        assert!(result.is_ok() && asked == 3, "{result:?} {asked}");
        let (result, _) = make(&iam, 1).await;
        assert!(result.is_err(), "it is taken again, and nobody gives it up");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_is_free_before_all_of_its_former_owner_is_gone_is_taken_and_used_after_that() {
        let (iam, started) = (iam().await, Instant::now());
        let leaves = iam.role_leaves("app");
        let remove = async {
            tokio::time::sleep(Duration::from_secs(7)).await;
            leaves.completed();
        };
        let ((result, asked), ()) = tokio::join!(make(&iam, 0), remove);
        assert!(result.is_ok() && asked == 1 && started.elapsed() >= Duration::from_secs(7), "{result:?} {asked}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_removal_that_fails_leaves_the_name_taken() {
        let iam = iam().await;
        let remove = async {
            let leaves = iam.role_leaves("app");
            tokio::time::sleep(Duration::from_secs(30)).await;
            drop(leaves);
        };
        let ((result, _), ()) = tokio::join!(make(&iam, 9), remove);
        assert!(matches!(result, Err(AwsError::AlreadyExists(_))), "{result:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_exists_long_after_the_removal_is_somebody_elses() {
        let iam = iam().await;
        iam.role_leaves("app").completed();
        let started = Instant::now();
        let (result, asked) = make(&iam, u32::MAX).await;
        assert!(result.is_err() && asked > 3, "{result:?} {asked}");
        assert!(started.elapsed() < SETTLING + SOON + Duration::from_secs(4), "{:?}", started.elapsed());
    }
}
