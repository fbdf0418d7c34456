//! What a plan can say of many records: whether they move, their settled values, and their whole names.

use std::collections::BTreeMap;

use super::keys;
use super::model::path;
use crate::domain::dns::DnsName;
use crate::provider::Cx;
use crate::resources::dns_record::foresight::Foresight;
use crate::resources::dns_record::{checks, planning};
use crate::sdk::{Attr, Plan, Seen, Value, View};

/// Whether the records go to another zone, so that they are made anew.
pub fn moves(plan: &Plan<'_>, noted: Option<&str>) -> bool {
    if plan.is_create() {
        return false;
    }
    if !plan.config().at("zone_id").is_null() {
        return plan.changes("zone_id");
    }
    let name = |text: Option<&str>| text.and_then(|text| DnsName::parse(text).ok());
    let (before, after) = (name(plan.prior().text("zone").or(noted)), name(plan.planned().text("zone")));
    before != after || plan.changes("private")
}

/// Tells the records' whole names where all are certain, and warns of those that could not be written. `stays` is the zone
/// that the records are in.
pub async fn plan_names(cx: &Cx, plan: &mut Plan<'_>, stays: Option<DnsName>) -> Option<DnsName> {
    let id = plan.prior().text("zone_id").map(str::to_owned);
    let ahead = Foresight::of(cx, plan, None, (id.as_deref(), stays)).await;
    ahead.warn_of_zone(plan);
    let before = plan.prior().read::<BTreeMap<String, String>>("fqdns").unwrap_or_default();
    let mut names = plan.planned().at("records").known().map(|_| BTreeMap::new());
    for key in keys(plan.planned().at("records")) {
        let prefix = path(&key);
        let text = plan.planned().text(&format!("{prefix}name")).map(str::to_owned);
        let name = text.as_ref().and_then(|text| ahead.fqdn(text)).map(|name| name.as_str().to_owned());
        if let Some(text) = text.filter(|_| name.is_none() || before.get(&key) != name.as_ref()) {
            ahead.warn_of_name(plan, &text, &format!("{prefix}name"));
        }
        if let Some(footing) = checks::footing(plan.planned(), &prefix, ahead.zone.as_ref()) {
            ahead.warn_of_apex(plan, &footing, &format!("{prefix}type"));
        }
        names = names.zip(name).map(|(mut names, name)| {
            names.insert(key, name);
            names
        });
    }
    plan.set("fqdns", names.map_or(Value::Unknown, |names| names.encode()));
    ahead.zone
}

/// The planned records, each settled by itself.
pub fn settled_records(plan: &Plan<'_>, zone: Option<&DnsName>) -> Value {
    let mut records = match plan.planned().at("records") {
        Seen::Known(records) => records.clone(),
        Seen::Null => return Value::Null,
        Seen::Unknown => return Value::Unknown,
    };
    let (config, prior) = (plan.config(), plan.prior());
    let stored = prior.read::<BTreeMap<String, String>>("fqdns").unwrap_or_default();
    let of = |view: View<'_>, key: &str| match view.at("records") {
        Seen::Known(records) => records.member(key).clone(),
        Seen::Null | Seen::Unknown => Value::Null,
    };
    for (key, record) in records.members_mut().into_iter().flatten() {
        let fqdn = stored.get(key).map(String::as_str);
        planning::settle(record, &of(config, key), &of(prior, key), fqdn, zone);
    }
    records
}
