//! A call to AWS that was not answered.

use std::fmt;

use crate::clients::aws::http::Lost;
use crate::clients::http::HttpError;

/// How a further CA is trusted here.
const TRUST: &str = "set AWS_CA_BUNDLE, `ca_bundle` of the profile, or SSL_CERT_FILE";

/// Who was asked what, where, and why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Silence {
    service: &'static str,
    operation: &'static str,
    place: Option<String>,
    error: HttpError,
}

impl Silence {
    pub(super) fn of(service: &'static str, operation: &'static str, lost: &Lost) -> Self {
        let Lost { place, error } = lost.clone();
        Self { service, operation, place: Some(place), error }
    }

    /// Of nothing but its words is known.
    pub(in crate::clients::aws) fn unknown(service: &'static str, operation: &'static str, fault: String) -> Self {
        Self { service, operation, place: None, error: HttpError::Unreachable { fault } }
    }

    pub(super) fn is_permanent(&self) -> bool {
        self.error.is_permanent()
    }

    pub(super) fn who(&self) -> String {
        let place = self.place.as_ref().map_or_else(String::new, |place| format!(" to {place},"));
        format!("The connection for {}:{}{place}", self.service, self.operation)
    }

    pub(super) fn cause(&self) -> String {
        self.error.to_string()
    }

    pub(super) fn next_step(&self) -> String {
        match (&self.error, self.error.remedy(TRUST)) {
            (_, Some(remedy)) => remedy,
            (HttpError::Roots { .. }, None) => "correct the path or the file, then apply again".to_owned(),
            _ => "check the network, and that address and proxy are right (`aws.endpoints`, AWS_ENDPOINT_URL, HTTPS_PROXY, \
                  NO_PROXY), then apply again"
                .to_owned(),
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.as_ref().map_or_else(String::new, |place| format!(" at {place}"));
        write!(f, "no answer from {} to {}{place}: {}", self.service, self.operation, self.error)
    }
}
