//! Where records are: the zone that a user means, and names within it.

use crate::clients::aws::route53::ZoneChoice;
use crate::clients::aws::{Aws, AwsError, Route53Error};
use crate::domain::dns::zone::{Visibility, closest, full_name};
use crate::domain::dns::{DnsName, RecordKey, Zone, ZoneId};
use crate::provider::Cx;
use crate::sdk::{Explanation, Result};

/// The note of the private state that holds the zone's name, so that a plan can tell names below it.
const ZONE_NAME: &str = "zone_name";

/// The zone that an import names: by its id, or by its name, which holds a dot where an id holds none. The public zone of a
/// name comes before a private one. Told with whether it was named by its name.
pub async fn imported_zone(cx: &Cx, aws: &Aws, written: &str, what: &str) -> Result<(Zone, bool)> {
    if !written.contains('.') {
        let wish = ZoneWish { id: Some(ZoneId::new(written)), ..ZoneWish::default() };
        return Ok((wish.zone(cx, aws, "", what).await?, false));
    }
    let public = ZoneWish { name: Some(written), ..ZoneWish::default() };
    let zone = match public.zone(cx, aws, "", what).await {
        Ok(zone) => zone,
        Err(failure) => ZoneWish { private: true, ..public }.zone(cx, aws, "", what).await.map_err(|_| failure)?,
    };
    Ok((zone, true))
}

/// How a user names a zone.
#[derive(Clone, Debug, Default)]
pub struct ZoneWish<'a> {
    /// By its id.
    pub id: Option<ZoneId>,
    /// By its name.
    pub name: Option<&'a str>,
    /// Whether it is a private one.
    pub private: bool,
}

impl ZoneWish<'_> {
    /// The zone; where neither id nor name is given, the closest one that holds `record`.
    pub async fn zone(&self, cx: &Cx, aws: &Aws, record: &str, what: &str) -> Result<Zone> {
        let visibility = if self.private { Visibility::Private } else { Visibility::Public };
        let name = self.name.map(DnsName::parse).transpose();
        let name = name.map_err(|error| Route53Error::Name(error).explain(what, "the zone").at("zone"))?;
        let choice = ZoneChoice { id: self.id.clone(), name, visibility };
        match aws.route53().await.choose_zone(cx.budget(), &choice, record).await {
            Ok(zone) => {
                cx.remember(ZONE_NAME, &zone.name.as_str());
                Ok(zone)
            }
            Err(error) => {
                let attribute = if self.id.is_some() { "zone_id" } else { "zone" };
                Err(explained(aws, &error, what, &self.object()).await.at(attribute))
            }
        }
    }

    /// The zone in words, for messages.
    pub fn object(&self) -> String {
        match (&self.id, self.name) {
            (Some(id), _) => format!("zone {id}"),
            (None, Some(name)) => format!("zone {name}"),
            (None, None) => "the account's zones".to_owned(),
        }
    }
}

/// The whole name of a record of this zone; what lies outside is an error at `attribute`.
pub fn name_within(text: &str, zone: &Zone, attribute: &str) -> Result<DnsName> {
    let wrong = |error| Route53Error::Name(error).explain("Cannot read the record's name", text).at(attribute);
    let name = full_name(text, &zone.name).map_err(wrong)?;
    if name.is_within(&zone.name) {
        return Ok(name);
    }
    Err(outside(&name, zone, attribute))
}

/// That a name does not lie in the zone.
pub fn outside(name: &DnsName, zone: &Zone, attribute: &str) -> Explanation {
    let what = format!("Cannot place the record `{name}` in the zone `{}`", zone.name);
    let step = "name the zone that holds it, or correct the name";
    Explanation::new("BERTH-ROUTE53-022", what).on(format!("zone {}", zone.id)).next(step).at(attribute)
}

/// An error where a name of another zone of the account, written out, would become one below this zone.
pub async fn no_stranger(
    cx: &Cx,
    aws: &Aws,
    text: &str,
    (zone, name): (&Zone, &DnsName),
    attribute: &str,
) -> Result<()> {
    // Only a name of several labels may be one of another zone.
    if DnsName::parse(text).is_ok_and(|written| written == *name || written.label_count() < 2) {
        return Ok(());
    }
    // Who may not list the zones cannot be helped here.
    let Ok(zones) = aws.route53().await.zones(cx.budget()).await else { return Ok(()) };
    stranger(&zones, text, (zone, name), attribute).map_or(Ok(()), Err)
}

/// That a name of another zone, written out, would become one below this zone.
pub fn stranger(zones: &[Zone], text: &str, (zone, name): (&Zone, &DnsName), attribute: &str) -> Option<Explanation> {
    let written = DnsName::parse(text).ok().filter(|written| written != name && written.label_count() > 1)?;
    let other = home(zones, &written).filter(|other| other.id != zone.id)?;
    let what = format!("Cannot place the record `{written}` in the zone `{}`", zone.name);
    let explanation = Explanation::new("BERTH-ROUTE53-031", what).on(format!("zone {}", zone.id));
    let words =
        format!("it is a name of the account's zone `{}` ({}), and would become `{name}`", other.name, other.id);
    let step = format!(
        "name the zone {} to write it there, or write `{name}` out if that is what is meant; nothing was changed",
        other.id
    );
    Some(explanation.said("The provider", words).next(step).at(attribute))
}

/// The zone of the longest name that holds this one, public or private.
fn home<'a>(zones: &'a [Zone], name: &DnsName) -> Option<&'a Zone> {
    let found = [Visibility::Public, Visibility::Private].map(|visibility| closest(zones, name, visibility));
    found.concat().into_iter().max_by_key(|zone| zone.name.label_count())
}

/// Tells that the zone's own records stay.
pub fn warn_of_apex(cx: &Cx, zone: &ZoneId, left: &[RecordKey]) {
    if left.is_empty() {
        return;
    }
    let names: Vec<_> = left.iter().map(|key| format!("`{key}`")).collect();
    let explanation = Explanation::new("BERTH-ROUTE53-030", format!("The zone keeps {}", names.join(" and ")));
    cx.warn(
        &explanation
            .on(format!("zone {zone}"))
            .said("Route53", "a zone has its own SOA and NS as long as it exists")
            .next("nothing: they stay as they are now, and are no longer managed here; all else was done"),
    );
}

/// Explains a failure; where a permission is missing, with the identity that lacks it.
pub async fn explained(aws: &Aws, error: &Route53Error, what: &str, object: &str) -> Explanation {
    match error {
        Route53Error::Aws(denied @ AwsError::AccessDenied { .. }) => aws.explained(denied, what, object).await,
        other => other.explain(what, object),
    }
}

/// The zone's name, as far as a plan can know it: as configured, else as an earlier apply noted it.
pub fn known_zone(configured: Option<&str>, noted: Option<String>) -> Option<DnsName> {
    configured.map(str::to_owned).or(noted).and_then(|name| DnsName::parse(&name).ok())
}

/// The zone's name that an earlier apply, refresh or import noted.
pub fn noted_zone(private: &crate::sdk::Private) -> Option<String> {
    private.get(ZONE_NAME)
}
