//! The logins of the user who runs this, as Docker and Podman keep them: `config.json`, `auth.json`.
//!
//! Source: Docker's `cli/config/configfile`, and `containers-auth.json(5)`.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::domain::dockerconfig::{DockerConfig, Login};
use crate::domain::registry_name::RegistryName;
use crate::secret::Secret;

/// The user name by which a helper says that the secret is a token of the registry's own.
pub const IDENTITY_TOKEN: &str = "<token>";

/// Where the login to a registry is to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// In the file.
    Login(Login),
    /// From a program, `docker-credential-NAME`.
    Helper {
        /// Its name.
        name: String,
        /// The texts to ask it for, one after the other.
        servers: Vec<String>,
        /// Which registries the file names it for.
        reach: Reach,
    },
}

/// Which registries a program is named for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Just the one that was asked for (`credHelpers`).
    Registry,
    /// All of them (`credsStore`).
    All,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct File {
    creds_store: Option<String>,
    #[serde(deserialize_with = "given")]
    cred_helpers: BTreeMap<String, String>,
    #[serde(deserialize_with = "given")]
    auths: BTreeMap<String, Auth>,
}

/// The members that are there: what is null is absent, as Go has it.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<BTreeMap<String, T>, D::Error> {
    let members = Option::<BTreeMap<String, Option<T>>>::deserialize(from)?.unwrap_or_default();
    Ok(members.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Auth {
    identitytoken: Option<String>,
}

/// What the file says of a repository; `None` if nothing. A helper for the registry goes before the logins of the file, and these before
/// the helper for all, which may know nothing of it. Of several that name the repository's registry, the one with the longest path that
/// the repository lies in is meant, and none with another path (`containers-auth.json(5)`, "Format").
pub fn find(file: &str, host: &str, repository: &str) -> Option<Found> {
    let wanted = RegistryName::parse(host).ok()?;
    let read: File = serde_json::from_str(file).ok()?;
    let helper = |name: &str, reach| Found::Helper { name: name.to_owned(), servers: servers(&wanted, host), reach };
    let named = meant(read.cred_helpers.keys(), &wanted, repository);
    if let Some(name) = named.iter().filter_map(|key| read.cred_helpers.get(*key)).find(|name| !name.is_empty()) {
        return Some(helper(name, Reach::Registry));
    }
    if let Some(login) = in_file(file, &read, &meant(read.auths.keys(), &wanted, repository)) {
        return Some(Found::Login(login));
    }
    read.creds_store.filter(|name| !name.is_empty()).map(|name| helper(&name, Reach::All))
}

/// The parts of registries for which the file has logins or helpers of their own.
pub fn parts(file: &str) -> Vec<RegistryName> {
    let read: File = serde_json::from_str(file).unwrap_or_default();
    let names = read.auths.keys().chain(read.cred_helpers.keys()).filter_map(|key| RegistryName::parse(key).ok());
    names.filter(RegistryName::has_path).collect()
}

/// The keys that stand for a repository, the most specific first.
fn meant<'a>(keys: impl Iterator<Item = &'a String>, registry: &RegistryName, repository: &str) -> Vec<&'a str> {
    let names = keys.filter_map(|key| Some((RegistryName::parse(key).ok()?, key.as_str())));
    let mut found: Vec<_> = names.filter(|(name, _)| name.holds(registry, repository)).collect();
    found.sort_by_key(|(name, _)| Reverse(name.path().len()));
    found.into_iter().map(|(_, key)| key).collect()
}

fn in_file(text: &str, file: &File, keys: &[&str]) -> Option<Login> {
    let logins = DockerConfig::parse(text).ok()?;
    keys.iter().find_map(|key| {
        let token = file.auths.get(*key).and_then(|auth| auth.identitytoken.clone()).filter(|token| !token.is_empty());
        match token {
            Some(token) => Some(Login { username: IDENTITY_TOKEN.to_owned(), password: Secret::new(token) }),
            None => logins.logins().find(|(it, _)| it == key).map(|(_, login)| login.clone()),
        }
    })
}

/// Helpers compare texts too: Docker asks them by the key, older ones by a URL.
fn servers(name: &RegistryName, host: &str) -> Vec<String> {
    let mut servers = vec![name.key()];
    servers.extend(name.other_keys());
    servers.push(host.to_owned());
    servers.push(format!("https://{}", name.authority()));
    let mut seen = std::collections::BTreeSet::new();
    servers.retain(|server| seen.insert(server.clone()));
    servers
}

/// What a helper prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The login that a helper gives; `None` if it prints something else.
pub fn helper_login(output: &[u8]) -> Option<Login> {
    let answer: Answer = serde_json::from_slice(output).ok()?;
    Some(Login { username: answer.username, password: Secret::new(answer.secret) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(found: Option<Found>) -> (String, String) {
        match found {
            Some(Found::Login(login)) => (login.username, login.password.expose().to_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_login_is_found_however_the_registry_is_written() {
        let file = r#"{"auths":{"https://hub.test/v2/":{"auth":"YW5uOnNlY3JldDE="},"https://index.docker.io/v1/":{"username":"bob","password":"secret2"}}}"#;
        assert_eq!(login(find(file, "hub.test:443", "team/app")), ("ann".to_owned(), "secret1".to_owned()));
        assert_eq!(login(find(file, "docker.io", "team/app")).0, "bob");
        assert_eq!(find(file, "other.test", "team/app"), None);
        let nulls = r#"{"credHelpers":null,"auths":{"other.test":null,"hub.test":{"auth":"YW5uOnNlY3JldDE="}}}"#;
        assert_eq!(login(find(nulls, "hub.test", "app")).0, "ann");
        assert_eq!(find("no json", "hub.test", "team/app"), None);
    }

    #[test]
    fn the_most_specific_login_is_meant_and_none_of_another_path() {
        let auth = |user: &str| format!(r#"{{"username":"{user}","password":"secret of {user}"}}"#);
        let file = format!(
            r#"{{"auths":{{"hub.test/a":{},"hub.test/a/b":{},"hub.test/team":{},"https://hub.test":{},"other.test/x":{}}}}}"#,
            auth("a"),
            auth("ab"),
            auth("team"),
            auth("all"),
            auth("x")
        );
        for (repository, user) in
            [("a/app", "a"), ("a", "a"), ("a/b/app", "ab"), ("ab/app", "all"), ("teams/app", "all"), ("", "all")]
        {
            assert_eq!(login(find(&file, "hub.test", repository)).0, user, "{repository}");
        }
        assert_eq!(find(&file, "other.test", "y/app"), None);
        assert_eq!(find(&file, "other.test", ""), None);
        assert_eq!(parts(&file).iter().map(RegistryName::path).collect::<Vec<_>>(), ["a", "a/b", "team", "x"]);
        let file = r#"{"credHelpers":{"hub.test/a":"one","hub.test":"all"}}"#;
        let helper = |repository: &str| match find(file, "hub.test", repository) {
            Some(Found::Helper { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!((helper("a/app"), helper("b/app")), ("one".to_owned(), "all".to_owned()));
    }

    #[test]
    fn a_helper_of_the_registry_goes_first_and_that_of_all_last() {
        let file = r#"{"credsStore":"desktop","credHelpers":{"a.test":"ecr-login"},
            "auths":{"a.test":{"auth":"YW5uOnNlY3JldDE="},"b.test":{"auth":"YW5uOnNlY3JldDE="},"c.test":{}}}"#;
        let helper = |host: &str| match find(file, host, "team/app") {
            Some(Found::Helper { name, servers, .. }) => (name, servers.first().cloned().unwrap()),
            other => panic!("{other:?}"),
        };
        assert_eq!(helper("a.test"), ("ecr-login".to_owned(), "a.test".to_owned()));
        assert_eq!(login(find(file, "b.test", "team/app")).0, "ann");
        assert_eq!(helper("c.test").0, "desktop");
        assert_eq!(helper("docker.io").1, "https://index.docker.io/v1/");
    }

    #[test]
    fn a_token_of_the_registry_goes_before_the_password() {
        let file = r#"{"auths":{"a.azurecr.test":{"auth":"MDAwMDp4","identitytoken":"a long token"}}}"#;
        assert_eq!(
            login(find(file, "a.azurecr.test", "team/app")),
            (IDENTITY_TOKEN.to_owned(), "a long token".to_owned())
        );
        assert_eq!(helper_login(br#"{"ServerURL":"x","Username":"u","Secret":"helped"}"#).unwrap().username, "u");
        assert!(helper_login(b"credentials not found").is_none());
    }
}
