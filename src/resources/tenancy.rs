//! What every resource in the cluster does about ownership: claim at first, release in the end, say what was left.

use std::time::Duration;

use serde_json::Value;

use crate::clients::cluster::{Cluster, ClusterError, Removal, Vacancy};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, Tenure, answers_for, is_terminating, owner_of};
use crate::explain::{Explanation, listed};
use crate::owner::Owner;
use crate::provider::Cx;
use crate::retry::Budget;
use crate::sdk::{Plan, Result};

/// How long a plan may be held up by looking for holders, and at how many objects.
const LOOKING: Duration = Duration::from_secs(5);
const LOOKS: usize = 20;

/// How long the refresh of another resource of this state is waited for.
const SEEING: Duration = Duration::from_millis(500);
const GLANCE: Duration = Duration::from_millis(20);

/// How many objects a warning names beside the first.
const NAMED: usize = 12;

/// How long it may take to mark what was made as finished.
const FINISHING: Duration = Duration::from_secs(10);

/// Warns in the plan of a creation that another resource of the configuration declares the same object.
pub fn plan(cx: &Cx, plan: &mut Plan<'_>, objects: &[ObjectRef], attribute: &str) {
    if !plan.is_create() {
        return;
    }
    let is_planned = |object: &&ObjectRef| !cx.provider().holdings().plan(&object.key());
    let planned: Vec<&ObjectRef> = objects.iter().filter(is_planned).collect();
    if let Some((first, others)) = planned.split_first() {
        let told = twice("Two resources of this configuration declare the same object", first);
        plan.warn(&told.seen(likewise(others.iter().copied())).at(attribute));
    }
}

/// What holds for more objects than the one that a message is about, in one line.
fn likewise<'a>(others: impl Iterator<Item = &'a ObjectRef>) -> Option<String> {
    let named: Vec<String> = others.map(ToString::to_string).collect();
    (!named.is_empty()).then(|| format!("the same holds for {}", listed(&named, NAMED)))
}

/// [`plan`] of the Secret whose namespace and name stand below an attribute.
pub fn plan_secret(cx: &Cx, plan: &mut Plan<'_>, attribute: &str) {
    let at = |part: &str| plan.planned().text(&format!("{attribute}.{part}")).map(str::to_owned);
    if let (Some(namespace), Some(name)) = (at("namespace"), at("name")) {
        self::plan(cx, plan, &[ObjectRef::secret(&namespace, &name)], attribute);
    }
}

fn twice(what: &str, object: &ObjectRef) -> Explanation {
    Explanation::new("BERTH-K8S-016", what)
        .on(format!("{object}, which another resource of this configuration declares as well"))
        .next("give one of the two another name or namespace, or remove it; nothing is written for the second one")
}

/// Warns in the plan of a creation of objects that the apply will refuse to write: another state holds them, or another tool
/// made them. What this state's own refreshes have seen is about to move, or to be made anew. What cannot be asked is not told.
pub async fn look(cx: &Cx, plan: &mut Plan<'_>, claim: &Claim, objects: &[ObjectRef], attribute: &str) {
    look_by(cx, plan, objects, attribute, |_, found| claim.tenure(found)).await;
}

/// [`look`], with another way to tell whose an object is.
pub async fn look_by(
    cx: &Cx,
    plan: &mut Plan<'_>,
    objects: &[ObjectRef],
    attribute: &str,
    tenure: impl Fn(&ObjectRef, &Value) -> Tenure,
) {
    for refusal in refusals(cx, plan, objects, tenure).await {
        plan.warn(&refusal.error.explain(REFUSED).seen(refusal.likewise()).at(attribute));
    }
}

/// What the warning of a refusal says at first.
pub const REFUSED: &str = "The apply will refuse to write an object that exists already";

/// Why an object will not be written, and which others will not for the same reason.
pub struct Refusal {
    /// The first of them.
    pub object: ObjectRef,
    /// Why.
    pub error: ClusterError,
    others: Vec<ObjectRef>,
}

impl Refusal {
    /// The others, in one line.
    pub fn likewise(&self) -> Option<String> {
        likewise(self.others.iter())
    }

    fn has_reason(&self, error: &ClusterError) -> bool {
        match (&self.error, error) {
            (ClusterError::Held { lead, .. }, ClusterError::Held { lead: other, .. }) => lead == other,
            (one, other) => one.code() == other.code(),
        }
    }
}

/// What the apply of a creation will refuse to write, by reasons.
pub async fn refusals(
    cx: &Cx,
    plan: &Plan<'_>,
    objects: &[ObjectRef],
    tenure: impl Fn(&ObjectRef, &Value) -> Tenure,
) -> Vec<Refusal> {
    let mut refusals: Vec<Refusal> = Vec::new();
    if !plan.is_create() || cx.provider().is_offline() {
        return refusals;
    }
    let Ok(cluster) = cx.provider().cluster() else { return refusals };
    let budget = cx.budget().at_most(LOOKING);
    for (object, found) in cluster.look_at(&budget, objects.iter().take(LOOKS).cloned()).await {
        let Some(found) = found else { continue };
        let refused = refused(cx, cluster, &budget, tenure(&object, &found), &object, &found).await;
        let Some(error) = refused else { continue };
        match refusals.iter_mut().find(|it| it.has_reason(&error)) {
            Some(refusal) => refusal.others.push(object),
            None => refusals.push(Refusal { object, error, others: Vec::new() }),
        }
    }
    refusals
}

async fn refused(
    cx: &Cx,
    cluster: &Cluster,
    budget: &Budget,
    tenure: Tenure,
    object: &ObjectRef,
    found: &Value,
) -> Option<ClusterError> {
    if is_terminating(found) {
        return None;
    }
    let lead = match tenure {
        Tenure::Foreign => return Some(ClusterError::Foreign { object: object.to_string() }),
        Tenure::Ours | Tenure::Leftover => return None,
        Tenure::Others { owner, .. } if is_seen(cx, budget, &owner).await => return None,
        Tenure::Others { lead: None, .. } => object.clone(),
        Tenure::Others { owner, lead: Some(lead) } => {
            let answers = cluster.lead(budget, &lead).await.ok()??;
            Some(lead).filter(|_| !is_terminating(&answers) && answers_for(&answers, &owner))?
        }
    };
    Some(ClusterError::Held { object: object.to_string(), lead })
}

/// Whether a refresh of this state sees an object of that owner. Hosts refresh what leaves the configuration beside the plans of
/// what is new in it: it is waited for a moment.
async fn is_seen(cx: &Cx, budget: &Budget, owner: &Owner) -> bool {
    let holdings = cx.provider().holdings();
    let patience = budget.at_most(if holdings.may_wait() { SEEING } else { Duration::ZERO });
    while !holdings.is_seen(owner) {
        if patience.sleep(GLANCE).await.is_err() {
            holdings.waited_in_vain();
            return false;
        }
    }
    true
}

/// Claims the lead of a resource for this run, before the cluster is asked.
///
/// # Errors
/// Another resource of this run has it: one object is declared twice.
pub fn claim(cx: &Cx, lead: &ObjectRef, what: &str) -> Result<Owner> {
    let owner = cx.owner()?;
    if cx.provider().holdings().take(&lead.key(), &owner) {
        return Ok(owner);
    }
    Err(twice(what, lead))
}

/// Takes the mark of an imported object over: the state that knows it now is its owner's.
pub fn take_over(cx: &Cx, object: &Value) {
    if let Some(owner) = owner_of(object) {
        cx.owned_by(&owner);
    }
}

/// The owner that a state acts for. A state that has lost its notes (the provider was killed in an update, the object was
/// tainted, or berth 0.1 wrote it) takes the mark that the first of the objects bears for its own.
pub async fn recovered(cx: &Cx, objects: &[ObjectRef], what: &str) -> Result<Option<Owner>> {
    for object in objects {
        if cx.known_owner().is_some() {
            break;
        }
        let found = cx.provider().cluster()?.lead(cx.budget(), object).await.map_err(|error| error.explain(what))?;
        recover(cx, object, found.as_ref());
    }
    Ok(cx.known_owner())
}

/// Takes the mark of an object that was found, if the state has none: unless another resource of this run has put it there.
pub fn recover(cx: &Cx, object: &ObjectRef, found: Option<&Value>) {
    if let Some(owner) = found.and_then(owner_of) {
        cx.provider().holdings().note_seen(&owner);
    }
    let Some(owner) = found.filter(|_| cx.known_owner().is_none()).and_then(owner_of) else { return };
    if cx.provider().holdings().holder(&object.key()).is_none_or(|holder| holder == owner) {
        cx.owned_by(&owner);
    }
}

/// Gives the lead up after a create that made nothing.
pub fn abandon(cx: &Cx, lead: &ObjectRef) {
    if let Some(owner) = cx.known_owner().filter(|_| !cx.has_existing()) {
        cx.provider().holdings().release(&lead.key(), &owner);
    }
}

/// Ends a create that made something, however it went: what it made is known to the state from here on.
pub async fn finish(cx: &Cx, claim: &Claim) {
    // The next refresh finds it, and the next apply sets it right.
    drop(finished(cx, claim).await);
}

/// Ends a create, however it went, where another state may have made the same at the same moment. The attribute is the one
/// that names the object.
///
/// # Errors
/// It has, and has it now.
pub async fn finish_own(cx: &Cx, claim: &Claim, what: &str, attribute: &str) -> Result<()> {
    if !cx.has_existing() {
        abandon(cx, &claim.lead);
        return Ok(());
    }
    match finished(cx, claim).await {
        Err(error @ ClusterError::Held { .. }) => Err(error.explain(what).at(attribute)),
        _ => Ok(()),
    }
}

async fn finished(cx: &Cx, claim: &Claim) -> std::result::Result<(), ClusterError> {
    let Ok(cluster) = cx.provider().cluster() else { return Ok(()) };
    let finished = cluster.finish(&Budget::for_cleanup(FINISHING), claim).await;
    if let Err(error) = &finished {
        tracing::warn!(%error, lead = %claim.lead, "it is marked as unfinished");
    }
    finished
}

/// Gives the lead up after a destroy.
pub fn release(cx: &Cx, lead: &ObjectRef) {
    if let Some(owner) = cx.known_owner() {
        cx.provider().holdings().release(&lead.key(), &owner);
    }
}

/// Tells which objects a destroy has left to their new owner.
pub fn tell_left(cx: &Cx, what: &str, removals: impl IntoIterator<Item = (ObjectRef, Removal)>) {
    let left: Vec<_> = removals.into_iter().filter(|(_, removal)| *removal == Removal::Left).collect();
    if left.is_empty() {
        return;
    }
    let names: Vec<_> = left.iter().map(|(object, _)| object.to_string()).collect();
    let told = Explanation::new("BERTH-K8S-017", format!("{what}: some objects were left"))
        .on(names.join(", "))
        .next("they belong to another resource or state by now, or to another tool; remove them there");
    cx.warn(&told);
}

/// Tells why a namespace of ours was kept.
pub fn tell_vacancy(cx: &Cx, namespace: &str, vacancy: &Vacancy) {
    let (words, next) = match vacancy {
        Vacancy::Settled => return,
        Vacancy::InUse(object) => (
            format!("{object} is in it"),
            "nothing needs to be done; `kubectl delete namespace` removes it with all that is in it",
        ),
        Vacancy::Unsure(words) => (
            format!("whether something is left in it cannot be told: {words}"),
            "look into it, and remove it with `kubectl delete namespace` if nothing is needed any more",
        ),
    };
    let told = Explanation::new("BERTH-K8S-018", format!("The namespace `{namespace}` was kept"))
        .said("The cluster", words)
        .next(next);
    cx.warn(&told);
}
