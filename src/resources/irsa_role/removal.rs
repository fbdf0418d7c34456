//! A role goes, and its own managed policies with it.

use super::model::IrsaRoleModel;
use super::{failures, policies};
use crate::clients::aws::AwsError;
use crate::clients::aws::iam::{Iam, Role};
use crate::provider::Cx;

/// Removes the role and its own policies. One that somebody else made in its place stays as it is.
pub async fn remove(cx: &Cx, iam: &Iam, model: &IrsaRoleModel) -> Result<(), AwsError> {
    let (budget, name) = (cx.budget(), model.role_name());
    let live = iam.role(budget, name).await?;
    match &live {
        Some(role) if model.is_another(role) => cx.warn(&failures::another("it was left alone", model, role)),
        Some(_) => iam.delete_role(budget, name).await?,
        None => {}
    }
    for arn in &own(live.as_ref(), model) {
        policies::delete_own(budget, iam, name, arn).await?;
    }
    Ok(())
}

/// The first own policy that something else has too, so that IAM would not remove it: then the role stays as well, since
/// nobody would come back for the policy.
pub async fn in_use(cx: &Cx, iam: &Iam, model: &IrsaRoleModel) -> Result<Option<String>, AwsError> {
    let live = iam.role(cx.budget(), model.role_name()).await?;
    for arn in own(live.as_ref(), model) {
        let held = live.as_ref().is_some_and(|role| role.attached_policies.contains(&arn));
        let made = policies::made(cx.budget(), iam, model.role_name(), &arn).await?;
        if made.and_then(|policy| policy.attachments).is_some_and(|count| count > u32::from(held)) {
            return Ok(Some(arn));
        }
    }
    Ok(None)
}

/// Tells of own policies that somebody has left who removed the role.
pub async fn tell_left(cx: &Cx, iam: &Iam, model: &IrsaRoleModel) {
    let mut left = Vec::new();
    for arn in own(None, model) {
        if let Ok(Some(_)) = policies::made(cx.budget(), iam, model.role_name(), &arn).await {
            left.push(arn);
        }
    }
    if !left.is_empty() {
        cx.warn(&failures::left(model, &left));
    }
}

/// The role's own policies: those that it has, and those that an apply attached and somebody has detached since.
fn own(live: Option<&Role>, model: &IrsaRoleModel) -> Vec<String> {
    let declared = &model.managed_policy_arns;
    let ours = live.filter(|role| !model.is_another(role));
    let mut own = ours.map(|role| policies::own_policies(role, declared)).unwrap_or_default();
    let held = |arn: &String| live.is_some_and(|role| role.attached_policies.contains(arn));
    let recorded = model.policy_arns.get().into_iter().flatten();
    let recorded = recorded.filter(|arn| policies::is_own(arn, model.role_name(), &model.path) && !held(arn));
    own.extend(recorded.filter(|arn| !declared.contains(arn)).cloned());
    own
}
