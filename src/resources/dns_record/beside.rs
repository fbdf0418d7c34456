//! Records of a configuration that cannot stand beside each other, told in the plan.

use crate::domain::dns::ZoneId;
use crate::domain::dns::clash::{Clash, Footing};
use crate::provider::Cx;
use crate::sdk::{Explanation, Plan};

/// Warns where a record excludes one that another resource of the same configuration declares. `zone` is the one that a
/// new record was found to go into. Only a warning: what the zone really holds is judged by the apply.
pub fn warn(cx: &Cx, plan: &mut Plan<'_>, zone: Option<&ZoneId>, records: impl IntoIterator<Item = (String, Footing)>) {
    // What is to be replaced was planned as a change first.
    if plan.is_create() && !plan.private().to_bytes().is_empty() {
        return;
    }
    let zone = zone.map_or_else(|| named(plan), |zone| zone.as_str().to_owned());
    let clashes: Vec<_> = records
        .into_iter()
        .filter_map(|(attribute, record)| {
            let (other, clash) = cx.provider().planned_records().add(&zone, record.clone())?;
            Some((attribute, record, other, clash))
        })
        .collect();
    for (attribute, record, other, clash) in clashes {
        let what = format!("Two records of this configuration exclude each other: `{}`", record.key);
        let words = format!("`{}` and `{}` {clash}", other.key, record.key);
        let step = if clash == Clash::Same {
            "remove one of them, or correct its name; as it is, the apply refuses one of the two, or, with \
             `overwrite = true`, each apply takes the record from one and gives it to the other"
        } else {
            "remove one of them, or correct its name; as it is, the apply will refuse one of the two"
        };
        plan.warn(&Explanation::new("BERTH-ROUTE53-033", what).said("The provider", words).next(step).at(attribute));
    }
}

/// The zone as the configuration names it.
fn named(plan: &Plan<'_>) -> String {
    let planned = plan.planned();
    let private = planned.truth("private").unwrap_or(false);
    match (planned.text("zone_id"), planned.text("zone")) {
        (Some(id), _) => ZoneId::new(id).as_str().to_owned(),
        (None, Some(name)) => format!("{} {private}", name.trim_end_matches('.').to_ascii_lowercase()),
        (None, None) => private.to_string(),
    }
}
