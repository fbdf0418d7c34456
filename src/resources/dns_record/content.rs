//! What one record set answers, and when: the part that `berth_dns_record` and `berth_dns_records` have in common.

use super::checks;
use super::routing::RoutingModel;
use crate::domain::dns::external_dns::marks_of;
use crate::domain::dns::value::{for_people, same_values, to_route53};
use crate::domain::dns::{AliasTarget, DnsName, RecordData, RecordKey, RecordSet, RecordType, ZoneId};
use crate::sdk::{Computed, Explanation, Model, Result, Set, check};

/// The time to live where the user gives none, in seconds.
pub const DEFAULT_TTL: u32 = 300;

/// A record set without its place.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Content {
    /// The type: `A`, `AAAA`, `CAA`, `CNAME`, `DS`, `HTTPS`, `MX`, `NAPTR`, `NS`, `PTR`, `SOA`, `SPF`, `SRV`, `SSHFP`,
    /// `SVCB`, `TLSA` or `TXT`. Changed in place.
    #[attr(check = checks::record_type(), equal = checks::same_word)]
    pub r#type: String,
    /// How long resolvers may keep the answer, in seconds. Default 300; an alias has none.
    #[attr(optional, check = check::range(0, 2_147_483_647))]
    pub ttl: Computed<u32>,
    /// The values, without order. TXT values are plain text of any length, or strings in quotation marks as Route53
    /// writes them; the AWS provider's notation, with the outer marks left out, is warned of. Names within values keep their
    /// case, which makes no difference in comparing them; a blank in a name is written `\040`.
    #[attr(check = check::at_least(1))]
    pub values: Option<Set<String>>,
    /// The AWS object whose addresses are the answer, instead of `values`.
    pub alias: Option<AliasModel>,
    /// Tells apart the sets of one name and type under a routing policy.
    #[attr(check = check::length(1, 128))]
    pub set_identifier: Option<String>,
    /// The routing policy: exactly one of its attributes. It needs a `set_identifier`.
    pub routing: Option<RoutingModel>,
    /// The health check that takes the set out of service; none if it is absent or empty.
    #[attr(check = check::length(0, 64))]
    pub health_check_id: Option<String>,
}

/// The target of an alias.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct AliasModel {
    /// The DNS name of the load balancer, bucket, distribution or record.
    #[attr(check = checks::dns_name(), equal = checks::same_name)]
    pub name: String,
    /// The hosted zone of that service, not the record's.
    #[attr(check = checks::zone_id(), equal = checks::same_zone_id)]
    pub zone_id: String,
    /// Whether the target's health decides if the alias answers. Default `false`.
    #[attr(default = false)]
    pub evaluate_target_health: bool,
}

impl Content {
    /// Settles the time to live of a record that was just written.
    pub fn settle(&mut self) {
        if self.ttl.is_unknown() {
            self.ttl.set(self.alias.is_none().then_some(DEFAULT_TTL));
        }
    }

    /// The health check; an empty id stands for none, where a variable of CI is not set.
    fn health_check(&self) -> Option<&str> {
        self.health_check_id.as_deref().filter(|id| !id.is_empty())
    }

    /// Which set it is, under its full name.
    pub fn key(&self, name: &DnsName) -> Option<RecordKey> {
        let kind = self.r#type.parse().ok()?;
        Some(RecordKey { name: name.clone(), kind, set_identifier: self.set_identifier.clone() })
    }

    /// The record set under its full name; a failure blames an attribute below `prefix`.
    pub fn record_set(&self, name: &DnsName, prefix: &str) -> Result<RecordSet> {
        let wrong = |text: String, attribute: &str| {
            let what = format!("Cannot write the {} record `{name}`", self.r#type.to_ascii_uppercase());
            let explanation = Explanation::new("BERTH-ROUTE53-023", what).said("The provider", text);
            explanation.next("correct it; nothing was changed").at(format!("{prefix}{attribute}"))
        };
        let kind: RecordType = self.r#type.parse().map_err(|error| wrong(format!("{error}"), "type"))?;
        let data = match (&self.alias, &self.values) {
            (Some(alias), _) => RecordData::Alias(alias.target().map_err(|error| wrong(error, "alias.name"))?),
            (None, values) => {
                let values = values.as_ref().map(|values| values.to_vec()).unwrap_or_default();
                let values = to_route53(kind, &values).map_err(|(_, error)| wrong(error.to_string(), "values"))?;
                RecordData::Values { ttl: self.ttl.get().copied().unwrap_or(DEFAULT_TTL), values }
            }
        };
        let key = RecordKey { name: name.clone(), kind, set_identifier: self.set_identifier.clone() };
        let routing = self.routing.as_ref().and_then(RoutingModel::routing);
        Ok(RecordSet { key, data, routing, health_check_id: self.health_check().map(str::to_owned) })
    }

    /// The record set and, where an owner is given, its mark for ExternalDNS.
    pub fn record_sets(
        &self,
        name: &DnsName,
        zone: &DnsName,
        owner: Option<&str>,
        prefix: &str,
    ) -> Result<Vec<RecordSet>> {
        let set = self.record_set(name, prefix)?;
        let Some(owner) = owner else { return Ok(vec![set]) };
        let wrong = |text: String| {
            let what = format!("Cannot mark `{name}` for ExternalDNS");
            let explanation = Explanation::new("BERTH-ROUTE53-024", what).said("The provider", text);
            let step = if prefix.is_empty() {
                "leave `external_dns_owner` out for this record; nothing was changed"
            } else {
                "declare this record in a resource of its own, without `external_dns_owner`; nothing was changed"
            };
            explanation.next(step).at(format!("{prefix}name"))
        };
        let marks = marks_of(&set, owner).map_err(|error| wrong(error.to_string()))?;
        if let Some(mark) = marks.iter().find(|mark| !mark.key.name.is_within(zone)) {
            return Err(wrong(format!(
                "the mark of a zone's own name would be `{}`, outside of the zone",
                mark.key.name
            )));
        }
        Ok(std::iter::once(set).chain(marks).collect())
    }

    /// What a refresh found, in the state's own wording where it means the same.
    pub fn refresh(&mut self, live: &RecordSet) {
        let kind = live.key.kind;
        match &live.data {
            RecordData::Values { ttl, values } => {
                self.alias = None;
                self.ttl.set(*ttl);
                let mine = self.values.as_ref().map(|values| values.to_vec()).unwrap_or_default();
                if !same_values(kind, &mine, values) {
                    self.values = Some(values.iter().map(|value| for_people(kind, value)).collect());
                }
            }
            RecordData::Alias(target) => {
                (self.values, self.ttl) = (None, Computed::Null);
                let same = self.alias.as_ref().is_some_and(|alias| alias.target().is_ok_and(|mine| mine == *target));
                if !same {
                    self.alias = Some(AliasModel::from(target));
                }
            }
            RecordData::TrafficPolicy(_) => (self.values, self.ttl, self.alias) = (None, Computed::Null, None),
        }
        if self.routing.as_ref().and_then(RoutingModel::routing) != live.routing {
            self.routing = live.routing.as_ref().map(RoutingModel::from);
        }
        if self.health_check() != live.health_check_id.as_deref() {
            self.health_check_id.clone_from(&live.health_check_id);
        }
    }

    /// The content of a record that exists.
    pub fn found(live: &RecordSet) -> Self {
        let r#type = live.key.kind.as_str().to_owned();
        let mut content = Self { r#type, set_identifier: live.key.set_identifier.clone(), ..Self::default() };
        content.refresh(live);
        content
    }
}

impl AliasModel {
    /// The target, with its name parsed.
    fn target(&self) -> std::result::Result<AliasTarget, String> {
        Ok(AliasTarget {
            name: DnsName::parse(&self.name).map_err(|error| error.to_string())?,
            zone_id: ZoneId::new(&self.zone_id).as_str().to_owned(),
            evaluate_target_health: self.evaluate_target_health,
        })
    }
}

impl From<&AliasTarget> for AliasModel {
    fn from(target: &AliasTarget) -> Self {
        let (name, zone_id) = (target.name.as_str().to_owned(), target.zone_id.clone());
        Self { name, zone_id, evaluate_target_health: target.evaluate_target_health }
    }
}
