//! The ephemeral resources, one file a type.

pub mod docker_config;
pub mod htpasswd;
pub mod registry_token;
