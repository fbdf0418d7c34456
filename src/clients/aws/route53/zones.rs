//! Which zones an account has, and which of them a record goes into.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Route53, Route53Error, ZoneDetail};
use crate::clients::aws::AwsError;
use crate::domain::dns::zone::{Visibility, closest, named};
use crate::domain::dns::{DnsName, Zone, ZoneId};
use crate::retry::Budget;

/// How long a listing is believed where a zone that is not in it would change the choice: other providers make zones in
/// the same run.
const FRESH: Duration = Duration::from_secs(5);

/// The zones of an account, as they were at one moment.
#[derive(Clone, Debug)]
pub(super) struct ZoneList {
    at: Instant,
    zones: Arc<Vec<Zone>>,
}

/// How a user names the zone of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneChoice {
    /// By its id.
    pub id: Option<ZoneId>,
    /// By its name.
    pub name: Option<DnsName>,
    /// Which of the zones of a name.
    pub visibility: Visibility,
}

impl Route53 {
    /// All zones of the account, listed once. Needs `route53:ListHostedZones`.
    pub async fn zones(&self, budget: &Budget) -> Result<Arc<Vec<Zone>>, Route53Error> {
        self.zones_if(budget, |_| true).await
    }

    /// All zones of the account, as they were at this moment or later; asked for once for all who want that.
    async fn zones_since(&self, budget: &Budget, moment: Option<Instant>) -> Result<Arc<Vec<Zone>>, Route53Error> {
        self.zones_if(budget, |list| moment.is_none_or(|moment| list.at >= moment)).await
    }

    async fn zones_if(
        &self,
        budget: &Budget,
        will_do: impl Fn(&ZoneList) -> bool,
    ) -> Result<Arc<Vec<Zone>>, Route53Error> {
        let list = async || {
            let at = Instant::now();
            Ok(ZoneList { at, zones: Arc::new(self.api.list_zones(budget).await?) })
        };
        Ok(self.zones.get_if(budget, will_do, list).await?.zones)
    }

    /// The zone that a name belongs to: the one of the longest name that holds it.
    pub async fn zone_for(
        &self,
        budget: &Budget,
        name: &DnsName,
        visibility: Visibility,
    ) -> Result<Zone, Route53Error> {
        let now = Instant::now();
        let zones = self.zones_since(budget, now.checked_sub(FRESH)).await?;
        let found = one_of(&closest(&zones, name, visibility), name, visibility, &zones);
        if !matches!(found, Err(Route53Error::NoZone { .. })) {
            return found;
        }
        let zones = self.zones_since(budget, Some(now)).await?;
        one_of(&closest(&zones, name, visibility), name, visibility, &zones)
    }

    /// The zone of exactly this name.
    pub async fn zone_named(
        &self,
        budget: &Budget,
        name: &DnsName,
        visibility: Visibility,
    ) -> Result<Zone, Route53Error> {
        let now = Instant::now();
        let zones = self.zones(budget).await?;
        let found = one_of(&named(&zones, name, visibility), name, visibility, &zones);
        if !matches!(found, Err(Route53Error::NoZone { .. })) {
            return found;
        }
        let zones = self.zones_since(budget, Some(now)).await?;
        one_of(&named(&zones, name, visibility), name, visibility, &zones)
    }

    /// The zone that a record goes into: by its id, else by its name, else the closest one.
    pub async fn choose_zone(&self, budget: &Budget, choice: &ZoneChoice, record: &str) -> Result<Zone, Route53Error> {
        let _on_its_way = self.coming.one();
        let zone = if let Some(id) = &choice.id {
            self.zone_of_id(budget, id).await?
        } else if let Some(name) = &choice.name {
            self.zone_named(budget, name, choice.visibility).await?
        } else {
            let record = DnsName::parse(record).map_err(Route53Error::Name)?;
            self.zone_for(budget, &record, choice.visibility).await?
        };
        self.open(&zone.id).view.expect(zone.record_count);
        Ok(zone)
    }

    /// The zone of this id, from the listing if it is permitted.
    async fn zone_of_id(&self, budget: &Budget, id: &ZoneId) -> Result<Zone, Route53Error> {
        let listed = match self.zones(budget).await {
            Err(Route53Error::Aws(AwsError::AccessDenied { .. })) => None,
            zones => zones?.iter().find(|zone| zone.id == *id).cloned(),
        };
        if let Some(zone) = listed {
            return Ok(zone);
        }
        let found = self.zone(budget, id).await?;
        found.map(|detail| detail.zone).ok_or_else(|| Route53Error::NoZoneId(id.clone()))
    }

    /// The zone of this id, with its servers; none if there is none. Needs `route53:GetHostedZone`.
    pub async fn zone(&self, budget: &Budget, id: &ZoneId) -> Result<Option<ZoneDetail>, Route53Error> {
        Ok(self.api.zone(budget, id).await?)
    }

    /// The same, asked once for all who want to know.
    pub async fn detail(&self, budget: &Budget, id: &ZoneId) -> Result<Option<Arc<ZoneDetail>>, Route53Error> {
        let ask = async || Ok(self.api.zone(budget, id).await?.map(Arc::new));
        Ok(self.open(id).detail.get(budget, ask).await?)
    }
}

/// The zone that a record goes into, of those that the account has.
pub fn chosen(choice: &ZoneChoice, record: &str, zones: &[Zone]) -> Result<Zone, Route53Error> {
    if let Some(id) = &choice.id {
        let zone = zones.iter().find(|zone| zone.id == *id).cloned();
        return zone.ok_or_else(|| Route53Error::NoZoneId(id.clone()));
    }
    if let Some(name) = &choice.name {
        return one_of(&named(zones, name, choice.visibility), name, choice.visibility, zones);
    }
    let name = DnsName::parse(record).map_err(Route53Error::Name)?;
    one_of(&closest(zones, &name, choice.visibility), &name, choice.visibility, zones)
}

fn one_of(found: &[&Zone], name: &DnsName, visibility: Visibility, all: &[Zone]) -> Result<Zone, Route53Error> {
    match found {
        [] => Err(Route53Error::NoZone { name: name.clone(), visibility, known: all.to_vec() }),
        [zone] => Ok((*zone).clone()),
        [first, ..] => {
            let ids = found.iter().map(|zone| zone.id.clone()).collect();
            Err(Route53Error::Twins { name: first.name.clone(), visibility, ids })
        }
    }
}
