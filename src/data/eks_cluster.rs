//! `berth_eks_cluster`: a cluster of EKS, by its name.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::irsa::{oidc_host, oidc_provider_arn};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{Computed, Data, Meta, Model, ReadTimeouts, Result, check};

/// The data source.
pub struct EksCluster;

/// What is asked and found.
#[derive(Clone, Debug, Model)]
pub struct EksClusterModel {
    /// The cluster's name, in the account and region of the provider.
    #[attr(check = check::length(1, 100))]
    pub name: String,
    /// The cluster's ARN.
    pub arn: Computed<String>,
    /// The URL that the tokens of its service accounts name as their issuer, `https://…`.
    pub issuer: Computed<String>,
    /// The ARN that the issuer's OIDC provider has in IAM of the cluster's account. It follows from the issuer:
    /// `berth_oidc_provider` makes the provider where it does not exist yet.
    pub oidc_provider_arn: Computed<String>,
    /// The URL of the API server.
    pub endpoint: Computed<String>,
    /// The certificate authority of the API server, as PEM: what the provider's `kubernetes.cluster_ca_certificate` takes.
    pub ca: Computed<String>,
    /// The version of Kubernetes, such as `1.33`.
    pub version: Computed<String>,
    /// EKS's own version of it, such as `eks.5`.
    pub platform_version: Computed<String>,
    /// The cluster's state, such as `ACTIVE` or `CREATING`. While it is made, the other values may be null.
    pub status: Computed<String>,
    /// The id of the virtual network that the cluster lies in.
    pub vpc_id: Computed<String>,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

impl Data<Berth> for EksCluster {
    type Model = EksClusterModel;

    const NAME: &'static str = "berth_eks_cluster";

    const META: Meta = Meta::new(
        "Identity",
        "Finds a cluster of EKS by its name: its issuer for roles that service accounts assume, and how to reach it.",
    );

    async fn read(&self, cx: &Cx, model: &mut EksClusterModel) -> Result<()> {
        let what = format!("Cannot find the EKS cluster `{}`", model.name);
        let aws = cx.provider().aws()?;
        let cluster = match aws.eks_cluster(cx.budget(), &model.name).await {
            Ok(Some(cluster)) => cluster,
            Ok(None) => return Err(missing(what, &model.name, &aws.region().await)),
            Err(error) => return Err(aws.explained(&error, what, &model.name).await.at("name")),
        };
        let provider = cluster.issuer.as_deref().and_then(|issuer| provider_arn(&cluster.arn, issuer));
        model.ca.set(cluster.ca_base64.as_deref().and_then(pem));
        model.oidc_provider_arn.set(provider);
        model.arn.set(cluster.arn);
        model.issuer.set(cluster.issuer);
        model.endpoint.set(cluster.endpoint);
        model.version.set(cluster.version);
        model.platform_version.set(cluster.platform_version);
        model.status.set(cluster.status);
        model.vpc_id.set(cluster.vpc_id);
        Ok(())
    }
}

fn missing(what: String, name: &str, region: &str) -> Explanation {
    Explanation::new("BERTH-AWS-006", what)
        .on(format!("cluster {name} in {region}"))
        .said("EKS", "there is no cluster of this name in this account and region")
        .next(
            "check the name (`aws eks list-clusters`), and `aws.region` and the account of the provider's credentials",
        )
        .at("name")
}

/// EKS gives PEM in base64.
fn pem(base64: &str) -> Option<String> {
    STANDARD.decode(base64.trim()).ok().and_then(|pem| String::from_utf8(pem).ok())
}

/// The provider's ARN in the account and partition of the cluster's own.
fn provider_arn(cluster_arn: &str, issuer: &str) -> Option<String> {
    let mut parts = cluster_arn.split(':').skip(1);
    let (partition, account) = (parts.next()?, parts.nth(2)?);
    Some(oidc_provider_arn(partition, account, &oidc_host(issuer).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authority_is_pem_in_base64() {
        let text = "-----BEGIN CERTIFICATE-----\n";
        assert_eq!(pem(&STANDARD.encode(text)).as_deref(), Some(text));
        assert_eq!(pem("-----BEGIN"), None);
    }

    #[test]
    fn the_provider_lies_in_the_clusters_account_and_partition() {
        let arn = "arn:aws-cn:eks:cn-north-1:123456789012:cluster/main";
        let provider = provider_arn(arn, "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A");
        let expected = "arn:aws-cn:iam::123456789012:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A";
        assert_eq!(provider.as_deref(), Some(expected));
        assert_eq!(provider_arn("cluster/main", "https://a.example"), None);
    }
}
