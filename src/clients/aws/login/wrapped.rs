//! What is laid around a source of credentials: advice, memory of failures, and the knowledge of secrets.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use tokio::time::Instant;

use super::Lack;
use crate::clients::aws::http::Lost;
use crate::clients::http::causes;
use crate::explain::chain;
use crate::secret::learn;

/// How long a failure is believed: all who ask meanwhile are told the same.
const FAILURE_MEMORY: Duration = Duration::from_secs(10);

/// Credentials that cannot be had.
#[derive(Debug)]
pub(super) struct Failing(pub(super) Lack);

impl ProvideCredentials for Failing {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(self.0.clone().into()))
    }
}

/// Whose failure has a known remedy, unless it is the network that fails.
#[derive(Debug)]
pub(super) struct Advised {
    pub(super) inner: SharedCredentialsProvider,
    pub(super) what: String,
    pub(super) next: String,
}

impl ProvideCredentials for Advised {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            self.inner.provide_credentials().await.map_err(|error| {
                if causes(&error).any(<dyn Error>::is::<Lost>) {
                    return error;
                }
                let cause = format!("{} gives no credentials: {}", self.what, chain(&error));
                Lack { cause, next: self.next.clone() }.into()
            })
        })
    }
}

/// The last that is asked: it may well not be there.
#[derive(Debug)]
pub(super) struct Last {
    pub(super) inner: SharedCredentialsProvider,
    pub(super) lack: Lack,
}

impl ProvideCredentials for Last {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            self.inner.provide_credentials().await.map_err(|error| {
                tracing::debug!(error = chain(&error), "no credentials of the machine");
                self.lack.clone().into()
            })
        })
    }
}

/// Credentials whose secrets are taken out of all messages from then on: AWS quotes session tokens when a signature does not
/// fit. A failure is believed for a while, as the machine's metadata service or a program may be slow to say no.
#[derive(Debug)]
pub(super) struct Known {
    inner: SharedCredentialsProvider,
    failed: Mutex<Option<(Instant, Arc<CredentialsError>)>>,
}

/// A failure of a moment ago.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct Again(Arc<CredentialsError>);

impl Known {
    pub(super) fn new(inner: SharedCredentialsProvider) -> Self {
        Self { inner, failed: Mutex::default() }
    }

    async fn credentials(&self) -> provider::Result {
        if let Some(failed) = self.failed_lately() {
            return Err(CredentialsError::provider_error(Again(failed)));
        }
        match self.inner.provide_credentials().await {
            Ok(found) => {
                learn(found.secret_access_key());
                found.session_token().into_iter().for_each(learn);
                Ok(found)
            }
            Err(error) => {
                let error = Arc::new(error);
                if !causes(error.as_ref()).any(<dyn Error>::is::<Lost>) {
                    *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), error.clone()));
                }
                Err(CredentialsError::provider_error(Again(error)))
            }
        }
    }

    fn failed_lately(&self) -> Option<Arc<CredentialsError>> {
        let failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        failed.as_ref().filter(|(since, _)| since.elapsed() < FAILURE_MEMORY).map(|(_, error)| error.clone())
    }
}

impl ProvideCredentials for Known {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.credentials())
    }
}
