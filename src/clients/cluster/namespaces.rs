//! Namespaces: made when asked for, and taken away only when ours and empty.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::ListParams;
use kube::core::Request;
use kube::core::discovery::v2::{APIGroupDiscovery, APIResourceDiscovery};
use serde_json::{Value, json};

use crate::domain::kubernetes::{ObjectRef, is_berths, is_ours, owner_labels};
use crate::domain::namespace_content::{is_counted_kind, is_left_behind};
use crate::domain::ownership::{Claim, Tenure, answers_for, is_terminating};
use crate::retry::Budget;

use super::{Cluster, ClusterError, Verb};

/// How many kinds are listed at the same time.
const AT_ONCE: usize = 8;

/// How many objects of a kind are looked at; any that counts is enough.
const LOOKED_AT: u32 = 500;

/// What became of a namespace that was to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vacancy {
    /// It is gone, or was not ours to take away.
    Settled,
    /// Something is left in it: an object that is not ours.
    InUse(String),
    /// Whether something is left in it cannot be told, in words, and so it stays.
    Unsure(String),
}

/// A kind of objects that live in namespaces, and where the API server lists them.
struct Listable {
    kind: String,
    path: String,
}

impl Cluster {
    /// Whether the namespace exists.
    pub async fn has_namespace(&self, budget: &Budget, name: &str) -> Result<bool, ClusterError> {
        Ok(self.get(budget, &ObjectRef::of_namespace(name)).await?.is_some())
    }

    /// Makes the namespace if it does not exist, marked as made for the claim. One that is on its way out is waited for
    /// and made anew; any other that exists is used as it is.
    pub async fn ensure_namespace(&self, budget: &Budget, name: &str, claim: &Claim) -> Result<(), ClusterError> {
        if self.settled(budget, &ObjectRef::of_namespace(name)).await?.is_some() {
            return Ok(());
        }
        let labels = owner_labels(claim.application, &claim.instance);
        let mut manifest = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": { "name": name, "labels": labels },
        });
        claim.mark(&mut manifest);
        match self.create(budget, &manifest).await {
            // Made by someone else in the meantime: as good.
            Ok(_) | Err(ClusterError::Foreign { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Takes the namespace away, and waits until it is gone, if [`Cluster::ensure_namespace`] made it for the same owner, or
    /// for one who is gone, and nothing is left in it: every kind that the API server can list is looked at.
    pub async fn remove_own_empty_namespace(
        &self,
        budget: &Budget,
        name: &str,
        claim: &Claim,
    ) -> Result<Vacancy, ClusterError> {
        let object = ObjectRef::of_namespace(name);
        let Some(namespace) = self.get(budget, &object).await? else { return Ok(Vacancy::Settled) };
        if !self.is_left_to(budget, &namespace, claim).await? {
            return Ok(Vacancy::Settled);
        }
        if !is_terminating(&namespace) {
            match self.content(budget, name).await? {
                Vacancy::Settled => {}
                vacancy => return Ok(vacancy),
            }
            let uid = namespace.pointer("/metadata/uid").and_then(Value::as_str);
            self.delete(budget, &object, uid).await?;
        }
        self.settled(budget, &object).await.map(|_| Vacancy::Settled)
    }

    /// Whether a namespace may be taken away for a claim: berth made it for the claim, or for somebody who never finished or
    /// has gone before the last of those who asked for it.
    async fn is_left_to(&self, budget: &Budget, namespace: &Value, claim: &Claim) -> Result<bool, ClusterError> {
        if !is_berths(namespace) {
            return Ok(false);
        }
        Ok(match claim.holder(namespace) {
            Tenure::Ours => claim.is_marked(namespace) || is_ours(namespace, claim.application, &claim.instance),
            Tenure::Others { owner, lead: Some(lead) } => {
                !self.lead(budget, &lead).await?.is_some_and(|lead| answers_for(&lead, &owner))
            }
            Tenure::Others { lead: None, .. } | Tenure::Leftover | Tenure::Foreign => false,
        })
    }

    /// What is in a namespace; [`Vacancy::Settled`] if nothing is.
    pub async fn content(&self, budget: &Budget, namespace: &str) -> Result<Vacancy, ClusterError> {
        let kinds = match self.listable_kinds(budget, namespace).await {
            Ok(kinds) => kinds,
            Err(stopped @ ClusterError::Stopped { .. }) => return Err(stopped),
            Err(error) => return Ok(Vacancy::Unsure(error.to_string())),
        };
        let looks = stream::iter(kinds).map(|kind| self.look(budget, namespace, kind));
        let found: Vec<_> = looks.buffer_unordered(AT_ONCE).try_collect().await?;
        let mut unsure = None;
        for vacancy in found {
            match vacancy {
                Vacancy::Settled => {}
                Vacancy::Unsure(words) => unsure = Some(words),
                in_use @ Vacancy::InUse(_) => return Ok(in_use),
            }
        }
        Ok(unsure.map_or(Vacancy::Settled, Vacancy::Unsure))
    }

    async fn look(&self, budget: &Budget, namespace: &str, kind: Listable) -> Result<Vacancy, ClusterError> {
        let params = ListParams::default().limit(LOOKED_AT);
        let like = ObjectRef::namespaced("", &kind.kind, namespace, "");
        let build = |_: Request| Request::new(kind.path.clone()).list_metadata(&params);
        let send = |client: kube::Client, request| async move { client.request::<Value>(request).await };
        match self.call(budget, Verb::List, &like, &build, send).await {
            Ok(found) => {
                let items = found.get("items").and_then(Value::as_array).into_iter().flatten();
                let left = items.filter(|object| is_left_behind(&kind.kind, object)).find_map(|object| {
                    Some(format!("{} {namespace}/{}", kind.kind, object.pointer("/metadata/name")?.as_str()?))
                });
                Ok(left.map_or(Vacancy::Settled, Vacancy::InUse))
            }
            Err(stopped @ ClusterError::Stopped { .. }) => Err(stopped),
            Err(error) if error.is_absence() => Ok(Vacancy::Settled),
            Err(ClusterError::Other { status: Some(405), .. }) => Ok(Vacancy::Settled),
            Err(error) => Ok(Vacancy::Unsure(error.to_string())),
        }
    }

    /// Every kind that can be listed within a namespace, in the version that the API server prefers.
    async fn listable_kinds(&self, budget: &Budget, namespace: &str) -> Result<Vec<Listable>, ClusterError> {
        let connection = self.connection(budget).await?;
        let discovery = async {
            let core = connection.client.list_core_api_versions_aggregated().await?;
            let groups = connection.client.list_api_groups_aggregated().await?;
            Ok::<_, kube::Error>(core.items.into_iter().chain(groups.items))
        };
        let groups = budget.run(discovery).await.map_err(|stopped| ClusterError::Stopped {
            stopped,
            waiting_for: "the kinds of the cluster".to_owned(),
            last_seen: None,
        })?;
        let groups = groups.map_err(|fault| connection.transport_error(&fault))?;
        let mut kinds = Vec::new();
        for group in groups {
            kinds.extend(of_group(&group, namespace)?);
        }
        Ok(kinds)
    }
}

fn of_group(group: &APIGroupDiscovery, namespace: &str) -> Result<Vec<Listable>, ClusterError> {
    let name = group.metadata.as_ref().and_then(|metadata| metadata.name.as_deref()).unwrap_or_default();
    let Some(preferred) = group.versions.first() else { return Ok(Vec::new()) };
    if preferred.freshness.as_deref() == Some("Stale") {
        let words = format!("the API group `{name}` does not answer");
        return Err(ClusterError::Other { status: None, words });
    }
    let version = preferred.version.as_deref().unwrap_or_default();
    let root = if name.is_empty() { format!("/api/{version}") } else { format!("/apis/{name}/{version}") };
    let listed = preferred.resources.iter().filter(|resource| {
        let can_be_listed = resource.verbs.iter().any(|verb| verb == "list");
        can_be_listed && resource.scope.as_deref() == Some("Namespaced") && is_counted_kind(name, kind_of(resource))
    });
    let listable = |resource: &APIResourceDiscovery| Listable {
        kind: kind_of(resource).to_owned(),
        path: format!("{root}/namespaces/{namespace}/{}", resource.resource.as_deref().unwrap_or_default()),
    };
    Ok(listed.map(listable).collect())
}

fn kind_of(resource: &APIResourceDiscovery) -> &str {
    resource.response_kind.as_ref().and_then(|kind| kind.kind.as_deref()).unwrap_or_default()
}
