//! What a plan may say of one record before anything is asked: defaults, and what means the same in other words.

use super::checks::same_values;
use super::content::DEFAULT_TTL;
use crate::domain::dns::zone::full_name;
use crate::domain::dns::{DnsName, RecordType};
use crate::sdk::{Plan, Seen, Value, View};

/// Settles the planned record: its `ttl`, its values in the state's wording, and its name if it means `fqdn`.
pub fn settle(planned: &mut Value, config: &Value, prior: &Value, fqdn: Option<&str>, zone: Option<&DnsName>) {
    let ttl = planned_ttl(View::new(planned), View::new(config));
    let values = kept_values(View::new(planned), View::new(prior));
    let name = kept_name(View::new(planned), View::new(prior), fqdn, zone);
    let Some(members) = planned.members_mut() else { return };
    for (attribute, value) in [("ttl", ttl), ("values", values), ("name", name)] {
        if let Some(value) = value {
            members.insert(attribute.to_owned(), value);
        }
    }
}

/// Whether a zone is private makes no difference where its id is given, and is known of a record that is there.
pub fn keep_private(plan: &mut Plan<'_>) {
    let by_id = !plan.config().at("zone_id").is_null();
    if by_id && !plan.is_create() && plan.config().at("private").is_null() {
        plan.keep(&["private"]);
    }
}

/// The default where the user gives none; an alias has none.
fn planned_ttl(planned: View<'_>, config: View<'_>) -> Option<Value> {
    if !config.at("ttl").is_null() {
        return None;
    }
    match planned.at("alias") {
        Seen::Known(_) => Some(Value::Null),
        Seen::Null => Some(Value::from(DEFAULT_TTL)),
        Seen::Unknown => Some(Value::Unknown),
    }
}

/// The same values in other words are no change.
fn kept_values(planned: View<'_>, prior: View<'_>) -> Option<Value> {
    let kind: RecordType = planned.text("type")?.parse().ok()?;
    let (before, after) = (prior.at("values").known()?, planned.at("values").known()?);
    let same = after.is_wholly_known() && same_values(kind, before, after);
    same.then(|| before.clone())
}

/// The whole name instead of its part below the zone, or the other way round, is no change.
fn kept_name(planned: View<'_>, prior: View<'_>, fqdn: Option<&str>, zone: Option<&DnsName>) -> Option<Value> {
    let text = planned.text("name")?;
    let name = whole_name(text, zone)?;
    (Some(name.as_str()) == fqdn).then(|| prior.at("name").known().cloned()).flatten()
}

/// The whole name as far as a plan can know it.
pub fn whole_name(text: &str, zone: Option<&DnsName>) -> Option<DnsName> {
    match zone {
        Some(zone) => full_name(text, zone).ok(),
        None => DnsName::parse(text).ok(),
    }
}
