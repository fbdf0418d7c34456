//! The call that changes something: create, update, delete.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use super::super::engine::{consistency, refresh};
use super::super::proto::tfplugin6 as proto;
use super::{Service, guard, identity, value};
use crate::explain::Explanation;
use crate::sdk::{
    AnyResource, Applied, Cx, Diagnostics, Limits, Private, Provider, Value, differ_at_most_in_timeouts, write_only,
};

/// One change, decoded.
struct Change {
    prior: Value,
    planned: Value,
    config: Value,
}

impl<P: Provider> Service<P> {
    pub(super) async fn apply(
        &self,
        request: proto::apply_resource_change::Request,
    ) -> Result<proto::apply_resource_change::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let r#type = resource.schema().value_type();
        let read = |sent: &Option<_>| value::read(sent.as_ref(), resource.schema(), &r#type);
        let (prior, left) = read(&request.prior_state)?;
        let (planned, wanted) = read(&request.planned_state)?;
        let (config, _) = read(&request.config)?;
        let nulls = if planned.is_null() { left } else { wanted };
        let change = Change { prior, planned, config };
        let private = Private::from_bytes(&request.planned_private);
        let private = if change.planned.is_null() { private.for_destroy() } else { private.for_create() };
        let cx = self.context(limit(resource.meta().limits, &change), private)?;
        let mut found = Diagnostics::default();
        let mut state = carried_out(resource, &cx, change, &mut found).await;
        let new_identity = identity::of_state(resource, &state, request.planned_identity)?;
        nulls.put_back(&mut state);
        found.extend(cx.notes());
        Ok(proto::apply_resource_change::Response {
            new_state: Some(value::write(&state, &r#type)?),
            private: cx.private().to_bytes(),
            diagnostics: self.diagnostics(&found),
            legacy_type_system: false,
            new_identity,
        })
    }
}

fn limit(limits: Limits, change: &Change) -> std::time::Duration {
    if change.planned.is_null() {
        return limits.overridden_by(&change.prior).delete;
    }
    let limits = limits.overridden_by(&change.planned);
    if change.prior.is_null() { limits.create } else { limits.update }
}

/// Makes the change, and answers what is to be stored: after a failure too.
async fn carried_out<P: Provider>(
    resource: &dyn AnyResource<P>,
    cx: &Cx<P>,
    change: Change,
    found: &mut Diagnostics,
) -> Value {
    let Change { prior, planned, config } = change;
    if planned.is_null() {
        return deleted(resource, cx, prior, found).await;
    }
    if differ_at_most_in_timeouts(&prior, &planned) {
        return planned;
    }
    let mut wanted = planned.clone();
    write_only::reveal(&resource.schema().attributes, &mut wanted, &config);
    let work = async {
        if prior.is_null() {
            resource.create(cx, wanted.clone()).await
        } else {
            resource.update(cx, prior.clone(), wanted.clone()).await
        }
    };
    let applied = AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Applied { state: wanted.clone(), failure: Some(guard::panicked()) });
    stored(resource, cx, &prior, &planned, applied, found)
}

/// What a create or update leaves in state.
fn stored<P: Provider>(
    resource: &dyn AnyResource<P>,
    cx: &Cx<P>,
    prior: &Value,
    planned: &Value,
    applied: Applied,
    found: &mut Diagnostics,
) -> Value {
    let Applied { mut state, failure } = applied;
    let Some(failure) = failure else {
        for path in state.nullify_unknowns() {
            found.error(&consistency::forgotten(resource.name(), &path));
        }
        let state = refresh::settled(resource.schema(), planned, state);
        if let Some(path) = consistency::broken_promise(planned, &state) {
            found.error(&consistency::breach(resource.name(), &path));
        }
        return state;
    };
    found.error(&failure);
    if cx.has_existing() { refresh::settled(resource.schema(), prior, state) } else { prior.clone() }
}

async fn deleted<P: Provider>(
    resource: &dyn AnyResource<P>,
    cx: &Cx<P>,
    prior: Value,
    found: &mut Diagnostics,
) -> Value {
    match AssertUnwindSafe(resource.delete(cx, prior.clone())).catch_unwind().await {
        Ok(Ok(())) => return Value::Null,
        Ok(Err(failure)) => found.error(&failure),
        Err(_panic) => found.error(&guard::panicked()),
    }
    prior
}
