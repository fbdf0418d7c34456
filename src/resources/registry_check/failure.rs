//! Why a step of a check failed, how long that may pass by itself, and what mends it.

use std::time::Duration;

use crate::clients::http::{Flaw, HttpError};
use crate::clients::oci::OciError;
use crate::domain::certificate::Facts;

/// What of the operation's time is kept for the steps that come after one that waits.
const RESERVE: Duration = Duration::from_secs(45);

/// How a further CA is trusted here.
const TRUST: &str = "set `ca_pem`, or `ca_file` in the provider's `registries`, or SSL_CERT_FILE";

/// Why a step failed.
#[derive(Debug)]
pub struct Failure {
    pub cause: String,
    /// Said instead of the step's own remedy.
    pub next: Option<String>,
    /// Whether trying again may help.
    pub passing: Passing,
}

/// How a failure may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// It does not.
    Never,
    /// A record or a load balancer is new: the one may take minutes to be seen, the other to answer.
    Place,
    /// A certificate is new: an Ingress controller shows one of its own until it has read the Secret.
    Certificate,
    /// It is the wrong certificate, and no placeholder: only a change that is just under way may mend that.
    Soon,
}

impl Passing {
    /// How long trying again may help, of the time that the whole operation has: more `timeouts`, more patience.
    pub fn patience(self, limit: Duration) -> Duration {
        match self {
            Self::Never => Duration::ZERO,
            Self::Place => limit.saturating_sub(RESERVE).max(limit / 4),
            Self::Certificate => limit / 5,
            Self::Soon => (limit / 5).min(Duration::from_secs(5)),
        }
    }
}

/// What mends a certificate that is not accepted.
fn remedy(flaw: Flaw) -> Option<&'static str> {
    match flaw {
        Flaw::Name => Some(
            "have the registry serve a certificate for this name (tls.secret_name of the registry or the Ingress), or correct host",
        ),
        Flaw::Issuer => Some(
            "if this is the right certificate, put the root of its CA into ca_pem, into registries of the provider block, or into the file of SSL_CERT_FILE; else \
             look which Secret the registry or the Ingress serves, or whether a proxy in between presents its own",
        ),
        Flaw::Time => {
            Some("renew the certificate, and have the registry or the Ingress serve the new one; check the clock")
        }
        Flaw::Other => None,
    }
}

/// Whether a certificate only stands in for one that is to come: it signs itself, as those do that Ingress controllers make.
pub fn is_placeholder(leaf: &Facts, chain_length: usize) -> bool {
    chain_length == 1 && leaf.subject == leaf.issuer
}

/// How long a node's failures to pull may go on.
pub fn pull_patience(limit: Duration) -> Duration {
    (limit / 15).max(Duration::from_secs(8))
}

impl Failure {
    pub fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), next: None, passing: Passing::Never }
    }
}

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let passing = match &error {
            HttpError::Name { .. } | HttpError::Unreachable { .. } | HttpError::Proxy { is_passing: true, .. } => {
                Passing::Place
            }
            HttpError::Certificate { .. } => Passing::Certificate,
            _ => Passing::Never,
        };
        let next = match &error {
            HttpError::Roots { .. } => Some("correct ca_pem".to_owned()),
            HttpError::Certificate { flaw, .. } => remedy(*flaw).map(str::to_owned),
            HttpError::Unreachable { .. } => {
                Some("check that the registry is up and its port can be reached".to_owned())
            }
            // A record that is missing is the step's own remedy.
            HttpError::Name { .. } => None,
            error => error.remedy(TRUST),
        };
        Self { cause: error.to_string(), next, passing }
    }
}

impl From<OciError> for Failure {
    fn from(error: OciError) -> Self {
        match error {
            OciError::Http(error) => error.into(),
            error => {
                let passing = match error {
                    OciError::Busy { .. } | OciError::Refused { status: 502..=504, .. } => Passing::Place,
                    _ => Passing::Never,
                };
                let next = match error {
                    OciError::TooLarge { .. } => {
                        Some("raise the body limit of the proxy or Ingress before the registry".to_owned())
                    }
                    OciError::Downgrade { .. } => Some(
                        "let what stands before the registry pass on X-Forwarded-Proto, or set the registry's \
                         http.relativeurls"
                            .to_owned(),
                    ),
                    _ => None,
                };
                Self { cause: error.to_string(), next, passing }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_grows_with_the_time_that_the_check_has_and_leaves_some_for_later_steps() {
        let minutes = Duration::from_mins;
        assert_eq!(Passing::Never.patience(minutes(5)), Duration::ZERO);
        assert_eq!(Passing::Place.patience(minutes(5)), Duration::from_secs(255));
        assert_eq!(Passing::Place.patience(minutes(15)), Duration::from_secs(855));
        assert_eq!(Passing::Place.patience(Duration::from_secs(20)), Duration::from_secs(5));
        assert_eq!(Passing::Certificate.patience(minutes(5)), minutes(1));
        assert_eq!(Passing::Soon.patience(minutes(5)), Duration::from_secs(5));
        assert_eq!(pull_patience(minutes(5)), Duration::from_secs(20));
        assert_eq!(pull_patience(minutes(1)), Duration::from_secs(8));
    }

    #[test]
    fn each_flaw_of_a_certificate_is_told_with_what_mends_it() {
        let told =
            |flaw| Failure::from(HttpError::Certificate { fault: "x".to_owned(), flaw }).next.unwrap_or_default();
        assert!(told(Flaw::Name).contains("for this name") && !told(Flaw::Name).contains("ca_pem"));
        assert!(told(Flaw::Issuer).contains("ca_pem"));
        assert!(told(Flaw::Time).contains("renew"));
    }
}
