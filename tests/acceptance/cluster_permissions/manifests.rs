//! Types that declare objects of any kind, and those of cert-manager.

use super::{Life, VARIABLE};
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
        rarely: &[],
        rarely_at_plan: &[],
    }
    .is_lived();
}
