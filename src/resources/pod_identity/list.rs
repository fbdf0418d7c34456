//! The associations of a cluster.

use crate::provider::{Berth, Cx};
use crate::sdk::{Listed, Listing, Meta, Model, Result};

use super::PodIdentity;
use super::identity::Identity;

/// Which associations are wanted.
#[derive(Clone, Debug, Model)]
pub struct Query {
    /// The EKS cluster.
    pub cluster_name: String,
    /// Only those of service accounts of this namespace.
    pub namespace: Option<String>,
    /// Only those of service accounts of this name; it needs `namespace`.
    pub service_account: Option<String>,
}

impl Listed<Berth> for PodIdentity {
    type Query = Query;

    const LIST: Meta = Meta::new("Identity", "The Pod Identity associations of an EKS cluster, whoever made them.");

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let aws = cx.provider().aws()?;
        let associations = aws.pod_identities(&query.cluster_name).await;
        let (namespace, account) = (query.namespace.as_deref(), query.service_account.as_deref());
        let found = match associations.list(cx.budget(), namespace, account).await {
            Ok(found) => found,
            Err(error) => {
                let object = format!("cluster {}", query.cluster_name);
                return Err(aws.explained(&error, "Cannot list the Pod Identity associations", &object).await);
            }
        };
        for one in found {
            let identity = Identity { cluster_name: query.cluster_name.clone(), association_id: one.id };
            if !listing.give(format!("{}/{}", one.namespace, one.service_account), &identity).await {
                break;
            }
        }
        Ok(())
    }
}
