//! What Route53 asks of routing policies, before apply.
//!
//! Source: <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>,
//! `API_GeoLocation.html`, `API_GeoProximityLocation.html` and `API_Coordinates.html` beside it.

use super::checks::{kind, wrong};
use super::routing::{GeolocationModel, GeoproximityModel, RoutingModel};
use crate::domain::dns::RecordType;
use crate::domain::region;
use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Seen, View};

/// The continents that Route53 knows.
const CONTINENTS: [&str; 7] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];

/// What is wrong with the routing of a record whose attributes stand below `prefix`.
pub fn check(config: View<'_>, prefix: &str, found: &mut Diagnostics) {
    let at = |attribute: &str| format!("{prefix}{attribute}");
    let (routing, identifier) = (config.at(&at("routing")), config.at(&at("set_identifier")));
    if let Seen::Known(_) = routing
        && identifier.is_null()
    {
        found.error(&wrong("A record with a routing policy needs a `set_identifier`", at("set_identifier")));
    }
    if identifier.known().is_some() && routing.is_null() {
        found.error(&wrong("A `set_identifier` needs a `routing` policy", at("routing")));
    }
    let Some(policy) = config.read::<RoutingModel>(&at("routing")) else { return };
    let count = policy.count();
    if count != 1 {
        found.error(&wrong(format!("`routing` holds {count} policies instead of one"), at("routing")));
    }
    check_type(config, prefix, &policy, found);
    check_primary(config, prefix, &policy, found);
    let place = |what: &str| format!("{prefix}routing.{what}");
    if let Some(fault) = policy.geolocation.as_ref().and_then(geolocation) {
        found.error(&wrong(fault, place("geolocation")));
    }
    if let Some(fault) = policy.geoproximity.as_ref().and_then(geoproximity) {
        found.error(&wrong(fault, place("geoproximity")));
    }
    for (attribute, doubt) in doubts(&policy) {
        let step = "correct it if it is a mistake: it is sent as it is, and Route53 has the last word";
        found.warning(&Explanation::new("BERTH-ROUTE53-035", doubt).next(step).at(place(attribute)));
    }
}

/// Route53 asks for a health check of each primary that is no alias ("A non-alias primary `ResourceRecordSet` must have an associated
/// health check"), and a mark for `ExternalDNS` is none.
fn check_primary(config: View<'_>, prefix: &str, policy: &RoutingModel, found: &mut Diagnostics) {
    let at = |attribute: &str| format!("{prefix}{attribute}");
    let is_marked = config.at("external_dns_owner").is_given();
    let needs_it = config.at(&at("alias")).is_null() || is_marked;
    if policy.failover.as_deref() == Some("PRIMARY") && needs_it && config.at(&at("health_check_id")).is_null() {
        let of = if is_marked { "with an `external_dns_owner`" } else { "with `values`" };
        let what = format!("A record that is `PRIMARY`, {of}, needs a `health_check_id`");
        found.error(&wrong(what, at("health_check_id")));
    }
}

/// Not every type and answer can follow a policy.
fn check_type(config: View<'_>, prefix: &str, policy: &RoutingModel, found: &mut Diagnostics) {
    let at = |attribute: &str| format!("{prefix}{attribute}");
    let Some(kind) = kind(config, prefix) else { return };
    let is_multivalue = policy.multivalue == Some(true);
    if is_multivalue && config.at(&at("alias")).is_given() {
        found.error(&wrong("An alias cannot have the routing policy `multivalue`", at("routing.multivalue")));
    }
    if is_multivalue && kind == RecordType::Cname {
        found.error(&wrong("A CNAME record cannot have the routing policy `multivalue`", at("routing.multivalue")));
    }
    if matches!(kind, RecordType::Soa | RecordType::Ns | RecordType::Ds) {
        let what = format!("A {kind} record may not follow a routing policy, as AWS's documentation says");
        let step = "leave `routing` out if Route53 refuses it";
        found.warning(&Explanation::new("BERTH-ROUTE53-035", what).next(step).at(at("routing")));
    }
}

fn geolocation(place: &GeolocationModel) -> Option<String> {
    let GeolocationModel { continent, country, subdivision } = place;
    match (continent, country, subdivision) {
        (None, None, None) => Some("`geolocation` names no place: give `continent` or `country`".to_owned()),
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
            Some("`continent` goes together with neither `country` nor `subdivision`".to_owned())
        }
        (None, None, Some(_)) => Some("a `subdivision` needs its `country`".to_owned()),
        _ => None,
    }
}

fn geoproximity(place: &GeoproximityModel) -> Option<String> {
    let GeoproximityModel { region, local_zone_group, latitude, longitude, .. } = place;
    let (one, other) = match (latitude, longitude) {
        (Some(_), None) => ("latitude", "longitude"),
        (None, Some(_)) => ("longitude", "latitude"),
        _ => {
            let points = [region.is_some(), local_zone_group.is_some(), latitude.is_some()];
            let count = points.into_iter().filter(|given| *given).count();
            let fault = format!(
                "`geoproximity` names {count} places instead of one: give `region`, `local_zone_group`, or `latitude` and \
                 `longitude`"
            );
            return (count != 1).then_some(fault).or_else(|| degrees(latitude.as_deref(), longitude.as_deref()));
        }
    };
    Some(format!("`geoproximity` has a `{one}` without its `{other}`"))
}

/// At most two decimals, within the Earth's range.
fn degrees(latitude: Option<&str>, longitude: Option<&str>) -> Option<String> {
    let fits = |text: &str, most: f64, digits: usize| {
        let bare = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (whole, decimals) = bare.split_once('.').unwrap_or((bare, ""));
        let are_digits =
            |text: &str, most: usize| text.len() <= most && text.bytes().all(|octet| octet.is_ascii_digit());
        !whole.is_empty()
            && are_digits(whole, digits)
            && are_digits(decimals, 2)
            && bare.parse().is_ok_and(|value: f64| value <= most)
    };
    let wrong = |text: Option<&str>, most, digits| text.filter(|text| !fits(text, most, digits)).map(str::to_owned);
    let fault = wrong(latitude, 90.0, 2).map(|text| ("latitude", text, 90));
    let fault = fault.or_else(|| wrong(longitude, 180.0, 3).map(|text| ("longitude", text, 180)));
    fault.map(|(which, text, most)| {
        format!("`{which}` must be degrees from -{most} to {most} with at most two decimals, and is `{text}`")
    })
}

/// What Route53 may take all the same.
fn doubts(policy: &RoutingModel) -> Vec<(&'static str, String)> {
    let mut doubts = Vec::new();
    let region = policy.region.as_ref().map(|region| ("region", region));
    let of_point = policy.geoproximity.as_ref().and_then(|place| place.region.as_ref());
    for (attribute, region) in region.into_iter().chain(of_point.map(|region| ("geoproximity.region", region))) {
        if !region::is_region(region) {
            doubts.push((attribute, format!("`{region}` does not look like an AWS region{}", region::hint(region))));
        }
    }
    let continent = policy.geolocation.as_ref().and_then(|place| place.continent.as_ref());
    if let Some(continent) = continent.filter(|continent| !CONTINENTS.contains(&continent.as_str())) {
        let known = CONTINENTS.join(", ");
        doubts.push(("geolocation.continent", format!("`{continent}` is no continent known here ({known})")));
    }
    doubts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Option<String> {
        Some(text).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    #[test]
    fn a_place_is_named_once_and_wholly() {
        // API_GeoLocation: a continent with a country is InvalidInput; a subdivision needs its country.
        for (continent, country, subdivision, good) in [
            ("EU", "", "", true),
            ("", "DE", "", true),
            ("", "*", "", true),
            ("", "US", "WA", true),
            ("", "UA", "05", true),
            ("", "", "", false),
            ("EU", "DE", "", false),
            ("NA", "", "WA", false),
            ("", "", "WA", false),
        ] {
            let place =
                GeolocationModel { continent: text(continent), country: text(country), subdivision: text(subdivision) };
            assert_eq!(geolocation(&place).is_none(), good, "{place:?}");
        }
    }

    #[test]
    fn a_point_has_both_coordinates_and_nothing_beside_them() {
        // API_Coordinates: two decimals, -90 to 90 and -180 to 180.
        for (region, latitude, longitude, good) in [
            ("eu-central-1", "", "", true),
            ("", "52.52", "13.40", true),
            ("", "-90", "+180.", true),
            ("", "52.52", "", false),
            ("", "", "13.4", false),
            ("", "", "", false),
            ("eu-central-1", "52.52", "13.40", false),
            ("", "52.523", "13.40", false),
            ("", "91", "13.40", false),
            ("", "52", "181", false),
            ("", "north", "13", false),
        ] {
            let place = GeoproximityModel {
                region: text(region),
                latitude: text(latitude),
                longitude: text(longitude),
                ..GeoproximityModel::default()
            };
            assert_eq!(geoproximity(&place).is_none(), good, "{place:?}");
        }
    }

    #[test]
    fn what_may_be_new_is_only_warned_of() {
        let region = |region: &str| RoutingModel { region: text(region), ..RoutingModel::default() };
        assert_eq!(doubts(&region("xx-newland-7")), []);
        assert!(doubts(&region("eu-central1"))[0].1.contains("`eu-central-1`"));
        let place = GeolocationModel { continent: text("eu"), ..GeolocationModel::default() };
        let policy = RoutingModel { geolocation: Some(place), ..RoutingModel::default() };
        assert_eq!(doubts(&policy).len(), 1);
    }
}
