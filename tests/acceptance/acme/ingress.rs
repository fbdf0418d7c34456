//! Names proved by files behind an Ingress of the cluster.

use serde_json::Value;

use super::{Namespace, account, certificate, kubectl, name_at, provider, text};
use crate::cluster_permissions::{is_as_told, narrow};
use crate::sandbox::value;
use crate::workspace::{Cli, Workspace};

/// The settings of a certificate that is proved through the sandbox's class.
fn http01(namespace: &Namespace, more: &str) -> String {
    let class = value("SANDBOX_INGRESS_CLASS");
    format!(
        "  http01 = {{ ingress_class = \"{class}\", namespace = \"{}\", {more} }}\n  depends_on = [berth_dns_record.web]\n",
        namespace.0
    )
}

/// What a solver is made of, wherever it is in the namespace.
fn solvers(namespace: &Namespace) -> Vec<String> {
    let kinds = "pods,services,ingresses,endpointslices,configmaps";
    let label = "app.kubernetes.io/name=acme-solver";
    let found = kubectl(&["get", kinds, "-n", &namespace.0, "-l", label, "-o", "name"]).unwrap();
    // Slices that the control plane makes for Services with a Pod have a longer name, and go a moment after them.
    let is_ours = |line: &&str| line.matches('-').count() == 2;
    found.lines().filter(is_ours).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the sandbox with an ingress controller"]
fn a_name_is_proved_through_the_class_and_nothing_stays_behind() {
    for cli in Cli::all() {
        let namespace = Namespace::new(if cli.is_tofu() { "class-tofu" } else { "class" });
        let (name, record) = name_at(&namespace, &value("SANDBOX_INGRESS_IP"));
        let more = http01(&namespace, "labels = { team = \"a\" }");
        let configuration = provider("") + &account(&namespace) + &record + &certificate(&namespace, &[&name], &more);
        let workspace = Workspace::on(&cli, &configuration);
        workspace.apply().succeeds();
        assert_eq!(solvers(&namespace), Vec::<String>::new());
        assert!(workspace.log().contains("serving http-01 challenges through an ingress"));
        assert!(!workspace.log().contains("cannot be looked at from here"), "the file was seen before the CA looked");
        workspace.plan().changes_nothing();
        let serial = text(&workspace.attributes("berth_acme_certificate.web"), "serial_number");

        // How a name is proved changes no certificate; another key does, by an endpoint without a Pod.
        let endpoint = format!("endpoint = \"{}:8089\"", value("SANDBOX_NODE_IP"));
        let moved = configuration
            .replace("labels = { team = \"a\" },", &endpoint)
            .replace(&more, &http01(&namespace, &endpoint));
        workspace.configure(&moved);
        workspace.apply().succeeds();
        assert_eq!(text(&workspace.attributes("berth_acme_certificate.web"), "serial_number"), serial);
        workspace.configure(&moved.replace("  http01 =", "  key_type = \"ecdsa-p384\"\n  http01 ="));
        workspace.apply().succeeds();
        assert_ne!(text(&workspace.attributes("berth_acme_certificate.web"), "serial_number"), serial);
        assert_eq!(solvers(&namespace), Vec::<String>::new());
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox with an ingress controller"]
fn an_image_that_cannot_be_pulled_is_told_and_the_next_apply_goes_on_with_the_order() {
    let namespace = Namespace::new("image");
    let (name, record) = name_at(&namespace, &value("SANDBOX_INGRESS_IP"));
    let configuration = |more: &str| {
        let certificate = certificate(&namespace, &[&name], &http01(&namespace, more));
        provider("") + &account(&namespace) + &record + &certificate
    };
    let workspace = Workspace::new(&configuration("image = \"docker.io/library/nothing:1\""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-014") && errors.contains("cannot pull"), "{errors}");
    assert!(errors.contains("`http01.image`") && errors.contains("docker.io/library/nothing:1"), "{errors}");
    assert_eq!(solvers(&namespace), Vec::<String>::new());

    workspace.configure(&configuration(""));
    workspace.apply().succeeds();
    assert!(workspace.log().contains("acme order found again"), "the order was taken up again");
    assert_eq!(solvers(&namespace), Vec::<String>::new());
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with an ingress controller"]
fn a_pod_that_the_namespace_has_no_room_for_is_told_in_the_clusters_words() {
    let namespace = Namespace::new("quota");
    let (name, record) = name_at(&namespace, &value("SANDBOX_INGRESS_IP"));
    let certificate = certificate(&namespace, &[&name], &http01(&namespace, ""));
    kubectl(&["create", "quota", "none", "-n", &namespace.0, "--hard=pods=0"]).unwrap();
    let workspace = Workspace::new(&(provider("") + &account(&namespace) + &record + &certificate));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-019") && errors.contains("exceeded quota"), "{errors}");
    assert_eq!(solvers(&namespace), Vec::<String>::new());
    kubectl(&["delete", "quota", "none", "-n", &namespace.0]).unwrap();
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
}

/// A configuration whose Ingress no controller serves, so that the file is never seen; and one that works.
fn unserved(namespace: &Namespace, more: &str) -> (String, String) {
    let (name, record) = name_at(namespace, &value("SANDBOX_INGRESS_IP"));
    let head = provider("") + &account(namespace) + &record;
    let served = http01(namespace, "");
    let unserved = served.replace(&value("SANDBOX_INGRESS_CLASS"), "nobody") + more;
    (head.clone() + &certificate(namespace, &[&name], &unserved), head + &certificate(namespace, &[&name], &served))
}

#[test]
#[ignore = "needs the sandbox with an ingress controller"]
fn what_a_killed_run_left_is_cleared_by_the_next_one() {
    let namespace = Namespace::new("killed");
    let (unserved, served) = unserved(&namespace, "");
    let workspace = Workspace::new(&unserved);
    let running = workspace.start_apply();
    running.wait_until(|| solvers(&namespace).len() == 3, "the solver");
    running.kill_provider();
    running.finish().fails();
    assert_eq!(solvers(&namespace).len(), 3, "the killed run could not clear them");
    let order: Value = serde_json::from_str(&namespace.entry("web-tls-acme-order", "order.json")).unwrap();
    assert!(order["sites"][0].as_str().unwrap().starts_with("Pod "), "{order}");

    workspace.configure(&served);
    workspace.apply().succeeds();
    assert!(workspace.log().contains("acme order found again"));
    assert_eq!(solvers(&namespace), Vec::<String>::new());
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with an ingress controller"]
fn a_name_that_leads_elsewhere_is_told_with_what_answers_there_and_an_interrupt_clears_too() {
    let namespace = Namespace::new("elsewhere");
    let (unserved, _) = unserved(&namespace, "  timeouts = { create = \"20s\" }\n");
    let workspace = Workspace::new(&unserved);
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-ACME-080") && errors.contains("answers 404"), "{errors}");
    assert!(errors.contains(&value("SANDBOX_INGRESS_IP")) && errors.contains("`nobody`"), "{errors}");
    assert_eq!(solvers(&namespace), Vec::<String>::new());

    let running = workspace.start_apply();
    // Its order, account and record are there already, so the solver comes at once.
    running.wait_until(|| solvers(&namespace).len() == 3, "the solver");
    running.interrupt();
    let errors = running.finish().fails();
    assert!(errors.contains("BERTH-K8S-012") || errors.contains("BERTH-ACME-021"), "{errors}");
    assert_eq!(solvers(&namespace), Vec::<String>::new());
    workspace.destroy().succeeds();
}

/// What only a solver that does not get up, and a CA without known limits, leave unasked.
const RARELY: [(&str, &str); 6] = [
    ("list", "pods"),
    ("list", "events"),
    ("get", "pods/log"),
    ("get", "configmaps"),
    ("create", "configmaps"),
    ("patch", "configmaps"),
];

#[test]
#[ignore = "needs the sandbox with an ingress controller"]
fn the_rights_of_the_table_are_enough_also_in_a_restricted_namespace() {
    let types = ["berth_acme_certificate"];
    let endpoint = format!("endpoint = \"{}:8090\"", value("SANDBOX_NODE_IP"));
    for (attribute, way) in [("http01.ingress_class", ""), ("http01.endpoint", endpoint.as_str())] {
        let namespace = Namespace::new(&attribute.replace(['.', '_'], "-"));
        let (name, record) = name_at(&namespace, &value("SANDBOX_INGRESS_IP"));
        kubectl(&["label", "namespace", &namespace.0, "pod-security.kubernetes.io/enforce=restricted"]).unwrap();
        let workspace = Workspace::new("");
        let runner = narrow(&types, &[attribute], &[&namespace.0]);
        let login = runner.kubeconfig(&workspace);
        let narrow = provider(&format!("  alias = \"narrow\"\n  kubernetes = {{ config_path = \"{login}\" }}\n"));
        let more = http01(&namespace, way) + "  provider = berth.narrow\n";
        let certificate = certificate(&namespace, &[&name], &more);
        workspace.configure(&(provider("") + &narrow + &account(&namespace) + &record + &certificate));
        workspace.apply().succeeds();
        assert_eq!(solvers(&namespace), Vec::<String>::new());
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        is_as_told(&types, &[attribute], &runner, &RARELY);
    }
}
