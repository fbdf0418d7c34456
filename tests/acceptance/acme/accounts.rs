//! Accounts: their keys, terms and what they need of the CA.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Namespace, account, account_in, certificate, kubectl, provider, text};
use crate::fault_proxy::Faults;
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

#[test]
#[ignore = "needs the sandbox"]
fn a_ca_whose_root_is_not_trusted_is_told_with_the_setting() {
    let namespace = Namespace::new("untrusted");
    let provider =
        format!("provider \"berth\" {{\n  acme = {{ directory_url = \"{}\" }}\n}}\n", value("SANDBOX_ACME_DIRECTORY"));
    let errors = Workspace::new(&(provider + &account(&namespace))).apply().fails();
    assert!(errors.contains("BERTH-ACME-001") && errors.contains("ca_file"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn terms_are_agreed_to_explicitly_and_the_link_is_shown() {
    let namespace = Namespace::new("terms");
    let configuration = provider("") + &account(&namespace).replace("terms_of_service_agreed = true", "");
    let errors = Workspace::new(&configuration).apply().fails();
    assert!(errors.contains("BERTH-ACME-007") && errors.contains("https://"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_key_may_be_write_only_and_never_shows() {
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let configuration = provider("")
        + r#"
variable "key" {
  type      = string
  ephemeral = true
}
resource "berth_acme_account" "main" {
  terms_of_service_agreed = true
  account_key             = { pem_wo = var.key, pem_wo_version = 1 }
}
"#;
    let workspace = Workspace::new(&configuration).secret("key", &key);
    workspace.apply().succeeds();
    let made = workspace.attributes("berth_acme_account.main");
    workspace.plan().changes_nothing();
    // A lost state finds the same account by its key.
    std::fs::remove_file(workspace.path("terraform.tfstate")).unwrap();
    workspace.apply().succeeds();
    assert_eq!(text(&workspace.attributes("berth_acme_account.main"), "account_url"), text(&made, "account_url"));
    workspace.destroy().succeeds();
}

/// An account whose key lies in a file beside the configuration, with more settings.
fn account_of_file(file: &str, more: &str) -> String {
    format!(
        r#"{}
resource "berth_acme_account" "main" {{
  terms_of_service_agreed = true
  contacts                = ["mailto:ops@sandbox.test"]
  account_key             = {{ file = "{file}" }}
{more}
}}
"#,
        provider("")
    )
}

fn account_facts(workspace: &Workspace) -> (String, String, String) {
    let account = workspace.attributes("berth_acme_account.main");
    (text(&account, "account_url"), text(&account, "key_thumbprint"), text(&account, "status"))
}

#[test]
#[ignore = "needs the sandbox"]
fn keys_of_other_clients_are_adopted_and_their_accounts_found_again() {
    let rsa = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
    for key in [rsa, p384] {
        let workspace = Workspace::new(&account_of_file("account.pem", ""));
        workspace.write("account.pem", &key.serialize_pem());
        workspace.apply().succeeds();
        let (url, ..) = account_facts(&workspace);
        workspace.plan().changes_nothing();
        // A state that was lost finds the account by its key, and changes its contacts in place.
        std::fs::remove_file(workspace.path("terraform.tfstate")).unwrap();
        workspace.configure(&account_of_file("account.pem", "").replace("ops@", "new@"));
        workspace.apply().succeeds();
        assert_eq!(account_facts(&workspace).0, url);
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_secret_of_cert_manager_is_adopted() {
    let namespace = Namespace::new("adopt");
    // cert-manager makes RSA keys and stores them as PKCS#1 under `tls.key`.
    let rsa = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    let inner = STANDARD.encode(&rsa.serialize_der()[26..]);
    let entry =
        format!("--from-literal=tls.key=-----BEGIN RSA PRIVATE KEY-----\n{inner}\n-----END RSA PRIVATE KEY-----\n");
    kubectl(&["create", "secret", "generic", "letsencrypt", "-n", &namespace.0, &entry]).unwrap();
    let secret = || account(&namespace).replace("acme-account", "letsencrypt").replace("generate          = true", "");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let certificate = certificate(&namespace, &[&name], "").replace("acme-account", "letsencrypt");
    let workspace = Workspace::new(&(provider("") + &secret() + &certificate));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(namespace.secret("letsencrypt").is_some(), "the key is not ours to remove");
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_takes_another_key_in_place_and_its_certificate_does_not_notice() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "rollover-tofu" } else { "rollover" });
        let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
        let secret = format!("  kubernetes_secret = {{ namespace = \"{}\", name = \"web-tls\" }}\n", namespace.0);
        let certificate = |file: &str| {
            format!(
                r#"
resource "berth_acme_certificate" "web" {{
  account_url = berth_acme_account.main.account_url
  account_key = {{ file = "{file}" }}
  dns_names   = ["{name}"]
{secret}}}
"#
            )
        };
        let configuration = |file: &str, more: &str| account_of_file(file, more) + &certificate(file);
        let workspace = Workspace::on(&cli, &configuration("old.pem", ""));
        let new_key = || rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap().serialize_pem();
        for file in ["old.pem", "new.pem", "newest.pem"] {
            workspace.write(file, &new_key());
        }
        workspace.apply().succeeds();
        let (url, old, _) = account_facts(&workspace);
        let serial = text(&workspace.attributes("berth_acme_certificate.web"), "serial_number");

        // From one file to another: the old key is read where it was.
        workspace.configure(&configuration("new.pem", ""));
        let updates =
            ["berth_acme_account.main", "berth_acme_certificate.web"].map(|a| (a.to_owned(), "update".to_owned()));
        assert_eq!(workspace.plan().changes_something().changes(), updates);
        workspace.apply_plan().succeeds();
        let (same, new, status) = account_facts(&workspace);
        assert_eq!((same, status.as_str()), (url.clone(), "valid"));
        assert_ne!(old, new);
        workspace.plan().changes_nothing();

        // In the same file: the old key is named, or nothing is changed.
        let kept = std::fs::read_to_string(workspace.path("new.pem")).unwrap();
        std::fs::copy(workspace.path("newest.pem"), workspace.path("new.pem")).unwrap();
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-ACME-052") && errors.contains("previous_account_key"), "{errors}");
        workspace.write("kept.pem", &kept);
        workspace.configure(&configuration("new.pem", "  previous_account_key = { file = \"kept.pem\" }\n"));
        workspace.apply().succeeds();
        assert_eq!(account_facts(&workspace).0, url);
        workspace.configure(&configuration("new.pem", ""));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let now = text(&workspace.attributes("berth_acme_certificate.web"), "serial_number");
        assert_eq!(now, serial, "the certificate is the same one");
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_generated_key_is_replaced_and_a_run_that_was_killed_is_completed() {
    let namespace = Namespace::new("generation");
    let configuration = |generation: &str| {
        provider("") + &account(&namespace).replace("  account_key", &format!("{generation}  account_key"))
    };
    let workspace = Workspace::new(&configuration(""));
    workspace.apply().succeeds();
    let (url, first, _) = account_facts(&workspace);
    workspace.configure(&configuration("  key_generation = 1\n"));
    workspace.apply().succeeds();
    let (same, second, _) = account_facts(&workspace);
    assert_eq!(same, url);
    assert_ne!(first, second);
    workspace.plan().changes_nothing();

    // As a run leaves it that is killed after it kept the new key and before it told the CA.
    let next = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let data = serde_json::json!({ "stringData": { "tls.key.next": next } }).to_string();
    kubectl(&["patch", "secret", "acme-account", "-n", &namespace.0, "-p", &data]).unwrap();
    workspace.configure(&configuration("  key_generation = 2\n"));
    workspace.apply().succeeds();
    assert_eq!(account_facts(&workspace).0, url);
    assert_eq!(namespace.entry("acme-account", "tls.key"), next);
    assert!(namespace.secret("acme-account").unwrap()["data"].get("tls.key.next").is_none());
    workspace.plan().changes_nothing();

    // A Secret that is lost takes the account with it; the plan says so, and the apply makes a new one.
    kubectl(&["delete", "secret", "acme-account", "-n", &namespace.0]).unwrap();
    let planned = workspace.plan().changes_something();
    assert!(planned.diagnostics().iter().any(|shown| shown.detail.contains("BERTH-ACME-035")), "{planned}");
    workspace.apply_plan().succeeds();
    assert_ne!(account_facts(&workspace).0, url);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_deactivated_account_is_told_in_the_plan_and_made_anew_with_another_key() {
    let workspace = Workspace::new(&account_of_file("account.pem", ""));
    let new_key = || rcgen::KeyPair::generate().unwrap().serialize_pem();
    workspace.write("account.pem", &new_key());
    workspace.apply().succeeds();
    let (url, ..) = account_facts(&workspace);
    // Another configuration with the same key deactivates it.
    let other = Workspace::new(&account_of_file("account.pem", "  deactivate_on_destroy = true\n"));
    std::fs::copy(workspace.path("account.pem"), other.path("account.pem")).unwrap();
    other.apply().succeeds();
    other.destroy().succeeds();

    let planned = workspace.plan().changes_something();
    assert!(planned.diagnostics().iter().any(|shown| shown.detail.contains("BERTH-ACME-035")), "{planned}");
    let errors = workspace.apply_plan().fails();
    assert!(errors.contains("BERTH-ACME-039"), "{errors}");
    workspace.write("account.pem", &new_key());
    workspace.apply().succeeds();
    let (new, _, status) = account_facts(&workspace);
    assert_eq!(status, "valid");
    assert_ne!(new, url);
    workspace.plan().changes_nothing();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_external_account_is_bound_and_the_ca_that_wants_one_says_so() {
    let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &value("SANDBOX_ACME_EAB_DIRECTORY"));
    let configuration = |binding: &str| {
        format!(
            r#"{provider}
variable "hmac" {{
  type      = string
  ephemeral = true
}}
resource "berth_acme_account" "main" {{
  terms_of_service_agreed = true
  account_key             = {{ file = "account.pem" }}
{binding}
}}
"#
        )
    };
    let workspace = Workspace::new(&configuration("")).secret("hmac", &value("SANDBOX_ACME_EAB_HMAC_KEY"));
    workspace.write("account.pem", &rcgen::KeyPair::generate().unwrap().serialize_pem());
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-008"), "{errors}");
    workspace.configure(&configuration(&format!(
        "  external_account_binding = {{ key_id = \"{}\", hmac_key_wo = var.hmac, hmac_key_wo_version = 1 }}\n",
        value("SANDBOX_ACME_EAB_KEY_ID")
    )));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_that_the_ca_refuses_leaves_no_key_and_no_namespace() {
    let unbound = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &value("SANDBOX_ACME_EAB_DIRECTORY"));
    for (label, provider, code, declared) in [
        ("unbound", unbound, "BERTH-ACME-008", "terms_of_service_agreed = true"),
        ("disagreed", provider(""), "BERTH-ACME-007", "terms_of_service_agreed = false"),
    ] {
        for cli in Cli::all() {
            let namespace =
                format!("acme-{label}-{}-{}", if cli.is_tofu() { "tofu" } else { "tf" }, std::process::id());
            let account = account_in(&namespace).replace("terms_of_service_agreed = true", declared);
            let workspace = Workspace::on(&cli, &(provider.clone() + &account));
            for _ in 0..2 {
                let errors = workspace.apply().fails();
                assert!(errors.contains(code), "{errors}");
                assert!(workspace.instance("berth_acme_account.main").is_none(), "nothing was made");
                wait_until_gone(&namespace);
            }
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_key_whose_account_was_refused_to_a_killed_run_goes_with_the_next_refusal() {
    let namespace = Namespace::new("killed-refused");
    let mut ca = Faults::before_acme(&value("SANDBOX_ACME_EAB_DIRECTORY"), &[]);
    let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &ca.directory());
    let workspace = Workspace::new(&(provider + &account(&namespace)));
    ca.once("POST /sign-me-up:hold");
    let running = workspace.start_apply();
    running.wait_until(|| ca.held() == 1, "the question for the account");
    running.kill_all();
    assert!(namespace.secret("acme-account").is_some(), "the key is made before the CA is asked");
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-008"), "{errors}");
    assert!(namespace.secret("acme-account").is_none());
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_whose_making_was_not_answered_is_found_again_or_removed_by_a_destroy() {
    // Whether the CA has made the account, and what comes next.
    for (kind, goes_on) in [("hold-after", true), ("hold-after", false), ("hold", false), ("hold", true)] {
        let namespace = Namespace::new(&format!("unheard-{kind}-{goes_on}"));
        let mut ca = Faults::before_acme(&value("SANDBOX_ACME_DIRECTORY"), &[]);
        let provider = provider("").replace(&value("SANDBOX_ACME_DIRECTORY"), &ca.directory());
        let mut workspace = Workspace::new(&(provider + &account(&namespace)));
        ca.once("POST /sign-me-up:pass");
        ca.once(&format!("POST /sign-me-up:{kind}"));
        let running = workspace.start_apply();
        running.wait_until(|| ca.held() == 1, "the making of the account");
        running.interrupt();
        running.finish().fails();
        let key = namespace.entry("acme-account", "tls.key");
        workspace.never_shows_key(&key);
        if goes_on {
            workspace.apply().succeeds();
            workspace.plan().changes_nothing();
        }
        workspace.destroy().succeeds();
        assert!(namespace.secret("acme-account").is_none(), "{kind} {goes_on}");
    }
}

fn wait_until_gone(namespace: &str) {
    kubectl(&["wait", "--for=delete", "--timeout=60s", &format!("namespace/{namespace}")]);
    assert!(kubectl(&["get", "namespace", namespace]).is_none(), "{namespace} is left");
}
