//! Whether cert-manager stands: whether the cluster takes an Issuer.

use std::time::Duration;

use serde_json::json;

use crate::clients::cluster::{Cluster, ClusterError};
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::resources::cert_manager::API_VERSION;
use crate::retry::{Budget, Pace};
use crate::sdk::Result;

use super::model::MANIFEST;

const PACE: Pace = Pace::new(Duration::from_millis(200), Duration::from_secs(2));

/// How long a refresh waits for the answer.
const LOOKING: Duration = Duration::from_secs(10);

/// What is said of an installation whose webhook was not seen answering.
pub const NOT_SEEN_ANSWERING: &str = "the cluster has not been seen to take an Issuer since the last change";

/// What a trial showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// The webhook answers.
    Answered,
    /// Whoever applies may not make one, or a rule of the cluster is against it: it could not be tried.
    Untried,
}

/// Tries an issuer of the simplest kind, which passes definition and webhooks. It is one for the whole cluster: namespaces can be
/// taken out of what the webhook sees. Nothing is stored.
async fn tried(cluster: &Cluster, budget: &Budget) -> std::result::Result<Trial, ClusterError> {
    let issuer = json!({ "apiVersion": API_VERSION, "kind": "ClusterIssuer",
        "metadata": { "name": "berth-rehearsal" }, "spec": { "selfSigned": {} } });
    match cluster.rehearse(budget, &issuer).await {
        Ok(_) | Err(ClusterError::Foreign { .. }) => Ok(Trial::Answered),
        Err(ClusterError::Forbidden { .. } | ClusterError::Refused { .. } | ClusterError::Invalid { .. }) => {
            Ok(Trial::Untried)
        }
        Err(error) => Err(error),
    }
}

/// Waits until an Issuer is taken.
///
/// # Errors
/// None was, for as long as there is time.
pub async fn wait(cx: &Cx, what: &str) -> Result<Trial> {
    let cluster = cx.provider().cluster()?;
    let mut pauses = PACE.pauses();
    loop {
        let error = match tried(cluster, cx.budget()).await {
            Ok(trial) => return Ok(trial),
            Err(error) => error,
        };
        tracing::debug!(%error, "no Issuer is taken yet");
        let Some(pause) = pauses.next().filter(|_| may_come(&error)) else { return Err(told(&error, what)) };
        if cx.budget().sleep(pause).await.is_err() {
            return Err(told(&error, what));
        }
    }
}

/// Whether an Issuer is taken now.
pub async fn answers(cx: &Cx) -> bool {
    let Ok(cluster) = cx.provider().cluster() else { return false };
    tried(cluster, &cx.budget().at_most(LOOKING)).await.is_ok()
}

/// While definitions are established and webhooks start, the API server answers so.
fn may_come(error: &ClusterError) -> bool {
    matches!(error, ClusterError::KindUnknown { .. } | ClusterError::NotFound { .. } | ClusterError::Other { .. })
        || error.is_passing()
}

fn told(error: &ClusterError, what: &str) -> Explanation {
    Explanation::new("BERTH-CM-007", format!("{what}: the cluster takes no Issuer"))
        .said("The cluster", error.told())
        .next(
            "look at the Pods of the webhook and of the injector, which gives the webhook its CA; the control plane must reach the \
             webhook's port (on private nodes, a firewall rule)",
        )
        .at(MANIFEST)
}
