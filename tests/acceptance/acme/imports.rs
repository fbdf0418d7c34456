//! Certificates that were made elsewhere: in files, or by the provider that everybody uses.

use berth::domain::certificate::Chain;
use serde_json::{Value, json};

use super::{Namespace, account, certificate, kubectl, provider, text};
use crate::sandbox::value;
use crate::stores;
use crate::workspace::{Cli, Workspace};

const ADDRESS: &str = "berth_acme_certificate.web";

/// A configuration whose certificate has no Secret but what `home` says.
fn configuration(namespace: &Namespace, home: &str) -> String {
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let secret = format!(
        "kubernetes_secret = {{ namespace = \"{}\", name = \"web-tls\", labels = {{ team = \"a\" }} }}",
        namespace.0
    );
    provider("") + &account(namespace) + &certificate(namespace, &[&name], "").replace(&secret, home)
}

fn in_secret(namespace: &Namespace) -> String {
    format!("kubernetes_secret = {{ namespace = \"{}\", name = \"moved-tls\" }}", namespace.0)
}

/// A certificate with its key, as another program of ACME leaves it.
fn issued(namespace: &Namespace, key_type: &str) -> Value {
    let home = format!("private_key_in_state = true\n  key_type = \"{key_type}\"");
    let workspace = Workspace::new(&configuration(namespace, &home));
    workspace.apply().succeeds();
    set_free(namespace);
    workspace.attributes(ADDRESS)
}

/// A state that knew the account is lost: its key is set free for the next one, as the refusal says.
fn set_free(namespace: &Namespace) {
    let key = ["annotate", "secret", "acme-account", "-n", &namespace.0, "berth/owner-"];
    kubectl(&key).expect("the key is set free");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_certificate_in_files_is_taken_over_without_a_new_one() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "files-tofu" } else { "files" });
        let old = issued(&namespace, "ecdsa-p256");
        let (chain, key) = (text(&old, "fullchain_pem"), text(&old, "private_key_pem"));
        let mut workspace = Workspace::on(&cli, &configuration(&namespace, &in_secret(&namespace)));
        workspace.never_shows(key.lines().nth(1).unwrap());
        let (chain_file, key_file) = (workspace.write("web.pem", &chain), workspace.write("web.key", &key));
        let (chain_file, key_file) = (chain_file.display().to_string(), key_file.display().to_string());
        workspace.run(&["apply", "-auto-approve", "-target=berth_acme_account.main"]).succeeds();

        for (id, told) in [
            ("web".to_owned(), "BERTH-ACME-040"),
            ("file:no-such.pem".to_owned(), "BERTH-ACME-075"),
            (format!("file:{key_file}"), "BERTH-ACME-073"),
            (format!("file:{chain_file},key={chain_file}"), "BERTH-ACME-074"),
        ] {
            let errors = workspace.import(ADDRESS, &id).fails();
            assert!(errors.contains(told), "{id}: {errors}");
        }

        workspace.import(ADDRESS, &format!("file:{chain_file},key={key_file}")).succeeds();
        let change = workspace.plan().changes_something().changes();
        assert!(change.contains(&(ADDRESS.to_owned(), "update".to_owned())), "{change:?}");
        workspace.apply_plan().succeeds();
        assert_eq!(text(&workspace.attributes(ADDRESS), "serial_number"), text(&old, "serial_number"));
        assert_eq!((namespace.entry("moved-tls", "tls.key"), namespace.entry("moved-tls", "tls.crt")), (key, chain));
        workspace.plan().changes_nothing();
        std::fs::remove_file(workspace.path("web.key")).unwrap();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_imported_certificate_without_its_key_stays_where_none_is_needed() {
    let namespace = Namespace::new("keyless");
    let old = issued(&namespace, "ecdsa-p256");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let pair = rcgen::KeyPair::from_pem(&text(&old, "private_key_pem")).unwrap();
    let csr = rcgen::CertificateParams::new([name]).unwrap().serialize_request(&pair).unwrap().pem().unwrap();
    let workspace = Workspace::new(&configuration(&namespace, &format!("csr_pem = <<-END\n{csr}\n  END")));
    let chain_file = workspace.write("web.pem", &text(&old, "fullchain_pem")).display().to_string();
    workspace.run(&["apply", "-auto-approve", "-target=berth_acme_account.main"]).succeeds();
    workspace.import(ADDRESS, &format!("file:{chain_file}")).succeeds();
    workspace.apply().succeeds();
    assert_eq!(text(&workspace.attributes(ADDRESS), "serial_number"), text(&old, "serial_number"));
    workspace.plan().changes_nothing();

    // Where one is needed, the plan tells what happens; with it, the state gets it only if that is wished.
    workspace.run(&["state", "rm", ADDRESS]).succeeds();
    workspace.configure(&configuration(&namespace, "private_key_in_state = true"));
    workspace.import(ADDRESS, &format!("file:{chain_file}")).succeeds();
    let shown = workspace.plan().changes_something().diagnostics();
    assert!(shown.iter().any(|one| one.detail.contains("BERTH-ACME-076")), "the plan tells");
    workspace.run(&["state", "rm", ADDRESS]).succeeds();
    let key = text(&old, "private_key_pem");
    let key_file = workspace.write("web.key", &key).display().to_string();
    workspace.import(ADDRESS, &format!("file:{chain_file},key={key_file}")).succeeds();
    assert_eq!(workspace.attributes(ADDRESS)["private_key_pem"], Value::Null);
    workspace.apply().succeeds();
    assert_eq!(text(&workspace.attributes(ADDRESS), "private_key_pem"), key);
    assert_eq!(text(&workspace.attributes(ADDRESS), "serial_number"), text(&old, "serial_number"));
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

/// A workspace whose state holds an `acme_certificate`, and whose configuration moves it.
fn moving(cli: &Cli, old: &Value, spelling: &str, configuration: &str) -> Workspace {
    let workspace = Workspace::on(cli, configuration);
    let registry = if cli.is_tofu() { "registry.opentofu.org" } else { "registry.terraform.io" };
    let attributes = json!({
        "id": "9f4b0e2a", "account_key_pem": "gone with the account", "key_type": spelling, "must_staple": false,
        "certificate_pem": old["certificate_pem"], "issuer_pem": old["chain_pem"],
        "private_key_pem": stores::traditional(&text(old, "private_key_pem")),
        "certificate_p12": "MIIG-the-key-below-an-empty-password", "certificate_p12_password": "a-password-of-old",
        "min_days_remaining": 30, "profile": "", "common_name": text(old, "certificate_pem").len().to_string(),
    });
    let state = json!({
        "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "9f4b0e2a-0000-4000-8000-000000000000",
        "outputs": {}, "check_results": null,
        "resources": [{
            "mode": "managed", "type": "acme_certificate", "name": "web",
            "provider": format!("provider[\"{registry}/vancluever/acme\"]"),
            // Version 3 of the provider renamed the kinds of key.
            "instances": [{ "schema_version": if spelling.starts_with('E') { 7 } else { 5 }, "attributes": attributes, "sensitive_attributes": [] }],
        }],
    });
    workspace.write("moved.tf", "moved {\n  from = acme_certificate.web\n  to   = berth_acme_certificate.web\n}\n");
    workspace.write("terraform.tfstate", &state.to_string());
    workspace.stand_in_for("vancluever/acme");
    workspace
}

#[test]
#[ignore = "needs the sandbox"]
fn a_moved_certificate_keeps_its_key_in_the_secret_and_nothing_of_it_in_the_state() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "moving-tofu" } else { "moving" });
        let old = issued(&namespace, "ecdsa-p384");
        for spelling in ["P384", "EC384"] {
            let home = format!("{}\n  key_type = \"ecdsa-p384\"", in_secret(&namespace));
            let workspace = moving(&cli, &old, spelling, &configuration(&namespace, &home));
            workspace.apply().succeeds();
            assert_eq!(
                text(&workspace.attributes(ADDRESS), "serial_number"),
                text(&old, "serial_number"),
                "{spelling}"
            );
            let chain = Chain::parse(&namespace.entry("moved-tls", "tls.crt")).unwrap();
            let key = namespace.entry("moved-tls", "tls.key");
            assert_eq!(chain.facts.matches_key(&key), Ok(true));
            let state = workspace.state().to_string();
            for secret in [key.lines().nth(1).unwrap(), "MIIG-the-key", "a-password-of-old", "gone with the account"] {
                assert!(!state.contains(secret), "{spelling}: {secret} is still in the state");
            }
            workspace.plan().changes_nothing();
            workspace.run(&["state", "rm", "berth_acme_account.main"]).succeeds();
            set_free(&namespace);
            kubectl(&["delete", "secret", "moved-tls", "-n", &namespace.0]).unwrap();
        }
    }
}
