//! What stands in a certificate's Secrets: further forms, stores, copies; kept in step without a new certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use berth::domain::certificate::Chain;
use berth::domain::keystore::key_der;
use berth::domain::tls_secret::bytes;
use berth::sdk::Secret;
use serde_json::{Value, json};

use super::{Namespace, account, certificate, kubectl, provider, text};
use crate::sandbox::value;
use crate::stores;
use crate::workspace::{Cli, Workspace};

const HOME: &str = "labels = { team = \"a\" }";
const ADDRESS: &str = "berth_acme_certificate.web";

/// The names of a Secret's entries.
fn entries(namespace: &Namespace) -> Vec<String> {
    let secret = namespace.secret("web-tls").unwrap();
    secret["data"].as_object().unwrap().keys().cloned().collect()
}

fn serial(workspace: &Workspace) -> String {
    text(&workspace.attributes(ADDRESS), "serial_number")
}

/// A configuration with more in `kubernetes_secret`, and a variable for a password.
fn configuration(namespace: &Namespace, more: &str) -> String {
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let home = format!("{HOME}\n{more}\n");
    let certificate = certificate(namespace, &[&name], "")
        .replace(HOME, &home)
        .replace("kubernetes_secret = { namespace = \"", "kubernetes_secret = {\n namespace = \"");
    let variable = "variable \"password\" {\n  type      = string\n  default   = null\n  ephemeral = true\n}\n";
    provider("")
        + variable
        + &account(namespace)
        + &certificate.replace(", name = \"web-tls\", labels", "\n name = \"web-tls\"\n labels")
}

fn patch(namespace: &Namespace, secret: &str, change: &Value) {
    let done = kubectl(&["patch", "secret", secret, "-n", &namespace.0, "--type=merge", "-p", &change.to_string()]);
    assert!(done.is_some(), "{secret} is patched");
}

/// Plans an update, applies it, and finds the same certificate after it.
fn heals(workspace: &Workspace, told: &str) {
    let before = serial(workspace);
    let change = workspace.plan().changes_something().changes();
    assert!(change.contains(&(ADDRESS.to_owned(), "update".to_owned())), "{change:?}");
    workspace.refresh().succeeds();
    let drift = workspace.attributes(ADDRESS)["drift"].to_string();
    assert!(drift.contains(told), "{drift} does not tell of {told}");
    workspace.apply().succeeds();
    assert_eq!(serial(workspace), before, "nothing was issued");
    workspace.plan().changes_nothing();
}

/// Reads all forms of the Secret, with the passwords of the stores.
fn all_forms_agree(namespace: &Namespace, pkcs12: &str, jks: &str) {
    let secret = namespace.secret("web-tls").unwrap();
    let (chain, key) = (namespace.entry("web-tls", "tls.crt"), namespace.entry("web-tls", "tls.key"));
    let combined = namespace.entry("web-tls", "tls-combined.pem");
    let (first, rest) = combined.split_once("-----BEGIN CERTIFICATE").unwrap();
    assert_eq!((first.trim(), format!("-----BEGIN CERTIFICATE{rest}")), (key.trim(), chain.clone()));
    let der = key_der(&Secret::new(key)).unwrap();
    assert_eq!(bytes(&secret, "key.der").unwrap(), der);
    let certificates: Vec<_> = Chain::ders(&chain).unwrap().iter().map(|one| STANDARD.encode(one)).collect();

    let told = stores::pkcs12(&bytes(&secret, "keystore.p12").unwrap(), pkcs12).unwrap();
    let found: Vec<_> = Chain::ders(&told).unwrap().iter().map(|one| STANDARD.encode(one)).collect();
    assert_eq!(found, certificates);
    let start = told.find("-----BEGIN PRIVATE KEY").unwrap();
    assert_eq!(Chain::parse(&chain).unwrap().facts.matches_key(&told[start..]), Ok(true));

    let store = stores::jks(&bytes(&secret, "keystore.jks").unwrap(), jks).unwrap();
    assert_eq!((&store["web"].key, &store["web"].certificates), (&Some(STANDARD.encode(&der)), &certificates));
    let authority = namespace.entry("web-tls", "ca.crt");
    let authorities: Vec<_> = Chain::ders(&authority).unwrap().iter().map(|one| STANDARD.encode(one)).collect();
    let trusted = stores::jks(&bytes(&secret, "truststore.jks").unwrap(), jks).unwrap();
    assert_eq!(trusted["ca"].certificates, authorities);
    let trusted = stores::pkcs12(&bytes(&secret, "truststore.p12").unwrap(), pkcs12).unwrap();
    assert!(!trusted.contains("PRIVATE KEY"), "{trusted}");
}

#[test]
#[ignore = "needs the sandbox"]
fn forms_and_stores_stand_in_the_secret_and_are_kept_so_without_a_new_certificate() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "forms-tofu" } else { "forms" });
        let password = |text: &str| json!({ "stringData": { "password": text } });
        kubectl(&["create", "secret", "generic", "stores", "-n", &namespace.0]).unwrap();
        patch(&namespace, "stores", &password("first-of-the-cluster"));
        let forms = |version: u8, profile: &str| {
            format!(
                "formats = [\"combined_pem\", \"der_key\"]\n ca_pem = file(\"{}\")\n keystores = {{\n\
                 pkcs12 = {{ password_secret_ref = {{ name = \"stores\" }}, profile = \"{profile}\" }}\n\
                 jks = {{ password_wo = var.password, password_wo_version = {version}, alias = \"web\" }}\n }}",
                value("SANDBOX_ACME_CA_FILE"),
            )
        };
        let mut workspace = Workspace::on(&cli, &configuration(&namespace, &forms(1, "Modern2023")))
            .secret("password", "first-of-the-user");
        workspace.never_shows("first-of-the-cluster");
        workspace.never_shows("second-of-the-cluster");
        workspace.apply().succeeds();
        all_forms_agree(&namespace, "first-of-the-cluster", "first-of-the-user");
        let issued = serial(&workspace);
        workspace.plan().changes_nothing();

        patch(&namespace, "web-tls", &json!({ "data": { "key.der": null } }));
        heals(&workspace, "lacks `key.der`");
        patch(&namespace, "web-tls", &json!({ "data": { "keystore.p12": STANDARD.encode("other") } }));
        heals(&workspace, "holds others than were written");
        patch(&namespace, "stores", &password("second-of-the-cluster"));
        heals(&workspace, "another password");
        all_forms_agree(&namespace, "second-of-the-cluster", "first-of-the-user");

        let workspace = workspace.secret("password", "second-of-the-user");
        workspace.configure(&configuration(&namespace, &forms(2, "LegacyDES")));
        workspace.apply().succeeds();
        all_forms_agree(&namespace, "second-of-the-cluster", "second-of-the-user");
        workspace.plan().changes_nothing();

        workspace.configure(&configuration(&namespace, "formats = [\"der_key\"]"));
        workspace.apply().succeeds();
        assert_eq!(entries(&namespace), ["key.der", "tls.crt", "tls.key"]);
        workspace.plan().changes_nothing();
        workspace.configure(&configuration(&namespace, ""));
        workspace.apply().succeeds();
        assert_eq!(entries(&namespace), ["tls.crt", "tls.key"]);
        assert_eq!(serial(&workspace), issued, "nothing was issued in all that");
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(namespace.secret("web-tls").is_none());
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn copies_are_kept_in_step_and_give_the_key_back() {
    for cli in Cli::all() {
        let tofu = if cli.is_tofu() { "-tofu" } else { "" };
        let (namespace, other) =
            (Namespace::new(&format!("copies{tofu}")), Namespace::new(&format!("copies-other{tofu}")));
        let copies = format!(
            "formats = [\"der_key\"]\n copies = [{{ namespace = \"{0}\", labels = {{ team = \"b\" }} }}, {{ namespace = \
             \"{0}\", name = \"more\" }}]",
            other.0
        );
        let mut workspace = Workspace::on(&cli, &configuration(&namespace, &copies));
        workspace.apply().succeeds();
        let content = |namespace: &Namespace, name: &str| namespace.secret(name).unwrap()["data"].clone();
        let in_step = || {
            assert_eq!(content(&namespace, "web-tls"), content(&other, "web-tls"));
            assert_eq!(content(&namespace, "web-tls"), content(&other, "more"));
        };
        in_step();
        workspace.never_shows(namespace.entry("web-tls", "tls.key").lines().nth(1).unwrap());
        assert_eq!(other.secret("web-tls").unwrap()["metadata"]["labels"]["team"], "b");
        workspace.plan().changes_nothing();

        patch(
            &other,
            "more",
            &json!({ "data": { "tls.crt": STANDARD.encode("nothing") }, "metadata": { "labels": { "their": "own" } } }),
        );
        heals(&workspace, "more holds no certificate");
        in_step();
        assert_eq!(other.secret("more").unwrap()["metadata"]["labels"]["their"], "own");
        kubectl(&["delete", "secret", "web-tls", "-n", &other.0]).unwrap();
        heals(&workspace, "is gone");
        kubectl(&["delete", "secret", "web-tls", "-n", &namespace.0]).unwrap();
        kubectl(&["delete", "secret", "more", "-n", &other.0]).unwrap();
        heals(&workspace, "is gone");
        in_step();

        // The first becomes a copy, and a copy the first.
        let issued = serial(&workspace);
        let swapped = configuration(&namespace, &format!("copies = [{{ namespace = \"{}\" }}]", namespace.0)).replace(
            &format!("{{\n namespace = \"{}\"\n name = \"web-tls\"", namespace.0),
            &format!("{{\n namespace = \"{}\"\n name = \"web-tls\"", other.0),
        );
        workspace.configure(&swapped);
        workspace.apply().succeeds();
        assert_eq!(content(&namespace, "web-tls"), content(&other, "web-tls"));
        assert!(other.secret("more").is_none(), "a copy that is no more is removed");
        assert_eq!(serial(&workspace), issued);
        workspace.plan().changes_nothing();

        for namespace in [&namespace, &other] {
            kubectl(&["delete", "secret", "web-tls", "-n", &namespace.0]).unwrap();
        }
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        assert_ne!(serial(&workspace), issued, "the key was nowhere any more");
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(namespace.secret("web-tls").is_none() && other.secret("web-tls").is_none());
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_cannot_be_stored_is_told_before_anything_is_ordered() {
    let (namespace, other) = (Namespace::new("refused"), Namespace::new("refused-other"));
    kubectl(&["create", "secret", "generic", "web-tls", "-n", &other.0, "--from-literal=their=own"]).unwrap();
    let elsewhere = |namespace: &str| format!("copies = [{{ namespace = \"{namespace}\" }}]");
    let store = "keystores = { pkcs12 = { password_secret_ref = { name = \"no-such\" } } }";
    let workspace = Workspace::new("");
    let nowhere = format!("{}-nowhere", namespace.0);
    for (more, told) in
        [(elsewhere(&other.0), "web-tls"), (elsewhere(&nowhere), "nowhere"), (store.to_owned(), "BERTH-ACME-071")]
    {
        workspace.configure(&configuration(&namespace, &more));
        let errors = workspace.apply().fails();
        assert!(errors.contains(told), "{errors}");
        assert!(namespace.secret("web-tls").is_none() && namespace.secret("web-tls-acme-order").is_none());
    }
    assert!(!workspace.log().contains("order-plz"), "something was ordered");
    assert_eq!(other.entry("web-tls", "their"), "own");
    workspace.destroy().succeeds();
    assert!(other.secret("web-tls").is_some());
}

#[test]
#[ignore = "needs the sandbox"]
fn a_secret_that_is_taken_back_from_cert_manager_bears_nothing_for_it_any_more() {
    let namespace = Namespace::new("back");
    let handed = "cert_manager = { certificate = \"web\", issuer = \"local\" }";
    let workspace = Workspace::new(&configuration(&namespace, handed));
    workspace.apply().succeeds();
    let annotations = || namespace.secret("web-tls").unwrap()["metadata"]["annotations"].clone();
    assert_eq!(annotations()["cert-manager.io/certificate-name"], "web");
    let issued = serial(&workspace);
    let theirs = json!({ "metadata": { "annotations": { "other.io/tool": "stays" }, "labels": { "other": "stays" } } });
    patch(&namespace, "web-tls", &theirs);
    workspace.plan().changes_nothing();

    workspace.configure(&configuration(&namespace, ""));
    workspace.apply().succeeds();
    let names: Vec<_> = annotations().as_object().unwrap().keys().cloned().collect();
    assert_eq!(names, ["berth/acme-directory", "berth/acme-wish", "berth/owner", "other.io/tool"]);
    let labels = namespace.secret("web-tls").unwrap()["metadata"]["labels"].clone();
    assert_eq!(labels, json!({ "app.kubernetes.io/managed-by": "berth", "other": "stays", "team": "a" }));
    assert_eq!(serial(&workspace), issued);
    assert!(text(&workspace.attributes(ADDRESS), "renewal_reason").contains("the CA suggests"), "it renews here again");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(namespace.secret("web-tls").is_none());
}
