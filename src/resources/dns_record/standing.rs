//! A record that two instances of one state have: one took it over from the other, and a run ended before the other was
//! destroyed. The record is the one's that stays; Route53 has no marks that would tell whose it is.

use std::collections::BTreeSet;
use std::time::Duration;

use super::existing::noted;
use crate::domain::dns::{RecordKey, ZoneId};
use crate::provider::Cx;
use crate::sdk::{Explanation, Result};

/// The note of when the instance last wrote its records.
const WRITTEN: &str = "written_at";

/// The note of a refresh that another instance wrote these records later. A host plans the destroy of a deposed object anew in
/// the apply, where nothing is heard of the other, and has forgotten what was noted in the plan; what a refresh notes it keeps.
const SUCCEEDED: &str = "succeeded_by_another";

/// How long the plan of a destroy waits for the plan of an instance that keeps the record …
const SHORT: Duration = Duration::from_millis(500);
/// … and where a refresh has shown that there is a second one.
const LONG: Duration = Duration::from_secs(5);
const GLANCE: Duration = Duration::from_millis(20);

/// Notes that the instance has written its records: they are its own from here on.
pub fn note_written(cx: &Cx) {
    cx.forget(SUCCEEDED);
    cx.remember(WRITTEN, &cx.clock().now().as_microsecond());
}

/// Begins a refresh: notes that this state has these records.
pub fn find(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) {
    let written = cx.recall(WRITTEN).unwrap_or_default();
    for key in keys {
        cx.provider().standing().find(&noted(zone, key), written);
    }
}

/// Ends a refresh, when those of others have begun: notes which records another instance wrote later.
pub fn found(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) {
    let written = cx.recall(WRITTEN).unwrap_or_default();
    let standing = cx.provider().standing();
    let objects = keys.iter().map(|key| noted(zone, key));
    let later: BTreeSet<_> = objects.filter(|object| standing.is_succeeded(object, written)).collect();
    if later.is_empty() { cx.forget(SUCCEEDED) } else { cx.remember(SUCCEEDED, &later) }
}

/// Notes in the plan of an instance that stays which records it has.
///
/// # Errors
/// The destroy of another instance was planned before, and would remove one of them.
pub fn keep(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) -> Result<()> {
    let standing = cx.provider().standing();
    // All are noted, whatever the first of them is.
    let late: Vec<_> = keys.iter().filter(|key| !standing.keep(&noted(zone, key))).collect();
    let Some(key) = late.first() else { return Ok(()) };
    Err(untold(zone, key))
}

fn untold(zone: &ZoneId, key: &RecordKey) -> Explanation {
    let what = format!("A resource is to be destroyed whose record `{key}` another one of this state has taken over");
    Explanation::new("BERTH-ROUTE53-038", what)
        .on(format!("zone {zone}"))
        .said("The provider", "the refresh of one of the two came too late to say so, or there was none")
        .next(
            "take the former resource out of the state, by a `removed` block with `destroy = false` or by `state rm`: the record \
             is the other's; where the host refreshes first, planning again with a refresh tells whose it is as well",
        )
}

/// Plans the destroy of an instance: what another one has taken over is left, which is told.
///
/// # Errors
/// Another one keeps a record, and the notes do not say so.
pub async fn plan_destroy(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) -> Result<()> {
    let left: BTreeSet<String> = cx.recall(SUCCEEDED).unwrap_or_default();
    let gone: BTreeSet<_> = keys.iter().map(|key| noted(zone, key)).filter(|object| !left.contains(object)).collect();
    wait(cx, &gone).await;
    let kept = cx.provider().standing().let_go(&gone);
    if let Some(key) = keys.iter().find(|key| kept.contains(&noted(zone, key))) {
        return Err(untold(zone, key));
    }
    tell(cx, zone, keys.iter().filter(|key| left.contains(&noted(zone, key))));
    Ok(())
}

/// What a destroy must leave.
pub fn left(cx: &Cx, zone: &ZoneId, keys: &[RecordKey]) -> BTreeSet<RecordKey> {
    let left: BTreeSet<String> = cx.recall(SUCCEEDED).unwrap_or_default();
    keys.iter().filter(|key| left.contains(&noted(zone, key))).cloned().collect()
}

async fn wait(cx: &Cx, objects: &BTreeSet<String>) {
    if objects.is_empty() {
        return;
    }
    let standing = cx.provider().standing();
    let limit = if objects.iter().any(|object| standing.is_shared(object)) {
        LONG
    } else if cx.provider().holdings().may_wait() {
        SHORT
    } else {
        return;
    };
    let patience = cx.budget().at_most(limit);
    while !objects.iter().any(|object| standing.is_kept(object)) {
        if patience.sleep(GLANCE).await.is_err() {
            return cx.provider().holdings().waited_in_vain();
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
