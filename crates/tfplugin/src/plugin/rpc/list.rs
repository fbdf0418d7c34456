//! Calls about list resources.

use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt as _, StreamExt as _, future, stream};
use tokio::sync::mpsc;
use tonic::codegen::BoxStream;

use super::super::engine::refresh;
use super::super::proto::tfplugin6 as proto;
use super::{Service, guard, identity, value};
use crate::explain::Explanation;
use crate::sdk::{AnyResource, Diagnostics, Found, Private, Provider, Value};

/// How many objects are read side by side.
const SIDE_BY_SIDE: usize = 8;

type Event = proto::list_resource::Event;

impl<P: Provider> Service<P> {
    pub(super) fn validate_list(
        &self,
        request: &proto::validate_list_resource_config::Request,
    ) -> Result<proto::validate_list_resource_config::Response, Explanation> {
        let diagnostics = self.validated(self.listing(&request.type_name)?, request.config.as_ref())?;
        Ok(proto::validate_list_resource_config::Response { diagnostics })
    }

    /// Lists in the background, as fast as the host reads.
    pub(super) fn list(&self, request: proto::list_resource::Request) -> BoxStream<Event> {
        let (events, mut given) = mpsc::channel(1);
        let service = self.clone();
        tokio::spawn(async move {
            let listed = AssertUnwindSafe(service.listed(&request, &events)).catch_unwind().await;
            if let Err(failure) = listed.unwrap_or_else(|_| Err(guard::panicked())) {
                // A host that does not listen any more does not want to know.
                let _ = events.send(service.failed(&failure)).await;
            }
        });
        Box::pin(stream::poll_fn(move |context| given.poll_recv(context)).map(Ok))
    }

    fn failed(&self, failure: &Explanation) -> Event {
        let mut found = Diagnostics::default();
        found.error(failure);
        self.told(&found)
    }

    fn told(&self, found: &Diagnostics) -> Event {
        Event { diagnostic: self.diagnostics(found), ..Event::default() }
    }

    async fn listed(
        &self,
        request: &proto::list_resource::Request,
        events: &mpsc::Sender<Event>,
    ) -> Result<(), Explanation> {
        let list = self.listing(&request.type_name)?;
        let (query, _) = value::read(request.config.as_ref(), list.schema(), &list.schema().value_type())?;
        let cx = self.context(list.meta().limits.read, Private::default())?;
        let (found, given) = mpsc::channel(SIDE_BY_SIDE);
        // What was found before a failure is sent all the same.
        let asking = AssertUnwindSafe(list.list(&cx, query, found)).catch_unwind();
        let (asked, sent) = future::join(asking, self.sent(request, given, events)).await;
        let notes = cx.notes();
        if notes.iter().next().is_some() {
            let _ = events.send(self.told(&notes)).await;
        }
        sent.and(asked.unwrap_or_else(|_| Err(guard::panicked())))
    }

    /// Sends what is found, in its order, until nothing more is wanted.
    async fn sent(
        &self,
        request: &proto::list_resource::Request,
        mut given: mpsc::Receiver<Found>,
        events: &mpsc::Sender<Event>,
    ) -> Result<(), Explanation> {
        let resource = self.resource(&request.type_name)?;
        let limit = usize::try_from(request.limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let found = stream::poll_fn(|context| given.poll_recv(context));
        let objects = found.map(|found| self.event(resource, found, request.include_resource_object));
        let mut wanted = Box::pin(objects.buffered(SIDE_BY_SIDE).filter_map(|event| future::ready(event.transpose())));
        for _ in 0..limit {
            let Some(event) = wanted.next().await else { break };
            if events.send(event?).await.is_err() {
                break;
            }
        }
        Ok(())
    }

    /// One object; `None` if it went while it was looked at.
    async fn event(
        &self,
        resource: &dyn AnyResource<P>,
        found: Found,
        with_object: bool,
    ) -> Result<Option<Event>, Explanation> {
        let identity = Some(identity::data(resource, &found.identity)?);
        let mut event = Event { identity, display_name: found.display_name, ..Event::default() };
        if !with_object {
            return Ok(Some(event));
        }
        match self.object(resource, &found.identity).await {
            Ok(Some(object)) => {
                event.resource_object = Some(value::write(&object, &resource.schema().value_type())?);
                Ok(Some(event))
            }
            Ok(None) => Ok(None),
            // The others are listed all the same.
            Err(failure) => {
                let mut notes = Diagnostics::default();
                notes.warning(&failure);
                Ok(Some(Event { diagnostic: self.diagnostics(&notes), ..event }))
            }
        }
    }

    /// What an import by the identity and a refresh find.
    async fn object(&self, resource: &dyn AnyResource<P>, identity: &Value) -> Result<Option<Value>, Explanation> {
        let cx = self.context(resource.meta().limits.read, Private::default())?;
        let imported = resource.import(&cx, &identity::import_id_of(resource, identity)?).await?;
        let state = refresh::settled(resource.schema(), &Value::Null, imported);
        let found = resource.read(&cx, state.clone()).await?;
        Ok(found.map(|found| refresh::settled(resource.schema(), &state, found)))
    }
}
