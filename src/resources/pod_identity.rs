//! `berth_pod_identity`: the role that EKS Pod Identity gives to the Pods of a service account.

mod failures;
mod handover;
mod identity;
mod list;
mod model;
mod trust;

use crate::clients::aws::eks::pod_identity::{Association, Associations, Wanted};
use crate::clients::aws::{Aws, AwsError};
use crate::domain::tags;
use crate::provider::{Berth, Cx};
use crate::resources::aws_tags;
use crate::sdk::{Import, Meta, MoveSource, Plan, Resource, Result};

pub use model::PodIdentityModel;

/// The resource.
pub struct PodIdentity;

impl Resource<Berth> for PodIdentity {
    type Model = PodIdentityModel;

    const NAME: &'static str = "berth_pod_identity";

    const META: Meta = Meta {
        import_id: "CLUSTER_NAME,ASSOCIATION_ID",
        ..Meta::new(
            "Identity",
            "Gives the Pods of a service account a role by EKS Pod Identity: no OIDC provider, no annotation, and one \
             role for several clusters. The role must trust `pods.eks.amazonaws.com` for `sts:AssumeRole` and \
             `sts:TagSession`, as `berth_irsa_role` has it with `pod_identity`, and the cluster needs the add-on `eks-pod-identity-agent`. Pods that run already keep \
             what they have until they are made anew. An account has at most one association in a cluster: one that \
             exists already is not taken over silently but can be imported by its id or as \
             `CLUSTER_NAME,NAMESPACE/SERVICE_ACCOUNT`, and a `moved` block takes over an \
             `aws_eks_pod_identity_association`. With `replaces_irsa`, an account goes from its annotation (IRSA) to \
             Pod Identity, and back when this is destroyed, without a moment in which a new Pod has no rights.",
        )
    };

    async fn plan(&self, cx: &Cx, plan: &mut Plan<'_>) -> Result<()> {
        aws_tags::plan(cx, plan, aws_tags::Keys::Cased)?;
        if plan.is_create() {
            trust::look(cx, plan).await;
        }
        trust::look_at_account(cx, plan).await;
        let is_over =
            plan.planned().at("replaces_irsa").is_given() && plan.prior().truth("irsa_replaced") != Some(true);
        if is_over && !plan.is_create() {
            plan.leave_open(&["irsa_replaced"]);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, model: &mut PodIdentityModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let wanted = wanted(cx, model)?;
        let associations = aws.pod_identities(&model.cluster_name).await;
        // The mark of this instance: a repetition of the request finds what the first one made.
        let token = cx.owner()?;
        let made =
            trust::until_seen(cx, aws, &wanted.role_arn, || associations.create(cx.budget(), &wanted, token.as_str()));
        let made = match made.await {
            Ok(made) => made,
            Err(AwsError::AlreadyExists(_)) => return Err(failures::taken(cx, &associations, model).await),
            Err(error) => return Err(failures::not_made(cx, aws, model, &error).await),
        };
        cx.exists();
        fill(model, made);
        model.tags_all.set(wanted.tags);
        handover::to_association(cx, model).await;
        Ok(())
    }

    async fn read(&self, cx: &Cx, mut model: PodIdentityModel) -> Result<Option<PodIdentityModel>> {
        let aws = cx.provider().aws()?;
        let associations = aws.pod_identities(&model.cluster_name).await;
        match associations.get(cx.budget(), model.id()).await {
            Ok(None) => Ok(None),
            Ok(Some(live)) => {
                model.tags = tags::own_part(&live.wanted.tags, aws_tags::defaults(cx)?, model.tags.as_ref());
                model.tags_all.set(tags::without_those_of_aws(&live.wanted.tags));
                fill(&mut model, live);
                handover::refresh(cx, &mut model).await?;
                Ok(Some(model))
            }
            Err(error) => Err(failures::failed(aws, "read", &model, &error).await),
        }
    }

    async fn update(&self, cx: &Cx, prior: &PodIdentityModel, model: &mut PodIdentityModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        let wanted = wanted(cx, model)?;
        let associations = aws.pod_identities(&model.cluster_name).await;
        match changed(cx, aws, &associations, prior, &wanted).await {
            Ok(Some(live)) => fill(model, live),
            Ok(None) => return Err(failures::vanished(prior)),
            Err(error) => return Err(failures::failed(aws, "change", model, &error).await),
        }
        model.tags_all.set(wanted.tags);
        cx.exists();
        handover::to_association(cx, model).await;
        Ok(())
    }

    /// The annotation first: without either, new Pods would have no rights.
    async fn delete(&self, cx: &Cx, model: PodIdentityModel) -> Result<()> {
        let aws = cx.provider().aws()?;
        handover::back(cx, &model).await?;
        match aws.pod_identities(&model.cluster_name).await.delete(cx.budget(), model.id()).await {
            Ok(()) => Ok(()),
            Err(error) => Err(failures::failed(aws, "delete", &model, &error).await),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Import<PodIdentityModel>> {
        let aws = cx.provider().aws()?;
        let Some((cluster, named)) = id.split_once(',') else { return Err(failures::unreadable(id)) };
        let associations = aws.pod_identities(cluster).await;
        let found = async {
            let id = match named.split_once('/') {
                Some((namespace, account)) => associations.find(cx.budget(), namespace, account).await?,
                None => Some(named.to_owned()),
            };
            match id {
                Some(id) => associations.get(cx.budget(), &id).await,
                None => Ok(None),
            }
        };
        match found.await {
            Ok(Some(live)) => Ok(Import(model::imported(cluster, live, aws_tags::defaults(cx)?))),
            Ok(None) => Err(failures::absent(id, &aws.region().await)),
            Err(error) => Err(aws.explained(&error, failures::not_imported(id), id).await),
        }
    }

    fn moved(&self, source: &MoveSource) -> Option<Result<PodIdentityModel>> {
        model::moved(source)
    }
}

/// What is to be told to EKS.
fn wanted(cx: &Cx, model: &PodIdentityModel) -> Result<Wanted> {
    Ok(Wanted {
        namespace: model.namespace.clone(),
        service_account: model.service_account.clone(),
        role_arn: model.role_arn.clone(),
        target_role_arn: model.target_role_arn.clone(),
        disable_session_tags: model.disable_session_tags,
        tags: tags::merged(aws_tags::defaults(cx)?, model.tags.as_ref()),
    })
}

/// Makes the association that is there as it is wanted; none if there is none.
async fn changed(
    cx: &Cx,
    aws: &Aws,
    associations: &Associations<'_>,
    prior: &PodIdentityModel,
    wanted: &Wanted,
) -> std::result::Result<Option<Association>, AwsError> {
    let (budget, id) = (cx.budget(), prior.id());
    let Some(live) = associations.get(budget, id).await? else { return Ok(None) };
    let is_same = Wanted { tags: live.wanted.tags.clone(), ..wanted.clone() } == live.wanted;
    let now = if is_same {
        live.clone()
    } else {
        trust::until_seen(cx, aws, &wanted.role_arn, || associations.update(budget, id, wanted)).await?
    };
    associations.set_tags(budget, &live.arn, &live.wanted.tags, &wanted.tags).await?;
    Ok(Some(now))
}

/// Takes over what EKS says of the association, but for its tags.
fn fill(model: &mut PodIdentityModel, live: Association) {
    model.association_id.set(live.id);
    model.association_arn.set(live.arn);
    model.external_id.set(live.external_id);
    model.role_arn = live.wanted.role_arn;
    model.target_role_arn = live.wanted.target_role_arn;
    model.disable_session_tags = live.wanted.disable_session_tags;
}
