//! In state while anything is left, and nothing that others made or bound is taken away.

use super::subjects::{pull_secret, registry, uses};
use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

#[test]
#[ignore = "needs the sandbox"]
fn a_failed_create_leaves_nothing_that_a_destroy_does_not_remove() {
    let subject = registry();
    let workspace =
        subject.workspace(&Cli::terraform(), &subject.with("it", "  service = { type = \"NodePort\", node_port = 1 }"));
    let errors = workspace.apply().fails();
    assert!(errors.contains("nodePort"), "{errors}");
    workspace.destroy().succeeds();
    subject.is_gone("destroyed after a create that failed");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_without_its_deployment_is_still_destroyed() {
    let subject = registry();
    let workspace = subject.workspace(&Cli::terraform(), &subject.declared(&["it"]));
    workspace.apply().succeeds();
    kubectl_ok(&["-n", &subject.namespace.0, "delete", "deployment", "ship"]);
    assert_eq!(workspace.plan().changes(), [(subject.address("it"), "update".to_owned())], "it is made again");
    workspace.destroy().succeeds();
    subject.is_gone("destroyed without its Deployment");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_claim_that_was_never_bound_does_not_stand_in_the_way_of_a_corrected_one() {
    let subject = registry();
    let configuration = subject.with("it", "  timeouts = { create = \"15s\" }");
    let of = |class: &str| {
        let volume = format!("size = \"16Mi\", storage_class = \"{class}\"");
        configuration.replace("size = \"16Mi\", delete_on_destroy = true", &volume)
    };
    let workspace = subject.workspace(&Cli::terraform(), &of("no-such-class"));
    workspace.apply();
    workspace.configure(&of("sandbox"));
    for _ in 0..2 {
        workspace.apply();
    }
    workspace.plan().changes_nothing();
    subject.stands("corrected");
    workspace.destroy().succeeds();
}

fn running_as(namespace: &str, account: &str) -> String {
    format!(
        "resource \"berth_registry\" \"it\" {{\n  name            = \"ship\"\n  namespace       = \"{namespace}\"\n  \
         storage         = {{ ephemeral = {{}} }}\n  service_account = {account}\n}}\n"
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_that_is_no_longer_used_goes_and_annotations_are_given_back() {
    let namespace = Namespace::new("accounts");
    kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "theirs"]);
    let role = "annotations = { \"eks.amazonaws.com/role-arn\" = \"arn:aws:iam::123456789012:role/a\" }";
    let workspace = Workspace::new(&running_as(&namespace.0, &format!("{{ name = \"one\", {role} }}")));
    workspace.apply().succeeds();
    workspace.configure(&running_as(&namespace.0, &format!("{{ name = \"theirs\", {role} }}")));
    workspace.apply().succeeds();
    assert!(object(&namespace.0, "serviceaccount", "one").is_none(), "the account that berth made goes");
    let annotations = || object(&namespace.0, "serviceaccount", "theirs").unwrap()["metadata"]["annotations"].clone();
    assert!(annotations()["eks.amazonaws.com/role-arn"].is_string());

    workspace.configure(&running_as(&namespace.0, "{ name = \"theirs\" }"));
    workspace.apply().succeeds();
    assert!(
        annotations()["eks.amazonaws.com/role-arn"].is_null(),
        "a role that is no longer declared is no longer granted"
    );
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert!(object(&namespace.0, "serviceaccount", "theirs").is_some(), "it was there before");
}

#[test]
#[ignore = "needs the sandbox"]
fn only_accounts_that_berth_bound_are_unbound() {
    let subject = pull_secret();
    let namespace = &subject.namespace.0;
    for account in ["ours", "chart"] {
        kubectl_ok(&["-n", namespace, "create", "serviceaccount", account]);
    }
    let bind = r#"{"imagePullSecrets":[{"name":"pull"}]}"#;
    let with = |accounts: &str, version: u32| {
        let more = format!("  service_accounts = {accounts}");
        subject
            .with("it", &more)
            .replace("var.password }", &format!("var.password, password_wo_version = {version} }}"))
    };
    let workspace = subject.workspace(&Cli::terraform(), &with("[\"default\", \"ours\"]", 1));
    workspace.apply().succeeds();
    kubectl_ok(&["-n", namespace, "patch", "serviceaccount", "chart", "--type=merge", "-p", bind]);

    workspace.configure(&with("[\"default\"]", 2));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let users = || ["default", "ours", "chart"].map(|account| uses(namespace, account, "pull"));
    assert_eq!(users(), [true, false, true], "the chart's own binding is not ours to take");
    workspace.destroy().succeeds();
    assert_eq!(users(), [false, false, true]);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_namespace_on_its_way_out_does_not_keep_the_new_password_from_the_others() {
    let (subject, leaving) = (pull_secret(), Namespace::new("aaa-leaving"));
    let both = format!("[\"{}\", \"{}\"]", leaving.0, subject.namespace.0);
    let with = |version: u32| {
        let one = format!("[\"{}\"]", subject.namespace.0);
        subject
            .declared(&["it"])
            .replace(&one, &both)
            .replace("var.password }", &format!("var.password, password_wo_version = {version} }}"))
    };
    let workspace = subject.workspace(&Cli::terraform(), &with(1));
    workspace.apply().succeeds();
    let version = || object(&subject.namespace.0, "secret", "pull").unwrap()["metadata"]["resourceVersion"].clone();
    let before = version();
    kubectl_ok(&["-n", &leaving.0, "create", "configmap", "held"]);
    let patch = |finalizers: &str| format!("{{\"metadata\":{{\"finalizers\":{finalizers}}}}}");
    kubectl_ok(&[
        "-n",
        &leaving.0,
        "patch",
        "configmap",
        "held",
        "--type=merge",
        "-p",
        &patch("[\"sandbox.test/hold\"]"),
    ]);
    kubectl_ok(&["delete", "namespace", &leaving.0, "--wait=false"]);
    kubectl_ok(&["-n", &leaving.0, "wait", "--for=delete", "secret/pull", "--timeout=60s"]);

    workspace.configure(&with(2));
    let errors = workspace.apply().fails();
    assert!(errors.contains("in 1 of 2 namespaces") && errors.contains(&leaving.0), "{errors}");
    assert_ne!(version(), before, "the other namespace has the new password");
    kubectl_ok(&["-n", &leaving.0, "patch", "configmap", "held", "--type=merge", "-p", &patch("null")]);
    workspace.destroy().succeeds();
    subject.is_gone("destroyed");
}

#[test]
#[ignore = "needs the sandbox"]
fn an_account_that_two_registries_run_as_stays_for_the_other_and_its_loss_is_drift() {
    let namespace = Namespace::new("shared-account");
    let registry = |name: &str| {
        format!(
            "resource \"berth_registry\" \"{name}\" {{\n  name            = \"{name}\"\n  namespace       = \"{}\"\n  \
             storage         = {{ ephemeral = {{}} }}\n  service_account = {{ name = \"shared\" }}\n}}\n",
            namespace.0
        )
    };
    let first = Workspace::new(&registry("one"));
    first.apply().succeeds();
    let second = Workspace::new(&registry("other"));
    second.apply().succeeds();
    first.destroy().succeeds();
    assert!(object(&namespace.0, "serviceaccount", "shared").is_some(), "the other one runs as it");
    second.plan().changes_nothing();
    kubectl_ok(&["-n", &namespace.0, "delete", "serviceaccount", "shared"]);
    second.plan().changes_something();
    second.apply().succeeds();
    second.plan().changes_nothing();
    second.destroy().succeeds();
    assert!(object(&namespace.0, "serviceaccount", "shared").is_none());
}

#[test]
#[ignore = "needs the sandbox"]
fn what_a_destroy_that_was_cut_short_has_left_is_still_in_the_state() {
    let namespace = Namespace::unused("half-gone");
    let configuration = format!(
        "resource \"berth_registry\" \"it\" {{\n  name             = \"ship\"\n  namespace        = \"{}\"\n  \
         create_namespace = true\n  storage          = {{ ephemeral = {{}} }}\n}}\n",
        namespace.0
    );
    let workspace = Workspace::new(&configuration);
    workspace.apply().succeeds();
    for kind in ["deployment", "service", "configmap", "secret", "serviceaccount"] {
        kubectl_ok(&["-n", &namespace.0, "delete", kind, "-l", "app.kubernetes.io/instance=ship"]);
    }
    workspace.plan().changes_something();
    workspace.destroy().succeeds();
    assert!(object("default", "namespace", &namespace.0).is_none(), "its namespace was left, and goes");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_selector_that_matches_nothing_plans_nothing_more() {
    let subject = pull_secret();
    let named = format!("namespaces = [\"{}\"]", subject.namespace.0);
    let configuration = subject.declared(&["it"]).replace(&named, "namespace_selector = { nobody = \"bears-this\" }");
    let workspace = subject.workspace(&Cli::terraform(), &configuration);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn two_certificates_do_not_share_a_copy() {
    let subject = super::subjects::certificate();
    let namespace = &subject.namespace.0;
    let home = |name: &str| format!("kubernetes_secret = {{ namespace = \"{namespace}\", name = \"{name}\"");
    let copy = format!("{}, copies = [{{ namespace = \"{namespace}\", name = \"shared\" }}] }}", home("web-tls"));
    let one = subject.declared(&["one"]).replace(&format!("{} }}", home("web-tls")), &copy);
    let other = subject.with("other", "").replace(&home("web-tls"), &home("shared"));
    let other = &other[other.find("resource \"berth_acme_certificate\"").unwrap()..];
    let workspace = subject.workspace(&Cli::terraform(), &(one + other));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-016"), "{errors}");
    workspace.destroy().succeeds();
}
