//! Documents with content of Secrets: nothing of it is stored, and what becomes of it is seen all the same.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::conflicts::declares;
use super::{ADDRESS, config_map, deployment, drift, on_all, patched};
use crate::kubectl::{Namespace, object};
use crate::workspace::Workspace;

const PASSWORD: &str = "the tide waits for nobody";

fn configuration(namespace: &Namespace, version: u32, more: &str) -> String {
    format!(
        r#"variable "password" {{
  type      = string
  ephemeral = true
}}
resource "berth_manifest" "it" {{
  namespace = "{}"
  yaml      = <<-YAML
{}
  YAML
  secrets_yaml_wo = yamlencode({{
    apiVersion = "v1"
    kind       = "Secret"
    metadata   = {{ name = "login" }}
    stringData = {{ password = var.password{more} }}
  }})
  secrets_yaml_wo_version = {version}
}}
"#,
        namespace.0,
        config_map(namespace, "beside", "{a: b}")
    )
}

fn entry(namespace: &Namespace, name: &str) -> Option<String> {
    let secret = object(&namespace.0, "secret", "login")?;
    let bytes = STANDARD.decode(secret["data"][name].as_str()?).unwrap();
    Some(String::from_utf8(bytes).unwrap())
}

#[test]
#[ignore = "needs the sandbox"]
fn content_of_secrets_reaches_the_cluster_and_nothing_else() {
    on_all(|cli| {
        let namespace = Namespace::new("manifest");
        let mut workspace = Workspace::on(cli, &configuration(&namespace, 1, "")).secret("password", PASSWORD);
        workspace.never_shows(&STANDARD.encode(PASSWORD));
        workspace.apply().succeeds();
        assert_eq!(entry(&namespace, "password").as_deref(), Some(PASSWORD));
        workspace.plan().changes_nothing();
        workspace.show_all();

        // Somebody changes it by hand: seen without knowing what it was.
        patched(&namespace, "secret", "login", r#"{"data":{"password":"eA=="}}"#);
        workspace.refresh().succeeds();
        assert!(drift(&workspace).join("\n").contains("Secret"), "{:?}", drift(&workspace));
        workspace.apply().succeeds();
        assert_eq!(entry(&namespace, "password").as_deref(), Some(PASSWORD));
        workspace.plan().changes_nothing();

        workspace.configure(&configuration(&namespace, 2, ", user = \"ann\""));
        workspace.apply().succeeds();
        assert_eq!(entry(&namespace, "user").as_deref(), Some("ann"));
        workspace.plan().changes_nothing();
        let objects = workspace.attributes(ADDRESS)["objects"].to_string();
        assert!(objects.contains(&format!("v1/Secret/{}/login", namespace.0)), "{objects}");

        let imported = format!("v1/Secret/{0}/login,v1/ConfigMap/{0}/beside", namespace.0);
        workspace.run(&["state", "rm", ADDRESS]).succeeds();
        workspace.import(ADDRESS, &imported).succeeds();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(entry(&namespace, "password").is_none());
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn a_mistake_in_what_is_not_stored_quotes_nothing_of_it() {
    let namespace = Namespace::new("manifest");
    let broken = configuration(&namespace, 1, "")
        .replace("yamlencode({", "format(\"a: [%s\", jsonencode({")
        .replace("\n  })\n", "\n  }))\n");
    let workspace = Workspace::new(&broken).secret("password", PASSWORD);
    let errors = workspace.plan().fails();
    assert!(errors.contains("BERTH-K8S-081") && errors.contains("secrets_yaml_wo"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox"]
fn what_the_cluster_refuses_of_what_is_not_stored_is_named_and_not_quoted() {
    let namespace = Namespace::new("manifest");
    let pod = |pin: &str, policy: &str| {
        format!(
            "resource \"berth_manifest\" \"it\" {{\n  secrets_yaml_wo = <<-YAML\n    apiVersion: v1\n    kind: Pod\n    metadata: {{name: p, namespace: {}}}\n    spec: {{restartPolicy: {policy}, containers: [{{name: p, image: x, env: [{{name: PIN, value: {pin}}}]}}]}}\n  YAML\n  secrets_yaml_wo_version = 1\n}}\n",
            namespace.0
        )
    };
    for (pin, policy, field) in [("48291377", "Never", "env[name="), ("'48291377'", "'48291377'", "restartPolicy")] {
        let errors = Workspace::new(&pod(pin, policy)).apply().fails();
        assert!(errors.contains(field) && !errors.contains("48291377"), "{errors}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn content_that_another_declares_as_text_is_seen_and_set_back() {
    let namespace = Namespace::new("manifest");
    let workspace = Workspace::new(&configuration(&namespace, 1, "")).secret("password", PASSWORD);
    workspace.apply().succeeds();
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: another}\n";
    declares(&namespace, "harbour-master", text);
    assert_eq!(entry(&namespace, "password").as_deref(), Some("another"));
    workspace.refresh().succeeds();
    assert!(drift(&workspace).join("\n").contains("Secret"), "{:?}", drift(&workspace));
    workspace.apply().succeeds();
    assert_eq!(entry(&namespace, "password").as_deref(), Some(PASSWORD));
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_log_that_repeats_what_is_not_stored_is_quoted_without_it() {
    let namespace = Namespace::new("manifest");
    let script = "command: [sh, -c, \"sleep 1; echo fatal: cannot log in with ${var.password}; exit 1\"], readinessProbe: {exec: {command: [\"false\"]}}";
    let text = deployment(&namespace, "crashes", script, "terminationGracePeriodSeconds: 1");
    let configured = format!(
        "variable \"password\" {{\n  type      = string\n  ephemeral = true\n}}\nresource \"berth_manifest\" \"it\" {{\n  secrets_yaml_wo = <<-YAML\n{text}\n  YAML\n  secrets_yaml_wo_version = 1\n  timeouts = {{ create = \"40s\" }}\n}}\n"
    );
    let workspace = Workspace::new(&configured).secret("password", "Tide-4711-table");
    let told = workspace.apply().succeeds().warnings().join("\n");
    assert!(told.contains("cannot log in with (hidden)"), "{told}");
    workspace.destroy().succeeds();
}
