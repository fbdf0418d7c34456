//! Registries and pull secrets: what people write is read, what would fail is told, and plans can be read.

use serde_json::{Value, json};

use crate::kubectl::{Namespace, kubectl_ok, object};
use crate::workspace::{Run, Workspace};

const PASSWORD: &str = "a password, as reported";

const VARIABLE: &str = "variable \"password\" {\n  type      = string\n  ephemeral = true\n}\n";

fn registry(namespace: &str, body: &str) -> String {
    format!(
        "{VARIABLE}resource \"berth_registry\" \"this\" {{\n  name      = \"hub\"\n  namespace = \"{namespace}\"\n  {body}\n}}\n"
    )
}

fn workspace(configuration: &str) -> Workspace {
    Workspace::new(configuration).secret("password", PASSWORD)
}

#[track_caller]
fn assert_warned(run: &Run, parts: &[&str]) {
    let warnings = run.warnings();
    let is_told = warnings.iter().any(|warning| parts.iter().all(|part| warning.contains(part)));
    assert!(is_told, "{parts:?} is not in {warnings:#?}");
}

fn decoded(namespace: &str, secret: &str) -> Value {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let secret = object(namespace, "secret", secret).unwrap();
    serde_json::from_slice(&STANDARD.decode(secret["data"][".dockerconfigjson"].as_str().unwrap()).unwrap()).unwrap()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_login_stands_under_every_name_that_a_node_may_look_for() {
    let namespace = Namespace::new("keys");
    let login = "{ username = \"ann\", password_wo = var.password, password_wo_version = 1 }";
    let hosts = ["https://A.test/v2/", "b.test:443", "c.test/v1", "oci://d.test/team", "docker.io", "*.e.test:5000"];
    let registries: Vec<String> = hosts.iter().map(|host| format!("\"{host}\" = {login}")).collect();
    let workspace = workspace(&format!(
        "{VARIABLE}resource \"berth_pull_secret\" \"this\" {{\n  name = \"pull\"\n  namespaces = [\"{}\"]\n  registries = {{\n{}\n}}\n}}\n",
        namespace.0,
        registries.join("\n")
    ));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let mut keys: Vec<String> = decoded(&namespace.0, "pull")["auths"].as_object().unwrap().keys().cloned().collect();
    keys.sort();
    assert_eq!(
        keys,
        [
            "*.e.test:5000",
            "A.test",
            "a.test",
            "b.test",
            "b.test:443",
            "c.test",
            "d.test/team",
            "https://index.docker.io/v1/"
        ]
    );
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn names_of_any_length_that_kubernetes_takes_are_made() {
    let namespace = Namespace::new("long");
    for name in ["x".repeat(63), "x".repeat(64), format!("{}.{}", "a".repeat(120), "b".repeat(128))] {
        let workspace = workspace(&format!(
            "{VARIABLE}resource \"berth_pull_secret\" \"this\" {{\n  name = \"{name}\"\n  namespaces = [\"{}\"]\n  \
             registries = {{ \"hub.test\" = {{ username = \"ann\", password_wo = var.password, password_wo_version = 1 }} }}\n}}\n",
            namespace.0
        ));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(object(&namespace.0, "secret", &name).is_none());
    }
}

#[test]
#[ignore = "needs terraform"]
fn what_kubernetes_would_not_take_is_told_by_validate() {
    let ephemeral = "storage = { ephemeral = {} }";
    let pull = |body: &str| {
        let login = "{ username = \"ann\", password_wo = \"secret\", password_wo_version = 1 }";
        let body = body.replace("LOGIN", login);
        format!("resource \"berth_pull_secret\" \"this\" {{\n  {body}\n}}\n")
    };
    let cases = [
        (
            registry("apps", &format!("{ephemeral}\n  resources = {{ requests = {{ cpu = \"50 m\" }} }}")),
            "did you mean `50m`?",
        ),
        (
            registry("apps", &format!("{ephemeral}\n  resources = {{ limits = {{ memry = \"1Gi\" }} }}")),
            "did you mean `memory`?",
        ),
        (registry("apps", "storage = { volume = { size = \"10GB\" } }"), "did you mean `10G`?"),
        (registry("apps", "storage = { volume = { size = \"0\" } }"), "must be above zero"),
        (
            registry("apps", &format!("{ephemeral}\n  service = {{ node_port = 30500 }}")),
            "`service.node_port` needs a Service",
        ),
        (registry("apps", &format!("{ephemeral}\n  host = \"https://hub.test\"")), "such as `hub.test`"),
        (registry("Apps", ephemeral), "in lower case it is `apps`"),
        (registry("apps", &format!("{ephemeral}\n  node_selector = {{ \"a b\" = \"c\" }}")), "must be labels"),
        (
            registry(
                "apps",
                &format!(
                    "{ephemeral}\n  host = \"hub.test\"\n  ingress = {{ class = \"traefik\", annotations = {{ \
                          \"kubernetes.io/ingress.class\" = \"nginx\" }} }}"
                ),
            ),
            "the annotation kubernetes.io/ingress.class says `nginx`",
        ),
        (
            pull("name = \"pull\"\n  namespaces = [\"apps\"]\n  registries = { \"hub.test/app:1\" = LOGIN }"),
            "without login and tag",
        ),
        (
            pull(
                "name = \"pull\"\n  namespaces = [\"apps\"]\n  registries = { \"hub.test\" = LOGIN, \"https://hub.test/v2/\" = LOGIN }",
            ),
            "name the same registry",
        ),
        (
            pull("name = \"Pull\"\n  namespaces = [\"apps\"]\n  registries = { \"hub.test\" = LOGIN }"),
            "in lower case it is `pull`",
        ),
    ];
    for (configuration, told) in cases {
        let errors = workspace(&configuration).validate().fails();
        assert!(errors.contains(told), "{told}: {errors}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_plan_tells_what_is_missing_in_the_cluster() {
    let namespace = Namespace::new("missing");
    let plan = |body: &str| {
        let workspace = workspace(&registry(&namespace.0, body));
        workspace.plan().changes_something()
    };
    let users = "users = { ann = { password_wo = var.password, password_wo_version = 1 } }";
    let ephemeral = "storage = { ephemeral = {} }";
    let run = workspace(&registry("no-such-namespace", ephemeral)).plan().changes_something();
    assert_warned(&run, &["cannot be made", "no-such-namespace", "create_namespace = true"]);
    let run = plan(&format!(
        "{users}\n{ephemeral}\nhost = \"hub.test\"\ningress = {{ class = \"ngnix\", issuer = \"letsencrypt\" }}"
    ));
    assert_warned(&run, &["IngressClass ngnix, which does not exist"]);
    assert_warned(&run, &["ClusterIssuer letsencrypt, which does not exist"]);
    let run = plan(&format!("{users}\nstorage = {{ volume = {{ size = \"64Mi\", storage_class = \"gp3\" }} }}"));
    assert_warned(&run, &["StorageClass gp3, which does not exist; there are sandbox"]);
    let run = plan(&format!(
        "{users}\n{ephemeral}\nhost_port = 7443\nhost = \"hub.test\"\ntls = {{ secret_name = \"nothing\" }}"
    ));
    assert_warned(&run, &["cannot start", "nothing, which does not exist"]);
    let run = plan(&format!("{ephemeral}\nhost_port = 7443\nnode_selector = {{ disk = \"fast\" }}"));
    assert_warned(&run, &["Everyone who reaches the registry may pull, push and delete without a login"]);
    assert_warned(&run, &["none has disk=fast"]);
    let run = plan(&format!("users = {{ ann = {{ password_wo = var.password }} }}\n{ephemeral}"));
    assert_warned(&run, &["Nobody will notice when `users[\"ann\"].password_wo` changes"]);
    let quiet = format!("provider \"berth\" {{ offline = true }}\n{}", registry("no-such-namespace", ephemeral));
    assert_eq!(workspace(&quiet).plan().changes_something().warnings(), Vec::<String>::new());
    let quiet = plan(&format!("{users}\n{ephemeral}"));
    assert_eq!(quiet.warnings(), Vec::<String>::new(), "nothing is missing");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_port_of_the_node_that_another_registry_has_is_told_before() {
    let (one, two) = (Namespace::new("port"), Namespace::new("port"));
    let body = "storage = { ephemeral = {} }\n  host_port = 7447\n  anonymous = true";
    let first = workspace(&registry(&one.0, body));
    first.apply().succeeds();
    let second = workspace(&registry(&two.0, body));
    assert_warned(
        &second.plan().changes_something(),
        &["may not start", "7447", &format!("the registry {}/hub has", one.0)],
    );
    first.configure(&registry(&one.0, &format!("{body}\n  log_level = \"warn\"")));
    assert_eq!(first.plan().changes_something().warnings(), Vec::<String>::new(), "its own port is no other's");
    first.destroy().succeeds();
    let both = format!(
        "{}{}",
        registry(&one.0, body),
        registry(&two.0, body).replace(VARIABLE, "").replace("\"this\"", "\"that\"")
    );
    assert_warned(&workspace(&both).plan().changes_something(), &["which another registry of this configuration has"]);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_this_run_makes_is_not_missed() {
    let namespace = Namespace::unused("made");
    let configuration = format!(
        "{}resource \"berth_pull_secret\" \"this\" {{\n  name = \"pull\"\n  namespaces = [berth_registry.this.namespace]\n  \
         registries = {{ \"hub.test\" = {{ username = \"ann\", password_wo = var.password, password_wo_version = 1 }} }}\n}}\n",
        registry(&namespace.0, "create_namespace = true\n  storage = { ephemeral = {} }")
    );
    let workspace = workspace(&configuration);
    assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new());
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

/// What a saved plan says of a resource's change: before, after, and what is known only later.
fn change(workspace: &Workspace, address: &str) -> Value {
    let shown = workspace.run(&["show", "-json", "saved.plan"]).succeeds();
    let plan: Value = serde_json::from_str(&shown.stdout).unwrap();
    let changes = plan["resource_changes"].as_array().unwrap();
    changes.iter().find(|change| change["address"] == address).unwrap()["change"].clone()
}

#[test]
#[ignore = "needs the sandbox"]
fn plans_say_what_changes_and_nothing_else() {
    let namespace = Namespace::new("plans");
    let configuration = |version: u32, level: &str| {
        let users = format!("users = {{ ann = {{ password_wo = var.password, password_wo_version = {version} }} }}");
        format!(
            "{}resource \"berth_pull_secret\" \"this\" {{\n  name = \"pull\"\n  namespaces = [\"{}\"]\n  \
             registries = {{ \"hub.test\" = {{ username = \"ann\", password_wo = var.password, password_wo_version = {version} }} }}\n}}\n",
            registry(&namespace.0, &format!("storage = {{ ephemeral = {{}} }}\n  {users}\n  log_level = \"{level}\"")),
            namespace.0
        )
    };
    let workspace = workspace(&configuration(1, "info"));
    workspace.plan().changes_something();
    let made = change(&workspace, "berth_registry.this");
    assert_eq!(made["after"]["url"], format!("http://hub.{}.svc:5000", namespace.0));
    assert!(made["after"]["config_yaml"].as_str().unwrap().contains("level: info"), "{made}");
    let objects = made["after"]["objects"].as_array().unwrap();
    assert!(objects.contains(&json!(format!("Secret {}/hub-users", namespace.0))), "{objects:?}");
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();

    workspace.configure(&configuration(2, "info"));
    workspace.plan().changes_something();
    let rotated = change(&workspace, "berth_pull_secret.this");
    assert_eq!(
        rotated["after_unknown"],
        json!({ "digest": true, "namespaces": [false], "registries": { "hub.test": {} },
        "secrets": [false], "bound": [false], "drift": [], "service_accounts": [false] })
    );
    let unknown = change(&workspace, "berth_registry.this")["after_unknown"].clone();
    for known in ["url", "config_yaml", "config_digest"] {
        assert!(unknown.get(known).is_none_or(|it| it == false), "{known}: {unknown}");
    }
    workspace.apply().succeeds();

    workspace.configure(&configuration(2, "debug"));
    workspace.plan().changes_something();
    let changed = change(&workspace, "berth_registry.this");
    assert!(changed["after"]["config_yaml"].as_str().unwrap().contains("level: debug"), "{changed}");
    assert_ne!(changed["before"]["config_digest"], changed["after"]["config_digest"]);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_port_that_the_cluster_chose_stands_in_the_address() {
    let namespace = Namespace::new("nodeport");
    let body = |level: &str| {
        format!(
            "host = \"Hub.Test.\"\n  storage = {{ ephemeral = {{}} }}\n  service = {{ type = \"NodePort\" }}\n  anonymous = true\n  \
             log_level = \"{level}\""
        )
    };
    let workspace = workspace(&registry(&namespace.0, &body("info")));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let port = object(&namespace.0, "service", "hub").unwrap()["spec"]["ports"][0]["nodePort"].to_string();
    let url = format!("http://hub.test:{port}");
    assert_eq!(workspace.attributes("berth_registry.this")["url"], url);
    workspace.configure(&registry(&namespace.0, &body("warn")));
    workspace.plan().changes_something();
    assert_eq!(change(&workspace, "berth_registry.this")["after"]["url"], url, "another change leaves it");
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_field_that_only_the_cluster_can_judge_is_told_at_its_attribute() {
    let namespace = Namespace::new("blame");
    let body =
        "storage = { ephemeral = {} }\n  anonymous = true\n  service = { type = \"NodePort\", node_port = 8443 }";
    let workspace = workspace(&registry(&namespace.0, body));
    assert_warned(&workspace.plan().changes_something(), &["The port 8443 of the nodes is refused by most clusters"]);
    let run = workspace.apply();
    let errors = run.fails();
    assert!(errors.contains("BERTH-K8S-011") && errors.contains("correct `service.node_port`"), "{errors}");
    workspace.destroy().succeeds();
    kubectl_ok(&["-n", &namespace.0, "wait", "--for=delete", "deployment/hub", "--timeout=30s"]);
}

#[test]
#[ignore = "needs the sandbox"]
fn an_address_of_what_does_not_exist_fails_soon_with_the_way_out() {
    let namespace = Namespace::new("soon");
    let workspace = workspace(&format!(
        "data \"berth_ingress_address\" \"x\" {{\n  namespace = \"{}\"\n  name = \"web\"\n}}\n",
        namespace.0
    ));
    let started = std::time::Instant::now();
    let errors = workspace.plan().fails();
    assert!(started.elapsed().as_secs() < 30, "{:?}", started.elapsed());
    assert!(errors.contains("BERTH-K8S-073") && errors.contains("depends_on"), "{errors}");
}
