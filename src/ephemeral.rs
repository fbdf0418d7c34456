//! The ephemeral resources, one file a type.

pub mod docker_config;
pub mod htpasswd;
mod login;
pub mod registry_token;
