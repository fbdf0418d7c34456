//! Makes the cluster hold what the texts declare.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::clients::cluster::ClusterError;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::exclusive;
use crate::domain::ownership::Claim;
use crate::explain::{Explanation, listed};
use crate::provider::Cx;
use crate::resources::tenancy;
use crate::sdk::Result;

use super::super::content::{Content, Part};
use super::super::declaring::{self, Failure, explained, keys};
use super::super::written::{Written, look};
use super::super::{Goal, Tenant, side_by_side};
use super::{Adoption, ApplySet, NOT_SEEN_READY};

/// The note of the private state that an apply has begun and not come to its end.
pub(super) const BEGUN: &str = "begun";

/// How many objects are told by name.
const TOLD: usize = 10;

impl ApplySet {
    /// Declares every object of the content, waits for what works, and takes away what has left it.
    ///
    /// # Errors
    /// What was done is in `objects` then, and the next call goes on.
    pub async fn bring_about(&mut self, cx: &Cx, prior: Option<&Self>, content: &Content, what: &str) -> Result<()> {
        // Until something is written, the state has what it had.
        self.objects = prior.map(|prior| prior.objects.clone()).unwrap_or_default();
        self.drift = prior.map(|prior| prior.drift.clone()).unwrap_or_default();
        let cluster = cx.provider().cluster()?;
        let parts = self.parts(cx, content, what).await?;
        let declared: Vec<ObjectRef> = parts.iter().map(|part| part.object.clone()).collect();
        let Some(lead) = self.lead_of(&declared).cloned() else {
            let told = Explanation::new("BERTH-K8S-085", format!("{what}: no document is in it"));
            return Err(told.next("give documents, one at least").at(self.attribute));
        };
        tenancy::recovered(cx, &prior.map(Self::leads).unwrap_or_default(), what).await?;
        let claimed = self.own_of(&declared);
        let owner = declaring::claim(cx, &claimed, what, self.attribute)?;
        let claim = Claim {
            is_open: prior.is_none(),
            ..Claim::intended(self.application, &lead.name.clone(), Some(owner), lead)
        };
        let manager = self.manager.clone();
        let given =
            if self.adoption == Adoption::Whole { keys(&declared) } else { prior.map(Self::given).unwrap_or_default() };
        let tenant = Tenant {
            force: self.force,
            adopts: self.adoption != Adoption::Refused,
            namespaces: self.namespaces,
            given,
            pull_secrets: Written::recalled(cx).pull_secrets(),
            ..Tenant::of(cx, cluster, &claim, &manager)
        };
        let applied = self.admit(&tenant, prior, &parts, what).await;
        if !cx.has_existing() {
            declaring::release(cx, &claimed);
            return applied;
        }
        let finished = tenancy::finish_own(cx, &claim, what, self.attribute).await;
        applied.and(finished)
    }

    /// Takes away what has left the content, where that was put off.
    ///
    /// # Errors
    /// Something did not go; it stays in `objects`.
    pub async fn prune(&mut self, cx: &Cx, content: &Content, what: &str) -> Result<()> {
        let parts = self.parts(cx, content, what).await?;
        let now: Vec<ObjectRef> = parts.iter().map(|part| part.object.clone()).collect();
        let has = keys(&now);
        let leaving: Vec<ObjectRef> =
            self.objects.iter().filter(|object| !has.contains(&object.key())).cloned().collect();
        if let Some(claim) = self.claim(cx.known_owner()) {
            let tenant = Tenant::of(cx, cx.provider().cluster()?, &claim, &self.manager);
            self.remove_left(&tenant, &leaving, what).await?;
        }
        self.settle(cx, now, Written::recalled(cx));
        Ok(())
    }

    /// Looks whether somebody else holds any of the objects, before anything is done.
    ///
    /// # Errors
    /// Somebody does.
    pub async fn refuse_held(&self, cx: &Cx, content: &Content, what: &str) -> Result<()> {
        let parts = self.parts(cx, content, what).await?;
        let Some(claim) = self.claim(Some(cx.owner()?)) else { return Ok(()) };
        let adopts = self.adoption != Adoption::Refused;
        let tenant = Tenant {
            adopts,
            namespaces: self.namespaces,
            ..Tenant::of(cx, cx.provider().cluster()?, &claim, &self.manager)
        };
        tenant.refuse_held(&parts).await.map(drop).map_err(|failure| explained(&failure, what, self.attribute))
    }

    /// The objects of the content, each in its place.
    ///
    /// # Errors
    /// The cluster did not answer, or does not know a kind.
    pub async fn parts(&self, cx: &Cx, content: &Content, what: &str) -> Result<Vec<Part>> {
        let parts = declaring::parts(cx, cx.provider().cluster()?, content).await;
        parts.map_err(|error| error.explain(what).at(self.attribute))
    }

    /// What is declared now is all that there is.
    fn settle(&mut self, cx: &Cx, now: Vec<ObjectRef>, written: Written) {
        written.of_these(&now).remember(cx);
        self.objects = now;
        cx.forget(BEGUN);
    }

    /// The object whose mark is the state's.
    fn leads(&self) -> Vec<ObjectRef> {
        self.lead_of(&self.objects).cloned().into_iter().collect()
    }

    /// Applies what nobody else holds. What has been running stays, whatever becomes of its adoption.
    async fn admit(&mut self, tenant: &Tenant<'_>, prior: Option<&Self>, parts: &[Part], what: &str) -> Result<()> {
        let adopted = tenant.refuse_held(parts).await.map_err(|failure| explained(&failure, what, self.attribute))?;
        let done = self.apply(tenant, prior, parts, what).await;
        let may_stay = prior.is_none() && self.adoption == Adoption::Shared && !adopted.is_empty();
        match done {
            Err(failure) if may_stay && tenant.cx.has_existing() => {
                let names: Vec<String> = adopted.iter().map(ToString::to_string).collect();
                self.stay(tenant.cx, failure, format!("not all were declared beside {}", listed(&names, TOLD)));
                Ok(())
            }
            done => done,
        }
    }

    /// Ends a take-over that was cut short: as an error it would have Terraform destroy what has been running.
    pub fn stay(&mut self, cx: &Cx, failure: Explanation, drift: String) {
        self.drift.push(drift);
        cx.tell_wait(Err(failure), "what ran before was not taken away, and the next apply goes on from here");
    }

    async fn apply(&mut self, tenant: &Tenant<'_>, prior: Option<&Self>, parts: &[Part], what: &str) -> Result<()> {
        let (cx, attribute) = (tenant.cx, self.attribute);
        let told = |failure: Failure| explained(&failure, what, attribute);
        let before = prior.map(|prior| prior.objects.as_slice()).unwrap_or_default();
        let now: Vec<ObjectRef> = parts.iter().map(|part| part.object.clone()).collect();
        let (had, has) = (keys(before), keys(&now));
        let leaving: Vec<ObjectRef> = before.iter().filter(|object| !has.contains(&object.key())).cloned().collect();
        self.objects = now.iter().chain(&leaving).cloned().collect();
        self.drift.clear();
        cx.remember(BEGUN, &true);
        let mut written = Written::recalled(cx);
        self.declare(tenant, parts, (&had, &leaving), &mut written, what).await?;
        hand_over(tenant, prior, &now).await.map_err(told)?;
        if !self.prunes_late {
            self.remove_left(tenant, &leaving, what).await?;
            self.settle(cx, now, written);
        }
        self.wait(tenant, prior.is_none(), parts, what).await
    }

    /// Declares all. What leaves goes after that, unless something new is refused for what only one can have at a time.
    async fn declare(
        &self,
        tenant: &Tenant<'_>,
        parts: &[Part],
        (had, leaving): (&BTreeSet<String>, &[ObjectRef]),
        written: &mut Written,
        what: &str,
    ) -> Result<()> {
        let mut leaving = leaving.to_vec();
        while let Err(failure) = tenant.declare_all(parts, had, written).await {
            let first = self.in_the_way(tenant, parts, &leaving, &failure).await;
            if first.is_empty() {
                return Err(explained(&failure, what, self.attribute));
            }
            self.remove_left(tenant, &first, what).await?;
            leaving.retain(|object| !first.contains(object));
        }
        Ok(())
    }

    /// Those of what leaves that have what the new object was refused for. None where the new ones are to be proved first, and
    /// none of what is kept, which would stay.
    async fn in_the_way(
        &self,
        tenant: &Tenant<'_>,
        parts: &[Part],
        leaving: &[ObjectRef],
        (object, error): &Failure,
    ) -> Vec<ObjectRef> {
        let wanted = parts.iter().find(|part| part.object == *object);
        let (Some(wanted), Some(words)) = (wanted, error.refusal()) else { return Vec::new() };
        let may_go = |it: &&ObjectRef| {
            !self.prunes_late && it.kind == object.kind && it.kind != "Namespace" && !self.kept.kinds.contains(&it.kind)
        };
        let candidates: Vec<ObjectRef> = leaving.iter().filter(may_go).cloned().collect();
        let Ok(found) = look(tenant.cx, tenant.cluster, &candidates).await else { return Vec::new() };
        let holds = |found: &Value| exclusive::is_in_the_way(&wanted.manifest, words, found);
        let standing = candidates.into_iter().zip(found).filter(|(_, found)| found.as_ref().is_some_and(holds));
        standing.map(|(object, _)| object).collect()
    }

    /// Waits for what was written. What is new stays, whatever keeps it: an error would have Terraform destroy it.
    async fn wait(&mut self, tenant: &Tenant<'_>, is_new: bool, parts: &[Part], what: &str) -> Result<()> {
        let mut late = tenant.wait_for(&self.goals(parts)).await;
        // What has failed is told before what is only late.
        late.sort_by_key(|(_, error)| !matches!(error, ClusterError::Failed { .. }));
        let Some(first) = late.first() else { return Ok(()) };
        self.drift = late.iter().map(|(object, _)| format!("{object} {NOT_SEEN_READY}")).collect();
        let others: Vec<_> = late.iter().skip(1).map(|(object, error)| format!("{object}: {}", error.told())).collect();
        let begun = format!("The objects of {} were made, and not all are ready yet", self.whole);
        let what = if is_new { &begun } else { what };
        let told = tenant.diagnosed(&late, explained(first, what, self.attribute).seen(others)).await;
        if is_new {
            tenant.cx.tell_wait(Err(told), "nothing is removed, and the next apply goes on from here");
            return Ok(());
        }
        Err(told)
    }

    fn goals(&self, parts: &[Part]) -> Vec<Goal> {
        parts.iter().map(|part| self.goal(&part.object)).filter(|goal| !goal.wishes.is_empty()).collect()
    }
}

/// Under another name, what the former one owned is given up, so that it leaves with the text.
async fn hand_over(
    tenant: &Tenant<'_>,
    prior: Option<&ApplySet>,
    now: &[ObjectRef],
) -> std::result::Result<(), Failure> {
    let Some(former) = prior.map(|prior| &prior.manager).filter(|former| *former != tenant.manager) else {
        return Ok(());
    };
    let handed = now.iter().map(|object| async move {
        let given = tenant.cluster.give_up(tenant.cx.budget(), object, former).await;
        given.map_err(|error| (object.clone(), error))
    });
    side_by_side(handed).await.into_iter().collect()
}
