//! How a process lives and ends: shutdown, signals, a host that vanishes, long messages.

use std::time::Duration;

use berth::plugin::proto::{
    go_plugin::{
        ConnInfo, Empty, grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
        grpc_stdio_client::GrpcStdioClient,
    },
    health::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient},
    tfplugin6::{
        DynamicValue, configure_provider, provider_client::ProviderClient, stop_provider, validate_provider_config,
    },
};
use http::uri::PathAndQuery;
use tonic::{Code, Request, client::Grpc};
use tonic_prost::ProstCodec;

use crate::host::{HOST_PATIENCE, Host, schema};

#[tokio::test]
async fn shutdown_ends_the_process_before_the_host_would_kill_it() {
    let host = Host::new();
    let plugin = host.start().await;
    let channel = plugin.connect(&host.identity).await;
    let mut output = GrpcStdioClient::new(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    let offers = tokio_stream::pending::<ConnInfo>();
    let mut broker = GrpcBrokerClient::new(channel.clone()).start_stream(offers).await.unwrap().into_inner();
    let end = plugin.shut_down(channel).await;
    assert!(end.status.success(), "{:?}", end.status);
    assert!(output.message().await.unwrap().is_none(), "the stream of output ends in order");
    assert!(broker.message().await.unwrap().is_none(), "the broker's stream ends in order");
}

#[tokio::test]
async fn a_call_that_does_not_end_does_not_keep_the_process() {
    let host = Host::new();
    let plugin = host.start().await;
    let channel = plugin.connect(&host.identity).await;
    let mut caller = Grpc::new(channel.clone());
    caller.ready().await.unwrap();
    // The request is begun and never completed.
    let request = Request::new(tokio_stream::pending::<validate_provider_config::Request>());
    let method = PathAndQuery::from_static("/tfplugin6.Provider/ValidateProviderConfig");
    let codec = ProstCodec::<_, validate_provider_config::Response>::default();
    let call = tokio::spawn(async move { caller.client_streaming(request, method, codec).await });
    schema(&channel).await;
    GrpcControllerClient::new(channel).shutdown(Empty {}).await.unwrap();
    assert!(plugin.end(Duration::from_secs(10)).await.status.success());
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn an_interrupt_is_left_to_the_host() {
    let host = Host::new();
    let plugin = host.start().await;
    let channel = plugin.connect(&host.identity).await;
    schema(&channel).await;
    plugin.signal("INT").await;
    plugin.signal("INT").await;
    assert!(schema(&channel).await.provider.is_some());
    assert!(plugin.shut_down(channel).await.status.success());
}

#[tokio::test]
async fn a_termination_ends_the_process_and_leaves_no_socket() {
    let host = Host::new();
    let plugin = host.start().await;
    let socket = plugin.socket();
    let channel = plugin.connect(&host.identity).await;
    schema(&channel).await;
    plugin.signal("TERM").await;
    assert!(plugin.end(HOST_PATIENCE).await.status.success());
    assert!(!socket.exists());
}

#[tokio::test]
async fn a_process_whose_host_vanished_ends_by_itself() {
    let host = Host::new();
    let plugin = host.start().await;
    let socket = plugin.socket();
    let channel = plugin.connect(&host.identity).await;
    schema(&channel).await;
    drop(channel);
    plugin.end(Duration::from_mins(1)).await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn stopping_the_provider_does_not_stop_the_server() {
    let host = Host::new();
    let plugin = host.start().await;
    let channel = plugin.connect(&host.identity).await;
    let mut client = ProviderClient::new(channel.clone());
    for _ in 0..2 {
        let answer = client.stop_provider(stop_provider::Request {}).await.unwrap().into_inner();
        assert_eq!(answer.error, "");
        assert!(schema(&channel).await.provider.is_some());
    }
}

#[tokio::test]
async fn a_process_works_without_having_been_asked_for_its_schema_and_is_configured_twice() {
    let host = Host::new();
    let first = host.start().await;
    let answer = schema(&first.connect(&host.identity).await).await;
    assert!(answer.server_capabilities.unwrap().get_provider_schema_optional);
    let attributes = answer.provider.unwrap().block.unwrap().attributes;
    let config = nothing_set(attributes.iter().map(|attribute| attribute.name.as_str()));

    let second = host.start().await;
    let mut client = ProviderClient::new(second.connect(&host.identity).await);
    for _ in 0..2 {
        let request = configure_provider::Request {
            terraform_version: "not a version".to_owned(),
            config: Some(DynamicValue { msgpack: config.clone(), json: Vec::new() }),
            client_capabilities: None,
        };
        let answer = client.configure_provider(request).await.unwrap().into_inner();
        assert_eq!(answer.diagnostics, []);
    }
}

/// An object of nulls, as a host sends for an empty block.
fn nothing_set<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> Vec<u8> {
    let mut bytes = Vec::new();
    rmp::encode::write_map_len(&mut bytes, u32::try_from(names.len()).unwrap()).unwrap();
    for name in names {
        rmp::encode::write_str(&mut bytes, name).unwrap();
        rmp::encode::write_nil(&mut bytes).unwrap();
    }
    bytes
}

#[tokio::test]
async fn messages_beyond_the_usual_four_mebibytes_are_taken() {
    let host = Host::new();
    let plugin = host.start().await;
    let mut client = ProviderClient::new(plugin.connect(&host.identity).await);
    // A text of 32 MiB, which is no configuration: what counts is that an answer comes, whatever it says.
    let mut msgpack = vec![0xdb, 0x02, 0, 0, 0];
    msgpack.resize(msgpack.len() + (32 << 20), b'x');
    let config = Some(DynamicValue { msgpack, json: Vec::new() });
    client.validate_provider_config(validate_provider_config::Request { config }).await.unwrap();
}

#[tokio::test]
async fn its_health_can_be_asked_under_the_name_of_plugins() {
    let host = Host::new();
    let plugin = host.start().await;
    let mut client = HealthClient::new(plugin.connect(&host.identity).await);
    let mut check = async |service: &str| client.check(HealthCheckRequest { service: service.to_owned() }).await;
    assert_eq!(check("plugin").await.unwrap().into_inner().status(), ServingStatus::Serving);
    assert_eq!(check("other").await.unwrap_err().code(), Code::NotFound);
}
