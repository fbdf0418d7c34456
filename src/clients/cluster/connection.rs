//! From settings to a connected client: kubeconfig, host, or the Pod's own account.

mod configuration;
mod credentials;
mod exec;
mod files;
mod overlay;
mod silence;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use crate::clients::http::{CONNECT_TIMEOUT, with_words};
use crate::clock::Clock;
use crate::domain::proxy::Proxy;
use crate::env::Env;
use crate::retry::{Budget, Stopped};

use super::error::{ClusterError, from_transport};
use super::settings::{Settings, Source};
use configuration::Configuration;
pub(super) use silence::Silence;

/// How long a failure to get credentials is believed: all who wait for them meanwhile are told the same, instead of each
/// running a slow program once more.
const FAILURE_MEMORY: Duration = Duration::from_secs(10);

/// How long before their end credentials are renewed, at most.
const RENEWAL: SignedDuration = SignedDuration::from_secs(60);

/// A client and what errors tell about it.
pub(super) struct Connection {
    pub(super) client: kube::Client,
    /// The API server's address.
    pub(super) server: String,
    pub(super) source: Source,
    /// The proxy on the way.
    proxy: Option<Proxy>,
    /// When the credentials are to be renewed.
    renew_at: Option<Timestamp>,
}

/// The one connection that all calls share: made when first needed, and anew when its credentials end.
pub(super) struct Access(Mutex<Present>);

enum Present {
    Nothing,
    Connected(Arc<Connection>),
    Failed(Instant, ClusterError),
}

impl Access {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Present::Nothing))
    }

    /// The connection, for as long as the budget lasts.
    pub(super) async fn connection(
        &self,
        budget: &Budget,
        settings: &Settings,
        env: &Env,
    ) -> Result<Arc<Connection>, ClusterError> {
        if let Some(connection) = self.present() {
            return Ok(connection);
        }
        budget.run(self.connected(settings, env)).await.unwrap_or_else(|stopped| {
            let source = settings.source(env).map_err(ClusterError::NotConfigured)?;
            Err(match stopped {
                // Nothing was asked of the cluster: a refresh can do without it.
                Stopped::Deadline => bad_source(&source, "no credentials were given in time".to_owned()),
                Stopped::Interrupted => ClusterError::Stopped {
                    stopped,
                    waiting_for: "the credentials of the cluster".to_owned(),
                    last_seen: None,
                },
            })
        })
    }

    /// The connection that is there already: none has to be waited for, also when the time is over.
    fn present(&self) -> Option<Arc<Connection>> {
        match &*self.0.try_lock().ok()? {
            Present::Connected(connection) if connection.is_fresh() => Some(connection.clone()),
            _ => None,
        }
    }

    async fn connected(&self, settings: &Settings, env: &Env) -> Result<Arc<Connection>, ClusterError> {
        let mut present = self.0.lock().await;
        match &*present {
            Present::Connected(connection) if connection.is_fresh() => return Ok(connection.clone()),
            Present::Failed(since, error) if since.elapsed() < FAILURE_MEMORY => return Err(error.clone()),
            _ => {}
        }
        // Boxed: every call to the cluster carries it.
        let made = Box::pin(connect(settings, env)).await.map(Arc::new);
        *present = match &made {
            Ok(connection) => Present::Connected(connection.clone()),
            Err(error) => Present::Failed(Instant::now(), error.clone()),
        };
        made
    }

    #[cfg(test)]
    pub(super) fn by(client: kube::Client) -> Self {
        let source = Source::Host("https://cluster.test".to_owned());
        let connection =
            Connection { client, server: "https://cluster.test/".to_owned(), source, proxy: None, renew_at: None };
        Self(Mutex::new(Present::Connected(Arc::new(connection))))
    }
}

impl Connection {
    fn is_fresh(&self) -> bool {
        self.renew_at.is_none_or(|moment| Clock::system().now() < moment)
    }

    /// What an error of the client below the API means.
    pub(super) fn transport_error(&self, error: &kube::Error) -> ClusterError {
        from_transport(error, &self.server, self.proxy.as_ref(), &self.source)
    }

    /// The same with the words of a proxy that lets nothing through.
    pub(super) async fn in_words(&self, error: ClusterError) -> ClusterError {
        match error {
            ClusterError::NoWay { server, source_of_settings, error } => {
                let target = Url::parse(&server).ok();
                let error = with_words(error, target.as_ref(), self.proxy.as_ref()).await;
                ClusterError::NoWay { server, source_of_settings, error }
            }
            other => other,
        }
    }

    /// What it means that the API server took a call and did not answer for so long.
    pub(super) fn silent(&self, patience: Duration) -> ClusterError {
        ClusterError::Unreachable {
            server: self.server.clone(),
            source_of_settings: self.source.clone(),
            fault: format!("it took the call and did not answer within {} seconds", patience.as_secs()),
        }
    }
}

/// Reads the settings and builds the client. Makes no request, but may run the program that gives credentials.
async fn connect(settings: &Settings, env: &Env) -> Result<Connection, ClusterError> {
    let source = settings.source(env).map_err(ClusterError::NotConfigured)?;
    let Configuration { mut config, proxy } = configuration::read(settings, env, &source)?;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.default_retry = false;
    let asked = Clock::system().now();
    let until = credentials::settle(&mut config, settings, &source).await?;
    let server = config.cluster_url.to_string();
    let client = kube::Client::try_from(config).map_err(|error| {
        match from_transport(&error, &server, proxy.as_ref(), &source) {
            ClusterError::Unreachable { fault, .. } => bad_source(&source, fault),
            other => other,
        }
    })?;
    Ok(Connection { client, server, source, proxy, renew_at: until.map(|until| renewal(asked, until)) })
}

/// What is wrong with the settings; no program is run for it.
pub(super) fn fault(settings: &Settings, env: &Env) -> Option<ClusterError> {
    match settings.source(env) {
        Ok(source) => configuration::read(settings, env, &source).err(),
        Err(none) => Some(ClusterError::NotConfigured(none)),
    }
}

/// A while before the end, but not so early that a short life is renewed all the time.
fn renewal(now: Timestamp, until: Timestamp) -> Timestamp {
    let margin = (until.duration_since(now) / 4).min(RENEWAL);
    until.checked_sub(margin).unwrap_or(until)
}

fn bad_source(source: &Source, fault: String) -> ClusterError {
    ClusterError::BadSource { source_of_settings: source.clone(), fault }
}
