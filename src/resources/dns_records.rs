//! `berth_dns_records`: many record sets of a zone, changed together.

mod ahead;
mod clashes;
mod identity;
mod ids;
mod model;

use std::collections::BTreeMap;

use crate::clients::aws::route53::Progress;
use crate::clients::aws::{Aws, OF_A_REPLACEMENT, Route53Error};
use crate::domain::dns::clash::Footing;
use crate::domain::dns::external_dns::marks_of;
use crate::domain::dns::record_id;
use crate::domain::dns::{DnsName, RecordKey, RecordSet, Transition, Zone, ZoneId};
use crate::provider::{Berth, Cx};
use crate::resources::dns_record::content::Content;
use crate::resources::dns_record::foresight::Foresight;
use crate::resources::dns_record::place::{
    ZoneWish, explained, imported_zone, known_zone, no_stranger, noted_zone, warn_of_apex,
};
use crate::resources::dns_record::{beside, checks, existing, planning, standing, visible};
use crate::sdk::{Computed, Diagnostics, Explanation, Import, Meta, Plan, Resource, Result, Seen, Value, View};

use model::{DnsRecordsModel, EntryModel, Placed, path};

/// The note that a refresh missed records of the state: perhaps a run removed them that could not say so any more.
const SOME_GONE: &str = "some_gone";

/// The resource.
pub struct DnsRecords;

impl Resource<Berth> for DnsRecords {
    type Model = DnsRecordsModel;

    const NAME: &'static str = "berth_dns_records";

    const META: Meta = Meta {
        import_id: "ZONE[/KEY=NAME/TYPE[/SET_IDENTIFIER],…]",
        ..Meta::new(
            "DNS",
            "Many record sets of a hosted zone in Route53, changed together: deletions, changes and new records of one apply \
             are one request, which takes effect as a whole or not at all. Only what is more than Route53 takes at once (1,000 \
             values or 32,000 characters, those of replaced records counted twice) is divided into several; if one of them \
             fails, the state holds exactly what was done, and the next apply goes on from there. A drift of one record is \
             shown at its key. What other resources of the run remove or hand over goes in the same request; what else \
             stands in the way is refused, and the message names the id that imports it. An import names the zone by its id where \
             the declaration has `zone_id`, and by its name (`example.com/web=www/A`) where it has `zone`.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        if config.at("zone_id").is_null() && config.at("zone").is_null() {
            found.error(&wrong("Records need a `zone_id` or a `zone`", "zone_id"));
        }
        if config.at("zone_id").is_given() && config.at("zone").is_given() {
            found.error(&wrong("`zone_id` and `zone` are both set", "zone"));
        }
        if config.text("wait") == Some("authoritative") && config.truth("private") == Some(true) {
            found.error(&wrong(
                "A private zone's servers cannot be asked from here: `wait` may be `none` or `insync`",
                "wait",
            ));
        }
        for key in keys(config.at("records")) {
            if config.at(path(&key).trim_end_matches('.')).is_given() {
                checks::content(*config, &path(&key), found);
                checks::apex(*config, &path(&key), found);
            }
        }
        clashes::check(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        if let Some((zone, keys)) = plan.prior_model::<DnsRecordsModel>().as_ref().and_then(all_stored) {
            standing::keep(cx, &zone, &keys)?;
        }
        let noted = noted_zone(plan.private());
        planning::keep_private(plan);
        let moves = ahead::moves(plan, noted.as_deref());
        let zone = known_zone(plan.planned().text("zone"), noted.filter(|_| !moves));
        let records = ahead::settled_records(plan, zone.as_ref());
        plan.set("records", records);
        if moves {
            plan.replace_for(if plan.config().at("zone_id").is_null() { "zone" } else { "zone_id" });
            return Ok(());
        }
        let ahead = if plan.is_create() {
            Some(ahead::plan_names(cx, plan, None).await)
        } else {
            plan.keep(&["zone_id"]);
            let changes = plan.changes("records");
            if changes { Some(ahead::plan_names(cx, plan, zone.clone()).await) } else { None }
        };
        if ahead.is_none() {
            plan.keep(&["fqdns"]);
        }
        let place = ahead.as_ref().and_then(Foresight::found).cloned();
        let zone = ahead.and_then(|ahead| ahead.zone).or(zone);
        let footing = |key: &String| {
            let prefix = path(key);
            Some((format!("{prefix}name"), checks::footing(plan.planned(), &prefix, zone.as_ref())?))
        };
        let all: Vec<_> = keys(plan.planned().at("records")).iter().filter_map(footing).collect();
        if let Some(place) = place.as_ref().filter(|_| plan.is_create()) {
            existing::warn(cx, plan, place, &all).await;
        }
        beside::warn(cx, plan, place.as_ref().map(|place| &place.id), all);
        Ok(())
    }

    async fn plan_destroy(&self, cx: &Cx, model: DnsRecordsModel) -> Result<()> {
        if let Some((zone, keys)) = all_stored(&model) {
            standing::plan_destroy(cx, &zone, &keys).await?;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut DnsRecordsModel) -> Result<()> {
        carried_out(cx, None, model).await
    }

    async fn read(&self, cx: &Cx, mut model: DnsRecordsModel) -> Result<Option<DnsRecordsModel>> {
        let aws = cx.provider().aws()?;
        let Some(zone) = model.given_zone_id() else { return Ok(None) };
        let stored = model.stored();
        existing::note(cx, &zone, stored.values());
        let keys: Vec<_> = old_sets(&model).into_keys().collect();
        standing::find(cx, &zone, &keys);
        let marks: Vec<_> = marks(&model).collect();
        let names = stored.values().chain(marks.iter().map(|mark| &mark.key)).map(|key| key.name.clone()).collect();
        let live = match aws.route53().await.records_of(cx.budget(), &zone, &names).await {
            Ok(live) => live,
            Err(Route53Error::NoZoneId(_)) => return Ok(None),
            Err(error) => return Err(explained(aws, &error, "Cannot read the records", &format!("zone {zone}")).await),
        };
        standing::found(cx, &zone, &keys);
        let found = |key: &RecordKey| live.get(&key.name)?.iter().find(|set| set.key == *key);
        for (key, place) in &stored {
            if let (Some(set), Some(entry)) = (found(place), model.records.get_mut(key)) {
                entry.content.refresh(set);
            } else {
                model.records.remove(key);
                cx.remember(SOME_GONE, &true);
            }
        }
        if marks.iter().any(|mark| !found(&mark.key).is_some_and(|set| set.means_the_same_as(mark))) {
            model.external_dns_owner = None;
        }
        let sets: Vec<_> = stored.values().filter_map(found).cloned().collect();
        visible::warn_of_external_dns(cx, aws, &zone, &sets, model.external_dns_owner.as_deref()).await;
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &DnsRecordsModel, model: &mut DnsRecordsModel) -> Result<()> {
        carried_out(cx, Some(prior), model).await
    }

    async fn delete(&self, cx: &Cx, model: DnsRecordsModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let Some((zone, keys)) = all_stored(&model) else { return Ok(()) };
        existing::note(cx, &zone, model.stored().values());
        let (mut old, left) = (old_sets(&model), standing::left(cx, &zone, &keys));
        old.retain(|key, _| !left.contains(key));
        let wish = Transition { old, ..Transition::default() }.in_run();
        let done = aws.route53().await.carry_out(cx.budget(), &zone, wish).await;
        warn_of_apex(cx, &zone, &done.left);
        match done.into_result() {
            Ok(_) | Err(Route53Error::NoZoneId(_)) => Ok(()),
            Err(error) => Err(explained(aws, &error, "Cannot delete the records", &format!("zone {zone}")).await),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<DnsRecordsModel>> {
        let what = format!("Cannot import the records `{id}`");
        let Some(wanted) = ids::parse(id) else {
            let step = "give `ZONE_ID/KEY=NAME/TYPE,KEY=NAME/TYPE`, or `ZONE_ID` alone for all records of the zone";
            return Err(Explanation::new("BERTH-ROUTE53-020", what).next(step));
        };
        let aws = cx.provider().aws()?;
        let (zone, by_name) = imported_zone(cx, aws, &wanted.zone, &what).await?;
        let object = format!("zone {}", zone.id);
        let live = match aws.route53().await.records(cx.budget(), &zone.id).await {
            Ok(live) => live,
            Err(error) => return Err(explained(aws, &error, &what, &object).await),
        };
        let chosen = wanted.chosen(&zone.name, &live).map_err(|missing| {
            Explanation::new("BERTH-ROUTE53-021", what)
                .on(object)
                .said("Route53", format!("there is no record `{missing}`"))
                .next("check name and type; `aws route53 list-resource-record-sets` lists those there are")
        })?;
        let zone_name = by_name.then_some(wanted.zone);
        Ok(Import(DnsRecordsModel { zone: zone_name, ..imported(&zone, chosen) }))
    }
}

fn wrong(text: &str, attribute: &str) -> Explanation {
    Explanation::new("BERTH-ROUTE53-023", text).next("correct it; nothing was changed").at(attribute)
}

fn keys(records: Seen<'_>) -> Vec<String> {
    records.known().and_then(Value::members).map(|members| members.keys().cloned().collect()).unwrap_or_default()
}

/// The marks of the stored records.
fn marks(model: &DnsRecordsModel) -> impl Iterator<Item = RecordSet> {
    let sets = old_records(model).into_values().flat_map(|sets| sets.into_iter().skip(1));
    sets.collect::<Vec<_>>().into_iter()
}

/// The record sets of the state, as far as they can be told, by key.
fn old_records(model: &DnsRecordsModel) -> BTreeMap<String, Vec<RecordSet>> {
    let of = |(key, place): (String, RecordKey)| {
        let set = model.records.get(&key)?.content.record_set(&place.name, "").ok()?;
        let owner = model.external_dns_owner.as_deref();
        let marks = owner.and_then(|owner| marks_of(&set, owner).ok()).unwrap_or_default();
        Some((key, std::iter::once(set).chain(marks).collect()))
    };
    model.stored().into_iter().filter_map(of).collect()
}

/// Where the state says that the records and their marks are.
fn all_stored(model: &DnsRecordsModel) -> Option<(ZoneId, Vec<RecordKey>)> {
    Some((model.given_zone_id()?, old_sets(model).into_keys().collect()))
}

/// All that the state claims.
fn old_sets(model: &DnsRecordsModel) -> BTreeMap<RecordKey, Option<RecordSet>> {
    let bare = model.stored().into_values().map(|key| (key, None));
    let known = old_records(model).into_values().flatten().map(|set| (set.key.clone(), Some(set)));
    bare.chain(known).collect()
}

/// Makes the zone so; what was done is in the model, whatever fails.
async fn carried_out(cx: &Cx, prior: Option<&DnsRecordsModel>, model: &mut DnsRecordsModel) -> Result<()> {
    let aws = cx.provider().aws()?;
    let name = model.zone.clone();
    let wish = ZoneWish { id: model.given_zone_id(), name: name.as_deref(), private: model.private };
    let zone = wish.zone(cx, aws, "", "Cannot place the records").await?;
    let placed = placed(cx, aws, prior, model, &zone).await?;
    let sets: Vec<_> = placed.iter().flat_map(|placed| placed.sets.clone()).collect();
    let transition = Transition {
        old: prior.map(old_sets).unwrap_or_default(),
        new: sets.clone(),
        overwrite: model.overwrite,
        ties: ties(prior, &placed),
        in_run: true,
        resumes: prior.is_some() && cx.recall(SOME_GONE).unwrap_or(false),
    };
    let progress = aws.route53().await.carry_out(cx.budget(), &zone.id, transition).await;
    visible::warn_of_external_dns(cx, aws, &zone.id, &sets, model.external_dns_owner.as_deref()).await;
    model.settle(&zone.id, &placed);
    standing::note_written(cx);
    let Progress { changes, done, pending, left, failure } = progress;
    let Some(error) = failure else {
        cx.exists();
        cx.forget(SOME_GONE);
        warn_of_apex(cx, &zone.id, &left);
        let waited = visible::wait(cx, aws, &model.wait, &changes, &sets, "Cannot see the records").await;
        if prior.is_none() {
            cx.tell_wait(waited, visible::AFTERWARDS);
            return Ok(());
        }
        return waited;
    };
    let account = account(done, sets.len(), pending.len());
    if done > 0 {
        model.settle_partly(prior, &pending, &placed);
        cx.exists();
    }
    Err(failed(aws, &zone, &error, &placed, &account).await)
}

/// The record sets that the model asks for, by key, if they can stand in the zone and beside each other.
async fn placed(
    cx: &Cx,
    aws: &Aws,
    prior: Option<&DnsRecordsModel>,
    model: &DnsRecordsModel,
    zone: &Zone,
) -> Result<Vec<Placed>> {
    let placed = model.placed(zone)?;
    let before = prior.map(DnsRecordsModel::stored).unwrap_or_default();
    let new = placed.iter().filter(|placed| before.get(&placed.key).is_none_or(|old| old.name != placed.name));
    for (one, entry) in new.filter_map(|one| Some((one, model.records.get(&one.key)?))) {
        no_stranger(cx, aws, &entry.name, (zone, &one.name), &format!("{}name", path(&one.key))).await?;
    }
    let footings = placed.iter().filter_map(|one| Some((one.key.clone(), Footing::from(one.sets.first()?))));
    match clashes::among(footings).into_iter().next() {
        Some(problem) => Err(problem.on(format!("zone {} ({})", zone.id, zone.name))),
        None => Ok(placed),
    }
}

/// What was done, in words.
fn account(parts: usize, wished: usize, pending: usize) -> String {
    if parts == 0 {
        return "nothing was changed".to_owned();
    }
    let done = wished.saturating_sub(pending);
    format!("{done} of {wished} record sets are as declared and in the state, {pending} are still to be changed")
}

/// The old and the new names of a key change in the same moment, and so does a record's mark.
fn ties(prior: Option<&DnsRecordsModel>, placed: &[Placed]) -> Vec<(DnsName, DnsName)> {
    let before = prior.map(DnsRecordsModel::stored).unwrap_or_default();
    let of = |placed: &Placed| {
        let marks = placed.sets.iter().skip(1).map(|mark| mark.key.name.clone());
        let old = before.get(&placed.key).map(|old| old.name.clone());
        marks.chain(old).map(|other| (placed.name.clone(), other)).collect::<Vec<_>>()
    };
    placed.iter().flat_map(of).filter(|(one, other)| one != other).collect()
}

/// The failure, with the keys to blame and an account of what was done.
async fn failed(aws: &Aws, zone: &Zone, error: &Route53Error, placed: &[Placed], done: &str) -> Explanation {
    let guilty = guilty(error, placed);
    let which = match guilty.as_slice() {
        [] => "the records".to_owned(),
        keys => format!("the record{} {}", if keys.len() == 1 { "" } else { "s" }, quoted(keys)),
    };
    let object = format!("zone {} ({}); {done}", zone.id, zone.name);
    let explanation = explained(aws, error, &format!("Cannot write {which}"), &object).await;
    let explanation = match error {
        Route53Error::Taken { conflicts, .. } if conflicts.iter().all(|c| c.wanted.key == c.existing.key) => {
            let records = conflicts.iter().map(|conflict| (key_of(placed, &conflict.wanted.key), &conflict.wanted.key));
            explanation.next(format!(
                "import what exists (into a new `berth_dns_records`, by the id `{}`), choose other names, or set \
                 `overwrite = true` to replace it; {OF_A_REPLACEMENT}; it was not changed",
                record_id::write_all(&zone.id, records)
            ))
        }
        _ => explanation,
    };
    match guilty.first() {
        Some(key) => explanation.at(path(key).trim_end_matches('.')),
        None => explanation,
    }
}

fn quoted(keys: &[String]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// The user's key of a record set.
fn key_of<'a>(placed: &'a [Placed], wanted: &RecordKey) -> &'a str {
    let holds = |placed: &&Placed| placed.sets.iter().any(|set| set.key == *wanted);
    placed.iter().find(holds).map_or("", |placed| placed.key.as_str())
}

/// The keys of the records that a failure is about, as far as it tells: Route53 names them in its words.
fn guilty(error: &Route53Error, placed: &[Placed]) -> Vec<String> {
    match error {
        Route53Error::Taken { conflicts, .. } => {
            let mut keys: Vec<_> = conflicts.iter().map(|c| key_of(placed, &c.wanted.key).to_owned()).collect();
            keys.dedup();
            keys
        }
        Route53Error::Aws(error) => {
            let words = error.reply().map(|reply| reply.message.to_ascii_lowercase()).unwrap_or_default();
            let named = |placed: &&Placed| {
                words.contains(&format!("'{}.'", placed.name)) || words.contains(&format!("'{}'", placed.name))
            };
            placed.iter().filter(named).map(|placed| placed.key.clone()).collect()
        }
        _ => Vec::new(),
    }
}

fn imported(zone: &Zone, chosen: Vec<(String, RecordSet)>) -> DnsRecordsModel {
    let fqdns =
        chosen.iter().map(|(key, set)| (key.clone(), set.key.name.as_str().to_owned())).collect::<BTreeMap<_, _>>();
    let entry = |(key, set): (String, RecordSet)| {
        (key, EntryModel { name: set.key.name.as_str().to_owned(), content: Content::found(&set) })
    };
    DnsRecordsModel {
        zone_id: Computed::Known(zone.id.as_str().to_owned()),
        zone: None,
        private: zone.private,
        records: chosen.into_iter().map(entry).collect(),
        overwrite: false,
        external_dns_owner: None,
        wait: "insync".to_owned(),
        fqdns: Computed::Known(fqdns),
        timeouts: None,
    }
}
