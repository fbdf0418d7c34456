//! What a plan can tell of a role with the help of AWS.

use super::model::{IrsaRoleModel, PolicyKind};
use super::{failures, policies, trust};
use crate::domain::irsa::arn::account_of;
use crate::domain::irsa::{oidc_host, role_key};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::aws_look;
use crate::sdk::Plan;

/// How many managed policies of a role are looked for.
const POLICIES: usize = 10;

/// How the ARNs of the role's account begin (`arn:aws:iam::123456789012`), as the state or AWS tells.
pub async fn account(cx: &Cx, plan: &Plan<'_>) -> Option<String> {
    if let Some(arn) = plan.prior().text("arn") {
        return Some(arn.splitn(6, ':').take(5).collect::<Vec<_>>().join(":"));
    }
    let who = aws_look::identity(cx).await?;
    Some(format!("arn:{}:iam::{}", who.partition, who.account))
}

/// Warns of issuers without a provider in IAM, where somebody begins to trust them: no Pod could assume the role. Who names
/// the provider's ARN has it from somewhere, and a hundred roles are to be made with two calls each.
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

/// Warns of a role that exists already: the apply will refuse to make it.
pub async fn existing(cx: &Cx, plan: &mut Plan<'_>) {
    let Some(name) = plan.planned().text("name").map(str::to_owned).filter(|_| plan.is_create()) else { return };
    if aws_look::has_role(cx, &name).await != Some(true) || aws_look::is_own(cx, &noted(&name)).await {
        return;
    }
    let told = Explanation::new(
        "BERTH-AWS-043",
        format!("A role `{name}` exists already, and the apply will refuse to make it"),
    );
    let step = format!(
        "import it (`terraform import berth_irsa_role.NAME {name}`), or choose another name; nothing, if this apply removes it \
         first"
    );
    plan.warn(&told.on(format!("role {name}")).said("IAM", "there is a role of this name").next(step).at("name"));
}

/// Warns of a provider that exists already: the apply will refuse to make it.
pub async fn existing_provider(cx: &Cx, plan: &mut Plan<'_>, arn: &str) {
    if aws_look::has_provider(cx, arn).await != Some(true) || aws_look::is_own(cx, arn).await {
        return;
    }
    let what = "The issuer has an OIDC provider already, and the apply will refuse to make another one";
    let step = format!(
        "import it (`terraform import berth_oidc_provider.NAME {arn}`); nothing, if this apply removes it first"
    );
    let told = Explanation::new("BERTH-AWS-045", what).on(arn).said("IAM", "there is a provider of this issuer");
    plan.warn(&told.next(step).at("url"));
}

/// Warns of managed policies that are not there.
pub async fn policies(cx: &Cx, plan: &mut Plan<'_>) {
    let boundary = plan.planned().text("permissions_boundary").filter(|_| plan.changes("permissions_boundary"));
    let boundary = boundary.map(|arn| (arn.to_owned(), "permissions_boundary"));
    let attached =
        plan.planned().read::<Vec<String>>("managed_policy_arns").filter(|_| plan.changes("managed_policy_arns"));
    let before = plan.prior().read::<Vec<String>>("managed_policy_arns").unwrap_or_default();
    let new =
        attached.into_iter().flatten().filter(|arn| !before.contains(arn)).map(|arn| (arn, "managed_policy_arns"));
    for (arn, attribute) in boundary.into_iter().chain(new).take(POLICIES).collect::<Vec<_>>() {
        if !arn.is_empty() && aws_look::has_policy(cx, &arn).await == Some(false) {
            let what = "IAM has no policy of an ARN that the role names, and the apply will fail";
            let step = "correct the ARN; nothing, if this apply makes the policy before";
            let told = Explanation::new("BERTH-AWS-044", what).on(arn).said("IAM", "there is no such policy");
            plan.warn(&told.next(step).at(attribute));
        }
    }
}

/// Warns of policies that are called like the role's own and are somebody else's: the apply will refuse to write to them.
pub async fn own_policies(cx: &Cx, plan: &mut Plan<'_>) {
    let writes =
        ["policy_kind", "statements", "policy_json", "policy_arns"].iter().any(|attribute| plan.changes(attribute));
    let Some(model) = plan.model::<IrsaRoleModel>().filter(|model| writes && model.kind() == PolicyKind::Managed)
    else {
        return;
    };
    let attached = plan.prior().read::<Vec<String>>("policy_arns").unwrap_or_default();
    let planned = plan.planned().read::<Vec<String>>("policy_arns").unwrap_or_default();
    let own = planned.iter().filter(|arn| policies::is_own(arn, model.role_name(), &model.path));
    for arn in own.take(POLICIES) {
        let is_given = model.managed_policy_arns.contains(arn);
        let Some(Some(there)) = aws_look::policy(cx, arn).await else { continue };
        if !policies::may_write(&there, model.role_name(), attached.contains(arn), is_given) {
            plan.warn(&failures::foreign_ahead(&model, arn));
        }
    }
}

/// How a role of this state is noted.
pub fn noted(name: &str) -> String {
    format!("role {}", role_key(name))
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
