//! A role goes, and its own managed policies with it.

use super::model::IrsaRoleModel;
use super::{failures, policies};
use crate::clients::aws::AwsError;
use crate::clients::aws::iam::{Iam, Role};
use crate::provider::Cx;

/// Why a role was not removed.
#[derive(Debug)]
pub enum Unremoved {
    /// Something else has this own policy of it too.
    InUse(String),
    /// AWS failed.
    Failed(AwsError),
}

impl From<AwsError> for Unremoved {
    fn from(error: AwsError) -> Self {
        Self::Failed(error)
    }
}

/// Removes the role and its own policies. One that somebody else made in its place stays as it is, and so does one whose own
/// policy something else has too: nobody would come back for the policy.
pub async fn remove(cx: &Cx, iam: &Iam, model: &IrsaRoleModel) -> Result<(), Unremoved> {
    let (budget, name) = (cx.budget(), model.role_name());
    let live = iam.role(budget, name).await?;
    for arn in own(live.as_ref(), model) {
        let held = live.as_ref().is_some_and(|role| role.attached_policies.contains(&arn));
        if held {
            iam.detach_policy(budget, name, &arn).await?;
        }
        match policies::delete_own(budget, iam, name, &arn).await {
            Err(AwsError::Conflict(_)) => {
                if held {
                    iam.attach_policy(budget, name, &arn).await?;
                }
                return Err(Unremoved::InUse(arn));
            }
            deleted => deleted?,
        }
    }
    match &live {
        Some(role) if model.is_another(role) => cx.warn(&failures::another("it was left alone", model, role)),
        Some(_) => iam.delete_role(budget, name).await?,
        None => {}
    }
    Ok(())
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
