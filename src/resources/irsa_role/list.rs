//! The roles that service accounts may assume.

use crate::clients::aws::iam::Role;
use crate::domain::irsa::{ServiceAccount, limits, parse_trust_policy, pods};
use crate::provider::{Berth, Cx};
use crate::sdk::{Listed, Listing, Meta, Model, Result, check};

use super::IrsaRole;
use super::identity::Identity;

/// Which roles are wanted.
#[derive(Clone, Debug, Model)]
pub struct Query {
    /// Only roles whose path begins so, such as `/platform/`.
    #[attr(check = check::text("must begin and end with `/`", limits::check_path))]
    pub path_prefix: Option<String>,
    /// Only roles that trust this OIDC provider, by its ARN.
    pub oidc_provider_arn: Option<String>,
    /// Only roles that service accounts of this namespace may assume.
    pub namespace: Option<String>,
    /// Only roles that service accounts of this name may assume.
    pub service_account: Option<String>,
}

impl Listed<Berth> for IrsaRole {
    type Query = Query;

    const LIST: Meta = Meta::new(
        "Identity",
        "The roles of the account that service accounts of a cluster may assume by its OIDC provider, whoever made them, in \
         the order of their names: those whose trust policy `berth_irsa_role` can say.",
    );

    async fn list(&self, cx: &Cx, query: Query, listing: &Listing<Identity>) -> Result<()> {
        let aws = cx.provider().aws()?;
        let path = query.path_prefix.as_deref();
        let roles = match aws.iam().await.roles_below(cx.budget(), path).await {
            Ok(roles) => roles,
            Err(error) => return Err(aws.explained(&error, "Cannot list the roles", "the account").await),
        };
        for role in roles.into_iter().filter(|role| query.wants(role)) {
            if !listing.give(role.name.clone(), &Identity { name: role.name }).await {
                break;
            }
        }
        Ok(())
    }
}

impl Query {
    fn wants(&self, role: &Role) -> bool {
        let trusts = parse_trust_policy(&pods::without(&role.trust_policy).0).unwrap_or_default();
        trusts.iter().any(|trust| {
            self.oidc_provider_arn.as_ref().is_none_or(|arn| *arn == trust.provider_arn)
                && trust.service_accounts.iter().any(|account| self.names(account))
        })
    }

    fn names(&self, account: &ServiceAccount) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| *namespace == account.namespace)
            && self.service_account.as_ref().is_none_or(|name| *name == account.name)
    }
}
