//! The types that berth manages, one file each.

mod account_key;
pub mod acme_account;
pub mod acme_certificate;
pub mod acme_order;
pub mod artifact;
mod aws_look;
#[cfg(test)]
mod aws_table;
pub(crate) mod aws_tags;
pub mod backup;
pub mod cert_manager;
pub mod certificate;
pub mod chart;
mod deviations;
pub mod diagnosis;
pub mod dns01_delegation;
pub mod dns01_record;
pub mod dns_record;
pub mod dns_records;
pub mod image;
pub mod installation;
pub mod irsa_role;
pub mod issuer;
mod listed;
pub mod manifest;
mod missing;
pub mod node_trust;
mod objects;
mod oci_tag;
pub mod oidc_provider;
pub mod pod_identity;
pub mod pull_secret;
pub mod registry;
pub mod registry_check;
mod tenancy;
mod toleration;
mod write_only;
