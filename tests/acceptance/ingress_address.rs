//! Waiting for the load balancer of an Ingress or a Service.

use serde_json::json;

use crate::kubectl::{Namespace, kubectl_ok};
use crate::workspace::{Cli, Workspace};

fn address(namespace: &Namespace, more: &str) -> String {
    format!("data \"berth_ingress_address\" \"x\" {{\n namespace = \"{}\"\n name = \"web\"\n {more}\n}}\n", namespace.0)
}

fn make_ingress(namespace: &Namespace) {
    // Of a class that no controller has: without one, the sandbox's own would serve it.
    kubectl_ok(&["-n", &namespace.0, "create", "ingress", "web", "--class=nobody", "--rule=web.example/*=web:80"]);
}

/// What a cloud's controller does once its load balancer is there.
fn give_address(namespace: &Namespace, kind: &str, point: &str) {
    let status = format!("{{\"status\":{{\"loadBalancer\":{{\"ingress\":[{point}]}}}}}}");
    kubectl_ok(&["-n", &namespace.0, "patch", kind, "web", "--subresource=status", "--type=merge", "-p", &status]);
}

#[test]
#[ignore = "needs the sandbox"]
fn an_ingress_is_watched_until_its_load_balancer_has_an_address() {
    for cli in Cli::all() {
        let namespace = Namespace::new("address");
        let workspace = Workspace::on(&cli, &address(&namespace, ""));
        let running = workspace.start_apply();
        running.wait_for_log("watching");
        make_ingress(&namespace);
        give_address(&namespace, "ingress", "{\"hostname\":\"lb-1.elb.example\"}");
        running.finish().succeeds();
        let found = workspace.attributes("data.berth_ingress_address.x");
        assert_eq!((&found["hostname"], &found["ip"]), (&json!("lb-1.elb.example"), &json!(null)));
        assert_eq!(found["hostnames"], json!(["lb-1.elb.example"]));
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_service_answers_with_its_addresses() {
    let namespace = Namespace::new("address");
    kubectl_ok(&["-n", &namespace.0, "create", "service", "loadbalancer", "web", "--tcp=80"]);
    give_address(&namespace, "service", "{\"ip\":\"192.0.2.1\"},{\"ip\":\"192.0.2.2\"}");
    let workspace = Workspace::new(&address(&namespace, "kind = \"Service\""));
    workspace.apply().succeeds();
    let found = workspace.attributes("data.berth_ingress_address.x");
    assert_eq!((&found["ip"], &found["ips"]), (&json!("192.0.2.1"), &json!(["192.0.2.1", "192.0.2.2"])));

    kubectl_ok(&["-n", &namespace.0, "delete", "service", "web"]);
    kubectl_ok(&["-n", &namespace.0, "create", "service", "clusterip", "web", "--tcp=80"]);
    let errors = workspace.plan().fails();
    assert!(errors.contains("BERTH-K8S-070") && errors.contains("of type ClusterIP"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn the_wait_for_an_address_ends_with_what_was_seen() {
    let namespace = Namespace::new("address");
    let workspace = Workspace::new(&address(&namespace, "timeouts = { read = \"2s\" }"));
    let errors = workspace.plan().fails();
    assert!(errors.contains("there is no such object"), "{errors}");
    make_ingress(&namespace);
    let errors = workspace.plan().fails();
    assert!(errors.contains("its load balancer has no address yet"), "{errors}");
    workspace.configure(&address(&namespace, "wait = false"));
    workspace.apply().succeeds();
    assert_eq!(workspace.attributes("data.berth_ingress_address.x")["hostname"], json!(null));
}
