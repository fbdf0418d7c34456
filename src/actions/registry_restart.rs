//! `berth_registry_restart`: new Pods for a registry, without another change.

use serde_json::json;

use crate::clients::cluster::Cluster;
use crate::domain::kubernetes::{ObjectRef, is_ours};
use crate::domain::registry::{APPLICATION, selector};
use crate::explain::Explanation;
use crate::provider::checks::label;
use crate::provider::{Berth, Cx};
use crate::sdk::{Action, InvokeTimeouts, Limits, Meta, Model, Progress, Result};

/// What Kubernetes' own tools set to have the Pods of a Deployment made anew.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

/// The action.
pub struct RegistryRestart;

/// Which registry is restarted.
#[derive(Clone, Debug, Model)]
pub struct Restart {
    /// The registry's name.
    #[attr(check = label())]
    pub name: String,
    /// Its namespace.
    #[attr(check = label())]
    pub namespace: String,
    /// Whether to wait until all Pods are new and ready. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// How long the restart may take.
    pub timeouts: Option<InvokeTimeouts>,
}

impl Action<Berth> for RegistryRestart {
    type Model = Restart;

    const NAME: &'static str = "berth_registry_restart";

    const META: Meta = Meta {
        limits: Limits::minutes(10),
        ..Meta::new(
            "Registry",
            "Has the Pods of a registry made anew, as `kubectl rollout restart` does, and waits until they are ready: after its \
             bucket, a CA or something else has changed that it reads only when it starts. What `berth_registry` declares it \
             reads anew by itself. With several replicas there is always one that answers.\n\nUnder OpenTofu, the argument \
             `restart_triggers` of `berth_registry` does the same whenever one of its values changes.",
        )
    };

    async fn invoke(&self, cx: &Cx, restart: Restart, progress: &Progress) -> Result<()> {
        let what = format!("Cannot restart the registry `{}/{}`", restart.namespace, restart.name);
        let cluster = cx.provider().cluster()?;
        let deployment = ObjectRef::deployment(&restart.namespace, &restart.name);
        must_be_ours(cx, cluster, &deployment, &what).await?;
        let now = cx.clock().now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let patch = json!({ "spec": { "template": { "metadata": { "annotations": { RESTARTED: now } } } } });
        let patched = cluster.merge(cx.budget(), &deployment, &patch).await.map_err(|error| error.explain(&what))?;
        if patched.is_none() {
            return Err(none(&deployment, &what));
        }
        progress.tell(format!("The Pods of {deployment} are made anew"));
        if !restart.wait {
            return Ok(());
        }
        let labels = selector(&restart.name);
        let ready = cluster.wait_for_rollout(cx.budget(), &deployment, &labels).await;
        progress.tell(format!("{} of them are ready", ready.map_err(|error| error.explain(&what))?));
        Ok(())
    }
}

async fn must_be_ours(cx: &Cx, cluster: &Cluster, deployment: &ObjectRef, what: &str) -> Result<()> {
    let found = cluster.get(cx.budget(), deployment).await.map_err(|error| error.explain(what))?;
    match found {
        Some(found) if is_ours(&found, APPLICATION, &deployment.name) => Ok(()),
        _ => Err(none(deployment, what)),
    }
}

fn none(deployment: &ObjectRef, what: &str) -> Explanation {
    Explanation::new("BERTH-REG-016", what)
        .on(format!("{deployment}, which does not exist, or was not made by `berth_registry`"))
        .next("correct name and namespace; what others made, `kubectl rollout restart` restarts")
        .at("name")
}
