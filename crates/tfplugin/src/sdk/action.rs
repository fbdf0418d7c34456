//! The trait that an action implements.

use std::future::Future;

use tokio::sync::mpsc;

use super::{Cx, Diagnostics, Meta, Model, Result, View};

/// Something that is done and leaves no state: `action` blocks, which a resource's lifecycle or `-invoke` starts
/// (`action.Action` in HashiCorp's framework).
pub trait Action<P: Send + Sync + 'static>: Send + Sync + 'static {
    /// Its configuration: nothing of it is computed. It lies in the plan's file, so that its secrets are write-only.
    type Model: Model;

    /// Its name: `disk_restart`.
    const NAME: &'static str;

    /// Its documentation and limits; it may take the limit of `invoke`.
    const META: Meta;

    /// As [`super::Resource::validate`].
    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        let (_, _) = (config, found);
    }

    /// Tells in a plan what would fail. Anything may be unknown.
    fn plan(&self, cx: &Cx<P>, config: &View<'_>) -> impl Future<Output = Result<()>> + Send {
        let (_, _) = (cx, config);
        std::future::ready(Ok(()))
    }

    /// Does it. An error ends the apply, and nothing that was done is taken back.
    fn invoke(&self, cx: &Cx<P>, model: Self::Model, progress: &Progress) -> impl Future<Output = Result<()>> + Send;
}

/// What the user reads while an action is at work.
#[derive(Clone, Debug)]
pub struct Progress(mpsc::UnboundedSender<String>);

impl Progress {
    /// Messages that go to `told`.
    pub fn new(told: mpsc::UnboundedSender<String>) -> Self {
        Self(told)
    }

    /// Tells what is being done, in a line.
    pub fn tell(&self, message: impl Into<String>) {
        // Nobody listens to an action whose host is gone.
        let _ = self.0.send(message.into());
    }
}
