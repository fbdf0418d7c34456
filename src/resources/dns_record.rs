//! `berth_dns_record`: one record set of a hosted zone.

pub mod beside;
pub mod checks;
pub mod content;
pub mod existing;
pub mod foresight;
mod identity;
pub mod left;
mod list;
mod model;
mod moved;
pub mod place;
pub mod planning;
pub mod routing;
mod routing_rules;
pub mod standing;
pub mod visible;

use crate::clients::aws::route53::ChangeId;
use crate::clients::aws::{Aws, Route53Error};
use crate::domain::dns::external_dns::{is_mark, marks_of};
use crate::domain::dns::record_id;
use crate::domain::dns::{DnsName, RecordKey, RecordSet, Transition, Zone, ZoneId};
use crate::provider::{Berth, Cx};
use crate::sdk::{Diagnostics, Explanation, Import, Meta, MoveSource, Plan, Resource, Result, Seen, Value, View};

use foresight::Foresight;
use left::Left;
pub use model::DnsRecordModel;
use place::{ZoneWish, explained, imported_zone, known_zone, name_within, no_stranger, noted_zone, warn_of_apex};

/// The resource.
pub struct DnsRecord;

impl Resource<Berth> for DnsRecord {
    type Model = DnsRecordModel;

    const NAME: &'static str = "berth_dns_record";

    const META: Meta = Meta {
        import_id: "ZONE/NAME/TYPE[/SET_IDENTIFIER]",
        ..Meta::new(
            "DNS",
            "A record set of a hosted zone in Route53. Every change is made in place, also one of name or type: the old \
             set goes and the new one comes in the same moment.\n\nConcurrent changes to a zone join into few requests, and \
             where one resource removes what is in the way of another, or hands a record over to it, both are one request, \
             so that the name never is without a record: a creation waits up to 8 seconds for such a removal, and the \
             first removals of a run wait 1.5 seconds for a creation. A resource whose record another one of the state has \
             taken over leaves it when it is destroyed, also in a later run, as after one that was killed; a run that is \
             limited to the former one by `-target` cannot know of the other.\n\nWhat no resource of the run removes is refused: \
             import it, or set `overwrite`. So is a record that a run which was killed has left without a state: the message \
             names its id, and after the import the plan is empty.\n\nAn import names the zone by its id where the \
             declaration has `zone_id` or neither, and by its name (`example.com/www/A`) where it has `zone`. It takes over \
             an `aws_route53_record` by a `moved` block, and its id can be imported too.\n\nThe SOA and NS records of the \
             zone itself can be changed; destroying them leaves them as they are.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        checks::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        if let Some((zone, keys)) = plan.prior_model::<DnsRecordModel>().as_ref().and_then(all_stored) {
            standing::keep(cx, &zone, &keys)?;
        }
        let noted = noted_zone(plan.private());
        planning::keep_private(plan);
        let move_ = Move::of(plan, noted.as_deref());
        let stays = move_ == Move::None;
        let zone = known_zone(plan.planned().text("zone"), noted.filter(|_| stays));
        let fqdn = plan.prior().text("fqdn").filter(|_| stays).map(str::to_owned);
        let (config, prior) = (plan.config().value().clone(), plan.prior().value().clone());
        let mut planned = plan.planned().value().clone();
        planning::settle(&mut planned, &config, &prior, fqdn.as_deref(), zone.as_ref());
        for attribute in ["ttl", "values", "name"] {
            plan.set(attribute, planned.member(attribute).clone());
        }
        let ahead = ahead(cx, plan, move_, zone.clone()).await;
        plan_place(plan, move_, ahead.as_ref());
        left::plan_removal(plan, "fqdn");
        let place = ahead.as_ref().and_then(Foresight::found).cloned();
        let zone = ahead.and_then(|ahead| ahead.zone).or(zone);
        let record = checks::footing(plan.planned(), "", zone.as_ref()).map(|record| ("name".to_owned(), record));
        if let Some(place) = place.as_ref().filter(|_| plan.is_create()) {
            existing::warn(cx, plan, place, record.as_slice()).await;
        }
        beside::warn(cx, plan, place.as_ref().map(|place| &place.id), record);
        Ok(())
    }

    async fn plan_destroy(&self, cx: &Cx, model: DnsRecordModel) -> Result<()> {
        if let Some((zone, keys)) = all_stored(&model) {
            standing::plan_destroy(cx, &zone, &keys).await?;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut DnsRecordModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let (zone, sets) = place(cx, aws, model, None).await?;
        let wish = Transition { new: sets.clone(), overwrite: model.overwrite, ..Transition::default() };
        let change = carried_out(cx, aws, &zone, wish, model, "create").await?;
        cx.tell_wait(seen(cx, aws, model, &change, &sets).await, visible::AFTERWARDS);
        Ok(())
    }

    async fn read(&self, cx: &Cx, mut model: DnsRecordModel) -> Result<Option<DnsRecordModel>> {
        let aws = cx.provider().aws()?;
        let Some((zone, key)) = model.stored_place() else { return Ok(None) };
        let keys = stored_keys(&model, &key);
        existing::note(cx, &zone, &keys);
        standing::find(cx, &zone, &keys);
        let live = match aws.route53().await.record(cx.budget(), &zone, &key).await {
            Ok(Some(live)) => live,
            Ok(None) | Err(Route53Error::NoZoneId(_)) => return Ok(None),
            Err(error) => return Err(failed(aws, "read", &model, &error).await),
        };
        standing::found(cx, &zone, &keys);
        model.content.refresh(&live);
        if let Some(owner) = model.external_dns_owner.take() {
            model.external_dns_owner = owner_of(cx, aws, &zone, &live, &owner).await?;
        }
        let owner = model.external_dns_owner.as_deref();
        visible::warn_of_external_dns(cx, aws, &zone, std::slice::from_ref(&live), owner).await;
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &DnsRecordModel, model: &mut DnsRecordModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let (zone, sets) = place(cx, aws, model, Some(prior)).await?;
        let old_place = prior.stored_place();
        let here = old_place.as_ref().filter(|(old_zone, _)| *old_zone == zone.id);
        let old = here.map(|(_, key)| stored_keys(prior, key)).unwrap_or_default();
        let ties = here.map(|(_, key)| tied(key, &sets)).unwrap_or_default();
        let wish = Transition { new: sets.clone(), overwrite: model.overwrite, ties, ..Transition::delete(old) };
        let change = carried_out(cx, aws, &zone, wish, model, "change").await?;
        // A new set in the new zone stands before the old one goes.
        let left = old_place.filter(|(old_zone, _)| *old_zone != zone.id);
        let left = left.map(|(zone, key)| lefts(&zone, &stored_keys(prior, &key))).unwrap_or_default();
        left::remember(cx, left, &lefts(&zone.id, sets.iter().map(|set| &set.key)));
        seen(cx, aws, model, &change, &sets).await?;
        left::remove(cx, aws, &headline("move", model)).await
    }

    async fn delete(&self, cx: &Cx, model: DnsRecordModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let Some((zone, keys)) = all_stored(&model) else { return Ok(()) };
        existing::note(cx, &zone, &keys);
        removed(cx, aws, &zone, keys, &model).await?;
        left::remove(cx, aws, &headline("delete", &model)).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<DnsRecordModel>> {
        let what = format!("Cannot import the record `{id}`");
        let Some((written, record)) = record_id::read(id) else {
            let step = "give `ZONE_ID/NAME/TYPE`, and `/SET_IDENTIFIER` after it if the set has one; the AWS provider's \
                        `ZONE_ID_NAME_TYPE` does as well";
            return Err(Explanation::new("BERTH-ROUTE53-020", what).next(step));
        };
        let aws = cx.provider().aws()?;
        let (zone, by_name) = imported_zone(cx, aws, written.as_str(), &what).await?;
        let object = format!("zone {}", zone.id);
        let key = record.within(&zone.name).map_err(|error| Route53Error::Name(error).explain(&what, &object))?;
        match aws.route53().await.record(cx.budget(), &zone.id, &key).await {
            Ok(Some(live)) => {
                let zone_name = by_name.then(|| written.as_str().to_owned());
                Ok(Import(DnsRecordModel { zone: zone_name, ..DnsRecordModel::imported(&zone, &live) }))
            }
            Ok(None) => {
                let step = "check name and type; `aws route53 list-resource-record-sets` lists those there are";
                Err(Explanation::new("BERTH-ROUTE53-021", what)
                    .on(object)
                    .said("Route53", "there is no such record")
                    .next(step))
            }
            Err(error) => Err(explained(aws, &error, &what, &object).await),
        }
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<DnsRecordModel>> {
        moved::moved(source)
    }
}

/// Makes the zone so, and notes it in the model.
async fn carried_out(
    cx: &Cx,
    aws: &Aws,
    zone: &Zone,
    wish: Transition,
    model: &mut DnsRecordModel,
    verb: &str,
) -> Result<Vec<ChangeId>> {
    let sets = wish.new.clone();
    let mut done = aws.route53().await.carry_out(cx.budget(), &zone.id, wish.in_run()).await;
    visible::warn_of_external_dns(cx, aws, &zone.id, &sets, model.external_dns_owner.as_deref()).await;
    if let Some(error) = done.failure.take() {
        return Err(failed(aws, verb, model, &error).await);
    }
    warn_of_apex(cx, &zone.id, &done.left);
    if let Some(set) = sets.first() {
        model.settle(&zone.id, set);
    }
    cx.exists();
    standing::note_written(cx);
    Ok(done.changes)
}

/// Waits as long as the user wants to.
async fn seen(cx: &Cx, aws: &Aws, model: &DnsRecordModel, change: &[ChangeId], sets: &[RecordSet]) -> Result<()> {
    visible::wait(cx, aws, &model.wait, change, sets, &headline("see", model)).await
}

async fn removed(cx: &Cx, aws: &Aws, zone: &ZoneId, mut keys: Vec<RecordKey>, model: &DnsRecordModel) -> Result<()> {
    let left = standing::left(cx, zone, &keys);
    keys.retain(|key| !left.contains(key));
    let wish = Transition::delete(keys).in_run();
    let done = aws.route53().await.carry_out(cx.budget(), zone, wish).await;
    warn_of_apex(cx, zone, &done.left);
    match done.into_result() {
        Ok(_) | Err(Route53Error::NoZoneId(_)) => Ok(()),
        Err(error) => Err(failed(aws, "delete", model, &error).await),
    }
}

fn lefts<'a>(zone: &ZoneId, keys: impl IntoIterator<Item = &'a RecordKey>) -> Vec<Left> {
    keys.into_iter().map(|key| Left::set(zone, key)).collect()
}

/// The zone and the record sets that the model asks for: the record first.
async fn place(
    cx: &Cx,
    aws: &Aws,
    model: &DnsRecordModel,
    prior: Option<&DnsRecordModel>,
) -> Result<(Zone, Vec<RecordSet>)> {
    let wish = ZoneWish { id: model.given_zone_id(), name: model.zone.as_deref(), private: model.private };
    let zone = wish.zone(cx, aws, &model.name, &headline("place", model)).await?;
    let name = name_within(&model.name, &zone, "name")?;
    let is_there = prior.is_some_and(|prior| prior.fqdn.get().map(String::as_str) == Some(name.as_str()));
    if !is_there {
        no_stranger(cx, aws, &model.name, (&zone, &name), "name").await?;
    }
    let sets = model.content.record_sets(&name, &zone.name, model.external_dns_owner.as_deref(), "");
    Ok((zone.clone(), sets.map_err(|problem| problem.on(format!("zone {}", zone.id)))?))
}

/// The record and its marks.
fn stored_keys(model: &DnsRecordModel, key: &RecordKey) -> Vec<RecordKey> {
    let set = model.content.record_set(&key.name, "").ok();
    let marks = set.zip(model.external_dns_owner.as_deref()).and_then(|(set, owner)| marks_of(&set, owner).ok());
    std::iter::once(key.clone()).chain(marks.into_iter().flatten().map(|mark| mark.key)).collect()
}

/// Where the state says that the record and its marks are.
fn all_stored(model: &DnsRecordModel) -> Option<(ZoneId, Vec<RecordKey>)> {
    let (zone, key) = model.stored_place()?;
    let keys = stored_keys(model, &key);
    Some((zone, keys))
}

/// A record and its mark change in the same moment, wherever they were and go.
fn tied(old: &RecordKey, new: &[RecordSet]) -> Vec<(DnsName, DnsName)> {
    new.iter().map(|set| (old.name.clone(), set.key.name.clone())).collect()
}

/// The owner that the record's marks name; none if one of them is gone or says something else.
async fn owner_of(cx: &Cx, aws: &Aws, zone: &ZoneId, live: &RecordSet, owner: &str) -> Result<Option<String>> {
    for mark in marks_of(live, owner).unwrap_or_default() {
        let what = format!("Cannot read the mark `{}`", mark.key);
        match aws.route53().await.record(cx.budget(), zone, &mark.key).await {
            Ok(Some(there)) if is_mark(&there) && there.means_the_same_as(&mark) => {}
            Ok(_) => return Ok(None),
            Err(error) => return Err(explained(aws, &error, &what, &format!("zone {zone}")).await),
        }
    }
    Ok(Some(owner.to_owned()))
}

fn headline(verb: &str, model: &DnsRecordModel) -> String {
    format!("Cannot {verb} the {} record `{}`", model.content.r#type.to_ascii_uppercase(), model.name)
}

async fn failed(aws: &Aws, verb: &str, model: &DnsRecordModel, error: &Route53Error) -> Explanation {
    let wish = ZoneWish { id: model.given_zone_id(), name: model.zone.as_deref(), private: model.private };
    explained(aws, error, &headline(verb, model), &wish.object()).await
}

/// Whether and how a planned record goes to another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Move {
    None,
    /// To a zone whose id is given.
    Given,
    /// To a zone that apply will find.
    Open,
}

impl Move {
    fn of(plan: &Plan<'_>, noted: Option<&str>) -> Self {
        if plan.is_create() {
            return Self::None;
        }
        if !plan.config().at("zone_id").is_null() {
            return if plan.changes("zone_id") { Self::Given } else { Self::None };
        }
        let parsed = |text: Option<&str>| text.and_then(|text| DnsName::parse(text).ok());
        let old_zone = parsed(noted).or_else(|| parsed(plan.prior().text("zone")));
        let moves = match plan.planned().at("zone") {
            Seen::Null => is_of_another_zone(plan, old_zone.as_ref()),
            Seen::Unknown => true,
            Seen::Known(_) => is_other(parsed(plan.planned().text("zone")), old_zone, plan.prior().text("fqdn")),
        };
        if moves || plan.changes("private") { Self::Open } else { Self::None }
    }
}

/// Whether a zone is another one than the record's, which may be known by the record's name only.
fn is_other(zone: Option<DnsName>, old_zone: Option<DnsName>, fqdn: Option<&str>) -> bool {
    match (zone, old_zone, fqdn.and_then(|fqdn| DnsName::parse(fqdn).ok())) {
        (zone, Some(old_zone), _) => zone != Some(old_zone),
        (Some(zone), None, Some(fqdn)) => !fqdn.is_within(&zone),
        _ => true,
    }
}

/// Without zone and zone id, a whole name says where it belongs; a part of one stays in its zone.
fn is_of_another_zone(plan: &Plan<'_>, old_zone: Option<&DnsName>) -> bool {
    let Some(text) = plan.planned().text("name") else { return true };
    let (Ok(name), Some(old_name)) = (DnsName::parse(text), plan.prior().text("fqdn")) else { return false };
    let is_same =
        name.as_str() == old_name || planning::whole_name(text, old_zone).is_some_and(|n| n.as_str() == old_name);
    !is_same && name.label_count() > 1
}

/// What can be known of a record that is made, moved or renamed; the user is warned of what would fail.
async fn ahead(cx: &Cx, plan: &mut Plan<'_>, moves: Move, zone: Option<DnsName>) -> Option<Foresight> {
    if !plan.is_create() && moves == Move::None && !plan.changes("name") {
        return None;
    }
    let name = plan.planned().text("name").map(str::to_owned);
    let id = plan.prior().text("zone_id").filter(|_| moves == Move::None).map(str::to_owned);
    let stays = (id.as_deref(), zone.filter(|_| moves == Move::None));
    let ahead = Foresight::of(cx, plan, name.as_deref(), stays).await;
    ahead.warn_of_zone(plan);
    if let Some(name) = name {
        ahead.warn_of_name(plan, &name, "name");
    }
    if let Some(footing) = checks::footing(plan.planned(), "", ahead.zone.as_ref()) {
        ahead.warn_of_apex(plan, &footing, "type");
    }
    Some(ahead)
}

/// Keeps zone and full name while nothing that they depend on changes, and tells the new full name where it is certain.
fn plan_place(plan: &mut Plan<'_>, moves: Move, ahead: Option<&Foresight>) {
    let fqdn = plan.planned().text("name").zip(ahead).and_then(|(name, ahead)| ahead.fqdn(name));
    let fqdn = fqdn.map_or(Value::Unknown, |fqdn| fqdn.as_str().into());
    if plan.is_create() {
        return plan.set("fqdn", fqdn);
    }
    match moves {
        Move::Open => {
            plan.leave_open(&["zone_id"]);
            plan.set("fqdn", fqdn);
        }
        Move::Given => plan.set("fqdn", fqdn),
        Move::None => {
            if plan.config().at("zone_id").is_null() {
                plan.keep(&["zone_id"]);
            }
            if plan.changes("name") { plan.set("fqdn", fqdn) } else { plan.keep(&["fqdn"]) }
        }
    }
}
