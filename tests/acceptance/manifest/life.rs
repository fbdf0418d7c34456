//! From the first apply to an empty plan, a change, an import, a destroy.

use serde_json::json;

use super::{ADDRESS, config_map, declared, deployment, drift, joined, on_all, patched};
use crate::kubectl::{Mutation, Namespace, kubectl_ok, names, object};
use crate::workspace::{Cli, Workspace};

/// A Deployment in words that the API server writes in others, with a port whose protocol is left out.
fn workload(namespace: &Namespace) -> String {
    format!(
        r#"apiVersion: v1
kind: Service
metadata: {{name: web, namespace: {0}}}
spec: {{selector: {{app: web}}, ports: [{{port: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: {0}}}
spec:
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: docker.io/library/busybox:1.35
        imagePullPolicy: IfNotPresent
        command: [sleep, "3600"]
        ports: [{{containerPort: 80}}]
        resources: {{requests: {{cpu: 10m, memory: 0.03125Gi}}, limits: {{cpu: 1000m, memory: 64Mi}}}}
        volumeMounts: [{{name: v, mountPath: /v}}]
      volumes: [{{name: v, configMap: {{name: web, defaultMode: 0644}}}}]
"#,
        namespace.0
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_manifest_is_applied_changed_and_destroyed_and_its_second_plan_is_empty() {
    on_all(|cli| {
        let namespace = Namespace::new("manifest");
        let text = joined(&[workload(&namespace), config_map(&namespace, "web", "{a: \"yes\", b: '1000m'}")]);
        let workspace = Workspace::on(cli, &declared(&text, ""));
        let planned = workspace.plan().changes_something();
        assert!(planned.warnings().is_empty(), "{planned}");
        workspace.apply_plan().succeeds();
        let expected = [
            format!("v1/ConfigMap/{}/web", namespace.0),
            format!("v1/Service/{}/web", namespace.0),
            format!("apps/v1/Deployment/{}/web", namespace.0),
        ];
        assert_eq!(workspace.attributes(ADDRESS)["objects"], json!(expected));
        let deployment = object(&namespace.0, "deployment", "web").unwrap();
        assert_eq!(deployment["status"]["readyReplicas"], 1, "the apply has waited");
        assert_eq!(deployment["spec"]["template"]["spec"]["volumes"][0]["configMap"]["defaultMode"], 420);
        workspace.plan().changes_nothing();

        // The same in other words, with comments and in another order.
        let other =
            joined(&[config_map(&namespace, "web", "{b: \"1000m\", a: \"yes\"} # the same"), workload(&namespace)]);
        workspace.configure(&declared(&other, ""));
        workspace.plan().changes_nothing();

        // A document leaves the text, another changes.
        workspace.configure(&declared(&config_map(&namespace, "web", "{a: \"no\"}"), ""));
        workspace.apply().succeeds();
        assert_eq!(object(&namespace.0, "configmap", "web").unwrap()["data"], json!({ "a": "no" }));
        assert!(
            object(&namespace.0, "deployment", "web").is_none() && object(&namespace.0, "service", "web").is_none()
        );
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(object(&namespace.0, "configmap", "web").is_none());
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn what_the_cluster_makes_of_values_is_no_drift() {
    let namespace = Namespace::new("manifest");
    namespace.mutates(Mutation::Tolerations);
    namespace.mutates(Mutation::Requests);
    let text = joined(&[workload(&namespace), config_map(&namespace, "web", "{a: b}")]);
    let tolerations = "      tolerations: [{key: a, operator: Exists}]\n      containers:";
    let workspace = Workspace::new(&declared(&text.replace("      containers:", tolerations), ""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    // A field that the text does not name belongs to others.
    patched(&namespace, "deployment", "web", r#"{"metadata":{"labels":{"team":"a"}},"spec":{"minReadySeconds":1}}"#);
    patched(&namespace, "configmap", "web", r#"{"data":{"theirs":"x"}}"#);
    let container = r#"[{"op":"add","path":"/spec/ports/-","value":{"name":"more","port":81}},{"op":"add","path":"/spec/ports/0/name","value":"first"}]"#;
    kubectl_ok(&["-n", &namespace.0, "patch", "service", "web", "--type=json", "-p", container]);
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_somebody_changed_of_ours_is_told_and_set_back() {
    on_all(|cli| {
        let namespace = Namespace::new("manifest");
        let text = joined(&[config_map(&namespace, "one", "{a: b}"), config_map(&namespace, "two", "{a: b}")]);
        let workspace = Workspace::on(cli, &declared(&text, ""));
        workspace.apply().succeeds();
        patched(&namespace, "configmap", "one", r#"{"data":{"a":"changed","theirs":"x"}}"#);
        kubectl_ok(&["-n", &namespace.0, "delete", "configmap", "two"]);
        workspace.refresh().succeeds();
        let told = drift(&workspace).join("\n");
        assert!(
            told.contains(".data.a is \"changed\", declared \"b\"") && told.contains("two does not exist"),
            "{told}"
        );
        workspace.plan().changes_something();
        workspace.apply().succeeds();
        assert_eq!(object(&namespace.0, "configmap", "one").unwrap()["data"], json!({ "a": "b", "theirs": "x" }));
        assert!(object(&namespace.0, "configmap", "two").is_some() && drift(&workspace).is_empty());
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(!names(&namespace.0, "configmap").iter().any(|name| name == "one" || name == "two"));
    });
}

#[test]
#[ignore = "needs terraform"]
fn a_plan_needs_no_cluster() {
    on_all(|cli| {
        let away = "provider \"berth\" {\n  kubernetes = { host = \"https://127.0.0.1:1\" }\n}\n";
        let text = "apiVersion: nobody.test/v1\nkind: Unheard\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
        let unknown = "resource \"terraform_data\" \"x\" {}\nresource \"berth_manifest\" \"open\" {\n  yaml = \"apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: ${terraform_data.x.id}}\"\n  namespace = terraform_data.x.id\n  keep = [terraform_data.x.id]\n}\n";
        let workspace = Workspace::on(cli, &format!("{away}{}{unknown}", declared(text, "")));
        let planned = workspace.plan().changes_something();
        assert_eq!(planned.changes().len(), 3, "{planned}");
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-K8S-003"), "{errors}");
    });
}

#[test]
#[ignore = "needs the sandbox"]
fn what_was_made_is_imported_to_an_empty_plan_and_what_others_made_is_taken_over() {
    for cli in Cli::with_identities() {
        let namespace = Namespace::new("manifest");
        let text = joined(&[
            config_map(&namespace, "one", "{a: \"yes\", b: |\n    two\n    lines\n  }")
                .replace("{a: \"yes\", b: |\n    two\n    lines\n  }", "\n  a: \"yes\"\n  b: |\n    two\n    lines"),
            config_map(&namespace, "two", "{a: b}"),
        ]);
        let workspace = Workspace::on(&cli, &declared(&text, ""));
        workspace.apply().succeeds();
        let ids = [format!("v1/ConfigMap/{}/one", namespace.0), format!("v1/ConfigMap/{}/two", namespace.0)];
        let identity = workspace.instance(ADDRESS).unwrap()["identity"].clone();
        assert_eq!(identity["objects"], json!(ids));
        workspace.run(&["state", "rm", ADDRESS]).succeeds();
        workspace.import(ADDRESS, &ids.join(",")).succeeds();
        workspace.plan().changes_nothing();

        workspace.run(&["state", "rm", ADDRESS]).succeeds();
        let block = format!("import {{\n  to = {ADDRESS}\n  identity = {{ objects = {} }}\n}}\n", json!(ids));
        workspace.configure(&format!("{}{block}", declared(&text, "")));
        workspace.apply().succeeds();
        workspace.configure(&declared(&text, ""));
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();

        kubectl_ok(&["-n", &namespace.0, "create", "configmap", "one", "--from-literal=old=x"]);
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-K8S-009") && errors.contains("adopt"), "{errors}");
        assert!(object(&namespace.0, "configmap", "two").is_none(), "nothing is written before all may be");
        workspace.import(ADDRESS, &ids[0]).succeeds();
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(object(&namespace.0, "configmap", "one").is_none());
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_was_imported_and_never_applied_stays() {
    let namespace = Namespace::new("manifest");
    kubectl_ok(&["-n", &namespace.0, "create", "configmap", "theirs", "--from-literal=a=b"]);
    let workspace = Workspace::new(&declared(&config_map(&namespace, "theirs", "{a: c}"), ""));
    workspace.import(ADDRESS, &format!("v1/ConfigMap/{}/theirs", namespace.0)).succeeds();
    let destroyed = workspace.destroy().succeeds();
    assert!(destroyed.stdout.contains("BERTH-K8S-017"), "{destroyed}");
    assert!(object(&namespace.0, "configmap", "theirs").is_some());
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_are_told_before_anything_is_written() {
    for (text, code, words) in [
        ("a: [", "BERTH-K8S-081", "line 1"),
        ("apiVersion: v1\nkind: ConfigMap\n", "BERTH-K8S-082", "lacks `metadata`"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n", "BERTH-K8S-082", "generateName"),
        ("# nothing\n", "BERTH-K8S-085", "no document"),
        (
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: default}}\n",
            "BERTH-K8S-083",
            "both declare",
        ),
        (
            "{apiVersion: v1, kind: Secret, metadata: {name: a}, stringData: {p: a long password}}\n",
            "BERTH-K8S-084",
            "secrets_yaml_wo",
        ),
    ] {
        let errors = Workspace::new(&declared(text, "")).validate().fails();
        assert!(errors.contains(code) && errors.contains(words), "{text}: {errors}");
    }
    let several = "kind: ConfigMap\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n";
    let errors = Workspace::new(&declared(several, "")).validate().fails();
    assert!(
        errors.contains("line 1 lacks `apiVersion`") && errors.contains("line 3 has a `metadata.name`"),
        "{errors}"
    );
    let namespace = Namespace::new("manifest");
    let unknown =
        format!("apiVersion: nobody.test/v1\nkind: Unheard\nmetadata: {{name: a, namespace: {}}}\n", namespace.0);
    let workspace = Workspace::new(&declared(&joined(&[unknown, config_map(&namespace, "a", "{}")]), ""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-080") && errors.contains("Unheard"), "{errors}");
    assert!(object(&namespace.0, "configmap", "a").is_none());
    let misspelt = config_map(&namespace, "a", "{}").replace("\ndata:", "\ndat:");
    workspace.configure(&declared(&misspelt, ""));
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-011") && errors.contains("dat"), "{errors}");
}

#[test]
#[ignore = "needs the sandbox with cert-manager"]
fn what_runs_may_wait_for_what_comes_after_it() {
    let namespace = Namespace::new("manifest");
    let program = r#"command: [sleep, "3600"], volumeMounts: [{name: tls, mountPath: /tls}]"#;
    let pod = "terminationGracePeriodSeconds: 0, volumes: [{name: tls, secret: {secretName: tls}}]";
    let issued = format!(
        "apiVersion: cert-manager.io/v1\nkind: Issuer\nmetadata: {{name: own, namespace: {0}}}\nspec: {{selfSigned: {{}}}}\n---\n\
         apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {{name: tls, namespace: {0}}}\n\
         spec: {{secretName: tls, dnsNames: [a.test], issuerRef: {{name: own}}}}\n",
        namespace.0
    );
    let text = joined(&[deployment(&namespace, "tls", program, pod), issued]);
    let workspace = Workspace::new(&declared(&text, "  timeouts = { create = \"3m\" }"));
    let applied = workspace.apply().succeeds();
    assert!(applied.warnings().is_empty(), "{applied}");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
