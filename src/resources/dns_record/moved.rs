//! Records that were an `aws_route53_record` of the AWS provider (its state versions 0 to 2).

use serde_json::Value as Json;

use super::content::{AliasModel, Content};
use super::model::DnsRecordModel;
use super::routing::{CidrModel, GeolocationModel, GeoproximityModel, RoutingModel};
use crate::domain::dns::value::for_people;
use crate::domain::dns::{DnsName, RecordType};
use crate::sdk::{Computed, Explanation, MoveSource, Result};

/// The AWS provider's record as ours; none if the source is something else.
pub fn moved(source: &MoveSource) -> Option<Result<DnsRecordModel>> {
    let is_aws = source.provider.ends_with("/hashicorp/aws") || source.provider.ends_with("/opentofu/aws");
    if !is_aws || source.r#type != "aws_route53_record" {
        return None;
    }
    if source.version > 2 {
        let what = format!("Cannot read an `aws_route53_record` of state version {}", source.version);
        return Some(Err(Explanation::new("BERTH-ROUTE53-026", what)
            .next("import the record as a `berth_dns_record`, and remove the old one from state")));
    }
    Some(model(&source.state).ok_or_else(|| {
        Explanation::new("BERTH-ROUTE53-026", "Cannot read the state of this `aws_route53_record`")
            .next("refresh it with the AWS provider first, or import the record as a `berth_dns_record`")
    }))
}

fn model(state: &Json) -> Option<DnsRecordModel> {
    let name = text(state, "name").unwrap_or_default();
    let fqdn = text(state, "fqdn").and_then(|fqdn| DnsName::parse(&fqdn).ok())?;
    let zone = text(state, "zone_id")?;
    let name = if name.is_empty() { fqdn.as_str().to_owned() } else { name };
    Some(DnsRecordModel { content: content(state)?, ..DnsRecordModel::at(&zone, &name, fqdn.as_str()) })
}

fn content(state: &Json) -> Option<Content> {
    let kind: RecordType = text(state, "type")?.parse().ok()?;
    let alias = block(state, "alias").map(|alias| {
        Some(AliasModel {
            name: text(alias, "name")?,
            zone_id: text(alias, "zone_id")?,
            evaluate_target_health: alias.get("evaluate_target_health").and_then(Json::as_bool).unwrap_or(false),
        })
    });
    let alias = alias.flatten();
    let records = state.get("records").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let values: Vec<_> = records.map(|value| value_of(kind, value)).collect();
    let ttl = state.get("ttl").and_then(Json::as_u64).and_then(|ttl| u32::try_from(ttl).ok());
    Some(Content {
        r#type: kind.as_str().to_owned(),
        ttl: ttl.filter(|_| alias.is_none()).map_or(Computed::Null, Computed::Known),
        values: (alias.is_none()).then(|| values.into_iter().collect()),
        alias,
        set_identifier: text(state, "set_identifier"),
        routing: routing(state),
        health_check_id: text(state, "health_check_id"),
    })
}

/// The AWS provider leaves out the outermost quotation marks of TXT values.
fn value_of(kind: RecordType, value: &str) -> String {
    match kind {
        RecordType::Txt | RecordType::Spf => for_people(kind, &format!("\"{value}\"")),
        _ => value.to_owned(),
    }
}

fn routing(state: &Json) -> Option<RoutingModel> {
    let none = RoutingModel::default;
    if let Some(policy) = block(state, "weighted_routing_policy") {
        let weight = policy.get("weight").and_then(Json::as_u64).and_then(|weight| u32::try_from(weight).ok());
        return Some(RoutingModel { weight, ..none() });
    }
    if let Some(policy) = block(state, "latency_routing_policy") {
        return Some(RoutingModel { region: text(policy, "region"), ..none() });
    }
    if let Some(policy) = block(state, "failover_routing_policy") {
        return Some(RoutingModel { failover: text(policy, "type"), ..none() });
    }
    if let Some(policy) = block(state, "geolocation_routing_policy") {
        let (continent, country) = (text(policy, "continent"), text(policy, "country"));
        let geolocation = GeolocationModel { continent, country, subdivision: text(policy, "subdivision") };
        return Some(RoutingModel { geolocation: Some(geolocation), ..none() });
    }
    if let Some(policy) = block(state, "geoproximity_routing_policy") {
        return Some(RoutingModel { geoproximity: Some(geoproximity(policy)), ..none() });
    }
    if let Some(policy) = block(state, "cidr_routing_policy") {
        let (collection_id, location) = (text(policy, "collection_id")?, text(policy, "location_name")?);
        return Some(RoutingModel { cidr: Some(CidrModel { collection_id, location }), ..none() });
    }
    let multivalue = state.get("multivalue_answer_routing_policy").and_then(Json::as_bool).filter(|yes| *yes)?;
    Some(RoutingModel { multivalue: Some(multivalue), ..none() })
}

fn geoproximity(policy: &Json) -> GeoproximityModel {
    let at = block(policy, "coordinates");
    let bias = policy.get("bias").and_then(Json::as_i64).and_then(|bias| i32::try_from(bias).ok());
    GeoproximityModel {
        region: text(policy, "aws_region"),
        local_zone_group: text(policy, "local_zone_group"),
        latitude: at.and_then(|at| text(at, "latitude")),
        longitude: at.and_then(|at| text(at, "longitude")),
        bias: bias.unwrap_or(0),
    }
}

/// A text that is not empty: the AWS provider stores absent ones as `""`.
fn text(state: &Json, name: &str) -> Option<String> {
    state.get(name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The first block of a list of blocks.
fn block<'a>(state: &'a Json, name: &str) -> Option<&'a Json> {
    state.get(name).and_then(Json::as_array).and_then(|blocks| blocks.first()).filter(|block| block.is_object())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(state: Json) -> MoveSource {
        let provider = "registry.terraform.io/hashicorp/aws".to_owned();
        MoveSource { provider, r#type: "aws_route53_record".to_owned(), version: 2, state }
    }

    fn state(more: &Json) -> Json {
        let mut state = json!({
            "alias": [], "allow_overwrite": null, "cidr_routing_policy": [], "failover_routing_policy": [],
            "fqdn": "www.example.com", "geolocation_routing_policy": [], "geoproximity_routing_policy": [],
            "health_check_id": "", "id": "Z1_www.example.com_A", "latency_routing_policy": [],
            "multivalue_answer_routing_policy": null, "name": "www", "records": ["192.0.2.1"], "set_identifier": "",
            "ttl": 60, "type": "A", "weighted_routing_policy": [], "zone_id": "Z1",
        });
        state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        state
    }

    fn taken(more: &Json) -> DnsRecordModel {
        moved(&source(state(more))).unwrap().unwrap()
    }

    #[test]
    fn a_plain_record_is_taken_over() {
        let model = taken(&json!({}));
        assert_eq!((model.name.as_str(), model.fqdn.get().map(String::as_str)), ("www", Some("www.example.com")));
        assert_eq!(model.content.values.as_ref().map(|values| values.to_vec()), Some(vec!["192.0.2.1".to_owned()]));
        assert_eq!(
            (model.content.ttl.get(), &model.content.set_identifier, &model.content.routing),
            (Some(&60), &None, &None)
        );
    }

    #[test]
    fn texts_get_their_quotation_back() {
        let model = taken(&json!({ "type": "TXT", "records": ["v=spf1 -all", "one\" \"two", "say \\\"hi\\\""] }));
        let values = model.content.values.unwrap().to_vec();
        assert_eq!(values, ["v=spf1 -all", "onetwo", "say \"hi\""]);
    }

    #[test]
    fn every_routing_policy_is_taken_over() {
        let cases = [
            (json!({ "weighted_routing_policy": [{ "weight": 0 }] }), "weight: Some(0)"),
            (json!({ "latency_routing_policy": [{ "region": "eu-west-1" }] }), "region: Some(\"eu-west-1\")"),
            (json!({ "failover_routing_policy": [{ "type": "PRIMARY" }] }), "failover: Some(\"PRIMARY\")"),
            (
                json!({ "geolocation_routing_policy": [{ "continent": "", "country": "*", "subdivision": "" }] }),
                "country: Some(\"*\")",
            ),
            (json!({ "cidr_routing_policy": [{ "collection_id": "c", "location_name": "*" }] }), "location: \"*\""),
            (json!({ "multivalue_answer_routing_policy": true }), "multivalue: Some(true)"),
            (
                json!({ "geoproximity_routing_policy": [{ "aws_region": "", "bias": 5, "local_zone_group": "",
                    "coordinates": [{ "latitude": "52.52", "longitude": "13.40" }] }] }),
                "latitude: Some(\"52.52\")",
            ),
        ];
        for (policy, expected) in cases {
            let mut more = policy;
            more.as_object_mut().unwrap().insert("set_identifier".to_owned(), json!("blue"));
            let model = taken(&more);
            let shown = format!("{:?}", model.content.routing);
            assert!(shown.contains(expected), "{shown}");
            assert_eq!(model.content.routing.map(|routing| routing.count()), Some(1));
        }
    }

    #[test]
    fn an_alias_has_no_ttl_and_no_values() {
        let alias = json!([{ "name": "lb.example.net", "zone_id": "ZLB", "evaluate_target_health": true }]);
        let model = taken(&json!({ "alias": alias, "ttl": 0, "records": null }));
        assert!(model.content.alias.is_some_and(|alias| alias.evaluate_target_health));
        assert!(model.content.values.is_none() && model.content.ttl.get().is_none());
    }

    #[test]
    fn other_sources_are_not_known() {
        let mut other = source(state(&json!({})));
        other.r#type = "aws_route53_zone".to_owned();
        assert!(moved(&other).is_none());
        let mut newer = source(state(&json!({})));
        newer.version = 9;
        assert!(moved(&newer).unwrap().is_err());
    }
}
