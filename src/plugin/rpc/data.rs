//! Calls about data sources and functions.

use super::super::engine::{refresh, validate};
use super::super::proto::tfplugin6 as proto;
use super::{Service, convert, value};
use crate::explain::Explanation;
use crate::sdk::{Arguments, Diagnostics, Function, Private, Provider, Value, View};
use crate::secret::hidden;

impl<P: Provider> Service<P> {
    pub(super) fn validate_data(
        &self,
        request: &proto::validate_data_resource_config::Request,
    ) -> Result<proto::validate_data_resource_config::Response, Explanation> {
        let data = self.data(&request.type_name)?;
        let config = value::read(request.config.as_ref(), data.schema(), &data.schema().value_type())?;
        let mut found = Diagnostics::default();
        validate::attributes(&data.schema().attributes, &config, &mut found);
        data.validate(&View::new(&config), &mut found);
        Ok(proto::validate_data_resource_config::Response { diagnostics: convert::diagnostics(&found) })
    }

    pub(super) async fn read_data(
        &self,
        request: proto::read_data_source::Request,
    ) -> Result<proto::read_data_source::Response, Explanation> {
        let data = self.data(&request.type_name)?;
        let r#type = data.schema().value_type();
        let config = value::read(request.config.as_ref(), data.schema(), &r#type)?;
        let cx = self.context(data.meta().limits.overridden_by(&config).read, Private::default())?;
        let found = data.read(&cx, config.clone()).await?;
        let state = refresh::settled(data.schema(), &config, found);
        Ok(proto::read_data_source::Response {
            state: Some(value::write(&state, &r#type)?),
            diagnostics: convert::diagnostics(&cx.notes()),
            deferred: None,
        })
    }

    pub(super) fn call_function(
        &self,
        request: &proto::call_function::Request,
    ) -> Result<proto::call_function::Response, Explanation> {
        let function = self.catalogue().function_named(&request.name).ok_or_else(|| {
            Explanation::new(
                "BERTH-SDK-009",
                format!("This version of the provider has no function `{}`", request.name),
            )
        })?;
        let arguments = arguments_of(function, &request.arguments)?;
        match function.call(&Arguments(&arguments)) {
            Ok(result) => Ok(proto::call_function::Response {
                result: Some(value::write(&result, &function.signature().result)?),
                error: None,
            }),
            Err(error) => Ok(proto::call_function::Response {
                result: None,
                error: Some(proto::FunctionError {
                    text: hidden(&error.text).into_owned(),
                    function_argument: error.argument.and_then(|position| i64::try_from(position).ok()),
                }),
            }),
        }
    }
}

fn arguments_of(function: &dyn Function, sent: &[proto::DynamicValue]) -> Result<Vec<Value>, Explanation> {
    let signature = function.signature();
    let types = signature.parameters.iter().chain(signature.variadic.iter().cycle()).map(|p| &p.r#type);
    sent.iter().zip(types).map(|(argument, r#type)| value::read_plain(Some(argument), r#type)).collect()
}
