//! `berth_docker_config`: logins to registries as the file that Docker and the kubelet read, stored nowhere.

use std::collections::BTreeMap;

use super::login::{half, incomplete};
use crate::domain::dockerconfig::{DockerConfig, Login};
use crate::explain::Explanation;
use crate::provider::checks::{registry_logins, user_name};
use crate::provider::{Berth, Cx};
use crate::sdk::{Computed, Diagnostics, Ephemeral, Lease, Meta, Model, Result, Secret, Value, View, check};

/// The ephemeral resource.
pub struct DockerConfigFile;

/// What is given and made.
#[derive(Clone, Debug, Model)]
pub struct Declared {
    /// The logins, by registry: `registry.example.com`, `registry.example.com:5000`, `registry.example.com/team`, `docker.io`.
    /// A scheme, the path `/v2/` and a last slash do not count.
    #[attr(check = check::at_least(1), check = registry_logins())]
    pub registries: BTreeMap<String, Entry>,
    /// The file: `{"auths": {HOST: {"username", "password", "auth"}}}`, the same text for the same logins. It is what a Secret of
    /// the type `kubernetes.io/dockerconfigjson` holds under `.dockerconfigjson`, and what Docker reads from `config.json`.
    pub json: Computed<Secret>,
}

/// A login to one registry. `{}` stands for the login that the provider's `registries` have for this host.
#[derive(Clone, Debug, Default, Model)]
pub struct Entry {
    /// The user. Default: the provider's.
    #[attr(check = user_name())]
    pub username: Option<String>,
    /// The password or token. Default: the provider's.
    pub password: Option<Secret>,
}

impl Ephemeral<Berth> for DockerConfigFile {
    type Model = Declared;

    const NAME: &'static str = "berth_docker_config";

    const META: Meta = Meta::new(
        "Registry",
        "Logins to registries as a Docker configuration that stands in no plan and no state: for write-only arguments, and for \
         commands that push or pull. For pull secrets in a cluster, `berth_pull_secret` does all of it.",
    );

    fn validate(&self, config: &View<'_>, found: &mut Diagnostics) {
        for (host, login) in config.at("registries").known().and_then(Value::members).into_iter().flatten() {
            if let Some((given, absent)) = half(View::new(login)) {
                let what = format!("The login to `{host}` has a {given} and no {absent}");
                found.error(&incomplete(what, absent).at(format!("registries[\"{host}\"].{absent}")));
            }
        }
    }

    async fn open(&self, cx: &Cx, model: &mut Declared) -> Result<Lease> {
        let mut logins = Vec::new();
        for (host, entry) in &model.registries {
            logins.push((host.clone(), login(cx, host, entry).await?));
        }
        let config = DockerConfig::new(logins).map_err(|fault| {
            Explanation::new("BERTH-LOGIN-001", "Cannot write the Docker configuration")
                .said("Writing it", fault.to_string())
                .next("correct the registries")
                .at("registries")
        })?;
        model.json.set(config.json());
        Ok(Lease::default())
    }
}

/// The login that is given for a host, or else the provider's.
async fn login(cx: &Cx, host: &str, entry: &Entry) -> Result<Login> {
    if let Some(login) = Login::given(entry.username.as_ref(), entry.password.as_ref()) {
        return Ok(login);
    }
    cx.provider().registry_access(host).await?.login.ok_or_else(|| {
        Explanation::new("BERTH-LOGIN-001", format!("There is no login to `{host}`"))
            .next("set username and password here, or for this host in `registries` of the provider block")
            .at(format!("registries[\"{host}\"]"))
    })
}
