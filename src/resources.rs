//! The types that berth manages, one file each.

pub mod pull_secret;
pub mod registry;
pub mod registry_check;
