//! Terraform's calls, each answered by the type it is about.
//!
//! This file only hands over; a call's work stands in the module of its kind. Kinds of types that the
//! schema does not offer (state stores) are never asked for by a host.

mod action;
mod apply;
mod convert;
mod data;
mod ephemeral;
mod guard;
mod identity;
mod list;
mod provider;
mod resource;
mod service;
#[cfg(test)]
mod tests;
mod value;

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::proto::tfplugin6 as proto;
use super::proto::tfplugin6::provider_server::Provider as Calls;
use crate::sdk::Provider;
pub use service::Service;

type Answered<T> = Result<Response<T>, Status>;

fn not_offered<T>() -> Answered<T> {
    Err(Status::unimplemented("this provider offers no types of this kind"))
}

#[tonic::async_trait]
impl<P: Provider> Calls for Service<P> {
    async fn get_metadata(&self, _: Request<proto::get_metadata::Request>) -> Answered<proto::get_metadata::Response> {
        self.answered(async { Ok(self.metadata()) }).await
    }

    async fn get_provider_schema(
        &self,
        _: Request<proto::get_provider_schema::Request>,
    ) -> Answered<proto::get_provider_schema::Response> {
        self.answered(async { Ok(self.provider_schema()) }).await
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Answered<proto::validate_provider_config::Response> {
        let request = request.into_inner();
        self.answered(async { self.validate_provider(&request) }).await
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Answered<proto::configure_provider::Response> {
        let request = request.into_inner();
        self.answered(async { self.configure(&request) }).await
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Answered<proto::validate_resource_config::Response> {
        let request = request.into_inner();
        self.answered(async { self.validate_resource(&request) }).await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Answered<proto::upgrade_resource_state::Response> {
        let request = request.into_inner();
        self.answered(async { self.upgrade(&request) }).await
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Answered<proto::read_resource::Response> {
        let request = request.into_inner();
        self.answered(async { self.read(request).await }).await
    }

    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Answered<proto::plan_resource_change::Response> {
        let request = request.into_inner();
        self.answered(async { self.plan(request).await }).await
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Answered<proto::apply_resource_change::Response> {
        let request = request.into_inner();
        self.answered(async { self.apply(request).await }).await
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Answered<proto::import_resource_state::Response> {
        let request = request.into_inner();
        self.answered(async { self.import(request).await }).await
    }

    async fn move_resource_state(
        &self,
        request: Request<proto::move_resource_state::Request>,
    ) -> Answered<proto::move_resource_state::Response> {
        let request = request.into_inner();
        self.answered(async { self.moved(request) }).await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Answered<proto::validate_data_resource_config::Response> {
        let request = request.into_inner();
        self.answered(async { self.validate_data(&request) }).await
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Answered<proto::read_data_source::Response> {
        let request = request.into_inner();
        self.answered(async { self.read_data(request).await }).await
    }

    async fn get_functions(
        &self,
        _: Request<proto::get_functions::Request>,
    ) -> Answered<proto::get_functions::Response> {
        self.answered(async {
            Ok(proto::get_functions::Response { functions: self.functions(), ..Default::default() })
        })
        .await
    }

    async fn call_function(
        &self,
        request: Request<proto::call_function::Request>,
    ) -> Answered<proto::call_function::Response> {
        let request = request.into_inner();
        self.answered(async { self.call_function(&request) }).await
    }

    async fn stop_provider(
        &self,
        _: Request<proto::stop_provider::Request>,
    ) -> Answered<proto::stop_provider::Response> {
        self.stop();
        Ok(Response::new(proto::stop_provider::Response::default()))
    }

    async fn get_resource_identity_schemas(
        &self,
        _: Request<proto::get_resource_identity_schemas::Request>,
    ) -> Answered<proto::get_resource_identity_schemas::Response> {
        self.answered(async { Ok(self.identity_schemas()) }).await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<proto::upgrade_resource_identity::Request>,
    ) -> Answered<proto::upgrade_resource_identity::Response> {
        let request = request.into_inner();
        self.answered(async { self.upgrade_identity(&request) }).await
    }

    async fn generate_resource_config(
        &self,
        request: Request<proto::generate_resource_config::Request>,
    ) -> Answered<proto::generate_resource_config::Response> {
        let request = request.into_inner();
        self.answered(async { self.generate_configuration(&request) }).await
    }

    async fn validate_ephemeral_resource_config(
        &self,
        request: Request<proto::validate_ephemeral_resource_config::Request>,
    ) -> Answered<proto::validate_ephemeral_resource_config::Response> {
        let request = request.into_inner();
        self.answered(async { self.validate_ephemeral(&request) }).await
    }

    async fn open_ephemeral_resource(
        &self,
        request: Request<proto::open_ephemeral_resource::Request>,
    ) -> Answered<proto::open_ephemeral_resource::Response> {
        let request = request.into_inner();
        self.answered(async { self.open(request).await }).await
    }

    async fn renew_ephemeral_resource(
        &self,
        request: Request<proto::renew_ephemeral_resource::Request>,
    ) -> Answered<proto::renew_ephemeral_resource::Response> {
        let request = request.into_inner();
        self.answered(async { self.renew(request).await }).await
    }

    async fn close_ephemeral_resource(
        &self,
        request: Request<proto::close_ephemeral_resource::Request>,
    ) -> Answered<proto::close_ephemeral_resource::Response> {
        let request = request.into_inner();
        self.answered(async { self.close(request).await }).await
    }

    async fn validate_list_resource_config(
        &self,
        request: Request<proto::validate_list_resource_config::Request>,
    ) -> Answered<proto::validate_list_resource_config::Response> {
        let request = request.into_inner();
        self.answered(async { self.validate_list(&request) }).await
    }

    async fn validate_action_config(
        &self,
        request: Request<proto::validate_action_config::Request>,
    ) -> Answered<proto::validate_action_config::Response> {
        let request = request.into_inner();
        self.answered(async { self.validate_action(&request) }).await
    }

    async fn plan_action(
        &self,
        request: Request<proto::plan_action::Request>,
    ) -> Answered<proto::plan_action::Response> {
        let request = request.into_inner();
        self.answered(async { self.action_plan(request).await }).await
    }

    async fn validate_state_store_config(
        &self,
        _: Request<proto::validate_state_store::Request>,
    ) -> Answered<proto::validate_state_store::Response> {
        not_offered()
    }

    async fn configure_state_store(
        &self,
        _: Request<proto::configure_state_store::Request>,
    ) -> Answered<proto::configure_state_store::Response> {
        not_offered()
    }

    async fn lock_state(&self, _: Request<proto::lock_state::Request>) -> Answered<proto::lock_state::Response> {
        not_offered()
    }

    async fn unlock_state(&self, _: Request<proto::unlock_state::Request>) -> Answered<proto::unlock_state::Response> {
        not_offered()
    }

    async fn get_states(&self, _: Request<proto::get_states::Request>) -> Answered<proto::get_states::Response> {
        not_offered()
    }

    async fn delete_state(&self, _: Request<proto::delete_state::Request>) -> Answered<proto::delete_state::Response> {
        not_offered()
    }

    type ListResourceStream = BoxStream<proto::list_resource::Event>;

    async fn list_resource(
        &self,
        request: Request<proto::list_resource::Request>,
    ) -> Answered<Self::ListResourceStream> {
        Ok(Response::new(self.list(request.into_inner())))
    }

    type InvokeActionStream = BoxStream<proto::invoke_action::Event>;

    async fn invoke_action(
        &self,
        request: Request<proto::invoke_action::Request>,
    ) -> Answered<Self::InvokeActionStream> {
        Ok(Response::new(self.invoke(request.into_inner())))
    }

    type ReadStateBytesStream = BoxStream<proto::read_state_bytes::Response>;

    async fn read_state_bytes(
        &self,
        _: Request<proto::read_state_bytes::Request>,
    ) -> Answered<Self::ReadStateBytesStream> {
        not_offered()
    }

    async fn write_state_bytes(
        &self,
        _: Request<Streaming<proto::write_state_bytes::RequestChunk>>,
    ) -> Answered<proto::write_state_bytes::Response> {
        not_offered()
    }
}
