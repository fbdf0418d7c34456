//! What an earlier declaration of a registry made and the present one does not: remembered until it is gone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clients::cluster::{Cluster, ClusterError};
use crate::domain::kubernetes::{ObjectRef, is_ours};
use crate::domain::ownership::Claim;
use crate::domain::registry::{APPLICATION, route_ref};
use crate::provider::Cx;

use super::model::Declared;

/// The note of the private state.
const NOTE: &str = "leftovers";

/// Service accounts, their annotations, and a claim that is to go with the registry.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leftovers {
    /// Accounts that the Pods ran as.
    accounts: BTreeSet<String>,
    /// Annotations that we set on accounts of others: account, name, value.
    annotations: BTreeSet<(String, String, String)>,
    /// What such annotations said before us, by `ACCOUNT NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    before: BTreeMap<String, String>,
    /// Whether a claim was made that a destroy is to delete.
    pub claim: bool,
    /// Whether there is a route of a Gateway. A cluster without the Gateway API is not asked for one.
    #[serde(default, skip_serializing_if = "is_not")]
    route: bool,
}

impl Leftovers {
    /// What is still to go.
    pub fn recall(cx: &Cx) -> Self {
        cx.recall(NOTE).unwrap_or_default()
    }

    /// Notes what is still to go.
    pub fn remember(&self, cx: &Cx) {
        if *self == Self::default() { cx.forget(NOTE) } else { cx.remember(NOTE, self) }
    }

    /// Adds what `prior` had and `model` has not, and takes out what `model` has again.
    pub fn after(mut self, prior: Option<&Declared>, model: &Declared) -> Self {
        if let Some(prior) = prior {
            self.accounts.insert(prior.account_name().to_owned());
            self.annotations.extend(annotations(prior));
            self.claim |= deletes_claim(prior);
            self.route |= prior.gateway.is_some();
        }
        self.accounts.remove(model.account_name());
        let kept: BTreeSet<_> = annotations(model).map(|(account, name, _)| (account, name)).collect();
        self.annotations.retain(|(account, name, _)| !kept.contains(&(account.clone(), name.clone())));
        self.claim &= model.storage.volume.is_none();
        self.route &= model.gateway.is_none();
        self
    }

    /// Notes what an annotation said before we set it: what we set ourselves, this time or an earlier one, is nobody's.
    pub fn note_before(&mut self, prior: Option<&Declared>, account: &str, name: &str, before: &str) {
        let said = (account.to_owned(), name.to_owned(), before.to_owned());
        let is_ours =
            self.annotations.contains(&said) || prior.is_some_and(|it| annotations(it).any(|own| own == said));
        if !is_ours {
            self.before.entry(place(account, name)).or_insert_with(|| before.to_owned());
        }
    }

    /// Everything of a registry that a destroy has to give back or remove.
    pub fn all_of(self, model: &Declared) -> Self {
        let mut all = self;
        all.annotations.extend(annotations(model));
        all.claim |= deletes_claim(model);
        all.route |= model.gateway.is_some();
        all
    }

    /// Removes the route and the accounts that we made and gives annotations back; what is done is taken out.
    pub async fn clear(
        &mut self,
        cx: &Cx,
        cluster: &Cluster,
        namespace: &str,
        claim: &Claim,
    ) -> Result<(), ClusterError> {
        if self.route {
            cluster.delete_own(cx.budget(), &route_ref(namespace, &claim.instance), claim).await?;
            self.route = false;
        }
        while let Some((account, name, value)) = self.annotations.first().cloned() {
            let object = ObjectRef::service_account(namespace, &account);
            let found = cluster.get(cx.budget(), &object).await?;
            if found.is_some_and(|found| !is_ours(&found, APPLICATION, &claim.instance)) {
                let before = self.before.get(&place(&account, &name)).map(String::as_str);
                cluster.give_back(cx.budget(), &object, &name, &value, before).await?;
            }
            self.before.remove(&place(&account, &name));
            self.annotations.pop_first();
        }
        while let Some(account) = self.accounts.first() {
            cluster.delete_own(cx.budget(), &ObjectRef::service_account(namespace, account), claim).await?;
            self.accounts.pop_first();
        }
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_not(flag: &bool) -> bool {
    !flag
}

fn place(account: &str, name: &str) -> String {
    format!("{account} {name}")
}

fn annotations(model: &Declared) -> impl Iterator<Item = (String, String, String)> {
    let account = model.account_name();
    let given = model.service_account.as_ref().and_then(|account| account.annotations.as_ref()).into_iter().flatten();
    given.map(move |(name, value)| (account.to_owned(), name.clone(), value.clone()))
}

/// Whether the volume of a registry goes with it.
pub fn deletes_claim(model: &Declared) -> bool {
    model.storage.volume.as_ref().is_some_and(|volume| volume.delete_on_destroy)
}

#[cfg(test)]
mod tests {
    use super::super::model::{Account, Gateway};
    use super::*;

    fn running_as(account: &str, role: Option<&str>) -> Declared {
        let annotations = role.map(|role| [("role".to_owned(), role.to_owned())].into());
        let service_account = Some(Account { name: Some(account.to_owned()), annotations });
        Declared { name: "one".to_owned(), service_account, ..Declared::default() }
    }

    #[test]
    fn an_account_that_is_left_is_remembered_until_it_is_used_again() {
        let (before, after) = (running_as("a", Some("r")), running_as("b", Some("r")));
        let left = Leftovers::default().after(Some(&before), &after);
        assert_eq!(left.accounts, ["a".to_owned()].into());
        assert_eq!(left.annotations, [("a".to_owned(), "role".to_owned(), "r".to_owned())].into());
        assert_eq!(left.after(Some(&after), &before).accounts, ["b".to_owned()].into());
    }

    #[test]
    fn a_route_is_remembered_until_there_is_a_gateway_again() {
        let behind = Declared { gateway: Some(Gateway::default()), ..running_as("a", None) };
        let left = Leftovers::default().after(Some(&behind), &running_as("a", None));
        assert!(left.route);
        assert!(left.after(None, &running_as("a", None)).after(None, &behind) == Leftovers::default());
        assert!(Leftovers::default().all_of(&behind).route, "it goes with the registry");
    }

    #[test]
    fn what_an_annotation_said_before_is_noted_unless_it_was_ours() {
        let (first, second) = (running_as("a", Some("r")), running_as("a", Some("s")));
        let mut left = Leftovers::default().after(None, &first);
        left.note_before(None, "a", "role", "theirs");
        assert_eq!(left.before.get("a role").map(String::as_str), Some("theirs"));
        let mut left = left.after(Some(&first), &second);
        left.note_before(Some(&first), "a", "role", "r");
        left.note_before(Some(&first), "a", "role", "somebody's since");
        assert_eq!(left.before.get("a role").map(String::as_str), Some("theirs"), "the first counts");
    }

    #[test]
    fn an_annotation_that_is_no_longer_declared_is_given_back_and_a_changed_one_is_not() {
        let before = running_as("a", Some("r"));
        assert_eq!(Leftovers::default().after(Some(&before), &running_as("a", None)).annotations.len(), 1);
        assert_eq!(Leftovers::default().after(Some(&before), &running_as("a", Some("s"))), Leftovers::default());
    }
}
