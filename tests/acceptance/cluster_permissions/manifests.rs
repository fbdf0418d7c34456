//! Types that declare objects of any kind, and those of cert-manager.

use super::{Life, VARIABLE};
use crate::diagnosis::cluster_issuers_go;
use crate::kubectl::Namespace;

fn manifest(namespace: &Namespace, data: &str, version: u32) -> String {
    format!(
        "{VARIABLE}resource \"berth_manifest\" \"x\" {{\n  namespace = \"{0}\"\n  yaml = <<-YAML\n    apiVersion: v1\n    kind: ConfigMap\n    \
         metadata: {{name: one}}\n    data: {{a: {data}}}\n  YAML\n  secrets_yaml_wo = yamlencode({{ apiVersion = \"v1\", kind = \"Secret\", \
         metadata = {{ name = \"one\" }}, stringData = {{ p = var.password }} }})\n  secrets_yaml_wo_version = {version}\n}}\n",
        namespace.0
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn manifests_ask_what_the_table_says() {
    let namespace = Namespace::new("narrow");
    Life {
        types: &["berth_manifest"],
        attributes: &[],
        namespaces: &[&namespace.0],
        steps: &[manifest(&namespace, "b", 1), manifest(&namespace, "c", 2)],
        imports: &[("berth_manifest.x", format!("v1/ConfigMap/{0}/one,v1/Secret/{0}/one", namespace.0))],
        rarely: &[
            ("watch", "*", "what is ready or gone at once is not waited for"),
            ("list", "*", "no Pod fails, and no namespace goes"),
        ],
        rarely_at_plan: &[],
    }
    .is_lived();
}

fn issued(namespace: &Namespace, duration: &str) -> String {
    format!(
        r#"
resource "berth_issuer" "all" {{
  name        = "{0}"
  self_signed = {{}}
}}
resource "berth_issuer" "one" {{
  name        = "one"
  namespace   = "{0}"
  self_signed = {{}}
}}
resource "berth_certificate" "x" {{
  name                     = "x"
  namespace                = "{0}"
  secret_name              = "x-tls"
  dns_names                = ["x.test"]
  duration                 = "{duration}"
  issuer                   = {{ name = berth_issuer.all.name, kind = "ClusterIssuer" }}
  delete_secret_on_destroy = true
}}
"#,
        namespace.0
    )
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn issuers_and_certificates_ask_what_the_table_says() {
    let _alone = cluster_issuers_go();
    let namespace = Namespace::new("narrow");
    let why = "a wait that fails tells what keeps it";
    Life {
        types: &["berth_issuer", "berth_certificate"],
        attributes: &["delete_secret_on_destroy"],
        namespaces: &[&namespace.0],
        steps: &[issued(&namespace, "720h"), issued(&namespace, "721h")],
        imports: &[("berth_certificate.x", format!("{}/x", namespace.0)), ("berth_issuer.all", namespace.0.clone())],
        rarely: &[("list", "certificaterequests", why), ("list", "orders", why), ("list", "challenges", why)],
        rarely_at_plan: &[("get", "namespaces")],
    }
    .is_lived();
}
