//! Which kinds the API server serves, and where: asked once for each group and version, and again where one is missing.
//!
//! One group and version is a small answer that every API server gives (`APIResourceList`), also while an aggregated API
//! of somebody else is away.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::core::request::Error as RequestError;
use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::domain::manifest::Scope;
use crate::retry::Budget;

use super::{Cluster, ClusterError, Verb, absent_as_none};

/// How many groups are asked for at the same time.
const AT_ONCE: usize = 8;

/// How the API server serves a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// Its name in addresses.
    pub plural: String,
    /// Where its objects live.
    pub scope: Scope,
}

/// The kinds of one group and version by their names.
type Served = Arc<BTreeMap<String, Kind>>;

/// What is known so far, by group and version.
#[derive(Default)]
pub(super) struct Kinds(Mutex<BTreeMap<String, Served>>);

impl Kinds {
    pub(super) fn known(&self, api_version: &str, kind: &str) -> Option<Kind> {
        self.of(api_version)?.get(kind).cloned()
    }

    fn of(&self, api_version: &str) -> Option<Served> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(api_version).cloned()
    }

    fn learn(&self, api_version: String, served: BTreeMap<String, Kind>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(api_version, Arc::new(served));
    }
}

impl Cluster {
    /// Learns how these kinds (group and version, kind) are served; answers those that are not. From then on, every call about
    /// an object of such a kind goes to the right place.
    pub async fn learn_kinds(
        &self,
        budget: &Budget,
        kinds: impl IntoIterator<Item = (String, String)>,
    ) -> Result<BTreeSet<(String, String)>, ClusterError> {
        let kinds: BTreeSet<_> = kinds.into_iter().collect();
        let missing = |kinds: &BTreeSet<(String, String)>| -> BTreeSet<(String, String)> {
            kinds.iter().filter(|(version, kind)| self.kinds.known(version, kind).is_none()).cloned().collect()
        };
        let versions: BTreeSet<_> = missing(&kinds).into_iter().map(|(version, _)| version).collect();
        let asked = stream::iter(versions).map(|version| self.ask_version(budget, version));
        asked.buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
        Ok(missing(&kinds))
    }

    /// How a kind is served.
    ///
    /// # Errors
    /// [`ClusterError::KindUnknown`] where it is not.
    pub async fn kind(&self, budget: &Budget, api_version: &str, kind: &str) -> Result<Kind, ClusterError> {
        self.learn_kinds(budget, [(api_version.to_owned(), kind.to_owned())]).await?;
        self.known_kind(api_version, kind)
            .ok_or_else(|| ClusterError::KindUnknown { api_version: api_version.to_owned(), kind: kind.to_owned() })
    }

    /// How a kind is served, as far as it was asked.
    pub fn known_kind(&self, api_version: &str, kind: &str) -> Option<Kind> {
        self.kinds.known(api_version, kind)
    }

    /// Where objects that were written once are kept: in the version that they are named in, or, where that one is served no
    /// more, in another of their group; `None` where their kind is not served at all, and so has no objects.
    pub async fn kept(&self, budget: &Budget, objects: &[ObjectRef]) -> Result<Vec<Option<ObjectRef>>, ClusterError> {
        let of = |object: &ObjectRef| (object.api_version.clone(), object.kind.clone());
        let unknown = self.learn_kinds(budget, objects.iter().map(of)).await?;
        let others = self.other_versions(budget, &unknown).await?;
        let placed = objects.iter().map(|object| {
            if !unknown.contains(&of(object)) {
                return Some(object.clone());
            }
            let mut versions = others.get(object.group())?.iter();
            let api_version = versions.find(|version| self.known_kind(version, &object.kind).is_some())?.clone();
            Some(ObjectRef { api_version, ..object.clone() })
        });
        Ok(placed.collect())
    }

    /// The versions that are served of the groups of these kinds; whether they have the kinds is known from then on.
    async fn other_versions(
        &self,
        budget: &Budget,
        kinds: &BTreeSet<(String, String)>,
    ) -> Result<BTreeMap<String, Vec<String>>, ClusterError> {
        let groups: BTreeSet<&str> =
            kinds.iter().filter_map(|(version, _)| version.split_once('/')).map(|(group, _)| group).collect();
        let mut found = BTreeMap::new();
        for group in groups {
            let versions = self.ask_group(budget, group).await?;
            let names = kinds.iter().filter(|(version, _)| version.split_once('/').is_some_and(|(it, _)| it == group));
            let pairs = names.flat_map(|(_, kind)| versions.iter().map(move |version| (version.clone(), kind.clone())));
            self.learn_kinds(budget, pairs.collect::<Vec<_>>()).await?;
            found.insert(group.to_owned(), versions);
        }
        Ok(found)
    }

    async fn ask_group(&self, budget: &Budget, group: &str) -> Result<Vec<String>, ClusterError> {
        let about = ObjectRef::of_cluster(group, "APIGroup", group);
        let group = self.served_at(budget, &format!("/apis/{group}"), &about).await?;
        Ok(group.as_ref().map(versions).unwrap_or_default())
    }

    async fn ask_version(&self, budget: &Budget, api_version: String) -> Result<(), ClusterError> {
        let path =
            if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") };
        let about = ObjectRef::of_cluster(&api_version, "APIResourceList", &api_version);
        let list = self.served_at(budget, &path, &about).await?;
        self.kinds.learn(api_version, list.as_ref().map(served).unwrap_or_default());
        Ok(())
    }

    /// What the API server says of what it serves at a path; `None` if that is nothing.
    async fn served_at(&self, budget: &Budget, path: &str, about: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        let build = |_| http::Request::get(path).body(Vec::new()).map_err(RequestError::BuildRequest);
        absent_as_none(self.ask(budget, Verb::Get, about, build).await)
    }
}

/// Of an `APIGroup`: `apps/v1`.
fn versions(group: &Value) -> Vec<String> {
    let versions = group.get("versions").and_then(Value::as_array).into_iter().flatten();
    versions.filter_map(|version| Some(version.get("groupVersion")?.as_str()?.to_owned())).collect()
}

fn served(list: &Value) -> BTreeMap<String, Kind> {
    let resources = list.get("resources").and_then(Value::as_array).into_iter().flatten();
    resources.filter_map(of_resource).collect()
}

/// Subresources have a slash in their names.
fn of_resource(resource: &Value) -> Option<(String, Kind)> {
    let plural = resource.get("name")?.as_str().filter(|name| !name.contains('/'))?;
    let scope = if resource.get("namespaced")?.as_bool()? { Scope::Namespaced } else { Scope::Cluster };
    Some((resource.get("kind")?.as_str()?.to_owned(), Kind { plural: plural.to_owned(), scope }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn kinds_are_read_with_plural_and_scope_and_without_subresources() {
        let list = json!({ "resources": [
            { "name": "policies", "namespaced": false, "kind": "Policy" },
            { "name": "policies/status", "namespaced": false, "kind": "Policy" },
            { "name": "endpoints", "namespaced": true, "kind": "Endpoints" },
        ] });
        let served = served(&list);
        assert_eq!(served.len(), 2);
        assert_eq!(served["Policy"], Kind { plural: "policies".to_owned(), scope: Scope::Cluster });
        assert_eq!(served["Endpoints"].scope, Scope::Namespaced);
    }
}
