//! The OIDC providers of an account.

use crate::domain::irsa::oidc_host;
use crate::provider::{Berth, Cx};
use crate::sdk::{Listed, Listing, Meta, Model, Result};

use super::OidcProvider;
use super::identity::Identity;

/// Which providers are wanted.
#[derive(Clone, Debug, Model)]
pub struct Query {
    /// Only providers whose URL contains this text, such as `oidc.eks.eu-central-1.`.
    pub url_contains: Option<String>,
}

impl Listed<Berth> for OidcProvider {
    type Query = Query;

    const LIST: Meta = Meta::new(
        "Identity",
        "The OIDC providers of the account in IAM, whoever made them, in the order of their ARNs.",
    );

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let aws = cx.provider().aws()?;
        let arns = match aws.iam().await.providers(cx.budget()).await {
            Ok(arns) => arns,
            Err(error) => return Err(aws.explained(&error, "Cannot list the OIDC providers", "the account").await),
        };
        for arn in arns {
            let host = oidc_host(&arn).unwrap_or_else(|_| arn.clone());
            let is_wanted = query.url_contains.as_ref().is_none_or(|part| format!("https://{host}").contains(part));
            if is_wanted && !listing.give(host, &Identity { arn }).await {
                break;
            }
        }
        Ok(())
    }
}
