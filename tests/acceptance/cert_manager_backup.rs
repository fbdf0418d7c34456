//! What cert-manager holds is kept, lost, and put back.

mod losses;

use crate::diagnosis::{cert_manager_runs, cluster_issuers_stay};
use crate::kubectl::{Namespace, apply, kubectl_ok, object};
use crate::runner::Runner;
use crate::workspace::{Cli, Workspace};
use berth::domain::cluster_permissions::{Use, permissions};

const KEPT: &str = "berth_cert_manager_backup.kept";

/// An issuer with a CA of its own, and a certificate of it that is ready.
fn issued(namespace: &str) -> String {
    let text = format!(
        r"
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {{name: root, namespace: {namespace}}}
spec: {{selfSigned: {{}}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: ca, namespace: {namespace}}}
spec: {{secretName: ca, commonName: ca, isCA: true, issuerRef: {{name: root}}}}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {{name: ca, namespace: {namespace}}}
spec: {{ca: {{secretName: ca}}}}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: web, namespace: {namespace}}}
spec: {{secretName: web, dnsNames: [web.sandbox.test], issuerRef: {{name: ca}}}}
"
    );
    apply(&text);
    kubectl_ok(&["-n", namespace, "wait", "certificate/web", "--for=condition=Ready", "--timeout=120s"]);
    content(namespace, "web", "tls.crt")
}

fn content(namespace: &str, secret: &str, key: &str) -> String {
    object(namespace, "secret", secret).unwrap()["data"][key].as_str().unwrap().to_owned()
}

fn kept(apps: &Namespace, vault: &Namespace, more: &str) -> String {
    format!(
        r#"
resource "berth_cert_manager_backup" "kept" {{
  secret     = {{ namespace = "{1}", name = "kept" }}
  namespaces = ["{0}"]
  include    = ["issuers", "certificates", "dns_credentials", "issued"]
}}
{more}
"#,
        apps.0, vault.0
    )
}

/// A restore of what [`kept`] has taken.
fn restored(label: &str, vault: &Namespace, more: &str) -> String {
    format!(
        "resource \"berth_cert_manager_backup\" \"{label}\" {{\n  restore = true\n  secret  = {{ namespace = \"{}\", name = \"kept\" }}\n  {more}\n}}\n",
        vault.0
    )
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn what_was_kept_is_put_back_and_nothing_is_issued_anew() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    for cli in Cli::all() {
        let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
        let certificate = issued(&apps.0);
        let mut workspace = Workspace::on(&cli, &kept(&apps, &vault, ""));
        workspace.never_shows(&content(&apps.0, "web", "tls.key"));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let objects = workspace.attributes(KEPT)["objects"].to_string();
        for part in ["v1/Secret/NS/ca", "v1/Secret/NS/web", "/Issuer/NS/ca", "/Certificate/NS/web"] {
            assert!(objects.contains(&part.replace("NS", &apps.0)), "{objects}");
        }

        kubectl_ok(&["-n", &apps.0, "delete", "certificate,issuer,certificaterequest", "--all"]);
        kubectl_ok(&["-n", &apps.0, "delete", "secret", "web", "ca"]);
        let restored = restored("restored", &vault, "");
        workspace.configure(&kept(&apps, &vault, &restored));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        kubectl_ok(&["-n", &apps.0, "wait", "certificate/web", "--for=condition=Ready", "--timeout=120s"]);
        assert_eq!(content(&apps.0, "web", "tls.crt"), certificate);
        assert!(
            kubectl_ok(&["-n", &apps.0, "get", "certificaterequest", "-o", "name"]).is_empty(),
            "nothing was asked for"
        );

        workspace.destroy().succeeds();
        assert!(object(&vault.0, "secret", "kept").is_none());
        assert!(object(&apps.0, "certificate", "web").is_some(), "what was restored stays");
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_backup_that_somebody_changed_is_taken_anew_and_what_exists_is_left() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
    issued(&apps.0);
    let workspace = Workspace::new(&kept(&apps, &vault, ""));
    workspace.apply().succeeds();
    let digest = workspace.attributes(KEPT)["digest"].clone();
    kubectl_ok(&["-n", &vault.0, "patch", "secret", "kept", "-p", r#"{"data":{"backup.json.gz":"AAAA"}}"#]);
    workspace.plan().changes_something();
    workspace.apply().succeeds();
    assert_eq!(workspace.attributes(KEPT)["digest"], digest);

    let again = restored("again", &vault, "");
    workspace.configure(&kept(&apps, &vault, &again));
    let run = workspace.apply().succeeds();
    assert!(
        !run.warnings().iter().any(|it| it.contains("BERTH-CM-015")),
        "it is there as it was: {:?}",
        run.warnings()
    );
    workspace.configure(&kept(&apps, &vault, &again.replace("\"kept\"", "\"none\"")));
    assert!(workspace.plan().changes_something().warnings().iter().any(|it| it.contains("BERTH-CM-014")));
    assert!(workspace.apply().fails().contains("BERTH-CM-014"));
    workspace.configure(&kept(&apps, &vault, ""));
    workspace.apply().succeeds();
    let other = Workspace::new(&kept(&apps, &vault, ""));
    other.import(KEPT, &format!("{}/kept", vault.0)).succeeds();
    assert_eq!(other.attributes(KEPT)["digest"], digest);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn the_rights_of_the_table_are_enough_for_a_backup_and_a_restore() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
    issued(&apps.0);
    let attributes = ["restore".to_owned()].into();
    let given = permissions(["berth_cert_manager_backup"], &Use { plan_only: false, attributes }).unwrap();
    let runner = Runner::new().may(&given, &[&vault.0], true);
    let more = "overwrite  = true\n  depends_on = [berth_cert_manager_backup.kept]";
    let restored = restored("restored", &vault, more);
    let workspace = runner.in_workspace(Workspace::new(&kept(&apps, &vault, &restored)));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
