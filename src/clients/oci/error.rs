//! Why a registry did not do what was asked.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{Response, StatusCode};
use serde::Deserialize;

use crate::clock::Clock;
use crate::explain::chain;
use crate::secret::hidden;

use super::super::http::{HttpError, retry_after};

/// The largest document read from a registry: manifests are limited to 4 MiB by distribution.
const DOCUMENT_LIMIT: usize = 8 * 1024 * 1024;

/// Why a registry did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OciError {
    /// It was not reached.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The login is wrong or missing.
    #[error("the registry does not accept the login{}", said(words))]
    Unauthorized {
        /// The registry's words.
        words: String,
    },
    /// The login is right and may not do this.
    #[error("the registry does not allow it{}", said(words))]
    Denied {
        /// The registry's words.
        words: String,
    },
    /// There is no such thing.
    #[error("the registry does not have it{}", said(words))]
    NotFound {
        /// The registry's words.
        words: String,
    },
    /// What answers at its address speaks no registry's language: what stands before it may not know the way to it yet.
    #[error("what answers there is no registry, or does not lead to one yet: status 404{}", said(words))]
    NoRegistry {
        /// Its words.
        words: String,
    },
    /// Something on the way takes no body of this size.
    #[error("{size} bytes are too large for something on the way: status 413")]
    TooLarge {
        /// How many bytes were sent.
        size: usize,
    },
    /// It cannot do this: deleting is switched off.
    #[error("the registry does not support it{}", said(words))]
    Unsupported {
        /// The registry's words.
        words: String,
    },
    /// It wants to be asked less often.
    #[error("the registry wants to be asked less often{}{}", after(*pause), said(words))]
    Throttled {
        /// The registry's words.
        words: String,
        /// The pause that it asks for (RFC 9110 §10.2.3).
        pause: Option<Duration>,
    },
    /// It is in trouble, and says when to ask again (RFC 9110 §15.6.4).
    #[error("the registry answers with status 503{}{}", after(Some(*pause)), said(words))]
    Busy {
        /// The registry's words.
        words: String,
        /// The pause that it asks for.
        pause: Duration,
    },
    /// Any other answer.
    #[error("the registry answers with status {status}{}", said(words))]
    Refused {
        /// The status.
        status: u16,
        /// The registry's words.
        words: String,
    },
    /// It leads from TLS to an address without.
    #[error("it leads to `{url}`, without TLS: nothing was sent there")]
    Downgrade {
        /// The address.
        url: String,
    },
    /// What came back is not what was asked for.
    #[error("the content does not fit its digest: {found} instead of {wanted}")]
    Digest {
        /// What was asked for.
        wanted: String,
        /// What came.
        found: String,
    },
    /// What was to be sent cannot be read.
    #[error("what is to be sent cannot be read: {fault}")]
    Source {
        /// Why.
        fault: String,
    },
}

impl OciError {
    /// Whether the same may succeed a little later by itself.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Http(error) => !error.is_permanent(),
            // Distribution says so with status 500.
            error if error.is_incomplete() => false,
            Self::NoRegistry { .. }
            | Self::Throttled { .. }
            | Self::Busy { .. }
            | Self::Refused { status: 408 | 500 | 502..=504, .. } => true,
            _ => false,
        }
    }

    /// Whether it is how registries say that they do not delete, or not so: by tag, for example.
    pub fn is_of_undeletable(&self) -> bool {
        matches!(self, Self::Unsupported { .. } | Self::Refused { status: 400 | 501, .. })
    }

    /// Whether a manifest was refused for something that it names and the registry does not have.
    pub(super) fn is_incomplete(&self) -> bool {
        matches!(self, Self::Refused { words, .. } | Self::NotFound { words } if words.contains("MANIFEST_BLOB_UNKNOWN"))
    }

    /// The pause that the registry asks for. None wants to be asked again at once, whatever it says.
    pub(super) fn pause(&self) -> Option<Duration> {
        match self {
            Self::Throttled { pause, .. } => pause.filter(|pause| !pause.is_zero()),
            Self::Busy { pause, .. } => Some(*pause).filter(|pause| !pause.is_zero()),
            _ => None,
        }
    }
}

fn after(pause: Option<Duration>) -> String {
    pause.map_or_else(String::new, |pause| format!(", and again after {} seconds", pause.as_secs()))
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

pub(super) fn broken_off(error: &reqwest::Error) -> OciError {
    OciError::Http(HttpError::Unreachable { fault: chain(error) })
}

/// The whole answer, if it is no larger than documents are.
pub(super) async fn limited(mut answer: Response) -> Result<Bytes, OciError> {
    let mut content = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| broken_off(&error))? {
        content.extend_from_slice(&chunk);
        if content.len() > DOCUMENT_LIMIT {
            let words = format!("the answer has more than {DOCUMENT_LIMIT} bytes");
            return Err(OciError::Refused { status: answer.status().as_u16(), words });
        }
    }
    Ok(Bytes::from(content))
}

/// The answer if it is a success, else the error it stands for; `size` bytes had been sent.
pub(super) async fn checked(answer: Response, size: usize) -> Result<Response, OciError> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let pause = retry_after(answer.headers(), Clock::system().now());
    let body = limited(answer).await.unwrap_or_default();
    let words = words_of(&body);
    Err(match (status, pause) {
        (StatusCode::SERVICE_UNAVAILABLE, Some(pause)) => OciError::Busy { words, pause },
        _ => refusal(status, words, pause, size),
    })
}

fn refusal(status: StatusCode, words: String, pause: Option<Duration>, size: usize) -> OciError {
    match status {
        StatusCode::UNAUTHORIZED => OciError::Unauthorized { words },
        StatusCode::FORBIDDEN => OciError::Denied { words },
        StatusCode::NOT_FOUND => OciError::NotFound { words },
        StatusCode::METHOD_NOT_ALLOWED => OciError::Unsupported { words },
        StatusCode::PAYLOAD_TOO_LARGE => OciError::TooLarge { size },
        StatusCode::TOO_MANY_REQUESTS => OciError::Throttled { words, pause },
        _ => OciError::Refused { status: status.as_u16(), words },
    }
}

/// Whether an answer to the first question to a registry is that of something else: all that one answers is JSON or bears its header
/// (OCI Distribution Specification, "Determining Support").
pub(super) async fn stranger(answer: Response) -> Option<OciError> {
    let is_told = answer.headers().contains_key("docker-distribution-api-version");
    if answer.status() != StatusCode::NOT_FOUND || is_told {
        return None;
    }
    let body = limited(answer).await.unwrap_or_default();
    let is_json = serde_json::from_slice::<serde_json::Value>(&body).is_ok();
    (!is_json).then(|| OciError::NoRegistry { words: words_of(&body) })
}

#[derive(Default, Deserialize)]
struct Envelope {
    errors: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The registry's own words: its error envelope, or else the beginning of the body.
fn words_of(body: &[u8]) -> String {
    let envelope: Envelope = serde_json::from_slice(body).unwrap_or_default();
    let complaints: Vec<String> =
        envelope.errors.iter().map(|error| format!("{} {}", error.code, error.message).trim().to_owned()).collect();
    if complaints.is_empty() {
        return hidden(String::from_utf8_lossy(body).trim()).chars().take(200).collect();
    }
    complaints.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_registrys_words_are_its_codes_and_messages() {
        let body = br#"{"errors":[{"code":"DENIED","message":"no push","detail":[1]}]}"#;
        assert_eq!(words_of(body), "DENIED no push");
        assert_eq!(words_of(b"<html>413</html>"), "<html>413</html>");
    }

    #[test]
    fn what_may_pass_is_told_apart_from_what_does_not() {
        let refused = |status| OciError::Refused { status, words: String::new() };
        assert!([500, 502, 503, 504, 408].into_iter().all(|status| refused(status).is_passing()));
        assert!([400, 409, 416, 501].into_iter().all(|status| !refused(status).is_passing()));
        assert!(OciError::Throttled { words: String::new(), pause: None }.is_passing());
        let lost = OciError::Refused { status: 500, words: "UNKNOWN; MANIFEST_BLOB_UNKNOWN blob unknown".to_owned() };
        assert!(lost.is_incomplete() && !lost.is_passing());
        assert!(!OciError::Denied { words: String::new() }.is_passing());
    }
}
