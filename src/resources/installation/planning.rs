//! What a plan says of an installation: its objects, and what an upgrade would break in this cluster.

use std::time::Duration;

use semver::Version;
use serde_json::Value as Json;

use crate::clients::download::Patience;
use crate::domain::cert_manager::Release;
use crate::domain::cert_manager::changes::{self, Facts};
use crate::domain::cert_manager::release::{parsed, version_of};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest;
use crate::explain::{Explanation, listed};
use crate::provider::Cx;
use crate::resources::cert_manager::API_VERSION;
use crate::resources::objects::written::scope_in;
use crate::resources::objects::{Adoption, ApplySet, has_drifted};
use crate::retry::Budget;
use crate::sdk::{Plan, Result, Value};

use super::model::MANIFEST;
use super::observing::controller;
use super::release::{HOME, Read, Said, content, read};
use super::source::{Reader, Unread, is_address, pinned};
use super::{Declared, steps};

const WHAT: &str = "cert-manager cannot be installed";

/// How long a plan may be held up by looking at what an upgrade hits.
const LOOKING: Duration = Duration::from_secs(15);

/// How long a plan may be held up by fetching a manifest.
const FETCHING: Duration = Duration::from_secs(20);

/// How many objects a warning names.
const NAMED: usize = 12;

/// What follows from the manifest.
const OUTCOME: [&str; 4] = ["manifest_sha256", "version", "namespace", "objects"];

/// What a configuration may say of its manifest.
const SAID: [&str; 3] = ["manifest_sha256", "version", "namespace"];

/// What follows from an apply.
const FOUND: [&str; 3] = ["drift", "phases", "passed"];

/// Refines the plan.
pub async fn refine(cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
    let is_open = SAID.iter().any(|it| plan.config().at(it).is_unknown());
    let Some(manifest) = plan.planned().text("manifest").map(str::to_owned).filter(|_| !is_open) else {
        leave_open(plan);
        return Ok(());
    };
    if is_address(&manifest) && is_as_before(plan, &manifest) {
        plan.keep(&not_given(plan));
        settle(plan);
        return Ok(());
    }
    let asks = (!cx.provider().is_offline()).then_some(Patience::SHORT);
    let reader = Reader { cx, budget: cx.budget().at_most(FETCHING), asks, what: WHAT };
    let config = plan.config();
    let [sha256, version, namespace] = SAID.map(|it| config.text(it));
    match read(&reader, &manifest, Said { sha256, version, namespace }).await {
        Ok(read) => foresee(&reader, plan, &read, is_address(&manifest)).await?,
        Err(Unread::Refused(told)) => return Err(told),
        Err(Unread::Away(told)) => {
            leave_open(plan);
            if reader.asks.is_some() {
                plan.warn(&told.adding("the apply tries again"));
            }
        }
        Err(Unread::Absent) if plan.is_create() || plan.changes("manifest") => {
            leave_open(plan);
            plan.warn(&not_there_yet(&manifest));
        }
        // What was installed stays, on a machine without the file too.
        Err(Unread::Absent) => {
            plan.keep(&not_given(plan));
            settle(plan);
        }
    }
    Ok(())
}

fn not_there_yet(manifest: &str) -> Explanation {
    Explanation::new("BERTH-CM-005", "The manifest of cert-manager is not there yet")
        .on(format!("`{manifest}`"))
        .next("nothing needs to be done if something in this run makes it; else correct the path")
        .at(MANIFEST)
}

/// Whether what is at an address was installed from there, to the same place: it need not be fetched to tell what follows.
fn is_as_before(plan: &mut Plan<'_>, manifest: &str) -> bool {
    let home = plan.private().get::<String>(HOME);
    let (config, prior) = (plan.config(), plan.prior());
    let digest = config.text("manifest_sha256").or(pinned(manifest).1);
    let namespace = config.text("namespace").or(home.as_deref());
    let is_version = |given| parsed(given) == prior.text("version").and_then(parsed);
    let is_version = config.text("version").is_none_or(is_version);
    !plan.is_create()
        && prior.text("manifest") == Some(manifest)
        && prior.text("manifest_sha256") == digest
        && prior.text("namespace") == namespace
        && is_version
}

/// What follows from the manifest and is not said in the configuration.
fn not_given(plan: &Plan<'_>) -> Vec<&'static str> {
    OUTCOME.iter().filter(|it| !plan.config().at(it).is_given()).copied().collect()
}

fn leave_open(plan: &mut Plan<'_>) {
    plan.leave_open(&not_given(plan));
    plan.leave_open(&FOUND);
}

/// Whether anything is to be done; what an apply finds out is open then.
fn settle(plan: &mut Plan<'_>) {
    let is_other = OUTCOME.iter().any(|it| plan.changes(it));
    if plan.is_create() || has_drifted(plan) || is_other || plan.is_change() {
        plan.leave_open(&FOUND);
    }
}

/// Says what follows from a release. What comes from far is left open all the same: the plan that hosts repeat in the apply may
/// not reach it, and must say nothing else.
async fn foresee(reader: &Reader<'_>, plan: &mut Plan<'_>, read: &Read, is_far: bool) -> Result<()> {
    let release = &read.release;
    let objects = foreseen(plan, release);
    let passed = passed(reader, plan, release).await?;
    if is_far {
        leave_open(plan);
    } else {
        say(plan, read, objects.as_deref());
        settle(plan);
        say_passed(plan, passed.as_deref());
    }
    if let Some(objects) = &objects {
        let adoption = Adoption::of(plan.planned().truth("adopt") == Some(true));
        ApplySet { adoption, ..Declared::default().set() }.look(reader.cx, plan, objects).await;
    }
    tell_changes(reader.cx, plan, release, passed.as_deref()).await;
    Ok(())
}

/// The steps that an upgrade to this release passes; `None` where that is not known yet.
async fn passed(reader: &Reader<'_>, plan: &Plan<'_>, release: &Release) -> Result<Option<Vec<Read>>> {
    if plan.config().at("steps").is_unknown() {
        return Ok(None);
    }
    let steps = plan.planned().read::<Vec<String>>("steps").unwrap_or_default();
    let Some(from) = plan.prior().text("version").and_then(parsed) else { return Ok(Some(Vec::new())) };
    match steps::between(reader, &steps, (&from, &release.version), release.namespace()).await {
        Ok(passed) => Ok(Some(passed)),
        Err((index, Unread::Refused(told))) => Err(told.at(steps::attribute(index))),
        // Something in this run may make it, or it is out of reach now; else the apply tells.
        Err((_, Unread::Absent | Unread::Away(_))) => Ok(None),
    }
}

/// Says which steps will be passed, so that another one is not passed in its place; not of far ones, as in [`foresee`].
fn say_passed(plan: &mut Plan<'_>, passed: Option<&[Read]>) {
    let steps = plan.planned().read::<Vec<String>>("steps").unwrap_or_default();
    let is_open = plan.planned().at("passed").is_unknown();
    if let Some(passed) = passed.filter(|_| is_open && !steps.iter().any(|step| is_address(step))) {
        plan.set("passed", Value::List(passed.iter().map(|read| Value::from(read.to_string())).collect()));
    }
}

fn say(plan: &mut Plan<'_>, read: &Read, objects: Option<&[ObjectRef]>) {
    let release = &read.release;
    plan.set("manifest_sha256", Value::from(read.sha256.as_str()));
    plan.set("namespace", Value::from(release.namespace()));
    if !plan.config().at("version").is_given() {
        plan.set("version", Value::from(release.version.to_string()));
    }
    match objects {
        Some(objects) => {
            let ids = objects.iter().map(|object| Value::from(manifest::id(object))).collect();
            plan.set("objects", Value::List(ids));
        }
        None => plan.leave_open(&["objects"]),
    }
}

/// The objects, where it is known of each whether it lives in a namespace; of kinds that others define (monitors, say) the
/// last apply tells.
fn foreseen(plan: &Plan<'_>, release: &Release) -> Option<Vec<ObjectRef>> {
    let before = plan.prior_model::<Declared>().map(|prior| prior.inventory()).unwrap_or_default();
    let (content, as_before) = (content(release), scope_in(&before));
    let scopes = content.scopes();
    let scope = |object: &ObjectRef| scopes.scope(object.group(), &object.kind).or_else(|| as_before(object));
    Some(content.parts(scope)?.into_iter().map(|part| part.object).collect())
}

/// Warns of what lies between the release that runs and the one that is planned.
async fn tell_changes(cx: &Cx, plan: &mut Plan<'_>, release: &Release, passed: Option<&[Read]>) {
    let Some(from) = running(cx, plan, release).await.filter(|from| *from != release.version) else { return };
    let to = &release.version;
    if changes::numbers(to) < changes::numbers(&from) {
        let what = format!("cert-manager is to go back from {from} to {to}");
        let next = "what only the newer one knows is lost: fields that the older definitions lack are dropped from issuers and \
                    Certificates when they are written next. cert-manager does not test the way back";
        plan.warn(&Explanation::new("BERTH-CM-010", what).next(next).at(MANIFEST));
        return;
    }
    if let Some(passed) = passed {
        tell_leaps(plan, (&from, to), passed);
    }
    let Some(facts) = facts(cx, release).await else { return };
    for hit in changes::hits(&from, to, &facts) {
        let told = Explanation::new("BERTH-CM-010", hit.what).on(listed(&hit.objects, NAMED));
        plan.warn(&told.next(hit.next).at(MANIFEST));
    }
}

/// Warns of minor releases that no step passes.
fn tell_leaps(plan: &mut Plan<'_>, (from, to): (&Version, &Version), passed: &[Read]) {
    let minors: Vec<String> = passed.iter().map(|read| changes::minor(&read.release.version)).collect();
    let mut leapt = changes::between(from, to);
    leapt.retain(|minor| !minors.contains(minor));
    if !leapt.is_empty() {
        let what = format!("cert-manager is to leap from {from} to {to}");
        let told = Explanation::new("BERTH-CM-010", what).on(format!("over {}", leapt.join(", ")));
        let next = "give the manifest of a release of each in `steps`: cert-manager advises to upgrade one minor release at a time";
        plan.warn(&told.next(next).at(MANIFEST));
    }
}

/// The version that runs: that of the state, or of what is about to be taken over.
async fn running(cx: &Cx, plan: &Plan<'_>, release: &Release) -> Option<Version> {
    if let Some(version) = plan.prior().text("version") {
        return parsed(version);
    }
    if cx.provider().is_offline() || plan.planned().truth("adopt") != Some(true) {
        return None;
    }
    version_of(&controller(cx, release.namespace()).await.ok()??)
}

async fn facts(cx: &Cx, release: &Release) -> Option<Facts> {
    if cx.provider().is_offline() {
        return None;
    }
    let budget = cx.budget().at_most(LOOKING);
    let certificates = certificates(cx, &budget).await?;
    let mut issuers = all(cx, &budget, "Issuer").await?;
    issuers.extend(all(cx, &budget, "ClusterIssuer").await?);
    Some(Facts { certificates, issuers, account: release.account.clone() })
}

/// All Certificates; `None` where they cannot be read.
pub async fn certificates(cx: &Cx, budget: &Budget) -> Option<Vec<Json>> {
    all(cx, budget, "Certificate").await
}

async fn all(cx: &Cx, budget: &Budget, kind: &str) -> Option<Vec<Json>> {
    let cluster = cx.provider().cluster().ok()?;
    cluster.list(budget, &ObjectRef::of_cluster(API_VERSION, kind, ""), "").await.ok()
}
