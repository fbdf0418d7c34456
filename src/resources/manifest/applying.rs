//! Makes the cluster hold what the text declares.

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, health};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::objects::content::{Content, Part, told};
use crate::resources::objects::declaring::{self, Failure, explained, keys};
use crate::resources::objects::written::Written;
use crate::resources::objects::{Goal, Tenant, Wish, side_by_side};
use crate::resources::tenancy;
use crate::sdk::Result;

use super::Declared;
use super::model::WaitFor;
use super::removing;

/// The attribute at which failures are told.
pub const TEXT: &str = "yaml";

/// The note of the private state that an apply has begun and not come to its end.
pub const BEGUN: &str = "begun";

/// What is said of an object that was not seen working.
pub const NOT_SEEN_READY: &str = "has not been seen ready since the last change";

/// Reads what a model declares.
///
/// # Errors
/// A text has a mistake.
pub fn content(model: &Declared, what: &str) -> Result<Content> {
    Content::read(model.yaml.as_deref(), model.secrets_yaml_wo.as_ref(), &model.namespace)
        .map_err(|(mistake, attribute)| told(&mistake, what, attribute))
}

/// Declares every object, waits for what works, and takes away what has left the text.
pub async fn bring_about(cx: &Cx, prior: Option<&Declared>, model: &mut Declared, what: &str) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let content = content(model, what)?;
    let parts = declaring::parts(cx, cluster, &content).await.map_err(|error| error.explain(what).at(TEXT))?;
    let Some(lead) = parts.first().map(|part| part.object.clone()) else {
        let told = Explanation::new("BERTH-K8S-085", format!("{what}: no document is in it"));
        return Err(told.next("give documents, one at least").at(TEXT));
    };
    let before = prior.map(Declared::inventory).unwrap_or_default();
    tenancy::recovered(cx, before.get(..1).unwrap_or_default(), what).await?;
    let owner = declaring::claim(cx, &parts, what, TEXT)?;
    let claim = crate::domain::ownership::Claim { is_open: prior.is_none(), ..Declared::claim(Some(owner), lead) };
    let given = prior.map(Declared::given).unwrap_or_default();
    let manager = model.field_manager.clone();
    let (force, adopts) = (model.force_conflicts, model.adopt);
    let tenant = Tenant { force, adopts, given, ..Tenant::of(cx, cluster, &claim, &manager) };
    let applied = apply(&tenant, prior, model, &before, &parts, what).await;
    if !cx.has_existing() {
        declaring::release(cx, &parts);
        return applied;
    }
    let finished = tenancy::finish_own(cx, &claim, what, TEXT).await;
    applied.and(finished)
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
    let told = |failure: Failure| explained(&failure, what, TEXT);
    tenant.refuse_held(parts).await.map_err(told)?;
    let now: Vec<ObjectRef> = parts.iter().map(|part| part.object.clone()).collect();
    let (had, has) = (keys(before), keys(&now));
    let leaving: Vec<ObjectRef> = before.iter().filter(|object| !has.contains(&object.key())).cloned().collect();
    note(model, now.iter().chain(&leaving));
    model.drift.set(Vec::new());
    cx.remember(BEGUN, &true);
    let mut written = Written::recalled(cx);
    tenant.declare_all(parts, &had, &mut written).await.map_err(told)?;
    hand_over(tenant, prior, &now).await.map_err(told)?;
    removing::remove_left(tenant, model, &leaving, what).await?;
    note(model, now.iter());
    written.of_these(&now).remember(cx);
    cx.forget(BEGUN);
    wait(tenant, prior.is_none(), model, parts, what).await
}

fn note<'a>(model: &mut Declared, objects: impl Iterator<Item = &'a ObjectRef>) {
    model.objects.set(objects.map(manifest::id).collect::<Vec<_>>());
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
    let told = tenant.diagnosed(&late, explained(first, what, TEXT).seen(others)).await;
    if stays {
        tenant.cx.tell_wait(Err(told), "nothing is removed, and the next apply goes on from here");
        return Ok(());
    }
    Err(told)
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
