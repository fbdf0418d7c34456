//! `registries = { HOST = { … } }`: logins to registries.

use super::Berth;
use super::checks::user_name;
use crate::domain::dockerconfig;
use crate::domain::registry_name::RegistryName;
use crate::explain::Explanation;
use crate::sdk::{Model, Secret};

/// A login to one registry.
#[derive(Clone, Debug, Default, Model)]
pub struct Login {
    /// The user.
    #[attr(check = user_name())]
    pub username: Option<String>,
    /// The password or token.
    pub password: Option<Secret>,
    /// A file with the root certificates that the registry's certificate comes from, PEM.
    pub ca_file: Option<String>,
    /// The same as text, PEM.
    pub ca_pem: Option<String>,
}

/// What the provider block says of one registry.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// The login.
    pub login: Option<dockerconfig::Login>,
    /// The certificates to trust beside the system's, PEM.
    pub ca_pem: Option<String>,
}

impl Berth {
    /// The login and the roots that the provider block gives for a registry; nothing if it does not name it.
    ///
    /// # Errors
    /// A setting is not known yet, or `ca_file` cannot be read.
    pub async fn registry_access(&self, host: &str) -> Result<Access, Explanation> {
        self.settled("registries")?;
        let Some(given) = self.login_for(host) else { return Ok(Access::default()) };
        let login = dockerconfig::Login::given(given.username.as_ref(), given.password.as_ref());
        let ca_pem = match (&given.ca_pem, &given.ca_file) {
            (Some(pem), _) => Some(pem.clone()),
            (None, Some(path)) => Some(read(host, path).await?),
            (None, None) => None,
        };
        Ok(Access { login, ca_pem })
    }

    /// The roots that the provider block gives for any registry, PEM; those that cannot be read are left out.
    pub async fn registry_roots(&self) -> Option<String> {
        let mut all = Vec::new();
        for (host, given) in self.config.registries.iter().flatten() {
            match (&given.ca_pem, &given.ca_file) {
                (Some(pem), _) => all.push(pem.clone()),
                (None, Some(path)) => all.extend(read(host, path).await.ok()),
                (None, None) => {}
            }
        }
        (!all.is_empty()).then(|| all.join("\n"))
    }

    /// What is given for a host: under its own name however that is written, or else under a name with wildcards.
    fn login_for(&self, host: &str) -> Option<&Login> {
        let wanted = RegistryName::parse(host).ok()?;
        let all = self.config.registries.iter().flatten();
        let mut named: Vec<(RegistryName, &Login)> =
            all.filter_map(|(name, login)| Some((RegistryName::parse(name).ok()?, login))).collect();
        named.sort_by_key(|(name, _)| name.identity() != wanted.identity());
        named.into_iter().find(|(name, _)| name.covers(&wanted)).map(|(_, login)| login)
    }
}

async fn read(host: &str, path: &str) -> Result<String, Explanation> {
    tokio::fs::read_to_string(path).await.map_err(|error| {
        Explanation::new("BERTH-PROVIDER-002", format!("Cannot read the roots for the registry `{host}`"))
            .on(path)
            .said("the file system", error.to_string())
            .next("correct ca_file in the provider's registries")
    })
}
