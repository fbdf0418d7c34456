//! Takes pull secrets away, and off the accounts that we bound.

use futures_util::future::join_all;

use crate::clients::cluster::{Cluster, ClusterError, Removal};
use crate::domain::kubernetes::ObjectRef;
use crate::domain::ownership::{Claim, Tenure};
use crate::provider::Cx;
use crate::resources::tenancy;

use super::bindings::Bindings;
use super::{Declared, Failures};

/// What is taken away, and what is noted on the way.
pub struct Removing<'a> {
    pub cx: &'a Cx,
    pub cluster: &'a Cluster,
    /// The Secret's name in each namespace.
    pub name: &'a str,
    pub claim: &'a Claim,
    /// What we bound and have not unbound yet.
    pub bindings: &'a mut Bindings,
    /// What could not be done.
    pub failures: &'a mut Failures,
}

impl Removing<'_> {
    /// Takes the Secret out of namespaces that are no longer named, and off accounts that are no longer named. Answers the
    /// namespaces that still have it.
    pub async fn tidy(&mut self, before: &[String], model: &Declared, namespaces: &[String]) -> Vec<String> {
        let gone = self.bindings.places(before.to_vec()).into_iter();
        let gone: Vec<String> = gone.filter(|namespace| !namespaces.contains(namespace)).collect();
        let left = self.remove(&gone).await;
        for namespace in namespaces {
            let mut accounts = self.bindings.of(namespace);
            accounts.retain(|account| !model.service_accounts.iter().any(|it| it == account));
            let unbound = self.bindings.unbind(self.cx, self.cluster, namespace, accounts, self.name).await;
            self.failures.extend(unbound.err().map(|error| (namespace.clone(), error)));
        }
        left
    }

    /// Takes the Secret out of these namespaces, off the accounts first that we bound, as far as it goes. Answers where it
    /// is left.
    pub async fn remove(&mut self, namespaces: &[String]) -> Vec<String> {
        let (mut left, mut removals) = (Vec::new(), Vec::new());
        for namespace in namespaces {
            match self.remove_from(namespace).await {
                Ok(removal) => removals.push((ObjectRef::secret(namespace, self.name), removal)),
                Err(error) => self.fail(namespace, error, &mut left),
            }
        }
        // All are on their way before the first is waited for: one that is held keeps no other.
        let waiting: Vec<&String> = namespaces.iter().filter(|namespace| !left.contains(namespace)).collect();
        let objects: Vec<_> = waiting.iter().map(|namespace| ObjectRef::secret(namespace, self.name)).collect();
        let waits = objects.iter().map(|object| self.cluster.wait_until_left(self.cx.budget(), object, self.claim));
        for (namespace, waited) in waiting.into_iter().zip(join_all(waits).await) {
            if let Err(error) = waited {
                self.fail(namespace, error, &mut left);
            }
        }
        tenancy::tell_left(self.cx, &format!("Removing the pull secret `{}`", self.name), removals);
        left
    }

    async fn remove_from(&mut self, namespace: &str) -> Result<Removal, ClusterError> {
        let (cx, cluster, claim) = (self.cx, self.cluster, self.claim);
        let object = ObjectRef::secret(namespace, self.name);
        let found = cluster.get(cx.budget(), &object).await?;
        // Whoever has the Secret now needs the accounts as they are.
        if found.is_some_and(|found| claim.tenure(&found) != Tenure::Ours) {
            return Ok(Removal::Left);
        }
        let accounts = self.bindings.of(namespace);
        self.bindings.unbind(cx, cluster, namespace, accounts, self.name).await?;
        cluster.delete_own(cx.budget(), &object, claim).await
    }

    fn fail(&mut self, namespace: &str, error: ClusterError, left: &mut Vec<String>) {
        left.push(namespace.to_owned());
        self.failures.push((namespace.to_owned(), error));
    }
}
