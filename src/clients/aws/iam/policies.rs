//! Managed policies of the account.

use super::{AwsError, Iam, ManagedPolicy, NewPolicy};
use crate::clients::aws::error::{absent, present};
use crate::domain::tags::{TagChange, Tags};
use crate::retry::Budget;

impl Iam {
    /// Makes a managed policy; its ARN. One that exists is refused as for roles.
    pub async fn create_policy(&self, budget: &Budget, policy: &NewPolicy) -> Result<String, AwsError> {
        let made = self.0.api.create_policy(budget, policy).await;
        let arn = self.or_ours(made, async || self.own_policy(budget, policy).await).await?;
        self.touch(&arn);
        self.0.made.note(&[&arn]);
        tracing::info!(policy_arn = arn, "made a policy");
        Ok(arn)
    }

    /// A managed policy; none if it is absent.
    pub async fn policy(&self, budget: &Budget, arn: &str) -> Result<Option<ManagedPolicy>, AwsError> {
        if let Some(found) = self.listed(budget, arn, |account| account.policies.get(arn).cloned()).await? {
            return Ok(Some(found));
        }
        self.policy_itself(budget, arn).await
    }

    /// A managed policy as it is now, with its description and tags, which no listing holds; none if it is absent.
    pub async fn policy_itself(&self, budget: &Budget, arn: &str) -> Result<Option<ManagedPolicy>, AwsError> {
        present(self.settled(budget, &[arn], async || self.0.api.policy(budget, arn).await).await)
    }

    /// Puts a new document in force; the oldest idle version makes room where IAM keeps no more of them (five).
    pub async fn update_policy(&self, budget: &Budget, arn: &str, document: &str) -> Result<(), AwsError> {
        self.touch(arn);
        let full =
            match self.settled(budget, &[arn], async || self.0.api.create_version(budget, arn, document).await).await {
                Err(error @ AwsError::Limit(_)) => error,
                other => return other,
            };
        let Some(oldest) = self.0.api.idle_versions(budget, arn).await?.into_iter().next() else { return Err(full) };
        absent(self.0.api.delete_version(budget, arn, &oldest).await)?;
        self.0.api.create_version(budget, arn, document).await
    }

    /// Makes the policy's tags equal to `tags`, given those it has.
    pub async fn set_policy_tags(&self, budget: &Budget, arn: &str, old: &Tags, tags: &Tags) -> Result<(), AwsError> {
        self.touch(arn);
        let TagChange { put, remove } = TagChange::between(old, tags);
        if !remove.is_empty() {
            self.settled(budget, &[arn], async || self.0.api.untag_policy(budget, arn, &remove).await).await?;
        }
        if !put.is_empty() {
            self.settled(budget, &[arn], async || self.0.api.tag_policy(budget, arn, &put).await).await?;
        }
        Ok(())
    }

    /// Removes a managed policy with its idle versions; one that is gone is no error, one that is still attached
    /// elsewhere is.
    pub async fn delete_policy(&self, budget: &Budget, arn: &str) -> Result<(), AwsError> {
        self.touch(arn);
        self.0.made.forget(&[arn]);
        let Some(versions) = present(self.0.api.idle_versions(budget, arn).await)? else { return Ok(()) };
        for version in versions {
            absent(self.0.api.delete_version(budget, arn, &version).await)?;
        }
        absent(self.0.api.delete_policy(budget, arn).await)
    }
}
