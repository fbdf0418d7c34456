//! Logins to registries as Docker and the kubelet read them: `.dockerconfigjson`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::secret::Secret;

/// The type of a Secret that holds such a file.
pub const SECRET_TYPE: &str = "kubernetes.io/dockerconfigjson";

/// The key of the file within its Secret.
pub const SECRET_KEY: &str = ".dockerconfigjson";

/// The key under which every client looks for Docker Hub's login.
pub const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// A login: who, with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The password or token.
    pub password: Secret,
}

/// Why a file or a host cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A registry's name is empty or holds something that no host has.
    #[error("{host:?} is no registry host: write it as HOST, HOST:PORT or HOST/PATH, without a scheme")]
    Host {
        /// The name.
        host: String,
    },
    /// Two of the names mean the same registry.
    #[error("{first:?} and {second:?} name the same registry")]
    SameRegistry {
        /// The first name.
        first: String,
        /// The second name.
        second: String,
    },
    /// The user's name holds a colon, which a login cannot carry (RFC 7617 §2).
    #[error("the user name for {host:?} holds a colon")]
    User {
        /// The registry.
        host: String,
    },
    /// The text is not the JSON of such a file.
    #[error("the text is no Docker configuration")]
    Format,
}

/// The logins of several registries, ordered by key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerConfig(BTreeMap<String, Login>);

impl DockerConfig {
    /// Takes the logins by registry host as people write it.
    pub fn new(logins: impl IntoIterator<Item = (String, Login)>) -> Result<Self, Fault> {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut config = Self::default();
        for (host, login) in logins {
            let key = registry_key(&host)?;
            if login.username.contains(':') {
                return Err(Fault::User { host });
            }
            if let Some(first) = seen.insert(key.clone(), host.clone()) {
                return Err(Fault::SameRegistry { first, second: host });
            }
            config.0.insert(key, login);
        }
        Ok(config)
    }

    /// Reads a file; entries without a user and password (credential helpers) are left out.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let file: Value = serde_json::from_str(text).map_err(|_| Fault::Format)?;
        let auths = file.get("auths").and_then(Value::as_object).ok_or(Fault::Format)?;
        Ok(Self(auths.iter().filter_map(|(key, entry)| Some((key.clone(), login_of(entry)?))).collect()))
    }

    /// The keys and logins in order.
    pub fn logins(&self) -> impl Iterator<Item = (&str, &Login)> {
        self.0.iter().map(|(key, login)| (key.as_str(), login))
    }

    /// The login for a host as people write it.
    pub fn login(&self, host: &str) -> Option<&Login> {
        self.0.get(&registry_key(host).ok()?)
    }

    /// The file: the same bytes for the same logins, in the form that `kubectl create secret
    /// docker-registry` writes.
    pub fn json(&self) -> Secret {
        let auths: Map<String, Value> = self.0.iter().map(|(key, login)| (key.clone(), entry_of(login))).collect();
        Secret::new(json!({ "auths": auths }).to_string())
    }
}

/// The key that clients look up for a registry.
///
/// Docker Hub goes by its old address; all others by host, port and path without scheme or
/// trailing slash. Hosts are compared in lower case.
/// Source: Kubernetes documentation, "Images", section "Interpretation of config.json".
pub fn registry_key(host: &str) -> Result<String, Fault> {
    let wrong = || Fault::Host { host: host.to_owned() };
    let bare = host.strip_prefix("https://").or_else(|| host.strip_prefix("http://")).unwrap_or(host);
    let bare = bare.trim_end_matches('/');
    let (name, path) = bare.split_once('/').map_or((bare, None), |(name, path)| (name, Some(path)));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:*[]".contains(c);
    if name.is_empty() || !name.chars().all(allowed) || host.contains(char::is_whitespace) {
        return Err(wrong());
    }
    let name = name.to_ascii_lowercase();
    if matches!(name.as_str(), "docker.io" | "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com") {
        return Ok(DOCKER_HUB.to_owned());
    }
    Ok(path.map_or_else(|| name.clone(), |path| format!("{name}/{path}")))
}

fn entry_of(login: &Login) -> Value {
    let auth = STANDARD.encode(format!("{}:{}", login.username, login.password.expose()));
    json!({ "auth": auth, "password": login.password.expose(), "username": login.username })
}

fn login_of(entry: &Value) -> Option<Login> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if let (Some(username), Some(password)) = (text("username"), text("password")) {
        return Some(Login { username: username.to_owned(), password: Secret::new(password) });
    }
    let decoded = String::from_utf8(STANDARD.decode(text("auth")?).ok()?).ok()?;
    let (username, password) = decoded.split_once(':')?;
    Some(Login { username: username.to_owned(), password: Secret::new(password) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(username: &str, password: &str) -> Login {
        Login { username: username.to_owned(), password: Secret::new(password) }
    }

    fn config(logins: &[(&str, &str, &str)]) -> Result<DockerConfig, Fault> {
        DockerConfig::new(logins.iter().map(|(host, user, password)| ((*host).to_owned(), login(user, password))))
    }

    #[test]
    fn writes_the_same_bytes_in_any_order() {
        let one = config(&[("b.test", "u", "p"), ("a.test:5000", "u", "p")]).unwrap();
        let two = config(&[("a.test:5000", "u", "p"), ("b.test", "u", "p")]).unwrap();
        assert_eq!(one.json(), two.json());
        assert_eq!(
            one.json().expose(),
            r#"{"auths":{"a.test:5000":{"auth":"dTpw","password":"p","username":"u"},"b.test":{"auth":"dTpw","password":"p","username":"u"}}}"#
        );
    }

    #[test]
    fn knows_docker_hub_under_all_its_names() {
        for name in ["docker.io", "https://index.docker.io/v1/", "registry-1.docker.io", "Docker.IO"] {
            assert_eq!(registry_key(name).unwrap(), DOCKER_HUB, "{name}");
        }
        assert_eq!(registry_key("https://Registry.Test:443/Team/").unwrap(), "registry.test:443/Team");
    }

    #[test]
    fn refuses_two_names_for_one_registry() {
        let fault = config(&[("docker.io", "u", "p"), ("index.docker.io", "u", "p")]).unwrap_err();
        assert!(matches!(fault, Fault::SameRegistry { .. }), "{fault}");
    }

    #[test]
    fn refuses_what_is_no_host() {
        for wrong in ["", "https://", "a b", "user@host"] {
            assert!(matches!(registry_key(wrong), Err(Fault::Host { .. })), "{wrong:?}");
        }
        assert!(matches!(config(&[("a.test", "a:b", "p")]), Err(Fault::User { .. })));
    }

    #[test]
    fn reads_what_it_writes_and_what_docker_login_writes() {
        let written = config(&[("a.test", "ann", "se:cret")]).unwrap();
        assert_eq!(DockerConfig::parse(written.json().expose()).unwrap(), written);
        let docker = DockerConfig::parse(r#"{"auths":{"a.test":{"auth":"YW5uOnNlOmNyZXQ="},"helper.test":{}}}"#);
        assert_eq!(docker.unwrap(), written);
        assert_eq!(DockerConfig::parse("{}").unwrap_err(), Fault::Format);
    }

    #[test]
    fn debug_shows_no_password() {
        assert!(!format!("{:?}", config(&[("a.test", "ann", "hunter2")]).unwrap()).contains("hunter2"));
    }
}
