//! What a node's words about a failed pull speak of.

use crate::domain::diagnosis::Cause;

/// What the node's words speak of. The kubelet passes on containerd's text; there is no code in it.
pub fn trouble(words: &str) -> Option<Cause> {
    let any = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if any(&["certificate has expired or is not yet valid"]) {
        Some(Cause::RegistryCertificateEnded)
    } else if any(&[
        "x509: certificate is valid for",
        "x509: cannot validate certificate for",
        "doesn't contain any IP SANs",
    ]) {
        Some(Cause::RegistryCertificateName)
    } else if any(&["x509:", "failed to verify certificate", "unable to read CA cert"]) {
        Some(Cause::NodeTrust)
    } else if any(&["no such host", "server misbehaving", "Temporary failure in name resolution"]) {
        Some(Cause::NodeName)
    } else if any(&["no match for platform"]) {
        Some(Cause::ImagePlatform)
    } else if any(&["insufficient_scope", "403 Forbidden", "denied: "]) && !any(&["pull access denied", "401"]) {
        Some(Cause::PullDenied)
    } else if any(&[
        "401 Unauthorized",
        "authorization failed",
        "no basic auth",
        "unauthorized",
        "pull access denied",
        "authentication required",
    ]) {
        Some(Cause::PullLoginMissing)
    } else if any(&[": not found", "manifest unknown", "404 Not Found"]) {
        Some(Cause::ImageMissing)
    } else if any(&[
        "connection refused",
        "i/o timeout",
        "no route to host",
        "deadline exceeded",
        "connection reset",
        "502 ",
        "503 ",
        "504 ",
    ]) {
        Some(Cause::NodeConnection)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_containerd_tell_what_failed() {
        for (words, cause) in [
            (
                "Head \"u\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
                Some(Cause::NodeTrust),
            ),
            ("unable to read CA cert \"/x\": open /x: no such file or directory", Some(Cause::NodeTrust)),
            ("x509: certificate is valid for a.test, not b.test", Some(Cause::RegistryCertificateName)),
            ("x509: certificate has expired or is not yet valid: current time", Some(Cause::RegistryCertificateEnded)),
            ("dial tcp: lookup hub.test on 127.0.0.1:53: no such host", Some(Cause::NodeName)),
            ("dial tcp 192.0.2.1:443: connect: connection refused", Some(Cause::NodeConnection)),
            (
                "pulling from host hub.test failed with status code [manifests 1]: 401 Unauthorized",
                Some(Cause::PullLoginMissing),
            ),
            (
                "pull access denied, repository does not exist or may require authorization",
                Some(Cause::PullLoginMissing),
            ),
            ("failed with status code [manifests 1]: 403 Forbidden", Some(Cause::PullDenied)),
            ("failed to resolve reference \"hub.test/a:1\": hub.test/a:1: not found", Some(Cause::ImageMissing)),
            ("no match for platform in manifest: not found", Some(Cause::ImagePlatform)),
            ("something that nobody has seen", None),
        ] {
            assert_eq!(trouble(words), cause, "{words}");
        }
    }
}
