//! Diagnoses: failures made with real parts, and the cause that is named first for each.
//!
//! With the variable `RECORD` set to a folder, what was seen of each is kept there: the unit tests of
//! `src/domain/diagnosis` judge what was recorded so.

mod certificates;
mod hub;
mod pods;
mod screen;
mod stage;

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Cli, Workspace};

use hub::Hub;
use stage::{Scene, Stage, diagnosed, first, record};

pub use stage::{cert_manager_alone, cert_manager_runs, cluster_issuers_go, cluster_issuers_stay};

/// How long a failure may take to show.
const LIMIT: Duration = Duration::from_mins(4);

/// Waits until each scene shows its cause first, all side by side.
#[expect(clippy::disallowed_methods, reason = "the cluster tells nobody when a failure shows")]
fn all_are_named(scenes: &[Scene], arguments: &[&str]) {
    let begun = Instant::now();
    let mut open: Vec<(&Scene, Value)> = scenes.iter().map(|scene| (scene, Value::Null)).collect();
    while !open.is_empty() && begun.elapsed() < LIMIT {
        std::thread::sleep(Duration::from_secs(2));
        for (scene, report) in &mut open {
            *report = diagnosed(&scene.subject, arguments);
        }
        open.retain(|(scene, report)| first(report) != scene.cause);
    }
    for scene in scenes {
        record(scene, arguments);
    }
    let told: Vec<String> =
        open.iter().map(|(scene, report)| format!("{}: not {} but {report:#}", scene.name, scene.cause)).collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
#[ignore = "needs the sandbox with cert-manager and ingress"]
fn failures_of_certificates_are_named() {
    let _in_use = cert_manager_runs();
    let stage = Stage::new("certs");
    let scenes = certificates::scenes(&stage);
    stage.records(&scenes);
    stage.apply(&scenes);
    all_are_named(&scenes, &[]);
    screen::is_captured(&scenes, &stage);
    stage.destroy();
}

#[test]
#[ignore = "needs the sandbox with cert-manager and ingress"]
fn failures_of_pods_are_named() {
    let _in_use = cert_manager_runs();
    let stage = Stage::new("pods");
    let hub = Hub::new(&stage);
    let scenes = pods::scenes(&stage, &hub);
    stage.apply(&scenes);
    pods::bind_late(&stage);
    all_are_named(&scenes, &hub.trust());
    let reports = scenes.iter().map(|scene| diagnosed(&scene.subject, &hub.trust()).to_string());
    for shown in reports {
        assert!(!shown.contains(hub::PASSWORD) && !shown.contains(hub::WRONG), "{shown}");
    }
    let one_of_two = scenes.iter().find(|it| it.name == "one-of-two").unwrap();
    let report = diagnosed(&one_of_two.subject, &hub.trust());
    let named = report["findings"].as_array().unwrap();
    assert!(named.len() == 1 && named[0]["subject"].as_str().unwrap().ends_with("/pull"), "{report:#}");
    // What works is told as well.
    let registry = diagnosed(&format!("registry {}", hub.host), &hub.trust());
    assert_eq!(registry["health"], "healthy", "{registry:#}");
    let distrusted = diagnosed(&format!("registry {}", hub.host), &[]);
    assert_eq!(first(&distrusted), "registry-certificate-untrusted", "{distrusted:#}");
    let hidden = diagnosed(&format!("registry {}", stage.host("nowhere")), &[]);
    assert_eq!(first(&hidden), "name-not-found", "{hidden:#}");
    hub.destroy();
    stage.destroy();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_works_fails_no_check() {
    let namespace = Namespace::new("well");
    let image = format!("--image={}", crate::sandbox::value("SANDBOX_BUSYBOX_IMAGE"));
    let run = ["run", "web", &image, "--grace-period=1", "--command", "--", "sleep", "600"];
    kubectl_ok(&[&["-n", &namespace.0], &run[..]].concat());
    kubectl_ok(&["-n", &namespace.0, "wait", "pod/web", "--for=condition=Ready", "--timeout=120s"]);
    for cli in Cli::all() {
        let workspace = Workspace::on(
            &cli,
            &format!(
                r#"
check "web" {{
  data "berth_pod_diagnosis" "x" {{
    namespace = "{}"
    name      = "web"
  }}
  assert {{
    condition     = data.berth_pod_diagnosis.x.healthy
    error_message = "${{data.berth_pod_diagnosis.x.cause}}: ${{data.berth_pod_diagnosis.x.remedy}}"
  }}
}}
"#,
                namespace.0
            ),
        );
        assert_eq!(workspace.apply().succeeds().warnings(), Vec::<String>::new());
    }
}

#[test]
#[ignore = "needs the sandbox with cert-manager and ingress"]
fn a_wait_in_vain_ends_with_the_cause() {
    let _in_use = cert_manager_runs();
    let stage = Stage::new("wait");
    let hub = Hub::new(&stage);
    let namespace = Namespace::new("wait");
    let workspace = Workspace::new(&format!(
        r#"
resource "berth_registry" "x" {{
  name      = "inner"
  namespace = "{}"
  image     = "{}/team/registry:3"
  storage   = {{ ephemeral = {{}} }}
}}
"#,
        namespace.0, hub.host
    ));
    let run = workspace.apply().succeeds();
    let warnings = run.diagnostics();
    let told =
        warnings.iter().find(|it| it.severity == "warning" && it.detail.contains("BERTH-K8S-014")).expect("a warning");
    assert!(
        told.detail.contains("cause pull-login-missing: ") && told.detail.contains("berth_pull_secret"),
        "{}",
        told.detail
    );
    workspace.destroy().succeeds();
    hub.destroy();
    stage.destroy();
}

#[test]
#[ignore = "needs the sandbox with cert-manager and ingress"]
fn cert_manager_that_does_not_run_is_named() {
    let _alone = cert_manager_alone();
    let stage = Stage::new("down");
    let scenes = certificates::waiting(&stage);
    stage.apply(&scenes);
    let subject = &scenes[0].subject;
    for (deployment, cause) in [("cert-manager", "controller-not-running"), ("cert-manager-webhook", "webhook-down")] {
        let scale = |replicas: &str| {
            kubectl_ok(&["-n", "cert-manager", "scale", "deployment", deployment, &format!("--replicas={replicas}")]);
        };
        scale("0");
        let scene = Scene {
            name: cause.to_owned(),
            cause,
            subject: subject.clone(),
            objects: String::new(),
            records: Vec::new(),
        };
        let seen = std::panic::catch_unwind(|| all_are_named(&[scene], &[]));
        scale("1");
        kubectl_ok(&["-n", "cert-manager", "rollout", "status", "deployment", deployment, "--timeout=240s"]);
        seen.unwrap();
    }
    stage.destroy();
}

#[test]
#[ignore = "needs the sandbox with cert-manager and ingress"]
fn what_may_not_be_read_is_told_and_no_error() {
    let _in_use = cert_manager_runs();
    let stage = Stage::new("narrow");
    let scenes = certificates::waiting(&stage);
    stage.apply(&scenes);
    let namespace = stage.namespace(&scenes[0].name);
    kubectl_ok(&["-n", &namespace, "create", "serviceaccount", "looker"]);
    let rights = [
        "create",
        "role",
        "looker",
        "--verb=get,list",
        "--resource=certificates.cert-manager.io,certificaterequests.cert-manager.io",
    ];
    kubectl_ok(&[&["-n", &namespace], &rights[..]].concat());
    let binding = format!("--serviceaccount={namespace}:looker");
    kubectl_ok(&["-n", &namespace, "create", "rolebinding", "looker", "--role=looker", &binding]);
    let token = kubectl_ok(&["-n", &namespace, "create", "token", "looker"]);
    let kubeconfig = stage.kubeconfig(token.trim());
    let report = diagnosed(&scenes[0].subject, &["--kubeconfig", &kubeconfig]);
    let unread = report["unread"].to_string();
    assert!(unread.contains("Issuer") && unread.contains("not allowed"), "{report:#}");
    assert_ne!(report["health"], "healthy", "{report:#}");
    stage.destroy();
}

#[test]
#[ignore = "needs the sandbox with cert-manager and ingress"]
fn the_data_sources_say_what_the_program_says() {
    let _in_use = cert_manager_runs();
    let stage = Stage::new("data");
    let scenes = certificates::waiting(&stage);
    stage.apply(&scenes);
    let namespace = stage.namespace(&scenes[0].name);
    all_are_named(&scenes, &[]);
    let workspace = Workspace::new(&format!(
        r#"
data "berth_certificate_diagnosis" "x" {{
  namespace = "{namespace}"
  name      = "web"
}}
data "berth_certificate_diagnosis" "by_secret" {{
  namespace   = "{namespace}"
  secret_name = "web-tls"
}}
data "berth_pod_diagnosis" "x" {{
  namespace = "{namespace}"
  name      = "no-such-pod"
}}
data "berth_registry_diagnosis" "x" {{
  host = "{}"
}}
"#,
        stage.host("nowhere")
    ));
    workspace.apply().succeeds();
    for name in ["x", "by_secret"] {
        let found = workspace.attributes(&format!("data.berth_certificate_diagnosis.{name}"));
        assert_eq!((&found["cause"], &found["healthy"]), (&scenes[0].cause.into(), &false.into()), "{found:#}");
        assert_eq!(found["health"], "failing");
        assert_eq!(found["evidence"], found["findings"][0]["evidence"]);
        assert!(!found["remedy"].as_str().unwrap().is_empty());
        let chain: Vec<_> =
            found["chain"].as_array().unwrap().iter().map(|it| it["object"].as_str().unwrap()).collect();
        assert!(
            chain[0].starts_with("Certificate ") && chain.iter().any(|it| it.starts_with("CertificateRequest ")),
            "{chain:?}"
        );
    }
    assert_eq!(workspace.attributes("data.berth_pod_diagnosis.x")["cause"], "object-missing");
    assert_eq!(workspace.attributes("data.berth_registry_diagnosis.x")["cause"], "name-not-found");
    for (wrong, part) in [("", "secret_name"), ("name = \"a\"\n secret_name = \"b\"", "not both")] {
        workspace
            .configure(&format!("data \"berth_certificate_diagnosis\" \"x\" {{\n namespace = \"a\"\n {wrong}\n}}\n"));
        let errors = workspace.validate().fails();
        assert!(errors.contains("BERTH-DIAG-001") && errors.contains(part), "{errors}");
    }
    assert!(object(&namespace, "certificate", "web").is_some());
    stage.destroy();
}
