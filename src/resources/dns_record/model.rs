//! What a user declares of a record set.

use super::checks;
use super::content::Content;
use crate::domain::dns::{DnsName, RecordKey, RecordSet, Zone, ZoneId};
use crate::sdk::{Computed, Model, Timeouts, check};

/// A record set.
#[derive(Clone, Debug, Model)]
pub struct DnsRecordModel {
    /// The id of the hosted zone. Without it and `zone`, the record goes into the zone of the longest name that holds it.
    /// Where a zone is made anew in the same run, its new id is not known yet, and the record would go only after the old zone has to: write
    /// `lifecycle { replace_triggered_by = [aws_route53_zone.NAME.id] }` then.
    #[attr(optional, check = check::length(1, 64), equal = checks::same_zone_id)]
    pub zone_id: Computed<String>,
    /// The name of the hosted zone, instead of its id.
    #[attr(check = checks::dns_name(), equal = checks::same_name)]
    pub zone: Option<String>,
    /// Whether to look for the zone among the private ones. Default `false`.
    #[attr(default = false)]
    pub private: bool,
    /// The record's whole name, or its part below the zone (`www`, `*`), or `@` for the zone itself. Case, a trailing dot,
    /// `\052` for `*` and international spelling make no difference. Changed in place.
    #[attr(check = checks::record_name(), equal = checks::same_name)]
    pub name: String,
    /// What it answers.
    #[attr(flatten)]
    pub content: Content,
    /// Whether to replace a record that exists already at creation; otherwise that is an error. Default `false`.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Marks the record for ExternalDNS as kept by this owner, so that it leaves the record alone: a second TXT record, at
    /// the name with the type before its first label (`a-www.example.com`; for an alias of type A a third one at `cname-…`,
    /// where versions before 0.22 look), of the text
    /// `heritage=external-dns,external-dns/owner=OWNER,external-dns/resource=terraform/berth`, with 300 seconds to live and
    /// the same routing policy. It is made, changed and removed together with the record. Choose an owner that no
    /// ExternalDNS has as its `--txt-owner-id`.
    #[attr(check = check::length(1, 100))]
    pub external_dns_owner: Option<String>,
    /// What to wait for after a change: `none`; `insync` until Route53 says that all its servers know it; or
    /// `authoritative` until, beyond that, the values are seen as the provider's `dns.check` tells (by default on each of
    /// the zone's servers; an alias has no values to see). Default `insync`.
    #[attr(default = "insync", check = check::one_of(&["none", "insync", "authoritative"]))]
    pub wait: String,
    /// The record's whole name.
    pub fqdn: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

impl DnsRecordModel {
    /// The zone by its id, where the user gives it or the state knows it.
    pub fn given_zone_id(&self) -> Option<ZoneId> {
        self.zone_id.get().map(|id| ZoneId::new(id))
    }

    /// Where the state says that the record is.
    pub fn stored_place(&self) -> Option<(ZoneId, RecordKey)> {
        let name = DnsName::parse(self.fqdn.get()?).ok()?;
        Some((self.given_zone_id()?, self.content.key(&name)?))
    }

    /// Notes where the record is.
    pub fn settle(&mut self, zone: &ZoneId, set: &RecordSet) {
        if self.zone_id.get().is_none() {
            self.zone_id.set(zone.as_str().to_owned());
        }
        self.content.settle();
        self.fqdn.set(set.key.name.as_str().to_owned());
    }

    /// A model of a record that exists.
    pub fn imported(zone: &Zone, live: &RecordSet) -> Self {
        let name = live.key.name.as_str();
        Self { content: Content::found(live), private: zone.private, ..Self::at(zone.id.as_str(), name, name) }
    }

    /// A model of which only the place is known.
    pub fn at(zone_id: &str, name: &str, fqdn: &str) -> Self {
        Self {
            zone_id: Computed::Known(zone_id.to_owned()),
            zone: None,
            private: false,
            name: name.to_owned(),
            content: Content::default(),
            overwrite: false,
            external_dns_owner: None,
            wait: "insync".to_owned(),
            fqdn: Computed::Known(fqdn.to_owned()),
            timeouts: None,
        }
    }
}
