//! `berth_irsa_role`: an IAM role that service accounts assume, with all that it may do.

mod adopt;
mod annotations;
mod model;
mod policies;
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
             both pinned, its permissions, attachments, boundary and tags in one object. The role's policies and \
             attachments are exactly those declared here: others are removed. Sizes and names are checked at plan. \
             Destroying the role takes off it whatever hangs on it, also what others attached: policies are detached, \
             inline policies removed, instance profiles left; managed policies of others stay. Refreshes list the \
             account's roles in a few large pages, whatever the number of roles declared; without the permission \
             `iam:GetAccountAuthorizationDetails`, and in accounts so large that it takes fewer calls, roles are read \
             one by one. A `moved` block takes over an `aws_iam_role`.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        rules::validate(*config, found);
    }

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        aws_tags::plan(cx, plan);
        rules::plan_documents(plan);
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        make_name(model)?;
        let trust = trust::document(cx, aws, model).await?;
        let all_tags = tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref());
        let role = new_role(model, &trust, all_tags);
        let made = match aws.iam().await.create_role(cx.budget(), &role).await {
            Ok(made) => made,
            Err(error @ AwsError::AlreadyExists(_)) => return Err(taken(&role.name, &error)),
            Err(error) => return Err(failed(aws, "create", model, &error).await),
        };
        cx.exists();
        model.arn.set(made.arn.clone());
        model.unique_id.set(made.unique_id.clone());
        model.tags_all.set(role.tags);
        model.assume_role_policy.set(trust);
        model.set_annotations(&made.arn);
        self.bring_up(cx, aws, &made, model).await
    }

    async fn read(&self, cx: &Cx, mut model: IrsaRoleModel) -> Result<Option<IrsaRoleModel>> {
        let aws = cx.provider().aws()?;
        let iam = aws.iam().await;
        let read = async {
            let Some(role) = iam.role(cx.budget(), model.role_name()).await? else { return Ok(None) };
            let document = policies::live_document(cx.budget(), iam, &role, &model.managed_policy_arns).await?;
            Ok(Some((role, document)))
        };
        match read.await {
            Ok(None) => Ok(None),
            Ok(Some((role, document))) => {
                adopt::fill(aws_tags::defaults(cx)?, &mut model, &role, document);
                if model.annotate_service_accounts {
                    model.annotate_service_accounts = annotations::stand(cx, &model.accounts(), &role.arn).await?;
                }
                Ok(Some(model))
            }
            Err(error) => Err(failed(aws, "read", &model, &error).await),
        }
    }

    async fn update(&self, cx: &Cx, prior: &IrsaRoleModel, model: &mut IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let trust = trust::document(cx, aws, model).await?;
        let iam = aws.iam().await;
        let live = match iam.role(cx.budget(), prior.role_name()).await {
            Ok(Some(live)) => live,
            Ok(None) => return Err(vanished(prior.role_name())),
            Err(error) => return Err(failed(aws, "read", model, &error).await),
        };
        let all_tags = tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref());
        let wanted = new_role(model, &trust, all_tags);
        cx.exists();
        if let Err(error) = change_role(cx, aws, &live, &wanted).await {
            *model = prior.clone();
            return Err(failed(aws, "change", model, &error).await);
        }
        model.name.set(live.name.clone());
        model.tags_all.set(wanted.tags);
        model.assume_role_policy.set(trust);
        model.arn.set(live.arn.clone());
        model.unique_id.set(live.unique_id.clone());
        model.set_annotations(&live.arn);
        self.bring_up(cx, aws, &live, model).await?;
        self.take_off_annotations(cx, prior, model, &live.arn).await
    }

    /// The annotations first: after the role is gone nobody would come back for them.
    async fn delete(&self, cx: &Cx, model: IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let (iam, name) = (aws.iam().await, model.role_name());
        let role_arn = model.arn.get().cloned().unwrap_or_default();
        if model.annotate_service_accounts || annotations::were_put(cx) {
            annotations::take_off_or_leave(cx, &model.accounts(), &role_arn).await?;
        }
        let removed = async {
            let own = match iam.role(cx.budget(), name).await? {
                Some(role) => policies::own_policies(&role, &model.managed_policy_arns),
                None => Vec::new(),
            };
            iam.delete_role(cx.budget(), name).await?;
            // Those too that an apply attached and somebody has detached since.
            let recorded = model.policy_arns.get().into_iter().flatten();
            let recorded = recorded.filter(|arn| policies::is_own(arn, name, &model.path) && !own.contains(arn));
            let recorded = recorded.filter(|arn| !model.managed_policy_arns.contains(arn)).cloned().collect::<Vec<_>>();
            for arn in own.iter().chain(&recorded) {
                policies::delete_own(cx.budget(), iam, name, arn).await?;
            }
            Ok(())
        };
        match removed.await {
            Ok(()) => Ok(()),
            Err(error) => Err(failed(aws, "delete", &model, &error).await),
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
    /// Permissions, attachments and annotations, once the role is there.
    async fn bring_up(&self, cx: &Cx, aws: &Aws, live: &Role, model: &mut IrsaRoleModel) -> Result<()> {
        let policies = Policies::of(model, &live.arn);
        model.policy_json.set(policies.document());
        model.policy_characters.set(policies.characters());
        match policies.bring_up(cx.budget(), aws.iam().await, live).await {
            Ok(attached) => model.policy_arns.set(attached),
            Err(error) => {
                model.policy_arns.set(Vec::new());
                model.policy_json.set(None);
                return Err(match error {
                    PolicyError::Aws(error) => failed(aws, "set the policies of", model, &error).await,
                    PolicyError::Foreign(arn) => foreign(model, &arn),
                });
            }
        }
        if model.annotate_service_accounts {
            annotations::put(cx, &model.accounts(), &live.arn).await?;
        }
        Ok(())
    }

    /// Takes our annotation off the accounts that no longer get it.
    async fn take_off_annotations(
        &self,
        cx: &Cx,
        prior: &IrsaRoleModel,
        model: &IrsaRoleModel,
        arn: &str,
    ) -> Result<()> {
        if !prior.annotate_service_accounts && !annotations::were_put(cx) {
            return Ok(());
        }
        let kept = if model.annotate_service_accounts { model.accounts() } else { Vec::new() };
        let gone: Vec<_> = prior.accounts().into_iter().filter(|account| !kept.contains(account)).collect();
        annotations::take_off(cx, &gone, arn).await
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
        permissions_boundary: model.permissions_boundary.clone(),
        tags,
    }
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

async fn failed(aws: &Aws, verb: &str, model: &IrsaRoleModel, error: &AwsError) -> Explanation {
    let object = model.arn.get().map_or_else(|| format!("role {}", model.role_name()), Clone::clone);
    aws.explained(error, format!("Cannot {verb} the role `{}`", model.role_name()), &object).await
}

fn taken(name: &str, error: &AwsError) -> Explanation {
    let step = format!(
        "import the role that exists (`terraform import berth_irsa_role.NAME {name}`), or choose another name; \
         nothing was changed"
    );
    error.explain(format!("Cannot create the role `{name}`"), &format!("role {name}")).next(step).at("name")
}

fn vanished(name: &str) -> Explanation {
    Explanation::new("BERTH-AWS-006", format!("Cannot change the role `{name}`"))
        .on(format!("role {name}"))
        .said("IAM", "there is no such role")
        .next("apply again: the refresh sees that it is gone, and makes it anew")
}

fn foreign(model: &IrsaRoleModel, arn: &str) -> Explanation {
    Explanation::new("BERTH-AWS-005", format!("Cannot make a managed policy for the role `{}`", model.role_name()))
        .on(arn)
        .said("IAM", "there is a policy of this name, which another role or somebody else made")
        .next(
            "choose another name or path for the role, set `policy_kind = \"inline\"`, or remove the policy; it was not \
             changed",
        )
        .at("policy_kind")
}
