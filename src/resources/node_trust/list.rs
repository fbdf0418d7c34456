//! What berth keeps on the nodes of a cluster.

use crate::domain::node_trust::{APPLICATION, daemon_set_ref};
use crate::provider::checks::label;
use crate::provider::{Berth, Cx};
use crate::resources::listed::Wanted;
use crate::sdk::{Listed, Listing, Meta, Model, Result};

use super::NodeTrust;
use super::identity::Identity;

/// Which ones are wanted.
#[derive(Clone, Debug, Model)]
pub struct Query {
    /// Only those of this namespace. Default: all namespaces, for which the whole cluster must be readable.
    #[attr(check = label())]
    pub namespace: Option<String>,
}

impl Listed<Berth> for NodeTrust {
    type Query = Query;

    const LIST: Meta =
        Meta::new("Registry", "What `berth_node_trust` keeps on the nodes of a cluster, of whatever state.");

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let wanted = Wanted::of_berth(daemon_set_ref("", ""), query.namespace, APPLICATION);
        let what = "Cannot list what the nodes trust";
        wanted.list(cx, what, listing, |namespace, name| Identity { namespace, name }).await
    }
}
