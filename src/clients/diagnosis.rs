//! Collects what a diagnosis is made from, and makes it: the cluster's objects first, then the world outside, each stage
//! with all its questions side by side. What may not be read is noted and no error.

mod certificates;
mod objects;
mod pods;
mod registries;
mod world;

use std::time::Duration;

use crate::clock::Clock;
use crate::domain::diagnosis::{self, Report, Snapshot};
use crate::domain::dockerconfig::Login;
use crate::retry::Budget;

use super::cluster::{Cluster, ClusterError};
use super::dns::Dns;
use super::http::Network;

/// How long the cluster may take for all its answers.
const CLUSTER_TIME: Duration = Duration::from_secs(20);

/// How long one question to the world outside may take.
const WORLD_TIME: Duration = Duration::from_secs(4);

/// What is to be diagnosed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A Certificate of cert-manager.
    Certificate {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// The Certificate that writes a Secret.
    CertificateOfSecret {
        /// Its namespace.
        namespace: String,
        /// The Secret's name.
        secret: String,
    },
    /// An Issuer, or a `ClusterIssuer` if there is no namespace.
    Issuer {
        /// Its namespace.
        namespace: Option<String>,
        /// Its name.
        name: String,
    },
    /// A Pod.
    Pod {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A Deployment and its Pods.
    Deployment {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// A registry as clients name it.
    Registry {
        /// `HOST` or `HOST:PORT`.
        host: String,
    },
}

/// The ways to all that can be asked.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The cluster; `None` where there is none in reach, which only a registry can do without.
    pub cluster: Option<&'a Cluster>,
    /// The resolvers.
    pub dns: &'a Dns,
    /// Proxies and trust.
    pub network: &'a Network,
    /// The time of day.
    pub clock: &'a Clock,
    /// Certificates to trust for registries beside the system's, PEM.
    pub ca_pem: Option<&'a str>,
    /// A login to the registry, beside those in the cluster.
    pub login: Option<&'a Login>,
    /// Whether accounts and pull secrets that the subject does not name may be looked through, for one that would fit.
    pub searches: bool,
}

/// Diagnoses a subject.
///
/// # Errors
/// The cluster cannot be asked at all.
pub async fn diagnose(world: &World<'_>, subject: &Subject, budget: &Budget) -> Result<Report, ClusterError> {
    Ok(examine(world, subject, budget).await?.1)
}

/// Diagnoses a subject, and keeps what it was made from.
///
/// # Errors
/// The cluster cannot be asked at all.
pub async fn examine(
    world: &World<'_>,
    subject: &Subject,
    budget: &Budget,
) -> Result<(Snapshot, Report), ClusterError> {
    let mut gathering = Gathering { world, budget, seen: Snapshot::default(), secrets: Vec::new() };
    gathering.seen.now = world.clock.now().to_string();
    let report = gathering.of(subject).await?;
    Ok((gathering.seen, report))
}

/// What has been collected so far.
struct Gathering<'a> {
    world: &'a World<'a>,
    budget: &'a Budget,
    seen: Snapshot,
    /// Secrets as they are: their logins are tried, and kept nowhere.
    secrets: Vec<serde_json::Value>,
}

impl Gathering<'_> {
    async fn of(&mut self, subject: &Subject) -> Result<Report, ClusterError> {
        match subject {
            Subject::Certificate { namespace, name } => {
                self.certificate(namespace, name).await?;
                Ok(diagnosis::certificate(&self.seen, namespace, name))
            }
            Subject::CertificateOfSecret { namespace, secret } => {
                let name = self.certificate_of_secret(namespace, secret).await?.unwrap_or_else(|| secret.clone());
                self.certificate(namespace, &name).await?;
                Ok(diagnosis::certificate(&self.seen, namespace, &name))
            }
            Subject::Issuer { namespace, name } => {
                self.issuer(namespace.as_deref(), name).await?;
                Ok(diagnosis::issuer(&self.seen, namespace.as_deref(), name))
            }
            Subject::Pod { namespace, name } => {
                self.pod(namespace, name).await?;
                Ok(diagnosis::pod(&self.seen, namespace, name))
            }
            Subject::Deployment { namespace, name } => {
                self.deployment(namespace, name).await?;
                Ok(diagnosis::deployment(&self.seen, namespace, name))
            }
            Subject::Registry { host } => self.registry_report(host).await,
        }
    }

    /// A registry can be judged without a cluster.
    async fn registry_report(&mut self, host: &str) -> Result<Report, ClusterError> {
        if let Err(error) = self.registry(host).await {
            self.seen.unread.insert("the cluster".to_owned(), error.told());
        }
        Ok(diagnosis::registry(&self.seen, host))
    }
}

/// A short time for one question to the world.
fn short(budget: &Budget) -> Budget {
    budget.at_most(WORLD_TIME)
}
