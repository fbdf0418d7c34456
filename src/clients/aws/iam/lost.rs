//! Objects that exist because an attempt of ours took effect and only its answer was lost.

use super::{AwsError, Iam, NewPolicy, NewProvider, NewRole, Role};
use crate::clients::aws::error::present;
use crate::domain::irsa::{oidc_host, same_policy, same_thumbprints};
use crate::retry::Budget;

impl Iam {
    /// What was made. Where it "already exists" after a lost answer: what `find` finds, if it is exactly what was asked for.
    pub(super) async fn or_ours<T>(
        &self,
        made: Result<T, AwsError>,
        find: impl AsyncFnOnce() -> Result<Option<T>, AwsError>,
    ) -> Result<T, AwsError> {
        match made {
            Err(error @ AwsError::AlreadyExists(_)) if error.may_be_our_own() => find().await?.ok_or(error),
            other => other,
        }
    }

    /// The role of this name, if it is as `wanted`.
    pub(super) async fn own_role(&self, budget: &Budget, wanted: &NewRole) -> Result<Option<Role>, AwsError> {
        let found = present(self.0.api.role(budget, &wanted.name).await)?;
        Ok(found.filter(|found| {
            found.path == wanted.path
                && found.tags == wanted.tags
                && same_policy(&found.trust_policy, &wanted.trust_policy)
        }))
    }

    /// The ARN of the policy of this name, if it is as `wanted`.
    pub(super) async fn own_policy(&self, budget: &Budget, wanted: &NewPolicy) -> Result<Option<String>, AwsError> {
        let end = format!(":policy{}{}", wanted.path, wanted.name);
        let account = match self.0.api.account(budget, || usize::MAX).await {
            Err(AwsError::AccessDenied { .. }) => return Ok(None),
            account => account?,
        };
        let Some(account) = account else { return Ok(None) };
        let Some(listed) = account.policies.into_keys().find(|arn| arn.ends_with(&end)) else { return Ok(None) };
        let found = present(self.0.api.policy(budget, &listed).await)?;
        let ours = found.filter(|found| {
            same_policy(&found.document, &wanted.document)
                && found.tags.as_ref().is_none_or(|tags| *tags == wanted.tags)
        });
        Ok(ours.map(|found| found.arn))
    }

    /// The ARN of the provider of this issuer, if it is as `wanted`.
    pub(super) async fn own_provider(&self, budget: &Budget, wanted: &NewProvider) -> Result<Option<String>, AwsError> {
        let Ok(host) = oidc_host(&wanted.url) else { return Ok(None) };
        let end = format!(":oidc-provider/{host}");
        let arns = match self.0.api.provider_arns(budget).await {
            Err(AwsError::AccessDenied { .. }) => return Ok(None),
            arns => arns?,
        };
        let Some(arn) = arns.into_iter().find(|arn| arn.ends_with(&end)) else { return Ok(None) };
        let found = present(self.0.api.provider(budget, &arn).await)?;
        let ours = found.filter(|found| {
            let thumbprints =
                wanted.thumbprints.is_empty() || same_thumbprints(&found.thumbprints, &wanted.thumbprints);
            thumbprints && found.client_ids == wanted.client_ids && found.tags == wanted.tags
        });
        Ok(ours.map(|found| found.arn))
    }
}
