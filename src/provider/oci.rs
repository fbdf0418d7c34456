//! Registries that images are pushed to and read from: one client each, with its connections and tokens.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::{Mutex as Turn, OnceCell, OwnedMutexGuard};
use url::Url;

use super::Berth;
use crate::clients::oci::{GatherError, HelperError, LocalImage, Oci, Subject, login_of_user, parts_of_user};
use crate::domain::oci::Platform;
use crate::domain::oci::tag::Tag;
use crate::domain::registry_name::{RegistryName, base_url};
use crate::explain::Explanation;

/// The client of a registry, once it is made.
type Client = Arc<OnceCell<Arc<Oci>>>;

/// What is known of registries in this run.
#[derive(Default)]
pub struct Registries {
    /// By their addresses, as a host may be written in several ways, and the part that has a login of its own: what is asked by one login is
    /// never asked by that of another part.
    clients: Mutex<BTreeMap<(String, String), Client>>,
    /// The parts of registries that have logins of their own.
    parts: OnceCell<Vec<RegistryName>>,
    turns: Mutex<BTreeMap<String, Arc<Turn<()>>>>,
    archives: Mutex<BTreeMap<String, Archive>>,
}

/// What was read of an archive, and how the file was then.
#[derive(Clone)]
struct Archive {
    state: Option<(u64, Option<SystemTime>)>,
    image: Arc<OnceCell<LocalImage>>,
}

impl Berth {
    /// The client of a registry, by the login of the provider block, else by that which the user who runs this has for the repository; an
    /// empty one stands for the registry as a whole.
    ///
    /// # Errors
    /// A setting is not known yet, or a login or CA cannot be used.
    pub async fn oci(&self, (host, repository): (&str, &str), attribute: &str) -> Result<Arc<Oci>, Explanation> {
        self.settled("registries")?;
        let base = base_url(host).map_err(|wrong| {
            Explanation::new("BERTH-OCI-001", cannot_speak_to(host)).next(format!("the host {wrong}")).at(attribute)
        })?;
        let part = self.part_of(host, repository).await;
        let client = Arc::clone(locked(&self.oci.clients).entry((base.to_string(), part.clone())).or_default());
        client.get_or_try_init(|| self.oci_client(base, (host, &part), attribute)).await.cloned()
    }

    /// The smallest part with a login of its own that a repository lies in; empty for the registry as a whole.
    async fn part_of(&self, host: &str, repository: &str) -> String {
        let parts = self.oci.parts.get_or_init(|| parts_of_user(&self.env)).await;
        let Ok(registry) = RegistryName::parse(host) else { return String::new() };
        let paths = parts.iter().filter(|part| part.holds(&registry, repository)).map(RegistryName::path);
        paths.max_by_key(|path| path.len()).unwrap_or_default().to_owned()
    }

    async fn oci_client(
        &self,
        base: Url,
        (host, part): (&str, &str),
        attribute: &str,
    ) -> Result<Arc<Oci>, Explanation> {
        let access = self.registry_access(host).await?;
        let login = match access.login {
            Some(login) => Some(login),
            None => login_of_user(&self.env, host, part).await.map_err(|error| no_login(host, &error))?,
        };
        let subject = Subject { registry: host, attribute, has_login: login.is_some() };
        let client = Oci::new(&self.network, base, access.ca_pem.as_deref(), login);
        client.map(Arc::new).map_err(|error| error.explain(cannot_speak_to(host), subject))
    }

    /// The turn of whoever changes a tag: what creates it and what removes it wait for each other.
    pub async fn turn_at(&self, tag: &Tag) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = locked(&self.oci.turns);
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(tag.to_string()).or_default())
        };
        turn.lock_owned().await
    }

    /// The image in an archive. It is read once as long as the file stays as it is.
    ///
    /// # Errors
    /// It holds none, or not what is asked for.
    pub async fn archived_image(
        &self,
        path: &Path,
        wanted: Option<&str>,
        platforms: &[Platform],
    ) -> Result<LocalImage, GatherError> {
        let state = tokio::fs::metadata(path).await.ok().map(|it| (it.len(), it.modified().ok()));
        let key = format!("{} {wanted:?} {platforms:?}", path.display());
        let image = self.oci.archive(key, state);
        image.get_or_try_init(|| LocalImage::in_archive(path, wanted, platforms)).await.cloned()
    }
}

impl Registries {
    /// What was read of an archive in this state, or is to be.
    fn archive(&self, key: String, state: Option<(u64, Option<SystemTime>)>) -> Arc<OnceCell<LocalImage>> {
        let mut archives = locked(&self.archives);
        let known = archives.entry(key).or_insert_with(|| Archive { state, image: Arc::default() });
        if known.state != state {
            *known = Archive { state, image: Arc::default() };
        }
        Arc::clone(&known.image)
    }
}

fn cannot_speak_to(host: &str) -> String {
    format!("Cannot speak to the registry `{host}`")
}

fn no_login(host: &str, error: &HelperError) -> Explanation {
    let next = format!(
        "have `{}` print the login (run it with the word `get` and the host on its input; one that is missing has to be \
         installed), or give `{host}` a login in registries of the provider block",
        error.program
    );
    Explanation::new("BERTH-OCI-011", cannot_speak_to(host))
        .said("The Docker configuration", error.to_string())
        .next(next)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::env::Env;
    use crate::provider::Config;
    use crate::sdk::{Provider as _, Settings};

    #[tokio::test]
    async fn a_registry_has_one_client_however_its_host_is_written() {
        let settings = Settings { model: Config::default(), unknown: Vec::new() };
        let berth = Berth::configure(settings, &Env::default()).unwrap();
        let client = berth.oci(("hub.test", ""), "host").await.unwrap();
        for host in ["Hub.test", "hub.test:443", "https://hub.test/"] {
            assert!(Arc::ptr_eq(&client, &berth.oci((host, "a/app"), "host").await.unwrap()), "{host}");
        }
        assert!(!Arc::ptr_eq(&client, &berth.oci(("hub.test:5000", ""), "host").await.unwrap()));
    }

    #[tokio::test]
    async fn parts_of_a_registry_with_logins_of_their_own_have_clients_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let file = r#"{"auths":{"hub.test/team-a":{"auth":"YTpzZWNyZXQ="},"hub.test/team-b":{"auth":"YjpzZWNyZXQ="}}}"#;
        std::fs::write(folder.path().join("config.json"), file).unwrap();
        let env = Env::from_iter([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
        let settings = Settings { model: Config::default(), unknown: Vec::new() };
        let berth = Berth::configure(settings, &env).unwrap();
        let client = async |repository| berth.oci(("hub.test", repository), "host").await.unwrap();
        let (one, other, open) = (client("team-a/app").await, client("team-b/app").await, client("team-c/app").await);
        assert!(Arc::ptr_eq(&one, &client("team-a/b/c").await));
        assert!(!Arc::ptr_eq(&one, &other) && !Arc::ptr_eq(&one, &open));
        assert!(one.has_login() && other.has_login() && !open.has_login());
    }

    #[test]
    fn an_archive_that_changes_takes_the_place_of_what_was_read_of_it() {
        let registries = Registries::default();
        let read = |size| registries.archive("a".to_owned(), Some((size, None)));
        let first = read(1);
        assert!(Arc::ptr_eq(&first, &read(1)) && !Arc::ptr_eq(&first, &read(2)));
        assert_eq!(locked(&registries.archives).len(), 1);
    }
}
