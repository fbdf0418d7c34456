//! Calls about data sources and functions.

use super::super::engine::{nulls, refresh, validate};
use super::super::proto::tfplugin6 as proto;
use super::{Service, value};
use crate::explain::Explanation;
use crate::sdk::{
    AnyType, Arguments, Diagnostics, Function, FunctionError, Private, Provider, Signature, Type, Value, View,
};
use crate::secret::hidden;

impl<P: Provider> Service<P> {
    pub(super) fn validate_data(
        &self,
        request: &proto::validate_data_resource_config::Request,
    ) -> Result<proto::validate_data_resource_config::Response, Explanation> {
        let diagnostics = self.validated(self.data(&request.type_name)?, request.config.as_ref())?;
        Ok(proto::validate_data_resource_config::Response { diagnostics })
    }

    /// What is wrong with the configuration of a type that is stored nowhere.
    pub(super) fn validated(
        &self,
        r#type: &dyn AnyType,
        config: Option<&proto::DynamicValue>,
    ) -> Result<Vec<proto::Diagnostic>, Explanation> {
        let mut found = Diagnostics::default();
        let config = value::read_config(config, r#type.schema(), &mut found)?;
        validate::attributes(&r#type.schema().attributes, &config, &mut found);
        r#type.validate(&View::new(&config), &mut found);
        Ok(self.diagnostics(&found))
    }

    pub(super) async fn read_data(
        &self,
        request: proto::read_data_source::Request,
    ) -> Result<proto::read_data_source::Response, Explanation> {
        let data = self.data(&request.type_name)?;
        let r#type = data.schema().value_type();
        let (config, nulls) = value::read(request.config.as_ref(), data.schema(), &r#type)?;
        let cx = self.context(data.meta().limits.overridden_by(&config).read, Private::default())?;
        let found = data.read(&cx, config.clone()).await?;
        let mut state = refresh::settled(data.schema(), &config, found);
        nulls.put_back(&mut state);
        Ok(proto::read_data_source::Response {
            state: Some(value::write(&state, &r#type)?),
            diagnostics: self.diagnostics(&cx.notes()),
            deferred: None,
        })
    }

    pub(super) fn call_function(
        &self,
        request: &proto::call_function::Request,
    ) -> Result<proto::call_function::Response, Explanation> {
        let function = self
            .catalogue()
            .function_named(&request.name)
            .ok_or_else(|| self.not_offered("function", &request.name))?;
        let arguments = arguments_of(function, &request.arguments)?;
        match called(function, arguments) {
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

/// Calls it without the null members of maps in its arguments, as they are taken out of configurations.
fn called(function: &dyn Function, mut arguments: Vec<Value>) -> Result<Value, FunctionError> {
    let signature = function.signature();
    for (position, (argument, r#type)) in arguments.iter_mut().zip(types_of(&signature)).enumerate() {
        if let Some(told) = nulls::first_refused(argument, r#type) {
            return Err(FunctionError::at(position, told));
        }
        *argument = nulls::taken_out(std::mem::replace(argument, Value::Null), r#type).0;
    }
    function.call(&Arguments(&arguments))
}

fn types_of(signature: &Signature) -> impl Iterator<Item = &Type> {
    signature.parameters.iter().chain(signature.variadic.iter().cycle()).map(|parameter| &parameter.r#type)
}

fn arguments_of(function: &dyn Function, sent: &[proto::DynamicValue]) -> Result<Vec<Value>, Explanation> {
    let signature = function.signature();
    sent.iter().zip(types_of(&signature)).map(|(argument, r#type)| value::read_plain(Some(argument), r#type)).collect()
}
