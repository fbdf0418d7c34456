//! Calls about the provider as a whole: schema, configuration, stop.

use std::collections::BTreeMap;

use super::super::engine::{settings, validate};
use super::super::proto::tfplugin6 as proto;
use super::{Service, convert, value};
use crate::explain::Explanation;
use crate::sdk::{DecodeError, Diagnostics, Kind, Model, Path, Provider, Settings, View};

impl<P: Provider> Service<P> {
    pub(super) fn provider_schema(&self) -> proto::get_provider_schema::Response {
        proto::get_provider_schema::Response {
            provider: Some(convert::schema(self.schema())),
            resource_schemas: self.schemas(Kind::Resource),
            data_source_schemas: self.schemas(Kind::Data),
            ephemeral_resource_schemas: self.schemas(Kind::Ephemeral),
            list_resource_schemas: self.schemas(Kind::List),
            action_schemas: self.action_schemas(),
            functions: self.functions(),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        }
    }

    fn schemas(&self, kind: Kind) -> BTreeMap<String, proto::Schema> {
        self.catalogue()
            .types_of(kind)
            .map(|r#type| (r#type.name().to_owned(), convert::schema(r#type.schema())))
            .collect()
    }

    fn action_schemas(&self) -> BTreeMap<String, proto::ActionSchema> {
        let schemas = self.schemas(Kind::Action).into_iter();
        schemas.map(|(name, schema)| (name, proto::ActionSchema { schema: Some(schema) })).collect()
    }

    pub(super) fn functions(&self) -> BTreeMap<String, proto::Function> {
        self.catalogue().functions().map(|f| (f.name().to_owned(), convert::function(&f.signature()))).collect()
    }

    pub(super) fn metadata(&self) -> proto::get_metadata::Response {
        use proto::get_metadata::{
            ActionMetadata, DataSourceMetadata, EphemeralMetadata, FunctionMetadata, ListResourceMetadata,
            ResourceMetadata,
        };
        let functions = self.catalogue().functions();
        proto::get_metadata::Response {
            server_capabilities: Some(capabilities()),
            resources: self.names(Kind::Resource).map(|type_name| ResourceMetadata { type_name }).collect(),
            data_sources: self.names(Kind::Data).map(|type_name| DataSourceMetadata { type_name }).collect(),
            ephemeral_resources: self.names(Kind::Ephemeral).map(|type_name| EphemeralMetadata { type_name }).collect(),
            list_resources: self.names(Kind::List).map(|type_name| ListResourceMetadata { type_name }).collect(),
            actions: self.names(Kind::Action).map(|type_name| ActionMetadata { type_name }).collect(),
            functions: functions.map(|f| FunctionMetadata { name: f.name().to_owned() }).collect(),
            ..Default::default()
        }
    }

    fn names(&self, kind: Kind) -> impl Iterator<Item = String> {
        self.catalogue().types_of(kind).map(|r#type| r#type.name().to_owned())
    }

    pub(super) fn validate_provider(
        &self,
        request: &proto::validate_provider_config::Request,
    ) -> Result<proto::validate_provider_config::Response, Explanation> {
        let mut found = Diagnostics::default();
        let mut config = value::read_config(request.config.as_ref(), self.schema(), &mut found)?;
        for path in settings::without_empty(self.schema(), &mut config) {
            found.error(&is_empty(&path));
        }
        validate::attributes(&self.schema().attributes, &config, &mut found);
        P::validate(&View::new(&config), &mut found);
        Ok(proto::validate_provider_config::Response { diagnostics: self.diagnostics(&found) })
    }

    pub(super) fn configure(
        &self,
        request: &proto::configure_provider::Request,
    ) -> Result<proto::configure_provider::Response, Explanation> {
        let (mut config, _) = value::read(request.config.as_ref(), self.schema(), &self.schema().value_type())?;
        if let Some(path) = settings::without_empty(self.schema(), &mut config).first() {
            return Err(is_empty(path));
        }
        let unknown = settings::without_unknowns(self.schema(), &mut config);
        let model = P::Config::decode(&config, &Path::root()).map_err(|error| unreadable(&error))?;
        self.set_provider(P::configure(Settings { model, unknown }, self.env())?);
        Ok(proto::configure_provider::Response::default())
    }
}

/// An empty text counts as not set, and this attribute must be.
fn is_empty(path: &Path) -> Explanation {
    let block =
        path.to_string().rsplit_once('.').map_or_else(String::new, |(block, _)| format!(", or make `{block}` null"));
    Explanation::new("SDK-010", format!("`{path}` is empty"))
        .next(format!("set it{block}; nothing was changed"))
        .at(path.to_string())
}

fn unreadable(error: &DecodeError) -> Explanation {
    Explanation::new("SDK-031", format!("Cannot read the provider block: {error}"))
        .at(error.at.to_string())
        .defect(value::REPORT)
}

/// Schemas may be cached, destroys are planned by us, objects may move to our types, and their configuration is ours to write.
fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    }
}
