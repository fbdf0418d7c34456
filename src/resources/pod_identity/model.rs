//! What a user declares of an association, and what is taken over from elsewhere.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::clients::aws::eks::pod_identity::Association;
use crate::domain::irsa::arn::{account_of, is_account};
use crate::domain::tags::{self, Tags};
use crate::explain::Explanation;
use crate::provider::checks::{label, subdomain};
use crate::resources::aws_tags;
use crate::sdk::{Check, Computed, Model, MoveSource, Result, Timeouts, check};

/// The role of a service account's Pods, by EKS Pod Identity.
#[derive(Clone, Debug, Model)]
pub struct PodIdentityModel {
    /// The EKS cluster, in the account and region of the provider. A change replaces the association.
    #[attr(replace, check = check::length(1, 100))]
    pub cluster_name: String,
    /// The service account's namespace, which need not exist yet. A change replaces the association.
    #[attr(replace, check = label())]
    pub namespace: String,
    /// The service account, which need not exist yet. A change replaces the association.
    #[attr(replace, check = subdomain())]
    pub service_account: String,
    /// The role that the Pods get, in the cluster's account. Changed in place; Pods take a new one when they ask for new
    /// credentials.
    #[attr(check = role_check())]
    pub role_arn: String,
    /// A role that is assumed from `role_arn`, of any account: the Pods then get this one. Its trust policy may ask for
    /// `external_id`. Changed in place.
    #[attr(check = role_check())]
    pub target_role_arn: Option<String>,
    /// Whether EKS leaves out the tags that it puts on sessions (cluster, namespace, service account, Pod). Policies that
    /// compare `aws:PrincipalTag/kubernetes-namespace` and its like need the tags. Changed in place. Default `false`.
    #[attr(default = false)]
    pub disable_session_tags: bool,
    /// Tags, beside the provider's `default_tags`. Changed in place.
    #[attr(check = aws_tags::check())]
    pub tags: Option<BTreeMap<String, String>>,
    /// All tags of the association: `tags` and the provider's `default_tags`.
    pub tags_all: Computed<BTreeMap<String, String>>,
    /// Takes the account over from its annotation `eks.amazonaws.com/role-arn` (IRSA), by the provider's `kubernetes`
    /// settings. The annotation is taken off only once the cluster gives new Pods the association, of which it is asked by
    /// a dry run; until then both are there, and Pod Identity wins for new Pods. On destroy the annotation is put back before
    /// the association goes. The role must keep its trust in the cluster's OIDC provider for as long as Pods run that were
    /// started with the annotation. Whatever sets the annotation (`annotate_service_accounts` of a `berth_irsa_role`, a
    /// chart) must not set it any more.
    pub replaces_irsa: Option<ReplacesIrsaModel>,
    /// The association's ARN.
    #[attr(keep)]
    pub association_arn: Computed<String>,
    /// The association's id, `a-` and letters.
    #[attr(keep)]
    pub association_id: Computed<String>,
    /// What EKS gives as `sts:ExternalId` when it assumes `target_role_arn`; null without one.
    pub external_id: Computed<String>,
    /// Whether the account was taken over from its annotation; `false` without `replaces_irsa`.
    #[attr(keep)]
    pub irsa_replaced: Computed<bool>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// How the account is taken over from its annotation.
#[derive(Clone, Debug, Model)]
pub struct ReplacesIrsaModel {
    /// The role that the annotation is to name when it is put back. Absent, the one that it named when it was taken off.
    #[attr(check = role_check())]
    pub role_arn: Option<String>,
}

impl PodIdentityModel {
    /// The association's id; empty while it has none.
    pub fn id(&self) -> &str {
        self.association_id.get().map(String::as_str).unwrap_or_default()
    }

    /// The account, for people.
    pub fn account(&self) -> String {
        format!("{}/{} of the cluster {}", self.namespace, self.service_account, self.cluster_name)
    }
}

/// An association that nobody declared yet.
pub fn imported(cluster: &str, live: Association, defaults: &Tags) -> PodIdentityModel {
    PodIdentityModel {
        cluster_name: cluster.to_owned(),
        namespace: live.wanted.namespace,
        service_account: live.wanted.service_account,
        role_arn: live.wanted.role_arn,
        target_role_arn: live.wanted.target_role_arn,
        disable_session_tags: live.wanted.disable_session_tags,
        tags: tags::own_part(&live.wanted.tags, defaults, None),
        tags_all: Computed::Known(tags::without_those_of_aws(&live.wanted.tags)),
        replaces_irsa: None,
        association_arn: Computed::Known(live.arn),
        association_id: Computed::Known(live.id),
        external_id: or_null(live.external_id),
        irsa_replaced: Computed::Known(false),
        timeouts: None,
    }
}

fn or_null(text: Option<String>) -> Computed<String> {
    text.map_or(Computed::Null, Computed::Known)
}

/// The state of an `aws_eks_pod_identity_association`, schema version 0, as far as we need it.
#[derive(Debug, Deserialize)]
struct AwsAssociation {
    association_arn: String,
    association_id: String,
    cluster_name: String,
    namespace: String,
    service_account: String,
    role_arn: String,
    target_role_arn: Option<String>,
    external_id: Option<String>,
    disable_session_tags: Option<bool>,
    tags: Option<Tags>,
    tags_all: Option<Tags>,
}

/// Takes over the aws provider's object.
pub fn moved(source: &MoveSource) -> Option<Result<PodIdentityModel>> {
    let is_known = source.r#type == "aws_eks_pod_identity_association" && source.provider.ends_with("hashicorp/aws");
    is_known.then(|| from_aws(source))
}

fn from_aws(source: &MoveSource) -> Result<PodIdentityModel> {
    let unknown = |fault: String| {
        Explanation::new("BERTH-AWS-026", "Cannot take over the state of an `aws_eks_pod_identity_association`")
            .said("The provider", fault)
            .next("import the association by its id instead, and remove the old resource from state")
    };
    if source.version != 0 {
        return Err(unknown(format!("its version is {}; known is 0", source.version)));
    }
    let old: AwsAssociation =
        serde_json::from_value(source.state.clone()).map_err(|error| unknown(error.to_string()))?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(PodIdentityModel {
        cluster_name: old.cluster_name,
        namespace: old.namespace,
        service_account: old.service_account,
        role_arn: old.role_arn,
        target_role_arn: given(old.target_role_arn),
        disable_session_tags: old.disable_session_tags.unwrap_or_default(),
        tags: old.tags.clone().filter(|tags| !tags.is_empty()),
        tags_all: Computed::Known(old.tags_all.or(old.tags).unwrap_or_default()),
        replaces_irsa: None,
        association_arn: Computed::Known(old.association_arn),
        association_id: Computed::Known(old.association_id),
        external_id: or_null(given(old.external_id)),
        irsa_replaced: Computed::Known(false),
        timeouts: None,
    })
}

/// EKS's own shape for a role: <https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html>.
fn role_check() -> Check {
    check::text("must be the ARN of a role, `arn:aws:iam::ACCOUNT:role/PATH/NAME`", |arn| {
        let is_role = arn.splitn(6, ':').nth(5).is_some_and(|resource| resource.starts_with("role/"));
        if arn.starts_with("arn:aws") && is_role && account_of(arn).is_some_and(is_account) {
            Ok(())
        } else {
            Err(format!("must be the ARN of a role, `arn:aws:iam::ACCOUNT:role/PATH/NAME`, and is `{arn}`"))
        }
    })
}
