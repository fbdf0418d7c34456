//! Several objects at once: by their names, or by what they have in common.

use futures_util::{StreamExt as _, stream};
use kube::api::ListParams;
use serde_json::Value;

use crate::domain::kubernetes::ObjectRef;
use crate::retry::Budget;

use super::{Cluster, ClusterError, Verb};

/// How many objects are looked at side by side.
const LOOKS_AT_ONCE: usize = 8;

/// Which objects of a kind are read.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    /// By labels: `a=b,c=d`; empty for all.
    pub labels: &'a str,
    /// By fields: `type=Opaque`; empty for all.
    pub fields: &'a str,
    /// At most so many.
    pub limit: u32,
}

/// How many objects a page has.
const PAGE: u32 = 500;

impl Cluster {
    /// Several objects, in their order; those that were not answered for are left out.
    pub async fn look_at(
        &self,
        budget: &Budget,
        objects: impl IntoIterator<Item = ObjectRef>,
    ) -> Vec<(ObjectRef, Option<Value>)> {
        let looks = stream::iter(objects).map(|object| async move {
            let found = self.get(budget, &object).await.ok()?;
            Some((object, found))
        });
        looks.buffered(LOOKS_AT_ONCE).filter_map(std::future::ready).collect().await
    }

    /// All objects of the kind of `like` in its namespace whose labels match `labels` (`a=b,c=d`).
    /// The name of `like` does not matter.
    pub async fn list(&self, budget: &Budget, like: &ObjectRef, labels: &str) -> Result<Vec<Value>, ClusterError> {
        self.list_with(budget, like, &ListParams::default().labels(labels)).await
    }

    /// The metadata of all objects like [`Cluster::list`] whose fields match too (`type=kubernetes.io/tls`): of Secrets,
    /// nothing else is sent.
    pub async fn list_metadata(
        &self,
        budget: &Budget,
        like: &ObjectRef,
        labels: &str,
        fields: &str,
    ) -> Result<Vec<Value>, ClusterError> {
        let params = ListParams::default().labels(labels).fields(fields);
        Ok(items(self.ask(budget, Verb::List, like, |api| api.list_metadata(&params)).await?))
    }

    /// The first objects of the kind of `like` in its namespace that are selected.
    pub async fn select(
        &self,
        budget: &Budget,
        like: &ObjectRef,
        selection: &Selection<'_>,
    ) -> Result<Vec<Value>, ClusterError> {
        let params = ListParams::default().labels(selection.labels).fields(selection.fields).limit(selection.limit);
        self.list_with(budget, like, &params).await
    }

    /// All objects of the kind of `like` in its namespace, or in all: a page after the other, so that no more than one is held.
    pub async fn each_page(
        &self,
        budget: &Budget,
        like: &ObjectRef,
        mut read: impl FnMut(&[Value]),
    ) -> Result<(), ClusterError> {
        let mut params = ListParams::default().limit(PAGE);
        loop {
            let mut list: Value = self.ask(budget, Verb::List, like, |api| api.list(&params)).await?;
            let next = list.pointer("/metadata/continue").and_then(Value::as_str).map(str::to_owned);
            read(&items(list.take()));
            match next.filter(|token| !token.is_empty()) {
                Some(token) => params.continue_token = Some(token),
                None => return Ok(()),
            }
        }
    }

    pub(super) async fn list_with(
        &self,
        budget: &Budget,
        like: &ObjectRef,
        params: &ListParams,
    ) -> Result<Vec<Value>, ClusterError> {
        let mut found = items(self.ask(budget, Verb::List, like, |api| api.list(params)).await?);
        for object in &mut found {
            name_kind(object, like);
        }
        Ok(found)
    }
}

/// The elements of a list do not say what they are.
fn name_kind(element: &mut Value, like: &ObjectRef) {
    if let Some(members) = element.as_object_mut() {
        members.entry("apiVersion").or_insert_with(|| like.api_version.as_str().into());
        members.entry("kind").or_insert_with(|| like.kind.as_str().into());
    }
}

/// The elements of a list.
fn items(mut list: Value) -> Vec<Value> {
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}
