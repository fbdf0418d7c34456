//! `berth_registry`: from nothing to a registry, changed, drifted, imported, destroyed.

use crate::kubectl::{Namespace, kubectl, kubectl_ok, names, object};
use crate::workspace::{Cli, Run, Workspace};

const ANN: &str = "correct horse battery staple";
const BOB: &str = "another long secret phrase";

fn with_users(namespace: &str, extra: &str) -> String {
    format!(
        r#"
variable "ann" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "this" {{
  name             = "registry"
  namespace        = "{namespace}"
  create_namespace = true
  storage          = {{ ephemeral = {{}} }}
  users            = {{ ann = {{ password_wo = var.ann, password_wo_version = 1 }} }}
  {extra}
}}
"#
    )
}

/// The text of the password file in the cluster.
fn htpasswd(namespace: &str) -> String {
    let secret = object(namespace, "secret", "registry-users").unwrap();
    decoded(secret["data"]["htpasswd"].as_str().unwrap())
}

fn decoded(text: &str) -> String {
    use base64::{Engine, engine::general_purpose::STANDARD};
    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_is_made_changed_mended_and_removed() {
    for cli in Cli::all() {
        let namespace = Namespace::unused("registry");
        let workspace = Workspace::on(&cli, &with_users(&namespace.0, "")).secret("ann", ANN);
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let attributes = workspace.attributes("berth_registry.this");
        assert_eq!(attributes["ready_replicas"], 1);
        assert_eq!(attributes["url"], format!("http://registry.{}.svc:5000", namespace.0));
        let file = htpasswd(&namespace.0);
        assert!(file.starts_with("ann:$2y$10$"), "{file}");

        workspace.configure(&with_users(&namespace.0, "log_level = \"debug\""));
        assert_eq!(workspace.plan().changes(), [("berth_registry.this".to_owned(), "update".to_owned())]);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(htpasswd(&namespace.0), file, "the same password keeps its hash");

        kubectl_ok(&["-n", &namespace.0, "set", "image", "deployment/registry", "registry=registry:nonexistent"]);
        kubectl_ok(&["-n", &namespace.0, "delete", "configmap", "registry-config"]);
        let plan = workspace.plan().changes_something();
        assert!(plan.stdout.contains("ConfigMap") || plan.stdout.contains("drift"), "{plan}");
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let deployment = object(&namespace.0, "deployment", "registry").unwrap();
        let image = deployment["spec"]["template"]["spec"]["containers"][0]["image"].clone();
        assert_eq!(image, "docker.io/library/registry:3");

        workspace.destroy().succeeds();
        kubectl(&["wait", "--for=delete", &format!("namespace/{}", namespace.0), "--timeout=60s"]);
        assert!(object("default", "namespace", &namespace.0).is_none(), "the namespace was ours and empty");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_changed_user_is_let_in_and_a_dropped_one_is_not() {
    let namespace = Namespace::unused("users");
    let configuration = |users: &str| {
        format!(
            r#"
variable "ann" {{
  type      = string
  ephemeral = true
}}
variable "bob" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "this" {{
  name             = "registry"
  namespace        = "{}"
  create_namespace = true
  storage          = {{ ephemeral = {{}} }}
  host_port        = 5443
  users            = {{ {users} }}
}}
"#,
            namespace.0
        )
    };
    let ann = "ann = { password_wo = var.ann, password_wo_version = 1 }";
    let bob = "bob = { password_wo = var.bob, password_wo_version = 1 }";
    let workspace = Workspace::new(&configuration(ann)).secret("ann", ANN).secret("bob", BOB);
    workspace.apply().succeeds();
    let url = format!("http://{}:5443/v2/", crate::sandbox::value("SANDBOX_NODE_IP"));
    assert_eq!([status(&url, "ann", ANN), status(&url, "bob", BOB)], ["200", "401"]);

    workspace.configure(&configuration(&format!("{ann}\n {bob}")));
    workspace.apply().succeeds();
    assert_eq!([status(&url, "ann", ANN), status(&url, "bob", BOB)], ["200", "200"]);

    workspace.configure(&configuration(bob));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!([status(&url, "ann", ANN), status(&url, "bob", BOB)], ["401", "200"]);
    workspace.destroy().succeeds();
}

/// What the registry answers to a login.
fn status(url: &str, user: &str, password: &str) -> String {
    let login = format!("{user}:{password}");
    let arguments = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--retry", "3", "--retry-connrefused", "-u"];
    let output = std::process::Command::new("curl").args(arguments).args([&login, url]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs the sandbox"]
fn images_outlive_a_destroy_unless_they_shall_go() {
    let namespace = Namespace::new("volume");
    let configuration = |delete: bool| {
        format!(
            r#"
resource "berth_registry" "this" {{
  name      = "registry"
  namespace = "{}"
  storage   = {{ volume = {{ size = "64Mi", delete_on_destroy = {delete} }} }}
}}
"#,
            namespace.0
        )
    };
    let workspace = Workspace::new(&configuration(false));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
    assert_eq!(names(&namespace.0, "persistentvolumeclaims"), ["registry-data"]);
    assert_eq!(names(&namespace.0, "deployments"), Vec::<String>::new());

    workspace.configure(&configuration(true));
    workspace.apply().succeeds();
    workspace.destroy().succeeds();
    assert_eq!(names(&namespace.0, "secrets"), Vec::<String>::new());
    kubectl_ok(&["-n", &namespace.0, "wait", "--for=delete", "pvc/registry-data", "--timeout=60s"]);
}

#[test]
#[ignore = "needs the sandbox"]
fn images_lie_in_a_bucket_and_its_key_nowhere_else() {
    let namespace = Namespace::unused("bucket");
    let configuration = format!(
        r#"
variable "key" {{
  type      = string
  ephemeral = true
}}
resource "berth_registry" "this" {{
  name             = "registry"
  namespace        = "{}"
  create_namespace = true
  storage = {{
    s3 = {{
      bucket         = "{}"
      region         = "eu-central-1"
      endpoint       = "{}"
      access_key     = "AKIASANDBOXREGISTRY0"
      secret_key_wo  = var.key
      root_directory = "/{}"
    }}
  }}
}}
"#,
        namespace.0,
        crate::sandbox::value("SANDBOX_BUCKET"),
        crate::sandbox::value("SANDBOX_S3_ENDPOINT"),
        namespace.0,
    );
    let workspace = Workspace::new(&configuration).secret("key", "the secret key of a bucket");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let config = object(&namespace.0, "configmap", "registry-config").unwrap()["data"]["config.yml"].clone();
    assert!(config.as_str().unwrap().contains("forcepathstyle: true"), "{config}");
    let catalog = format!("/api/v1/namespaces/{}/services/registry:5000/proxy/v2/_catalog", namespace.0);
    assert_eq!(kubectl_ok(&["get", "--raw", &catalog]).trim(), "{\"repositories\":[]}");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_renewed_certificate_is_served_after_the_next_apply() {
    let namespace = Namespace::new("renewed");
    let configuration = format!(
        "resource \"berth_registry\" \"this\" {{\n  name = \"registry\"\n  namespace = \"{}\"\n  storage = {{ ephemeral = {{}} }}\n  \
         tls = {{ secret_name = \"registry-tls\" }}\n}}\n",
        namespace.0
    );
    let workspace = Workspace::new(&configuration);
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-REG-003") && errors.contains("registry-tls"), "{errors}");
    assert!(workspace.instance("berth_registry.this").is_none(), "nothing was made");

    new_certificate(&workspace, &namespace.0);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(workspace.attributes("berth_registry.this")["url"], format!("https://registry.{}.svc", namespace.0));

    kubectl_ok(&["-n", &namespace.0, "delete", "secret", "registry-tls"]);
    new_certificate(&workspace, &namespace.0);
    let plan = workspace.plan().changes_something();
    assert!(plan.stdout.contains("drift"), "{plan}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_that_nobody_waits_for_is_not_called_drifted_while_it_starts() {
    let namespace = Namespace::new("unwaited");
    // No node has this label, so it starts for as long as the test looks.
    let workspace = Workspace::new(&format!(
        "resource \"berth_registry\" \"this\" {{\n  name = \"registry\"\n  namespace = \"{}\"\n  storage = {{ ephemeral = {{}} }}\n  \
         wait = false\n  node_selector = {{ nowhere = \"true\" }}\n}}\n",
        namespace.0
    ));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(workspace.attributes("berth_registry.this")["ready_replicas"], 0);
    workspace.destroy().succeeds();
}

/// Writes a self-signed certificate as the Secret `registry-tls`.
fn new_certificate(workspace: &Workspace, namespace: &str) {
    let path = |name: &str| workspace.path(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("tls.pem"), path("tls.key"));
    let made = std::process::Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=registry", "-keyout", &key, "-out", &certificate])
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (certificate, key) = (format!("--cert={certificate}"), format!("--key={key}"));
    kubectl_ok(&["-n", namespace, "create", "secret", "tls", "registry-tls", &certificate, &key]);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_is_imported_with_all_its_settings() {
    let namespace = Namespace::unused("import");
    let configuration = with_users(&namespace.0, "headers = { X-Test = \"yes\" }\n  replicas = 1");
    let workspace = Workspace::new(&configuration).secret("ann", ANN);
    workspace.apply().succeeds();
    let other = Workspace::new(&configuration).secret("ann", ANN);
    other.import("berth_registry.this", &format!("{}/registry", namespace.0)).succeeds();
    other.plan().changes_something();
    other.apply().succeeds();
    other.plan().changes_nothing();
    let errors = Workspace::new(&configuration)
        .secret("ann", ANN)
        .import("berth_registry.this", &format!("{}/nothing", namespace.0))
        .fails();
    assert!(errors.contains("BERTH-REG-001"), "{errors}");
    other.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_that_crashes_shows_its_log() {
    let namespace = Namespace::unused("crash");
    // A bucket that nobody serves: the driver gives up when it starts.
    let configuration = format!(
        r#"
resource "berth_registry" "this" {{
  name             = "registry"
  namespace        = "{}"
  create_namespace = true
  storage = {{ s3 = {{ bucket = "images", region = "no-such-region-1" }} }}
}}
"#,
        namespace.0
    );
    let workspace = Workspace::new(&configuration);
    let told = workspace.apply().succeeds().warnings().join("\n");
    assert!(told.contains("BERTH-K8S-014"), "{told}");
    assert!(told.contains("no-such-region-1"), "the container's own words: {told}");
    let instance = workspace.instance("berth_registry.this").expect("what was made is in the state");
    assert!(instance["status"].is_null(), "the next apply goes on: {instance}");
    assert_eq!(workspace.plan().changes(), [("berth_registry.this".to_owned(), "update".to_owned())]);
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn what_another_made_is_not_taken_over() {
    let namespace = Namespace::new("foreign");
    kubectl_ok(&["-n", &namespace.0, "create", "deployment", "registry", "--image=busybox:1.35", "--replicas=0"]);
    let configuration = format!(
        "resource \"berth_registry\" \"this\" {{\n  name = \"registry\"\n  namespace = \"{}\"\n  storage = {{ ephemeral = {{}} }}\n}}\n",
        namespace.0
    );
    let workspace = Workspace::new(&configuration);
    let errors = workspace.apply().fails();
    assert!(errors.contains("BERTH-K8S-009"), "{errors}");
    assert!(workspace.instance("berth_registry.this").is_none());
    assert_eq!(names(&namespace.0, "configmaps"), ["kube-root-ca.crt"]);
}

#[test]
#[ignore = "needs terraform"]
fn mistakes_are_found_before_anything_is_asked() {
    let registry = |body: &str| {
        format!(
            "resource \"berth_registry\" \"this\" {{\n  name = \"registry\"\n  namespace = \"apps\"\n  {body}\n}}\n"
        )
    };
    let ephemeral = "storage = { ephemeral = {} }";
    let long = "x".repeat(100);
    let cases = [
        (registry("storage = {}"), "`storage` must name exactly one kind"),
        (registry("storage = { ephemeral = {}, s3 = { bucket = \"b\", region = \"r\" } }"), "exactly one kind"),
        (registry(&format!("{ephemeral}\n  replicas = 2")), "`replicas` above 1"),
        (registry(&format!("{ephemeral}\n  ingress = {{}}\n  host_port = 443")), "exclude each other"),
        (registry(&format!("{ephemeral}\n  ingress = {{ class = \"nginx\" }}")), "`host` is needed"),
        (registry(&format!("{ephemeral}\n  users = {{ ann = {{ password_wo = \"{long}\" }} }}")), "100 bytes"),
        (registry(&format!("{ephemeral}\n  htpasswd = \"ann:$apr1$x$y\"")), "not bcrypt"),
        (registry("storage = { s3 = { bucket = \"b\", region = \"r\", access_key = \"k\" } }"), "belong together"),
    ];
    for (configuration, told) in cases {
        let errors = Workspace::new(&configuration).validate().fails();
        assert!(errors.contains(told), "{told}: {errors}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_password_that_is_left_out_stays_as_it_is() {
    let namespace = Namespace::unused("kept");
    let workspace = Workspace::new(&with_users(&namespace.0, "")).secret("ann", ANN);
    let left_out = |users: &str, extra: &str| {
        with_users(&namespace.0, extra).replace("ann = { password_wo = var.ann, password_wo_version = 1 }", users)
    };
    let told = |run: Run, user: &str| {
        let told = run.fails();
        assert!(told.contains(&format!("The user `{user}` has no password")), "{told}");
    };
    workspace.configure(&left_out("ann = { password_wo_version = 1 }", ""));
    told(workspace.plan(), "ann");
    workspace.configure(&with_users(&namespace.0, ""));
    workspace.apply().succeeds();
    let file = htpasswd(&namespace.0);

    workspace.configure(&left_out("ann = { password_wo_version = 1 }", ""));
    workspace.plan().changes_nothing();
    workspace.configure(&left_out("ann = { password_wo_version = 1 }", "log_level = \"debug\""));
    workspace.apply().succeeds();
    assert_eq!(htpasswd(&namespace.0), file);
    for (users, user) in
        [("ann = { password_wo_version = 2 }", "ann"), ("ann = { password_wo_version = 1 }, bob = {}", "bob")]
    {
        workspace.configure(&left_out(users, ""));
        told(workspace.plan(), user);
    }
    kubectl_ok(&["-n", &namespace.0, "delete", "secret", "registry-users"]);
    workspace.configure(&left_out("ann = { password_wo_version = 1 }", "log_level = \"debug\""));
    let told = workspace.apply().fails();
    assert!(told.contains("the cluster does not have it any more"), "{told}");
    workspace.configure(&with_users(&namespace.0, "log_level = \"debug\""));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}
