//! What is told of a role that is not as it should be.

use super::model::IrsaRoleModel;
use super::policies::PolicyError;
use crate::clients::aws::iam::Role;
use crate::clients::aws::{Aws, AwsError, OF_A_REPLACEMENT};
use crate::explain::Explanation;

pub async fn failed(aws: &Aws, verb: &str, model: &IrsaRoleModel, error: &AwsError) -> Explanation {
    let object = model.arn.get().map_or_else(|| format!("role {}", model.role_name()), Clone::clone);
    aws.explained(error, format!("Cannot {verb} the role `{}`", model.role_name()), &object).await
}

/// A role that could not be made. Where AWS did not answer, it may be there all the same.
pub async fn not_made(aws: &Aws, model: &IrsaRoleModel, error: &AwsError) -> Explanation {
    let name = model.role_name();
    if matches!(error, AwsError::AlreadyExists(_)) {
        let step = format!(
            "import the role that exists (`terraform import berth_irsa_role.NAME {name}`), or choose another name; \
             {OF_A_REPLACEMENT}; nothing was changed"
        );
        return error
            .explain(format!("Cannot create the role `{name}`"), &format!("role {name}"))
            .next(step)
            .at("name");
    }
    let explanation = failed(aws, "create", model, error).await;
    if !error.may_pass() {
        return explanation;
    }
    explanation.next(format!(
        "apply again; if there is a role `{name}` then, this run made it: `terraform import berth_irsa_role.NAME {name}`"
    ))
}

pub async fn no_policies(aws: &Aws, model: &IrsaRoleModel, error: &PolicyError) -> Explanation {
    match error {
        PolicyError::Aws(error) => failed(aws, "set the policies of", model, error).await,
        PolicyError::Foreign(arn) => foreign(model, arn),
        PolicyError::Missing(arn, error) => missing(model, arn, error),
    }
}

/// Turns what stopped a new role half way into a warning: it exists, and an error would have it removed.
pub fn unfinished(failure: Explanation) -> Explanation {
    failure.next("apply again: the role is made and in the state, and the next plan shows what it lacks")
}

pub fn vanished(name: &str) -> Explanation {
    Explanation::new("BERTH-AWS-040", format!("Cannot change the role `{name}`"))
        .on(format!("role {name}"))
        .said("IAM", "there is no such role")
        .next("apply again: the refresh sees that it is gone, and makes it anew")
}

/// A role of the right name that is not the one of the state: its unique id is another.
pub fn another(verb: &str, model: &IrsaRoleModel, live: &Role) -> Explanation {
    let name = model.role_name();
    let was = model.unique_id.get().map(String::as_str).unwrap_or_default();
    let words = format!("its unique id is {}, and that of the role in the state {was}", live.unique_id);
    Explanation::new(
        "BERTH-AWS-029",
        format!("The role `{name}` was removed, and somebody else made another one; {verb}"),
    )
    .on(&live.arn)
    .said("IAM", words)
    .next(format!(
        "remove that role if nobody needs it and apply again, or take it over (`terraform import \
             berth_irsa_role.NAME {name}`), or choose another name"
    ))
}

/// An own policy that something else has too.
pub fn in_use(model: &IrsaRoleModel, arn: &str) -> Explanation {
    let what = format!("Cannot delete the role `{}`: something else has its managed policy too", model.role_name());
    Explanation::new("BERTH-AWS-047", what)
        .on(arn)
        .said("IAM", "the policy is attached elsewhere, and could not be removed with the role")
        .next(format!(
            "detach it there (`aws iam list-entities-for-policy --policy-arn {arn}` names who has it) and apply again; the \
             role stays until then"
        ))
}

/// Own policies of a role that somebody else has removed.
pub fn left(model: &IrsaRoleModel, arns: &[String]) -> Explanation {
    let what = format!("Somebody removed the role `{}` and left its managed policies", model.role_name());
    let commands: Vec<_> = arns.iter().map(|arn| format!("`aws iam delete-policy --policy-arn {arn}`")).collect();
    Explanation::new("BERTH-AWS-048", what).on(arns.join(", ")).said("IAM", "there is no such role").next(format!(
        "apply, which makes the role anew and takes them; or, if it is not to be made again: {}",
        commands.join(", ")
    ))
}

fn missing(model: &IrsaRoleModel, arn: &str, error: &AwsError) -> Explanation {
    error
        .explain(format!("Cannot attach a managed policy to the role `{}`", model.role_name()), arn)
        .next("correct the ARN, or make the policy first, and apply again")
        .at("managed_policy_arns")
}

/// The same in a plan.
pub fn foreign_ahead(model: &IrsaRoleModel, arn: &str) -> Explanation {
    let what = format!("The apply will refuse to write the managed policy of the role `{}`", model.role_name());
    Explanation::new("BERTH-AWS-046", what)
        .on(arn)
        .said("IAM", "there is a policy of this name, which this role did not make, or which others have too")
        .next(
            "choose another name or path for the role, or set `policy_kind = \"inline\"`; nothing, if this apply removes the \
             policy first",
        )
        .at("policy_kind")
}

fn foreign(model: &IrsaRoleModel, arn: &str) -> Explanation {
    Explanation::new("BERTH-AWS-005", format!("Cannot make a managed policy for the role `{}`", model.role_name()))
        .on(arn)
        .said("IAM", "there is a policy of this name, which another role or somebody else made, or which others have too")
        .next(
            "choose another name or path for the role, set `policy_kind = \"inline\"`, or remove the policy; it was not \
             changed",
        )
        .at("policy_kind")
}
