//! The types that berth manages, one file each.

mod account_key;
pub mod acme_account;
pub mod acme_certificate;
pub mod pull_secret;
pub mod registry;
pub mod registry_check;
