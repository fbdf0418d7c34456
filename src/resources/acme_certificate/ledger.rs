//! The ledger of what an account issued, and what it says before more of the CA's limits is spent.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use crate::clients::acme::{Acme, Directory};
use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::issuance::{Issuance, Kind, Limits, Strain, Subject, Wanted, strains};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::tls_secret::MANAGED;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::account_key::Source;
use crate::retry::Budget;
use crate::sdk::Plan;

use super::model::Certificate;
use super::schedule;

/// The note of the private state, where the account's key is not in the cluster.
const NOTE: &str = "issued";
/// For how long issuances are written down: longer than any CA looks back.
const MEMORY: SignedDuration = SignedDuration::from_hours(31 * 24);

/// The ledger beside an account's key in the cluster.
pub fn object(key: &Source) -> Option<ObjectRef> {
    let place = key.place.kubernetes_secret.as_ref()?;
    Some(ObjectRef::core("ConfigMap", &place.namespace, &format!("{}-issued", place.name)))
}

/// The limits that the certificate which is planned reaches, or would break.
pub async fn warnings(cx: &Cx, plan: &Plan<'_>, budget: &Budget) -> Vec<Explanation> {
    let Some(model) = plan.model::<Certificate>() else { return Vec::new() };
    let Some(url) = model.directory_url.get() else { return Vec::new() };
    let Some(limits) = cx.provider().acme_limits(url) else { return Vec::new() };
    let names = model.names();
    let beside = cx.provider().acme_planned().enter(url, &names);
    let prior = plan.prior_model::<Certificate>();
    let asked = async {
        let ca = cx.provider().acme(url, cx.clock()).await.ok()?;
        let issued = read(cx, &model, budget).await?;
        let has_ari = ca.directory().await.is_ok_and(Directory::has_renewal_info);
        Some((kind(cx, &model, prior.as_ref(), &issued, has_ari), issued))
    };
    let Ok(Some((kind, issued))) = budget.run(asked).await else { return Vec::new() };
    let strains = strains(limits, &issued, Wanted { names: &names, kind }, &beside, cx.clock().now());
    strains.iter().map(|strain| told(strain, &model, limits)).collect()
}

fn told(strain: &Strain, model: &Certificate, limits: Limits) -> Explanation {
    let what = match &strain.subject {
        Subject::Names => format!("certificates for exactly the names of {}", model.title()),
        Subject::Domain(domain) => format!("certificates for new names below `{domain}`"),
    };
    let days = limits.window.as_hours() / 24;
    let url = model.directory_url.get().map_or("", String::as_str);
    let rule = format!("the CA allows {} in {days} days", strain.limit);
    let told = if strain.is_last {
        Explanation::new("BERTH-ACME-064", format!("This will be the last of the {what} for now"))
            .said("the ledger", format!("{rule}; there can be another one from {} on", strain.next))
            .next("apply if it is needed; for experiments take the CA's staging directory, or set `rehearsal`")
    } else {
        Explanation::new("BERTH-ACME-063", format!("The CA will refuse this: too many {what}"))
            .said("the ledger", format!("{rule}; there can be one from {} on", strain.next))
            .next("keep the certificate there is, or wait; another set of names counts by itself, renewals of Let's Encrypt's certificates that follow the CA's suggestion do not count")
    };
    told.on(url).at("dns_names")
}

/// What a certificate that was just issued is to the limits; asked before it takes its predecessor's place. `is_replacement`:
/// whether the CA has taken its order for the successor's.
pub async fn kind_of(cx: &Cx, model: &Certificate, prior: Option<&Certificate>, is_replacement: bool) -> Kind {
    let issued = read(cx, model, cx.budget()).await.unwrap_or_default();
    kind(cx, model, prior, &issued, is_replacement)
}

/// Writes a certificate down that was just issued. What cannot be written is logged: the certificate is there.
pub async fn record(cx: &Cx, ca: &Acme, model: &Certificate, kind: Kind) {
    if cx.provider().acme_limits(ca.directory_url()).is_none() {
        return;
    }
    let Some(serial) = model.serial_number.get() else { return };
    let issuance = Issuance { at: cx.clock().now(), names: model.names(), kind };
    let Some(object) = object(&model.account_key) else {
        let issued = read(cx, model, cx.budget()).await.unwrap_or_default();
        let recent = issued.into_iter().filter(|one| is_recent(one, issuance.at));
        return cx.remember(NOTE, &recent.chain([issuance.clone()]).collect::<Vec<_>>());
    };
    if let Err(error) = write(cx, &object, serial, &issuance).await {
        tracing::warn!(%object, code = error.code(), "the ledger of issued certificates was not written");
    }
}

/// What a certificate is to the limits. Boulder exempts what replaces another certificate only while it suggests to renew that
/// one (`validateReplacementOrder` of its front end): not another kind of key, profile or set of names in between.
fn kind(cx: &Cx, model: &Certificate, prior: Option<&Certificate>, issued: &[Issuance], may_replace: bool) -> Kind {
    let names = model.names();
    let prior = prior.filter(|prior| prior.serial_number.get().is_some() && prior.directory_url == model.directory_url);
    let succeeds = prior.and_then(Certificate::chain).and_then(|chain| chain.facts.succeeded_by(&names));
    if may_replace && succeeds.is_some_and(|ari_id| schedule::is_suggested_now(cx, &ari_id)) {
        return Kind::Replacement;
    }
    let had_some = prior.is_some_and(|prior| prior.names() == names) || issued.iter().any(|one| one.names == names);
    if had_some { Kind::Renewal } else { Kind::New }
}

/// What was issued lately; `None` if the ledger cannot be read.
async fn read(cx: &Cx, model: &Certificate, budget: &Budget) -> Option<Vec<Issuance>> {
    let Some(object) = object(&model.account_key) else { return Some(cx.recall(NOTE).unwrap_or_default()) };
    let found = cx.provider().cluster().ok()?.get(budget, &object).await;
    let found = found.inspect_err(|error| tracing::debug!(%object, code = error.code(), "no ledger")).ok()?;
    let mut all: Vec<_> = found.iter().flat_map(entries).map(|(_, issuance)| issuance).collect();
    all.sort_unstable_by_key(|one| one.at);
    Some(all)
}

fn entries(object: &Value) -> BTreeMap<String, Issuance> {
    let data = object.get("data").and_then(Value::as_object).into_iter().flatten();
    let read = data.filter_map(|(serial, text)| Some((serial.clone(), serde_json::from_str(text.as_str()?).ok()?)));
    read.collect()
}

/// Adds an entry, in one request that no other writer can disturb, and drops those that nobody asks for any more.
async fn write(cx: &Cx, object: &ObjectRef, serial: &str, issuance: &Issuance) -> Result<(), ClusterError> {
    let Ok(cluster) = cx.provider().cluster() else { return Ok(()) };
    let text = serde_json::to_string(issuance).unwrap_or_default();
    let data = Map::from_iter([(serial.to_owned(), Value::String(text))]);
    let Some(whole) = add(cx, cluster, object, &data).await? else { return Ok(()) };
    let old = entries(&whole).into_iter().filter(|(_, one)| !is_recent(one, issuance.at));
    let gone: Map<_, _> = old.map(|(serial, _)| (serial, Value::Null)).collect();
    if !gone.is_empty() {
        cluster.merge(cx.budget(), object, &json!({ "data": gone })).await?;
    }
    Ok(())
}

async fn add(
    cx: &Cx,
    cluster: &Cluster,
    object: &ObjectRef,
    data: &Map<String, Value>,
) -> Result<Option<Value>, ClusterError> {
    let patch = json!({ "data": data });
    if let Some(whole) = cluster.merge(cx.budget(), object, &patch).await? {
        return Ok(Some(whole));
    }
    let mut manifest = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": { "name": object.name, "namespace": object.namespace, "labels": { (MANAGED.0): MANAGED.1 } },
    });
    manifest.as_object_mut().into_iter().for_each(|members| drop(members.insert("data".to_owned(), json!(data))));
    match cluster.create(cx.budget(), &manifest).await {
        // Somebody was faster with another certificate.
        Err(ClusterError::Foreign { .. }) => cluster.merge(cx.budget(), object, &patch).await,
        made => made.map(|_| None),
    }
}

fn is_recent(issuance: &Issuance, now: jiff::Timestamp) -> bool {
    now.duration_since(issuance.at) < MEMORY
}
