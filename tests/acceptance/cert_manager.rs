//! Issuers and Certificates of the real cert-manager, with pebble as the CA.

use serde_json::json;

use crate::actions::{invoke, progress};
use crate::diagnosis::cluster_issuers_go;
use crate::kubectl::{Namespace, apply, kubectl, kubectl_ok, object};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

const CERTIFICATE: &str = "berth_certificate.leaf";

/// A CA of one's own, and a certificate of it.
fn own_ca(namespace: &Namespace, leaf: &str) -> String {
    format!(
        r#"
resource "berth_issuer" "root" {{
  name        = "root"
  namespace   = "{0}"
  self_signed = {{}}
}}
resource "berth_certificate" "ca" {{
  name        = "ca"
  namespace   = "{0}"
  secret_name = "ca"
  common_name = "the harbour's CA"
  is_ca       = true
  issuer      = {{ name = berth_issuer.root.name }}
  private_key = {{ algorithm = "ECDSA", size = 256, rotation_policy = "Always" }}
}}
resource "berth_issuer" "ca" {{
  name      = "ca"
  namespace = berth_certificate.ca.namespace
  ca        = {{ secret_name = berth_certificate.ca.secret_name }}
}}
resource "berth_certificate" "leaf" {{
  name        = "leaf"
  namespace   = "{0}"
  secret_name = "leaf-tls"
  issuer      = {{ name = berth_issuer.ca.name }}
{leaf}
}}
"#,
        namespace.0
    )
}

fn acme(namespace: &str, more: &str) -> String {
    format!(
        r#"
resource "berth_issuer" "pebble" {{
  name      = "pebble"
  {namespace}
  acme = {{
    server    = "{}"
    email     = "ops@sandbox.test"
    ca_bundle = file("{}")
    solvers   = [{{ http01 = {{ ingress_class = "{}" }} }}]
{more}
  }}
}}
"#,
        value("SANDBOX_ACME_DIRECTORY"),
        value("SANDBOX_ACME_CA_FILE"),
        value("SANDBOX_INGRESS_CLASS"),
    )
}

/// The serial number of what lies in a Secret.
fn serial(namespace: &Namespace, secret: &str) -> String {
    use base64::Engine as _;
    let found = object(&namespace.0, "secret", secret).unwrap();
    let pem = base64::engine::general_purpose::STANDARD.decode(found["data"]["tls.crt"].as_str().unwrap()).unwrap();
    berth::domain::certificate::Chain::parse(std::str::from_utf8(&pem).unwrap()).unwrap().facts.serial_number
}

/// What is changed by hand is told and set back; what is added by others stays.
fn told_and_set_back(workspace: &Workspace, namespace: &Namespace) {
    // By hand: told, and set back.
    kubectl_ok(&[
        "-n",
        &namespace.0,
        "patch",
        "certificate",
        "leaf",
        "--type=merge",
        "-p",
        r#"{"spec":{"renewBefore":"100h"},"metadata":{"labels":{"theirs":"x"}}}"#,
    ]);
    workspace.refresh().succeeds();
    assert!(
        workspace.attributes(CERTIFICATE)["drift"].to_string().contains("renewBefore"),
        "{}",
        workspace.attributes(CERTIFICATE)
    );
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
}

/// Each of the objects is imported to an empty plan.
fn imported(workspace: &Workspace, namespace: &Namespace) {
    for (address, id) in [(CERTIFICATE, "leaf"), ("berth_issuer.root", "root"), ("berth_issuer.ca", "ca")] {
        kubectl_ok(&["-n", &namespace.0, "label", "certificate", "leaf", "theirs-"]);
        workspace.run(&["state", "rm", address]).succeeds();
        workspace.import(address, &format!("{}/{id}", namespace.0)).succeeds();
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_ca_of_ones_own_issues_and_all_of_it_is_changed_imported_and_destroyed() {
    for cli in Cli::all() {
        let namespace = Namespace::new("cm");
        let leaf = "  dns_names = [\"b.test\", \"a.test\"]\n  duration = \"720h\"\n  renew_before = \"240h\"\n  usages = [\"server auth\", \"digital signature\"]";
        let workspace = Workspace::on(&cli, &own_ca(&namespace, leaf));
        workspace.apply().succeeds();
        let stored = workspace.attributes(CERTIFICATE);
        assert_eq!(stored["ready"], true);
        assert_eq!(stored["serial_number"], serial(&namespace, "leaf-tls"));
        assert!(
            stored["not_after"].is_string() && stored["renewal_time"].is_string() && stored["revision"] == 1,
            "{stored}"
        );
        assert_eq!(workspace.attributes("berth_issuer.ca")["ready"], true);
        workspace.plan().changes_nothing();

        // The same durations in other words.
        workspace.configure(&own_ca(&namespace, &leaf.replace("720h", "720h0m0s").replace("240h", "10h230h")));
        workspace.plan().changes_nothing();
        workspace.configure(&own_ca(&namespace, &leaf.replace("a.test", "c.test")));
        workspace.apply().succeeds();
        assert_eq!(workspace.attributes(CERTIFICATE)["serial_number"], serial(&namespace, "leaf-tls"));
        workspace.plan().changes_nothing();

        told_and_set_back(&workspace, &namespace);
        imported(&workspace, &namespace);
        workspace.destroy().succeeds();
        for (kind, name) in [("certificate", "leaf"), ("issuer", "ca"), ("issuer", "root"), ("certificate", "ca")] {
            assert!(object(&namespace.0, kind, name).is_none(), "{kind} {name}");
        }
        assert!(object(&namespace.0, "secret", "leaf-tls").is_some(), "the Secret stays");
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_certificate_is_issued_anew_when_a_trigger_changes_and_what_fails_is_done_by_the_next_apply() {
    for cli in Cli::all() {
        let namespace = Namespace::new("cm-renew");
        let leaf = |more: &str| own_ca(&namespace, &format!("  dns_names = [\"a.test\"]\n{more}"));
        let triggered = |value: &str| leaf(&format!("  renew_triggers = {{ ca = \"{value}\" }}\n"));
        let workspace = Workspace::on(&cli, &leaf(""));
        workspace.apply().succeeds();
        let first = serial(&namespace, "leaf-tls");
        workspace.configure(&triggered("one"));
        workspace.apply().succeeds();
        assert_eq!(serial(&namespace, "leaf-tls"), first, "the first trigger is that of the present certificate");
        workspace.configure(&triggered("two"));
        workspace.apply().succeeds();
        let second = serial(&namespace, "leaf-tls");
        assert_ne!(second, first);
        assert_eq!(workspace.attributes(CERTIFICATE)["serial_number"], second);
        assert_eq!(workspace.attributes(CERTIFICATE)["revision"], 2);
        workspace.plan().changes_nothing();

        // Its issuer has no key for a while.
        let issuer = ["-n", &namespace.0, "patch", "issuer", "ca", "--type=merge", "-p"];
        kubectl_ok(&[&issuer[..], &[r#"{"spec":{"ca":{"secretName":"none"}}}"#]].concat());
        workspace.configure(&leaf("  renew_triggers = { ca = \"three\" }\n  timeouts = { update = \"10s\" }\n"));
        let target =
            ["apply", "-json", "-input=false", "-auto-approve", "-refresh=false", "-target=berth_certificate.leaf"];
        let told = workspace.run(&target).fails();
        assert!(told.contains("certificate `") && told.contains("none"), "what keeps it is told: {told}");
        assert_eq!(serial(&namespace, "leaf-tls"), second);
        assert_eq!(workspace.attributes(CERTIFICATE)["renew_triggers"]["ca"], "two", "it is still to be done");
        kubectl_ok(&[&issuer[..], &[r#"{"spec":{"ca":{"secretName":"ca"}}}"#]].concat());
        workspace.configure(&triggered("three"));
        workspace.apply().succeeds();
        assert_ne!(serial(&namespace, "leaf-tls"), second);
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn the_action_issues_anew_what_anybody_has_declared() {
    let namespace = Namespace::new("cm-action");
    let action = |name: &str| {
        format!(
            "action \"berth_certificate_renew\" \"x\" {{\n  config {{\n    namespace = \"{}\"\n    name = \"{name}\"\n  }}\n}}\n",
            namespace.0
        )
    };
    let all = |name: &str| own_ca(&namespace, "  dns_names = [\"a.test\"]\n") + &action(name);
    let workspace = Workspace::on(&Cli::with_actions(), &all("leaf"));
    workspace.apply().succeeds();
    let before = serial(&namespace, "leaf-tls");
    let told = progress(&invoke(&workspace, "berth_certificate_renew.x").succeeds());
    assert!(told.last().is_some_and(|last| last.starts_with("It is issued, and valid until 20")), "{told:?}");
    assert_ne!(serial(&namespace, "leaf-tls"), before);
    // What it changed is what cert-manager itself changes at any time.
    workspace.refresh().succeeds();
    workspace.plan().changes_nothing();
    workspace.configure(&all("leave"));
    let told = invoke(&workspace, "berth_certificate_renew.x").fails();
    assert!(told.contains("BERTH-CM-020") && told.contains("leave"), "{told}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn the_secret_of_a_certificate_that_is_anothers_by_now_stays_as_well() {
    let namespace = Namespace::new("cm");
    let leaf = "  dns_names = [\"a.test\"]\n  delete_secret_on_destroy = true";
    let workspace = Workspace::new(&own_ca(&namespace, leaf));
    workspace.apply().succeeds();
    kubectl_ok(&["-n", &namespace.0, "annotate", "--overwrite", "certificate", "leaf", "berth/owner=another"]);
    workspace.run(&["destroy", "-auto-approve", "-no-color", "-refresh=false"]).succeeds();
    for kind in ["certificate", "secret"] {
        let name = if kind == "secret" { "leaf-tls" } else { "leaf" };
        assert!(object(&namespace.0, kind, name).is_some(), "{kind} {name}");
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager and ingress"]
fn a_certificate_comes_from_an_acme_ca_and_what_keeps_it_is_told_from_the_deepest_object() {
    let namespace = Namespace::new("cm");
    let name = format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME"));
    let certificate = format!(
        r#"
resource "berth_certificate" "leaf" {{
  name        = "leaf"
  namespace   = "{0}"
  secret_name = "leaf-tls"
  dns_names   = ["{name}"]
  issuer      = {{ name = berth_issuer.pebble.name }}
  timeouts    = {{ create = "25s", update = "3m" }}
}}
"#,
        namespace.0
    );
    let issuer = acme(&format!("namespace = \"{}\"", namespace.0), "");
    let workspace = Workspace::new(&format!("{issuer}{certificate}"));
    let applied = workspace.apply().succeeds();
    let told = applied.warnings().join("\n");
    assert!(told.contains("BERTH-K8S-012") && told.contains("Challenge") && told.contains(&name), "{applied}");
    assert_ne!(workspace.instance(CERTIFICATE).unwrap()["status"], "tainted");
    assert!(workspace.attributes("berth_issuer.pebble")["account_uri"].as_str().unwrap().contains("/my-account/"));
    workspace.plan().changes_something();

    let record = format!(
        "resource \"berth_dns_record\" \"name\" {{\n  zone_id = \"{}\"\n  name = \"{name}\"\n  type = \"A\"\n  ttl = 1\n  values = [\"{}\"]\n}}\n",
        value("SANDBOX_ZONE_ID"),
        value("SANDBOX_INGRESS_IP")
    );
    workspace.configure(&format!("{record}{issuer}{certificate}"));
    workspace.apply().succeeds();
    let stored = workspace.attributes(CERTIFICATE);
    assert!(stored["ready"] == true && stored["serial_number"] == serial(&namespace, "leaf-tls"), "{stored}");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_field_that_the_installed_version_lacks_is_named() {
    let namespace = Namespace::new("cm");
    let workspace = Workspace::new(&acme(&format!("namespace = \"{}\"", namespace.0), "    profile = \"default\""));
    let errors = workspace.apply().fails();
    assert!(
        errors.contains("BERTH-CM-002") && errors.contains("`acme.profile`") && errors.contains("1.18"),
        "{errors}"
    );
    assert!(object(&namespace.0, "issuer", "pebble").is_none());
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn an_account_is_bound_to_an_external_one_and_its_key_is_stored_nowhere_else() {
    for cli in Cli::all() {
        let namespace = Namespace::new("cm");
        let binding = format!(
            "    external_account_binding = {{ key_id = \"{}\", hmac_key_wo = var.hmac, hmac_key_wo_version = 1 }}",
            value("SANDBOX_ACME_EAB_KEY_ID")
        );
        let issuer = acme(&format!("namespace = \"{}\"", namespace.0), &binding)
            .replace(&value("SANDBOX_ACME_DIRECTORY"), &value("SANDBOX_ACME_EAB_DIRECTORY"));
        let variable = "variable \"hmac\" {\n  type      = string\n  ephemeral = true\n}\n";
        let workspace =
            Workspace::on(&cli, &format!("{variable}{issuer}")).secret("hmac", &value("SANDBOX_ACME_EAB_HMAC_KEY"));
        workspace.apply().succeeds();
        assert!(workspace.attributes("berth_issuer.pebble")["account_uri"].is_string());
        workspace.plan().changes_nothing();
        workspace.show_all();
        kubectl_ok(&[
            "-n",
            &namespace.0,
            "patch",
            "secret",
            "pebble-eab",
            "--type=merge",
            "-p",
            r#"{"data":{"hmac-key":"eA=="}}"#,
        ]);
        workspace.plan().changes_something();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(object(&namespace.0, "secret", "pebble-eab").is_none());
        assert!(object(&namespace.0, "secret", "pebble-account-key").is_some(), "cert-manager's own key stays");
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn an_issuer_that_cannot_register_is_told_in_its_own_words_and_taints_nothing() {
    let namespace = Namespace::new("cm");
    let broken = acme(&format!("namespace = \"{}\"", namespace.0), "")
        .replace(&format!("file(\"{}\")", value("SANDBOX_ACME_CA_FILE")), "null")
        .replace("  acme = {", "  timeouts = { create = \"10s\" }\n  acme = {");
    let workspace = Workspace::new(&broken);
    let applied = workspace.apply().succeeds();
    let told = applied.warnings().join("\n");
    assert!(told.contains("unknown authority"), "{applied}");
    assert_ne!(workspace.instance("berth_issuer.pebble").unwrap()["status"], "tainted");
    workspace.configure(&acme(&format!("namespace = \"{}\"", namespace.0), ""));
    workspace.apply().succeeds();
    assert_eq!(workspace.attributes("berth_issuer.pebble")["ready"], true);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_cluster_issuer_of_another_tool_is_imported_and_taken_over() {
    let _alone = cluster_issuers_go();
    for cli in Cli::with_identities() {
        let unused = Namespace::unused("cm-issuer");
        let name = unused.0.clone();
        let theirs = json!({ "apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": { "name": name }, "spec": { "selfSigned": {} } });
        apply(&theirs.to_string());
        let configuration =
            format!("resource \"berth_issuer\" \"it\" {{\n  name = \"{name}\"\n  self_signed = {{}}\n}}\n");
        let workspace = Workspace::on(&cli, &configuration);
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-K8S-009"), "{errors}");
        let block = format!("import {{\n  to = berth_issuer.it\n  identity = {{ name = \"{name}\" }}\n}}\n");
        workspace.configure(&format!("{configuration}{block}"));
        workspace.apply().succeeds();
        workspace.configure(&configuration);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(!kubectl(&["get", "clusterissuer", &name]).status.success());
    }
}

#[test]
#[ignore = "needs terraform"]
fn plans_of_issuers_and_certificates_need_no_cluster_and_mistakes_are_told() {
    let away = "provider \"berth\" {\n  kubernetes = { host = \"https://127.0.0.1:1\" }\n}\nresource \"terraform_data\" \"x\" {}\n";
    let open = "resource \"berth_issuer\" \"x\" {\n  name = \"a\"\n  namespace = terraform_data.x.id\n  acme = { server = \"https://${terraform_data.x.id}\", solvers = [{ http01 = { ingress_class = terraform_data.x.id } }] }\n}\nresource \"berth_certificate\" \"x\" {\n  name = \"b\"\n  namespace = terraform_data.x.id\n  secret_name = terraform_data.x.id\n  dns_names = [terraform_data.x.id]\n  issuer = { name = berth_issuer.x.name }\n  duration = terraform_data.x.id\n}\n";
    for cli in Cli::all() {
        let planned = Workspace::on(&cli, &format!("{away}{open}")).plan().changes_something();
        assert_eq!(planned.changes().len(), 3, "{planned}");
    }
    for (block, words) in [
        ("resource \"berth_issuer\" \"x\" {\n  name = \"a\"\n}\n", "does not say"),
        (
            "resource \"berth_issuer\" \"x\" {\n  name = \"a\"\n  self_signed = {}\n  ca = { secret_name = \"x\" }\n}\n",
            "twice",
        ),
        (
            "resource \"berth_issuer\" \"x\" {\n  name = \"a\"\n  acme = { server = \"https://acme-v01.api.letsencrypt.org/directory\", solvers = [] }\n}\n",
            "first version",
        ),
        (
            "resource \"berth_issuer\" \"x\" {\n  name = \"a\"\n  acme = { server = \"https://a.test\", solvers = [{}] }\n}\n",
            "how names are proved",
        ),
        (
            "resource \"berth_certificate\" \"x\" {\n  name = \"a\"\n  namespace = \"b\"\n  secret_name = \"c\"\n  issuer = { name = \"i\" }\n}\n",
            "for no name",
        ),
        (
            "resource \"berth_certificate\" \"x\" {\n  name = \"a\"\n  namespace = \"b\"\n  secret_name = \"c\"\n  dns_names = [\"x\"]\n  issuer = { name = \"i\" }\n  duration = \"90d\"\n}\n",
            "2160h",
        ),
        (
            "resource \"berth_certificate\" \"x\" {\n  name = \"a\"\n  namespace = \"b\"\n  secret_name = \"c\"\n  dns_names = [\"x\"]\n  issuer = { name = \"i\" }\n  renew_before = \"2160h\"\n}\n",
            "before it begins",
        ),
    ] {
        let errors = Workspace::new(block).validate().fails();
        assert!(errors.contains(words), "{block}: {errors}");
    }
}
