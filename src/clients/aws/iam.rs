//! IAM: roles, managed policies and OIDC providers, with its late consistency waited out and few calls for many roles.

mod api;
mod leaving;
mod lost;
mod policies;
mod providers;
mod roles;
mod settle;
mod simulate;
#[cfg(test)]
mod tests;
mod types;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;

use api::{Account, Api};
pub use leaving::Departure;
use leaving::Leaving;
use settle::Made;
pub use simulate::Simulation;
pub use types::{ManagedPolicy, NewPolicy, NewProvider, NewRole, OidcProvider, Role};

use super::AwsError;
use super::once::Once;
use crate::retry::Budget;

/// How many calls it takes to read one role by itself: the role, the names of its policies, one of them, its attachments.
const CALLS_FOR_ONE: usize = 4;
/// How long a listing may be used. A process usually lives for one plan or apply; an apply may take long.
const FRESH: Duration = Duration::from_mins(5);

/// The account's IAM: cheap to copy.
#[derive(Clone, Debug)]
pub struct Iam(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    api: Api,
    /// How many reads there were.
    asked: AtomicUsize,
    /// The listing of the account; none if it is not permitted, or not worth its calls.
    account: Once<Option<Arc<Account>>>,
    /// The names of all roles, for those who would only like to know; none if there are too many.
    names: Once<Arc<Option<BTreeSet<String>>>>,
    /// Names and ARNs that we changed: what the listing says of them is old.
    changed: Mutex<BTreeSet<String>>,
    /// What we made.
    made: Made,
    /// What we remove, and have removed.
    leaving: Leaving,
}

impl Iam {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, requests_per_second: u32) -> Self {
        Self(Arc::new(Shared {
            api: Api::new(config, endpoint, requests_per_second),
            asked: AtomicUsize::new(0),
            account: Once::default(),
            names: Once::default(),
            changed: Mutex::default(),
            made: Made::default(),
            leaving: Leaving::default(),
        }))
    }

    /// What the listing of the account says; none where it does not help: it is not permitted, the account is so large
    /// that reading one by one is cheaper, we changed the object since, or it is not in it (a new object may not be
    /// listed yet).
    ///
    /// The first reader lists, the others wait for it. A write does not void the listing, only what it says of that
    /// object: [`Iam::touch`].
    async fn listed<T>(
        &self,
        budget: &Budget,
        key: &str,
        pick: impl Fn(&Account) -> Option<T>,
    ) -> Result<Option<T>, AwsError> {
        let asked = &self.0.asked;
        asked.fetch_add(1, Ordering::Relaxed);
        if self.has_changed(key) {
            return Ok(None);
        }
        if self.0.account.known().flatten().is_some_and(|account| account.taken.elapsed() > FRESH) {
            self.0.account.forget();
        }
        let worth = || asked.load(Ordering::Relaxed) * CALLS_FOR_ONE;
        let list = async || match self.0.api.account(budget, worth).await {
            Ok(account) => Ok(account.map(Arc::new)),
            Err(AwsError::AccessDenied { .. }) => Ok(None),
            Err(error) => Err(error),
        };
        let account = self.0.account.get(budget, list).await?;
        Ok(account.as_deref().and_then(pick).filter(|_| !self.has_changed(key)))
    }

    /// Notes that what is listed of this name or ARN is old from here on.
    fn touch(&self, key: &str) {
        lock(&self.0.changed).insert(key.to_owned());
    }

    fn has_changed(&self, key: &str) -> bool {
        lock(&self.0.changed).contains(key)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
