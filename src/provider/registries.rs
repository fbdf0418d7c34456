//! `registries = { HOST = { … } }`: logins to registries.

use crate::sdk::{Model, Secret};

/// A login to one registry.
#[derive(Clone, Debug, Default, Model)]
pub struct Login {
    /// The user.
    pub username: Option<String>,
    /// The password or token.
    pub password: Option<Secret>,
    /// A file with the root certificates that the registry's certificate comes from, PEM.
    pub ca_file: Option<String>,
    /// The same as text, PEM.
    pub ca_pem: Option<String>,
}
