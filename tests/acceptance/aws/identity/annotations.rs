//! The annotation by which a service account finds its role, on a real cluster.

use serde_json::Value;

use super::{PROVIDER, role, unique};
use crate::fault_proxy::Faults;
use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

const ANNOTATION: &str = "eks.amazonaws.com/role-arn";

fn annotated(name: &str, namespace: &str, accounts: &[&str]) -> String {
    let accounts = accounts.iter().map(|name| format!("{{ namespace = \"{namespace}\", name = \"{name}\" }}"));
    let accounts = accounts.collect::<Vec<_>>().join(", ");
    format!(
        "{PROVIDER}resource \"berth_irsa_role\" \"x\" {{\n name = \"{name}\"\n \
         oidc_provider_arn = \"arn:aws:iam::123456789012:oidc-provider/oidc.example/id/A\"\n \
         service_accounts = [{accounts}]\n annotate_service_accounts = true\n}}\n"
    )
}

fn annotations(namespace: &str, account: &str) -> Value {
    object(namespace, "serviceaccount", account).unwrap()["metadata"]["annotations"].clone()
}

#[test]
#[ignore = "needs the sandbox"]
fn the_accounts_carry_the_role_as_long_as_it_exists() {
    for cli in Cli::all() {
        let (name, namespace) = (unique("annotated"), Namespace::new("annotated"));
        let namespace = namespace.0.as_str();
        for account in ["one", "two"] {
            kubectl_ok(&["-n", namespace, "create", "serviceaccount", account]);
        }
        kubectl_ok(&["-n", namespace, "annotate", "serviceaccount", "one", "team=a"]);
        let workspace = Workspace::on(&cli, &annotated(&name, namespace, &["one", "two"]));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let arn = workspace.attributes("berth_irsa_role.x")["arn"].clone();
        assert_eq!(
            (&annotations(namespace, "one")[ANNOTATION], &annotations(namespace, "one")["team"]),
            (&arn, &"a".into())
        );
        assert_eq!(annotations(namespace, "two")[ANNOTATION], arn);

        // Somebody takes it off: that is drift.
        kubectl_ok(&["-n", namespace, "annotate", "serviceaccount", "two", &format!("{ANNOTATION}-")]);
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        assert_eq!(annotations(namespace, "two")[ANNOTATION], arn);

        // An account that is no longer trusted loses it.
        workspace.configure(&annotated(&name, namespace, &["one"]));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(annotations(namespace, "two")[ANNOTATION], Value::Null);

        // On destroy ours is taken off, and another's is not.
        workspace.configure(&annotated(&name, namespace, &["one", "two"]));
        workspace.apply().succeeds();
        let other = format!("{ANNOTATION}=arn:aws:iam::123456789012:role/other");
        kubectl_ok(&["-n", namespace, "annotate", "serviceaccount", "two", "--overwrite", &other]);
        workspace.destroy().succeeds();
        assert_eq!(annotations(namespace, "one"), serde_json::json!({ "team": "a" }));
        assert_eq!(annotations(namespace, "two")[ANNOTATION], "arn:aws:iam::123456789012:role/other");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_annotation_that_others_wrote_stays_theirs() {
    let (name, namespace) = (unique("written"), Namespace::new("written"));
    let namespace = namespace.0.as_str();
    let arn = format!("{ANNOTATION}=arn:aws:iam::123456789012:role/{name}");
    for account in ["theirs", "ours"] {
        kubectl_ok(&["-n", namespace, "create", "serviceaccount", account]);
    }
    kubectl_ok(&["-n", namespace, "annotate", "serviceaccount", "theirs", &arn]);
    let workspace = Workspace::new(&annotated(&name, namespace, &["theirs", "ours"]));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.configure(&annotated(&name, namespace, &[]).replace("[]", "[{ namespace = \"x\", name = \"x\" }]"));
    workspace.apply().succeeds();
    assert_eq!(annotations(namespace, "ours")[ANNOTATION], Value::Null);
    let kept = annotations(namespace, "theirs");
    assert_eq!(kept[ANNOTATION], format!("arn:aws:iam::123456789012:role/{name}"));

    // What was ours and is switched off goes; theirs stays on destroy too.
    workspace.configure(&annotated(&name, namespace, &["theirs", "ours"]));
    workspace.apply().succeeds();
    workspace.configure(&annotated(&name, namespace, &["theirs", "ours"]).replace("= true", "= false"));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(annotations(namespace, "ours")[ANNOTATION], Value::Null);
    workspace.destroy().succeeds();
    assert_eq!(annotations(namespace, "theirs"), kept);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_could_not_be_taken_off_is_tried_again() {
    let mut faults = Faults::before_cluster(&[]);
    let block = faults.kubernetes_block();
    let behind =
        |configuration: String| configuration.replace("  aws = {", &format!("  kubernetes = {block}\n  aws = {{"));
    for still_annotated in [true, false] {
        let (name, namespace) = (unique("tried"), Namespace::new("tried"));
        let namespace = namespace.0.as_str();
        for account in ["one", "two"] {
            kubectl_ok(&["-n", namespace, "create", "serviceaccount", account]);
        }
        let workspace = Workspace::new(&behind(annotated(&name, namespace, &["one", "two"])));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let fewer = if still_annotated {
            annotated(&name, namespace, &["one"])
        } else {
            annotated(&name, namespace, &["one", "two"]).replace("= true", "= false")
        };
        workspace.configure(&behind(fewer));
        faults.once(&format!("PUT /api/v1/namespaces/{namespace}/serviceaccounts/two:deny"));
        let errors = workspace.apply().fails();
        assert!(errors.contains("Cannot take the annotation off"), "{errors}");
        assert_ne!(annotations(namespace, "two")[ANNOTATION], Value::Null);
        let changes = workspace.plan().changes_something().changes();
        assert!(changes.iter().all(|(_, action)| action == "update"), "{changes:?}");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(annotations(namespace, "two")[ANNOTATION], Value::Null);
        workspace.destroy().succeeds();
        assert_eq!(annotations(namespace, "one")[ANNOTATION], Value::Null);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_that_does_not_exist_yet_is_annotated_by_a_later_apply() {
    let (name, namespace) = (unique("late"), Namespace::new("late"));
    let namespace = namespace.0.as_str();
    let workspace = Workspace::new(&annotated(&name, namespace, &["late"]));
    let run = workspace.apply().succeeds();
    let warned = run
        .diagnostics()
        .into_iter()
        .any(|shown| shown.severity == "warning" && shown.detail.contains("BERTH-AWS-025"));
    assert!(warned, "{run}");
    workspace.plan().changes_something();
    kubectl_ok(&["-n", namespace, "create", "serviceaccount", "late"]);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(annotations(namespace, "late")[ANNOTATION], workspace.attributes("berth_irsa_role.x")["arn"]);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_cluster_that_does_not_answer_keeps_no_role_from_going() {
    let (name, namespace) = (unique("gone"), Namespace::new("gone"));
    kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "one"]);
    let workspace = Workspace::new(&annotated(&name, &namespace.0, &["one"]));
    workspace.apply().succeeds();
    let kubeconfig = std::fs::read_to_string(crate::sandbox::value("KUBECONFIG")).unwrap();
    let server = kubeconfig.split_once("https://").unwrap().1.split(['"', '\n', ',']).next().unwrap();
    let away = workspace.write("away.kubeconfig", &kubeconfig.replace(server, "127.0.0.1:1"));
    let workspace = workspace.env("KUBECONFIG", away.to_str().unwrap()).env("KUBE_CONFIG_PATH", away.to_str().unwrap());
    workspace.plan().changes_nothing();
    let run = workspace.destroy().succeeds();
    assert!(run.diagnostics().iter().any(|shown| shown.summary.contains("Cannot take the annotation off")), "{run}");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_wildcard_is_no_account_to_annotate() {
    let configuration = role("x", "annotate_service_accounts = true").replace("\"web\"", "\"web-*\"");
    let errors = Workspace::new(&configuration).validate().fails();
    assert!(errors.contains("cannot be annotated") && errors.contains("BERTH-AWS-023"), "{errors}");
}
