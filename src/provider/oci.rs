//! Registries that images are pushed to and read from: one client each, with its connections and tokens.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

use super::Berth;
use crate::clients::oci::{GatherError, LocalImage, Oci, OciError, Subject, login_of_user};
use crate::domain::oci::Platform;
use crate::domain::oci::tag::Tag;
use crate::domain::registry_name::base_url;
use crate::explain::Explanation;

/// What is known of registries in this run.
#[derive(Default)]
pub struct Registries {
    clients: Mutex<BTreeMap<String, Arc<Oci>>>,
    turns: Mutex<BTreeMap<String, Arc<Turn<()>>>>,
    archives: Mutex<BTreeMap<String, LocalImage>>,
}

impl Berth {
    /// The client of a registry, by the login of the provider block, else by that of the user who runs this.
    ///
    /// # Errors
    /// A setting is not known yet, or a login or CA cannot be used.
    pub async fn oci(&self, host: &str, attribute: &str) -> Result<Arc<Oci>, Explanation> {
        let what = format!("Cannot speak to the registry `{host}`");
        self.settled("registries")?;
        let known = locked(&self.oci.clients).get(host).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let base = base_url(host).map_err(|wrong| {
            Explanation::new("BERTH-OCI-001", &*what).next(format!("the host {wrong}")).at(attribute)
        })?;
        let access = self.registry_access(host).await?;
        let login = match access.login {
            Some(login) => Some(login),
            None => login_of_user(&self.env, host).await.map_err(|error| {
                let next = format!(
                    "run `{}` by hand with the word `get` and the host on its input to see why, or give `{host}` a login in \
                     registries of the provider block",
                    error.program
                );
                Explanation::new("BERTH-OCI-011", &*what).said("The Docker configuration", error.to_string()).next(next)
            })?,
        };
        let subject = Subject { registry: host, attribute, has_login: login.is_some() };
        let client = Oci::new(&self.network, base, access.ca_pem.as_deref(), login);
        let client = Arc::new(client.map_err(|error: OciError| error.explain(&*what, subject))?);
        Ok(Arc::clone(locked(&self.oci.clients).entry(host.to_owned()).or_insert(client)))
    }

    /// The turn of whoever changes a tag: what creates it and what removes it wait for each other.
    pub async fn turn_at(&self, tag: &Tag) -> OwnedMutexGuard<()> {
        let turn = Arc::clone(locked(&self.oci.turns).entry(tag.to_string()).or_default());
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
        let key = format!("{} {state:?} {wanted:?} {platforms:?}", path.display());
        let known = locked(&self.oci.archives).get(&key).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let read = LocalImage::in_archive(path, wanted, platforms).await?;
        locked(&self.oci.archives).insert(key, read.clone());
        Ok(read)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
