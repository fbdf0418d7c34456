//! What an answer of the API server, or the lack of one, means.

use std::collections::BTreeSet;

use kube::core::Status;
use kube::core::response::reason;
use url::Url;

use super::{ClusterError, FieldFault, Verb};
use crate::clients::cluster::settings::Source;
use crate::clients::http::{self, HttpError};
use crate::domain::admission::Refusal;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::proxy::Proxy;
use crate::explain::chain;

impl ClusterError {
    /// Reads an answer of the API server.
    pub(in crate::clients::cluster) fn from_status(
        status: &Status,
        verb: Verb,
        object: &ObjectRef,
        source: &Source,
    ) -> Self {
        let words = status.message.clone();
        match status.reason.as_str() {
            reason::UNAUTHORIZED => Self::Unauthorized { source_of_settings: source.clone(), words },
            reason::FORBIDDEN => forbidden(status, verb, object),
            reason::NOT_FOUND => not_found(status, object),
            reason::CONFLICT => conflict(status, object),
            reason::ALREADY_EXISTS => Self::Foreign { object: object.to_string() },
            reason::INVALID | reason::BAD_REQUEST => Self::Invalid {
                object: object.to_string(),
                faults: causes(status).map(|(_, fault)| fault).collect(),
                words,
            },
            _ => Self::by_code(status, verb, object, source),
        }
    }

    /// For answers without a known reason: proxies and aggregated APIs give bare codes.
    fn by_code(status: &Status, verb: Verb, object: &ObjectRef, source: &Source) -> Self {
        let words = status.message.clone();
        match status.code {
            401 => Self::Unauthorized { source_of_settings: source.clone(), words },
            403 => forbidden(status, verb, object),
            404 => not_found(status, object),
            409 => conflict(status, object),
            _ if is_of_another_type(&words) => {
                Self::Invalid { object: object.to_string(), faults: Vec::new(), words: typed_fault(&words) }
            }
            code => Self::Other { status: Some(code), words },
        }
    }
}

/// Server-side apply of a value that is of another type than its field has no reason and the status 500 (apimachinery,
/// `fieldmanager/structuredmerge.go`), as if it were the server's own fault.
fn is_of_another_type(words: &str) -> bool {
    words.starts_with("failed to create typed patch object")
}

/// Without the words of the server's own language.
fn typed_fault(words: &str) -> String {
    words.replace("&value.valueUnstructured", "")
}

/// The causes of an answer: their machine-readable reason, and the field with its message.
fn causes(status: &Status) -> impl Iterator<Item = (&str, FieldFault)> {
    status
        .details
        .iter()
        .flat_map(|details| &details.causes)
        .map(|cause| (cause.reason.as_str(), FieldFault { field: cause.field.clone(), message: cause.message.clone() }))
}

fn forbidden(status: &Status, verb: Verb, object: &ObjectRef) -> ClusterError {
    let terminating = causes(status).any(|(reason, _)| reason == "NamespaceTerminating");
    match &object.namespace {
        Some(namespace) if terminating => ClusterError::NamespaceTerminating { namespace: namespace.clone() },
        _ => match (Refusal::of(&status.message), object.to_string(), status.message.clone()) {
            (Some(refusal), object, words) => ClusterError::Refused { object, refusal, words },
            (None, object, words) => ClusterError::Forbidden { verb, object, words },
        },
    }
}

/// The API server names the namespace, not the object, when it is the namespace that is missing.
fn not_found(status: &Status, object: &ObjectRef) -> ClusterError {
    let missing = status.details.as_ref().filter(|details| details.kind == "namespaces");
    match (missing, &object.namespace) {
        (Some(_), Some(namespace)) => ClusterError::NamespaceMissing { namespace: namespace.clone() },
        _ => ClusterError::NotFound { object: object.to_string(), words: status.message.clone() },
    }
}

/// Server-side apply tells each field in dispute as a cause: `conflict with "MANAGER" using VERSION`.
fn conflict(status: &Status, object: &ObjectRef) -> ClusterError {
    let disputed: Vec<FieldFault> =
        causes(status).filter(|(reason, _)| *reason == "FieldManagerConflict").map(|(_, fault)| fault).collect();
    let named = disputed.iter().filter_map(|fault| fault.message.split('"').nth(1)).map(str::to_owned);
    let managers: Vec<String> = named.collect::<BTreeSet<_>>().into_iter().collect();
    ClusterError::Conflict {
        object: object.to_string(),
        manager: managers.first().cloned(),
        managers,
        fields: disputed.into_iter().map(|fault| fault.field).collect(),
        words: status.message.clone(),
    }
}

/// An error of the Kubernetes client below the API: connection, TLS, credentials, decoding.
pub(in crate::clients::cluster) fn from_transport(
    error: &kube::Error,
    server: &str,
    proxy: Option<&Proxy>,
    source: &Source,
) -> ClusterError {
    let source_of_settings = source.clone();
    // While the client is built, or within a call, when credentials are renewed.
    if let Some(fault) = credentials_fault(error) {
        return ClusterError::BadSource { source_of_settings, fault };
    }
    match error {
        kube::Error::SerdeError(fault) => ClusterError::Other {
            status: None,
            words: format!("something that is no JSON, line {} column {}", fault.line(), fault.column()),
        },
        kube::Error::HyperError(fault) => unreachable_server(fault, server, proxy, source_of_settings),
        kube::Error::Service(fault) => unreachable_server(fault.as_ref(), server, proxy, source_of_settings),
        other => unreachable_server(other, server, proxy, source_of_settings),
    }
}

fn unreachable_server(
    fault: &(dyn std::error::Error + 'static),
    server: &str,
    proxy: Option<&Proxy>,
    source_of_settings: Source,
) -> ClusterError {
    let server = server.to_owned();
    match http::fault(fault, Url::parse(&server).ok().as_ref(), proxy) {
        HttpError::Unreachable { fault } => ClusterError::Unreachable { server, source_of_settings, fault },
        error => ClusterError::NoWay { server, source_of_settings, error },
    }
}

/// What is wrong with the credentials, if they are the cause, without the arguments of a program and what it printed:
/// those may be tokens.
fn credentials_fault(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    use kube::client::AuthError;
    let mut causes = std::iter::successors(Some(error), |cause| cause.source());
    Some(match causes.find_map(auth_error)? {
        AuthError::AuthExecRun { out, .. } => {
            let complaint = String::from_utf8_lossy(&out.stderr);
            format!("the program that gives credentials ended with {}: {}", out.status, complaint.trim())
        }
        AuthError::AuthExecParse(_) | AuthError::ParseTokenKey(_) | AuthError::MalformedTokenExpirationDate(_) => {
            "the program that gives credentials printed none".to_owned()
        }
        other => chain(other),
    })
}

/// The fault of the credentials that an error is or holds: the client hides one within its own.
fn auth_error<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e kube::client::AuthError> {
    if let Some(kube::Error::Auth(fault)) = error.downcast_ref() {
        return Some(fault);
    }
    if let Some(kube::Error::Service(fault)) = error.downcast_ref() {
        return fault.downcast_ref();
    }
    error.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_fails_within_a_call_is_told_without_its_arguments_and_output() {
        let run = || {
            let command = std::process::Command::new("sh")
                .args(["-c", "echo hunter2; echo the session ended >&2; exit 1"])
                .output();
            kube::client::AuthError::AuthExecRun {
                cmd: "SECRET=hunter2 sh".to_owned(),
                out: Box::new(command.unwrap()),
            }
        };
        let source = Source::Host("https://a.test".to_owned());
        for error in [kube::Error::Auth(run()), kube::Error::Service(Box::new(run()))] {
            let error = from_transport(&error, "https://a.test", None, &source);
            let told = error.explain("x").to_string();
            assert_eq!(error.code(), "BERTH-K8S-002");
            assert!(told.contains("the session ended") && !told.contains("hunter2"), "{told}");
        }
    }
}
