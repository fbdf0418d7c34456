//! Nothing that a backup has is lost by what is done with it, and nothing that it lacks is passed over.

use super::{KEPT, content, issued, kept, restored};
use crate::diagnosis::{cert_manager_runs, cluster_issuers_stay};
use crate::kubectl::{Namespace, apply, kubectl, kubectl_ok, object};
use crate::workspace::{Cli, Run, Workspace};

fn lose(namespace: &str) {
    kubectl_ok(&["-n", namespace, "delete", "certificate,issuer,certificaterequest", "--all"]);
    kubectl_ok(&["-n", namespace, "delete", "secret", "web", "ca"]);
}

#[track_caller]
fn warns(run: &Run, code: &str) -> String {
    let told = run.warnings().into_iter().find(|it| it.contains(code));
    told.unwrap_or_else(|| panic!("{code} is not told: {:?}", run.warnings()))
}

fn ready(namespace: &str, object: &str) {
    kubectl_ok(&["-n", namespace, "wait", object, "--for=condition=Ready", "--timeout=120s"]);
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_restore_by_the_resource_that_took_the_backup_keeps_it() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    for cli in Cli::all() {
        let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
        let certificate = issued(&apps.0);
        let taken = kept(&apps, &vault, "");
        let workspace = Workspace::on(&cli, &taken);
        workspace.apply().succeeds();
        lose(&apps.0);
        workspace.configure(&taken.replace("  namespaces", "  restore    = true\n  namespaces"));
        assert_eq!(workspace.plan().changes(), [(KEPT.to_owned(), "update".to_owned())]);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        ready(&apps.0, "certificate/web");
        assert_eq!(content(&apps.0, "web", "tls.crt"), certificate);
        assert!(object(&vault.0, "secret", "kept").is_some(), "the backup is still there");

        workspace.configure(&taken);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(object(&vault.0, "secret", "kept").is_none());
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn a_backup_of_nothing_is_not_written_over_one_and_what_one_lacks_lies_beside_it() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
    issued(&apps.0);
    let taken = |trigger: &str| {
        let all = kept(&apps, &vault, "").replace("\"issuers\", ", "");
        all.replace("  namespaces", &format!("  triggers   = {{ a = \"{trigger}\" }}\n  namespaces"))
    };
    let workspace = Workspace::new(&taken("1"));
    workspace.apply().succeeds();
    kubectl_ok(&["-n", &apps.0, "delete", "certificate", "web"]);
    workspace.configure(&taken("2"));
    let told = warns(&workspace.apply().succeeds(), "BERTH-CM-017");
    assert!(told.contains(&format!("Certificate {}/web", apps.0)), "{told}");

    kubectl_ok(&["-n", &apps.0, "delete", "certificate,issuer", "--all"]);
    workspace.configure(&taken("3"));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-CM-016") && errors.contains("restore = true"), "{errors}");

    let back = |more: &str| restored("back", &vault, more);
    let restoring = Workspace::new(&back("former  = true"));
    restoring.apply().succeeds();
    assert!(object(&apps.0, "certificate", "web").is_some(), "the one before had it");
    restoring.destroy().succeeds();
    workspace.configure(&taken("2"));
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn an_emptied_secret_is_taken_anew_also_after_an_import() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
    issued(&apps.0);
    let configuration = kept(&apps, &vault, "");
    let first = Workspace::new(&configuration);
    first.apply().succeeds();
    let digest = first.attributes(KEPT)["digest"].clone();
    let empty = r#"[{"op":"remove","path":"/data"}]"#;
    kubectl_ok(&["-n", &vault.0, "patch", "secret", "kept", "--type=json", "-p", empty]);
    first.plan().changes_something();
    first.apply().succeeds();
    first.plan().changes_nothing();

    let second = Workspace::new(&configuration);
    second.import(KEPT, &format!("{}/kept", vault.0)).succeeds();
    second.apply().succeeds();
    second.plan().changes_nothing();
    kubectl_ok(&["-n", &vault.0, "patch", "secret", "kept", "-p", r#"{"data":{"backup.json.gz":"AAAA"}}"#]);
    second.plan().changes_something();
    second.apply().succeeds();
    assert_eq!(second.attributes(KEPT)["digest"], digest);
    second.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn what_a_backup_lacks_is_told_and_what_others_have_made_is_not_kept() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
    issued(&apps.0);
    kubectl_ok(&["-n", &apps.0, "create", "configmap", "owner"]);
    let uid = object(&apps.0, "configmap", "owner").unwrap()["metadata"]["uid"].as_str().unwrap().to_owned();
    let owners = format!(
        r#"{{"metadata":{{"ownerReferences":[{{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"{uid}","controller":true}}]}}}}"#
    );
    kubectl_ok(&["-n", &apps.0, "patch", "certificate", "web", "--type=merge", "-p", &owners]);
    apply(&format!(
        "apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {{name: poor, namespace: {}}}\nspec: {{ca: {{secretName: nowhere}}}}\n",
        apps.0
    ));
    let configuration =
        kept(&apps, &vault, "").replace(&format!("[\"{}\"]", apps.0), &format!("[\"{}\", \"typo\"]", apps.0));
    let workspace = Workspace::new(&configuration);
    let planned = warns(&workspace.plan().changes_something(), "BERTH-K8S-072");
    assert!(planned.contains("typo"), "{planned}");
    let told = warns(&workspace.apply().succeeds(), "BERTH-CM-018");
    assert!(told.contains(&format!("Secret {}/nowhere", apps.0)) && told.contains("Namespace typo"), "{told}");
    let objects = workspace.attributes(KEPT)["objects"].to_string();
    assert!(!objects.contains(&format!("Certificate/{}/web", apps.0)), "its owner makes it anew: {objects}");
    assert!(objects.contains(&format!("v1/Secret/{}/web", apps.0)), "its Secret is kept: {objects}");
    workspace.destroy().succeeds();
}

/// What is put back over what differs belongs to whom it belonged.
#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn what_is_put_back_still_has_its_owner() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    let (apps, vault) = (Namespace::new("apps"), Namespace::new("vault"));
    let declared = format!(
        "resource \"berth_issuer\" \"own\" {{\n  name        = \"own\"\n  namespace   = \"{0}\"\n  self_signed = {{}}\n}}\n\
         resource \"berth_certificate\" \"own\" {{\n  name        = \"own\"\n  namespace   = \"{0}\"\n  secret_name = \"own\"\n  \
         dns_names   = [\"own.sandbox.test\"]\n  issuer      = {{ name = berth_issuer.own.name }}\n}}\n",
        apps.0
    );
    let owner = Workspace::new(&declared);
    owner.apply().succeeds();
    let certificate = content(&apps.0, "own", "tls.crt");
    let workspace = Workspace::new(&kept(&apps, &vault, ""));
    workspace.apply().succeeds();

    // Lost, and put back: the state that declared them finds them.
    kubectl_ok(&["-n", &apps.0, "delete", "certificate,issuer", "--all"]);
    kubectl_ok(&["-n", &apps.0, "delete", "secret", "own"]);
    let back = |more: &str| restored("back", &vault, more);
    let restoring = Workspace::new(&back(""));
    restoring.apply().succeeds();
    ready(&apps.0, "certificate/own");
    owner.apply().succeeds();
    owner.plan().changes_nothing();
    assert_eq!(content(&apps.0, "own", "tls.crt"), certificate);

    // Changed by others: left and told, then replaced.
    kubectl_ok(&[
        "-n",
        &apps.0,
        "patch",
        "certificate",
        "own",
        "--type=merge",
        "-p",
        r#"{"spec":{"duration":"2000h"}}"#,
    ]);
    kubectl_ok(&["-n", &apps.0, "delete", "secret", "own"]);
    kubectl_ok(&["-n", &apps.0, "wait", "--for=create", "secret/own", "--timeout=60s"]);
    ready(&apps.0, "certificate/own");
    restoring.configure(&back("triggers = { a = \"1\" }"));
    let told = warns(&restoring.apply().succeeds(), "BERTH-CM-015");
    assert!(told.contains("Certificate") && told.contains("Secret"), "{told}");
    restoring.configure(&back("overwrite = true"));
    restoring.apply().succeeds();
    restoring.plan().changes_nothing();
    assert_eq!(content(&apps.0, "own", "tls.crt"), certificate);
    owner.apply().succeeds();
    owner.plan().changes_nothing();
    owner.destroy().succeeds();
    restoring.destroy().succeeds();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
#[expect(clippy::disallowed_methods, reason = "nothing tells from outside that a restore waits")]
fn a_part_is_put_back_and_what_leaves_is_waited_for() {
    let _in_use = (cert_manager_runs(), cluster_issuers_stay());
    let (apps, gone, vault) = (Namespace::new("apps"), Namespace::new("gone"), Namespace::new("vault"));
    issued(&apps.0);
    issued(&gone.0);
    let both =
        kept(&apps, &vault, "").replace(&format!("[\"{}\"]", apps.0), &format!("[\"{}\", \"{}\"]", apps.0, gone.0));
    let workspace = Workspace::new(&both);
    workspace.apply().succeeds();
    kubectl_ok(&["delete", "namespace", &gone.0, "--timeout=120s"]);
    kubectl_ok(&["-n", &apps.0, "delete", "certificate,certificaterequest", "--all"]);
    let hold = r#"{"metadata":{"finalizers":["sandbox.test/hold"]}}"#;
    kubectl_ok(&["-n", &apps.0, "patch", "issuer", "root", "--type=merge", "-p", hold]);
    kubectl_ok(&["-n", &apps.0, "delete", "issuer", "root", "--wait=false"]);

    let back = |more: &str| restored("back", &vault, more);
    let restoring = Workspace::new(&back(""));
    let (namespace, release) = (apps.0.clone(), r#"{"metadata":{"finalizers":null}}"#);
    let releasing = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(6));
        kubectl(&["-n", &namespace, "patch", "issuer", "root", "--type=merge", "-p", release]);
    });
    let errors = restoring.apply().fails();
    releasing.join().unwrap();
    assert!(errors.contains("all else was put back") && errors.contains(&gone.0), "{errors}");
    assert!(object(&apps.0, "issuer", "root").unwrap()["metadata"]["deletionTimestamp"].is_null(), "it was made anew");
    assert!(object(&apps.0, "certificate", "web").is_some());

    kubectl_ok(&["-n", &apps.0, "delete", "certificate,issuer", "--all"]);
    restoring.configure(&back(&format!("namespaces = [\"{}\"]\n  include = [\"issuers\"]", apps.0)));
    restoring.apply().succeeds();
    restoring.plan().changes_nothing();
    assert!(object(&apps.0, "issuer", "ca").is_some() && object(&apps.0, "certificate", "web").is_none());
    workspace.destroy().succeeds();
}
