//! EKS: clusters by their name. Only this folder touches its SDK.

pub mod pod_identity;

use aws_config::SdkConfig;
use aws_sdk_eks::types as sdk;

use super::bucket::Bucket;
use super::call::call;
use super::error::{AwsError, Reply, failure, present};
use crate::retry::Budget;

const SERVICE: &str = "eks";
const OPERATION: &str = "DescribeCluster";

/// A cluster. What EKS does not know yet, while it makes the cluster, is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EksCluster {
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE`, `CREATING`, `UPDATING` and so on.
    pub status: String,
    /// Kubernetes' version, such as `1.33`.
    pub version: Option<String>,
    /// EKS's own version of it, such as `eks.5`.
    pub platform_version: Option<String>,
    /// The API server's URL.
    pub endpoint: Option<String>,
    /// What the API server's certificate comes from: PEM, in base64 as EKS gives it.
    pub ca_base64: Option<String>,
    /// The URL that the tokens of its service accounts name as their issuer.
    pub issuer: Option<String>,
    /// The id of its virtual network.
    pub vpc_id: Option<String>,
}

/// A cluster of the caller's account and region; none if there is none of that name.
pub(super) async fn cluster(
    config: &SdkConfig,
    endpoint: Option<&str>,
    budget: &Budget,
    name: &str,
) -> Result<Option<EksCluster>, AwsError> {
    let client = client!(aws_sdk_eks, config, endpoint);
    let answer = call(budget, None::<&Bucket>, async || {
        let request = client.describe_cluster().name(name);
        request.send().await.map_err(|error| failure(SERVICE, OPERATION, &error))
    })
    .await;
    let unusable = || AwsError::Other(Reply::ours(SERVICE, OPERATION, "the answer holds no cluster"));
    let found = present(answer)?;
    found.map(|answer| answer.cluster.map(cluster_of_sdk).ok_or_else(unusable)).transpose()
}

fn cluster_of_sdk(cluster: sdk::Cluster) -> EksCluster {
    EksCluster {
        arn: cluster.arn.unwrap_or_default(),
        status: cluster.status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
        version: cluster.version,
        platform_version: cluster.platform_version,
        endpoint: cluster.endpoint,
        ca_base64: cluster.certificate_authority.and_then(|authority| authority.data),
        issuer: cluster.identity.and_then(|identity| identity.oidc).and_then(|oidc| oidc.issuer),
        vpc_id: cluster.resources_vpc_config.and_then(|network| network.vpc_id),
    }
}
