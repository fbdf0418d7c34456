//! `berth_irsa_role`: an IAM role that service accounts assume, with all that it may do.

mod adopt;
mod annotations;
mod failures;
mod identity;
mod list;
mod model;
mod policies;
pub(super) mod preflight;
mod removal;
mod rules;
mod trust;

use crate::clients::aws::iam::{NewRole, Role};
use crate::clients::aws::{Aws, AwsError};
use crate::domain::irsa::limits::NAME_SUFFIX;
use crate::domain::irsa::{self, arn};
use crate::domain::tags::{self, Tags};
use crate::provider::{Berth, Cx};
use crate::resources::aws_tags;
use crate::sdk::{Diagnostics, Explanation, Import, Meta, MoveSource, Plan, Resource, Result, Secret, View};

pub use model::IrsaRoleModel;
use policies::{Policies, PolicyError};

/// The resource.
pub struct IrsaRole;

impl Resource<Berth> for IrsaRole {
    type Model = IrsaRoleModel;

    const NAME: &'static str = "berth_irsa_role";

    const META: Meta = Meta {
        import_id: "NAME",
        ..Meta::new(
            "Identity",
            "An IAM role that service accounts of a cluster assume (IRSA): its trust policy with subject and audience \
             both pinned, its permissions, attachments, boundary and tags in one object. Sizes and names are checked at \
             plan.\n\nThe role's policies and attachments are exactly those declared here: others are removed. \
             Destroying the role takes off it whatever hangs on it, also what others attached: policies are detached, \
             inline policies removed, instance profiles left; managed policies of others stay, and one of its own that others \
             have too keeps the role until they let it go. A role of the \
             same name that somebody else made anew is left alone: IAM tells them apart by the unique id. A `moved` block \
             takes over an `aws_iam_role`.\n\nRefreshes list the \
             account's roles in a few large pages, whatever the number of roles declared; without the permission \
             `iam:GetAccountAuthorizationDetails`, and in accounts so large that it takes fewer calls, roles are read \
             one by one.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        rules::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        aws_tags::plan(cx, plan, aws_tags::Keys::Caseless)?;
        let account = preflight::account(cx, plan).await;
        rules::plan_documents(plan, account.as_deref());
        annotations::warn_of_others(cx, plan);
        preflight::providers(cx, plan, account.as_deref()).await;
        if let Some(name) = plan.prior().text("name") {
            cx.provider().holdings().note_own(&preflight::noted(name));
        }
        preflight::existing(cx, plan).await;
        preflight::policies(cx, plan).await;
        preflight::own_policies(cx, plan).await;
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        rules::settled(model)?;
        make_name(model)?;
        is_as_planned(cx, aws, model).await?;
        let trust = trust::document(cx, aws, model).await?;
        let all_tags = tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref());
        let role = new_role(model, &trust, all_tags);
        let made = match aws.iam().await.create_role(cx.budget(), &role).await {
            Ok(made) => made,
            Err(error) => return Err(failures::not_made(aws, model, &error).await),
        };
        model.arn.set(made.arn.clone());
        model.unique_id.set(made.unique_id.clone());
        model.tags_all.set(role.tags);
        model.assume_role_policy.set(trust);
        model.set_annotations(&made.arn);
        match self.bring_up(cx, aws, &made, model).await {
            // An error would have the host remove the role at the next apply, and make it anew.
            Err(error) if error.may_pass() => {
                let failure = failures::no_policies(aws, model, &error).await;
                cx.warn(&failures::unfinished(failure));
            }
            Err(error) => return Err(taken_back(cx, aws, model, &error).await),
            Ok(()) => {}
        }
        cx.exists();
        if model.annotate_service_accounts
            && let Err(failure) = annotations::put(cx, model, &made.arn).await
        {
            cx.warn(&failures::unfinished(failure));
        }
        Ok(())
    }

    async fn read(&self, cx: &Cx, mut model: IrsaRoleModel) -> Result<Option<IrsaRoleModel>> {
        cx.provider().holdings().note_own(&preflight::noted(model.role_name()));
        let aws = cx.provider().aws()?;
        let iam = aws.iam().await;
        let read = async {
            let Some(role) = iam.role(cx.budget(), model.role_name()).await? else { return Ok(None) };
            if model.is_another(&role) {
                cx.warn(&failures::another("the plan makes it anew, which IAM will refuse", &model, &role));
                return Ok(None);
            }
            let document = policies::live_document(cx.budget(), iam, &role, &model.managed_policy_arns).await?;
            Ok(Some((role, document)))
        };
        match read.await {
            Ok(None) => {
                removal::tell_left(cx, iam, &model).await;
                Ok(None)
            }
            Ok(Some((role, document))) => {
                annotations::refresh(cx, &mut model, &role.arn).await?;
                adopt::fill(aws_tags::defaults(cx)?, &mut model, &role, document);
                Ok(Some(model))
            }
            Err(error) => Err(failures::failed(aws, "read", &model, &error).await),
        }
    }

    async fn update(&self, cx: &Cx, prior: &IrsaRoleModel, model: &mut IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        rules::settled(model)?;
        let trust = trust::document(cx, aws, model).await?;
        let iam = aws.iam().await;
        let live = match iam.role(cx.budget(), prior.role_name()).await {
            Ok(Some(live)) if prior.is_another(&live) => {
                return Err(failures::another("nothing was changed", prior, &live));
            }
            Ok(Some(live)) => live,
            Ok(None) => return Err(failures::vanished(prior.role_name())),
            Err(error) => return Err(failures::failed(aws, "read", model, &error).await),
        };
        let all_tags = tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref());
        let wanted = new_role(model, &trust, all_tags);
        cx.exists();
        if let Err(error) = change_role(cx, aws, &live, &wanted).await {
            *model = prior.clone();
            return Err(failures::failed(aws, "change", model, &error).await);
        }
        model.name.set(live.name.clone());
        model.tags_all.set(wanted.tags);
        model.assume_role_policy.set(trust);
        model.arn.set(live.arn.clone());
        model.unique_id.set(live.unique_id.clone());
        model.set_annotations(&live.arn);
        if let Err(error) = self.bring_up(cx, aws, &live, model).await {
            return Err(without_policies(aws, model, &error).await);
        }
        if model.annotate_service_accounts {
            annotations::put(cx, model, &live.arn).await?;
        }
        annotations::take_off_others(cx, prior, model, &live.arn).await
    }

    /// The annotations first: after the role is gone nobody would come back for them.
    async fn delete(&self, cx: &Cx, model: IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let iam = aws.iam().await;
        cx.provider().holdings().note_own(&preflight::noted(model.role_name()));
        let leaves = iam.role_leaves(model.role_name());
        annotations::take_off_or_leave(cx, &model).await?;
        match removal::remove(cx, iam, &model).await {
            Ok(()) => {
                leaves.completed();
                Ok(())
            }
            Err(removal::Unremoved::InUse(arn)) => Err(failures::in_use(&model, &arn)),
            Err(removal::Unremoved::Failed(error)) => Err(failures::failed(aws, "delete", &model, &error).await),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<IrsaRoleModel>> {
        let name = arn::name_of(id);
        let what = format!("Cannot import the role `{name}`");
        let aws = cx.provider().aws()?;
        let iam = aws.iam().await;
        let role = match iam.role(cx.budget(), name).await {
            Ok(Some(role)) => role,
            Ok(None) => {
                let step = "check the name and the account";
                return Err(Explanation::new("BERTH-AWS-006", what)
                    .on(name)
                    .said("IAM", "there is no such role")
                    .next(step));
            }
            Err(error) => return Err(aws.explained(&error, what, name).await),
        };
        let document = match policies::live_document(cx.budget(), iam, &role, &[]).await {
            Ok(document) => document,
            Err(error) => return Err(aws.explained(&error, what, name).await),
        };
        Ok(Import(adopt::imported(aws_tags::defaults(cx)?, &role, document)))
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<IrsaRoleModel>> {
        adopt::moved(source)
    }
}

impl IrsaRole {
    /// Permissions and attachments, once the role is there. The model then says what they will be when all is done.
    async fn bring_up(
        &self,
        cx: &Cx,
        aws: &Aws,
        live: &Role,
        model: &mut IrsaRoleModel,
    ) -> std::result::Result<(), PolicyError> {
        let policies = Policies::of(model, &live.arn);
        model.policy_json.set(policies.document());
        model.policy_characters.set(policies.characters());
        model.policy_arns.set(policies.attached().into_iter().collect::<Vec<_>>());
        policies.bring_up(cx.budget(), aws.iam().await, live).await
    }
}

/// A failure after which the model says nothing of the policies, so that the next plan does them all.
async fn without_policies(aws: &Aws, model: &mut IrsaRoleModel, error: &PolicyError) -> Explanation {
    model.policy_arns.set(Vec::new());
    model.policy_json.set(None);
    failures::no_policies(aws, model, error).await
}

/// A failure after which a role that was just made is removed again: in the state it would be tainted, and could not be
/// replaced by one of the same name that is made first. Where it cannot be removed, the state has it.
async fn taken_back(cx: &Cx, aws: &Aws, model: &mut IrsaRoleModel, error: &PolicyError) -> Explanation {
    let iam = aws.iam().await;
    let leaves = iam.role_leaves(model.role_name());
    match removal::remove(cx, iam, model).await {
        Ok(()) => {
            leaves.completed();
            failures::no_policies(aws, model, error).await.adding("the role was taken back, and nothing is left of it")
        }
        Err(removal) => {
            tracing::warn!(?removal, role = model.role_name(), "a role without its policies is left");
            cx.exists();
            without_policies(aws, model, error).await
        }
    }
}

async fn change_role(cx: &Cx, aws: &Aws, live: &Role, wanted: &NewRole) -> std::result::Result<(), AwsError> {
    let (iam, budget, name) = (aws.iam().await, cx.budget(), live.name.as_str());
    if live.description != wanted.description || live.max_session_duration != wanted.max_session_duration {
        iam.update_role(budget, name, &wanted.description, wanted.max_session_duration).await?;
    }
    if !irsa::same_policy(&live.trust_policy, &wanted.trust_policy) {
        iam.update_trust_policy(budget, name, &wanted.trust_policy).await?;
    }
    if live.permissions_boundary != wanted.permissions_boundary {
        iam.set_permissions_boundary(budget, name, wanted.permissions_boundary.as_deref()).await?;
    }
    iam.set_role_tags(budget, name, &live.tags, &wanted.tags).await
}

fn new_role(model: &IrsaRoleModel, trust: &str, tags: Tags) -> NewRole {
    NewRole {
        name: model.role_name().to_owned(),
        path: model.path.clone(),
        description: model.description.clone().unwrap_or_default(),
        trust_policy: trust.to_owned(),
        max_session_duration: model.max_session_duration,
        permissions_boundary: model.boundary().map(str::to_owned),
        tags,
    }
}

/// A plan may have told the ARN: then the role must not be made in another account.
async fn is_as_planned(cx: &Cx, aws: &Aws, model: &IrsaRoleModel) -> Result<()> {
    let Some(planned) = model.arn.get() else { return Ok(()) };
    let who = match aws.identity(cx.budget()).await {
        Ok(who) => who,
        Err(error) => return Err(failures::failed(aws, "create", model, &error).await),
    };
    if arn::account_of(planned) == Some(who.account.as_str()) {
        return Ok(());
    }
    Err(preflight::elsewhere("role", planned, &who.account))
}

/// Makes a name up where only its beginning is given.
fn make_name(model: &mut IrsaRoleModel) -> Result<()> {
    if model.name.get().is_some() {
        return Ok(());
    }
    let random = Secret::random();
    let suffix = random.as_ref().and_then(|random| random.expose().get(..NAME_SUFFIX));
    match (&model.name_prefix, suffix) {
        (Some(prefix), Some(suffix)) => model.name.set(format!("{prefix}{suffix}")),
        (None, _) => return Err(rules::nameless()),
        (Some(_), None) => {
            let explanation = Explanation::new("BERTH-AWS-027", "Cannot make a name for the role up");
            return Err(explanation.said("The system", "there is no randomness").next("set `name`").at("name_prefix"));
        }
    }
    Ok(())
}
