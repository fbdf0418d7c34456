//! `berth_irsa_role`: an IAM role that service accounts assume, with all that it may do.

mod model;
mod policies;
mod rules;

use crate::clients::aws::iam::{NewRole, Role};
use crate::clients::aws::{Aws, AwsError};
use crate::domain::irsa::{self, Trust, arn, oidc_host, oidc_provider_arn, parse_policy, parse_trust_policy};
use crate::domain::tags::{self, Tags};
use crate::provider::{Berth, Cx};
use crate::resources::aws_tags;
use crate::sdk::{Computed, Diagnostics, Explanation, Import, Meta, Plan, Resource, Result, Set, View};

pub use model::IrsaRoleModel;
use model::{Account, PolicyKind, StatementModel};
use policies::Policies;

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
             attachments are exactly those declared here: others are removed. Sizes and names are checked at plan.",
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
        let trust = trust_document(cx, aws, model).await?;
        let all_tags = tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref());
        let role = new_role(model, &trust, all_tags);
        let made = match aws.iam().await.create_role(cx.budget(), &role).await {
            Ok(made) => made,
            Err(error @ AwsError::AlreadyExists(_)) => return Err(taken(&model.name, &error)),
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
            let Some(role) = iam.role(cx.budget(), &model.name).await? else { return Ok(None) };
            let document = policies::live_document(cx.budget(), iam, &role).await?;
            Ok(Some((role, document)))
        };
        match read.await {
            Ok(None) => Ok(None),
            Ok(Some((role, document))) => {
                fill(aws_tags::defaults(cx)?, &mut model, &role, document);
                Ok(Some(model))
            }
            Err(error) => Err(failed(aws, "read", &model, &error).await),
        }
    }

    async fn update(&self, cx: &Cx, prior: &IrsaRoleModel, model: &mut IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let trust = trust_document(cx, aws, model).await?;
        let iam = aws.iam().await;
        let live = match iam.role(cx.budget(), &prior.name).await {
            Ok(Some(live)) => live,
            Ok(None) => return Err(vanished(&prior.name)),
            Err(error) => return Err(failed(aws, "read", model, &error).await),
        };
        let all_tags = tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref());
        let wanted = new_role(model, &trust, all_tags);
        cx.exists();
        if let Err(error) = change_role(cx, aws, &live, &wanted).await {
            *model = prior.clone();
            return Err(failed(aws, "change", model, &error).await);
        }
        model.tags_all.set(wanted.tags);
        model.assume_role_policy.set(trust);
        model.arn.set(live.arn.clone());
        model.unique_id.set(live.unique_id.clone());
        model.set_annotations(&live.arn);
        self.bring_up(cx, aws, &live, model).await?;
        self.take_off_annotations(cx, prior, model, &live.arn).await
    }

    async fn delete(&self, cx: &Cx, model: IrsaRoleModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let iam = aws.iam().await;
        let removed = async {
            let own = match iam.role(cx.budget(), &model.name).await? {
                Some(role) => policies::own_policies(&role),
                None => Vec::new(),
            };
            iam.delete_role(cx.budget(), &model.name).await?;
            let recorded = model.policy_arns.get().into_iter().flatten();
            let recorded = recorded.filter(|arn| policies::is_own(arn, &model.name, &model.path)).cloned();
            for arn in own.into_iter().chain(recorded) {
                iam.delete_policy(cx.budget(), &arn).await?;
            }
            Ok(())
        };
        if let Err(error) = removed.await {
            return Err(failed(aws, "delete", &model, &error).await);
        }
        let none = IrsaRoleModel { annotate_service_accounts: false, ..model.clone() };
        let role_arn = model.arn.get().cloned().unwrap_or_default();
        self.take_off_annotations(cx, &model, &none, &role_arn).await
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
        let document = match policies::live_document(cx.budget(), iam, &role).await {
            Ok(document) => document,
            Err(error) => return Err(aws.explained(&error, what, name).await),
        };
        Ok(Import(imported(aws_tags::defaults(cx)?, &role, document)))
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
                return Err(failed(aws, "set the policies of", model, &error).await);
            }
        }
        if model.annotate_service_accounts {
            super::irsa_annotations::put(cx, &model.accounts(), &live.arn).await?;
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
        if !prior.annotate_service_accounts {
            return Ok(());
        }
        let kept = if model.annotate_service_accounts { model.accounts() } else { Vec::new() };
        let gone: Vec<_> = prior.accounts().into_iter().filter(|account| !kept.contains(account)).collect();
        super::irsa_annotations::take_off(cx, &gone, arn).await
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
        name: model.name.clone(),
        path: model.path.clone(),
        description: model.description.clone().unwrap_or_default(),
        trust_policy: trust.to_owned(),
        max_session_duration: model.max_session_duration,
        permissions_boundary: model.permissions_boundary.clone(),
        tags,
    }
}

/// The trust policy; the provider's ARN comes from the account where only the issuer is given.
async fn trust_document(cx: &Cx, aws: &Aws, model: &IrsaRoleModel) -> Result<String> {
    let what = format!("Cannot write the trust policy of the role `{}`", model.name);
    let wrong = |error: arn::IssuerError, attribute: &str| {
        Explanation::new("BERTH-AWS-021", what.clone())
            .said("The provider", error.to_string())
            .next("correct it")
            .at(attribute)
    };
    let provider_arn = match (&model.oidc_provider_arn, &model.oidc_issuer_url) {
        (Some(arn), _) => arn.clone(),
        (None, url) => {
            let url = url.as_deref().unwrap_or_default();
            let host = oidc_host(url).map_err(|error| wrong(error, "oidc_issuer_url"))?;
            match aws.identity(cx.budget()).await {
                Ok(who) => oidc_provider_arn(&who.partition, &who.account, &host),
                Err(error) => return Err(aws.explained(&error, what, "the account").await),
            }
        }
    };
    let trust = Trust { provider_arn, audience: model.audience.clone(), service_accounts: model.accounts() };
    irsa::trust_policy(&[trust]).map_err(|error| wrong(error, "oidc_provider_arn"))
}

/// What a refresh found, in the state's own wording where it means the same.
fn fill(defaults: &Tags, model: &mut IrsaRoleModel, role: &Role, document: Option<String>) {
    model.path.clone_from(&role.path);
    if role.description != model.description.clone().unwrap_or_default() {
        model.description = Some(role.description.clone()).filter(|text| !text.is_empty());
    }
    model.max_session_duration = role.max_session_duration;
    model.permissions_boundary.clone_from(&role.permissions_boundary);
    model.tags = tags::own_part(&role.tags, defaults, model.tags.as_ref());
    model.tags_all.set(tags::without_those_of_aws(&role.tags));
    let own = policies::own_policies(role);
    let given = role.attached_policies.iter().filter(|arn| !own.contains(arn));
    model.managed_policy_arns = given.cloned().collect();
    model.policy_arns.set(role.attached_policies.iter().cloned().collect::<Vec<_>>());
    let document = match (model.policy_json.get(), document) {
        (Some(stored), Some(live)) if irsa::same_policy(stored, &live) => Some(stored.clone()),
        (_, live) => live,
    };
    model.policy_characters.set(document.as_deref().map_or(0, rules::characters));
    model.policy_json.set(document);
    model.assume_role_policy.set(role.trust_policy.clone());
    model.arn.set(role.arn.clone());
    model.unique_id.set(role.unique_id.clone());
    model.set_annotations(&role.arn);
}

fn imported(defaults: &Tags, role: &Role, document: Option<String>) -> IrsaRoleModel {
    let trusts = parse_trust_policy(&role.trust_policy).filter(|trusts| trusts.len() == 1);
    let trust = trusts.and_then(|trusts| trusts.into_iter().next());
    let statements = document.as_deref().and_then(parse_policy).unwrap_or_default();
    let kind = if policies::own_policies(role).is_empty() { PolicyKind::Inline } else { PolicyKind::Managed };
    let accounts = trust.iter().flat_map(|trust| &trust.service_accounts).map(Account::from).collect::<Set<_>>();
    let mut model = IrsaRoleModel {
        name: role.name.clone(),
        path: role.path.clone(),
        description: None,
        oidc_provider_arn: trust.as_ref().map(|trust| trust.provider_arn.clone()),
        oidc_issuer_url: None,
        service_accounts: accounts,
        audience: trust.map_or_else(|| irsa::AUDIENCE.to_owned(), |trust| trust.audience),
        statements: (!statements.is_empty()).then(|| statements.iter().map(StatementModel::from).collect()),
        managed_policy_arns: Set::default(),
        policy_kind: kind.as_str().to_owned(),
        permissions_boundary: None,
        max_session_duration: role.max_session_duration,
        tags: None,
        tags_all: Computed::Unknown,
        annotate_service_accounts: false,
        arn: Computed::Unknown,
        unique_id: Computed::Unknown,
        policy_arns: Computed::Unknown,
        annotations: Computed::Unknown,
        assume_role_policy: Computed::Unknown,
        policy_json: Computed::Unknown,
        policy_characters: Computed::Unknown,
        timeouts: None,
    };
    fill(defaults, &mut model, role, document);
    model
}

async fn failed(aws: &Aws, verb: &str, model: &IrsaRoleModel, error: &AwsError) -> Explanation {
    let object = model.arn.get().map_or_else(|| format!("role {}", model.name), Clone::clone);
    aws.explained(error, format!("Cannot {verb} the role `{}`", model.name), &object).await
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
