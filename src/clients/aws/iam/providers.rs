//! OIDC providers: the issuers whose tokens IAM accepts.

use super::{AwsError, Iam, NewProvider, OidcProvider};
use crate::clients::aws::error::{absent, present};
use crate::domain::irsa::{oidc_host, same_thumbprints};
use crate::domain::tags::TagChange;
use crate::retry::Budget;

impl Iam {
    /// Makes an OIDC provider; its ARN. One that exists is refused as for roles.
    pub async fn create_provider(&self, budget: &Budget, provider: &NewProvider) -> Result<String, AwsError> {
        let key = provider_key(&provider.url);
        let mut heir = self.heir(&key);
        let arn = loop {
            let made = self.0.api.create_provider(budget, provider).await;
            let made = self.or_ours(made, async || self.own_provider(budget, provider).await).await;
            if !heir.tries_again(budget, &made).await? {
                break made?;
            }
        };
        self.0.made.note(&[&arn]);
        tracing::info!(provider_arn = arn, "made an OIDC provider");
        Ok(arn)
    }

    /// The ARNs of all OIDC providers of the account, in their order.
    pub async fn providers(&self, budget: &Budget) -> Result<Vec<String>, AwsError> {
        let mut arns = self.0.api.provider_arns(budget).await?;
        arns.sort();
        Ok(arns)
    }

    /// An OIDC provider; none if it is absent.
    pub async fn provider(&self, budget: &Budget, arn: &str) -> Result<Option<OidcProvider>, AwsError> {
        present(self.0.api.provider(budget, arn).await)
    }

    /// Makes an OIDC provider's audiences, thumbprints (if any are wanted) and tags equal to `wanted`.
    pub async fn update_provider(
        &self,
        budget: &Budget,
        live: &OidcProvider,
        wanted: &NewProvider,
    ) -> Result<(), AwsError> {
        let arn = live.arn.as_str();
        for client in wanted.client_ids.difference(&live.client_ids) {
            self.0.api.add_client_id(budget, arn, client).await?;
        }
        for client in live.client_ids.difference(&wanted.client_ids) {
            absent(self.0.api.remove_client_id(budget, arn, client).await)?;
        }
        if !wanted.thumbprints.is_empty() && !same_thumbprints(&wanted.thumbprints, &live.thumbprints) {
            self.0.api.update_thumbprints(budget, arn, &wanted.thumbprints).await?;
        }
        let TagChange { put, remove } = TagChange::between(&live.tags, &wanted.tags);
        if !remove.is_empty() {
            self.0.api.untag_provider(budget, arn, &remove).await?;
        }
        if !put.is_empty() {
            self.0.api.tag_provider(budget, arn, &put).await?;
        }
        Ok(())
    }

    /// Removes an OIDC provider; one that is gone is no error.
    pub async fn delete_provider(&self, budget: &Budget, arn: &str) -> Result<(), AwsError> {
        self.0.made.forget(&[arn]);
        absent(self.0.api.delete_provider(budget, arn).await)
    }
}

/// By which a provider is known that goes, and one that comes: its issuer, given by URL or ARN.
pub(super) fn provider_key(url_or_arn: &str) -> String {
    format!("oidc-provider/{}", oidc_host(url_or_arn).unwrap_or_else(|_| url_or_arn.to_owned()))
}
