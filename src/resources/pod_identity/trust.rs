//! Whether the role trusts EKS Pod Identity, and whether EKS has heard of it yet.

use std::time::Duration;

use crate::clients::aws::{Aws, AwsError};
use crate::domain::irsa::arn::{account_of, name_of};
use crate::domain::irsa::pods::{SERVICE, missing_actions};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::aws_look;
use crate::retry::{Budget, Pace};
use crate::sdk::Plan;

/// How long EKS may take to see a role, or a trust policy, that IAM has: "changes are propagated within seconds"
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
const PROPAGATION: Duration = Duration::from_mins(1);
const PACE: Pace = Pace::new(Duration::from_secs(1), Duration::from_secs(8));

/// Warns in the plan of a role that exists and does not trust Pod Identity: EKS would refuse it.
pub async fn look(cx: &Cx, plan: &mut Plan<'_>) {
    let Some(arn) = plan.planned().text("role_arn").map(str::to_owned) else { return };
    let asked = aws_look::ask(cx, "role", async |aws, budget| Some(lacks(&aws, &budget, &arn).await)).await.flatten();
    let Some(missing) = asked.filter(|missing| !missing.is_empty()) else { return };
    plan.warn(&untrusting("The role does not trust EKS Pod Identity, so that EKS will refuse it", &arn, &missing));
}

/// Warns in the plan of a role of another account than the cluster's, which EKS refuses.
pub async fn look_at_account(cx: &Cx, plan: &mut Plan<'_>) {
    let Some(arn) = plan.planned().text("role_arn").filter(|_| plan.changes("role_arn")).map(str::to_owned) else {
        return;
    };
    let stored = plan.prior().text("association_arn").and_then(account_of).map(str::to_owned);
    let cluster = match stored {
        Some(account) => Some(account),
        None => aws_look::identity(cx).await.map(|who| who.account),
    };
    if let (Some(cluster), Some(account)) = (cluster, account_of(&arn))
        && cluster != account
    {
        plan.warn(&of_another_account(&arn, account, &cluster));
    }
}

fn of_another_account(arn: &str, account: &str, cluster: &str) -> Explanation {
    Explanation::new("BERTH-AWS-083", "The role is of another account than the cluster, so that EKS will refuse it")
        .on(arn)
        .said("The ARN", format!("the role is of account {account}, and the cluster of {cluster}"))
        .next(
            "name a role of the cluster's account here, and the one of the other account in `target_role_arn`: the Pods then \
             get that one",
        )
        .at("role_arn")
}

/// What the role's trust policy lacks, in words.
pub fn untrusting(what: &str, arn: &str, missing: &[&str]) -> Explanation {
    let step = format!(
        "add to the role's trust policy a statement that allows {} to the service `{SERVICE}`; nothing, if this apply does",
        missing.join(" and ")
    );
    Explanation::new("BERTH-AWS-080", what).on(arn).next(step).at("role_arn")
}

/// What a trust policy that IAM has lacks; none if there is no such role, or it cannot be asked for.
pub async fn lacks(aws: &Aws, budget: &Budget, arn: &str) -> Option<Vec<&'static str>> {
    let who = aws.identity(budget).await.ok()?;
    if account_of(arn) != Some(who.account.as_str()) {
        return None;
    }
    let trust_policy = aws.iam().await.trust_policy(budget, name_of(arn)).await.ok()??;
    Some(missing_actions(&trust_policy))
}

/// Asks EKS, and again where it refuses a role whose trust policy is right: it hears of both some seconds after IAM.
pub async fn until_seen<T, F, Fut>(cx: &Cx, aws: &Aws, role_arn: &str, mut ask: F) -> Result<T, AwsError>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, AwsError>>,
{
    let patience = cx.budget().at_most(PROPAGATION);
    let mut pauses = PACE.pauses();
    loop {
        let refused = match ask().await {
            Err(error @ AwsError::Invalid(_)) => error,
            answer => return answer,
        };
        if lacks(aws, &patience, role_arn).await.is_none_or(|missing| !missing.is_empty()) {
            return Err(refused);
        }
        tracing::debug!(role_arn, "EKS does not know the role's trust policy yet");
        if patience.sleep(pauses.next().unwrap_or(PACE.longest)).await.is_err() {
            return Err(refused);
        }
    }
}
