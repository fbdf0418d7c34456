//! Whether the world is led to the zones that TXT records will be written to, and not past them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::clients::aws::Route53Error;
use crate::clients::aws::route53::ZoneDetail;
use crate::clients::dns::{Check, Dns};
use crate::domain::dns::delegation::{Misled, check};
use crate::domain::dns::zone::Visibility;
use crate::domain::dns::{DnsName, RecordType, ZoneId};
use crate::explain::Explanation;
use crate::resources::acme_certificate::zones::Zones;
use crate::retry::Budget;

/// A name for a TXT record, the zone it will be written to, and the zone that DNS says holds it.
pub struct Place {
    /// The domain that is proved.
    pub domain: String,
    /// The TXT record's name.
    pub name: DnsName,
    /// The zone it will be written to.
    pub zone: Arc<ZoneDetail>,
    /// The zone that DNS says holds it.
    pub seen: Option<String>,
}

/// A warning for each zone that the world does not see, and for each name that belongs to another zone.
pub async fn warnings(dns: &Dns, zones: &Zones, places: &[Place], budget: &Budget) -> Vec<Explanation> {
    let by_zone: BTreeMap<&ZoneId, &Place> = places.iter().map(|place| (&place.zone.zone.id, place)).collect();
    let looks = by_zone.into_values().map(|place| async {
        if place.zone.zone.private {
            return private(zones, place);
        }
        let (delegated, hidden) = tokio::join!(delegated(dns, zones, place, budget), hidden(dns, zones, place, budget));
        delegated.into_iter().chain(hidden).collect()
    });
    let mut told: Vec<_> = join_all(looks).await.into_iter().flatten().collect();
    told.extend(places.iter().filter_map(cut));
    told
}

fn title(place: &Place) -> String {
    format!("zone {} ({})", place.zone.zone.name, place.zone.zone.id)
}

/// A private zone is the user's own choice, by its id at least.
fn private(zones: &Zones, place: &Place) -> Vec<Explanation> {
    if zones.settings.visibility() == Visibility::Private {
        return Vec::new();
    }
    let told = Explanation::new("BERTH-ACME-095", format!("The zone for `{}` is private", place.domain))
        .on(title(place))
        .next("a CA outside of your network does not see it: choose the public zone. For a CA within it set `dns01.zone_visibility = \"private\"`")
        .at("dns01.zone_id");
    vec![told]
}

/// Whether the zone above names the zone's own servers.
async fn delegated(dns: &Dns, zones: &Zones, place: &Place, budget: &Budget) -> Option<Explanation> {
    if dns.check() != Check::Authoritative {
        return None;
    }
    let detail = &place.zone;
    let above = dns.delegation(detail.zone.name.as_str(), budget).await;
    let above = above.inspect_err(|error| tracing::debug!(%error, "no look at a delegation")).ok()?;
    let mut fault = check(&above, &detail.name_servers, &[]).err()?;
    if fault != Misled::Nowhere {
        fault = check(&above, &detail.name_servers, &own_servers(zones, detail, budget).await.ok()?).err()?;
    }
    Some(tell(&fault, place))
}

/// The servers that the zone names itself.
async fn own_servers(zones: &Zones, detail: &ZoneDetail, budget: &Budget) -> Result<Vec<String>, Route53Error> {
    let sets = zones.route53.records_named(budget, &detail.zone.id, &detail.zone.name).await;
    let sets = sets.inspect_err(|error| tracing::debug!(%error, "no look at a zone's own servers"))?;
    let own = sets.iter().filter(|set| set.key.kind == RecordType::Ns).flat_map(|set| set.values().to_vec());
    Ok(own.collect())
}

fn tell(fault: &Misled, place: &Place) -> Explanation {
    let zone = &place.zone.zone.name;
    let what = format!("The world does not see the zone that the TXT record for `{}` goes to", place.domain);
    let servers = place.zone.name_servers.join(", ");
    let told = Explanation::new("BERTH-ACME-091", what).on(title(place)).at("dns_names");
    match fault {
        Misled::Nowhere => told
            .said("the zone above", format!("no NS records for {zone}"))
            .next(format!("delegate `{zone}` to {servers}: at its registrar, or by NS records in the zone above")),
        Misled::Elsewhere(others) => told.said("the zone above", format!("NS {}", others.join(", "))).next(format!(
            "the registrar or the zone above delegates `{zone}` to other servers: let it name {servers}; or write to the zone that it delegates to (`dns01.zone_id`)"
        )),
        Misled::Partly(others) => told.said("the zone above", format!("NS {}, beside those of this zone", others.join(", "))).next(format!(
            "the CA may ask any of them, and these do not have the record: let the zone above name {servers} only"
        )),
    }
}

/// Whether the resolvers answer from a private zone of the same name.
async fn hidden(dns: &Dns, zones: &Zones, place: &Place, budget: &Budget) -> Option<Explanation> {
    let detail = &place.zone;
    let twins = zones.private_twins(&place.name, &detail.zone, budget).await.ok()?;
    let twin = twins.first()?;
    let remedy = match dns.check() {
        Check::None => return None,
        Check::Recursive => {
            "set `dns.check = \"authoritative\"`, or name resolvers in `dns.resolvers` that are outside of the private zone's networks"
        }
        Check::Authoritative => {
            let seen = dns.zone_of(detail.zone.name.as_str(), budget).await.ok()?;
            let seen: Vec<_> = seen.servers.iter().map(|server| server.name.clone()).collect();
            check(&seen, &detail.name_servers, &[]).err()?;
            check(&seen, &detail.name_servers, &own_servers(zones, detail, budget).await.ok()?).err()?;
            "the apply asks the public zone's servers by their names. If it cannot reach them, name resolvers outside of the private zone's networks in `dns.resolvers`"
        }
    };
    let what = format!("A private zone hides the TXT record for `{}` from the resolvers in use", place.domain);
    let told = Explanation::new("BERTH-ACME-095", what).on(format!("{}, and private zone {}", title(place), twin.id));
    Some(told.next(format!("{remedy}. The CA sees the public zone in any case")).at("dns_names"))
}

/// A name that a zone below takes away from the zone it will be written to, or that was never in it.
fn cut(place: &Place) -> Option<Explanation> {
    let zone = &place.zone.zone;
    let seen = DnsName::parse(place.seen.as_deref()?).ok().filter(|_| !zone.private)?;
    let is_below = seen != zone.name && seen.is_within(&zone.name);
    if !is_below && place.name.is_within(&zone.name) {
        return None;
    }
    let what = format!("The TXT record for `{}` goes to a zone that does not answer for it", place.domain);
    let told = Explanation::new("BERTH-ACME-091", what)
        .on(format!("TXT {} in {}", place.name, title(place)))
        .said("DNS", format!("the zone of this name is {seen}"));
    Some(
        told.next(format!(
            "write to the zone `{seen}`: correct `dns01.zone_id` or `dns01.zone_ids`, or leave them out"
        ))
        .at("dns01"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::Zone;

    fn place(zone: &str, name: &str, seen: &str) -> Place {
        let zone = Zone {
            id: ZoneId::new("Z1"),
            name: DnsName::parse(zone).unwrap(),
            private: false,
            record_count: 2,
            comment: None,
        };
        let detail = ZoneDetail { zone, name_servers: vec!["ns-1.awsdns-01.com".to_owned()] };
        let (domain, name) = ("a.example".to_owned(), DnsName::parse(name).unwrap());
        Place { domain, name, zone: Arc::new(detail), seen: Some(seen.to_owned()) }
    }

    #[test]
    fn a_name_below_a_cut_or_outside_of_the_zone_is_told() {
        let told = |zone, name, seen| cut(&place(zone, name, seen)).map(|told| told.to_string());
        assert_eq!(told("example", "_acme-challenge.a.example", "example"), None);
        assert_eq!(told("a.example", "_acme-challenge.a.example", "example"), None, "not delegated: another warning");
        let below = told("example", "_acme-challenge.a.example", "a.example").unwrap();
        assert!(below.contains("the zone of this name is a.example") && below.contains("zone example (Z1)"), "{below}");
        assert!(told("other", "_acme-challenge.a.example", "example").is_some());
    }

    #[test]
    fn each_fault_of_a_delegation_names_the_servers() {
        let place = place("example", "_acme-challenge.a.example", "example");
        for fault in [Misled::Nowhere, Misled::Elsewhere(vec!["ns.x".into()]), Misled::Partly(vec!["ns.x".into()])] {
            let told = tell(&fault, &place);
            assert_eq!(told.code(), "BERTH-ACME-091");
            assert!(told.detail().contains("ns-1.awsdns-01.com"), "{told}");
            assert_eq!(told.detail().contains("ns.x"), fault != Misled::Nowhere, "{told}");
        }
    }
}
