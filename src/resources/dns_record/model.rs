//! What a user declares of a record set.

use super::checks;
use super::content::{AliasModel, Content};
use super::routing::RoutingModel;
use crate::domain::dns::{DnsName, RecordKey, RecordSet, ZoneId};
use crate::sdk::{Computed, Model, Set, Timeouts, check};

/// The time to live where the user gives none, in seconds.
pub const DEFAULT_TTL: u32 = 300;

/// A record set.
#[derive(Clone, Debug, Model)]
pub struct DnsRecordModel {
    /// The id of the hosted zone. Without it and `zone`, the record goes into the zone of the longest name that holds it.
    #[attr(optional, check = check::length(1, 64))]
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
    /// The type: `A`, `AAAA`, `CAA`, `CNAME`, `DS`, `HTTPS`, `MX`, `NAPTR`, `NS`, `PTR`, `SOA`, `SPF`, `SRV`, `SSHFP`,
    /// `SVCB`, `TLSA` or `TXT`. Changed in place.
    #[attr(check = checks::record_type(), equal = checks::same_word)]
    pub r#type: String,
    /// How long resolvers may keep the answer, in seconds. Default 300; an alias has none.
    #[attr(optional, check = check::range(0, 2_147_483_647))]
    pub ttl: Computed<u32>,
    /// The values, without order. TXT values are plain text of any length, or strings in quotation marks as Route53
    /// writes them.
    #[attr(check = check::at_least(1))]
    pub values: Option<Set<String>>,
    /// The AWS object whose addresses are the answer, instead of `values`.
    pub alias: Option<AliasModel>,
    /// Tells apart the sets of one name and type under a routing policy.
    #[attr(check = check::length(1, 128))]
    pub set_identifier: Option<String>,
    /// The routing policy: exactly one of its attributes. It needs a `set_identifier`.
    pub routing: Option<RoutingModel>,
    /// The health check that takes the set out of service.
    pub health_check_id: Option<String>,
    /// Whether to replace a record that exists already at creation; otherwise that is an error. Default `false`.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Marks the record for ExternalDNS as kept by this owner, so that it leaves the record alone: a second TXT record, at
    /// the name with the type before its first label (`a-www.example.com`; `cname-…` for an alias of type A), of the text
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

    /// What the record answers.
    pub fn content(&self) -> Content {
        Content {
            kind: self.r#type.clone(),
            ttl: self.ttl.get().copied(),
            values: self.values.clone(),
            alias: self.alias.clone(),
            set_identifier: self.set_identifier.clone(),
            routing: self.routing.clone(),
            health_check_id: self.health_check_id.clone(),
        }
    }

    fn answer(&mut self, content: Content) {
        let Content { kind, ttl, values, alias, set_identifier, routing, health_check_id } = content;
        (self.r#type, self.values, self.alias) = (kind, values, alias);
        (self.set_identifier, self.routing, self.health_check_id) = (set_identifier, routing, health_check_id);
        self.ttl.set(ttl);
    }

    /// Where the state says that the record is.
    pub fn stored_place(&self) -> Option<(ZoneId, RecordKey)> {
        let name = DnsName::parse(self.fqdn.get()?).ok()?;
        Some((self.given_zone_id()?, self.content().key(&name)?))
    }

    /// Notes where the record is.
    pub fn settle(&mut self, zone: &ZoneId, set: &RecordSet) {
        if self.zone_id.get().is_none() {
            self.zone_id.set(zone.as_str().to_owned());
        }
        if self.ttl.is_unknown() {
            self.ttl.set(self.alias.is_none().then_some(DEFAULT_TTL));
        }
        self.fqdn.set(set.key.name.as_str().to_owned());
    }

    /// What a refresh found, in the state's own wording where it means the same.
    pub fn fill(&mut self, live: &RecordSet) {
        let refreshed = self.content().refreshed(live);
        self.answer(refreshed);
    }

    /// A model of a record that exists.
    pub fn imported(zone: &ZoneId, live: &RecordSet) -> Self {
        let mut model = Self::at(zone.as_str(), live.key.name.as_str(), live.key.name.as_str());
        model.answer(Content::found(live));
        model
    }

    /// A model of which only the place is known.
    pub fn at(zone_id: &str, name: &str, fqdn: &str) -> Self {
        Self {
            zone_id: Computed::Known(zone_id.to_owned()),
            zone: None,
            private: false,
            name: name.to_owned(),
            r#type: String::new(),
            ttl: Computed::Null,
            values: None,
            alias: None,
            set_identifier: None,
            routing: None,
            health_check_id: None,
            overwrite: false,
            external_dns_owner: None,
            wait: "insync".to_owned(),
            fqdn: Computed::Known(fqdn.to_owned()),
            timeouts: None,
        }
    }

    /// A model of this content at a place.
    #[must_use]
    pub fn with(mut self, content: Content) -> Self {
        self.answer(content);
        self
    }
}
