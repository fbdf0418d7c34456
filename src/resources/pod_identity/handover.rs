//! From the annotation of a service account (IRSA) to its association, and back: at each moment a new Pod gets one of them.

use std::time::Duration;

use serde_json::{Value, json};

use super::model::PodIdentityModel;
use crate::clients::cluster::{Cluster, ClusterError, annotation};
use crate::domain::irsa::{ROLE_ANNOTATION, pods};
use crate::domain::kubernetes::ObjectRef;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::retry::{Budget, Pace};
use crate::sdk::Result;

/// The private note of the role that the annotation named when it was taken off.
const NOTE: &str = "annotation";

/// How long EKS may take until new Pods get the association ("associations are eventually consistent, with delays of
/// several seconds", <https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html>).
const PROPAGATION: Duration = Duration::from_mins(3);
const PACE: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(10));

/// What the apply after an unfinished hand-over does.
const AFTERWARDS: &str = "the association stands, the annotation too, and the next apply goes on";

/// Takes the annotation off, once new Pods get the association. What stands in the way is told, and fails nothing.
pub async fn to_association(cx: &Cx, model: &mut PodIdentityModel) {
    if model.replaces_irsa.is_none() {
        if model.irsa_replaced.is_unknown() {
            model.irsa_replaced.set(false);
        }
        return;
    }
    let handed = hand_over(cx, model).await;
    model.irsa_replaced.set(handed.is_ok());
    cx.tell_wait(handed, AFTERWARDS);
}

async fn hand_over(cx: &Cx, model: &PodIdentityModel) -> Result<()> {
    let cluster = cx.provider().cluster()?;
    let account = account(model);
    let failed = |error: ClusterError| error.explain(not_taken(model)).at("replaces_irsa");
    let found = cluster.get(cx.budget(), &account).await.map_err(failed)?;
    let Some(named) = found.as_ref().and_then(role) else { return Ok(()) };
    let budget = cx.budget().at_most(PROPAGATION);
    until_given(cluster, &budget, model).await?;
    cx.remember(NOTE, &named);
    cluster.unannotate(cx.budget(), &account, ROLE_ANNOTATION, &named).await.map_err(failed)
}

/// An annotation that is back is drift.
pub async fn refresh(cx: &Cx, model: &mut PodIdentityModel) -> Result<()> {
    if model.replaces_irsa.is_none() {
        return Ok(());
    }
    let found = cx.provider().cluster()?.get(cx.budget(), &account(model)).await;
    let found = found.map_err(|error| error.explain(format!("Cannot read the {}", account(model))))?;
    if found.as_ref().and_then(role).is_some() {
        model.irsa_replaced.set(false);
    }
    Ok(())
}

/// Puts the annotation back, with the role that it had or is to have.
pub async fn back(cx: &Cx, model: &PodIdentityModel) -> Result<()> {
    let Some(replaces) = &model.replaces_irsa else { return Ok(()) };
    let Some(role) = replaces.role_arn.clone().or_else(|| cx.recall::<String>(NOTE)) else { return Ok(()) };
    let account = account(model);
    let put = cx.provider().cluster()?.annotate(cx.budget(), &account, ROLE_ANNOTATION, &role).await;
    put.map(drop).map_err(|error| {
        let what = format!("Cannot give the {account} its annotation back, so that its association stays");
        error.explain(what).at("replaces_irsa")
    })
}

/// Waits until a Pod that is made now would get the association: the cluster is asked by a dry run.
async fn until_given(cluster: &Cluster, budget: &Budget, model: &PodIdentityModel) -> Result<()> {
    let pod = pod(model);
    for pause in PACE.pauses() {
        let rehearsed = cluster.rehearse(budget, &pod).await;
        let rehearsed = rehearsed.map_err(|error| error.explain(not_taken(model)).at("replaces_irsa"))?;
        if pods::is_given(&rehearsed) {
            return Ok(());
        }
        tracing::debug!(account = %account(model), "new Pods do not get the association yet");
        if budget.sleep(pause).await.is_err() {
            break;
        }
    }
    Err(Explanation::new("BERTH-AWS-082", not_taken(model))
        .on(account(model).to_string())
        .seen(["a Pod made now would not get the association's credentials".to_owned()])
        .next("check that the cluster is the one of `cluster_name`: the provider's `kubernetes` settings may lead to another")
        .at("replaces_irsa"))
}

fn not_taken(model: &PodIdentityModel) -> String {
    format!("The {} keeps its annotation for now", account(model))
}

fn account(model: &PodIdentityModel) -> ObjectRef {
    ObjectRef::service_account(&model.namespace, &model.service_account)
}

/// The role that an account's annotation names.
fn role(account: &Value) -> Option<String> {
    annotation(account, ROLE_ANNOTATION)
}

/// A Pod that every admission takes; it is never made.
fn pod(model: &PodIdentityModel) -> Value {
    let user = 65_534;
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": "berth-pod-identity", "namespace": model.namespace },
        "spec": {
            "serviceAccountName": model.service_account,
            "securityContext": { "runAsNonRoot": true, "runAsUser": user, "seccompProfile": { "type": "RuntimeDefault" } },
            "containers": [{
                "name": "probe",
                "image": "registry.k8s.io/pause:3.10",
                "resources": { "requests": { "cpu": "1m", "memory": "1Mi" }, "limits": { "cpu": "1m", "memory": "8Mi" } },
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
            }],
        },
    })
}
