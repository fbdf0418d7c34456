//! `berth_dns01_record`: one value of a domain's `_acme-challenge` name, beside those of others.

mod identity;

use crate::clients::aws::route53::{ChangeId, ZoneChoice};
use crate::clients::aws::{Aws, AwsError, Route53Error};
use crate::domain::dns::challenge::{holds, record_name};
use crate::domain::dns::zone::Visibility;
use crate::domain::dns::{DnsName, RecordData, RecordKey, RecordType, ZoneId};
use crate::provider::{Berth, Cx};
use crate::resources::dns_record::left::{self, Left};
use crate::resources::dns_record::{checks, existing, visible};
use crate::sdk::{Computed, Explanation, Import, Meta, Model, Plan, Resource, Result, Timeouts, check};

/// The resource.
pub struct Dns01Record;

/// A value of a challenge name.
#[derive(Clone, Debug, Model)]
pub struct Dns01RecordModel {
    /// The domain that is to be validated; `*.example.com` and `example.com` share one name. Changed in place.
    #[attr(check = checks::challenge_domain(), equal = checks::same_name)]
    pub domain: String,
    /// The value, as the CA expects it (base64url of a SHA-256, 43 characters). Changed in place.
    #[attr(check = check::length(1, 255))]
    pub value: String,
    /// The id of the hosted zone. Absent, the public zone of the longest name that holds the domain.
    /// Where a zone is made anew in the same run, its new id is not known yet, and the record would go only after the old zone has to: write
    /// `lifecycle { replace_triggered_by = [aws_route53_zone.NAME.id] }` then.
    #[attr(optional, check = check::length(1, 64), equal = checks::same_zone_id)]
    pub zone_id: Computed<String>,
    /// How long resolvers may keep the values, in seconds; where others' values share the name, theirs holds.
    #[attr(default = 60, check = check::range(0, 2_147_483_647))]
    pub ttl: u32,
    /// What to wait for after a change: `none`; `insync` until Route53 says that all its servers know it; or
    /// `authoritative` until, beyond that, the value is seen as the provider's `dns.check` tells (by default on each of
    /// the zone's servers). Default `insync`.
    #[attr(default = "insync", check = check::one_of(&["none", "insync", "authoritative"]))]
    pub wait: String,
    /// The name that holds the value: `_acme-challenge.` and the domain.
    pub record_name: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

impl Resource<Berth> for Dns01Record {
    type Model = Dns01RecordModel;

    const NAME: &'static str = "berth_dns01_record";

    const META: Meta = Meta {
        import_id: "ZONE_ID/DOMAIN/VALUE",
        ..Meta::new(
            "DNS",
            "Puts one value beside those of others at a domain's `_acme-challenge` name, and takes only that one away \
             again: several certificates, a name and its wildcard, or another ACME client may share the name. A value \
             has one owner: one that is there already is refused, unless another resource of the same run hands it over. \
             After a run that was killed the value may stand without being in the state: the next apply names the id \
             that imports it.",
        )
    };

    async fn plan(&self, _cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        match plan.planned().text("domain").map(DnsName::parse) {
            Some(Ok(domain)) => {
                if let Ok(name) = record_name(&domain) {
                    plan.set("record_name", name.as_str().into());
                }
            }
            _ => plan.leave_open(&["record_name"]),
        }
        if !plan.is_create() && plan.config().at("zone_id").is_null() {
            if plan.changes("domain") { plan.leave_open(&["zone_id"]) } else { plan.keep(&["zone_id"]) }
        }
        left::plan_removal(plan, "record_name");
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Dns01RecordModel) -> Result<()> {
        let change = put(cx, None, model).await?;
        cx.tell_wait(seen(cx, model, change.as_ref()).await, visible::AFTERWARDS);
        Ok(())
    }

    async fn read(&self, cx: &Cx, mut model: Dns01RecordModel) -> Result<Option<Dns01RecordModel>> {
        let aws = cx.provider().aws()?;
        let Some((zone, name)) = stored_place(&model) else { return Ok(None) };
        existing::note(cx, &zone, [&RecordKey { name: name.clone(), kind: RecordType::Txt, set_identifier: None }]);
        let sets = match aws.route53().await.records_named(cx.budget(), &zone, &name).await {
            Ok(sets) => sets,
            Err(Route53Error::NoZoneId(_)) => return Ok(None),
            Err(error) => return Err(failed(aws, "read", &model, &error).await),
        };
        if !holds(&sets, &name, &model.value) {
            return Ok(None);
        }
        let alone =
            sets.iter().filter(|set| set.key.kind == RecordType::Txt).map(|set| set.values().len()).sum::<usize>() == 1;
        let live_ttl = sets.iter().find_map(|set| match set.data {
            RecordData::Values { ttl, .. } if alone && set.key.kind == RecordType::Txt => Some(ttl),
            _ => None,
        });
        model.ttl = live_ttl.unwrap_or(model.ttl);
        Ok(Some(model))
    }

    async fn update(&self, cx: &Cx, prior: &Dns01RecordModel, model: &mut Dns01RecordModel) -> Result<()> {
        let change = put(cx, Some(prior), model).await?;
        left::remember(cx, place(prior), &place(model).into_iter().collect::<Vec<_>>());
        seen(cx, model, change.as_ref()).await?;
        left::remove(cx, cx.provider().aws()?, &headline("move", model)).await
    }

    async fn delete(&self, cx: &Cx, model: Dns01RecordModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let Some((zone, name)) = stored_place(&model) else { return Ok(()) };
        match aws.route53().await.disown_txt_value(cx.budget(), &zone, &name, &model.value).await {
            Ok(_) => left::remove(cx, aws, &headline("remove", &model)).await,
            Err(error) => Err(failed(aws, "remove", &model, &error).await),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Dns01RecordModel>> {
        let what = format!("Cannot import the challenge value `{id}`");
        let mut parts = id.splitn(3, '/');
        let (Some(zone), Some(domain), Some(value)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Explanation::new("BERTH-ROUTE53-020", what).next("give `ZONE_ID/DOMAIN/VALUE`"));
        };
        let name = DnsName::parse(domain).and_then(|domain| record_name(&domain));
        let name = name.map_err(|error| Route53Error::Name(error).explain(what.clone(), domain))?;
        let model = Dns01RecordModel {
            domain: domain.to_owned(),
            value: value.to_owned(),
            zone_id: Computed::Known(zone.to_owned()),
            ttl: 60,
            wait: "insync".to_owned(),
            record_name: Computed::Known(name.as_str().to_owned()),
            timeouts: None,
        };
        let absent = || {
            let explanation = Explanation::new("BERTH-ROUTE53-021", what).on(format!("zone {zone}"));
            explanation
                .said("Route53", format!("`{name}` does not hold this value"))
                .next("check zone, domain and value")
        };
        self.read(cx, model).await?.map(Import).ok_or_else(absent)
    }
}

/// Writes the value: a new one must not be there, unless it is ours.
async fn put(cx: &Cx, prior: Option<&Dns01RecordModel>, model: &mut Dns01RecordModel) -> Result<Option<ChangeId>> {
    let aws = cx.provider().aws()?;
    let route53 = aws.route53().await;
    let written = async {
        let domain = DnsName::parse(&model.domain).map_err(Route53Error::Name)?;
        let name = record_name(&domain).map_err(Route53Error::Name)?;
        let zone = if let Some(id) = model.zone_id.get() {
            ZoneId::new(id)
        } else {
            let choice = ZoneChoice { id: None, name: None, visibility: Visibility::Public };
            route53.choose_zone(cx.budget(), &choice, name.as_str()).await?.id
        };
        let here = Left::value(&zone, &name, &model.value);
        let is_ours = prior.and_then(place).as_ref() == Some(&here) || left::noted(&cx.private()).contains(&here);
        let change = if is_ours {
            route53.put_txt_value(cx.budget(), &zone, &name, &model.value, model.ttl).await?
        } else {
            route53.own_txt_value(cx.budget(), &zone, &name, &model.value, model.ttl).await?
        };
        Ok((zone, name, change))
    };
    let (zone, name, change) = match written.await {
        Ok(written) => written,
        Err(error) => return Err(failed(aws, "write", model, &error).await),
    };
    if model.zone_id.get().is_none() {
        model.zone_id.set(zone.as_str().to_owned());
    }
    model.record_name.set(name.as_str().to_owned());
    cx.exists();
    Ok(change)
}

/// Waits as long as the user wants to.
async fn seen(cx: &Cx, model: &Dns01RecordModel, change: Option<&ChangeId>) -> Result<()> {
    if model.wait == "none" {
        return Ok(());
    }
    let aws = cx.provider().aws()?;
    if let Err(error) = aws.route53().await.wait_in_sync(cx.budget(), change).await {
        return Err(failed(aws, "see", model, &error).await);
    }
    let Some(name) = model.record_name.get().filter(|_| model.wait == "authoritative") else { return Ok(()) };
    let seen = cx.provider().dns()?.wait_for_txt(name, std::slice::from_ref(&model.value), cx.budget()).await;
    seen.map_err(|error| error.explain_record(headline("see", model)))
}

fn place(model: &Dns01RecordModel) -> Option<Left> {
    stored_place(model).map(|(zone, name)| Left::value(&zone, &name, &model.value))
}

fn headline(verb: &str, model: &Dns01RecordModel) -> String {
    format!("Cannot {verb} the challenge value of `{}`", model.domain)
}

fn stored_place(model: &Dns01RecordModel) -> Option<(ZoneId, DnsName)> {
    Some((ZoneId::new(model.zone_id.get()?), DnsName::parse(model.record_name.get()?).ok()?))
}

async fn failed(aws: &Aws, verb: &str, model: &Dns01RecordModel, error: &Route53Error) -> Explanation {
    let what = headline(verb, model);
    let object = model.zone_id.get().map_or_else(|| "the account's zones".to_owned(), |zone| format!("zone {zone}"));
    match error {
        Route53Error::Aws(denied @ AwsError::AccessDenied { .. }) => aws.explained(denied, what, &object).await,
        other => other.explain(what, &object),
    }
}
