//! EKS Pod Identity: which role the Pods of a service account are given, by EKS's own API.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_eks::types as sdk;

use super::SERVICE;
use crate::clients::aws::bucket::Bucket;
use crate::clients::aws::call::{call, making_call};
use crate::clients::aws::error::{AwsError, Reply, absent, failure, present};
use crate::domain::tags::{TagChange, Tags};
use crate::retry::Budget;

const CREATE: &str = "CreatePodIdentityAssociation";
const DESCRIBE: &str = "DescribePodIdentityAssociation";
const LIST: &str = "ListPodIdentityAssociations";
const UPDATE: &str = "UpdatePodIdentityAssociation";
const DELETE: &str = "DeletePodIdentityAssociation";
const TAG: &str = "TagResource";
const UNTAG: &str = "UntagResource";

/// Whose role it is to be, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The service account's namespace.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
    /// The role that EKS assumes, of the cluster's account.
    pub role_arn: String,
    /// A role that is assumed from there, of any account.
    pub target_role_arn: Option<String>,
    /// Whether EKS leaves out its tags of the session.
    pub disable_session_tags: bool,
    /// All tags of the association.
    pub tags: Tags,
}

/// An association as EKS has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    /// `a-` and letters.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// What the trust policy of the target role may ask for as `sts:ExternalId`.
    pub external_id: Option<String>,
    /// The add-on of EKS that it belongs to, if one made it.
    pub owner_arn: Option<String>,
    /// What it says.
    pub wanted: Wanted,
}

/// An association as a listing has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// As [`Association::id`].
    pub id: String,
    /// The service account's namespace.
    pub namespace: String,
    /// The service account.
    pub service_account: String,
}

/// The associations of one cluster.
pub struct Associations<'a> {
    client: aws_sdk_eks::Client,
    cluster: &'a str,
}

impl<'a> Associations<'a> {
    pub(in crate::clients::aws) fn new(config: &SdkConfig, endpoint: Option<&str>, cluster: &'a str) -> Self {
        Self { client: client!(aws_sdk_eks, config, endpoint), cluster }
    }

    /// Makes an association. A repetition with the same token finds what the first one made.
    pub async fn create(&self, budget: &Budget, wanted: &Wanted, token: &str) -> Result<Association, AwsError> {
        let answer = making_call(budget, None::<&Bucket>, async || {
            let request = self.client.create_pod_identity_association().cluster_name(self.cluster);
            let request = request.namespace(&wanted.namespace).service_account(&wanted.service_account);
            let request = request.role_arn(&wanted.role_arn).client_request_token(token);
            let request = request.set_target_role_arn(wanted.target_role_arn.clone());
            let request = request.disable_session_tags(wanted.disable_session_tags);
            let request = request.set_tags((!wanted.tags.is_empty()).then(|| of_tags(&wanted.tags)));
            request.send().await.map_err(|error| failure(SERVICE, CREATE, &error))
        });
        usable(answer.await?.association, CREATE)
    }

    /// An association by its id; none if there is none, or no such cluster.
    pub async fn get(&self, budget: &Budget, id: &str) -> Result<Option<Association>, AwsError> {
        let answer = call(budget, None::<&Bucket>, async || {
            let request = self.client.describe_pod_identity_association().cluster_name(self.cluster);
            request.association_id(id).send().await.map_err(|error| failure(SERVICE, DESCRIBE, &error))
        });
        present(answer.await)?.map(|answer| usable(answer.association, DESCRIBE)).transpose()
    }

    /// The id of a service account's association: an account has one at most.
    pub async fn find(
        &self,
        budget: &Budget,
        namespace: &str,
        service_account: &str,
    ) -> Result<Option<String>, AwsError> {
        let found = self.list(budget, Some(namespace), Some(service_account)).await?;
        Ok(found.into_iter().next().map(|one| one.id))
    }

    /// The associations of a cluster, page by page: of an account, of a namespace, or all.
    pub async fn list(
        &self,
        budget: &Budget,
        namespace: Option<&str>,
        service_account: Option<&str>,
    ) -> Result<Vec<Listed>, AwsError> {
        let (mut found, mut token) = (Vec::new(), None);
        loop {
            let page = call(budget, None::<&Bucket>, async || {
                let request = self.client.list_pod_identity_associations().cluster_name(self.cluster);
                let request = request.set_namespace(namespace.map(str::to_owned)).set_next_token(token.clone());
                let request = request.set_service_account(service_account.map(str::to_owned));
                request.send().await.map_err(|error| failure(SERVICE, LIST, &error))
            });
            let Some(page) = present(page.await)? else { return Ok(found) };
            found.extend(page.associations.unwrap_or_default().into_iter().filter_map(listed));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Changes role, target and session tags in place. EKS takes an empty target for none.
    pub async fn update(&self, budget: &Budget, id: &str, wanted: &Wanted) -> Result<Association, AwsError> {
        let answer = making_call(budget, None::<&Bucket>, async || {
            let request = self.client.update_pod_identity_association().cluster_name(self.cluster).association_id(id);
            let request = request.role_arn(&wanted.role_arn).disable_session_tags(wanted.disable_session_tags);
            let request = request.target_role_arn(wanted.target_role_arn.as_deref().unwrap_or_default());
            request.send().await.map_err(|error| failure(SERVICE, UPDATE, &error))
        });
        usable(answer.await?.association, UPDATE)
    }

    /// Takes an association away; success if it is gone already.
    pub async fn delete(&self, budget: &Budget, id: &str) -> Result<(), AwsError> {
        let answer = call(budget, None::<&Bucket>, async || {
            let request = self.client.delete_pod_identity_association().cluster_name(self.cluster);
            request.association_id(id).send().await.map_err(|error| failure(SERVICE, DELETE, &error))
        });
        absent(answer.await)
    }

    /// Makes the association's tags those of `wanted`; AWS's own stay.
    pub async fn set_tags(&self, budget: &Budget, arn: &str, live: &Tags, wanted: &Tags) -> Result<(), AwsError> {
        let TagChange { put, remove } = TagChange::between(live, wanted);
        if !remove.is_empty() {
            call(budget, None::<&Bucket>, async || {
                let request = self.client.untag_resource().resource_arn(arn).set_tag_keys(Some(remove.clone()));
                request.send().await.map_err(|error| failure(SERVICE, UNTAG, &error))
            })
            .await?;
        }
        if !put.is_empty() {
            call(budget, None::<&Bucket>, async || {
                let request = self.client.tag_resource().resource_arn(arn).set_tags(Some(of_tags(&put)));
                request.send().await.map_err(|error| failure(SERVICE, TAG, &error))
            })
            .await?;
        }
        Ok(())
    }
}

fn of_tags(tags: &Tags) -> HashMap<String, String> {
    tags.clone().into_iter().collect()
}

fn listed(one: sdk::PodIdentityAssociationSummary) -> Option<Listed> {
    Some(Listed { id: one.association_id?, namespace: one.namespace?, service_account: one.service_account? })
}

fn usable(answer: Option<sdk::PodIdentityAssociation>, operation: &'static str) -> Result<Association, AwsError> {
    let unusable = || AwsError::Other(Reply::ours(SERVICE, operation, "the answer holds no association"));
    answer.and_then(of_sdk).ok_or_else(unusable)
}

fn of_sdk(found: sdk::PodIdentityAssociation) -> Option<Association> {
    Some(Association {
        id: found.association_id?,
        arn: found.association_arn?,
        external_id: found.external_id.filter(|id| !id.is_empty()),
        owner_arn: found.owner_arn.filter(|owner| !owner.is_empty()),
        wanted: Wanted {
            namespace: found.namespace?,
            service_account: found.service_account?,
            role_arn: found.role_arn?,
            target_role_arn: found.target_role_arn.filter(|target| !target.is_empty()),
            disable_session_tags: found.disable_session_tags.unwrap_or_default(),
            tags: found.tags.unwrap_or_default().into_iter().collect(),
        },
    })
}
