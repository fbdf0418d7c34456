//! `berth_dns01_delegation`: the CNAME that hands a domain's ACME challenges to another zone.

mod identity;

use crate::clients::aws::route53::{ChangeId, ZoneChoice};
use crate::clients::aws::{Aws, OF_A_REPLACEMENT, Route53Error};
use crate::clients::dns::Check;
use crate::domain::dns::challenge::record_name;
use crate::domain::dns::zone::Visibility;
use crate::domain::dns::{Conflict, DnsName, RecordData, RecordKey, RecordSet, RecordType, Transition, Zone, ZoneId};
use crate::provider::{Berth, Cx};
use crate::resources::aws_look;
use crate::resources::dns_record::left::{self, Left};
use crate::resources::dns_record::place::{ZoneWish, explained};
use crate::resources::dns_record::{checks, existing, standing, visible};
use crate::sdk::{Computed, Explanation, Import, Meta, Model, Plan, Resource, Result, Timeouts, check};

/// The note of the private state that holds the target that we chose, so that a plan can tell a drift from it.
const TARGET: &str = "target_name";

/// The resource.
pub struct Dns01Delegation;

/// A delegation.
#[derive(Clone, Debug, Model)]
pub struct Dns01DelegationModel {
    /// The domain whose challenges are handed over; `*.example.com` and `example.com` share one name. Changed in place.
    #[attr(check = checks::challenge_domain(), equal = checks::same_name)]
    pub domain: String,
    /// The id of the hosted zone that answers challenges from now on. It must be public. Changed in place.
    /// Where a zone is made anew in the same run, its new id is not known yet, and the record would go only after the old zone has to: write
    /// `lifecycle { replace_triggered_by = [aws_route53_zone.NAME.id] }` then.
    #[attr(check = check::length(1, 64), equal = checks::same_zone_id)]
    pub target_zone_id: String,
    /// Where the challenges' TXT records belong, within the target zone. Default: `_acme-challenge.`, the domain and the
    /// name of the target zone, such as `_acme-challenge.www.example.com.challenges.example.net`, so that each domain has a
    /// name of its own, and a policy that permits only `_acme-challenge.*` permits it.
    #[attr(optional, check = checks::dns_name(), equal = checks::same_name)]
    pub target_name: Computed<String>,
    /// The id of the hosted zone of the domain. Absent, the public zone of the longest name that holds it.
    #[attr(optional, check = check::length(1, 64), equal = checks::same_zone_id)]
    pub zone_id: Computed<String>,
    /// How long resolvers may keep the CNAME, in seconds.
    #[attr(default = 300, check = check::range(0, 2_147_483_647))]
    pub ttl: u32,
    /// Whether to replace a CNAME that exists already; otherwise that is an error. Default `false`.
    #[attr(default = false)]
    pub overwrite: bool,
    /// What to wait for after a change: `none`; `insync` until Route53 says that all its servers know it; or
    /// `authoritative` until, beyond that, the CNAME is seen as the provider's `dns.check` tells (by default on each of the
    /// zone's servers), and following it leads to the target zone. Default `authoritative`.
    #[attr(default = "authoritative", check = check::one_of(&["none", "insync", "authoritative"]))]
    pub wait: String,
    /// The name that holds the CNAME: `_acme-challenge.` and the domain.
    pub record_name: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

impl Resource<Berth> for Dns01Delegation {
    type Model = Dns01DelegationModel;

    const NAME: &'static str = "berth_dns01_delegation";

    const META: Meta = Meta {
        import_id: "ZONE_ID/DOMAIN[/TARGET_ZONE_ID]",
        ..Meta::new(
            "DNS",
            "Hands a domain's ACME challenges to another hosted zone by a CNAME at `_acme-challenge`, and proves it by \
             following the CNAME as a CA does. Whoever may write to the target zone can then get certificates for the domain, \
             without any right to the domain's own zone. `berth_acme_certificate` follows it by itself; a \
             `berth_dns01_record` for it names the domain with the target zone behind it.",
        )
    };

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        if let Some((zone, key)) = plan.prior_model().as_ref().and_then(stored_place) {
            standing::keep(cx, &zone, &[key])?;
        }
        let name = plan.planned().text("domain").and_then(|domain| DnsName::parse(domain).ok());
        match name.and_then(|domain| record_name(&domain).ok()) {
            Some(name) => plan.set("record_name", name.as_str().into()),
            None => plan.leave_open(&["record_name"]),
        }
        if plan.is_create() || plan.changes("record_name") || plan.changes("target_zone_id") {
            warn_of_target(cx, plan).await;
        }
        if plan.is_create() {
            return Ok(());
        }
        let (domain, target) = (plan.changes("record_name"), plan.changes("target_zone_id"));
        if plan.config().at("target_name").is_null() {
            let ours = plan.private().get::<String>(TARGET);
            match ours.filter(|_| !domain && !target) {
                Some(ours) => plan.set("target_name", ours.into()),
                None if domain || target => plan.leave_open(&["target_name"]),
                None => plan.keep(&["target_name"]),
            }
        }
        if plan.config().at("zone_id").is_null() {
            if domain { plan.leave_open(&["zone_id"]) } else { plan.keep(&["zone_id"]) }
        }
        left::plan_removal(plan, "record_name");
        Ok(())
    }

    async fn plan_destroy(&self, cx: &Cx, model: Dns01DelegationModel) -> Result<()> {
        if let Some((zone, key)) = stored_place(&model) {
            standing::plan_destroy(cx, &zone, &[key]).await?;
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut Dns01DelegationModel) -> Result<()> {
        put(cx, None, model).await
    }

    async fn read(&self, cx: &Cx, mut model: Dns01DelegationModel) -> Result<Option<Dns01DelegationModel>> {
        let aws = cx.provider().aws()?;
        let Some((zone, key)) = stored_place(&model) else { return Ok(None) };
        existing::note(cx, &zone, [&key]);
        standing::find(cx, &zone, std::slice::from_ref(&key));
        match aws.route53().await.record(cx.budget(), &zone, &key).await {
            Ok(Some(live)) => {
                standing::found(cx, &zone, std::slice::from_ref(&key));
                fill(&mut model, &live);
                Ok(Some(model))
            }
            Ok(None) | Err(Route53Error::NoZoneId(_)) => Ok(None),
            Err(error) => Err(explained(aws, &error, &headline("read", &model.domain), &format!("zone {zone}")).await),
        }
    }

    async fn update(&self, cx: &Cx, prior: &Dns01DelegationModel, model: &mut Dns01DelegationModel) -> Result<()> {
        put(cx, Some(prior), model).await
    }

    async fn delete(&self, cx: &Cx, model: Dns01DelegationModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let Some((zone, key)) = stored_place(&model) else { return Ok(()) };
        existing::note(cx, &zone, [&key]);
        let left = standing::left(cx, &zone, std::slice::from_ref(&key));
        let wish = Transition::delete(Some(key).filter(|key| !left.contains(key))).in_run();
        match aws.route53().await.carry_out(cx.budget(), &zone, wish).await.into_result() {
            Ok(_) | Err(Route53Error::NoZoneId(_)) => left::remove(cx, aws, &headline("remove", &model.domain)).await,
            Err(error) => {
                Err(explained(aws, &error, &headline("remove", &model.domain), &format!("zone {zone}")).await)
            }
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<Dns01DelegationModel>> {
        let what = format!("Cannot import the delegation `{id}`");
        let mut parts = id.splitn(3, '/');
        let (Some(zone), Some(domain), target) = (parts.next(), parts.next(), parts.next()) else {
            return Err(Explanation::new("BERTH-ROUTE53-020", what)
                .next("give `ZONE_ID/DOMAIN`, or `ZONE_ID/DOMAIN/TARGET_ZONE_ID`"));
        };
        let name = DnsName::parse(domain).and_then(|domain| record_name(&domain));
        let name = name.map_err(|error| Route53Error::Name(error).explain(what.clone(), domain))?;
        let mut model = Dns01DelegationModel {
            domain: domain.to_owned(),
            target_zone_id: target.unwrap_or_default().to_owned(),
            target_name: Computed::Null,
            zone_id: Computed::Known(zone.to_owned()),
            ttl: 300,
            overwrite: false,
            wait: "authoritative".to_owned(),
            record_name: Computed::Known(name.as_str().to_owned()),
            timeouts: None,
        };
        let Some(found) = self.read(cx, model).await? else {
            return Err(Explanation::new("BERTH-ROUTE53-021", what)
                .on(format!("zone {zone}"))
                .said("Route53", format!("there is no CNAME `{name}`"))
                .next("check zone and domain"));
        };
        model = found;
        if model.target_zone_id.is_empty() {
            let target = model.target_name.get().cloned().unwrap_or_default();
            let wish = ZoneWish::default();
            let zone = wish.zone(cx, cx.provider().aws()?, &target, &what).await?;
            zone.id.as_str().clone_into(&mut model.target_zone_id);
        }
        Ok(Import(model))
    }
}

/// Warns of a target zone that is not there, or so deep that the target's name would be too long.
async fn warn_of_target(cx: &Cx, plan: &mut Plan<'_>) {
    let Some(id) = plan.planned().text("target_zone_id").map(ZoneId::new) else { return };
    let Some(zones) = aws_look::zones(cx).await else { return };
    let what = format!("Cannot delegate challenges to the zone {id}");
    let error = match zones.iter().find(|zone| zone.id == id) {
        None => Route53Error::NoZoneId(id.clone()),
        Some(zone) if plan.config().at("target_name").is_null() => {
            let name = plan.planned().text("record_name").map(|name| format!("{name}.{}", zone.name));
            match name.map(|name| DnsName::parse(&name)) {
                Some(Err(error)) => Route53Error::Name(error),
                _ => return,
            }
        }
        Some(_) => return,
    };
    let step = match error {
        Route53Error::Name(_) => "give a shorter `target_name` within that zone; as it is, the apply will refuse it",
        _ => "check the id and the account; nothing, if this apply makes the zone",
    };
    plan.warn(&error.explain(what, "the account's zones").next(step).at("target_zone_id"));
}

fn headline(verb: &str, domain: &str) -> String {
    format!("Cannot {verb} the delegation of `{domain}`")
}

fn stored_place(model: &Dns01DelegationModel) -> Option<(ZoneId, RecordKey)> {
    let name = DnsName::parse(model.record_name.get()?).ok()?;
    Some((ZoneId::new(model.zone_id.get()?), key(name)))
}

fn key(name: DnsName) -> RecordKey {
    RecordKey { name, kind: RecordType::Cname, set_identifier: None }
}

/// What a refresh found; the name in the state's own wording where it means the same.
fn fill(model: &mut Dns01DelegationModel, live: &RecordSet) {
    let RecordData::Values { ttl, values } = &live.data else {
        model.target_name.set(None);
        return;
    };
    model.ttl = *ttl;
    let there = values.first().and_then(|value| DnsName::parse(value).ok());
    let mine = model.target_name.get().and_then(|name| DnsName::parse(name).ok());
    if there != mine {
        model.target_name.set(there.map(|name| name.as_str().to_owned()));
    }
}

/// Writes the CNAME, and proves it.
async fn put(cx: &Cx, prior: Option<&Dns01DelegationModel>, model: &mut Dns01DelegationModel) -> Result<()> {
    let aws = cx.provider().aws()?;
    let what = headline("write", &model.domain);
    let bad = |error| Route53Error::Name(error).explain(what.clone(), &model.domain).at("domain");
    let name = DnsName::parse(&model.domain).and_then(|domain| record_name(&domain)).map_err(bad)?;
    let target_zone =
        zone(cx, aws, Some(&model.target_zone_id), &name, &what).await.map_err(|e| e.at("target_zone_id"))?;
    let home =
        zone(cx, aws, model.zone_id.get().map(String::as_str), &name, &what).await.map_err(|e| e.at("zone_id"))?;
    let target = target(model, &name, &target_zone)?;
    if model.target_name.get().is_none() {
        cx.remember(TARGET, &target.as_str());
    }
    let set = RecordSet::simple(name.clone(), RecordType::Cname, model.ttl, vec![target.to_route53()]);
    let old = prior.and_then(stored_place);
    let here = old.clone().filter(|(zone, _)| *zone == home.id).map(|(_, key)| key);
    let wish = Transition { new: vec![set.clone()], overwrite: model.overwrite, ..Transition::delete(here) };
    let change = match aws.route53().await.carry_out(cx.budget(), &home.id, wish.in_run()).await.into_result() {
        Ok(change) => change,
        Err(error) => return Err(refused(aws, &error, model, &home).await),
    };
    model.target_name.set(model.target_name.get().cloned().unwrap_or_else(|| target.as_str().to_owned()));
    model.zone_id.set(model.zone_id.get().cloned().unwrap_or_else(|| home.id.as_str().to_owned()));
    model.record_name.set(name.as_str().to_owned());
    cx.exists();
    standing::note_written(cx);
    let left = old.filter(|(zone, _)| *zone != home.id).map(|(zone, key)| Left::set(&zone, &key));
    left::remember(cx, left, &[Left::set(&home.id, &set.key)]);
    match prove(cx, aws, model, change, &set, &target_zone).await {
        Ok(()) => {}
        Err(Doubt::Unseen(failure)) if prior.is_none() => cx.tell_wait(Err(failure), visible::AFTERWARDS),
        Err(Doubt::Unseen(failure) | Doubt::Wrong(failure)) => return Err(failure),
    }
    left::remove(cx, aws, &what).await
}

/// Why the CNAME was not written; where there is one already, with the id that imports it as a delegation.
async fn refused(aws: &Aws, error: &Route53Error, model: &Dns01DelegationModel, home: &Zone) -> Explanation {
    let explanation = explained(aws, error, &headline("write", &model.domain), &format!("zone {}", home.id)).await;
    let is_cname = |conflict: &Conflict| conflict.existing.key.kind == RecordType::Cname;
    match error {
        Route53Error::Taken { conflicts, .. } if conflicts.iter().all(is_cname) => explanation.next(format!(
            "import the CNAME to manage it (its id is `{}/{}/{}`), or set `overwrite = true` to replace it; {OF_A_REPLACEMENT}; it was not changed",
            home.id,
            model.domain,
            ZoneId::new(&model.target_zone_id)
        )),
        _ => explanation,
    }
}

/// Why a delegation is not proved.
enum Doubt {
    /// It could not be looked at to the end.
    Unseen(Explanation),
    /// It leads elsewhere.
    Wrong(Explanation),
}

/// The zone of this id, or the public one that holds the name.
async fn zone(cx: &Cx, aws: &Aws, id: Option<&str>, name: &DnsName, what: &str) -> Result<Zone> {
    let choice = ZoneChoice { id: id.map(ZoneId::new), name: None, visibility: Visibility::Public };
    match aws.route53().await.choose_zone(cx.budget(), &choice, name.as_str()).await {
        Ok(zone) if zone.private => Err(Explanation::new("BERTH-ROUTE53-027", what)
            .on(format!("zone {} ({})", zone.id, zone.name))
            .said("Route53", "it is a private zone, which no CA can ask")
            .next("name a public zone; nothing was changed")),
        Ok(zone) => Ok(zone),
        Err(error) => Err(explained(aws, &error, what, "the account's zones").await),
    }
}

/// Where the CNAME leads.
fn target(model: &Dns01DelegationModel, name: &DnsName, zone: &Zone) -> Result<DnsName> {
    let what = headline("write", &model.domain);
    let object = format!("zone {} ({})", zone.id, zone.name);
    let bad = |error| Route53Error::Name(error).explain(what.clone(), &object).at("target_name");
    let target = match model.target_name.get() {
        Some(given) => DnsName::parse(given).map_err(bad)?,
        None => DnsName::parse(&format!("{name}.{}", zone.name)).map_err(bad)?,
    };
    if target == *name || !target.is_within(&zone.name) {
        let explanation = Explanation::new("BERTH-ROUTE53-022", what).on(object);
        return Err(explanation
            .said("The provider", format!("`{target}` is not a name of the target zone to lead to"))
            .next("give a name within the target zone, or leave `target_name` out; nothing was changed")
            .at("target_name"));
    }
    Ok(target)
}

/// Follows the CNAME as a CA does, as long as the user wants to wait.
async fn prove(
    cx: &Cx,
    aws: &Aws,
    model: &Dns01DelegationModel,
    change: Option<ChangeId>,
    set: &RecordSet,
    target_zone: &Zone,
) -> std::result::Result<(), Doubt> {
    let what = headline("prove", &model.domain);
    let changes: Vec<_> = change.into_iter().collect();
    let waited = visible::wait(cx, aws, &model.wait, &changes, std::slice::from_ref(set), &what).await;
    waited.map_err(Doubt::Unseen)?;
    let dns = cx.provider().dns().map_err(Doubt::Unseen)?;
    if model.wait != "authoritative" || dns.check() == Check::None {
        return Ok(());
    }
    let chain = dns.challenge_chain(&model.domain, cx.budget()).await;
    let chain = chain.map_err(|error| Doubt::Unseen(error.explain(&what)))?;
    let target = model.target_name.get().and_then(|name| DnsName::parse(name).ok());
    let end = chain.last().and_then(|name| DnsName::parse(name).ok());
    let wrong = |words: String, step: &str| {
        let explanation = Explanation::new("BERTH-DNS-011", what.clone()).on(chain.join(" → "));
        Err(Doubt::Wrong(explanation.said("DNS", words).next(step)))
    };
    if end.is_none() || end != target {
        return wrong(
            "the chain of CNAMEs does not end at the target".to_owned(),
            "remove the CNAME at the target, or delegate to where the chain ends; the delegation is written",
        );
    }
    let seen = dns.zone_of(target_zone.name.as_str(), cx.budget()).await;
    let seen = seen.map_err(|error| Doubt::Unseen(error.explain(&what)))?;
    if DnsName::parse(&seen.name).ok().as_ref() != Some(&target_zone.name) {
        return wrong(
            format!("the world finds the target in the zone `{}`, not in `{}`", seen.name, target_zone.name),
            "delegate the target zone from its parent by NS records; the CNAME is written",
        );
    }
    Ok(())
}
