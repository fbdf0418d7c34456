//! What a user declares of a record set.

use super::checks;
use crate::domain::dns::value::{for_people, same_values, to_route53};
use crate::domain::dns::{AliasTarget, DnsName, RecordData, RecordKey, RecordSet, RecordType, Routing, ZoneId};
use crate::sdk::{Computed, Explanation, Model, Result, Set, Timeouts, check};

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
    #[attr(check = check::range(0, 2_147_483_647))]
    pub ttl: Option<u32>,
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

/// The target of an alias.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct AliasModel {
    /// The DNS name of the load balancer, bucket, distribution or record.
    #[attr(check = checks::dns_name(), equal = checks::same_name)]
    pub name: String,
    /// The hosted zone of that service, not the record's.
    pub zone_id: String,
    /// Whether the target's health decides if the alias answers. Default `false`.
    #[attr(default = false)]
    pub evaluate_target_health: bool,
}

/// A routing policy.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct RoutingModel {
    /// In proportion to this weight, 0 to 255.
    #[attr(check = check::range(0, 255))]
    pub weight: Option<u32>,
    /// From the AWS region that is nearest in time.
    pub region: Option<String>,
    /// `PRIMARY` or `SECONDARY`.
    #[attr(check = check::one_of(&["PRIMARY", "SECONDARY"]))]
    pub failover: Option<String>,
    /// By the place of who asks.
    pub geolocation: Option<GeolocationModel>,
    /// By distance.
    pub geoproximity: Option<GeoproximityModel>,
    /// Up to eight healthy sets at random.
    pub multivalue: Option<bool>,
    /// By the address block of who asks.
    pub cidr: Option<CidrModel>,
}

/// A place.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct GeolocationModel {
    /// Two letters, such as `EU`.
    pub continent: Option<String>,
    /// Two letters, such as `DE`; `*` is everywhere else.
    pub country: Option<String>,
    /// A state of the USA or of Ukraine.
    pub subdivision: Option<String>,
}

/// A point, and how far it reaches.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct GeoproximityModel {
    /// An AWS region.
    pub region: Option<String>,
    /// A local zone group.
    pub local_zone_group: Option<String>,
    /// Degrees north, with at most two decimals, such as `52.52`.
    pub latitude: Option<String>,
    /// Degrees east, with at most two decimals.
    pub longitude: Option<String>,
    /// How far it reaches beyond its share, −99 to 99. Default 0.
    #[attr(default = 0, check = check::range(-99, 99))]
    pub bias: i32,
}

/// A location of a CIDR collection.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct CidrModel {
    /// The collection.
    pub collection_id: String,
    /// The location within it, or `*`.
    pub location: String,
}

impl DnsRecordModel {
    /// The zone by its id, where the user gives it or the state knows it.
    pub fn given_zone_id(&self) -> Option<ZoneId> {
        self.zone_id.get().map(|id| ZoneId::new(id))
    }

    /// The record set of this model under its full name.
    pub fn record_set(&self, name: &DnsName) -> Result<RecordSet> {
        let wrong = |text: String, attribute: String| {
            let what = format!("Cannot write the {} record `{name}`", self.r#type);
            Explanation::new("BERTH-ROUTE53-023", what).said("The provider", text).next("correct it").at(attribute)
        };
        let kind: RecordType = self.r#type.parse().map_err(|error| wrong(format!("{error}"), "type".into()))?;
        let data = match (&self.alias, &self.values) {
            (Some(alias), _) => RecordData::Alias(alias.target().map_err(|error| wrong(error, "alias.name".into()))?),
            (None, values) => {
                let values = values.as_ref().map(|values| values.to_vec()).unwrap_or_default();
                let values =
                    to_route53(kind, &values).map_err(|(_, error)| wrong(error.to_string(), "values".into()))?;
                RecordData::Values { ttl: self.ttl.unwrap_or(DEFAULT_TTL), values }
            }
        };
        let key = RecordKey { name: name.clone(), kind, set_identifier: self.set_identifier.clone() };
        let routing = self.routing.as_ref().and_then(RoutingModel::routing);
        Ok(RecordSet { key, data, routing, health_check_id: self.health_check_id.clone() })
    }

    /// Where the state says that the record is.
    pub fn stored_place(&self) -> Option<(ZoneId, RecordKey)> {
        let key = RecordKey {
            name: DnsName::parse(self.fqdn.get()?).ok()?,
            kind: self.r#type.parse().ok()?,
            set_identifier: self.set_identifier.clone(),
        };
        Some((self.given_zone_id()?, key))
    }

    /// Notes where the record is.
    pub fn settle(&mut self, zone: &ZoneId, set: &RecordSet) {
        if self.zone_id.get().is_none() {
            self.zone_id.set(zone.as_str().to_owned());
        }
        self.fqdn.set(set.key.name.as_str().to_owned());
    }

    /// What a refresh found, in the state's own wording where it means the same.
    pub fn fill(&mut self, live: &RecordSet) {
        let kind = live.key.kind;
        match &live.data {
            RecordData::Values { ttl, values } => {
                self.alias = None;
                if self.ttl.unwrap_or(DEFAULT_TTL) != *ttl {
                    self.ttl = Some(*ttl);
                }
                let mine = self.values.as_ref().map(|values| values.to_vec()).unwrap_or_default();
                if !same_values(kind, &mine, values) {
                    self.values = Some(values.iter().map(|value| for_people(kind, value)).collect());
                }
            }
            RecordData::Alias(target) => {
                (self.values, self.ttl) = (None, None);
                let same = self.alias.as_ref().is_some_and(|alias| alias.target().is_ok_and(|mine| mine == *target));
                if !same {
                    self.alias = Some(AliasModel::from(target));
                }
            }
            RecordData::TrafficPolicy(_) => (self.values, self.ttl, self.alias) = (None, None, None),
        }
        if self.routing.as_ref().and_then(RoutingModel::routing) != live.routing {
            self.routing = live.routing.as_ref().map(RoutingModel::from);
        }
        self.health_check_id.clone_from(&live.health_check_id);
    }

    /// A model of a record that exists.
    pub fn imported(zone: &ZoneId, live: &RecordSet) -> Self {
        let mut model = Self {
            zone_id: Computed::Known(zone.as_str().to_owned()),
            zone: None,
            private: false,
            name: live.key.name.as_str().to_owned(),
            r#type: live.key.kind.as_str().to_owned(),
            ttl: None,
            values: None,
            alias: None,
            set_identifier: live.key.set_identifier.clone(),
            routing: None,
            health_check_id: None,
            overwrite: false,
            wait: "insync".to_owned(),
            fqdn: Computed::Known(live.key.name.as_str().to_owned()),
            timeouts: None,
        };
        model.fill(live);
        model
    }
}

impl AliasModel {
    /// The target, with its name parsed.
    fn target(&self) -> std::result::Result<AliasTarget, String> {
        Ok(AliasTarget {
            name: DnsName::parse(&self.name).map_err(|error| error.to_string())?,
            zone_id: self.zone_id.clone(),
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

impl RoutingModel {
    /// How many policies are given.
    pub fn count(&self) -> usize {
        let given = [
            self.weight.is_some(),
            self.region.is_some(),
            self.failover.is_some(),
            self.geolocation.is_some(),
            self.geoproximity.is_some(),
            self.multivalue == Some(true),
            self.cidr.is_some(),
        ];
        given.into_iter().filter(|given| *given).count()
    }

    /// The policy.
    fn routing(&self) -> Option<Routing> {
        if let Some(weight) = self.weight {
            return Some(Routing::Weighted(u8::try_from(weight).unwrap_or(u8::MAX)));
        }
        if let Some(region) = &self.region {
            return Some(Routing::Latency(region.clone()));
        }
        if let Some(role) = &self.failover {
            return Some(if role == "PRIMARY" { Routing::Primary } else { Routing::Secondary });
        }
        if let Some(GeolocationModel { continent, country, subdivision }) = self.geolocation.clone() {
            return Some(Routing::Geolocation { continent, country, subdivision });
        }
        if let Some(place) = self.geoproximity.clone() {
            let GeoproximityModel { region, local_zone_group, latitude, longitude, bias } = place;
            return Some(Routing::Geoproximity {
                region,
                local_zone_group,
                coordinates: latitude.zip(longitude),
                bias,
            });
        }
        if let Some(CidrModel { collection_id, location }) = self.cidr.clone() {
            return Some(Routing::Cidr { collection_id, location });
        }
        (self.multivalue == Some(true)).then_some(Routing::Multivalue)
    }
}

impl From<&Routing> for RoutingModel {
    fn from(routing: &Routing) -> Self {
        let mut model = Self::default();
        match routing.clone() {
            Routing::Weighted(weight) => model.weight = Some(u32::from(weight)),
            Routing::Latency(region) => model.region = Some(region),
            Routing::Primary => model.failover = Some("PRIMARY".to_owned()),
            Routing::Secondary => model.failover = Some("SECONDARY".to_owned()),
            Routing::Geolocation { continent, country, subdivision } => {
                model.geolocation = Some(GeolocationModel { continent, country, subdivision });
            }
            Routing::Geoproximity { region, local_zone_group, coordinates, bias } => {
                let (latitude, longitude) = coordinates.unzip();
                model.geoproximity = Some(GeoproximityModel { region, local_zone_group, latitude, longitude, bias });
            }
            Routing::Multivalue => model.multivalue = Some(true),
            Routing::Cidr { collection_id, location } => model.cidr = Some(CidrModel { collection_id, location }),
        }
        model
    }
}
