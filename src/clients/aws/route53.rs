//! Route53 for a whole account: each zone is listed once, concurrent changes to it join into one request,
//! and one poller waits for all of them.

mod api;
mod carry;
mod coming;
mod error;
mod poller;
mod queue;
#[cfg(test)]
mod tests;
mod unheard;
mod view;
mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use tokio::time::Instant;

use api::Api;
pub use api::ZoneDetail;
pub use carry::Progress;
use coming::Coming;
pub use error::Route53Error;
use poller::Poller;
use queue::{Line, PART, PATIENCE, Work, ZoneQueue};
use unheard::Traces;
use view::ZoneView;
use zones::ZoneList;
pub use zones::{ZoneChoice, chosen};

use super::AwsError;
use super::once::Once;
use crate::domain::dns::challenge::{Edit, holds};
use crate::domain::dns::{Change, ChangeGroup, DnsName, RecordKey, RecordSet, RecordType, Step, Transition, ZoneId};
use crate::retry::Budget;

/// How often a name is looked at again whose CNAME may be removed.
const GLANCE: Duration = Duration::from_secs(1);

/// A change that Route53 accepted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangeId(String);

impl ChangeId {
    fn new(id: &str) -> Self {
        Self(id.strip_prefix("/change/").unwrap_or(id).to_owned())
    }

    /// The id without the `/change/` that the API puts before it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The account's Route53: cheap to copy.
#[derive(Clone, Debug)]
pub struct Route53 {
    api: Arc<Api>,
    zones: Arc<Once<ZoneList>>,
    coming: Coming,
    opened: Arc<Mutex<BTreeMap<ZoneId, OpenZone>>>,
    poller: Arc<Poller>,
}

/// What is kept of a zone while the process runs.
#[derive(Clone, Debug)]
struct OpenZone {
    view: Arc<ZoneView>,
    queue: Arc<ZoneQueue>,
    detail: Arc<Once<Option<Arc<ZoneDetail>>>>,
}

impl Route53 {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, requests_per_second: f64) -> Self {
        Self {
            api: Arc::new(Api::new(config, endpoint, requests_per_second)),
            zones: Arc::default(),
            coming: Coming::default(),
            opened: Arc::default(),
            poller: Arc::default(),
        }
    }

    /// The record sets of one name, of every type. Needs `route53:ListResourceRecordSets`.
    pub async fn records_named(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
    ) -> Result<Vec<RecordSet>, Route53Error> {
        self.open(zone).view.named(&self.api, budget, name).await.map_err(|error| gone(error, zone))
    }

    /// The record sets of several names, each with all its types; nothing for a name without any. Needs `route53:ListResourceRecordSets`.
    pub async fn records_of(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        names: &BTreeSet<DnsName>,
    ) -> Result<BTreeMap<DnsName, Vec<RecordSet>>, Route53Error> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.open(zone).view.all_named(&self.api, budget, names).await.map_err(|error| gone(error, zone))
    }

    /// The record sets of several names as far as they are known without asking.
    pub fn at_hand(&self, zone: &ZoneId, names: &BTreeSet<DnsName>) -> Vec<RecordSet> {
        self.open(zone).view.known(names).into_iter().flat_map(BTreeMap::into_values).flatten().collect()
    }

    /// One record set; none if it is absent.
    pub async fn record(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        key: &RecordKey,
    ) -> Result<Option<RecordSet>, Route53Error> {
        let sets = self.records_named(budget, zone, &key.name).await?;
        Ok(sets.into_iter().find(|set| set.key == *key))
    }

    /// Every record set of the zone. Needs `route53:ListResourceRecordSets`.
    pub async fn records(&self, budget: &Budget, zone: &ZoneId) -> Result<Vec<RecordSet>, Route53Error> {
        self.open(zone).view.all(&self.api, budget).await.map_err(|error| gone(error, zone))
    }

    /// Makes a record set; refused if it, or one that excludes it, is there already.
    pub async fn create(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        set: RecordSet,
    ) -> Result<Option<ChangeId>, Route53Error> {
        self.carry_out(budget, zone, Transition::create(set)).await.into_result()
    }

    /// Makes a record set, or replaces the one of the same key. Needs `route53:ChangeResourceRecordSets`.
    pub async fn upsert(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        set: RecordSet,
    ) -> Result<Option<ChangeId>, Route53Error> {
        self.change(budget, zone, ChangeGroup::single(Change::Upsert(set))).await
    }

    /// Removes the record set of one key and makes another in the same moment: a change of type, name or
    /// set identifier. What is gone already need not be removed.
    pub async fn swap(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        old: &RecordKey,
        new: RecordSet,
    ) -> Result<Option<ChangeId>, Route53Error> {
        let ties = vec![(old.name.clone(), new.key.name.clone())];
        let wish = Transition { new: vec![new], overwrite: true, ties, ..Transition::delete([old.clone()]) };
        self.carry_out(budget, zone, wish).await.into_result()
    }

    /// Removes a record set, whatever it holds now. One that is gone, or whose zone is, is no error.
    pub async fn delete(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        key: &RecordKey,
    ) -> Result<Option<ChangeId>, Route53Error> {
        match self.carry_out(budget, zone, Transition::delete([key.clone()])).await.into_result() {
            Err(Route53Error::NoZoneId(_)) => Ok(None),
            other => other,
        }
    }

    /// Carries out changes that take effect together or not at all, joined with what else is wished of the zone.
    /// Needs `route53:ChangeResourceRecordSets`.
    pub async fn change(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        group: ChangeGroup,
    ) -> Result<Option<ChangeId>, Route53Error> {
        if group.is_empty() {
            return Ok(None);
        }
        self.submit(budget, zone, Work::Step(Step { group, ..Step::default() })).await
    }

    /// Adds one value (plain text) to the TXT records of a name that others may share; their values stay.
    /// None if it was there already.
    pub async fn put_txt_value(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
        value: &str,
        ttl: u32,
    ) -> Result<Option<ChangeId>, Route53Error> {
        let edit = Edit::Put { value: value.to_owned(), ttl };
        self.submit(budget, zone, Work::Txt(name.clone(), edit)).await
    }

    /// Takes one value (plain text) away from the TXT records of a name; others' values stay. None if it was gone already.
    pub async fn remove_txt_value(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
        value: &str,
    ) -> Result<Option<ChangeId>, Route53Error> {
        let edit = Edit::Remove { value: value.to_owned() };
        match self.submit(budget, zone, Work::Txt(name.clone(), edit)).await {
            Err(Route53Error::NoZoneId(_)) => Ok(None),
            other => other,
        }
    }

    /// Adds a value (plain text) that is to have one owner: refused if it is there already, unless its former owner in
    /// this run removes it meanwhile. Then it stays, and is the new owner's. Needs `route53:ListResourceRecordSets`.
    pub async fn own_txt_value(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
        value: &str,
        ttl: u32,
    ) -> Result<Option<ChangeId>, Route53Error> {
        let there = holds(&self.without_cname(budget, zone, name).await?, name, value);
        let edit = Edit::Put { value: value.to_owned(), ttl };
        self.enqueue(budget, zone, Work::Own(name.clone(), edit), there).await
    }

    /// The record sets of a name that is to hold values: a CNAME in their way may be removed in this run.
    async fn without_cname(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
    ) -> Result<Vec<RecordSet>, Route53Error> {
        let patience = budget.at_most(PATIENCE.min(budget.remaining() / PART));
        let mut sets = {
            let _on_its_way = self.coming.one();
            self.records_named(budget, zone, name).await?
        };
        while sets.iter().any(|set| set.key.kind == RecordType::Cname) && patience.sleep(GLANCE).await.is_ok() {
            sets = self.records_named(budget, zone, name).await?;
        }
        Ok(sets)
    }

    /// Takes a value (plain text) away for its owner, unless the run has given it to another one. None if it was gone
    /// already.
    pub async fn disown_txt_value(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
        value: &str,
    ) -> Result<Option<ChangeId>, Route53Error> {
        let edit = Edit::Remove { value: value.to_owned() };
        match self.submit(budget, zone, Work::Own(name.clone(), edit)).await {
            Err(Route53Error::NoZoneId(_)) => Ok(None),
            other => other,
        }
    }

    /// Whether a name's TXT records hold this value (plain text).
    pub async fn has_txt_value(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
        value: &str,
    ) -> Result<bool, Route53Error> {
        Ok(holds(&self.records_named(budget, zone, name).await?, name, value))
    }

    /// Waits until all of Route53's servers know a change; at once when there was none. Needs `route53:GetChange`.
    pub async fn wait_in_sync(&self, budget: &Budget, change: Option<&ChangeId>) -> Result<(), Route53Error> {
        let Some(change) = change else { return Ok(()) };
        let started = Instant::now();
        match budget.run(self.poller.in_sync(&self.api, change)).await {
            Ok(result) => Ok(result?),
            Err(why) => {
                Err(Route53Error::NotInSync { change: change.as_str().to_owned(), waited: started.elapsed(), why })
            }
        }
    }

    async fn submit(&self, budget: &Budget, zone: &ZoneId, work: Work) -> Result<Option<ChangeId>, Route53Error> {
        self.enqueue(budget, zone, work, false).await
    }

    async fn enqueue(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        work: Work,
        awaits_value: bool,
    ) -> Result<Option<ChangeId>, Route53Error> {
        let open = self.open(zone);
        let line = Line { api: Arc::clone(&self.api), view: open.view };
        let traces = Traces::of(&work);
        match open.queue.submit(line, budget, work, awaits_value).await {
            Err(Route53Error::Aws(error)) => Err(gone(error, zone)),
            Err(Route53Error::Unheard(_)) if self.shows(zone, &traces).await.unwrap_or(false) => Ok(None),
            other => other,
        }
    }

    fn open(&self, zone: &ZoneId) -> OpenZone {
        let new = || OpenZone {
            view: Arc::new(ZoneView::new(zone.clone())),
            queue: Arc::new(ZoneQueue::new(zone.clone(), self.coming.clone())),
            detail: Arc::default(),
        };
        lock(&self.opened).entry(zone.clone()).or_insert_with(new).clone()
    }
}

fn gone(error: AwsError, zone: &ZoneId) -> Route53Error {
    if error.has_code("NoSuchHostedZone") { Route53Error::NoZoneId(zone.clone()) } else { Route53Error::Aws(error) }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
