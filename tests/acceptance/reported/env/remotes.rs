//! A smallest configuration for each remote, whose run asks that remote and no other.

use std::process::Command;

use crate::distribution::Distribution;
use crate::kubectl::Namespace;
use crate::sandbox::value;
use crate::workspace::{Run, Workspace};

/// Who is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remote {
    Aws,
    Ca,
    Cluster,
    Registry,
}

pub(super) const ALL: [Remote; 4] = [Remote::Aws, Remote::Ca, Remote::Cluster, Remote::Registry];

/// The remotes, each as the sandbox has it.
pub(super) struct World {
    registry: Distribution,
    namespace: Namespace,
}

impl World {
    pub(super) fn open() -> Self {
        Self { registry: registry(), namespace: Namespace::new("env") }
    }

    /// `HOST:PORT` of the remote.
    pub(super) fn place(&self, remote: Remote) -> String {
        let of_url = |url: String| url.split('/').nth(2).unwrap().to_owned();
        match remote {
            Remote::Aws => of_url(value("AWS_ENDPOINT_URL")),
            Remote::Ca => of_url(value("SANDBOX_ACME_DIRECTORY")),
            Remote::Cluster => of_url(crate::sandbox::cluster().host),
            Remote::Registry => self.registry.place.clone(),
        }
    }

    /// A workspace that asks only this remote, by a provider block with this in it.
    pub(super) fn workspace(&self, remote: Remote, provider: &str) -> Workspace {
        // Whatever the tests were started in.
        let none = ["AWS_CA_BUNDLE", "NO_PROXY", "no_proxy"];
        let workspace = none.into_iter().fold(Workspace::new(""), |workspace, name| workspace.env(name, ""));
        let trust = value("SANDBOX_ACME_CA_FILE");
        let rest = match remote {
            Remote::Aws => {
                format!("data \"berth_hosted_zone\" \"x\" {{ name = \"{}\" }}\n", value("SANDBOX_ZONE_NAME"))
            }
            Remote::Ca => {
                let key = workspace.path("account.key").to_str().unwrap().to_owned();
                let curve = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key];
                let made = Command::new("openssl").args(curve).output().expect("openssl is installed");
                assert!(made.status.success());
                format!(
                    "resource \"berth_acme_account\" \"x\" {{\n  directory_url = \"{}\"\n  \
                     terms_of_service_agreed = true\n  account_key = {{ file = \"{key}\" }}\n}}\n",
                    value("SANDBOX_ACME_DIRECTORY")
                )
            }
            Remote::Cluster => format!(
                "resource \"berth_pull_secret\" \"x\" {{\n  name = \"x\"\n  namespaces = [\"{}\"]\n  service_accounts = []\n  \
                 registries = {{ \"r.test\" = {{ username = \"a\", password_wo = \"b\", password_wo_version = 1 }} }}\n}}\n",
                self.namespace.0
            ),
            Remote::Registry => format!(
                "resource \"berth_registry_check\" \"x\" {{\n  host = \"{}\"\n  push = false\n  username = \"ann\"\n  \
                 password_wo = \"correct horse\"\n  password_wo_version = 1\n  timeouts = {{ create = \"20s\" }}\n}}\n",
                self.registry.place
            ),
        };
        workspace.configure(&format!("provider \"berth\" {{\n{provider}\n}}\n{rest}"));
        let trusted = provider.contains("ca_file") || provider.contains("ca_pem");
        let needs_trust = matches!(remote, Remote::Ca | Remote::Registry) && !trusted;
        if needs_trust { workspace.env("SSL_CERT_FILE", &trust) } else { workspace }
    }
}

/// Asks the remote and leaves nothing behind.
pub(super) fn asks(workspace: &Workspace) -> Run {
    let run = workspace.apply();
    if run.is_success() {
        workspace.destroy().succeeds();
    }
    run
}

/// The sandbox's kubeconfig with some words changed, beside the configuration.
pub(super) fn kubeconfig(workspace: &Workspace, changes: &[(&str, &str)]) -> String {
    let text = std::fs::read_to_string(value("KUBECONFIG")).unwrap();
    let edited = changes.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in the kubeconfig");
        text.replace(from, to)
    });
    workspace.write("kubeconfig", &edited).to_str().unwrap().to_owned()
}

/// A registry with TLS on the node's address.
fn registry() -> Distribution {
    let certificate = format!("{}/certificates/acme", value("SANDBOX_STATE_DIR"));
    let http = format!(
        "  addr: '{}:0'\n  tls: {{ certificate: '{certificate}.pem', key: '{certificate}.key' }}\n",
        value("SANDBOX_NODE_IP")
    );
    Distribution::start(&http, "")
}
