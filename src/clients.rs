//! One remote each; no Terraform types.

pub mod acme;
pub mod dns;
