//! The services beside the provider that hosts of go-plugin expect: control, output, broker, health.

use std::pin::Pin;

use futures_util::{Stream, StreamExt, future, stream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use super::proto::{
    go_plugin::{
        ConnInfo, Empty, StdioData, grpc_broker_server::GrpcBroker, grpc_controller_server::GrpcController,
        grpc_stdio_server::GrpcStdio,
    },
    health::{HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus, health_server::Health},
};

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// All side services; they know nothing but how to end the process.
#[derive(Clone)]
pub struct Side {
    stop: CancellationToken,
}

impl Side {
    /// Ends the process by cancelling `stop`.
    pub fn new(stop: CancellationToken) -> Self {
        Self { stop }
    }

    /// Says nothing and stays open until the process ends.
    fn silence<T: Send + 'static>(&self) -> Answers<T> {
        let stop = self.stop.clone();
        Box::pin(stream::once(stop.cancelled_owned()).filter_map(|()| future::ready(None)))
    }
}

#[tonic::async_trait]
impl GrpcController for Side {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        tracing::debug!("the host asks to end");
        self.stop.cancel();
        Ok(Response::new(Empty {}))
    }
}

#[tonic::async_trait]
impl GrpcStdio for Side {
    type StreamStdioStream = Answers<StdioData>;

    /// Nothing is ever printed once the host is connected, but a stream that ends makes some hosts log an error.
    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        Ok(Response::new(self.silence()))
    }
}

#[tonic::async_trait]
impl GrpcBroker for Side {
    type StartStreamStream = Answers<ConnInfo>;

    /// No further connection is ever needed, so none is offered and what the host offers is left alone.
    async fn start_stream(
        &self,
        _request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        Ok(Response::new(self.silence()))
    }
}

#[tonic::async_trait]
impl Health for Side {
    type WatchStream = Answers<HealthCheckResponse>;

    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        match request.into_inner().service.as_str() {
            "" | "plugin" => Ok(Response::new(status(ServingStatus::Serving))),
            other => Err(Status::not_found(format!("no service is called `{other}`"))),
        }
    }

    async fn watch(&self, request: Request<HealthCheckRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let now = match request.into_inner().service.as_str() {
            "" | "plugin" => ServingStatus::Serving,
            _ => ServingStatus::ServiceUnknown,
        };
        let answers = stream::once(future::ready(Ok(status(now)))).chain(self.silence());
        Ok(Response::new(Box::pin(answers)))
    }
}

fn status(status: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: status.into() }
}
