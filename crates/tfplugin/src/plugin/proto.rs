//! The messages and services of the repository's `proto/`. `cargo xtask proto` generates them, and a test holds that they
//! are its newest; who builds the crate needs no compiler of protocol files.

/// `proto/tfplugin6.proto`: what Terraform asks of a provider.
#[allow(
    clippy::pedantic,
    clippy::indexing_slicing,
    clippy::allow_attributes_without_reason,
    unused_qualifications,
    reason = "generated code"
)]
#[rustfmt::skip]
pub mod tfplugin6;

/// `proto/go_plugin.proto`: the services that every host of plugins expects.
#[allow(clippy::pedantic, clippy::allow_attributes_without_reason, unused_qualifications, reason = "generated code")]
#[rustfmt::skip]
pub mod go_plugin;

/// `proto/health.proto`: gRPC's standard health service.
#[allow(clippy::pedantic, clippy::allow_attributes_without_reason, unused_qualifications, reason = "generated code")]
#[rustfmt::skip]
pub mod health;
