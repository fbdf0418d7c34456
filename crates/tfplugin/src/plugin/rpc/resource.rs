//! Calls about managed resources, except for apply.

use super::super::engine::plan::{self, Proposal};
use super::super::engine::{configuration, refresh, validate};
use super::super::proto::tfplugin6 as proto;
use super::super::wire;
use super::{Service, convert, identity, value};
use crate::explain::{Explanation, chain};
use crate::sdk::{AnyResource, Cx, Diagnostics, MoveSource, Private, Provider, Type, Value, View};

impl<P: Provider> Service<P> {
    pub(super) fn validate_resource(
        &self,
        request: &proto::validate_resource_config::Request,
    ) -> Result<proto::validate_resource_config::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let schema = resource.schema();
        let mut found = Diagnostics::default();
        let config = value::read_resource(request.config.as_ref(), schema, &mut found)?;
        if !request.client_capabilities.is_some_and(|client| client.write_only_attributes_allowed) {
            validate::no_write_only(&schema.attributes, &config, &mut found);
        }
        validate::attributes(&schema.attributes, &config, &mut found);
        resource.validate(&View::new(&config), &mut found);
        Ok(proto::validate_resource_config::Response { diagnostics: self.diagnostics(&found) })
    }

    pub(super) fn upgrade(
        &self,
        request: &proto::upgrade_resource_state::Request,
    ) -> Result<proto::upgrade_resource_state::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let r#type = resource.schema().value_type();
        let stored = request.raw_state.as_ref().map(|raw| raw.json.as_slice()).unwrap_or_default();
        if stored.is_empty() {
            return Err(Explanation::new("SDK-013", "The state was written by Terraform 0.11 or older")
                .next("bring the state to a newer Terraform first"));
        }
        let state = if request.version == resource.schema().version {
            read_stored(stored, &r#type)?
        } else {
            let old = serde_json::from_slice(stored).map_err(|error| unreadable(&error))?;
            let new = resource.upgrade(request.version, old)?;
            read_stored(&serde_json::to_vec(&new).map_err(|error| unreadable(&error))?, &r#type)?
        };
        let state = refresh::settled(resource.schema(), &Value::Null, state);
        Ok(proto::upgrade_resource_state::Response {
            upgraded_state: Some(value::write(&state, &r#type)?),
            diagnostics: Vec::new(),
        })
    }

    pub(super) async fn read(
        &self,
        request: proto::read_resource::Request,
    ) -> Result<proto::read_resource::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let r#type = resource.schema().value_type();
        let (state, nulls) = value::read(request.current_state.as_ref(), resource.schema(), &r#type)?;
        let cx =
            self.context(resource.meta().limits.overridden_by(&state).read, Private::from_bytes(&request.private))?;
        let mut found = match resource.read(&cx, state.clone()).await {
            Ok(found) => found.map_or(Value::Null, |found| refresh::settled(resource.schema(), &state, found)),
            Err(failure) if failure.is_unanswered() && cx.provider().tolerates(&failure) => {
                cx.warn(&failure);
                state
            }
            Err(failure) => return Err(failure),
        };
        let new_identity = identity::of_state(resource, &found, request.current_identity)?;
        nulls.put_back(&mut found);
        Ok(proto::read_resource::Response {
            new_state: Some(value::write(&found, &r#type)?),
            diagnostics: self.diagnostics(&cx.notes()),
            private: cx.private().to_bytes(),
            new_identity,
            deferred: None,
        })
    }

    pub(super) async fn plan(
        &self,
        request: proto::plan_resource_change::Request,
    ) -> Result<proto::plan_resource_change::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let r#type = resource.schema().value_type();
        let (config, nulls) = value::read(request.config.as_ref(), resource.schema(), &r#type)?;
        if config.is_null() {
            return self.plan_destroy(resource, request).await;
        }
        let (prior, _) = value::read(request.prior_state.as_ref(), resource.schema(), &r#type)?;
        let private = Private::from_bytes(&request.prior_private);
        let proposal = Proposal {
            private: if prior.is_null() { private.of_successor() } else { private },
            prior,
            proposed: value::read(request.proposed_new_state.as_ref(), resource.schema(), &r#type)?.0,
            config,
        };
        let cx = self.context(resource.meta().limits.read, proposal.private.clone())?;
        let prior = proposal.prior.clone();
        let (mut planned, notes) = planned(resource, &cx, proposal).await?;
        // What exists keeps its identity in a plan, whatever is planned for it; what is to be made has what is known of its own.
        let planned_identity = match request.prior_identity {
            Some(known) if !prior.is_null() => Some(known),
            _ if !prior.is_null() => identity::of_state(resource, &prior, None)?,
            _ => identity::of_state(resource, &planned.state, None)?,
        };
        nulls.put_back(&mut planned.state);
        Ok(proto::plan_resource_change::Response {
            planned_state: Some(value::write(&planned.state, &r#type)?),
            requires_replace: planned.replace.iter().map(convert::path).collect(),
            planned_private: planned.private.to_bytes(),
            diagnostics: self.diagnostics(&notes),
            planned_identity,
            ..Default::default()
        })
    }

    async fn plan_destroy(
        &self,
        resource: &dyn AnyResource<P>,
        request: proto::plan_resource_change::Request,
    ) -> Result<proto::plan_resource_change::Response, Explanation> {
        let r#type = resource.schema().value_type();
        let (prior, _) = value::read(request.prior_state.as_ref(), resource.schema(), &r#type)?;
        let cx = self.context(resource.meta().limits.read, Private::from_bytes(&request.prior_private))?;
        if !prior.is_null() {
            resource.plan_destroy(&cx, prior).await?;
        }
        Ok(proto::plan_resource_change::Response {
            planned_state: Some(value::write(&Value::Null, &r#type)?),
            planned_private: cx.private().to_bytes(),
            planned_identity: request.prior_identity,
            diagnostics: self.diagnostics(&cx.notes()),
            ..Default::default()
        })
    }

    pub(super) async fn import(
        &self,
        request: proto::import_resource_state::Request,
    ) -> Result<proto::import_resource_state::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let cx = self.context(resource.meta().limits.read, Private::default())?;
        let id = match &request.identity {
            Some(sent) if request.id.is_empty() => identity::import_id(resource, sent)?,
            _ => request.id,
        };
        let found = resource.import(&cx, &id).await?;
        let state = refresh::settled(resource.schema(), &Value::Null, found);
        let identity = identity::of_state(resource, &state, request.identity)?;
        Ok(proto::import_resource_state::Response {
            imported_resources: vec![proto::import_resource_state::ImportedResource {
                type_name: request.type_name,
                state: Some(value::write(&state, &resource.schema().value_type())?),
                private: cx.private().to_bytes(),
                identity,
            }],
            diagnostics: self.diagnostics(&cx.notes()),
            deferred: None,
        })
    }

    pub(super) fn generate_configuration(
        &self,
        request: &proto::generate_resource_config::Request,
    ) -> Result<proto::generate_resource_config::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let r#type = resource.schema().value_type();
        let (mut config, nulls) = value::read(request.state.as_ref(), resource.schema(), &r#type)?;
        configuration::declared(&resource.schema().attributes, &mut config);
        nulls.put_back(&mut config);
        Ok(proto::generate_resource_config::Response {
            config: Some(value::write(&config, &r#type)?),
            diagnostics: Vec::new(),
        })
    }

    pub(super) fn moved(
        &self,
        request: proto::move_resource_state::Request,
    ) -> Result<proto::move_resource_state::Response, Explanation> {
        let resource = self.resource(&request.target_type_name)?;
        let stored = request.source_state.map(|raw| raw.json).unwrap_or_default();
        if stored.is_empty() {
            return Err(Explanation::new("SDK-013", "The state was written by Terraform 0.11 or older")
                .on(format!("{} of {}", request.source_type_name, request.source_provider_address))
                .next("take the `moved` block out, apply once with the provider that has made it, which writes the state anew, and move it then"));
        }
        let source = MoveSource {
            provider: request.source_provider_address,
            r#type: request.source_type_name,
            version: request.source_schema_version,
            state: serde_json::from_slice(&stored).map_err(|error| unreadable(&error))?,
        };
        let state = resource.moved(&source).unwrap_or_else(|| Err(no_move(&source, resource.name())))?;
        let state = refresh::settled(resource.schema(), &Value::Null, state);
        Ok(proto::move_resource_state::Response {
            target_identity: identity::of_state(resource, &state, None)?,
            target_state: Some(value::write(&state, &resource.schema().value_type())?),
            ..Default::default()
        })
    }
}

async fn planned<P: Provider>(
    resource: &dyn AnyResource<P>,
    cx: &Cx<P>,
    proposal: Proposal,
) -> Result<(plan::Planned, Diagnostics), Explanation> {
    let mut open = plan::open(resource.schema(), proposal);
    resource.plan(cx, &mut open).await?;
    Box::pin(P::look(cx, resource.name(), &mut open)).await;
    let planned = plan::close(open);
    let mut notes = cx.notes();
    notes.extend(planned.notes.clone());
    Ok((planned, notes))
}

fn read_stored(json: &[u8], r#type: &Type) -> Result<Value, Explanation> {
    wire::json::decode(json, r#type, wire::json::UnknownKeys::Ignore).map_err(|error| unreadable(&error))
}

fn unreadable(error: &(dyn std::error::Error + 'static)) -> Explanation {
    Explanation::new("SDK-014", "Cannot read the stored state of this object")
        .said("the decoder", chain(error))
        .next("if the state was not edited by hand, report this as a defect of the provider")
}

fn no_move(source: &MoveSource, target: &str) -> Explanation {
    let what = format!("Cannot turn a `{}` of `{}` into a `{target}`", source.r#type, source.provider);
    Explanation::new("SDK-015", what)
        .next(format!("import the object as a `{target}` instead, and remove the old one from state"))
}
