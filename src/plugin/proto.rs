//! The messages and services of `proto/`, as the build generates them.

/// `proto/tfplugin6.proto`: what Terraform asks of a provider.
#[allow(
    clippy::pedantic,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    unused_qualifications,
    reason = "generated code"
)]
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// `proto/go_plugin.proto`: the services that every host of plugins expects.
#[allow(clippy::pedantic, clippy::allow_attributes_without_reason, unused_qualifications, reason = "generated code")]
pub mod go_plugin {
    tonic::include_proto!("plugin");
}

/// `proto/health.proto`: gRPC's standard health service.
#[allow(clippy::pedantic, clippy::allow_attributes_without_reason, unused_qualifications, reason = "generated code")]
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
