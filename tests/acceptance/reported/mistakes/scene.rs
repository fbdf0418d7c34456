//! Where a mistake is made: a workspace with variables for all that the sandbox has, and a namespace of its own.

use crate::acme::unique_name;
use crate::kubectl::{Namespace, kubectl_ok};
use crate::runner::Runner;
use crate::sandbox::{cluster, value};
use crate::workspace::Workspace;

const PASSWORD: &str = "a password, by mistake";

/// What the files name, and the variable of the environment that has it.
const PLACES: [(&str, &str); 14] = [
    ("zone", "SANDBOX_ZONE_NAME"),
    ("zone_id", "SANDBOX_ZONE_ID"),
    ("other_zone_id", "SANDBOX_OTHER_ZONE_ID"),
    ("node_ip", "SANDBOX_NODE_IP"),
    ("issuer", "SANDBOX_OIDC_ISSUER_URL"),
    ("directory", "SANDBOX_ACME_DIRECTORY"),
    ("ca_file", "SANDBOX_ACME_CA_FILE"),
    ("blocked", "SANDBOX_ACME_BLOCKED_NAME"),
    ("s3", "SANDBOX_S3_ENDPOINT"),
    ("bucket", "SANDBOX_BUCKET"),
    ("eks", "SANDBOX_EKS_CLUSTER_NAME"),
    ("region", "AWS_REGION"),
    ("kubeconfig", "KUBE_CONFIG_PATH"),
    ("provider_arn", "SANDBOX_OIDC_PROVIDER_ARN"),
];

/// What no message repeats word for word from run to run.
const CHANGING: [(&str, &str); 13] = [
    // The zones of other tests, and the id of one that lies below the sandbox's own.
    (r", [a-z0-9-]+-\d+-\d+\.test \((?:public|private), [A-Z0-9]+\)", ""),
    (r"child\.<zone> \(public, [A-Z0-9]+\)", "child.<zone> (public, ID)"),
    (r"-[0-9a-f]{8,10}-[a-z0-9]{5}\b", "-POD"),
    (r"(berth-check|web|account)-[0-9a-f]{6,}", "$1-HEX"),
    (r"/(order|order-z|my-account|authZ|finalize-order|chalZ)/[-_0-9A-Za-z]+", "/$1/ID"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}\b", "UUID"),
    (r"request [0-9A-Za-z]{30,}", "request ID"),
    (r"20\d\d-\d\d-\d\dT[0-9:.]+Z", "TIME"),
    (r"\b\d+ (milliseconds|ms|seconds|s)\b", "N $1"),
    (r"/tmp/\.tmp[0-9A-Za-z]+", "FOLDER"),
    // The kubelet tells the same with and without a pause before it.
    (r#"ImagePullBackOff: Back-off pulling image "[^"]+": "#, ""),
    (r"\brunner-\d+-\d+\b", "RUNNER"),
    (r"\bsha256:[0-9a-f]{64}\b", "DIGEST"),
];

/// The stage.
pub struct Scene {
    pub workspace: Workspace,
    namespace: Namespace,
    name: String,
    /// Has no rights; kept for as long as its token is used.
    _runner: Option<Runner>,
}

impl Scene {
    /// A stage with what this text names.
    pub fn for_what(text: &str) -> Self {
        let namespace = Namespace::new("mistake");
        let name = unique_name("m", "x").trim_end_matches(".x").to_owned();
        let mut workspace = Workspace::new("").secret("password", PASSWORD);
        for (variable, place) in PLACES {
            workspace = workspace.env(&format!("TF_VAR_{variable}"), &value(place));
        }
        workspace = workspace.env("TF_VAR_namespace", &namespace.0).env("TF_VAR_name", &name);
        workspace = workspace.env("TF_VAR_cluster", &cluster().host).env("TF_VAR_cluster_ca", &cluster_ca());
        if text.contains("registry-tls") {
            let root = crate::registry_check::certificate(&workspace, &namespace.0);
            workspace = workspace.env("TF_VAR_registry_ca", &root);
        }
        if text.contains("opaque") {
            kubectl_ok(&["-n", &namespace.0, "create", "secret", "generic", "opaque", "--from-literal=a=b"]);
        }
        let runner = text.contains("var.powerless").then(Runner::new);
        if let Some(runner) = &runner {
            workspace = workspace.secret("powerless", &runner.token());
        }
        workspace.write("variables.tf", &variables());
        Self { workspace, namespace, name, _runner: runner }
    }

    /// Declares this, with the provider's usual settings where it has none of its own, and runs its commands.
    pub fn configure(&self, text: &str) {
        let usual = "provider \"berth\" {\n  acme = { directory_url = var.directory, ca_file = var.ca_file }\n}\n\n";
        let own = text.contains("provider \"berth\"");
        self.workspace.configure(&format!("{}{text}", if own { "" } else { usual }));
        self.run_commands(text);
    }

    /// Runs the lines `# $ kubectl …`, `# forget ADDRESS` and `# import ADDRESS ID`.
    fn run_commands(&self, text: &str) {
        let (zone_id, zone) = (value("SANDBOX_ZONE_ID"), value("SANDBOX_ZONE_NAME"));
        let known =
            [("$NAMESPACE", &self.namespace.0), ("$NAME", &self.name), ("$ZONE_ID", &zone_id), ("$ZONE", &zone)];
        for line in text.lines() {
            let line = known.iter().fold(line.to_owned(), |line, (name, value)| line.replace(name, value));
            if let Some(address) = line.strip_prefix("# forget ") {
                self.workspace.run(&["state", "rm", address]).succeeds();
            }
            if let Some(command) = line.strip_prefix("# $ kubectl ") {
                kubectl_ok(&command.split(' ').collect::<Vec<_>>());
            } else if let Some((address, id)) = line.strip_prefix("# import ").and_then(|line| line.split_once(' ')) {
                self.workspace.import(address, id).succeeds();
            }
        }
    }

    /// Nothing of berth's is left in the namespace.
    pub fn assert_empty(&self) {
        let kinds = "deployments,services,ingresses,configmaps,secrets,persistentvolumeclaims";
        let ours = ["get", kinds, "-l", "app.kubernetes.io/managed-by=berth", "-o", "name"];
        let left = kubectl_ok(&[&["-n", &self.namespace.0], &ours[..]].concat());
        assert_eq!(left, "", "{} is left", self.namespace.0);
    }

    /// The words are those of the snapshot.
    pub fn assert_told(&self, folder: &str, name: &str, words: &str) {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        for (changing, instead) in CHANGING {
            settings.add_filter(changing, instead);
        }
        let mut words = words.replace(&self.namespace.0, "NAMESPACE").replace(&self.name, "NAME");
        let mut places: Vec<_> = PLACES.iter().map(|(variable, place)| (value(place), *variable)).collect();
        places.sort_by_key(|(place, _)| std::cmp::Reverse(place.len()));
        // The others are words of every day.
        for (place, variable) in places.iter().filter(|(place, _)| place.contains(['.', '/']) || place.len() > 15) {
            words = words.replace(place, &format!("<{variable}>"));
        }
        settings.bind(|| insta::assert_snapshot!(name, words));
    }
}

fn variables() -> String {
    let names = ["namespace", "name", "cluster", "cluster_ca", "registry_ca"];
    let names = PLACES.iter().map(|(name, _)| *name).chain(names);
    let plain = names.map(|name| format!("variable \"{name}\" {{\n  type    = string\n  default = \"\"\n}}\n"));
    let hidden = ["password", "powerless"].map(|name| {
        format!("variable \"{name}\" {{\n  type      = string\n  default   = \"\"\n  sensitive = true\n  ephemeral = true\n}}\n")
    });
    plain.chain(hidden).collect()
}

fn cluster_ca() -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let path = "jsonpath={.clusters[0].cluster.certificate-authority-data}";
    let data = kubectl_ok(&["config", "view", "--raw", "--minify", "-o", path]);
    String::from_utf8(STANDARD.decode(data.trim()).unwrap()).unwrap()
}
