//! What can be told before anything is ordered. It only warns, asks nothing if nothing is to be issued, and is silent
//! where a question cannot be asked.

mod address;
mod caa;
mod challenge;
mod cluster;
mod delegation;
mod permission;
mod subject;

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};

use crate::clients::acme::{AcmeError, Method};
use crate::clients::aws::Route53Error;
use crate::clients::dns::{ChallengePath, Check, Dns, longest_domain};
use crate::domain::dns::DnsName;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::Budget;
use crate::sdk::{Plan, View};

use super::ledger;
use super::zones::Zones;
use challenge::Way;
use delegation::Place;
use subject::{Publisher, Subject};

/// How long all questions together may hold up a plan.
const PATIENCE: Duration = Duration::from_secs(5);

/// What can be told of a certificate.
pub async fn certificate(cx: &Cx, plan: &mut Plan<'_>) {
    if cx.provider().is_offline() || !plan.planned().at("serial_number").is_unknown() {
        return;
    }
    let budget = cx.budget().at_most(PATIENCE);
    let subject = Subject::of_certificate(plan.planned());
    let names = async {
        match &subject {
            Some(subject) => names(cx, subject, &budget).await,
            None => Vec::new(),
        }
    };
    // Where the depth of futures ends that the compiler looks into.
    let names: BoxFuture<'_, Vec<Explanation>> = Box::pin(names);
    let limits: BoxFuture<'_, Vec<Explanation>> = Box::pin(ledger::warnings(cx, plan, &budget));
    let cluster: BoxFuture<'_, Vec<Explanation>> = Box::pin(cluster::warnings(cx, plan.planned(), &budget));
    let (profile, names, limits, cluster) = tokio::join!(profile(cx, plan.planned(), &budget), names, limits, cluster);
    for told in profile.into_iter().chain(names).chain(limits).chain(cluster) {
        plan.warn(&told);
    }
}

/// Fails for a domain that is so long that no DNS can hold the record that proves it: the CA would take the order, and nobody
/// could complete it.
fn lengths(subject: &Subject) -> Result<(), Explanation> {
    for (method, prefix) in [(Method::Dns01, "_acme-challenge"), (Method::DnsPersist01, "_validation-persist")] {
        let most = longest_domain(prefix);
        let Some(domain) = subject.domains(method).into_iter().find(|domain| domain.len() > most) else { continue };
        let what = format!("`{domain}` is too long to be proved by {}", method.name());
        let (length, whole) = (domain.len(), domain.len() + prefix.len() + 1);
        return Err(Explanation::new("BERTH-ACME-118", what)
            .said("the provider", format!("the name has {length} characters, its record `{prefix}.…` would have {whole}, and 253 are allowed (RFC 1035 §2.3.4)"))
            .next(format!("take a name of at most {most} characters, or prove it by http-01, which needs no record"))
            .at("dns_names"));
    }
    Ok(())
}

/// The same for what a plan orders.
pub fn certificate_lengths(planned: View<'_>) -> Result<(), Explanation> {
    Subject::of_certificate(planned).map_or(Ok(()), |subject| lengths(&subject))
}

/// The same for an order whose challenges the user publishes.
pub fn order_lengths(planned: View<'_>) -> Result<(), Explanation> {
    lengths(&Subject::of_order(planned))
}

/// What can be told of an order whose challenges the user publishes.
pub async fn order(cx: &Cx, plan: &mut Plan<'_>) {
    if cx.provider().is_offline() || !plan.planned().at("order_url").is_unknown() {
        return;
    }
    let budget = cx.budget().at_most(PATIENCE);
    let subject = Subject::of_order(plan.planned());
    let (profile, names) = tokio::join!(profile(cx, plan.planned(), &budget), names(cx, &subject, &budget));
    for told in profile.into_iter().chain(names) {
        plan.warn(&told);
    }
}

/// Holds the profile against the CA's list.
async fn profile(cx: &Cx, planned: View<'_>, budget: &Budget) -> Option<Explanation> {
    let (profile, url) = (planned.text("profile")?, planned.text("directory_url")?);
    let ca = cx.provider().acme(url, cx.clock()).await.ok()?;
    let checked = match budget.run(ca.directory()).await {
        Ok(directory) => directory.and_then(|directory| directory.check_profile(profile)),
        Err(stopped) => {
            let doing = "the CA's directory is read".to_owned();
            Err(AcmeError::Stopped { doing, last: None, stopped, order: None })
        }
    };
    let what = || format!("Cannot confirm that the CA at {url} offers the profile `{profile}`");
    let told = checked.err()?.explain(what()).at("profile");
    if told.is_unanswered() {
        tracing::debug!(told = told.what(), "the CA does not answer");
    }
    Some(told).filter(|told| !told.is_unanswered())
}

/// All that can be told about names, in the order of the questions.
async fn names(cx: &Cx, subject: &Subject, budget: &Budget) -> Vec<Explanation> {
    let Ok(dns) = cx.provider().dns() else { return Vec::new() };
    if dns.check() == Check::None {
        // Nobody is to ask DNS; what AWS knows can be asked all the same.
        return Box::pin(records(cx, &dns, subject, budget)).await;
    }
    let (caa, addresses, records) = tokio::join!(
        Box::pin(caa::warnings(cx, &dns, subject, budget)),
        Box::pin(address::warnings(&dns, subject, budget)),
        Box::pin(records(cx, &dns, subject, budget)),
    );
    [caa, addresses, records].concat()
}

/// What can be told about the TXT records.
async fn records(cx: &Cx, dns: &Dns, subject: &Subject, budget: &Budget) -> Vec<Explanation> {
    let domains = subject.domains(Method::Dns01);
    if domains.is_empty() || subject.publisher == Publisher::Open {
        return Vec::new();
    }
    let zones = match subject.dns01() {
        Some(settings) => Zones::of(cx, settings.clone()).await.ok(),
        None => None,
    };
    let looks = domains.iter().map(|domain| look(dns, zones.as_ref(), subject, domain, budget));
    let (told, places): (Vec<_>, Vec<_>) = join_all(looks).await.into_iter().unzip();
    let places: Vec<_> = places.into_iter().flatten().collect();
    let Some(zones) = &zones else { return told.into_iter().flatten().collect() };
    let (delegation, permission) = tokio::join!(
        Box::pin(delegation::warnings(dns, zones, &places, budget)),
        Box::pin(permission::warnings(zones, &places, budget)),
    );
    told.into_iter().flatten().chain(delegation).chain(permission).collect()
}

/// Looks where the TXT record of a domain will go: what is wrong with that, and the place.
async fn look(
    dns: &Dns,
    zones: Option<&Zones>,
    subject: &Subject,
    domain: &str,
    budget: &Budget,
) -> (Option<Explanation>, Option<Place>) {
    let path = path(dns, domain, budget).await;
    let follows = subject.dns01().is_some_and(|settings| settings.follow_cname);
    let name = match &path {
        Some(path) if follows => path.chain.last().cloned().unwrap_or_default(),
        _ => crate::clients::dns::challenge_name(domain),
    };
    let place = match zones {
        Some(zones) => place(zones, domain, &name, budget).await,
        None => Err(()),
    };
    let way = match (subject.dns01(), &place) {
        (None, _) => Way::Users,
        (Some(_), _) if !follows => Way::AtName,
        (Some(_), place) => Way::Followed(place.as_ref().ok().map(Option::is_some)),
    };
    let told = path.as_ref().and_then(|path| challenge::judge(domain, path, way));
    let told = told.or_else(|| matches!((zones, &place), (Some(_), Ok(None))).then(|| no_zone(domain, &name, subject)));
    let seen = path.and_then(|path| path.zone.filter(|_| follows || path.chain.len() == 1));
    // Without a path, where the record goes is a guess if CNAMEs are followed.
    let place = place.ok().flatten().filter(|_| told.is_none()).map(|place| Place { seen, ..place });
    (told, place)
}

/// The account has no zone for the record, so that the apply will order nothing.
fn no_zone(domain: &str, name: &str, subject: &Subject) -> Explanation {
    let chosen = subject.dns01().is_some_and(|settings| settings.zone_id.is_some() || settings.zone_ids.is_some());
    let (words, at) = if chosen {
        ("there is no hosted zone of the id that is chosen for it", "dns01.zone_id")
    } else {
        ("the account has no hosted zone that holds it", "dns_names")
    };
    Explanation::new("BERTH-ACME-121", format!("The name `{domain}` cannot be proved by a record"))
        .on(format!("TXT {name}"))
        .said("Route53", words)
        .next("correct the name or `dns01.zone_id`, or write with a role of the account that has the zone (`dns01.assume_role`); nothing, if this apply makes the zone")
        .at(at)
}

/// Where the challenge name leads. Resolvers are not asked: they would remember that the record does not exist yet.
async fn path(dns: &Dns, domain: &str, budget: &Budget) -> Option<ChallengePath> {
    if dns.check() != Check::Authoritative {
        return None;
    }
    let found = dns.challenge_path(domain, budget).await;
    found.inspect_err(|error| tracing::debug!(%error, domain, "no look at a challenge name")).ok()
}

/// The zone of a TXT record; `Ok(None)` if the account has none, an error if that cannot be told.
async fn place(zones: &Zones, domain: &str, name: &str, budget: &Budget) -> Result<Option<Place>, ()> {
    let name = DnsName::parse(name).map_err(|_| ())?;
    let found = zones.detail(&name, budget).await;
    let found = found.inspect_err(|error: &Route53Error| tracing::debug!(%error, domain, "no look at a zone"));
    let zone = found.map_err(|_| ())?;
    Ok(zone.map(|zone| Place { domain: domain.to_owned(), name, zone, seen: None }))
}

#[cfg(test)]
mod length_tests {
    use super::*;
    use crate::sdk::Value;

    /// A name of this many characters.
    fn name(length: usize) -> String {
        let labels = "a".repeat(60) + ".";
        let whole = labels.repeat(4) + "example";
        whole[whole.len() - length..].trim_start_matches('.').to_owned()
    }

    #[test]
    fn a_name_is_as_long_as_the_record_that_proves_it_allows() {
        let plan = |length, more: Vec<(&'static str, Value)>| {
            let names =
                ("dns_names", Value::set(vec![Value::from(format!("*.{}", name(length))), Value::from(name(length))]));
            Value::object([names].into_iter().chain(more))
        };
        let http01 = || ("http01", Value::object([("listen", Value::from("0.0.0.0:80"))]));
        let only = || Value::object([("dns_names", Value::set(vec![Value::from(name(238))])), http01()]);
        let standing = || ("dns_persist01", Value::object([("names", Value::Null)]));
        let codes = |planned: Value| certificate_lengths(View::new(&planned)).err().map(|told| told.code());
        assert_eq!(codes(plan(237, vec![])), None);
        assert_eq!(codes(plan(238, vec![])), Some("BERTH-ACME-118"));
        assert_eq!(codes(only()), None);
        assert_eq!(codes(plan(238, vec![http01()])), Some("BERTH-ACME-118"), "its wildcard goes by DNS");
        assert_eq!(codes(plan(233, vec![standing()])), None);
        assert_eq!(codes(plan(234, vec![standing()])), Some("BERTH-ACME-118"));
        let order = |challenge: &str| {
            let planned = plan(238, vec![("challenge", Value::from(challenge))]);
            order_lengths(View::new(&planned)).is_err()
        };
        assert_eq!([order("dns-01"), order("http-01")], [true, false]);
    }
}
