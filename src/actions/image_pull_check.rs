//! `berth_image_pull_check`: proof that a node can pull an image with the pull secrets of a service account.

use crate::clients::cluster::{PullProof, PullRequest};
use crate::digest::sha256_hex;
use crate::explain::Explanation;
use crate::provider::checks::{image, label, subdomain};
use crate::provider::{Berth, Cx};
use crate::resources::registry_check::pull_patience;
use crate::sdk::{Action, InvokeTimeouts, Limits, Meta, Model, Progress, Result};

/// The action.
pub struct ImagePullCheck;

/// Which image is pulled, and by whom.
#[derive(Clone, Debug, Model)]
pub struct Pull {
    /// The image, as Pods name it.
    #[attr(check = image())]
    pub image: String,
    /// The Pod's namespace.
    #[attr(check = label())]
    pub namespace: String,
    /// The Pod's service account, whose pull secrets are used. Default `default`.
    #[attr(default = "default", check = subdomain())]
    pub service_account: String,
    /// How long the pull may take.
    pub timeouts: Option<InvokeTimeouts>,
}

impl Action<Berth> for ImagePullCheck {
    type Model = Pull;

    const NAME: &'static str = "berth_image_pull_check";

    const META: Meta = Meta {
        limits: Limits::minutes(5),
        ..Meta::new(
            "Registry",
            "Proof that a node of the cluster can pull an image with the pull secrets of a service account: a Pod is made for \
             it and removed again, and nothing of the image is run. A pull that fails ends the apply with the node's own \
             words.\n\nUnder OpenTofu, the resource `berth_registry_check` does the same with `push = false` and \
             `in_cluster = { image = … }`, after it has looked at the registry.",
        )
    };

    async fn invoke(&self, cx: &Cx, pull: Pull, progress: &Progress) -> Result<()> {
        let what = format!("Cannot pull the image `{}`", pull.image);
        let mark = sha256_hex(format!("{} {}", pull.image, pull.service_account).as_bytes());
        let request = PullRequest {
            namespace: pull.namespace.clone(),
            name: format!("berth-pull-{}", mark.get(..10).unwrap_or_default()),
            service_account: pull.service_account.clone(),
            image: pull.image.clone(),
            patience: pull_patience(cx.budget().remaining()),
        };
        progress.tell(format!("a Pod of {}/{} pulls {}", pull.namespace, pull.service_account, pull.image));
        let proof = cx.provider().cluster()?.prove_pull(cx.budget(), &request).await;
        match proof.map_err(|error| error.explain(&what))? {
            PullProof::Pulled { node, .. } => {
                progress.tell(format!("the node {node} pulled it"));
                Ok(())
            }
            PullProof::Refused { words } => Err(Explanation::new("BERTH-CHECK-003", what)
                .on(format!("a Pod of the service account {}/{}", pull.namespace, pull.service_account))
                .said("The node", words)
                .next(
                    "see that the image exists, that the account has a pull secret for its registry, and that the node \
                       trusts the registry's certificate",
                )),
        }
    }
}
