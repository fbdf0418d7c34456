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

use super::{Cluster, ClusterError, Verb};

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

    async fn ask_version(&self, budget: &Budget, api_version: String) -> Result<(), ClusterError> {
        let path =
            if api_version.contains('/') { format!("/apis/{api_version}") } else { format!("/api/{api_version}") };
        let build = |_| http::Request::get(&path).body(Vec::new()).map_err(RequestError::BuildRequest);
        let about = ObjectRef::of_cluster(&api_version, "APIResourceList", &api_version);
        match self.ask(budget, Verb::Get, &about, build).await {
            Ok(list) => self.kinds.learn(api_version, served(&list)),
            Err(error) if error.is_absence() => self.kinds.learn(api_version, BTreeMap::new()),
            Err(error) => return Err(error),
        }
        Ok(())
    }
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
