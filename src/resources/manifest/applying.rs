//! Makes the cluster hold what the text declares.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::drift::{Deviations, own_deviations};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, Phase, Scope, fields, health};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::diagnosis::{subject_of, with_the_way};
use crate::resources::objects::{Goal, Tenant, Wish, side_by_side};
use crate::resources::tenancy;
use crate::retry::Pace;
use crate::sdk::Result;

use super::Declared;
use super::content::{Content, Part, of_phase};
use super::model::WaitFor;
use super::removing;

/// The note of the private state: what the API server stored otherwise than it was declared, object by object.
pub const DEVIATIONS: &str = "deviations";

/// The note of the private state: digests of the fields that are ours, of objects whose values are not stored.
pub const OWNED: &str = "owned";

/// The note of the private state that an apply has begun and not come to its end.
pub const BEGUN: &str = "begun";

/// What is said of an object that was not seen working.
pub const NOT_SEEN_READY: &str = "has not been seen ready since the last change";

/// How long the API server may take to serve a kind that was defined a moment ago.
const SERVING: Duration = Duration::from_secs(30);
const PACE: Pace = Pace::new(Duration::from_millis(100), Duration::from_secs(1));

type Outcome<T> = std::result::Result<T, ClusterError>;

/// An object that failed.
type Failure = (ObjectRef, ClusterError);

/// What was found of what was written.
#[derive(Default)]
struct Written {
    deviations: BTreeMap<String, Deviations>,
    owned: BTreeMap<String, String>,
}

/// Declares every object, waits for what works, and takes away what has left the text.
pub async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared, what: &str) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let content = Content::of(model, what)?;
    let parts = parts(cx, cluster, &content).await.map_err(|error| error.explain(what).at("yaml"))?;
    let Some(lead) = parts.first().map(|part| part.object.clone()) else {
        let told = Explanation::new("BERTH-K8S-085", format!("{what}: no document is in it"));
        return Err(told.next("give documents, one at least").at("yaml"));
    };
    let before = prior.map(Declared::inventory).unwrap_or_default();
    tenancy::recovered(cx, before.get(..1).unwrap_or_default(), what).await?;
    let owner = claim(cx, &parts, what)?;
    let claim = crate::domain::ownership::Claim { is_open: prior.is_none(), ..Declared::claim(Some(owner), lead) };
    let given = prior.map(Declared::given).unwrap_or_default();
    let manager = model.field_manager.clone();
    let (force, adopts) = (model.force_conflicts, model.adopt);
    let tenant = Tenant { force, adopts, given, ..Tenant::of(cx, cluster, &claim, &manager) };
    let applied = apply(&tenant, prior, model, &before, &parts, what).await;
    if !cx.has_existing() {
        release(cx, &parts);
        return applied;
    }
    let finished = tenancy::finish_own(cx, &claim, what, "yaml").await;
    applied.and(finished)
}

/// Claims every object for this run.
fn claim(cx: &Cx, parts: &[Part], what: &str) -> Result<crate::owner::Owner> {
    for part in parts {
        tenancy::claim(cx, &part.object, what).map_err(|error| error.at("yaml"))?;
    }
    cx.owner()
}

fn release(cx: &Cx, parts: &[Part]) {
    for part in parts {
        tenancy::release(cx, &part.object);
    }
}

/// The objects in their places. Kinds that the text defines itself need not be served yet.
async fn parts(cx: &Cx, cluster: &Cluster, content: &Content) -> Outcome<Vec<Part>> {
    let scopes = content.scopes();
    let group = |version: &str| version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let unknown = cluster.learn_kinds(cx.budget(), content.kinds()).await?;
    if let Some((api_version, kind)) =
        unknown.into_iter().find(|(version, kind)| !scopes.defines(&group(version), kind))
    {
        return Err(ClusterError::KindUnknown { api_version, kind });
    }
    let scope = |object: &ObjectRef| -> Option<Scope> {
        let served = cluster.known_kind(&object.api_version, &object.kind).map(|kind| kind.scope);
        served.or_else(|| scopes.scope(object.group(), &object.kind))
    };
    Ok(content.parts(scope).unwrap_or_default())
}

async fn apply(
    tenant: &Tenant<'_>,
    prior: Option<&Declared>,
    model: &mut Declared,
    before: &[ObjectRef],
    parts: &[Part],
    what: &str,
) -> Result<()> {
    let cx = tenant.cx;
    refuse_held(tenant, parts).await.map_err(|failure| explained(&failure, what))?;
    let now: Vec<ObjectRef> = parts.iter().map(|part| part.object.clone()).collect();
    let (had, has) = (keys(before), keys(&now));
    let leaving: Vec<ObjectRef> = before.iter().filter(|object| !has.contains(&object.key())).cloned().collect();
    note(model, now.iter().chain(&leaving));
    model.drift.set(Vec::new());
    cx.remember(BEGUN, &true);
    let mut written = recalled(cx);
    for phase in PHASES {
        let outcome = declare(tenant, of_phase(parts, phase), &had, phase, &mut written).await;
        remember(cx, &written);
        outcome.map_err(|failure| explained(&failure, what))?;
        if phase == Phase::Definitions {
            defined(tenant, parts).await.map_err(|failure| explained(&failure, what))?;
        }
    }
    hand_over(tenant, prior, &now).await.map_err(|failure| explained(&failure, what))?;
    removing::remove_left(tenant, model, &leaving, what).await?;
    note(model, now.iter());
    prune(cx, written, &now);
    cx.forget(BEGUN);
    wait(tenant, prior.is_none(), model, parts, what).await
}

/// Which objects they are: another version of an object is the same object.
fn keys(objects: &[ObjectRef]) -> BTreeSet<String> {
    objects.iter().map(ObjectRef::key).collect()
}

/// The steps in their order.
const PHASES: [Phase; 7] = [
    Phase::Namespaces,
    Phase::Definitions,
    Phase::Limits,
    Phase::Foundations,
    Phase::Workloads,
    Phase::Edges,
    Phase::Custom,
];

fn note<'a>(model: &mut Declared, objects: impl Iterator<Item = &'a ObjectRef>) {
    model.objects.set(objects.map(manifest::id).collect::<Vec<_>>());
}

/// Looks at all objects before the first is written: who meets another's object has made a mistake, and half of it helps nobody.
async fn refuse_held(tenant: &Tenant<'_>, parts: &[Part]) -> std::result::Result<(), Failure> {
    let served =
        parts.iter().filter(|part| tenant.cluster.known_kind(&part.object.api_version, &part.object.kind).is_some());
    let looks = served
        .map(|part| async move { tenant.admit(&part.object).await.map_err(|error| (part.object.clone(), error)) });
    side_by_side(looks).await.into_iter().find_map(std::result::Result::err).map_or(Ok(()), Err)
}

/// Declares the objects of one step side by side; all are tried, and the first failure is told.
async fn declare(
    tenant: &Tenant<'_>,
    parts: impl Iterator<Item = &Part>,
    had: &BTreeSet<String>,
    phase: Phase,
    written: &mut Written,
) -> std::result::Result<(), Failure> {
    let placed = parts.map(|part| async move {
        let had = had.contains(&part.object.key());
        let stored = if phase >= Phase::Edges {
            tenant.place_patiently(&part.manifest, had).await
        } else {
            tenant.place(&part.manifest, had).await
        };
        (part, stored)
    });
    let mut failure = None;
    for (part, stored) in side_by_side(placed).await {
        match stored {
            Ok(stored) => {
                tenant.cx.exists();
                written.note(part, &stored, tenant.manager);
            }
            Err(error) => {
                let error = if part.is_secret { error.without_content() } else { error };
                failure = failure.or_else(|| Some((part.object.clone(), error)));
            }
        }
    }
    failure.map_or(Ok(()), Err)
}

/// Waits until the kinds that the text defines are served.
async fn defined(tenant: &Tenant<'_>, parts: &[Part]) -> std::result::Result<(), Failure> {
    let goals: Vec<Goal> = of_phase(parts, Phase::Definitions).filter_map(works).collect();
    if let Some(failure) = tenant.wait_for(&goals).await.into_iter().next() {
        return Err(failure);
    }
    let custom: Vec<&Part> = of_phase(parts, Phase::Custom).collect();
    let patience = tenant.cx.budget().at_most(SERVING);
    for pause in PACE.pauses() {
        let kinds = custom.iter().map(|part| (part.object.api_version.clone(), part.object.kind.clone()));
        let first = custom.first().map(|part| part.object.clone());
        let unknown = tenant.cluster.learn_kinds(tenant.cx.budget(), kinds).await;
        let unknown = unknown.map_err(|error| (first.unwrap_or_else(|| ObjectRef::of_cluster("", "", "")), error))?;
        let Some((api_version, kind)) = unknown.into_iter().next() else { return Ok(()) };
        if patience.sleep(pause).await.is_err() {
            let part = custom.iter().find(|part| part.object.kind == kind).map(|part| part.object.clone());
            let object = part.unwrap_or_else(|| ObjectRef::of_cluster(&api_version, &kind, ""));
            return Err((object, ClusterError::KindUnknown { api_version, kind }));
        }
    }
    Ok(())
}

fn works(part: &Part) -> Option<Goal> {
    health::is_judged(&part.object).then(|| Goal { object: part.object.clone(), wishes: vec![Wish::Works] })
}

/// Under another name, what the former one owned is given up, so that it leaves with the text.
async fn hand_over(
    tenant: &Tenant<'_>,
    prior: Option<&Declared>,
    now: &[ObjectRef],
) -> std::result::Result<(), Failure> {
    let Some(former) = prior.map(|prior| &prior.field_manager).filter(|former| *former != tenant.manager) else {
        return Ok(());
    };
    let handed = now.iter().map(|object| async move {
        let given = tenant.cluster.give_up(tenant.cx.budget(), object, former).await;
        given.map_err(|error| (object.clone(), error))
    });
    side_by_side(handed).await.into_iter().collect()
}

/// Waits for what was written. What is new stays, whatever keeps it: an error would have Terraform destroy it.
async fn wait(tenant: &Tenant<'_>, is_new: bool, model: &mut Declared, parts: &[Part], what: &str) -> Result<()> {
    let late = tenant.wait_for(&goals(model, parts)).await;
    let Some(first) = late.first() else { return Ok(()) };
    model.drift.set(late.iter().map(|(object, _)| format!("{object} {NOT_SEEN_READY}")).collect::<Vec<_>>());
    let others: Vec<_> = late.iter().skip(1).map(|(object, error)| format!("{object}: {}", error.told())).collect();
    let stays = is_new && late.iter().all(|(_, error)| error.is_of_a_wait());
    let what = if stays { "The objects of the manifest were made, and not all are ready yet" } else { what };
    let told = diagnosed(tenant, &late, explained(first, what).seen(others)).await;
    if stays {
        tenant.cx.tell_wait(Err(told), "nothing is removed, and the next apply goes on from here");
        return Ok(());
    }
    Err(told)
}

/// The message with what a diagnosis sees at the first of the objects that it knows. Of an interrupt everything is told.
async fn diagnosed(tenant: &Tenant<'_>, late: &[Failure], told: Explanation) -> Explanation {
    if late.iter().any(|(_, error)| error.is_interrupt()) {
        return told;
    }
    match late.iter().find(|(object, _)| subject_of(object).is_some()) {
        Some((object, _)) => with_the_way(tenant.cx, object, told).await,
        None => told,
    }
}

fn goals(model: &Declared, parts: &[Part]) -> Vec<Goal> {
    parts.iter().map(|part| goal_of(model, &part.object)).filter(|goal| !goal.wishes.is_empty()).collect()
}

/// What is waited for at an object.
pub fn goal_of(model: &Declared, object: &ObjectRef) -> Goal {
    let named = model.wait_for.iter().flatten().filter(|wish| wish.fits(object)).flat_map(WaitFor::wishes);
    let works = (model.wait && health::is_judged(object)).then_some(Wish::Works);
    Goal { object: object.clone(), wishes: works.into_iter().chain(named).collect() }
}

impl WaitFor {
    /// Whether it is about this object.
    pub fn fits(&self, object: &ObjectRef) -> bool {
        self.kind == object.kind
            && self.name.as_ref().is_none_or(|name| *name == object.name)
            && self.namespace.as_ref().is_none_or(|namespace| Some(namespace) == object.namespace.as_ref())
    }

    fn wishes(&self) -> Vec<Wish> {
        let condition = self.condition.as_ref().map(|condition| {
            let (kind, status) = condition.split_once('=').unwrap_or((condition, "True"));
            Wish::Condition(kind.to_owned(), status.to_owned())
        });
        let field = self.field.as_ref().map(|field| Wish::Field(field.path.clone(), field.value.clone()));
        condition.into_iter().chain(field).chain(self.address.then_some(Wish::Address)).collect()
    }
}

impl Written {
    fn note(&mut self, part: &Part, stored: &serde_json::Value, manager: &str) {
        let id = manifest::id(&part.object);
        if part.is_secret {
            self.owned.extend(fields::digest(stored, manager).map(|digest| (id, digest)));
            return;
        }
        let deviations = own_deviations(&part.manifest, stored);
        if deviations.is_empty() {
            self.deviations.remove(&id);
        } else {
            self.deviations.insert(id, deviations);
        }
    }
}

fn recalled(cx: &Cx) -> Written {
    Written { deviations: cx.recall(DEVIATIONS).unwrap_or_default(), owned: cx.recall(OWNED).unwrap_or_default() }
}

fn remember(cx: &Cx, written: &Written) {
    cx.remember(DEVIATIONS, &written.deviations);
    cx.remember(OWNED, &written.owned);
}

fn prune(cx: &Cx, mut written: Written, now: &[ObjectRef]) {
    let ids: Vec<String> = now.iter().map(manifest::id).collect();
    written.deviations.retain(|id, _| ids.contains(id));
    written.owned.retain(|id, _| ids.contains(id));
    remember(cx, &written);
}

/// A cluster's failure at one object, with what this type can do about it.
pub fn explained((object, error): &Failure, what: &str) -> Explanation {
    let told = error.explain(what).at("yaml");
    match error {
        ClusterError::Foreign { .. } => {
            told.adding("`adopt = true` takes over whatever of this manifest exists and bears no mark")
        }
        ClusterError::Conflict { .. } => {
            told.adding("or take the fields with `force_conflicts = true`, which the other may take back")
        }
        ClusterError::NamespaceMissing { .. } => {
            told.adding("or declare it in the text, as a document of kind Namespace")
        }
        ClusterError::Other { .. } => told.seen([format!("it was about {object}")]),
        _ => told,
    }
}
