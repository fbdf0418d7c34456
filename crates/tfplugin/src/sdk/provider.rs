//! The provider itself: its block, and what it offers.

use super::{Cx, Diagnostics, Explanation, Model, Path, Plan, View};
use crate::env::Env;

/// A provider (`provider.Provider` in HashiCorp's framework). One value of it is made for each run of the host, by
/// [`Provider::configure`], and every method of a type is given it by [`Cx::provider`].
pub trait Provider: Send + Sync + Sized + 'static {
    /// The provider block. Every attribute of it should be optional.
    type Config: Model;

    /// What the provider is for, in Markdown.
    const DESCRIPTION: &'static str;

    /// Tests what the attributes' own checks cannot: conflicts and the like. Without network.
    fn validate(config: &View<'_>, found: &mut Diagnostics) {
        let (_, _) = (config, found);
    }

    /// Takes the settings. Nothing is connected to here; clients are built when first used.
    ///
    /// # Errors
    /// Settings that contradict each other.
    fn configure(settings: Settings<Self::Config>, env: &Env) -> Result<Self, Explanation>;

    /// Whether a refresh that could not ask the remote, and failed like this, keeps the state with a warning. If not, it is
    /// an error.
    fn tolerates(&self, unanswered: &Explanation) -> bool {
        let _ = unanswered;
        true
    }

    /// Looks at the plan of any resource of this type, after the resource's own hook. It only warns.
    fn look(cx: &Cx<Self>, type_name: &str, plan: &mut Plan<'_>) -> impl Future<Output = ()> + Send {
        let (_, _, _) = (cx, type_name, plan);
        std::future::ready(())
    }
}

/// The provider block as far as it is known.
#[derive(Clone, Debug)]
pub struct Settings<M> {
    /// The known settings; what is unknown is null here. A nested object in which a required
    /// attribute is unknown is null as a whole.
    pub model: M,
    /// What is not known yet: in a plan, a setting may come from a resource that does not exist yet.
    pub unknown: Vec<Path>,
}
