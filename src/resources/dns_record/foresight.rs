//! Where a planned record will be, and what would keep it from there, as far as a plan can know.

use std::sync::Arc;

use super::place::{outside, stranger};
use crate::clients::aws::Route53Error;
use crate::clients::aws::route53::{ZoneChoice, chosen};
use crate::domain::dns::clash::Footing;
use crate::domain::dns::zone::{Visibility, full_name};
use crate::domain::dns::{DnsName, Zone, ZoneId};
use crate::provider::Cx;
use crate::resources::aws_look;
use crate::sdk::{Explanation, Plan, Seen, Value};

/// The zone of planned records.
pub struct Foresight {
    /// Its name.
    pub zone: Option<DnsName>,
    /// Whether neither zone nor id is given, so that whole names say where they belong.
    by_name: bool,
    zones: Option<Arc<Vec<Zone>>>,
    found: Option<Zone>,
    trouble: Option<Explanation>,
}

impl Foresight {
    /// What the configuration tells, and the account's zones where they can be listed. `stays` is the zone that the records
    /// are in already, by its id and name.
    pub async fn of(cx: &Cx, plan: &Plan<'_>, record: Option<&str>, stays: (Option<&str>, Option<DnsName>)) -> Self {
        let config = plan.config();
        let given = |attribute: &str| config.at(attribute).known().and_then(Value::as_str);
        let open = ["zone_id", "zone"].iter().any(|attribute| config.at(attribute).is_unknown());
        let id = given("zone_id").or(stays.0.filter(|_| !open)).map(ZoneId::new);
        let name = given("zone").and_then(|name| DnsName::parse(name).ok());
        let by_name = !open && id.is_none() && name.is_none();
        let zones = aws_look::zones(cx).await.filter(|_| !open);
        let private = match plan.planned().at("private") {
            Seen::Known(private) => private.as_bool().unwrap_or(false),
            Seen::Null | Seen::Unknown => false,
        };
        let visibility = if private { Visibility::Private } else { Visibility::Public };
        let choice = ZoneChoice { id, name: name.clone(), visibility };
        let choose = |zones: &Arc<Vec<Zone>>| chosen(&choice, record.unwrap_or_default(), zones);
        let choice_made = zones.as_ref().filter(|_| !by_name || record.is_some()).map(choose);
        let attribute = match (&choice.id, &choice.name) {
            (Some(_), _) => "zone_id",
            (None, Some(_)) => "zone",
            (None, None) => "name",
        };
        let (found, trouble) = match choice_made {
            Some(Ok(zone)) => (Some(zone), None),
            Some(Err(error)) => (None, Some(unplaced(&error, attribute))),
            None => (None, None),
        };
        let zone = name.or_else(|| found.as_ref().map(|zone| zone.name.clone())).or(stays.1);
        Self { zone, by_name, zones, found, trouble }
    }

    /// The record's whole name, if that is certain.
    pub fn fqdn(&self, text: &str) -> Option<DnsName> {
        match &self.zone {
            Some(zone) => full_name(text, zone).ok().filter(|name| name.is_within(zone)),
            None if self.by_name => DnsName::parse(text).ok(),
            None => None,
        }
    }

    /// The zone, where it was found.
    pub fn found(&self) -> Option<&Zone> {
        self.found.as_ref()
    }

    /// Warns of a zone that is not there.
    pub fn warn_of_zone(&self, plan: &mut Plan<'_>) {
        if let Some(trouble) = &self.trouble {
            plan.warn(trouble);
        }
    }

    /// Warns of a name that cannot stand in the zone, or belongs to another one of the account.
    pub fn warn_of_name(&self, plan: &mut Plan<'_>, text: &str, attribute: &str) {
        let (Some(zone), Some(zones)) = (&self.found, &self.zones) else { return };
        let told = match full_name(text, &zone.name) {
            Err(error) => {
                let what = format!("The record `{text}` cannot stand in the zone `{}`", zone.name);
                Some(Route53Error::Name(error).explain(what, &format!("zone {}", zone.id)).at(attribute))
            }
            Ok(name) if !name.is_within(&zone.name) => Some(outside(&name, zone, attribute)),
            Ok(name) => stranger(zones, text, (zone, &name), attribute),
        };
        if let Some(told) = told {
            plan.warn(&told);
        }
    }

    /// Warns of a CNAME at the zone's own name.
    pub fn warn_of_apex(&self, plan: &mut Plan<'_>, footing: &Footing, attribute: &str) {
        if self.zone.as_ref().is_some_and(|zone| footing.is_cname_at_apex(zone)) {
            let what = "No CNAME can stand at the zone's own name, where its SOA and NS are";
            let step = "take type `A` with an `alias`; as it is, the apply will refuse it";
            plan.warn(&Explanation::new("BERTH-ROUTE53-023", what).next(step).at(attribute));
        }
    }
}

fn unplaced(error: &Route53Error, attribute: &str) -> Explanation {
    let explanation = error.explain("The record has no zone yet", "the account's zones");
    explanation.adding("nothing, if this apply makes the zone").at(attribute)
}
