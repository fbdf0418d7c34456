//! Identities of resources: their schemas, their upgrade, and their part in the answers of other calls.

use std::collections::BTreeMap;

use super::super::proto::tfplugin6 as proto;
use super::super::wire;
use super::{Service, convert, value};
use crate::explain::{Explanation, chain};
use crate::sdk::{AnyResource, Attribute, Mode, Provider, Schema, Value};

impl<P: Provider> Service<P> {
    pub(super) fn identity_schemas(&self) -> proto::get_resource_identity_schemas::Response {
        let resources = self.catalogue().resources();
        let schemas =
            resources.filter_map(|resource| Some((resource.name().to_owned(), schema(resource.identity()?.schema()))));
        proto::get_resource_identity_schemas::Response {
            identity_schemas: schemas.collect::<BTreeMap<_, _>>(),
            diagnostics: Vec::new(),
        }
    }

    pub(super) fn upgrade_identity(
        &self,
        request: &proto::upgrade_resource_identity::Request,
    ) -> Result<proto::upgrade_resource_identity::Response, Explanation> {
        let resource = self.resource(&request.type_name)?;
        let identity = resource.identity().ok_or_else(|| none(resource))?;
        let stored = request.raw_identity.as_ref().map(|raw| raw.json.as_slice()).unwrap_or_default();
        let old = serde_json::from_slice(stored).map_err(|error| unreadable(resource, &error))?;
        let new = identity.upgrade(request.version, old)?;
        let new = serde_json::to_vec(&new).map_err(|error| unreadable(resource, &error))?;
        let schema = identity.schema();
        let upgraded = wire::json::decode(&new, &schema.value_type(), wire::json::UnknownKeys::Ignore)
            .map_err(|error| unreadable(resource, &error))?;
        Ok(proto::upgrade_resource_identity::Response {
            upgraded_identity: Some(written(schema, &upgraded)?),
            diagnostics: Vec::new(),
        })
    }
}

/// The identity of what a state holds, or else the one that the host had.
pub(super) fn of_state<P: Provider>(
    resource: &dyn AnyResource<P>,
    state: &Value,
    before: Option<proto::ResourceIdentityData>,
) -> Result<Option<proto::ResourceIdentityData>, Explanation> {
    if state.is_null() {
        return Ok(None);
    }
    let found = resource.identity().and_then(|identity| Some((identity.schema(), identity.of(state)?)));
    match found {
        Some((schema, identity)) => written(schema, &identity).map(Some),
        None => Ok(before),
    }
}

/// How [`crate::sdk::Resource::import`] finds what an identity names.
pub(super) fn import_id<P: Provider>(
    resource: &dyn AnyResource<P>,
    sent: &proto::ResourceIdentityData,
) -> Result<String, Explanation> {
    let identity = resource.identity().ok_or_else(|| none(resource))?;
    import_id_of(resource, &value::read_plain(sent.identity_data.as_ref(), &identity.schema().value_type())?)
}

/// As [`import_id`], of an identity that was listed.
pub(super) fn import_id_of<P: Provider>(
    resource: &dyn AnyResource<P>,
    identity: &Value,
) -> Result<String, Explanation> {
    resource.identity().ok_or_else(|| none(resource))?.import_id(identity)
}

/// An identity that was listed, for a host.
pub(super) fn data<P: Provider>(
    resource: &dyn AnyResource<P>,
    identity: &Value,
) -> Result<proto::ResourceIdentityData, Explanation> {
    written(resource.identity().ok_or_else(|| none(resource))?.schema(), identity)
}

fn written(schema: &Schema, identity: &Value) -> Result<proto::ResourceIdentityData, Explanation> {
    Ok(proto::ResourceIdentityData { identity_data: Some(value::write(identity, &schema.value_type())?) })
}

fn schema(schema: &Schema) -> proto::ResourceIdentitySchema {
    proto::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: schema.attributes.iter().map(attribute).collect(),
    }
}

fn attribute(attribute: &Attribute) -> proto::resource_identity_schema::IdentityAttribute {
    let is_required = attribute.mode == Mode::Required;
    proto::resource_identity_schema::IdentityAttribute {
        name: attribute.name.clone(),
        r#type: convert::type_constraint(&attribute.shape.value_type()),
        required_for_import: is_required,
        optional_for_import: !is_required,
        description: attribute.description.clone(),
    }
}

fn none<P: Provider>(resource: &dyn AnyResource<P>) -> Explanation {
    Explanation::new("SDK-040", format!("Objects of the type `{}` have no identity", resource.name()))
        .next("import by `id`, if the documentation of the type shows one; or declare it without import")
}

fn unreadable<P: Provider>(resource: &dyn AnyResource<P>, error: &(dyn std::error::Error + 'static)) -> Explanation {
    Explanation::new("SDK-042", format!("Cannot read the stored identity of a `{}`", resource.name()))
        .said("the decoder", chain(error))
        .next("if the state was not edited by hand, report this as a defect of the provider")
}
