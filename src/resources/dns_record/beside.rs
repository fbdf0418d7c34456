//! New records of a configuration that cannot stand beside each other, told in the plan.

use crate::domain::dns::ZoneId;
use crate::domain::dns::clash::Footing;
use crate::provider::Cx;
use crate::sdk::{Explanation, Plan};

/// Warns where a new record excludes one that another resource of the same run is to make. Only a warning: what the zone
/// really holds is judged by the apply.
pub fn warn(cx: &Cx, plan: &mut Plan<'_>, records: impl IntoIterator<Item = (String, Footing)>) {
    if !plan.is_create() {
        return;
    }
    let zone = zone(plan);
    let clashes: Vec<_> = records
        .into_iter()
        .filter_map(|(attribute, record)| {
            let (other, clash) = cx.provider().planned_records().add(&zone, record.clone())?;
            Some((attribute, record, other, clash))
        })
        .collect();
    for (attribute, record, other, clash) in clashes {
        let what = format!("Two new records of this configuration exclude each other: `{}`", record.key);
        let words = format!("`{}` and `{}` {clash}", other.key, record.key);
        let step = "remove one of them, or correct its name; as it is, the apply will refuse one of the two";
        plan.warn(&Explanation::new("BERTH-ROUTE53-033", what).said("The provider", words).next(step).at(attribute));
    }
}

/// The zone as the configuration names it.
fn zone(plan: &Plan<'_>) -> String {
    let planned = plan.planned();
    let private = planned.truth("private").unwrap_or(false);
    match (planned.text("zone_id"), planned.text("zone")) {
        (Some(id), _) => ZoneId::new(id).as_str().to_owned(),
        (None, Some(name)) => format!("{} {private}", name.trim_end_matches('.').to_ascii_lowercase()),
        (None, None) => private.to_string(),
    }
}
