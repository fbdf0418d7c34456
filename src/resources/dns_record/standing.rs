//! A record that two instances of one state have: one took it over from the other, and a run ended before the other was
//! destroyed. The record is the one's that stays; Route53 has no marks that would tell whose it is.

use std::collections::BTreeSet;
use std::time::Duration;

use super::existing::noted;
use crate::domain::dns::{RecordKey, ZoneId};
use crate::provider::Cx;
use crate::sdk::{Explanation, Result};

/// The note of what a destroy leaves, for the apply.
const LEFT: &str = "left_to_another";

/// How long the plan of a destroy waits for the plan of an instance that keeps the record …
const SHORT: Duration = Duration::from_millis(500);
/// … and where a refresh has shown that there is a second one.
const LONG: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(20);

/// Notes in the plan of an instance that stays which records it has.
///
/// # Errors
/// The destroy of another instance was planned before, and would remove one of them.
pub fn keep(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) -> Result<()> {
    let standing = cx.provider().standing();
    // All are noted, whatever the first of them is.
    let late: Vec<_> = keys.iter().filter(|key| !standing.keep(&noted(zone, key))).collect();
    let Some(key) = late.first() else { return Ok(()) };
    let what = format!("Another resource of this state is to be destroyed, and with it the record `{key}` of this one");
    Err(Explanation::new("BERTH-ROUTE53-038", what)
        .on(format!("zone {zone}"))
        .said("The provider", "it took the record over, but its plan came after that of the destroy")
        .next(
            "plan again, which mostly finds both in time, and leaves the record; or take the former resource out of the state \
             by a `removed` block with `destroy = false`",
        ))
}

/// Plans the destroy of an instance: what another one keeps is left, which is told.
pub async fn plan_destroy(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) {
    let objects: BTreeSet<_> = keys.iter().map(|key| noted(zone, key)).collect();
    wait(cx, &objects).await;
    let left = cx.provider().standing().let_go(&objects);
    if left.is_empty() {
        return cx.forget(LEFT);
    }
    cx.remember(LEFT, &left);
    tell(cx, zone, keys.iter().filter(|key| left.contains(&noted(zone, key))));
}

/// What a destroy must leave: what its plan says, and what is known by now.
pub fn left(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) -> BTreeSet<RecordKey> {
    let planned: BTreeSet<String> = cx.recall(LEFT).unwrap_or_default();
    cx.forget(LEFT);
    let standing = cx.provider().standing();
    let late: Vec<_> = keys.iter().filter(|key| !planned.contains(&noted(zone, key))).collect();
    let late: Vec<_> = late.into_iter().filter(|key| standing.is_kept(&noted(zone, key))).collect();
    tell(cx, zone, late.iter().copied());
    let planned = keys.iter().filter(|key| planned.contains(&noted(zone, key)));
    planned.chain(late).cloned().collect()
}

async fn wait(cx: &Cx, objects: &BTreeSet<String>) {
    let (standing, holdings) = (cx.provider().standing(), cx.provider().holdings());
    let limit = if objects.iter().any(|object| holdings.times_noted(object) > 1) {
        LONG
    } else if standing.may_wait() {
        SHORT
    } else {
        return;
    };
    let patience = cx.budget().at_most(limit);
    while !objects.iter().any(|object| standing.is_kept(object)) {
        if patience.sleep(GLANCE).await.is_err() {
            return standing.waited_in_vain();
        }
    }
}

fn tell<'a>(cx: &Cx, zone: &ZoneId, left: impl Iterator<Item = &'a RecordKey>) {
    let left: Vec<_> = left.map(|key| format!("`{key}`")).collect();
    if left.is_empty() {
        return;
    }
    let told = Explanation::new("BERTH-ROUTE53-039", format!("The destroy leaves {}", left.join(", ")))
        .on(format!("zone {zone}"))
        .said("The provider", "another resource of this state has taken the record over, and stays")
        .next("nothing: it is that one's by now");
    cx.warn(&told);
}
