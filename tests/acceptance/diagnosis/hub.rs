//! A registry with a login and a certificate that nodes trust, made by berth behind the ingress.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::kubectl::{Namespace, kubectl_ok};
use crate::sandbox::value;
use crate::workspace::Workspace;

use super::stage::Stage;

pub const PASSWORD: &str = "a password of the hub";
pub const WRONG: &str = "not the password of the hub";

/// The registry.
pub struct Hub {
    pub host: String,
    /// A host whose certificate comes from a CA that no node trusts.
    pub foreign: String,
    roots: String,
    workspace: Workspace,
    _namespace: Namespace,
}

impl Hub {
    pub fn new(stage: &Stage) -> Self {
        let namespace = Namespace(stage.namespace("hub"));
        kubectl_ok(&["create", "namespace", &namespace.0]);
        let (host, foreign) = (stage.host("hub"), stage.host("foreign"));
        let bundle = STANDARD.encode(std::fs::read(value("SANDBOX_ACME_CA_FILE")).unwrap());
        let issuer = format!(
            "apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {{name: {0}, labels: {{sandbox.berth/test: {0}}}}}\nspec: {{acme: {{server: {1:?}, caBundle: {bundle}, \
             privateKeySecretRef: {{name: {0}}}, solvers: [{{http01: {{ingress: {{class: traefik}}}}}}]}}}}\n",
            stage.prefix,
            value("SANDBOX_ACME_DIRECTORY"),
        );
        kubectl_ok(&["apply", "-f", &stage.write("issuer.yaml", &issuer)]);
        let workspace = Workspace::new("").secret("password", PASSWORD);
        workspace.configure(&format!(
            r#"
variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_dns_records" "x" {{
  zone_id = "{zone}"
  wait    = "authoritative"
  records = {{
    hub     = {{ name = "{host}", type = "A", values = ["{ingress}"], ttl = 1 }}
    foreign = {{ name = "{foreign}", type = "A", values = ["{ingress}"], ttl = 1 }}
  }}
}}
resource "berth_registry" "hub" {{
  depends_on = [berth_dns_records.x]
  name       = "hub"
  namespace  = "{namespace}"
  host       = "{host}"
  storage    = {{ ephemeral = {{}} }}
  users      = {{ ann = {{ password_wo = var.password, password_wo_version = 1 }} }}
  ingress    = {{ class = "traefik", issuer = "{issuer}" }}
}}
"#,
            zone = value("SANDBOX_ZONE_ID"),
            ingress = value("SANDBOX_INGRESS_IP"),
            namespace = namespace.0,
            issuer = stage.prefix,
        ));
        workspace.apply().succeeds();
        kubectl_ok(&["-n", &namespace.0, "wait", "certificate", "--all", "--for=condition=Ready", "--timeout=120s"]);
        foreign_ingress(stage, &namespace.0, &foreign, &workspace);
        Self { host, foreign, roots: value("SANDBOX_ACME_ROOT_FILE"), workspace, _namespace: namespace }
    }

    /// How the program is told to trust it.
    pub fn trust(&self) -> Vec<&str> {
        vec!["--ca-file", &self.roots]
    }

    pub fn destroy(self) {
        self.workspace.destroy().succeeds();
    }
}

/// An Ingress whose certificate is of nobody's CA.
fn foreign_ingress(stage: &Stage, namespace: &str, host: &str, workspace: &Workspace) {
    let path = |name: &str| workspace.path(name).to_str().unwrap().to_owned();
    let openssl = |arguments: &[&str]| {
        let output = std::process::Command::new("openssl").args(arguments).output().expect("openssl is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30"];
    let (ca_key, ca, key, leaf) = (path("ca.key"), path("ca.pem"), path("tls.key"), path("tls.pem"));
    openssl(&[&["req", "-x509", "-subj", "/CN=Nobody's Root", "-keyout", &ca_key, "-out", &ca], &new_key[..]].concat());
    let names = format!("subjectAltName=DNS:{host}");
    let signed =
        ["req", "-x509", "-subj", "/CN=foreign", "-CA", &ca, "-CAkey", &ca_key, "-keyout", &key, "-out", &leaf];
    openssl(&[&signed[..], &new_key[..], &["-addext", &names, "-addext", "basicConstraints=CA:FALSE"]].concat());
    let (certificate, key) = (format!("--cert={leaf}"), format!("--key={key}"));
    kubectl_ok(&["-n", namespace, "create", "secret", "tls", "foreign", &certificate, &key]);
    let ingress = format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: foreign, namespace: {namespace}}}\nspec:\n  ingressClassName: traefik\n  \
         tls: [{{hosts: [{host:?}], secretName: foreign}}]\n  rules:\n  - host: {host:?}\n    http: {{paths: [{{path: /, pathType: Prefix, backend: {{service: {{name: hub, port: {{name: registry}}}}}}}}]}}\n"
    );
    kubectl_ok(&["apply", "-f", &stage.write("foreign.yaml", &ingress)]);
}
