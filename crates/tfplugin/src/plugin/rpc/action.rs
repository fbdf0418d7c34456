//! Calls about actions.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::mpsc;
use tonic::codegen::BoxStream;

use super::super::proto::tfplugin6 as proto;
use super::{Service, guard, value};
use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Private, Progress, Provider, View};
use crate::secret::hidden;
use proto::invoke_action::event::{Completed, Progress as Told, Type};

type Event = proto::invoke_action::Event;

impl<P: Provider> Service<P> {
    pub(super) fn validate_action(
        &self,
        request: &proto::validate_action_config::Request,
    ) -> Result<proto::validate_action_config::Response, Explanation> {
        let diagnostics = self.validated(self.action(&request.type_name)?, request.config.as_ref())?;
        Ok(proto::validate_action_config::Response { diagnostics })
    }

    pub(super) async fn action_plan(
        &self,
        request: proto::plan_action::Request,
    ) -> Result<proto::plan_action::Response, Explanation> {
        let action = self.action(&request.action_type)?;
        let (config, _) = value::read(request.config.as_ref(), action.schema(), &action.schema().value_type())?;
        let cx = self.context(action.meta().limits.read, Private::default())?;
        action.plan(&cx, &View::new(&config)).await?;
        Ok(proto::plan_action::Response { diagnostics: self.diagnostics(&cx.notes()), deferred: None })
    }

    /// Does it in the background, and tells how it goes.
    pub(super) fn invoke(&self, request: proto::invoke_action::Request) -> BoxStream<Event> {
        let (told, mut messages) = mpsc::unbounded_channel();
        let service = self.clone();
        let work = tokio::spawn(async move {
            let mut found = Diagnostics::default();
            let done =
                AssertUnwindSafe(service.invoked(&request, Progress::new(told), &mut found)).catch_unwind().await;
            if let Err(failure) = done.unwrap_or_else(|_| Err(guard::panicked())) {
                found.error(&failure);
            }
            service.diagnostics(&found)
        });
        let progress = stream::poll_fn(move |context| messages.poll_recv(context)).map(|message| {
            let message = hidden(&message).into_owned();
            Ok(Event { r#type: Some(Type::Progress(Told { message })) })
        });
        let completed = stream::once(work).map(|diagnostics| {
            let diagnostics = diagnostics.unwrap_or_default();
            Ok(Event { r#type: Some(Type::Completed(Completed { diagnostics })) })
        });
        Box::pin(progress.chain(completed))
    }

    async fn invoked(
        &self,
        request: &proto::invoke_action::Request,
        progress: Progress,
        found: &mut Diagnostics,
    ) -> Result<(), Explanation> {
        let action = self.action(&request.action_type)?;
        let (config, _) = value::read(request.config.as_ref(), action.schema(), &action.schema().value_type())?;
        let cx = self.context(action.meta().limits.overridden_by(&config).invoke, Private::default())?;
        let done = action.invoke(&cx, config, progress).await;
        found.extend(cx.notes());
        done
    }
}
