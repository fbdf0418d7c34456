//! Objects of any kind that a resource declares as its own: whose they are, how they are written, waited for and removed.

pub mod apply_set;
pub mod content;
pub mod declaring;
mod foreseeing;
mod placing;
mod removing;
mod waiting;
pub mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::clients::cluster::Cluster;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::namespace_content::is_of_every_namespace;
use crate::domain::ownership::{Claim, OWNER, Tenure, owner_of};
use crate::provider::Cx;

pub use apply_set::{Adoption, ApplySet, Namespaces, Wishes};
pub use foreseeing::has_drifted;
pub use placing::patiently;
pub use removing::{Kept, Removed};
pub use waiting::{Goal, Wish};

/// How many objects are worked on side by side.
const AT_ONCE: usize = 16;

/// Does the same work for many objects, some at a time; answers in their order.
pub async fn side_by_side<T>(works: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    // Made before the first of them begins: a closure that borrows cannot be kept across waits.
    let works: Vec<_> = works.collect();
    stream::iter(works).buffered(AT_ONCE).collect().await
}

/// A resource, and what it may do to the objects that it declares.
pub struct Tenant<'a> {
    /// The call.
    pub cx: &'a Cx,
    /// The cluster.
    pub cluster: &'a Cluster,
    /// Its mark.
    pub claim: &'a Claim,
    /// Under whose name its fields are owned.
    pub manager: &'a str,
    /// Whether fields that others own are taken.
    pub force: bool,
    /// Whether it takes over what bears no mark.
    pub adopts: bool,
    /// What becomes of a namespace that somebody else has made.
    pub namespaces: Namespaces,
    /// Objects that an import or a `moved` block has given to it, by their keys: whatever the version.
    pub given: BTreeSet<String>,
    /// The pull secrets that accounts were last declared with, by the account's id: what others have bound beside them stays.
    pub pull_secrets: BTreeMap<String, Vec<String>>,
}

impl<'a> Tenant<'a> {
    /// One who takes nothing but what bears its mark.
    pub fn of(cx: &'a Cx, cluster: &'a Cluster, claim: &'a Claim, manager: &'a str) -> Self {
        Self {
            cx,
            cluster,
            claim,
            manager,
            force: false,
            adopts: false,
            namespaces: Namespaces::Own,
            given: BTreeSet::new(),
            pull_secrets: BTreeMap::new(),
        }
    }

    /// Whose an object is that was found.
    pub fn tenure(&self, object: &ObjectRef, found: &Value) -> Tenure {
        tenure(self.claim, found, is_adopted(object, self.adopts) || self.is_given(object))
    }

    /// Whether what was found is adopted: it bears no mark.
    fn adopts_found(&self, found: &Value) -> bool {
        self.adopts && owner_of(found).is_none()
    }

    /// Whether an import or a `moved` block has given it to the resource.
    fn is_given(&self, object: &ObjectRef) -> bool {
        self.given.contains(&object.key())
    }
}

/// Whether an object that bears no mark is taken over: all are where `adopts` says so, and in any case what the cluster makes in
/// every namespace, which nobody else declares.
pub fn is_adopted(object: &ObjectRef, adopts: bool) -> bool {
    adopts || is_of_every_namespace(object)
}

/// Whose an object is: only a mark tells, since a text may give it any label.
pub fn tenure(claim: &Claim, found: &Value, is_given: bool) -> Tenure {
    match found.pointer("/metadata/annotations").and_then(|annotations| annotations.get(OWNER)) {
        Some(_) => claim.holder(found),
        None if is_given => Tenure::Ours,
        None => Tenure::Foreign,
    }
}
