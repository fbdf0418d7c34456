//! One remote each; no Terraform types.

pub mod acme;
pub mod aws;
pub mod cluster;
pub mod diagnosis;
pub mod dns;
pub mod download;
pub mod http;
pub mod oci;
pub mod oidc;
