//! Functions of the configuration language, one file each.

pub mod dns01_value;
pub mod dns_persist01_value;
pub mod dockerconfigjson;
pub mod irsa_trust_policy;
pub mod oidc_host;
pub mod parse_image;
pub mod pem_info;
mod policy_value;
pub mod required_kubernetes_permissions;
pub mod required_permissions;
pub mod workload_policy;
