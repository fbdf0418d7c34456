//! Trust on the nodes: the files that container runtimes read of registries, and the `DaemonSet` that keeps them there.
//!
//! containerd reads `certs.d/HOST/hosts.toml` anew at each pull
//! (<https://github.com/containerd/containerd/blob/main/docs/hosts.md>), CRI-O each `*.crt` of `certs.d/HOST`
//! (`containers-certs.d(5)`).

mod objects;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use url::Url;

use crate::digest::sha256_hex;

use super::kubernetes::Toleration;

pub use objects::{CONTAINER, config_map, config_ref, daemon_set, daemon_set_ref, places, selector};
pub use state::{Complaint, DaemonSet, NOT_YET, Progress, TRUSTED, complaining, nodes, progress};

/// The name of the application in labels.
pub const APPLICATION: &str = "node-trust";

/// The file with the certificates, beside `hosts.toml`.
const CERTIFICATES: &str = "berth-ca.crt";

/// A program that reads certificates and mirrors from a folder for each registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Runtime {
    /// containerd.
    Containerd,
    /// CRI-O, and whatever else reads `/etc/containers/certs.d`.
    Crio,
}

impl Runtime {
    /// The runtime of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "containerd" => Some(Self::Containerd),
            "crio" => Some(Self::Crio),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Containerd => "containerd",
            Self::Crio => "crio",
        }
    }

    /// Where it looks, unless it is configured otherwise.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Containerd => "/etc/containerd/certs.d",
            Self::Crio => "/etc/containers/certs.d",
        }
    }
}

/// What nodes are to know of one registry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Certificates to trust, PEM.
    pub ca_pem: Option<String>,
    /// Where to pull from first, by URL.
    pub mirrors: Vec<String>,
}

/// What is kept on the nodes.
#[derive(Clone, Debug)]
pub struct NodeTrust {
    /// Its name, and that of its objects.
    pub name: String,
    /// Where the Pods live.
    pub namespace: String,
    /// The registries, as images name them.
    pub hosts: BTreeMap<String, Host>,
    /// Who reads it, and where.
    pub runtimes: BTreeMap<Runtime, String>,
    /// containerd's configuration file, to see whether it reads the folders.
    pub config_file: String,
    /// The image that has a shell.
    pub image: String,
    /// Secrets with logins for that image.
    pub image_pull_secrets: Vec<String>,
    /// Labels of the nodes.
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the Pods tolerate.
    pub tolerations: Vec<Toleration>,
    /// The mark under which files are written.
    pub owner: String,
    /// What was declared, as JSON.
    pub declaration: String,
}

impl NodeTrust {
    /// The same without any registry: the nodes take away what was written, whatever containerd reads.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self { hosts: BTreeMap::new(), config_file: String::new(), ..self.clone() }
    }

    /// What takes away all that was written to `places` and belongs elsewhere now; `None` if each of them is still meant.
    pub fn leaving(&self, places: BTreeMap<Runtime, String>) -> Option<Self> {
        let is_left = |(runtime, folder): &(Runtime, String)| self.runtimes.get(runtime) != Some(folder);
        let left: BTreeMap<Runtime, String> = places.into_iter().filter(is_left).collect();
        (!left.is_empty()).then(|| Self { runtimes: left, ..self.emptied() })
    }

    /// The files, by their names in the `ConfigMap`, and the plan that says where each one goes.
    pub fn files(&self) -> BTreeMap<String, String> {
        let (mut files, mut plan) = (BTreeMap::new(), String::new());
        for (index, (name, host)) in self.hosts.iter().enumerate() {
            if let Some(ca_pem) = &host.ca_pem {
                files.insert(format!("{index}.crt"), ca_pem.clone());
            }
            if self.runtimes.contains_key(&Runtime::Containerd) {
                files.insert(format!("{index}.toml"), hosts_toml(name, host));
            }
            for (runtime, place) in &self.runtimes {
                let mut add = |file: &str, ending: &str| {
                    let (below, place) = (format!("{name}/{file}"), place.trim_end_matches('/'));
                    let _ = writeln!(plan, "{}/{below}\t{index}.{ending}\t{place}/{below}", runtime.name());
                };
                // The certificates come first: a `hosts.toml` whose `ca` is missing ends pulls.
                if host.ca_pem.is_some() {
                    add(CERTIFICATES, "crt");
                }
                if *runtime == Runtime::Containerd {
                    add("hosts.toml", "toml");
                }
            }
        }
        files.insert("plan".to_owned(), plan);
        files.insert("keep.sh".to_owned(), SCRIPT.to_owned());
        files
    }

    /// What Pods are marked with: another one has them made anew.
    pub fn digest(&self) -> String {
        let files = self.files();
        let told = files.iter().map(|(name, text)| format!("{name}:{}\n{text}", text.len()));
        sha256_hex(told.collect::<String>().as_bytes())
    }
}

/// What keeps the files on a node.
const SCRIPT: &str = include_str!("node_trust/keep.sh");

/// What containerd reads of a registry. Without a `[host]` table, containerd 1.6 drops the whole file and tells nobody.
fn hosts_toml(name: &str, host: &Host) -> String {
    let server = server_of(name);
    let mut text = format!("server = \"{server}\"\n");
    let ca = if host.ca_pem.is_some() { format!("  ca = \"{CERTIFICATES}\"\n") } else { String::new() };
    let pulled = host.mirrors.iter().map(|mirror| (mirror.as_str(), "\"pull\", \"resolve\""));
    let own = [(server.as_str(), "\"pull\", \"resolve\", \"push\"")];
    for (url, capabilities) in pulled.chain(own) {
        let whole = if is_below_the_api(url) { "  override_path = true\n" } else { "" };
        let _ = write!(text, "\n[host.\"{url}\"]\n  capabilities = [{capabilities}]\n{whole}{ca}");
    }
    text
}

/// Whether a mirror is a part of a registry, as proxy projects of Harbor and caches of ECR are: `https://HOST/v2/PROJECT`. containerd would ask
/// for `/v2/PROJECT/v2/…` (`remotes/docker/config/hosts.go`, `parseHostConfig`).
fn is_below_the_api(url: &str) -> bool {
    let below = |url: Url| url.path().strip_prefix("/v2/").is_some_and(|rest| !rest.trim_matches('/').is_empty());
    Url::parse(url).is_ok_and(below)
}

/// Where a registry is asked. Docker Hub's images are named otherwise than its server.
fn server_of(name: &str) -> String {
    match name {
        "docker.io" => "https://registry-1.docker.io".to_owned(),
        name => format!("https://{name}"),
    }
}
