//! `acme = { … }`: the certificate authority that is used unless a resource names another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;

use super::Berth;
use super::checks::directory_url;
use crate::clients::acme::{Acme, AcmeError, Responders, Trust};
use crate::clock::Clock;
use crate::domain::issuance::Limits;
use crate::explain::Explanation;
use crate::sdk::{Model, check};

/// A certificate authority.
#[derive(Clone, Debug, Default, Model)]
pub struct Block {
    /// The URL of the directory, such as `https://acme-v02.api.letsencrypt.org/directory`.
    #[attr(check = directory_url())]
    pub directory_url: Option<String>,
    /// A file with the root certificates that the directory's own TLS certificate comes from, PEM.
    /// Needed for private authorities only.
    pub ca_file: Option<String>,
    /// The same as text, PEM.
    pub ca_pem: Option<String>,
    /// How many certificates the CA issues, so that plans can tell before a limit is reached. Default: the limits of
    /// Let's Encrypt for its own directory, none for others.
    pub issuance_limits: Option<IssuanceLimits>,
}

/// The CA's limits. What was issued is counted in a ledger: the `ConfigMap` called `NAME-issued` beside the Secret `NAME`
/// with the account's key; or for each certificate alone where the key is elsewhere.
#[derive(Clone, Debug, Default, Model)]
pub struct IssuanceLimits {
    /// How many certificates there can be for exactly the same names. Default `5`.
    #[attr(check = check::range(1, 1_000_000))]
    pub per_names: Option<u32>,
    /// How many certificates there can be for new names below one registered domain. Default `50`.
    #[attr(check = check::range(1, 1_000_000))]
    pub per_domain: Option<u32>,
    /// In how many days. Default `7`.
    #[attr(check = check::range(1, 366))]
    pub days: Option<u32>,
}

impl IssuanceLimits {
    fn limits(&self) -> Limits {
        let days = i64::from(self.days.unwrap_or(7));
        Limits {
            per_names: self.per_names.unwrap_or(5),
            per_domain: self.per_domain.unwrap_or(50),
            window: SignedDuration::from_hours(24 * days),
        }
    }
}

/// The certificates that the plans of this process want.
#[derive(Default)]
pub struct Planned(Mutex<BTreeMap<String, BTreeSet<Vec<String>>>>);

impl Planned {
    /// Notes a wanted certificate; answers what else is wanted of the same CA so far.
    pub fn enter(&self, directory_url: &str, names: &[String]) -> Vec<Vec<String>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_this_ca = all.entry(directory_url.to_owned()).or_default();
        of_this_ca.insert(names.to_vec());
        of_this_ca.iter().filter(|other| *other != names).cloned().collect()
    }
}

/// The clients, one a directory, built when first used; and the servers of challenges.
#[derive(Default)]
pub struct Clients {
    by_directory: Mutex<BTreeMap<String, Acme>>,
    responders: Responders,
    planned: Planned,
}

impl Berth {
    /// The directory that the provider block names; `None` when it names none or does not know it yet.
    pub fn acme_directory(&self) -> Option<&str> {
        self.config.acme.as_ref()?.directory_url.as_deref()
    }

    /// Whether the provider block names no directory, for certain.
    pub fn lacks_acme_directory(&self) -> bool {
        self.acme_directory().is_none() && self.settled("acme").is_ok()
    }

    /// The limits of a CA, if they are known.
    pub fn acme_limits(&self, directory_url: &str) -> Option<Limits> {
        let configured = self.config.acme.as_ref().and_then(|block| block.issuance_limits.as_ref());
        configured.map(IssuanceLimits::limits).or_else(|| Limits::of_directory(directory_url))
    }

    /// The certificates that plans want.
    pub fn acme_planned(&self) -> &Planned {
        &self.acme.planned
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
        let made =
            Acme::new(directory_url, &trust, self.network(), clock.clone()).map_err(|error| error.explain(what()))?;
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
