//! What a plan says of a mirror: what its images are called there, which are copied, and what will be refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::oci::mirror::Mirrored;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Attr as _, Computed, Plan, Result, Value};

use super::super::objects::side_by_side;
use super::super::oci_tag::moving;
use super::model::Copied;
use super::{at, copying, foresight, names};

/// What is computed.
const OUTCOME: [&str; 2] = ["mapping", "copies"];

/// What has all images looked through again.
pub const WISH: [&str; 2] = ["platforms", "triggers"];

type Copies = BTreeMap<String, Copied>;

/// Refines the plan.
pub async fn plan(cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
    let before: Copies = plan.prior().read("copies").unwrap_or_default();
    let Some(all) = mirrored(cx, plan, &before).await? else {
        plan.leave_open(&OUTCOME);
        return Ok(());
    };
    let sources = foresight::digests(cx, plan, &all).await;
    let copies: Copies = all.keys().map(|name| (name.clone(), copied(plan, name, &sources, &before))).collect();
    look(cx, plan, &all, &copies, &before).await;
    let losing = |name: &String| all.get(name).is_some_and(|it| copying::is_losing(cx, &it.place));
    let called = |(name, copied): (&String, &Copied)| {
        let called = all.get(name).and_then(|it| it.name(copied.digest.get().map(String::as_str)));
        (name.clone(), called.map_or(Value::Unknown, Value::from))
    };
    plan.set("mapping", Value::Map(copies.iter().map(called).collect()));
    let shown = copies.into_iter().map(|(name, mut copied)| {
        if losing(&name) {
            copied.tag_digest = Computed::Unknown;
        }
        (name, copied)
    });
    let shown: Copies = shown.collect();
    plan.set("copies", shown.encode());
    Ok(())
}

/// The images that are wanted, where that is known.
async fn mirrored(cx: &Cx, plan: &mut Plan<'_>, before: &Copies) -> Result<Option<BTreeMap<String, Mirrored>>> {
    let planned = plan.planned();
    let Some(mirror) = names::mirror(planned).filter(|_| names::are_known(planned)) else { return Ok(None) };
    let (mut wanted, pods) = (names::declared(planned), names::pods(planned));
    let all = |names: &BTreeSet<String>| {
        mirror.all(names.iter().map(String::as_str)).map_err(|fault| names::wrong("Cannot plan the mirror", &fault))
    };
    if let Some(pods) = pods {
        let known = all(&before.keys().cloned().collect())?;
        match in_use(cx, plan, names::of_pods(cx, &pods, &mirror, &known).await) {
            Some(used) => wanted.extend(used),
            None if plan.is_create() => return Ok(None),
            None => wanted.extend(before.keys().cloned()),
        }
    }
    all(&wanted).map(Some)
}

/// What Pods use; `None` where that cannot be told now.
fn in_use(cx: &Cx, plan: &mut Plan<'_>, found: Result<BTreeSet<String>>) -> Option<BTreeSet<String>> {
    match found {
        Ok(used) => Some(used),
        Err(_) if plan.is_create() || cx.provider().is_offline() => None,
        Err(error) => {
            plan.warn(&unlisted(&error));
            None
        }
    }
}

fn unlisted(error: &Explanation) -> Explanation {
    Explanation::new("BERTH-OCI-022", "Which images the Pods use cannot be told now")
        .said("The look at the cluster", error.cause())
        .next("nothing needs to be done if this passes: the images that were found before stay in the mirror")
        .at("pods")
}

/// What is planned of an image. A source that was not seen keeps what was copied of it.
fn copied(plan: &Plan<'_>, name: &str, sources: &BTreeMap<String, String>, before: &Copies) -> Copied {
    let before = before.get(name);
    let source = sources.get(name).cloned().map(Computed::Known);
    let source = source.or_else(|| before.map(|it| it.source_digest.clone())).unwrap_or_default();
    let is_whole = plan.planned().at("platforms").is_null();
    let is_anew = WISH.iter().any(|part| plan.changes(part));
    let digest = match before {
        _ if is_whole => source.clone(),
        Some(before) if !is_anew && before.source_digest == source => before.digest.clone(),
        _ => Computed::Unknown,
    };
    Copied { source_digest: source, tag_digest: digest.clone(), digest }
}

/// Notes whose tags these are, and warns of what the apply will refuse.
async fn look(cx: &Cx, plan: &mut Plan<'_>, all: &BTreeMap<String, Mirrored>, copies: &Copies, before: &Copies) {
    let moving = moving(plan.planned().truth("overwrite") != Some(false));
    let is_replaced = plan.changes("destination") || plan.changes("keep_host");
    // Several names may mean one tag.
    let by_place: BTreeMap<String, (&String, &Mirrored)> =
        all.iter().map(|(name, it)| (it.place.to_string(), (name, it))).collect();
    let looks = by_place.into_values().map(|(name, it)| async move {
        let digest = |copies: &Copies| copies.get(name).and_then(|it| it.digest.get().cloned());
        if before.contains_key(name) && !is_replaced {
            at(&it.place).stands(cx, digest(before).as_deref())
        } else {
            at(&it.place).foreseen(cx, digest(copies).as_deref(), moving).await
        }
    });
    for told in side_by_side(looks).await.into_iter().flatten() {
        plan.warn(&told);
    }
}
