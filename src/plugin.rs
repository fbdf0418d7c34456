//! Speaks Terraform's plugin protocol, version 6.
