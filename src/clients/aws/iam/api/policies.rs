//! Managed policies, their versions and tags.

use super::convert::{decoded, empty, tags_of_sdk, tags_to_sdk};
use super::{Api, PAGE, Result, SERVICE, call, failure, making_call};
use crate::clients::aws::iam::types::{ManagedPolicy, NewPolicy};
use crate::domain::tags::Tags;
use crate::retry::Budget;

impl Api {
    pub(in super::super) async fn create_policy(&self, budget: &Budget, policy: &NewPolicy) -> Result<String> {
        let answer = make!(self, budget, "CreatePolicy", {
            let request = self.client.create_policy().policy_name(&policy.name).path(&policy.path);
            let request = request.policy_document(&policy.document);
            let request = request.set_description(Some(policy.description.clone()).filter(|text| !text.is_empty()));
            request.set_tags(tags_to_sdk("CreatePolicy", &policy.tags)?)
        })?;
        answer.policy.and_then(|policy| policy.arn).ok_or_else(|| empty("CreatePolicy"))
    }

    /// A managed policy with the document of its default version.
    pub(in super::super) async fn policy(&self, budget: &Budget, arn: &str) -> Result<ManagedPolicy> {
        let answer = ask!(self, budget, "GetPolicy", self.client.get_policy().policy_arn(arn))?;
        let policy = answer.policy.ok_or_else(|| empty("GetPolicy"))?;
        let version = policy.default_version_id.ok_or_else(|| empty("GetPolicy"))?;
        let request = || self.client.get_policy_version().policy_arn(arn).version_id(&version);
        let document =
            ask!(self, budget, "GetPolicyVersion", request())?.policy_version.and_then(|version| version.document);
        Ok(ManagedPolicy {
            arn: arn.to_owned(),
            name: policy.policy_name.unwrap_or_default(),
            description: policy.description,
            document: decoded(&document.unwrap_or_default()),
            tags: Some(tags_of_sdk(policy.tags)),
            attachments: policy.attachment_count.and_then(|count| u32::try_from(count).ok()),
        })
    }

    /// The ids of a policy's versions that are not in force, oldest first.
    pub(in super::super) async fn idle_versions(&self, budget: &Budget, arn: &str) -> Result<Vec<String>> {
        let mut versions = Vec::new();
        pages!(self, budget, "ListPolicyVersions", self.client.list_policy_versions().policy_arn(arn), page => {
            versions.extend(page.versions.unwrap_or_default());
        });
        let idle = versions.into_iter().filter(|version| !version.is_default_version);
        let mut idle: Vec<_> = idle.filter_map(|version| version.version_id).collect();
        idle.sort_by_key(|id| id.trim_start_matches('v').parse::<u64>().unwrap_or(u64::MAX));
        Ok(idle)
    }

    pub(in super::super) async fn create_version(&self, budget: &Budget, arn: &str, document: &str) -> Result<()> {
        make!(self, budget, "CreatePolicyVersion", {
            self.client.create_policy_version().policy_arn(arn).policy_document(document).set_as_default(true)
        })
        .map(drop)
    }

    pub(in super::super) async fn delete_version(&self, budget: &Budget, arn: &str, version: &str) -> Result<()> {
        let request = || self.client.delete_policy_version().policy_arn(arn).version_id(version);
        ask!(self, budget, "DeletePolicyVersion", request()).map(drop)
    }

    pub(in super::super) async fn delete_policy(&self, budget: &Budget, arn: &str) -> Result<()> {
        ask!(self, budget, "DeletePolicy", self.client.delete_policy().policy_arn(arn)).map(drop)
    }

    pub(in super::super) async fn tag_policy(&self, budget: &Budget, arn: &str, tags: &Tags) -> Result<()> {
        let request = || Ok(self.client.tag_policy().policy_arn(arn).set_tags(tags_to_sdk("TagPolicy", tags)?));
        ask!(self, budget, "TagPolicy", request()?).map(drop)
    }

    pub(in super::super) async fn untag_policy(&self, budget: &Budget, arn: &str, keys: &[String]) -> Result<()> {
        let request = || self.client.untag_policy().policy_arn(arn).set_tag_keys(Some(keys.to_vec()));
        ask!(self, budget, "UntagPolicy", request()).map(drop)
    }
}
