//! Functions of the configuration language, one file each.

pub mod dockerconfigjson;
pub mod oidc_host;
