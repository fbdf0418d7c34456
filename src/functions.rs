//! Functions of the configuration language, one file each.

pub mod dockerconfigjson;
pub mod irsa_trust_policy;
pub mod oidc_host;
mod policy_value;
pub mod required_permissions;
pub mod workload_policy;
