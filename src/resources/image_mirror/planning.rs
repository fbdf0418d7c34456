//! What a plan says of a mirror: what its images are called there, which are copied, and what will be refused.

use std::collections::BTreeMap;

use crate::domain::oci::mirror::{Mirror, Mirrored};
use crate::provider::Cx;
use crate::sdk::{Attr as _, Computed, Plan, Result, Value};

use super::super::objects::side_by_side;
use super::super::oci_tag::moving;
use super::model::Copied;
use super::{at, copying, foresight, names};

/// What is computed.
const OUTCOME: [&str; 2] = ["mapping", "copies"];

/// What has all images looked through again.
const WISH: [&str; 2] = ["platforms", "triggers"];

type Copies = BTreeMap<String, Copied>;

/// Refines the plan. It goes by what the last refresh has noted, as a host plans once more while it applies and takes no other
/// answer then; what is new is left open.
pub async fn plan(cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
    let before: Copies = plan.prior().read("copies").unwrap_or_default();
    let Some((mirror, all)) = mirrored(cx, plan)? else {
        plan.leave_open(&OUTCOME);
        return Ok(());
    };
    let noted = foresight::noted(cx);
    let held = held(plan, &mirror, &before, &noted);
    let planned = |it: &Mirrored| copied(plan, it, held.get(&it.place.to_string()));
    let copies: Copies = all.iter().map(|(name, it)| (name.clone(), planned(it))).collect();
    look(cx, plan, &all, &held).await;
    let called = |(name, copied): (&String, &Copied)| {
        let called = all.get(name).and_then(|it| it.name(copied.digest.get().map(String::as_str)));
        (name.clone(), called.map_or(Value::Unknown, Value::from))
    };
    plan.set("mapping", Value::Map(copies.iter().map(called).collect()));
    let losing = |name: &String| all.get(name).is_some_and(|it| copying::is_losing(cx, &it.place));
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
fn mirrored(cx: &Cx, plan: &Plan<'_>) -> Result<Option<(Mirror, BTreeMap<String, Mirrored>)>> {
    let planned = plan.planned();
    let Some(mirror) = names::mirror(planned).filter(|_| names::are_known(planned)) else { return Ok(None) };
    let mut wanted = names::declared(planned);
    if let Some(pods) = names::pods(planned) {
        let Some(used) = names::noted(cx, &pods).filter(|_| !plan.is_create()) else { return Ok(None) };
        wanted.extend(used);
    }
    let all = mirror.all(wanted.iter().map(String::as_str));
    let all = all.map_err(|fault| names::wrong("Cannot plan the mirror", &fault))?;
    Ok(Some((mirror, all)))
}

/// What the mirror has at a tag, and what the image's name stood for at the last refresh, if it was seen then.
struct Held<'a> {
    copied: &'a Copied,
    noted: Option<&'a String>,
}

/// What the mirror has, by its tags: an image may be called otherwise by now. None where all goes to another place.
fn held<'a>(
    plan: &Plan<'_>,
    mirror: &Mirror,
    before: &'a Copies,
    noted: &'a BTreeMap<String, String>,
) -> BTreeMap<String, Held<'a>> {
    if plan.changes("destination") || plan.changes("keep_host") {
        return BTreeMap::new();
    }
    let had = mirror.all(before.keys().map(String::as_str)).unwrap_or_default();
    let of = |(name, it): (String, Mirrored)| {
        Some((it.place.to_string(), Held { copied: before.get(&name)?, noted: noted.get(&name) }))
    };
    had.into_iter().filter_map(of).collect()
}

/// What is planned of an image. A source that was not seen keeps what was copied of it.
fn copied(plan: &Plan<'_>, mirrored: &Mirrored, held: Option<&Held<'_>>) -> Copied {
    let before = held.map(|it| it.copied);
    let known = mirrored.source.digest.as_ref().or_else(|| held.and_then(|it| it.noted));
    let known = known.or_else(|| before.and_then(|it| it.source_digest.get()));
    let source = known.cloned().map_or(Computed::Unknown, Computed::Known);
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
async fn look(cx: &Cx, plan: &mut Plan<'_>, all: &BTreeMap<String, Mirrored>, held: &BTreeMap<String, Held<'_>>) {
    let moving = moving(plan.planned().truth("overwrite") != Some(false));
    let is_new = |it: &Mirrored| !held.contains_key(&it.place.to_string());
    let seen = foresight::look(cx, plan, all.iter().filter(|(_, it)| is_new(it))).await;
    let seen = &seen;
    // Several names may mean one tag.
    let by_place: BTreeMap<String, (&String, &Mirrored)> =
        all.iter().map(|(name, it)| (it.place.to_string(), (name, it))).collect();
    let looks = by_place.into_iter().map(|(place, (name, it))| async move {
        match held.get(&place) {
            Some(held) => at(&it.place).stands(cx, held.copied.digest.get().map(String::as_str)),
            None => at(&it.place).foreseen(cx, seen.get(name).map(String::as_str), moving).await,
        }
    });
    for told in side_by_side(looks).await.into_iter().flatten() {
        plan.warn(&told);
    }
}
