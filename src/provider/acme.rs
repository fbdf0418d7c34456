//! `acme = { … }`: the certificate authority that is used unless a resource names another one.

use crate::sdk::Model;

/// A certificate authority.
#[derive(Clone, Debug, Default, Model)]
pub struct Block {
    /// The URL of the directory, such as `https://acme-v02.api.letsencrypt.org/directory`.
    pub directory_url: Option<String>,
    /// A file with the root certificates that the directory's own TLS certificate comes from, PEM.
    /// Needed for private authorities only.
    pub ca_file: Option<String>,
    /// The same as text, PEM.
    pub ca_pem: Option<String>,
}

/// The clients, one a directory, built when first used.
#[derive(Default)]
pub struct Clients {}
