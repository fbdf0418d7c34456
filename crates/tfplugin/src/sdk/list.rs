//! The trait that a list resource implements.

use std::future::Future;
use std::marker::PhantomData;

use tokio::sync::mpsc;

use super::{Cx, Diagnostics, Identified, Meta, Model, Result, Value, View};

/// A resource whose objects can be looked for: `list` blocks and `terraform query` (`list.ListResource` in HashiCorp's
/// framework).
///
/// Only identities are listed. Whoever wants the objects too gets what an import by the identity finds, so that what is
/// generated of a listing plans without a change.
pub trait Listed<P: Send + Sync + 'static>: Identified<P> {
    /// What is looked for: the attributes of the `config` block.
    type Query: Model;

    /// The documentation of the listing; it may take the limit of `read`.
    const LIST: Meta;

    /// As [`super::Resource::validate`], of a query.
    fn validate_query(&self, query: &View<'_>, found: &mut Diagnostics) {
        let (_, _) = (query, found);
    }

    /// Gives each object that fits, the ones of the provider's own and all others. What is not there is an empty listing.
    fn list(
        &self,
        cx: &Cx<P>,
        query: Self::Query,
        listing: &Listing<Self::Identity>,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Where a listing goes.
#[derive(Debug)]
pub struct Listing<I> {
    found: mpsc::Sender<Found>,
    of: PhantomData<fn(I)>,
}

/// An object that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// What people call it.
    pub display_name: String,
    /// Its identity.
    pub identity: Value,
}

impl<I: Model> Listing<I> {
    /// A listing that goes to `found`.
    pub fn new(found: mpsc::Sender<Found>) -> Self {
        Self { found, of: PhantomData }
    }

    /// Gives one object, under the name that people know. `false` if no more are wanted: then the listing ends.
    #[must_use = "once it is false, nothing more is wanted"]
    pub async fn give(&self, display_name: impl Into<String> + Send, identity: &I) -> bool {
        let found = Found { display_name: display_name.into(), identity: identity.encode() };
        self.found.send(found).await.is_ok()
    }
}
