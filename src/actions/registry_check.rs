//! `berth_registry_check`: proof that a registry works, at any time.

use crate::provider::{Berth, Cx};
use crate::resources::registry_check::{Question, steps};
use crate::sdk::{Action, Diagnostics, InvokeTimeouts, Limits, Meta, Model, Progress, Result, View};

/// The action.
pub struct RegistryCheck;

/// What is checked.
#[derive(Clone, Debug, Model)]
pub struct Check {
    /// What is checked.
    #[attr(flatten)]
    pub question: Question,
    /// How long the check may take. A name that does not resolve yet and a load balancer that does not answer yet are waited
    /// for as long as this allows.
    pub timeouts: Option<InvokeTimeouts>,
}

impl Action<Berth> for RegistryCheck {
    type Model = Check;

    const NAME: &'static str = "berth_registry_check";

    const META: Meta = Meta {
        limits: Limits::minutes(5),
        ..Meta::new(
            "Registry",
            "Proof that a registry works, step by step, at any time or after each change of what it needs: its name resolves, \
             its certificate is trusted and from the expected CA, nobody comes in without a login, the login works, an image \
             can be pushed and pulled by digest, and a node of the cluster can pull. A step that fails ends the apply with the \
             cause.\n\nUnder OpenTofu, the resource `berth_registry_check` does the same whenever one of its `triggers` changes.",
        )
    };

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        Question::validate(config, found);
    }

    async fn invoke(&self, cx: &Cx, check: Check, progress: &Progress) -> Result<()> {
        let results = steps::run(cx, &check.question, &|told| progress.tell(told)).await?;
        progress.tell(steps::summary(&results));
        Ok(())
    }
}
