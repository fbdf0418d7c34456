//! What a zone holds, read as seldom as possible.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::api::Api;
use crate::clients::aws::AwsError;
use crate::clients::aws::once::Once;
use crate::domain::dns::{Change, DnsName, RecordSet, ZoneId};
use crate::retry::Budget;

/// How long a reader lets others join before it asks.
const GATHER: Duration = Duration::from_millis(25);
/// Names asked for one by one; with more, the whole zone is listed.
const FEW: usize = 3;
/// Record sets that one answer holds: a zone of no more is listed whole at the price of one name.
const ONE_PAGE: u64 = 300;
/// How long a listing is believed, when nobody changes the zone through us.
const FRESH: Duration = Duration::from_mins(2);

type Sets = BTreeMap<DnsName, Vec<RecordSet>>;

/// A zone's records: up to [`FEW`] names are asked for by themselves, and from then on one listing
/// answers all, kept true to our own changes.
#[derive(Debug)]
pub(super) struct ZoneView {
    zone: ZoneId,
    asked: AtomicUsize,
    small: AtomicBool,
    listing: Once<Arc<Listing>>,
}

#[derive(Debug)]
struct Listing {
    at: Instant,
    sets: Mutex<Sets>,
}

impl ZoneView {
    pub(super) fn new(zone: ZoneId) -> Self {
        Self { zone, asked: AtomicUsize::new(0), small: AtomicBool::new(false), listing: Once::default() }
    }

    /// Says how many record sets the zone had when the account's zones were listed.
    pub(super) fn expect(&self, record_count: u64) {
        self.small.store(record_count <= ONE_PAGE, Ordering::Relaxed);
    }

    /// The record sets of one name.
    pub(super) async fn named(&self, api: &Api, budget: &Budget, name: &DnsName) -> Result<Vec<RecordSet>, AwsError> {
        let mut found = self.all_named(api, budget, &BTreeSet::from([name.clone()])).await?;
        Ok(found.remove(name).unwrap_or_default())
    }

    /// The record sets of several names.
    pub(super) async fn all_named(
        &self,
        api: &Api,
        budget: &Budget,
        names: &BTreeSet<DnsName>,
    ) -> Result<Sets, AwsError> {
        self.asked.fetch_add(names.len(), Ordering::Relaxed);
        if let Some(found) = self.known(names) {
            return Ok(found);
        }
        tokio::time::sleep(GATHER).await;
        if self.small.load(Ordering::Relaxed) || self.asked.load(Ordering::Relaxed) > FEW {
            return Ok(self.listed(api, budget).await?.pick(names));
        }
        let mut found = Sets::new();
        for name in names {
            found.insert(name.clone(), api.records_named(budget, &self.zone, name).await?);
        }
        Ok(found)
    }

    /// Every record set of the zone.
    pub(super) async fn all(&self, api: &Api, budget: &Budget) -> Result<Vec<RecordSet>, AwsError> {
        let listing = self.listed(api, budget).await?;
        Ok(lock(&listing.sets).values().flatten().cloned().collect())
    }

    /// Keeps the listing true after our own change.
    pub(super) fn note(&self, changes: &[Change]) {
        match self.listing.known() {
            Some(listing) => {
                let mut sets = lock(&listing.sets);
                for change in changes {
                    apply(&mut sets, change);
                }
            }
            // A listing under way may have been read before the change.
            None => self.forget(),
        }
    }

    /// Drops what is known: somebody else changed the zone.
    pub(super) fn forget(&self) {
        self.listing.forget();
    }

    async fn listed(&self, api: &Api, budget: &Budget) -> Result<Arc<Listing>, AwsError> {
        self.listing.get(budget, async || self.list(api, budget).await.map(Arc::new)).await
    }

    async fn list(&self, api: &Api, budget: &Budget) -> Result<Listing, AwsError> {
        let mut sets = Sets::new();
        for set in api.list_records(budget, &self.zone).await? {
            sets.entry(set.key.name.clone()).or_default().push(set);
        }
        Ok(Listing { at: Instant::now(), sets: Mutex::new(sets) })
    }

    /// What the listing says, if there is one that is fresh.
    pub(super) fn known(&self, names: &BTreeSet<DnsName>) -> Option<Sets> {
        let listing = self.listing.known()?;
        if listing.at.elapsed() > FRESH {
            self.forget();
            return None;
        }
        Some(listing.pick(names))
    }
}

impl Listing {
    fn pick(&self, names: &BTreeSet<DnsName>) -> Sets {
        let sets = lock(&self.sets);
        names.iter().map(|name| (name.clone(), sets.get(name).cloned().unwrap_or_default())).collect()
    }
}

fn apply(sets: &mut Sets, change: &Change) {
    let set = change.set();
    let of_name = sets.entry(set.key.name.clone()).or_default();
    of_name.retain(|present| present.key != set.key);
    if !matches!(change, Change::Delete(_)) {
        of_name.push(set.clone());
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
