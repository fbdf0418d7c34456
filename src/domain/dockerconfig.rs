//! Logins to registries as Docker and the kubelet read them: `.dockerconfigjson`.

mod keyring;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::secret::Secret;

use super::registry_name::{NoRegistry, RegistryName};

pub use keyring::{Match, compared_host, matches};

/// The type of a Secret that holds such a file.
pub const SECRET_TYPE: &str = "kubernetes.io/dockerconfigjson";

/// The key of the file within its Secret.
pub const SECRET_KEY: &str = ".dockerconfigjson";

/// The type of a Secret that holds the file of Docker before 1.7, which the kubelet reads as well.
pub const LEGACY_SECRET_TYPE: &str = "kubernetes.io/dockercfg";

/// The key of that file within its Secret.
pub const LEGACY_SECRET_KEY: &str = ".dockercfg";

/// A login: who, with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The user's name.
    pub username: String,
    /// The password or token.
    pub password: Secret,
}

impl Login {
    /// A login of which both parts are given.
    pub fn given(username: Option<&String>, password: Option<&Secret>) -> Option<Self> {
        username
            .zip(password)
            .map(|(username, password)| Self { username: username.clone(), password: password.clone() })
    }
}

/// Why a file or a host cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A registry's name cannot be read.
    #[error(transparent)]
    Host(#[from] NoRegistry),
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
    /// Takes the logins by registry host as people write it. Each stands under every text by which the kubelet may look for
    /// it, unless another login is given for that very text.
    pub fn new(logins: impl IntoIterator<Item = (String, Login)>) -> Result<Self, Fault> {
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        let mut config = Self::default();
        let mut others = Vec::new();
        for (host, login) in logins {
            let name = RegistryName::parse(&host)?;
            if login.username.contains(':') {
                return Err(Fault::User { host });
            }
            if let Some(first) = seen.insert(name.key(), host.clone()) {
                return Err(Fault::SameRegistry { first, second: host });
            }
            others.extend(name.other_keys().into_iter().map(|key| (key, login.clone())));
            config.0.insert(name.key(), login);
        }
        for (key, login) in others {
            config.0.entry(key).or_insert(login);
        }
        Ok(config)
    }

    /// Reads a file; entries without a user and password (credential helpers) are left out.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let file: Value = serde_json::from_str(text).map_err(|_| Fault::Format)?;
        Self::of_entries(file.get("auths"))
    }

    /// Reads a file of Docker before 1.7, in which the entries stand without `auths`.
    pub fn parse_legacy(text: &str) -> Result<Self, Fault> {
        let file: Value = serde_json::from_str(text).map_err(|_| Fault::Format)?;
        Self::of_entries(Some(&file))
    }

    fn of_entries(entries: Option<&Value>) -> Result<Self, Fault> {
        let entries = entries.and_then(Value::as_object).ok_or(Fault::Format)?;
        Ok(Self(entries.iter().filter_map(|(key, entry)| Some((key.clone(), login_of(entry)?))).collect()))
    }

    /// The keys and logins in order.
    pub fn logins(&self) -> impl Iterator<Item = (&str, &Login)> {
        self.0.iter().map(|(key, login)| (key.as_str(), login))
    }

    /// The password that a user has for a registry, written as in [`DockerConfig::new`].
    ///
    /// # Errors
    /// The host is none.
    pub fn password_of(&self, host: &str, username: &str) -> Result<Option<Secret>, Fault> {
        let asked = Login { username: username.to_owned(), password: Secret::new("asked") };
        let keys = Self::new([(host.to_owned(), asked)])?;
        // As another tool may have written it: with scheme and path.
        let means = |key: &String| RegistryName::parse(key).is_ok_and(|name| keys.0.contains_key(&name.key()));
        let exact = keys.0.keys().find_map(|key| self.0.get(key));
        let found = exact.or_else(|| self.0.iter().find(|(key, _)| means(key)).map(|(_, login)| login));
        let found = found.filter(|login| login.username == username);
        Ok(found.map(|login| login.password.clone()))
    }

    /// The file: the same bytes for the same logins, in the form that `kubectl create secret
    /// docker-registry` writes.
    pub fn json(&self) -> Secret {
        let auths: Map<String, Value> = self.0.iter().map(|(key, login)| (key.clone(), entry_of(login))).collect();
        Secret::new(json!({ "auths": auths }).to_string())
    }
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
    // As Go, whose tools write and read such files, takes it: wrapped lines are one.
    let auth: String = text("auth")?.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let decoded = String::from_utf8(STANDARD.decode(auth).ok()?).ok()?;
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
    fn a_login_stands_under_every_text_that_the_kubelet_may_look_for() {
        let keys = |logins: &[(&str, &str, &str)]| {
            config(logins).unwrap().logins().map(|(key, login)| format!("{key} {}", login.username)).collect::<Vec<_>>()
        };
        assert_eq!(
            keys(&[("Hub.test:443", "u", "p")]),
            ["Hub.test u", "Hub.test:443 u", "hub.test u", "hub.test:443 u"]
        );
        // Two logins by the same host and another port text: each its own.
        assert_eq!(keys(&[("hub.test:443", "u", "p"), ("hub.test", "v", "p")]), ["hub.test v", "hub.test:443 u"]);
        assert_eq!(keys(&[("docker.io/a", "u", "p"), ("docker.io/b", "v", "p")]), ["docker.io/a u", "docker.io/b v"]);
    }

    #[test]
    fn refuses_two_names_for_one_registry() {
        let fault = config(&[("docker.io", "u", "p"), ("index.docker.io", "u", "p")]).unwrap_err();
        assert!(matches!(fault, Fault::SameRegistry { .. }), "{fault}");
        let fault = config(&[("hub.test", "u", "p"), ("https://hub.test/v2/", "u", "p")]).unwrap_err();
        assert!(matches!(fault, Fault::SameRegistry { .. }), "{fault}");
    }

    #[test]
    fn refuses_what_is_no_host() {
        assert!(matches!(config(&[("a b", "u", "p")]), Err(Fault::Host(_))));
        assert!(matches!(config(&[("a.test", "a:b", "p")]), Err(Fault::User { .. })));
    }

    #[test]
    fn a_password_is_found_however_another_tool_wrote_the_registry() {
        let file = r#"{"auths":{"https://hub.test:8443/v2/":{"auth":"YW5uOnNlOmNyZXQ="}}}"#;
        let found = |host: &str, user: &str| DockerConfig::parse(file).unwrap().password_of(host, user).unwrap();
        assert_eq!(found("hub.test:8443", "ann"), Some(Secret::new("se:cret")));
        assert_eq!((found("hub.test:8443", "bob"), found("hub.test", "ann")), (None, None));
    }

    #[test]
    fn reads_what_it_writes_and_what_docker_login_writes() {
        let written = config(&[("a.test", "ann", "se:cret")]).unwrap();
        assert_eq!(DockerConfig::parse(written.json().expose()).unwrap(), written);
        let docker = DockerConfig::parse(r#"{"auths":{"a.test":{"auth":"YW5uOnNlOmNyZXQ="},"helper.test":{}}}"#);
        assert_eq!(docker.unwrap(), written);
        let wrapped = DockerConfig::parse(r#"{"auths":{"a.test":{"auth":"YW5uOnNl\r\nOmNyZXQ=\n"}}}"#);
        assert_eq!(wrapped.unwrap(), written);
        let legacy = DockerConfig::parse_legacy(r#"{"a.test":{"auth":"YW5uOnNlOmNyZXQ="}}"#);
        assert_eq!(legacy.unwrap(), written);
        assert_eq!(DockerConfig::parse("{}").unwrap_err(), Fault::Format);
    }

    #[test]
    fn debug_shows_no_password() {
        assert!(!format!("{:?}", config(&[("a.test", "ann", "hunter2")]).unwrap()).contains("hunter2"));
    }
}
