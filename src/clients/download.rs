//! Texts of the web whose digest is known beforehand: nothing else is ever taken, and each is fetched once in a process.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::{Client, StatusCode};

use super::http::{HttpError, Network};
use crate::digest::sha256_hex;
use crate::retry::{Attempt, Budget, Failed, Pace, Stopped, retry};

/// The pauses between attempts.
const PACE: Pace = Pace::new(Duration::from_millis(500), Duration::from_secs(5));

/// How long one who does not answer is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(Duration);

impl Patience {
    /// For a plan, which can do without.
    pub const SHORT: Self = Self(Duration::from_secs(2));
    /// For an apply.
    pub const LONG: Self = Self(Duration::from_secs(20));
}

/// How many bytes a text may have: those of cert-manager's releases have about one million.
const LIMIT: usize = 16 << 20;

/// Why there is no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// Nobody was reached, or the answer broke off.
    #[error(transparent)]
    NoAnswer(#[from] HttpError),
    /// The server has an answer, and it is not the text.
    #[error("it answers {0}")]
    Refused(StatusCode),
    /// It is too large to be what was meant.
    #[error("it has more than {} MiB", LIMIT >> 20)]
    TooLarge,
    /// It is another text.
    #[error("it has the SHA-256 {found}")]
    Other {
        /// Its digest.
        found: String,
    },
    /// It is no text.
    #[error("it is no text in UTF-8")]
    NotText,
    /// The time was over, or the user interrupted.
    #[error("{0}")]
    Stopped(Stopped),
}

impl DownloadError {
    /// Whether the text may be had later, or from elsewhere, under the same address.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoAnswer(_) | Self::Stopped(_) => true,
            Self::Refused(status) => is_of_trouble(*status),
            Self::TooLarge | Self::Other { .. } | Self::NotText => false,
        }
    }

    /// What to do about it, where that follows from the failure.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::NoAnswer(error) => error.remedy("SSL_CERT_FILE names a file of roots"),
            _ => None,
        }
    }
}

/// What was fetched so far, by digest.
#[derive(Debug, Default)]
pub struct Downloads(Mutex<BTreeMap<String, Arc<str>>>);

impl Downloads {
    /// The text at an address, if it is the one of this digest.
    ///
    /// # Errors
    /// It is not to be had, or is another one.
    pub async fn text(
        &self,
        network: &Network,
        (budget, patience): (&Budget, Patience),
        (url, sha256): (&str, &str),
    ) -> Result<Arc<str>, DownloadError> {
        let client = network.https(None)?;
        self.text_by(&client, network, (budget, patience), (url, sha256)).await
    }

    async fn text_by(
        &self,
        client: &Client,
        network: &Network,
        (budget, patience): (&Budget, Patience),
        (url, sha256): (&str, &str),
    ) -> Result<Arc<str>, DownloadError> {
        if let Some(known) = self.known().get(sha256) {
            return Ok(known.clone());
        }
        let bytes = patiently(network, client, (budget, patience), url).await?;
        let found = sha256_hex(&bytes);
        if found != sha256 {
            return Err(DownloadError::Other { found });
        }
        let text: Arc<str> = String::from_utf8(bytes).map_err(|_| DownloadError::NotText)?.into();
        self.known().insert(sha256.to_owned(), text.clone());
        Ok(text)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Arc<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tries while its failures may pass by themselves. An attempt that has begun has all the time there is.
async fn patiently(
    network: &Network,
    client: &Client,
    (budget, patience): (&Budget, Patience),
    url: &str,
) -> Result<Vec<u8>, DownloadError> {
    let trying = budget.at_most(patience.0);
    let fetched = retry(budget, PACE, || async {
        match fetch(network, client, url).await {
            Err(error) if may_pass(&error) && trying.check().is_ok() => {
                tracing::debug!(%error, url, "trying again");
                Attempt::Again(error, None)
            }
            done => Attempt::Done(done),
        }
    });
    fetched.await.map_err(|failed| match failed {
        Failed::Error(error) | Failed::Stopped(Stopped::Deadline, Some(error)) => error,
        Failed::Stopped(stopped, _) => DownloadError::Stopped(stopped),
    })
}

fn may_pass(error: &DownloadError) -> bool {
    match error {
        DownloadError::NoAnswer(error) => !error.is_permanent(),
        other => other.is_passing(),
    }
}

async fn fetch(network: &Network, client: &Client, url: &str) -> Result<Vec<u8>, DownloadError> {
    let mut answer = match client.get(url).send().await {
        Ok(answer) => answer,
        Err(error) => return Err(network.fault(&error).await.into()),
    };
    if !answer.status().is_success() {
        return Err(DownloadError::Refused(answer.status()));
    }
    let mut bytes = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(part)) => bytes.extend_from_slice(&part),
            Ok(None) => return Ok(bytes),
            Err(error) => return Err(network.fault(&error).await.into()),
        }
        if bytes.len() > LIMIT {
            return Err(DownloadError::TooLarge);
        }
    }
}

/// The server's own trouble, or too many requests: another attempt may do (RFC 9110 §15.6, RFC 6585 §4).
fn is_of_trouble(status: StatusCode) -> bool {
    status.is_server_error() || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status)
}
