//! Which service accounts we bound: only those are unbound again.

use std::collections::BTreeSet;

use crate::clients::cluster::{Binding, Cluster, ClusterError};
use crate::domain::kubernetes::ObjectRef;
use crate::provider::Cx;

use super::Declared;

/// The note of the private state.
const NOTE: &str = "bindings";

/// Namespaces and accounts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings(pub BTreeSet<(String, String)>);

impl Bindings {
    /// What was bound so far; states of berth 0.1 tell only which accounts used the Secret that were declared to.
    pub fn recall(cx: &Cx, prior: Option<&Declared>) -> Self {
        if let Some(noted) = cx.recall(NOTE) {
            return Self(noted);
        }
        let bound = prior.and_then(|prior| prior.bound.get()).into_iter().flatten();
        Self(
            bound
                .filter_map(|text| text.split_once('/'))
                .map(|(space, name)| (space.to_owned(), name.to_owned()))
                .collect(),
        )
    }

    /// Keeps it in the private state.
    pub fn remember(&self, cx: &Cx) {
        cx.remember(NOTE, &self.0);
    }

    /// These namespaces, and all others where an account was bound.
    pub fn places(&self, mut places: Vec<String>) -> Vec<String> {
        places.extend(self.0.iter().map(|(namespace, _)| namespace.clone()));
        places.sort();
        places.dedup();
        places
    }

    /// The accounts of a namespace that we bound.
    pub fn of(&self, namespace: &str) -> Vec<String> {
        self.0.iter().filter(|(space, _)| space == namespace).map(|(_, account)| account.clone()).collect()
    }

    /// Notes that an account uses the Secret. One that named it before was bound by others, unless the Secret was there
    /// already as a killed run of ours has left it.
    pub fn note(&mut self, namespace: &str, account: &str, binding: Binding, was_left: bool) {
        if binding == Binding::Added || was_left {
            self.0.insert((namespace.to_owned(), account.to_owned()));
        }
    }

    /// Takes our element off accounts of a namespace.
    pub async fn unbind(
        &mut self,
        cx: &Cx,
        cluster: &Cluster,
        namespace: &str,
        accounts: Vec<String>,
        secret: &str,
    ) -> Result<(), ClusterError> {
        for account in accounts {
            let object = ObjectRef::service_account(namespace, &account);
            cluster.unbind_pull_secret(cx.budget(), &object, secret).await?;
            self.0.remove(&(namespace.to_owned(), account));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_bound_is_not_ours_to_unbind() {
        let mut bindings = Bindings::default();
        bindings.note("a", "ours", Binding::Added, false);
        bindings.note("a", "theirs", Binding::Present, false);
        bindings.note("b", "left", Binding::Present, true);
        assert_eq!((bindings.of("a"), bindings.of("b")), (vec!["ours".to_owned()], vec!["left".to_owned()]));
    }
}
