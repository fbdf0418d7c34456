//! A Secret that cert-manager takes over.

use berth::domain::certificate::Chain;

use super::{Namespace, account, certificate, kubectl, provider, text};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// What stands in the cluster beside the Secret: an issuer that would issue at once, and the Certificate.
fn objects(namespace: &Namespace, names: &[&str]) -> String {
    let namespace = &namespace.0;
    let issuer = serde_json::json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Issuer",
        "metadata": { "name": "local", "namespace": namespace }, "spec": { "selfSigned": {} },
    });
    let certificate = serde_json::json!({
        "apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "metadata": { "name": "web", "namespace": namespace },
        "spec": {
            "secretName": "web-tls", "dnsNames": names, "issuerRef": { "name": "local", "kind": "Issuer" },
            "privateKey": { "algorithm": "ECDSA", "size": 256 },
        },
    });
    serde_json::json!({ "apiVersion": "v1", "kind": "List", "items": [issuer, certificate] }).to_string()
}

fn serial(namespace: &Namespace) -> String {
    Chain::parse(&namespace.entry("web-tls", "tls.crt")).unwrap().facts.serial_number
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn cert_manager_adopts_the_secret_without_issuing_and_renews_it_from_then_on() {
    let _in_use = crate::diagnosis::cert_manager_runs();
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "handover-tofu" } else { "handover" });
        let (name, home) = (format!("{}.{}", namespace.0, value("SANDBOX_ZONE_NAME")), "labels = { team = \"a\" }");
        let wildcard = format!("*.{name}");
        let names = [name.as_str(), wildcard.as_str()];
        let handed =
            format!("{home}, cert_manager = {{ certificate = \"web\", issuer = \"local\", issuer_kind = \"Issuer\" }}");
        let configuration =
            provider("") + &account(&namespace) + &certificate(&namespace, &names, "").replace(home, &handed);
        let workspace = Workspace::on(&cli, &configuration);
        workspace.apply().succeeds();
        let issued = text(&workspace.attributes("berth_acme_certificate.web"), "serial_number");

        let file = workspace.write("objects.json", &objects(&namespace, &names));
        let told = kubectl(&["apply", "-f", file.to_str().unwrap()]);
        assert!(told.is_some(), "the cluster has cert-manager: sandbox/sandbox up --with cert-manager");
        let ready = ["wait", "certificate/web", "-n", &namespace.0, "--for=condition=Ready", "--timeout=60s"];
        assert!(kubectl(&ready).is_some(), "{:?}", kubectl(&["describe", "certificate", "web", "-n", &namespace.0]));
        let requests = || kubectl(&["get", "certificaterequests", "-n", &namespace.0, "-o", "name"]).unwrap();
        assert_eq!((requests(), serial(&namespace)), (String::new(), issued.clone()));
        workspace.plan().changes_nothing();

        // As `cmctl renew` does it.
        let now = "2026-01-01T00:00:00Z";
        let issuing = serde_json::json!({ "status": { "conditions": [{
            "type": "Issuing", "status": "True", "reason": "ManuallyTriggered", "message": "renewed by hand", "lastTransitionTime": now,
        }] } });
        let patch = ["patch", "certificate", "web", "-n", &namespace.0, "--subresource=status", "--type=merge", "-p"];
        assert!(kubectl(&[&patch[..], &[&issuing.to_string()]].concat()).is_some());
        let renewed = std::iter::repeat_with(|| serial(&namespace)).take(600).find(|serial| *serial != issued);
        assert!(renewed.is_some() && !requests().is_empty(), "cert-manager renews");
        workspace.plan().changes_nothing();
        workspace.apply().succeeds();
        assert_eq!(text(&workspace.attributes("berth_acme_certificate.web"), "serial_number"), serial(&namespace));
        workspace.destroy().succeeds();
        assert!(namespace.secret("web-tls").is_some(), "the Secret is cert-manager's");
    }
}
