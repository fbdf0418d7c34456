//! The files for the nodes, and the script that keeps them, run by the shell of this machine.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use super::*;
use crate::domain::rollout::Pod;

fn trust() -> NodeTrust {
    let private = Host { ca_pem: Some("CERTIFICATE\n".to_owned()), mirrors: Vec::new() };
    let hub = Host { ca_pem: None, mirrors: vec!["https://mirror.test/hub".to_owned()] };
    NodeTrust {
        name: "trust".to_owned(),
        namespace: "kube-system".to_owned(),
        hosts: BTreeMap::from([("docker.io".to_owned(), hub), ("r.test:5000".to_owned(), private)]),
        runtimes: BTreeMap::from([(Runtime::Containerd, "/etc/containerd/certs.d".to_owned())]),
        config_file: "/etc/containerd/config.toml".to_owned(),
        image: "busybox:1.37".to_owned(),
        image_pull_secrets: Vec::new(),
        node_selector: BTreeMap::new(),
        tolerations: Vec::new(),
        owner: "owner".to_owned(),
        declaration: "{}".to_owned(),
    }
}

#[test]
fn every_file_for_containerd_has_a_table_of_hosts() {
    let files = trust().files();
    let private = "server = \"https://r.test:5000\"\n\n[host.\"https://r.test:5000\"]\n  \
                   capabilities = [\"pull\", \"resolve\", \"push\"]\n  ca = \"berth-ca.crt\"\n";
    assert_eq!(files["1.toml"], private);
    assert!(
        files["0.toml"].starts_with("server = \"https://registry-1.docker.io\"\n\n[host.\"https://mirror.test/hub\"]")
    );
    assert!(
        files["0.toml"]
            .ends_with("[host.\"https://registry-1.docker.io\"]\n  capabilities = [\"pull\", \"resolve\", \"push\"]\n")
    );
}

#[test]
fn a_mirror_that_is_a_part_of_a_registry_is_asked_as_it_is_written() {
    let asked = |mirror: &str| {
        let host = Host { ca_pem: None, mirrors: vec![mirror.to_owned()] };
        hosts_toml("docker.io", &host).matches("override_path = true").count()
    };
    let of_a_part = ["https://harbor.test/v2/dockerhub", "https://harbor.test/v2/a/b/"].map(asked);
    let whole = ["https://mirror.test", "https://mirror.test/v2", "https://mirror.test/v2/", "https://mirror.test/hub"]
        .map(asked);
    assert_eq!((of_a_part, whole), ([1, 1], [0, 0, 0, 0]));
}

#[test]
fn the_certificates_are_planned_before_the_file_that_names_them_and_cri_o_reads_them_alone() {
    let crio = (Runtime::Crio, Runtime::Crio.folder().to_owned());
    let both = NodeTrust { runtimes: trust().runtimes.into_iter().chain([crio]).collect(), ..trust() };
    let expected = "containerd/docker.io/hosts.toml\t0.toml\t/etc/containerd/certs.d/docker.io/hosts.toml\n\
                    containerd/r.test:5000/berth-ca.crt\t1.crt\t/etc/containerd/certs.d/r.test:5000/berth-ca.crt\n\
                    containerd/r.test:5000/hosts.toml\t1.toml\t/etc/containerd/certs.d/r.test:5000/hosts.toml\n\
                    crio/r.test:5000/berth-ca.crt\t1.crt\t/etc/containers/certs.d/r.test:5000/berth-ca.crt\n";
    assert_eq!(both.files()["plan"], expected);
    assert_eq!(both.emptied().files()["plan"], "");
    assert_ne!(both.digest(), trust().digest());
    // Keys of a ConfigMap are letters, digits, `-`, `_` and `.`.
    let is_key = |name: &String| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    assert!(both.files().keys().all(is_key));
}

#[test]
fn the_pods_have_no_right_in_the_cluster_and_see_the_folders_only() {
    let set = daemon_set(&trust());
    let pod = &set["spec"]["template"]["spec"];
    assert_eq!(pod["automountServiceAccountToken"], json!(false));
    let paths: Vec<&Value> = pod["volumes"].as_array().unwrap().iter().map(|it| &it["hostPath"]["path"]).collect();
    assert_eq!(paths, [&Value::Null, &Value::Null, &json!("/etc/containerd/certs.d"), &json!("/etc/containerd")]);
    let security = &pod["containers"][0]["securityContext"];
    assert_eq!((&security["privileged"], &security["readOnlyRootFilesystem"]), (&Value::Null, &json!(true)));
}

#[test]
fn a_folder_that_is_declared_no_more_is_emptied_and_nothing_else() {
    let crio = (Runtime::Crio, Runtime::Crio.folder().to_owned());
    let both = NodeTrust { runtimes: trust().runtimes.into_iter().chain([crio.clone()]).collect(), ..trust() };
    let written = places(&daemon_set(&both));
    assert_eq!(written, both.runtimes);
    assert!(both.leaving(written.clone()).is_none() && both.leaving(trust().runtimes).is_none());

    let left = trust().leaving(written.clone()).unwrap();
    assert_eq!((left.runtimes.clone(), left.files()["plan"].as_str()), (BTreeMap::from([crio]), ""));
    assert_eq!(places(&daemon_set(&left)), left.runtimes, "one that was cut short is found by the same way");

    let moved = NodeTrust { runtimes: BTreeMap::from([(Runtime::Containerd, "/k3s".to_owned())]), ..trust() };
    assert_eq!(moved.leaving(written.clone()).unwrap().runtimes, written);
}

#[test]
fn a_rollout_is_done_when_the_newest_pods_are_ready_on_all_nodes() {
    let judged = |observed: i64, wanted: i64, updated: i64, available: i64| {
        let status = json!({
            "observedGeneration": observed, "desiredNumberScheduled": wanted,
            "updatedNumberScheduled": updated, "numberAvailable": available,
        });
        progress(&serde_json::from_value(json!({ "metadata": { "generation": 2 }, "status": status })).unwrap())
    };
    assert!(judged(2, 3, 3, 3).is_done && judged(2, 0, 0, 0).is_done);
    assert!(!judged(1, 3, 3, 3).is_done, "the status is of the change before");
    assert_eq!(judged(2, 3, 3, 1), Progress { wanted: 3, done: 1, is_rolled_out: true, is_done: false });
}

#[test]
fn each_node_is_told_with_what_stands_in_its_way() {
    let pod = |name: &str, node: &str, container: Value| -> Pod {
        let status = json!({ "containerStatuses": [container] });
        serde_json::from_value(json!({ "metadata": { "name": name }, "spec": { "nodeName": node }, "status": status }))
            .unwrap()
    };
    let waiting = json!({ "state": { "waiting": { "reason": "ErrImagePull", "message": "no such host" } } });
    let pods = [
        pod("a", "one", json!({ "ready": true, "state": { "running": {} } })),
        pod("b", "two", waiting),
        pod("c", "three", json!({ "ready": false, "state": { "running": {} } })),
        pod("d", "four", json!({ "ready": false, "state": { "running": {} } })),
        pod("e", "five", json!({ "state": { "waiting": { "reason": "ContainerCreating" } } })),
    ];
    assert_eq!(complaining(&pods).collect::<Vec<_>>(), ["c", "d"]);
    let words = BTreeMap::from([("c".to_owned(), "it is read-only\n".to_owned())]);
    let told: Vec<_> = nodes(&pods, &words).into_iter().map(|(node, told)| format!("{node}: {told}")).collect();
    assert_eq!(
        told,
        ["five: not yet", "four: not yet", "one: trusted", "three: it is read-only", "two: ErrImagePull: no such host"]
    );
}

/// A node, as far as the script sees it.
struct Node(tempfile::TempDir);

impl Node {
    fn new() -> Self {
        let node = Self(tempfile::tempdir().unwrap());
        for folder in ["files", "host/containerd", "status"] {
            fs::create_dir_all(node.path(folder)).unwrap();
        }
        node
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// Runs the script once for what is declared; what it complains of.
    fn keep(&self, trust: &NodeTrust) -> String {
        fs::remove_dir_all(self.path("files")).unwrap();
        fs::create_dir(self.path("files")).unwrap();
        for (name, text) in trust.files() {
            fs::write(self.path("files").join(name), text).unwrap();
        }
        let output = Command::new("sh")
            .arg(self.path("files/keep.sh"))
            .arg("once")
            .env("OWNER", &trust.owner)
            .env("FILES", self.path("files"))
            .env("PLAN", self.path("files/plan"))
            .env("HOST", self.path("host"))
            .env("STATUS", self.path("status"))
            .env("CONFIG", self.path("config.toml"))
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
        let is_ready = self.path("status/ready").exists();
        assert_eq!(is_ready, output.stdout.is_empty());
        text(&output.stdout).replace("\n\n", "\n")
    }

    fn file(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path("host/containerd").join(name)).ok()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path("host/containerd").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn folders(&self) -> usize {
        fs::read_dir(self.path("host/containerd")).unwrap().count()
    }
}

#[test]
fn a_node_gets_what_is_declared_keeps_it_and_loses_it() {
    let node = Node::new();
    assert_eq!(node.keep(&trust()), "");
    assert_eq!(node.file("r.test:5000/berth-ca.crt").as_deref(), Some("CERTIFICATE\n"));
    node.write("r.test:5000/hosts.toml", "scribbled");
    node.write("r.test:5000/theirs.txt", "theirs");
    assert_eq!(node.keep(&trust()), "");
    assert_eq!(node.file("r.test:5000/hosts.toml"), Some(trust().files()["1.toml"].clone()), "mended");

    let mut less = trust();
    less.hosts.remove("docker.io");
    assert_eq!(node.keep(&less), "");
    assert_eq!(node.folders(), 1);
    assert_eq!(node.keep(&trust().emptied()), "");
    assert_eq!(
        (node.file("r.test:5000/hosts.toml"), node.file("r.test:5000/theirs.txt").as_deref()),
        (None, Some("theirs"))
    );
    fs::remove_file(node.path("host/containerd/r.test:5000/theirs.txt")).unwrap();
    let rest = fs::read_dir(node.path("host/containerd/r.test:5000")).unwrap().count();
    assert_eq!(rest, 0, "no mark is left");
}

#[test]
fn what_somebody_else_wrote_is_left_alone_and_told() {
    let node = Node::new();
    node.write("r.test:5000/hosts.toml", "theirs");
    let told = "/etc/containerd/certs.d/r.test:5000/hosts.toml was written by somebody else\n";
    assert_eq!(node.keep(&trust()), told);
    let path = "/etc/containerd/certs.d/r.test:5000/hosts.toml".to_owned();
    assert_eq!(Complaint::parse(told), Some(Complaint::Taken(path)));
    assert_eq!(node.file("r.test:5000/hosts.toml").as_deref(), Some("theirs"));
    // Another owner of berth's is somebody else, unless both want the same.
    let other = NodeTrust { owner: "other".to_owned(), ..trust() };
    assert_eq!(node.keep(&other), told);
    node.keep(&trust().emptied());
    node.keep(&other.emptied());
    assert_eq!(node.file("r.test:5000/hosts.toml").as_deref(), Some("theirs"));

    let node = Node::new();
    node.keep(&trust());
    assert_eq!(node.keep(&other), "", "both want the same");
    node.keep(&other.emptied());
    assert!(node.file("r.test:5000/hosts.toml").is_some(), "it is the first one's");
}

#[test]
fn a_containerd_that_reads_no_folders_is_told() {
    let node = Node::new();
    for (config, reads) in [
        ("version = 2\n", false),
        ("version = 2\n[plugins.x.registry]\n  config_path = \"\"\n", false),
        ("version = 2\n[plugins.x.registry]\n  config_path = \"/etc/containerd/certs.d\"\n", true),
        ("version = 2\n# config_path = \"/etc/containerd/certs.d\"\n", false),
        ("imports = [\"/etc/containerd/conf.d/*.toml\"]\nversion = 2\n", true),
        ("version = 3\n", true),
    ] {
        fs::write(node.path("config.toml"), config).unwrap();
        let told = node.keep(&trust());
        assert_eq!(told.is_empty(), reads, "{config}");
        assert_eq!(Complaint::parse(&told), (!reads).then_some(Complaint::Unread));
    }
    fs::remove_file(node.path("config.toml")).unwrap();
    assert_eq!(node.keep(&trust()), "", "without a file nothing is known");
}
