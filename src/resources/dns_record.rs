//! `berth_dns_record`: one record set of a hosted zone.

pub mod checks;
mod model;

use crate::clients::aws::route53::{ChangeId, ZoneChoice};
use crate::clients::aws::{Aws, Route53, Route53Error};
use crate::domain::dns::value::for_people;
use crate::domain::dns::zone::{Visibility, full_name};
use crate::domain::dns::{DnsName, RecordKey, RecordSet, RecordType, Zone, ZoneId};
use crate::provider::{Berth, Cx};
use crate::sdk::{Diagnostics, Explanation, Import, Meta, Plan, Resource, Result, Seen, View};

pub use model::DnsRecordModel;

/// The resource.
pub struct DnsRecord;

impl Resource<Berth> for DnsRecord {
    type Model = DnsRecordModel;

    const NAME: &'static str = "berth_dns_record";

    const META: Meta = Meta {
        import_id: "ZONE_ID/NAME/TYPE[/SET_IDENTIFIER]",
        ..Meta::new(
            "DNS",
            "A record set of a hosted zone in Route53. Every change is made in place, also one of name or type: the old \
             set goes and the new one comes in the same moment. Concurrent changes to a zone join into few requests.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        checks::validate(*config, found);
    }

    async fn plan(&self, _cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        keep_name(plan);
        plan_place(plan);
        keep_values(plan);
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut DnsRecordModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let route53 = aws.route53().await;
        let (zone, set) = place(cx, aws, model).await?;
        let written = if model.overwrite {
            route53.upsert(cx.budget(), &zone.id, set.clone()).await
        } else {
            route53.create(cx.budget(), &zone.id, set.clone()).await
        };
        let change = match written {
            Ok(change) => change,
            Err(error) => return Err(failed(aws, "create", model, &error).await),
        };
        model.settle(&zone.id, &set);
        cx.exists();
        wait(cx, aws, change.as_ref(), &set, model).await
    }

    async fn read(&self, cx: &Cx, mut model: DnsRecordModel) -> Result<Option<DnsRecordModel>> {
        let aws = cx.provider().aws()?;
        let Some((zone, key)) = model.stored_place() else { return Ok(None) };
        match aws.route53().await.record(cx.budget(), &zone, &key).await {
            Ok(Some(live)) => {
                model.fill(&live);
                Ok(Some(model))
            }
            Ok(None) | Err(Route53Error::NoZoneId(_)) => Ok(None),
            Err(error) => Err(failed(aws, "read", &model, &error).await),
        }
    }

    async fn update(&self, cx: &Cx, prior: &DnsRecordModel, model: &mut DnsRecordModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let route53 = aws.route53().await;
        let (zone, set) = place(cx, aws, model).await?;
        let written = match prior.stored_place() {
            Some((old_zone, old)) if old_zone == zone.id && old == set.key => {
                route53.upsert(cx.budget(), &zone.id, set.clone()).await
            }
            Some((old_zone, old)) => moved(cx, route53, (&old_zone, &old), (&zone.id, &set), model.overwrite).await,
            None => route53.upsert(cx.budget(), &zone.id, set.clone()).await,
        };
        let change = match written {
            Ok(change) => change,
            Err(error) => return Err(failed(aws, "change", model, &error).await),
        };
        model.settle(&zone.id, &set);
        cx.exists();
        wait(cx, aws, change.as_ref(), &set, model).await
    }

    async fn delete(&self, cx: &Cx, model: DnsRecordModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let Some((zone, key)) = model.stored_place() else { return Ok(()) };
        match aws.route53().await.delete(cx.budget(), &zone, &key).await {
            Ok(_) => Ok(()),
            Err(error) => Err(failed(aws, "delete", &model, &error).await),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<DnsRecordModel>> {
        let what = format!("Cannot import the record `{id}`");
        let Some((zone, key)) = parse_id(id) else {
            let step = "give `ZONE_ID/NAME/TYPE`, and `/SET_IDENTIFIER` after it if the set has one";
            return Err(Explanation::new("BERTH-ROUTE53-020", what).next(step));
        };
        let aws = cx.provider().aws()?;
        let object = format!("zone {zone}");
        match aws.route53().await.record(cx.budget(), &zone, &key).await {
            Ok(Some(live)) => Ok(Import(DnsRecordModel::imported(&zone, &live))),
            Ok(None) => {
                let step = "check name and type; `aws route53 list-resource-record-sets` lists those there are";
                Err(Explanation::new("BERTH-ROUTE53-021", what)
                    .on(object)
                    .said("Route53", "there is no such record")
                    .next(step))
            }
            Err(error) => Err(explained(aws, &error, what, &object).await),
        }
    }
}

/// Waits as long as the user wants to; the record is in state already.
async fn wait(cx: &Cx, aws: &Aws, change: Option<&ChangeId>, set: &RecordSet, model: &DnsRecordModel) -> Result<()> {
    if model.wait == "none" {
        return Ok(());
    }
    if let Err(error) = aws.route53().await.wait_in_sync(cx.budget(), change).await {
        return Err(failed(aws, "see", model, &error).await);
    }
    if model.wait != "authoritative" || set.values().is_empty() {
        return Ok(());
    }
    let (name, kind) = (set.key.name.as_str(), set.key.kind);
    let values: Vec<_> = set.values().iter().map(|value| for_people(kind, value)).collect();
    let seen = cx.provider().dns()?.wait_for(name, kind, &values, cx.budget()).await;
    seen.map_err(|error| error.explain(format!("Cannot see the {kind} record `{name}`")))
}

/// The zone and the record set that the model asks for.
async fn place(cx: &Cx, aws: &Aws, model: &DnsRecordModel) -> Result<(Zone, RecordSet)> {
    let visibility = if model.private { Visibility::Private } else { Visibility::Public };
    let name = model.zone.as_deref().map(DnsName::parse).transpose();
    let name =
        name.map_err(|error| Route53Error::Name(error).explain("Cannot read the zone's name", "the zone").at("zone"))?;
    let choice = ZoneChoice { id: model.given_zone_id(), name, visibility };
    let zone = match aws.route53().await.choose_zone(cx.budget(), &choice, &model.name).await {
        Ok(zone) => zone,
        Err(error) => {
            let attribute = if choice.id.is_some() { "zone_id" } else { "zone" };
            return Err(failed(aws, "place", model, &error).await.at(attribute));
        }
    };
    let wrong = |error| Route53Error::Name(error).explain("Cannot read the record's name", &model.name).at("name");
    let name = full_name(&model.name, &zone.name).map_err(wrong)?;
    if !name.is_within(&zone.name) {
        let what = format!("Cannot place the record `{name}` in the zone `{}`", zone.name);
        let step = "name the zone that holds it, or correct the name";
        return Err(Explanation::new("BERTH-ROUTE53-022", what).on(format!("zone {}", zone.id)).next(step).at("name"));
    }
    let set = model.record_set(&name).map_err(|problem| problem.on(format!("zone {}", zone.id)))?;
    Ok((zone, set))
}

/// Another name, type or set identifier within a zone is one request; another zone is a new set before the old goes.
async fn moved(
    cx: &Cx,
    route53: &Route53,
    old: (&ZoneId, &RecordKey),
    new: (&ZoneId, &RecordSet),
    overwrite: bool,
) -> std::result::Result<Option<ChangeId>, Route53Error> {
    let (budget, set) = (cx.budget(), new.1.clone());
    if old.0 == new.0 {
        return route53.swap(budget, new.0, old.1, set).await;
    }
    let change =
        if overwrite { route53.upsert(budget, new.0, set).await? } else { route53.create(budget, new.0, set).await? };
    route53.delete(budget, old.0, old.1).await?;
    Ok(change)
}

async fn failed(aws: &Aws, verb: &str, model: &DnsRecordModel, error: &Route53Error) -> Explanation {
    let what = format!("Cannot {verb} the {} record `{}`", model.r#type.to_ascii_uppercase(), model.name);
    let object = match model.zone_id.get() {
        Some(zone) => format!("zone {zone}"),
        None => model.zone.as_ref().map_or_else(|| "the account's zones".to_owned(), |zone| format!("zone {zone}")),
    };
    explained(aws, error, what, &object).await
}

async fn explained(aws: &Aws, error: &Route53Error, what: String, object: &str) -> Explanation {
    match error {
        Route53Error::Aws(crate::clients::aws::AwsError::AccessDenied { .. }) => {
            let Route53Error::Aws(denied) = error else { return error.explain(what, object) };
            aws.explained(denied, what, object).await
        }
        _ => error.explain(what, object),
    }
}

/// The whole name instead of its part below the zone, or the other way round, is no change.
fn keep_name(plan: &mut Plan<'_>) {
    let (Some(text), Some(fqdn)) = (plan.planned().text("name"), plan.prior().text("fqdn")) else { return };
    let zone = plan.planned().text("zone").and_then(|zone| DnsName::parse(zone).ok());
    let name = match &zone {
        Some(zone) => full_name(text, zone),
        None => DnsName::parse(text),
    };
    let other_zone = plan.config().at("zone_id").is_given() && plan.changes("zone_id");
    if name.is_ok_and(|name| name.as_str() == fqdn) && !other_zone {
        plan.keep(&["name"]);
    }
}

/// Keeps zone and full name while nothing that they depend on changes.
fn plan_place(plan: &mut Plan<'_>) {
    if plan.is_create() {
        return;
    }
    let zone_moves = plan.changes("zone") && plan.planned().at("zone").is_given() && plan.prior().at("zone").is_given();
    let zone_moves = zone_moves || plan.changes("private");
    let given = plan.config().at("zone_id").is_given();
    if zone_moves && !given {
        plan.leave_open(&["zone_id", "fqdn"]);
        return;
    }
    if !given {
        plan.keep(&["zone_id"]);
    }
    if !plan.changes("name") && !plan.changes("zone_id") {
        plan.keep(&["fqdn"]);
    }
}

/// The same values in other words are no change.
fn keep_values(plan: &mut Plan<'_>) {
    let Some(Ok(kind)) = plan.planned().text("type").map(str::parse::<RecordType>) else { return };
    let (before, after) = (plan.prior().at("values"), plan.planned().at("values"));
    if let (Seen::Known(before), Seen::Known(after)) = (before, after)
        && before != after
        && checks::same_values(kind, before, after)
    {
        let before = before.clone();
        plan.set("values", before);
    }
}

/// `ZONE_ID/NAME/TYPE` or `ZONE_ID/NAME/TYPE/SET_IDENTIFIER`.
fn parse_id(id: &str) -> Option<(ZoneId, RecordKey)> {
    let id = id.trim().trim_start_matches("/hostedzone/");
    let mut parts = id.splitn(4, '/');
    let (zone, name, kind) = (parts.next()?, parts.next()?, parts.next()?);
    let key = RecordKey {
        name: DnsName::parse(name).ok()?,
        kind: kind.parse().ok()?,
        set_identifier: parts.next().map(str::to_owned),
    };
    (!zone.is_empty()).then(|| (ZoneId::new(zone), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_names_zone_name_type_and_set() {
        let (zone, key) = parse_id("Z1/www.Example.com./a").unwrap();
        assert_eq!((zone.as_str(), key.to_string().as_str()), ("Z1", "www.example.com A"));
        let (_, key) = parse_id("/hostedzone/Z1/*.example.com/TXT/blue/green").unwrap();
        assert_eq!(key.set_identifier.as_deref(), Some("blue/green"));
        for bad in ["Z1", "Z1/a.example", "Z1/a.example/AXFR", "/a.example/A"] {
            assert!(parse_id(bad).is_none(), "{bad}");
        }
    }
}
