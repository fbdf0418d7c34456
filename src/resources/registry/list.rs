//! The registries of a cluster.

use crate::domain::kubernetes::ObjectRef;
use crate::domain::registry::APPLICATION;
use crate::provider::checks::label;
use crate::provider::{Berth, Cx};
use crate::resources::listed::Wanted;
use crate::sdk::{Listed, Listing, Meta, Model, Result};

use super::Registry;
use super::identity::Identity;

/// Which registries are wanted.
#[derive(Clone, Debug, Model)]
pub struct Query {
    /// Only those of this namespace. Default: all namespaces, for which the whole cluster must be readable.
    #[attr(check = label())]
    pub namespace: Option<String>,
}

impl Listed<Berth> for Registry {
    type Query = Query;

    const LIST: Meta = Meta::new(
        "Registry",
        "The registries of a cluster that `berth_registry` made, of whatever state. With `include_resource` each is read as \
         a refresh reads it, which needs the rights of a plan of `berth_registry`.",
    );

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let wanted = Wanted::of_berth(ObjectRef::deployment("", ""), query.namespace, APPLICATION);
        wanted.list(cx, "Cannot list the registries", listing, |namespace, name| Identity { namespace, name }).await
    }
}
