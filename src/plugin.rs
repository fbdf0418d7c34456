//! Speaks Terraform's plugin protocol, version 6.

pub mod proto;
