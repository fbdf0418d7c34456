//! Takes objects away in order, step by step, each step until it is gone.

use std::collections::BTreeMap;

use serde_json::json;

use crate::clients::cluster::{ClusterError, Declaring, Removal, Vacancy};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::{self, delete_rank, fields};
use crate::domain::namespace_content::is_of_every_namespace;
use crate::domain::ownership::{LEAD, Tenure, UNFINISHED};
use crate::resources::tenancy;

use super::written::Written;
use super::{Tenant, side_by_side};

/// What a destroy leaves, and why.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// Kinds of which nothing is taken away.
    pub kinds: Vec<String>,
    /// Kinds that go first.
    pub first: Vec<String>,
    /// What can be done about what is kept.
    pub advice: &'static str,
}

/// What became of what was to go.
#[derive(Debug, Default)]
pub struct Removed {
    /// Objects of kept kinds, which are free to be taken over now.
    pub kept: Vec<ObjectRef>,
    /// Objects that belong to somebody else.
    pub left: Vec<ObjectRef>,
    /// Namespaces in which something is left.
    pub in_use: Vec<(ObjectRef, Vacancy)>,
    /// What is still to go, and why it did not.
    pub failures: Vec<(ObjectRef, ClusterError)>,
}

impl Tenant<'_> {
    /// Takes objects away. A step that fails ends it: what comes after may be needed by what is left.
    pub async fn remove(&self, objects: &[ObjectRef], how: &Kept) -> Removed {
        let mut removed = Removed::default();
        let mut steps: BTreeMap<usize, Vec<&ObjectRef>> = BTreeMap::new();
        for object in objects {
            if how.kinds.contains(&object.kind) {
                match self.set_free(object).await {
                    Ok(true) => removed.kept.push(object.clone()),
                    Ok(false) => {}
                    Err(error) => removed.failures.push((object.clone(), error)),
                }
            } else {
                steps.entry(delete_rank(object, &how.first)).or_default().push(object);
            }
        }
        for step in steps.into_values() {
            let gone = step.into_iter().map(|object| async move { (object, self.take_away(object).await) });
            let outcomes = side_by_side(gone).await;
            for (object, outcome) in outcomes {
                match outcome {
                    Ok(Outcome::Gone) => {}
                    Ok(Outcome::Left) => removed.left.push(object.clone()),
                    Ok(Outcome::InUse(vacancy)) => removed.in_use.push((object.clone(), vacancy)),
                    Err(error) => removed.failures.push((object.clone(), error)),
                }
            }
            if !removed.failures.is_empty() {
                break;
            }
        }
        removed
    }

    async fn take_away(&self, object: &ObjectRef) -> Result<Outcome, ClusterError> {
        let budget = self.cx.budget();
        if is_of_every_namespace(object) {
            return self.give_back(object).await;
        }
        if object.kind == "Namespace" && object.group().is_empty() {
            let found = self.cluster.get(budget, object).await?;
            let Some(found) = found.filter(|found| self.own(found) == Tenure::Ours) else { return Ok(Outcome::Gone) };
            if !crate::domain::ownership::is_terminating(&found) {
                match self.cluster.content(budget, &object.name).await? {
                    Vacancy::Settled => {}
                    vacancy => {
                        self.set_free(object).await?;
                        return Ok(Outcome::InUse(vacancy));
                    }
                }
            }
        }
        match self.cluster.delete_by(budget, object, |found| self.own(found)).await? {
            Removal::Left => Ok(Outcome::Left),
            Removal::Gone => {
                self.cluster.watch_until_gone(budget, object).await?;
                tracing::info!(%object, "gone");
                Ok(Outcome::Gone)
            }
        }
    }

    /// Takes off what we declared of an object that the cluster would make anew: with it, tokens of running Pods would go.
    async fn give_back(&self, object: &ObjectRef) -> Result<Outcome, ClusterError> {
        let found = self.cluster.get(self.cx.budget(), object).await?;
        let Some(found) = found else { return Ok(Outcome::Gone) };
        if self.own(&found) != Tenure::Ours {
            return Ok(Outcome::Left);
        }
        let before = Written::recalled(self.cx).pull_secrets().remove(&manifest::id(object)).unwrap_or_default();
        let rest = fields::with_bound(&object.bare(), &found, &before);
        let how = Declaring { manager: self.manager, force: true, is_rehearsal: false };
        let rest = if fields::pull_secrets(&rest).is_empty() { object.bare() } else { rest };
        self.cluster.declare(self.cx.budget(), &rest, how).await?;
        Ok(Outcome::Gone)
    }

    /// Only a mark of ours makes an object ours to take away, whatever may be adopted.
    fn own(&self, found: &serde_json::Value) -> Tenure {
        super::tenure(self.claim, found, false)
    }

    /// Marks an object that stays as nobody's: whoever declares it next may have it. Answers whether there is one of ours.
    async fn set_free(&self, object: &ObjectRef) -> Result<bool, ClusterError> {
        let found = self.cluster.metadata(self.cx.budget(), object).await?;
        if found.is_none_or(|found| self.own(&found) != Tenure::Ours) {
            return Ok(false);
        }
        let free = json!({ "metadata": { "annotations": { LEAD: null, UNFINISHED: "true" } } });
        self.cluster.merge(self.cx.budget(), object, &free).await?;
        Ok(true)
    }
}

enum Outcome {
    Gone,
    Left,
    InUse(Vacancy),
}

impl Removed {
    /// Tells what was left and kept, as warnings.
    pub fn tell(&self, cx: &crate::provider::Cx, what: &str) {
        tenancy::tell_left(cx, what, self.left.iter().map(|object| (object.clone(), Removal::Left)));
        for (namespace, vacancy) in &self.in_use {
            tenancy::tell_vacancy(cx, &namespace.name, vacancy);
        }
    }
}
