//! `acme = { … }`: the certificate authority that is used unless a resource names another one.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::Berth;
use crate::clients::acme::{Acme, AcmeError, Responders, Trust};
use crate::clock::Clock;
use crate::explain::Explanation;
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

/// The clients, one a directory, built when first used; and the servers of challenges.
#[derive(Default)]
pub struct Clients {
    by_directory: Mutex<BTreeMap<String, Acme>>,
    responders: Responders,
}

impl Berth {
    /// The directory that the provider block names; `None` when it names none or does not know it yet.
    pub fn acme_directory(&self) -> Option<&str> {
        self.config.acme.as_ref()?.directory_url.as_deref()
    }

    /// The servers of http-01 challenges, which concurrent certificates share.
    pub fn acme_responders(&self) -> &Responders {
        &self.acme.responders
    }

    /// The CA at this directory, trusted by the roots of the provider block beside the system's.
    pub async fn acme(&self, directory_url: &str, clock: &Clock) -> Result<Acme, Explanation> {
        self.settled("acme")?;
        if let Some(known) = self.known_ca(directory_url) {
            return Ok(known);
        }
        let what = || format!("Cannot use the ACME directory {directory_url}");
        let trust = self.acme_trust().await.map_err(|error| error.explain(what()))?;
        let made = Acme::new(directory_url, &trust, clock.clone()).map_err(|error| error.explain(what()))?;
        let mut all = self.acme.by_directory.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(all.entry(directory_url.to_owned()).or_insert(made).clone())
    }

    fn known_ca(&self, directory_url: &str) -> Option<Acme> {
        self.acme.by_directory.lock().unwrap_or_else(PoisonError::into_inner).get(directory_url).cloned()
    }

    async fn acme_trust(&self) -> Result<Trust, AcmeError> {
        let mut trust = Trust::default();
        let Some(block) = &self.config.acme else { return Ok(trust) };
        if let Some(path) = &block.ca_file {
            let text = tokio::fs::read_to_string(path).await;
            let unreadable = |error| AcmeError::TrustRoots { attribute: "ca_file", why: format!("{path}: {error}") };
            trust.roots.insert(("ca_file", text.map_err(unreadable)?));
        }
        trust.roots.extend(block.ca_pem.iter().map(|text| ("ca_pem", text.clone())));
        Ok(trust)
    }
}
