//! Whose certificates are trusted, and by what.

use super::remotes::{Remote, World, asks};
use crate::fault_proxy::Faults;
use crate::sandbox::{cluster, value};
use crate::workspace::Workspace;

/// The sandbox's AWS behind a certificate of the sandbox's own CA.
fn aws_with_tls() -> Faults {
    let certificate = format!("{}/certificates/acme", value("SANDBOX_STATE_DIR"));
    let (certificate, key) = (format!("{certificate}.pem"), format!("{certificate}.key"));
    Faults::before(&value("AWS_ENDPOINT_URL"), &["--certificate", &certificate, "--key", &key])
}

#[test]
#[ignore = "needs the sandbox"]
fn aws_is_trusted_by_each_setting_that_its_own_tools_read() {
    let (world, aws, trust) = (World::open(), aws_with_tls(), value("SANDBOX_ACME_CA_FILE"));
    let workspace = || world.workspace(Remote::Aws, "").env("AWS_ENDPOINT_URL", aws.url());
    let errors = asks(&workspace()).fails();
    for word in ["UnknownIssuer", aws.url(), "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "SSL_CERT_FILE", "BERTH-AWS-004"] {
        assert!(errors.contains(word), "{word}: {errors}");
    }
    assert!(aws.answered().is_empty());
    asks(&workspace().env("AWS_CA_BUNDLE", &trust)).succeeds();
    asks(&workspace().env("SSL_CERT_FILE", &trust)).succeeds();
    let by_profile = workspace();
    let file = by_profile.write("config", &format!("[profile corp]\nca_bundle = {trust}\n"));
    asks(&by_profile.env("AWS_CONFIG_FILE", file.to_str().unwrap()).env("AWS_PROFILE", "corp")).succeeds();
    let errors = asks(&workspace().env("AWS_CA_BUNDLE", "/nonexistent/ca.pem")).fails();
    assert!(errors.contains("/nonexistent/ca.pem") && errors.contains("AWS_CA_BUNDLE"), "{errors}");
}

/// The cluster by address and token alone.
fn block(more: &str) -> String {
    let login = cluster();
    format!("kubernetes = {{\n host = \"{}\"\n token = \"{}\"\n{more}\n}}", login.host, login.token)
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_not_trusted_is_told_at_once_with_where_trust_is_set() {
    let world = World::open();
    let errors = asks(&world.workspace(Remote::Cluster, &block(""))).fails();
    for word in ["UnknownIssuer", "kubernetes.cluster_ca_certificate", "certificate-authority-data", "BERTH-K8S-003"] {
        assert!(errors.contains(word), "{word}: {errors}");
    }
    assert!(!errors.contains("the cluster is up"), "{errors}");
    let by_pem = block(&format!(" cluster_ca_certificate = file(\"{}\")", value("SANDBOX_ACME_CA_FILE")));
    asks(&world.workspace(Remote::Cluster, &by_pem)).succeeds();
    asks(&world.workspace(Remote::Cluster, &block("")).env("SSL_CERT_FILE", &value("SANDBOX_ACME_CA_FILE"))).succeeds();

    let without = |remote| -> Workspace {
        world.workspace(remote, "").env("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt")
    };
    let errors = asks(&without(Remote::Ca)).fails();
    for word in ["UnknownIssuer", "ca_file", "ca_pem", "SSL_CERT_FILE"] {
        assert!(errors.contains(word), "{word}: {errors}");
    }
    let workspace = without(Remote::Registry);
    let errors = asks(&workspace).fails();
    for word in ["UnknownIssuer", "ca_pem", "SSL_CERT_FILE", "step `tls`"] {
        assert!(errors.contains(word), "{word}: {errors}");
    }
    assert!(!workspace.log().contains("operation took 20s"), "it was not waited for");
}
