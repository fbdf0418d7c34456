//! What a plan can tell of a role with the help of AWS.

use super::trust;
use crate::domain::irsa::arn::account_of;
use crate::domain::irsa::oidc_host;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::aws_look;
use crate::sdk::Plan;

/// How the ARNs of the role's account begin (`arn:aws:iam::123456789012`), as the state or AWS tells.
pub async fn account(cx: &Cx, plan: &Plan<'_>) -> Option<String> {
    if let Some(arn) = plan.prior().text("arn") {
        return Some(arn.splitn(6, ':').take(5).collect::<Vec<_>>().join(":"));
    }
    let who = aws_look::identity(cx).await?;
    Some(format!("arn:{}:iam::{}", who.partition, who.account))
}

/// Warns of issuers without a provider in IAM, where somebody begins to trust them: no Pod could assume the role. Who names
/// the provider's ARN has it from somewhere, and a hundred roles are to be made with two hundred calls.
pub async fn providers(cx: &Cx, plan: &mut Plan<'_>, account: Option<&str>) {
    let Some(account) = account.filter(|_| plan.changes("assume_role_policy")) else { return };
    for (arn, attribute) in trust::known_issuers(plan.planned(), account) {
        let is_ours = account_of(&arn) == account_of(account);
        let is_planned = oidc_host(&arn).is_ok_and(|host| cx.provider().holdings().is_planned(&planned(&host)));
        if is_ours && !is_planned && aws_look::has_provider(cx, &arn).await == Some(false) {
            let what = "IAM has no OIDC provider for the role's issuer, so that nobody could assume the role";
            let step = "check the issuer (its case and a slash at the end count), or declare a `berth_oidc_provider` for \
                        it; nothing, if this apply makes it";
            let explanation = Explanation::new("BERTH-AWS-037", what).on(&arn);
            plan.warn(&explanation.said("IAM", "there is no such provider").next(step).at(attribute));
        }
    }
}

/// How a provider that is to be made is noted.
pub fn planned(host: &str) -> String {
    format!("OIDC provider {host}")
}

/// An error where the plan was made with credentials of another account.
pub fn elsewhere(what: &str, planned: &str, account: &str) -> Explanation {
    Explanation::new("BERTH-AWS-038", format!("The {what} was planned for another account"))
        .on(planned)
        .said("AWS", format!("the credentials are those of account {account}"))
        .next(
            "apply with credentials of the planned account, or plan again with those of this one; nothing was changed",
        )
}
