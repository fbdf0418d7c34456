//! The certificates in the Secrets of a cluster.

use crate::domain::tls_secret::TLS_TYPE;
use crate::provider::{Berth, Cx};
use crate::resources::listed::Query;
use crate::sdk::{Listed, Listing, Meta, Result};

use super::AcmeCertificate;
use super::identity::Identity;

impl Listed<Berth> for AcmeCertificate {
    type Query = Query;

    const LIST: Meta = Meta::new(
        "Certificates",
        "The certificates that `berth_acme_certificate` keeps in Secrets of a cluster, of whatever state, and on demand those \
         of all other Secrets of the type `kubernetes.io/tls`. Copies in other namespaces are not listed.",
    );

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let wanted = query.secrets(TLS_TYPE);
        wanted.list(cx, "Cannot list the certificates", listing, |namespace, name| Identity { namespace, name }).await
    }
}
