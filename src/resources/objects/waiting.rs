//! Waits for objects to work, side by side, each by watching it.

use futures_util::future::join_all;
use serde_json::Value;

use crate::clients::cluster::{ClusterError, Watched};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::health::{self, Health};

use super::Tenant;

/// What is waited for at one object; several may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// That it works, by what its kind says.
    Works,
    /// A condition with a status.
    Condition(String, String),
    /// That a condition is not true, or absent; what it is until then, in words.
    NotTrue(String, &'static str),
    /// A field with a value.
    Field(String, String),
    /// An address.
    Address,
}

/// One object, and all that is waited for at it.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The object.
    pub object: ObjectRef,
    /// What has to be so at the same time.
    pub wishes: Vec<Wish>,
}

impl Goal {
    /// How an object stands towards all wishes: what failed first, then what is not so yet.
    pub fn judge(&self, found: &Value) -> Health {
        let mut open = Health::Ready;
        for wish in &self.wishes {
            match (wish.judge(found), &open) {
                (failed @ Health::Failed(_), _) => return failed,
                (not_yet @ Health::NotYet(_), Health::Ready) => open = not_yet,
                _ => {}
            }
        }
        open
    }
}

impl Wish {
    fn judge(&self, found: &Value) -> Health {
        match self {
            Self::Works => health::health(found),
            Self::Condition(kind, status) => health::condition(found, kind, status),
            Self::NotTrue(kind, words) => match health::condition(found, kind, "True") {
                Health::Ready => Health::NotYet((*words).to_owned()),
                _ => Health::Ready,
            },
            Self::Field(path, value) => health::field(found, path, value),
            Self::Address => health::address(found),
        }
    }
}

impl Tenant<'_> {
    /// Waits for all of them; answers those that did not come, with why.
    pub async fn wait_for(&self, goals: &[Goal]) -> Vec<(ObjectRef, ClusterError)> {
        // A watch each: they end together, and none holds up another.
        let waits = goals.iter().map(|goal| async move { (goal, self.wait_for_one(goal).await) });
        let outcomes = join_all(waits).await;
        let late = outcomes.into_iter().filter_map(|(goal, outcome)| Some((goal.object.clone(), outcome.err()?)));
        late.collect()
    }

    async fn wait_for_one(&self, goal: &Goal) -> Result<(), ClusterError> {
        let waiting_for = format!("{} to be ready", goal.object);
        let judge = |found: &Value| match goal.judge(found) {
            Health::Ready => Watched::Done(Ok(())),
            Health::Failed(words) => Watched::Done(Err(words)),
            Health::NotYet(words) => Watched::NotYet(words),
        };
        let seen = self.cluster.watch_until(self.cx.budget(), &goal.object, &waiting_for, judge).await?;
        seen.map_err(|words| ClusterError::Failed { object: goal.object.clone(), words })
    }
}
