//! What a user declares of many records, and what became of each.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::dns::{DnsName, RecordKey, RecordSet, Zone, ZoneId};
use crate::resources::dns_record::checks;
use crate::resources::dns_record::content::Content;
use crate::resources::dns_record::place::name_within;
use crate::sdk::{Computed, Model, Result, Timeouts, check};

/// Records of one zone.
#[derive(Clone, Debug, Model)]
pub struct DnsRecordsModel {
    /// The id of the hosted zone; this or `zone` must be given. In another zone the records are made anew.
    #[attr(optional, check = check::length(1, 64), equal = checks::same_zone_id)]
    pub zone_id: Computed<String>,
    /// The name of the hosted zone, instead of its id.
    #[attr(check = checks::dns_name(), equal = checks::same_name)]
    pub zone: Option<String>,
    /// Whether to look for the zone among the private ones. Default `false`.
    #[attr(default = false)]
    pub private: bool,
    /// The records, each under a key of your choice. A key may change its name and type in place; two keys may swap theirs.
    pub records: BTreeMap<String, EntryModel>,
    /// Whether to replace records that exist already and are not in the state; otherwise that is an error. Default `false`.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Marks each record for ExternalDNS as kept by this owner, so that it leaves them alone; see `berth_dns_record`.
    #[attr(check = check::length(1, 100))]
    pub external_dns_owner: Option<String>,
    /// What to wait for after a change: `none`; `insync` until Route53 says that all its servers know it; or
    /// `authoritative` until, beyond that, all values are seen as the provider's `dns.check` tells (by default on each of
    /// the zone's servers; aliases and records under a routing policy are not looked for). Default `insync`.
    #[attr(default = "insync", check = check::one_of(&["none", "insync", "authoritative"]))]
    pub wait: String,
    /// The records' whole names, by key.
    pub fqdns: Computed<BTreeMap<String, String>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// One of the records.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct EntryModel {
    /// The record's whole name, or its part below the zone (`www`, `*`), or `@` for the zone itself. Case, a trailing dot,
    /// `\052` for `*` and international spelling make no difference.
    #[attr(check = checks::record_name(), equal = checks::same_name)]
    pub name: String,
    /// What it answers.
    #[attr(flatten)]
    pub content: Content,
}

/// The record sets of one key: the record, and its mark if there is one.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The user's key.
    pub key: String,
    /// The record's whole name.
    pub name: DnsName,
    /// The record first.
    pub sets: Vec<RecordSet>,
}

impl DnsRecordsModel {
    /// The zone by its id, where the user gives it or the state knows it.
    pub fn given_zone_id(&self) -> Option<ZoneId> {
        self.zone_id.get().map(|id| ZoneId::new(id))
    }

    /// The record sets that the model asks for, by key.
    pub fn placed(&self, zone: &Zone) -> Result<Vec<Placed>> {
        let owner = self.external_dns_owner.as_deref();
        let place = |(key, entry): (&String, &EntryModel)| {
            let prefix = path(key);
            let name = name_within(&entry.name, zone, &format!("{prefix}name"))?;
            let sets = entry.content.record_sets(&name, &zone.name, owner, &prefix);
            let sets = sets.map_err(|problem| problem.on(format!("zone {}", zone.id)))?;
            Ok(Placed { key: key.clone(), name, sets })
        };
        self.records.iter().map(place).collect()
    }

    /// Where the state says that the records are.
    pub fn stored(&self) -> BTreeMap<String, RecordKey> {
        let names = self.fqdns.get();
        let place = |(key, entry): (&String, &EntryModel)| {
            let name = DnsName::parse(names?.get(key)?).ok()?;
            Some((key.clone(), entry.content.key(&name)?))
        };
        self.records.iter().filter_map(place).collect()
    }

    /// Notes where the records are.
    pub fn settle(&mut self, zone: &ZoneId, placed: &[Placed]) {
        if self.zone_id.get().is_none() {
            self.zone_id.set(zone.as_str().to_owned());
        }
        for entry in self.records.values_mut() {
            entry.content.settle();
        }
        let names = placed.iter().map(|placed| (placed.key.clone(), placed.name.as_str().to_owned()));
        self.fqdns.set(names.collect::<BTreeMap<_, _>>());
    }

    /// After a part of a change: the records that landed as they were to be, the others as they were.
    pub fn settle_partly(&mut self, prior: Option<&Self>, pending: &BTreeSet<RecordKey>, placed: &[Placed]) {
        let before = prior.map(Self::stored).unwrap_or_default();
        let waits = |key: &RecordKey| pending.contains(key);
        let landed = |placed: &&Placed| {
            let old = before.get(&placed.key);
            !placed.sets.iter().any(|set| waits(&set.key)) && !old.is_some_and(waits)
        };
        let landed: Vec<_> = placed.iter().filter(landed).collect();
        let is_landed = |key: &str| landed.iter().any(|placed| placed.key == key);
        let mut names: BTreeMap<_, _> =
            landed.iter().map(|placed| (placed.key.clone(), placed.name.as_str().to_owned())).collect();
        self.records.retain(|key, _| is_landed(key));
        let old = prior.map(|prior| prior.records.clone()).unwrap_or_default();
        for (key, entry) in old {
            let Some(place) = before.get(&key) else { continue };
            // One that is no longer wished for is there until it is deleted.
            if self.records.contains_key(&key) || !(waits(place) || placed.iter().any(|placed| placed.key == key)) {
                continue;
            }
            names.insert(key.clone(), place.name.as_str().to_owned());
            self.records.insert(key, entry);
        }
        self.fqdns.set(names);
    }
}

/// What stands before the attributes of a record in a path.
pub fn path(key: &str) -> String {
    format!("records[\"{key}\"].")
}
