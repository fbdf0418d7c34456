//! What went wrong with an association, in words.

use super::model::PodIdentityModel;
use super::trust;
use crate::clients::aws::eks::pod_identity::Associations;
use crate::clients::aws::{Aws, AwsError, OF_A_REPLACEMENT};
use crate::explain::Explanation;
use crate::provider::Cx;

/// A call that failed.
pub async fn failed(aws: &Aws, verb: &str, model: &PodIdentityModel, error: &AwsError) -> Explanation {
    let what = format!("Cannot {verb} the Pod Identity association of {}", model.account());
    let object = if model.id().is_empty() { &model.role_arn } else { model.id() };
    aws.explained(error, what, object).await
}

/// One that could not be made: with the trust that is missing, or the cluster that is not there.
pub async fn not_made(cx: &Cx, aws: &Aws, model: &PodIdentityModel, error: &AwsError) -> Explanation {
    let explanation = failed(aws, "make", model, error).await;
    match error {
        AwsError::Invalid(_) => match trust::lacks(aws, cx.budget(), &model.role_arn).await {
            Some(missing) if !missing.is_empty() => {
                let what = format!("Cannot make the Pod Identity association of {}", model.account());
                trust::untrusting(&what, &model.role_arn, &missing).said("AWS (eks)", error.to_string())
            }
            _ => explanation.at("role_arn"),
        },
        AwsError::NotFound(_) => {
            let step = format!(
                "check `cluster_name` (`aws eks list-clusters`), and `aws.region`, which is {}",
                aws.region().await
            );
            explanation.next(step).at("cluster_name")
        }
        _ => explanation,
    }
}

/// The association that the account has already, ready for an import.
pub async fn taken(cx: &Cx, associations: &Associations<'_>, model: &PodIdentityModel) -> Explanation {
    let found = associations.find(cx.budget(), &model.namespace, &model.service_account).await.ok().flatten();
    let id = found.unwrap_or_else(|| format!("{}/{}", model.namespace, model.service_account));
    let step = format!(
        "import it: `terraform import berth_pod_identity.NAME {},{id}`, or remove it where it is declared; \
         {OF_A_REPLACEMENT}; nothing was changed",
        model.cluster_name
    );
    Explanation::new("BERTH-AWS-081", format!("Cannot make the Pod Identity association of {}", model.account()))
        .on(id)
        .said("EKS", "the service account has an association already")
        .next(step)
        .at("service_account")
}

/// One that went while it was about to be changed.
pub fn vanished(model: &PodIdentityModel) -> Explanation {
    Explanation::new("BERTH-AWS-040", format!("Cannot change the Pod Identity association of {}", model.account()))
        .on(model.id())
        .said("EKS", "there is no such association")
        .next("apply again: the refresh sees that it is gone, and it is made anew")
}

/// An import of what is not there.
pub fn absent(id: &str, region: &str) -> Explanation {
    Explanation::new("BERTH-AWS-006", not_imported(id))
        .on(format!("{id} in {region}"))
        .said("EKS", "there is no such association")
        .next("check the cluster, the region and the account: `aws eks list-pod-identity-associations --cluster-name NAME`")
}

/// An id that says too little.
pub fn unreadable(id: &str) -> Explanation {
    Explanation::new("BERTH-AWS-020", not_imported(id))
        .next("give `CLUSTER_NAME,ASSOCIATION_ID`, or `CLUSTER_NAME,NAMESPACE/SERVICE_ACCOUNT`")
}

/// What an import was to do.
pub fn not_imported(id: &str) -> String {
    format!("Cannot import the Pod Identity association `{id}`")
}
