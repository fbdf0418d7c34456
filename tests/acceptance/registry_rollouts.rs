//! `berth_registry`: whether a change has come about is told truly, while it is waited for and in the plans after it.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fault_proxy::Faults;
use crate::kubectl::{Namespace, certificate_for, kubectl, kubectl_ok, object};
use crate::workspace::{Cli, Run, Workspace};

/// A registry without anything but what the body says.
fn registry(namespace: &str, body: &str) -> String {
    format!(
        "resource \"berth_registry\" \"this\" {{\n  name = \"registry\"\n  namespace = \"{namespace}\"\n  {body}\n}}\n"
    )
}

const EPHEMERAL: &str = "storage = { ephemeral = {} }";

/// The drift that the last refresh found.
fn drift(workspace: &Workspace) -> Vec<String> {
    workspace.refresh().succeeds();
    serde_json::from_value(workspace.attributes("berth_registry.this")["drift"].clone()).unwrap()
}

fn pods(namespace: &str) -> Vec<Value> {
    let text = kubectl_ok(&["-n", namespace, "get", "pods", "-o", "json"]);
    let list: Value = serde_json::from_str(&text).unwrap();
    list["items"].as_array().unwrap().clone()
}

/// The Pods that are not on their way out.
fn pod_names(namespace: &str) -> Vec<String> {
    let staying = pods(namespace).into_iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
    staying.map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
}

/// Waits until something in the namespace is so, as `kubectl wait` says it.
fn until(namespace: &str, condition: &str, object: &[&str]) {
    kubectl_ok(&[&["-n", namespace, "wait", "--timeout=180s", condition], object].concat());
}

#[test]
#[ignore = "needs the sandbox"]
fn another_role_of_the_account_exchanges_the_pods() {
    let namespace = Namespace::new("role");
    let with = |annotations: &str| {
        registry(&namespace.0, &format!("{EPHEMERAL}\n  service_account = {{ annotations = {{ {annotations} }} }}"))
    };
    let role = |name: &str| format!("\"eks.amazonaws.com/role-arn\" = \"arn:aws:iam::123456789012:role/{name}\"");
    let workspace = Workspace::new(&with(&role("a")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let before = pod_names(&namespace.0);

    workspace.configure(&with(&format!("{}, \"example.com/team\" = \"a\"", role("a"))));
    workspace.apply().succeeds();
    assert_eq!(pod_names(&namespace.0), before, "that is nothing to the Pods");

    workspace.configure(&with(&role("b")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert!(before.iter().all(|name| !pod_names(&namespace.0).contains(name)), "{before:?}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_change_that_failed_is_planned_again_until_it_has_come_about() {
    for cli in Cli::all() {
        let namespace = Namespace::new("unfinished");
        let with = |more: &str| registry(&namespace.0, &format!("{EPHEMERAL}\n  {more}"));
        let workspace = Workspace::on(&cli, &with(""));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();

        workspace.configure(&with("image = \"registry:nonexistent\""));
        let errors = workspace.apply().fails();
        assert!(errors.contains("BERTH-K8S-014") && errors.contains("registry:nonexistent"), "{errors}");
        workspace.plan().changes_something();
        let found = drift(&workspace).join("; ");
        assert!(found.contains("has reached 1 of 1 Pods, beside 1 older"), "{found}");
        assert!(found.contains("ErrImagePull") || found.contains("ImagePullBackOff"), "the cause: {found}");

        workspace.configure(&with(""));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_apply_that_mends_a_crash_loop_is_not_told_of_the_old_pod() {
    let namespace = Namespace::new("mended");
    let with = |memory: &str, wait: bool| {
        let resources = format!("resources = {{ limits = {{ memory = \"{memory}\" }} }}");
        registry(&namespace.0, &format!("{EPHEMERAL}\n  wait = {wait}\n  {resources}"))
    };
    let workspace = Workspace::new(&with("7Mi", false));
    workspace.apply().succeeds();
    let three_restarts = "--for=jsonpath={.status.containerStatuses[0].restartCount}=3";
    until(&namespace.0, three_restarts, &["pod", "-l", "app.kubernetes.io/instance=registry"]);
    workspace.configure(&with("256Mi", true));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

/// A registry in a bucket of the sandbox's S3.
fn in_bucket(namespace: &str, bucket: &str, endpoint: &str) -> String {
    let s3 = format!(
        "storage = {{ s3 = {{\n    bucket = \"{bucket}\"\n    region = \"eu-central-1\"\n    endpoint = \"{endpoint}\"\n    \
         access_key = \"AKIASANDBOXREGISTRY0\"\n    secret_key_wo = var.key\n  }} }}"
    );
    format!("variable \"key\" {{\n  type = string\n  ephemeral = true\n}}\n{}", registry(namespace, &s3))
}

const KEY: &str = "the secret key of a bucket";

#[test]
#[ignore = "needs the sandbox"]
fn a_bucket_that_does_not_exist_is_named_by_the_apply_and_by_the_plans_after_it() {
    let namespace = Namespace::new("bucketless");
    let endpoint = crate::sandbox::value("SANDBOX_S3_ENDPOINT");
    let bucket = format!("none-{}", namespace.0);
    let workspace = Workspace::new(&in_bucket(&namespace.0, &bucket, &endpoint)).secret("key", KEY);
    let told = workspace.apply();
    let words = "storage driver health check: s3aws: NoSuchBucket";
    assert!(told.stdout.contains(words) && told.stdout.contains("make the bucket"), "{told}");

    until(&namespace.0, "--for=jsonpath={.status.unavailableReplicas}=1", &["deployment/registry"]);
    workspace.plan().changes_something();
    let found = drift(&workspace).join("; ");
    assert!(found.contains("no Pod of the registry is ready") && found.contains(words), "{found}");

    let made = Command::new("curl").args(["-sf", "-X", "PUT", &format!("{endpoint}/{bucket}")]).status().unwrap();
    assert!(made.success());
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn storage_at_an_address_where_nobody_answers_fails_the_apply() {
    let namespace = Namespace::new("endless");
    let endpoint = format!("http://{}:9", crate::sandbox::value("SANDBOX_NODE_IP"));
    let workspace = Workspace::new(&in_bucket(&namespace.0, "images", &endpoint)).secret("key", KEY);
    let told = workspace.apply();
    assert!(
        told.stdout.contains("storage driver health check") && told.stdout.contains("connection refused"),
        "{told}"
    );
    workspace.destroy().succeeds();
}

/// Passwords that a reader of YAML takes for something else.
const ODD: [(&str, &str); 8] = [
    ("bracket", "[wharf seven 7"),
    ("hash", "# tide 42 of may"),
    ("colon", "pier: 9 and: 10"),
    ("star", "*buoy-3-of-4"),
    ("percent", "%a1-anchorage"),
    ("digits", "012345678901234567890"),
    ("quotes", "\"quo' \\ `ted end "),
    ("wide", "h\u{e4}fen-\u{1f6a2}-quay"),
];

#[test]
#[ignore = "needs the sandbox"]
fn passwords_of_any_form_reach_the_registry_that_is_cached() {
    let namespace = Namespace::new("odd");
    let kinds: Vec<String> = ODD.iter().map(|(kind, _)| format!("\"{kind}\"")).collect();
    let configuration = format!(
        r#"
variable "passwords" {{
  type      = map(string)
  ephemeral = true
}}
locals {{
  kinds = toset([{kinds}])
}}
resource "berth_registry" "upstream" {{
  name      = "upstream"
  namespace = "{namespace}"
  storage   = {{ ephemeral = {{}} }}
  users     = {{ for kind in local.kinds : kind => {{ password_wo = var.passwords[kind], password_wo_version = 1 }} }}
}}
resource "berth_registry" "mirror" {{
  for_each  = local.kinds
  name      = "mirror-${{each.key}}"
  namespace = "{namespace}"
  storage   = {{ ephemeral = {{}} }}
  proxy = {{
    remote_url          = berth_registry.upstream.url
    username            = each.key
    password_wo         = var.passwords[each.key]
    password_wo_version = 1
  }}
}}
"#,
        kinds = kinds.join(", "),
        namespace = namespace.0,
    );
    let passwords: Value = ODD.iter().map(|(kind, password)| ((*kind).to_owned(), json!(password))).collect();
    let mut workspace = Workspace::new(&configuration).env("TF_VAR_passwords", &passwords.to_string());
    for (_, password) in ODD {
        workspace.never_shows(password);
    }
    workspace.apply().succeeds();
    for (kind, _) in ODD {
        let digest = "0".repeat(64);
        let path = format!(
            "/api/v1/namespaces/{}/services/mirror-{kind}:5000/proxy/v2/none/manifests/sha256:{digest}",
            namespace.0
        );
        // Whatever comes of it, the mirror has asked upstream then.
        kubectl(&["get", "--raw", &path]);
        let log = kubectl_ok(&["-n", &namespace.0, "logs", &format!("deployment/mirror-{kind}")]);
        assert!(log.contains("manifest unknown") && !log.contains("no basic auth"), "{kind}: {log}");
    }
    let refused = kubectl_ok(&["-n", &namespace.0, "logs", "deployment/upstream"]);
    assert!(!refused.contains("failed to authenticate") && !refused.contains("error authenticating"), "{refused}");
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

/// A policy of the cluster that sets what Deployments of the namespace ask for, as GKE's Autopilot and others do.
fn admission_policy(namespace: &str) -> String {
    let container = "/spec/template/spec/containers/0";
    let patch = format!("JSONPatch{{op: 'add', path: '{container}/resources/requests', value: {{'memory': '48Mi'}}}}");
    let taint =
        "JSONPatch{op: 'add', path: '/spec/template/spec/tolerations', value: [{'key': 'arch', 'operator': 'Exists'}]}";
    json!({ "apiVersion": "v1", "kind": "List", "items": [
        {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy",
            "metadata": { "name": namespace },
            "spec": {
                "matchConstraints": { "resourceRules": [{
                    "apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"],
                    "resources": ["deployments"],
                }] },
                "matchConditions": [{ "name": "here", "expression": format!("request.namespace == '{namespace}'") }],
                "failurePolicy": "Fail", "reinvocationPolicy": "Never",
                "mutations": [{ "patchType": "JSONPatch", "jsonPatch": { "expression": format!("[{patch}, {taint}]") } }],
            },
        },
        {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding",
            "metadata": { "name": namespace }, "spec": { "policyName": namespace },
        },
    ] })
    .to_string()
}

/// Takes the policy away again.
struct Policy(String);

impl Drop for Policy {
    fn drop(&mut self) {
        for kind in ["mutatingadmissionpolicybinding", "mutatingadmissionpolicy"] {
            kubectl(&["delete", kind, &self.0, "--ignore-not-found"]);
        }
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_the_cluster_changes_on_the_way_in_is_no_drift_and_what_somebody_changes_later_is() {
    let namespace = Namespace::new("mutated");
    let configuration = registry(
        &namespace.0,
        &format!(
            "{EPHEMERAL}\n  resources = {{ requests = {{ memory = \"16Mi\" }} }}\n  tolerations = [{{ key = \"a\", operator = \"Exists\" }}]"
        ),
    );
    let workspace = Workspace::new(&configuration);
    let _policy = Policy(namespace.0.clone());
    kubectl_ok(&["apply", "-f", workspace.write("policy.json", &admission_policy(&namespace.0)).to_str().unwrap()]);
    let memory = || {
        let found = object(&namespace.0, "deployment", "registry").unwrap();
        found["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["memory"].clone()
    };
    // A policy is known to the API server a moment after it was made.
    let is_obeyed = || {
        let made =
            ["-n", &namespace.0, "create", "deployment", "probe", "--image=busybox:1.35", "--replicas=0", "-o", "json"];
        let probe: Value = serde_json::from_str(&kubectl_ok(&made)).unwrap();
        kubectl_ok(&["-n", &namespace.0, "delete", "deployment", "probe"]);
        probe["spec"]["template"]["spec"]["tolerations"][0]["key"] == "arch"
    };
    assert!((0..500).any(|_| is_obeyed()), "the policy acts on nothing");
    workspace.apply().succeeds();
    assert_eq!(memory(), "48Mi", "the policy acts on us");
    workspace.plan().changes_nothing();
    let before = pod_names(&namespace.0);

    workspace.configure(
        &configuration.replace("name = \"registry\"\n", "name = \"registry\"\n  service = { port = 5001 }\n"),
    );
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(pod_names(&namespace.0), before, "another apply starts nothing anew");

    kubectl_ok(&["-n", &namespace.0, "scale", "deployment/registry", "--replicas=0"]);
    let found = drift(&workspace);
    assert!(found.iter().any(|told| told.contains(".spec.replicas is 0, declared 1")), "{found:?}");
    assert!(!found.iter().any(|told| told.contains("memory") || told.contains("tolerations")), "{found:?}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_storage_class_that_does_not_exist_is_told_soon() {
    let namespace = Namespace::new("classless");
    let volume = "storage = { volume = { size = \"64Mi\", storage_class = \"gp3\", delete_on_destroy = true } }";
    let workspace = Workspace::new(&registry(&namespace.0, volume));
    let begun = Instant::now();
    let told = workspace.apply();
    assert!(told.stdout.contains("names the storage class `gp3`, which does not exist"), "{told}");
    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_clients_will_not_get_past_is_told_by_the_apply() {
    let namespace = Namespace::new("looked-at");
    let ingress = |more: &str| {
        let tls = "tls = { secret_name = \"registry-tls\" }";
        registry(&namespace.0, &format!("{EPHEMERAL}\n  host = \"images.sandbox.test\"\n  {tls}\n  {more}"))
    };
    let warnings = |run: Run| {
        let shown = run.succeeds().diagnostics().into_iter().filter(|it| it.severity == "warning");
        shown.map(|it| it.detail).collect::<Vec<_>>().join("\n")
    };
    let workspace = Workspace::new(&ingress("ingress = { class = \"ngnix\", issuer = \"nobody\" }"));
    let told = warnings(workspace.apply());
    assert!(told.contains("IngressClass ngnix, which does not exist"), "{told}");
    assert!(told.contains("ClusterIssuer nobody, which does not exist"), "{told}");
    assert!(!told.contains("registry-tls"), "the issuer would make it: {told}");

    workspace.configure(&ingress("ingress = { class = \"ngnix\" }"));
    let told = warnings(workspace.apply());
    assert!(told.contains("registry-tls, which does not exist") && told.contains("BERTH-REG-006"), "{told}");

    certificate_for(&namespace.0, "registry.sandbox.test");
    workspace.configure(&ingress(""));
    let told = warnings(workspace.apply());
    assert!(told.contains("has a certificate for registry.sandbox.test and not for `images.sandbox.test`"), "{told}");
    workspace.plan().changes_nothing();

    certificate_for(&namespace.0, "images.sandbox.test");
    workspace.configure(&ingress("log_level = \"warn\""));
    let told = warnings(workspace.apply());
    assert!(!told.contains("BERTH-REG-006"), "{told}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn broken_connections_and_servers_in_trouble_do_not_end_a_wait() {
    let namespace = Namespace::new("shaky");
    let wishes = ["/pods?:drop", "/replicasets:lose", "/pods?:fail", "/replicasets:fail", "/pods?:page"];
    let arguments: Vec<&str> = wishes.iter().flat_map(|wish| ["--once", wish]).collect();
    let api = Faults::before_cluster(&arguments);
    let login = crate::sandbox::cluster();
    let provider = format!(
        "variable \"token\" {{\n  type = string\n  ephemeral = true\n}}\nprovider \"berth\" {{\n  kubernetes = {{\n    \
         host = \"{}\"\n    token = var.token\n    cluster_ca_certificate = file(\"{}\")\n  }}\n}}\n",
        api.url(),
        crate::sandbox::value("SANDBOX_ACME_CA_FILE"),
    );
    let workspace = Workspace::new(&format!("{provider}{}", registry(&namespace.0, EPHEMERAL)));
    let workspace = workspace.secret("token", &login.token).env("KUBECONFIG", "").env("KUBE_CONFIG_PATH", "");
    workspace.apply().succeeds();
    assert!(api.counts().values().sum::<usize>() >= 4, "{:?}", api.log());
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
