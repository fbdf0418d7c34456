//! `berth_registry` behind a Gateway: clients get through, what keeps them is told, and nothing of the route is left.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kubectl::{Namespace, apply, certificate_for, kubectl_ok, object};
use crate::sandbox::value;
use crate::workspace::{Cli, Run, Workspace};

const ANN: &str = "a lamp in the window";
const REGISTRY: &str = "berth_registry.this";

/// A Gateway `public` with a listener of each kind; that of TLS admits what `from` says. The ports are those of Traefik's own
/// entry points, which its Service leads 80 and 443 to.
fn gateway(namespace: &str, from: &str) {
    apply(&format!(
        r"
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: public, namespace: {namespace}}}
spec:
  gatewayClassName: traefik
  listeners:
  - {{name: plain, protocol: HTTP, port: 8000, allowedRoutes: {{namespaces: {{from: All}}}}}}
  - name: secure
    protocol: HTTPS
    port: 8443
    hostname: '*.sandbox.test'
    tls: {{certificateRefs: [{{name: registry-tls}}]}}
    allowedRoutes: {{namespaces: {from}}}
"
    ));
}

fn registry(namespace: &str, host: &str, more: &str) -> String {
    format!(
        r#"
variable "ann" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "this" {{
  name      = "registry"
  namespace = "{namespace}"
  host      = "{host}"
  storage   = {{ ephemeral = {{}} }}
  users     = {{ ann = {{ password_wo = var.ann, password_wo_version = 1 }} }}
  {more}
}}
"#
    )
}

fn through(edge: &str, listener: &str) -> String {
    format!("gateway = {{ parent = {{ namespace = \"{edge}\", name = \"public\", section_name = \"{listener}\" }} }}")
}

/// What curl gets of the registry at the Gateway's address: the status. Traefik takes a route some seconds before it
/// follows it, and knows where it leads.
#[expect(clippy::disallowed_methods, reason = "the Gateway tells nobody when it has caught up")]
fn status(host: &str, login: &str) -> String {
    let resolve = format!("{host}:443:{}", value("SANDBOX_INGRESS_IP"));
    let asked = || {
        let output = Command::new("curl")
            .args(["-sk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10", "--resolve", &resolve])
            .args(["-u", login, &format!("https://{host}/v2/")])
            .output()
            .expect("curl is installed");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let begun = Instant::now();
    loop {
        match asked() {
            early if !matches!(early.as_str(), "200" | "401") && begun.elapsed() < Duration::from_secs(30) => {
                std::thread::sleep(Duration::from_millis(300));
            }
            status => return status,
        }
    }
}

fn warnings(run: Run) -> String {
    let shown = run.succeeds().diagnostics().into_iter().filter(|it| it.severity == "warning");
    shown.map(|it| it.detail).collect::<Vec<_>>().join("\n")
}

#[test]
#[ignore = "needs the sandbox with ingress"]
fn clients_come_through_a_gateway_and_it_is_left_without_a_trace() {
    for cli in Cli::all() {
        let (apps, edge) = (Namespace::new("apps"), Namespace::new("edge"));
        let host = format!("{}.sandbox.test", apps.0);
        certificate_for(&edge.0, &host);
        gateway(&edge.0, "{from: All}");
        let behind = registry(&apps.0, &host, &through(&edge.0, "secure"));
        let address = format!(
            "data \"berth_ingress_address\" \"x\" {{\n  kind = \"Gateway\"\n  namespace = \"{}\"\n  name = \"public\"\n}}\n",
            edge.0
        );
        let workspace = Workspace::on(&cli, &(behind.clone() + &address)).secret("ann", ANN);
        let told = warnings(workspace.apply());
        assert!(!told.contains("BERTH-REG"), "{told}");
        workspace.plan().changes_nothing();
        assert_eq!(workspace.attributes(REGISTRY)["url"], format!("https://{host}"));
        assert_eq!(workspace.attributes("data.berth_ingress_address.x")["ip"], value("SANDBOX_INGRESS_IP"));
        assert_eq!((status(&host, &format!("ann:{ANN}")), status(&host, "ann:no")), ("200".into(), "401".into()));

        let patch = json!({ "spec": { "hostnames": ["elsewhere.test"] } }).to_string();
        kubectl_ok(&["-n", &apps.0, "patch", "httproute", "registry", "--type=merge", "-p", &patch]);
        workspace.plan().changes_something();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(object(&apps.0, "httproute", "registry").unwrap()["spec"]["hostnames"], json!([host]));

        let kept = behind.replace("password_wo = var.ann, ", "");
        let other = Workspace::on(&cli, &kept).secret("ann", ANN);
        other.import(REGISTRY, &format!("{}/registry", apps.0)).succeeds();
        other.plan().changes_nothing();

        let ingress = format!("ingress = {{ class = \"{}\" }}", value("SANDBOX_INGRESS_CLASS"));
        workspace.configure(&registry(&apps.0, &host, &ingress));
        workspace.apply().succeeds();
        assert!(object(&apps.0, "httproute", "registry").is_none() && object(&apps.0, "ingress", "registry").is_some());
        workspace.configure(&behind);
        workspace.apply().succeeds();
        assert!(object(&apps.0, "httproute", "registry").is_some() && object(&apps.0, "ingress", "registry").is_none());
        workspace.destroy().succeeds();
        assert!(object(&apps.0, "httproute", "registry").is_none(), "nothing is left");
        assert!(object(&edge.0, "gateway", "public").is_some(), "the Gateway is not the registry's");
    }
}

#[test]
#[ignore = "needs the sandbox with ingress"]
fn a_gateway_that_lets_nobody_in_is_told_before_and_after() {
    let (apps, edge) = (Namespace::new("apps"), Namespace::new("edge"));
    let host = format!("{}.sandbox.test", apps.0);
    certificate_for(&edge.0, &host);
    let workspace = Workspace::new(&registry(&apps.0, &host, &through(&edge.0, "secure"))).secret("ann", ANN);
    let told = warnings(workspace.plan());
    assert!(told.contains("public, which does not exist") && told.contains("BERTH-REG-006"), "{told}");

    gateway(&edge.0, "{from: Same}");
    let told = warnings(workspace.plan());
    assert!(told.contains("takes no route of the namespace"), "{told}");
    let told = warnings(workspace.apply());
    assert!(told.contains("has not accepted") && told.contains("BERTH-REG-015"), "{told}");
    workspace.plan().changes_nothing();

    gateway(&edge.0, "{from: Selector, selector: {matchLabels: {registry: 'true'}}}");
    kubectl_ok(&["label", "namespace", &apps.0, "registry=true"]);
    workspace.configure(&registry(&apps.0, &host, &format!("log_level = \"warn\"\n  {}", through(&edge.0, "secure"))));
    let told = warnings(workspace.apply());
    assert!(!told.contains("BERTH-REG"), "{told}");

    workspace.configure(&registry(&apps.0, &host, &through(&edge.0, "plain")));
    let told = warnings(workspace.plan());
    assert!(told.contains("admits the route by HTTP alone"), "{told}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox with ingress"]
fn what_a_route_cannot_be_is_told_at_its_attribute() {
    let namespace = Namespace::new("apps");
    for (more, words) in [
        ("parent = { name = \"public\" }, timeouts = { request = \"1.5s\" }", "gateway.timeouts.request"),
        ("parent = { name = \"public\" }, hostnames = [\"https://a.test\"]", "gateway.hostnames"),
        ("parent = { name = \"public\", namespace = \"\" }", "gateway.parent.namespace"),
        ("hostnames = []", "parent"),
    ] {
        let configuration = registry(&namespace.0, "hub.test", &format!("gateway = {{ {more} }}"));
        let errors = Workspace::new(&configuration).secret("ann", ANN).run(&["validate", "-json"]).fails();
        assert!(errors.contains(words), "{words}: {errors}");
    }
}
