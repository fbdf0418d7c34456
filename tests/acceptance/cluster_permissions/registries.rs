//! Registries, and namespaces that berth makes.

use berth::domain::cluster_permissions::Permissions;
use serde_json::json;

use super::{Life, PASSWORD, VARIABLE, compare, rights, table};
use crate::kubectl::{Namespace, kubectl_ok};
use crate::runner::{Asked, Runner};
use crate::sandbox::value;
use crate::workspace::Workspace;

fn registry(namespace: &str, more: &str) -> String {
    format!(
        "{VARIABLE}resource \"berth_registry\" \"x\" {{\n name = \"store\"\n namespace = \"{namespace}\"\n {more}\n}}\n"
    )
}

/// What only a registry that does not get up has its clients ask.
const TROUBLE: [(&str, &str, &str); 6] = [
    ("list", "nodes", "`node_selector` asks for certain ones"),
    ("list", "deployments", "`host_port` may be another registry's"),
    ("get", "pods", "a Pod waits for a port of the node, whose holder is looked for"),
    ("list", "pods", "the same, in the whole cluster; another claim on the account"),
    ("list", "events", "a Pod is not ready"),
    ("get", "storageclasses", "a claim gets no volume"),
];

/// What no record shows, or only a cluster of another kind has asked.
const UNSEEN: [(&str, &str, &str); 2] = [
    ("create", "pods/exec", "the API server checks it of the websocket that its record calls a get"),
    ("list", "ingresses", "the class is there, and of a controller that is not known to give addresses"),
];

/// What a plan looks at that changes something, or whose registry is not well: this one does nothing, and all is well.
const LOOKS: [(&str, &str); 12] = [
    ("get", "clusterissuers"),
    ("get", "gateways"),
    ("get", "ingressclasses"),
    ("get", "namespaces"),
    ("get", "pods/log"),
    ("get", "storageclasses"),
    ("list", "deployments"),
    ("list", "ingressclasses"),
    ("list", "nodes"),
    ("list", "pods"),
    ("list", "replicasets"),
    ("list", "storageclasses"),
];

#[test]
#[ignore = "needs the sandbox with ingress"]
fn registries_ask_what_the_table_says() {
    let namespace = Namespace::new("narrow");
    kubectl_ok(&["-n", &namespace.0, "create", "serviceaccount", "theirs"]);
    let users =
        |version: u32| format!("users = {{ ann = {{ password_wo = var.password, password_wo_version = {version} }} }}");
    let s3 = format!(
        "s3 = {{ bucket = \"{}\", region = \"us-east-1\", endpoint = \"{}\", access_key = \"a\", secret_key_wo = \"b\", \
         secret_key_wo_version = 1 }}",
        value("SANDBOX_BUCKET"),
        value("SANDBOX_S3_ENDPOINT")
    );
    let volume = "storage = { volume = { size = \"16Mi\", delete_on_destroy = true } }\n host = \"narrow.example\"";
    let theirs = "service_account = { name = \"theirs\", annotations = { a = \"b\" } }";
    let steps = [
        registry(&namespace.0, &format!("storage = {{ {s3} }}\n {}", users(1))),
        registry(&namespace.0, &format!("storage = {{ {s3} }}\n {}\n log_level = \"debug\"", users(2))),
        registry(&namespace.0, &format!("{volume}\n ingress = {{ issuer = \"nobody\" }}\n {theirs}")),
        registry(&namespace.0, &format!("{volume}\n ingress = {{ class = \"nobody\" }}")),
        registry(&namespace.0, &format!("{volume}\n gateway = {{ parent = {{ name = \"nobody\" }} }}")),
    ];
    Life {
        types: &["berth_registry"],
        attributes: &["gateway"],
        namespaces: &[&namespace.0],
        steps: &steps,
        imports: &[("berth_registry.x", format!("{}/store", namespace.0))],
        rarely: &[&TROUBLE[..], &UNSEEN[..]].concat(),
        rarely_at_plan: &LOOKS,
    }
    .is_lived();
}

/// A Pod that holds a port of the node.
fn hold_port(namespace: &str, port: u16, workspace: &Workspace) {
    let container = json!({
        "name": "holder", "image": value("SANDBOX_BUSYBOX_IMAGE"), "command": ["sleep", "600"],
        "ports": [{ "containerPort": port, "hostPort": port }],
    });
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "holder", "namespace": namespace },
        "spec": { "terminationGracePeriodSeconds": 0, "containers": [container] },
    });
    let file = workspace.write("holder.json", &pod.to_string());
    kubectl_ok(&["apply", "-f", file.to_str().unwrap()]);
    kubectl_ok(&["-n", namespace, "wait", "--for=condition=PodScheduled", "pod/holder", "--timeout=60s"]);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_told_of_a_registry_in_trouble_asks_what_the_table_says() {
    let namespace = Namespace::new("trouble");
    let given = table(&["berth_registry"], &[], false);
    let runner = Runner::new().may(&given, &[&namespace.0], true);
    let workspace = runner.in_workspace(Workspace::new("").secret("password", PASSWORD));
    // A port that another Pod holds.
    hold_port(&namespace.0, 6459, &workspace);
    let soon = "timeouts = { create = \"20s\" }";
    workspace
        .configure(&registry(&namespace.0, &format!("storage = {{ ephemeral = {{}} }}\n host_port = 6459\n {soon}")));
    let told = workspace.apply().succeeds();
    assert!(told.stdout.contains(&format!("is held by the Pod {}/holder", namespace.0)), "{told}");
    // A Pod that waits for a Secret: the events tell.
    let from = json!([{ "secretRef": { "name": "absent" } }]);
    let patch =
        json!({ "spec": { "template": { "spec": { "containers": [{ "name": "registry", "envFrom": from }] } } } });
    kubectl_ok(&["-n", &namespace.0, "delete", "pod", "holder"]);
    kubectl_ok(&["-n", &namespace.0, "rollout", "status", "deployment/store", "--timeout=90s"]);
    kubectl_ok(&["-n", &namespace.0, "patch", "deployment", "store", "--type=strategic", "-p", &patch.to_string()]);
    workspace.plan().changes_something();
    workspace.destroy().succeeds();
    // A claim that nobody fills.
    let volume = "storage = { volume = { size = \"16Mi\", storage_class = \"nowhere\" } }\n \
                  node_selector = { \"kubernetes.io/os\" = \"linux\" }";
    workspace.configure(&registry(&namespace.0, volume));
    let told = workspace.apply().succeeds().warnings().join("\n");
    assert!(told.contains("the storage class `nowhere`, which does not exist"), "{told}");
    workspace.destroy().succeeds();

    let asked = runner.asked();
    let refused: Vec<_> = asked.iter().filter(|asked| !asked.was_allowed).collect();
    assert!(refused.is_empty(), "{refused:?}");
    for (verb, resource, when) in TROUBLE {
        let is_it = |asked: &&Asked| (asked.verb.as_str(), asked.resource.as_str()) == (verb, resource);
        assert!(asked.iter().any(|asked| is_it(&asked)), "{verb} {resource} is for when {when}, and was not asked");
    }
    let listed = |asked: &&Asked| asked.resource == "pods" && asked.verb == "list" && !asked.in_namespace;
    assert!(asked.iter().any(|asked| listed(&asked)), "Pods of the whole cluster");
}

#[test]
#[ignore = "needs the sandbox"]
fn namespaces_of_berths_own_ask_what_the_table_says() {
    let (directory, ca_file) = (value("SANDBOX_ACME_DIRECTORY"), value("SANDBOX_ACME_CA_FILE"));
    let account = |namespace: &str| {
        format!(
            "provider \"berth\" {{\n acme = {{ directory_url = \"{directory}\", ca_file = \"{ca_file}\" }}\n}}\n{VARIABLE}\
             resource \"berth_acme_account\" \"x\" {{\n terms_of_service_agreed = true\n deactivate_on_destroy = true\n \
             account_key = {{\n generate = true\n kubernetes_secret = {{ namespace = \"{namespace}\", name = \"account\", \
             create_namespace = true }}\n }}\n}}\n"
        )
    };
    let store = |namespace: &str| registry(namespace, "create_namespace = true\n storage = { ephemeral = {} }");
    for ty in ["berth_registry", "berth_acme_account"] {
        let namespace = Namespace::unused("own");
        let given = table(&[ty], &["create_namespace"], false);
        let at_plan = table(&[ty], &["create_namespace"], true);
        let (runner, planner) = (Runner::new().may_everywhere(&given), Runner::new().may_everywhere(&at_plan));
        let workspace =
            Workspace::new(&if ty == "berth_registry" { store(&namespace.0) } else { account(&namespace.0) })
                .secret("password", PASSWORD);
        let workspace = runner.in_workspace(workspace);
        workspace.apply().succeeds();
        let workspace = planner.in_workspace(workspace);
        workspace.plan().changes_nothing();
        let workspace = runner.in_workspace(workspace);
        workspace.destroy().succeeds();
        assert!(crate::kubectl::object("default", "namespace", &namespace.0).is_none(), "it was empty");
        let asked = &runner.asked() | &planner.asked();
        let refused: Vec<_> = asked.iter().filter(|asked| !asked.was_allowed).collect();
        assert!(refused.is_empty(), "{ty}: {refused:?}");
        // What is for any namespace is held by other tests.
        let idle = compare(&Permissions { cluster: given.cluster.clone(), ..Permissions::default() }, &asked).1;
        let optional = rights(&given.cluster.optional);
        let idle: Vec<_> = idle.difference(&optional).collect();
        assert!(idle.is_empty(), "{ty}: {idle:?}");
    }
}
