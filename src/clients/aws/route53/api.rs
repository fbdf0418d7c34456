//! Route53's operations in our own types; the only file that touches its SDK.

use aws_config::SdkConfig;
use aws_sdk_route53::Client;
use aws_sdk_route53::error::{BuildError, SdkError};
use aws_sdk_route53::operation::change_resource_record_sets::ChangeResourceRecordSetsError;
use aws_sdk_route53::types as sdk;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::ChangeId;
use crate::clients::aws::bucket::Bucket;
use crate::clients::aws::call::call;
use crate::clients::aws::error::{AwsError, Reply, failure};
use crate::domain::dns::{
    AliasTarget, Change, DnsName, RecordData, RecordKey, RecordSet, RecordType, Routing, Zone, ZoneId,
};
use crate::retry::Budget;

const SERVICE: &str = "route53";
/// Record sets a page: the most that `ListResourceRecordSets` gives.
const PAGE: i32 = 300;

/// The account's Route53, at the account's pace.
#[derive(Debug)]
pub(super) struct Api {
    client: Client,
    bucket: Bucket,
}

/// A hosted zone with its delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneDetail {
    /// The zone.
    pub zone: Zone,
    /// The servers that answer for it; none for a private zone.
    pub name_servers: Vec<String>,
}

impl Api {
    pub(super) fn new(config: &SdkConfig, endpoint: Option<&str>, requests_per_second: f64) -> Self {
        Self { client: client!(aws_sdk_route53, config, endpoint), bucket: Bucket::new(requests_per_second) }
    }

    pub(super) async fn list_zones(&self, budget: &Budget) -> Result<Vec<Zone>, AwsError> {
        let mut zones = Vec::new();
        let mut marker = None;
        loop {
            let page = call(budget, Some(&self.bucket), async || {
                let request = self.client.list_hosted_zones().max_items(100).set_marker(marker.clone());
                request.send().await.map_err(|error| failure(SERVICE, "ListHostedZones", &error))
            })
            .await?;
            zones.extend(page.hosted_zones.into_iter().filter_map(zone));
            marker = page.next_marker.filter(|_| page.is_truncated);
            if marker.is_none() {
                return Ok(zones);
            }
        }
    }

    pub(super) async fn zone(&self, budget: &Budget, id: &ZoneId) -> Result<Option<ZoneDetail>, AwsError> {
        let answer = call(budget, Some(&self.bucket), async || {
            let request = self.client.get_hosted_zone().id(id.as_str());
            request.send().await.map_err(|error| failure(SERVICE, "GetHostedZone", &error))
        });
        let answer = match answer.await {
            Err(AwsError::NotFound(_)) => return Ok(None),
            other => other?,
        };
        let name_servers = answer.delegation_set.map(|set| set.name_servers).unwrap_or_default();
        Ok(answer.hosted_zone.and_then(zone).map(|zone| ZoneDetail { zone, name_servers }))
    }

    /// Every record set of a zone.
    pub(super) async fn list_records(&self, budget: &Budget, zone: &ZoneId) -> Result<Vec<RecordSet>, AwsError> {
        self.records_from(budget, zone, None).await
    }

    /// The record sets of one name.
    pub(super) async fn records_named(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        name: &DnsName,
    ) -> Result<Vec<RecordSet>, AwsError> {
        self.records_from(budget, zone, Some(name)).await
    }

    async fn records_from(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        only: Option<&DnsName>,
    ) -> Result<Vec<RecordSet>, AwsError> {
        let mut sets: Vec<RecordSet> = Vec::new();
        let mut start = (only.map(DnsName::to_route53), None, None);
        loop {
            let page = call(budget, Some(&self.bucket), async || {
                let (name, kind, identifier) = start.clone();
                let request = self.client.list_resource_record_sets().hosted_zone_id(zone.as_str()).max_items(PAGE);
                let request = request.set_start_record_name(name).set_start_record_type(kind);
                let request = request.set_start_record_identifier(identifier);
                request.send().await.map_err(|error| failure(SERVICE, "ListResourceRecordSets", &error))
            })
            .await?;
            let read: Vec<_> = page.resource_record_sets.into_iter().filter_map(record_set).collect();
            let beyond = only.is_some_and(|name| read.last().is_some_and(|last| last.key.name != *name));
            let wanted = read.into_iter().filter(|set| only.is_none_or(|name| set.key.name == *name));
            let new: Vec<_> = wanted.filter(|set| !sets.iter().rev().take(5).any(|have| have.key == set.key)).collect();
            sets.extend(new);
            if beyond || !page.is_truncated || page.next_record_name.is_none() {
                return Ok(sets);
            }
            start = (page.next_record_name, page.next_record_type, page.next_record_identifier);
        }
    }

    /// Carries the changes out together, or none of them.
    pub(super) async fn change(
        &self,
        budget: &Budget,
        zone: &ZoneId,
        changes: &[Change],
    ) -> Result<ChangeId, AwsError> {
        let batch = batch(changes)
            .map_err(|error| AwsError::Invalid(Reply::ours(SERVICE, "ChangeResourceRecordSets", &error.to_string())))?;
        let answer = call(budget, Some(&self.bucket), async || {
            let request = self.client.change_resource_record_sets().hosted_zone_id(zone.as_str());
            request.change_batch(batch.clone()).send().await.map_err(|error| change_failure(&error))
        })
        .await?;
        let id = answer.change_info.map(|info| info.id).unwrap_or_default();
        Ok(ChangeId::new(&id))
    }

    /// Whether all of Route53's servers know the change.
    pub(super) async fn is_in_sync(&self, budget: &Budget, change: &ChangeId) -> Result<bool, AwsError> {
        let answer = call(budget, Some(&self.bucket), async || {
            let request = self.client.get_change().id(change.as_str());
            request.send().await.map_err(|error| failure(SERVICE, "GetChange", &error))
        });
        match answer.await {
            // Route53 forgets old changes; they are in sync.
            Err(AwsError::NotFound(_)) => Ok(true),
            other => Ok(other?.change_info.is_some_and(|info| info.status == sdk::ChangeStatus::Insync)),
        }
    }
}

/// `InvalidChangeBatch` carries a list of messages instead of one, and may come as a document of its own, which the
/// SDK does not know
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html#API_ChangeResourceRecordSets_Errors>).
fn change_failure(error: &SdkError<ChangeResourceRecordSetsError, HttpResponse>) -> AwsError {
    let body = error.raw_response().and_then(|response| response.body().bytes());
    let body = String::from_utf8_lossy(body.unwrap_or_default());
    let messages = match error.as_service_error() {
        Some(ChangeResourceRecordSetsError::InvalidChangeBatch(refused)) => refused.messages().join("; "),
        _ if body.contains("<InvalidChangeBatch") => texts_of(&body, "Message").join("; "),
        _ => String::new(),
    };
    match failure(SERVICE, "ChangeResourceRecordSets", error) {
        AwsError::Invalid(reply) | AwsError::Other(reply) if !messages.is_empty() => {
            AwsError::Invalid(Box::new(Reply { message: messages, code: "InvalidChangeBatch".to_owned(), ..*reply }))
        }
        other => other,
    }
}

/// The texts of all XML elements of this name.
fn texts_of(document: &str, element: &str) -> Vec<String> {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let parts = document.split(&open).skip(1).filter_map(|rest| rest.split(&close).next());
    let entities = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
    let plain = |text: &str| entities.iter().fold(text.to_owned(), |text, (entity, c)| text.replace(entity, c));
    parts.map(plain).collect()
}

fn zone(zone: sdk::HostedZone) -> Option<Zone> {
    let name = DnsName::parse(&zone.name).ok()?;
    let record_count = zone.resource_record_set_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let (comment, private) = zone.config.map(|config| (config.comment, config.private_zone)).unwrap_or_default();
    let comment = comment.filter(|comment| !comment.is_empty());
    Some(Zone { id: ZoneId::new(&zone.id), name, private, record_count, comment })
}

/// A set in our types; none for a type or name that we do not know, which is left alone.
fn record_set(set: sdk::ResourceRecordSet) -> Option<RecordSet> {
    let key = RecordKey {
        name: DnsName::parse(&set.name).ok()?,
        kind: set.r#type.as_str().parse::<RecordType>().ok()?,
        set_identifier: set.set_identifier.clone(),
    };
    let routing = routing(&set);
    let data = if let Some(target) = set.alias_target {
        RecordData::Alias(AliasTarget {
            name: DnsName::parse(&target.dns_name).ok()?,
            zone_id: target.hosted_zone_id,
            evaluate_target_health: target.evaluate_target_health,
        })
    } else if let Some(instance) = set.traffic_policy_instance_id {
        RecordData::TrafficPolicy(instance)
    } else {
        let ttl = set.ttl.and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or(0);
        RecordData::Values {
            ttl,
            values: set.resource_records.unwrap_or_default().into_iter().map(|r| r.value).collect(),
        }
    };
    Some(RecordSet { key, data, routing, health_check_id: set.health_check_id })
}

fn routing(set: &sdk::ResourceRecordSet) -> Option<Routing> {
    if let Some(weight) = set.weight {
        return Some(Routing::Weighted(u8::try_from(weight).unwrap_or(u8::MAX)));
    }
    if let Some(region) = &set.region {
        return Some(Routing::Latency(region.as_str().to_owned()));
    }
    if let Some(role) = &set.failover {
        let primary = *role == sdk::ResourceRecordSetFailover::Primary;
        return Some(if primary { Routing::Primary } else { Routing::Secondary });
    }
    if let Some(place) = &set.geo_location {
        let (continent, country) = (place.continent_code.clone(), place.country_code.clone());
        return Some(Routing::Geolocation { continent, country, subdivision: place.subdivision_code.clone() });
    }
    if let Some(place) = &set.geo_proximity_location {
        return Some(Routing::Geoproximity {
            region: place.aws_region.clone(),
            local_zone_group: place.local_zone_group.clone(),
            coordinates: place.coordinates.as_ref().map(|at| (at.latitude.clone(), at.longitude.clone())),
            bias: place.bias.unwrap_or(0),
        });
    }
    if let Some(cidr) = &set.cidr_routing_config {
        let (collection_id, location) = (cidr.collection_id.clone(), cidr.location_name.clone());
        return Some(Routing::Cidr { collection_id, location });
    }
    set.multi_value_answer.filter(|yes| *yes).map(|_| Routing::Multivalue)
}

fn batch(changes: &[Change]) -> Result<sdk::ChangeBatch, BuildError> {
    let changes = changes.iter().map(|change| {
        let action = match change {
            Change::Create(_) => sdk::ChangeAction::Create,
            Change::Upsert(_) => sdk::ChangeAction::Upsert,
            Change::Delete(_) => sdk::ChangeAction::Delete,
        };
        sdk::Change::builder().action(action).resource_record_set(sdk_set(change.set())?).build()
    });
    sdk::ChangeBatch::builder().set_changes(Some(changes.collect::<Result<_, _>>()?)).build()
}

fn sdk_set(set: &RecordSet) -> Result<sdk::ResourceRecordSet, BuildError> {
    let builder = sdk::ResourceRecordSet::builder()
        .name(set.key.name.to_route53())
        .r#type(set.key.kind.as_str().into())
        .set_set_identifier(set.key.set_identifier.clone())
        .set_health_check_id(set.health_check_id.clone());
    let builder = match &set.data {
        RecordData::Values { ttl, values } => {
            let records = values.iter().map(|value| sdk::ResourceRecord::builder().value(value).build());
            builder.ttl(i64::from(*ttl)).set_resource_records(Some(records.collect::<Result<_, _>>()?))
        }
        RecordData::Alias(target) => {
            let target = sdk::AliasTarget::builder()
                .dns_name(target.name.to_route53())
                .hosted_zone_id(&target.zone_id)
                .evaluate_target_health(target.evaluate_target_health);
            builder.alias_target(target.build()?)
        }
        RecordData::TrafficPolicy(instance) => builder.traffic_policy_instance_id(instance),
    };
    routed(builder, set.routing.as_ref())?.build()
}

fn routed(
    builder: sdk::builders::ResourceRecordSetBuilder,
    routing: Option<&Routing>,
) -> Result<sdk::builders::ResourceRecordSetBuilder, BuildError> {
    Ok(match routing {
        None => builder,
        Some(Routing::Weighted(weight)) => builder.weight(i64::from(*weight)),
        Some(Routing::Latency(region)) => builder.region(region.as_str().into()),
        Some(Routing::Primary) => builder.failover(sdk::ResourceRecordSetFailover::Primary),
        Some(Routing::Secondary) => builder.failover(sdk::ResourceRecordSetFailover::Secondary),
        Some(Routing::Multivalue) => builder.multi_value_answer(true),
        Some(Routing::Geolocation { continent, country, subdivision }) => {
            let place = sdk::GeoLocation::builder().set_continent_code(continent.clone());
            let place = place.set_country_code(country.clone()).set_subdivision_code(subdivision.clone());
            builder.geo_location(place.build())
        }
        Some(Routing::Geoproximity { region, local_zone_group, coordinates, bias }) => {
            let at = coordinates.as_ref().map(|(latitude, longitude)| {
                sdk::Coordinates::builder().latitude(latitude).longitude(longitude).build()
            });
            let place = sdk::GeoProximityLocation::builder().set_aws_region(region.clone()).bias(*bias);
            let place = place.set_local_zone_group(local_zone_group.clone()).set_coordinates(at.transpose()?);
            builder.geo_proximity_location(place.build())
        }
        Some(Routing::Cidr { collection_id, location }) => {
            let cidr = sdk::CidrRoutingConfig::builder().collection_id(collection_id).location_name(location);
            builder.cidr_routing_config(cidr.build()?)
        }
    })
}
