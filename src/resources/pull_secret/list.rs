//! The pull secrets of a cluster.

use crate::provider::{Berth, Cx};
use crate::resources::listed::Query;
use crate::sdk::{Listed, Listing, Meta, Result};

use super::PullSecret;
use super::identity::Identity;

impl Listed<Berth> for PullSecret {
    type Query = Query;

    const LIST: Meta = Meta::new(
        "Registry",
        "The Secrets with logins to registries that `berth_pull_secret` made in a cluster, of whatever state, and on demand \
         all others of the type `kubernetes.io/dockerconfigjson`. A pull secret of several namespaces is listed once.",
    );

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let wanted = query.secrets("kubernetes.io/dockerconfigjson");
        wanted.list(cx, "Cannot list the pull secrets", listing, |namespace, name| Identity { namespace, name }).await
    }
}
