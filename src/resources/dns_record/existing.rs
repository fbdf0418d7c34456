//! Records that stand in the way of those that a plan is to make.

use std::collections::BTreeSet;

use crate::domain::dns::clash::{Clash, Footing};
use crate::domain::dns::{RecordKey, Zone, ZoneId, record_id};
use crate::provider::Cx;
use crate::resources::aws_look;
use crate::sdk::{Explanation, Plan};

/// How a record of this state is noted.
pub fn noted(zone: &ZoneId, key: &RecordKey) -> String {
    format!("record {}", record_id::write(zone, key))
}

/// Notes that this state has these records.
pub fn note<'a>(cx: &Cx, zone: &ZoneId, keys: impl IntoIterator<Item = &'a RecordKey>) {
    for key in keys {
        cx.provider().holdings().note_own(&noted(zone, key));
    }
}

/// For more names than that, the request is left to the apply, which makes it anyway.
const MOST_NAMES: usize = 100;

/// Warns of records that are in the zone already, of the same key or beside which new ones cannot stand, unless this state has
/// them. `new` is what is to be made, each with its attribute.
pub async fn warn(cx: &Cx, plan: &mut Plan<'_>, zone: &Zone, new: &[(String, Footing)]) {
    let names: BTreeSet<_> = new.iter().map(|(_, footing)| footing.key.name.clone()).collect();
    if names.len() > MOST_NAMES {
        return;
    }
    let overwrites = plan.planned().truth("overwrite") != Some(false);
    let Some(live) = aws_look::records(cx, zone, &names).await else { return };
    let mut found = Vec::new();
    for (attribute, wanted) in new {
        let clashing = live.iter().filter_map(|set| Some((set, wanted.clash(&Footing::from(set))?)));
        let refused = clashing.filter(|(_, clash)| !overwrites || *clash != Clash::Same);
        found.extend(refused.map(|(set, clash)| (noted(&zone.id, &set.key), (attribute, wanted, &set.key, clash))));
    }
    for (attribute, wanted, key, clash) in aws_look::strangers(cx, found).await {
        plan.warn(&told(zone, wanted, key, clash).at(attribute));
    }
}

fn told(zone: &Zone, wanted: &Footing, found: &RecordKey, clash: Clash) -> Explanation {
    let what = format!("The apply will refuse to make the record `{}`", wanted.key);
    let told = Explanation::new("BERTH-ROUTE53-036", what).on(format!("zone {} ({})", zone.id, zone.name));
    if clash == Clash::Same {
        let step = format!(
            "import it (`{}`), or set `overwrite = true` to replace it; nothing, if this apply removes it",
            record_id::write(&zone.id, found)
        );
        return told.said("Route53", format!("`{found}` exists already")).next(step);
    }
    let step = "remove that record, or choose another name; nothing, if this apply removes it";
    told.said("Route53", format!("`{found}` exists: the two {clash}")).next(step)
}
