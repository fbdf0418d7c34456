//! What a user declares of the nodes' trust.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::certificate::Chain;
use crate::domain::kubernetes::ObjectRef;
use crate::domain::node_trust::{APPLICATION, Host, NodeTrust, Runtime, daemon_set_ref};
use crate::domain::ownership::Claim;
use crate::domain::registry_name::RegistryName;
use crate::owner::Owner;
use crate::provider::checks::{image, label, labels, subdomain};
use crate::resources::toleration::Toleration;
use crate::sdk::{Check, Computed, Model, Timeouts, Value, check};

/// Trust on the nodes of a cluster.
#[derive(Clone, Debug, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct Declared {
    /// The name of the `DaemonSet`. Changing it makes another one.
    #[attr(replace, check = label())]
    pub name: String,
    /// Its namespace. Its Pods mount folders of the node, which a namespace under the Pod Security Standards `baseline` and
    /// `restricted` refuses: `kube-system` will do. Changing it makes another one.
    #[attr(replace, check = label())]
    pub namespace: String,
    /// The registries, each as images name it, letter by letter: `registry.example.com`, `registry.example.com:5000`,
    /// `docker.io`. A name with the port 443 is another one for containerd.
    #[attr(check = check::at_least(1), check = host_names())]
    pub hosts: BTreeMap<String, HostModel>,
    /// Who is to trust them: `containerd`, and `crio` for CRI-O, which knows no mirrors by this way. Default `["containerd"]`.
    #[attr(default = vec!["containerd".to_owned()], check = check::at_least(1), check = check::one_of(&["containerd", "crio"]))]
    pub runtimes: Vec<String>,
    /// The folder of the node that containerd reads: the `config_path` below `registry` in its configuration, which
    /// `containerd config dump` on a node shows, such as `/var/lib/rancher/k3s/agent/etc/containerd/certs.d` with k3s. Where it
    /// changes, the nodes first take away what is in the folder before. Default `/etc/containerd/certs.d`.
    #[attr(default = "/etc/containerd/certs.d", check = path())]
    pub containerd_folder: String,
    /// The configuration of containerd on the node: where it names no `config_path`, containerd up to 1.7 reads no folder at all,
    /// and `nodes` says so. Default `/etc/containerd/config.toml`.
    #[attr(default = "/etc/containerd/config.toml", check = path())]
    pub containerd_config: String,
    /// An image with a shell and the usual small programs, which each node can pull already. Default `busybox:1.37`.
    #[attr(default = "busybox:1.37", check = image())]
    pub image: String,
    /// Secrets with logins for `image`, in the namespace.
    #[attr(check = subdomain())]
    pub image_pull_secrets: Option<Vec<String>>,
    /// Labels of the nodes that are meant, beside `kubernetes.io/os = "linux"`. A node that is meant no more keeps what it has.
    #[attr(check = labels())]
    pub node_selector: Option<BTreeMap<String, String>>,
    /// Taints of nodes that the Pods tolerate. Default: all.
    pub tolerations: Option<Vec<Toleration>>,
    /// Whether an apply waits until each node has it. Default `true`.
    #[attr(default = true)]
    pub wait: bool,
    /// What is known of each node, by its name: `trusted`, or what stands in the way. New nodes get it by themselves.
    #[serde(skip)]
    pub nodes: Computed<BTreeMap<String, String>>,
    /// What differs in the cluster from what is declared here, a sentence each. Empty after an apply that has reached all
    /// nodes; what a refresh finds, the next apply sets right, except a file of somebody else, which has to be removed first.
    #[serde(skip)]
    pub drift: Computed<Vec<String>>,
    /// How long operations may take.
    #[serde(skip)]
    pub timeouts: Option<Timeouts>,
}

/// What nodes are to know of one registry: at least one of the two.
#[derive(Clone, Debug, Default, Model, Serialize, Deserialize)]
#[serde(default)]
pub struct HostModel {
    /// Certificates of authorities to trust, beside the node's own, PEM.
    #[attr(check = certificates())]
    pub ca_pem: Option<String>,
    /// Where to pull from first, in this order, by URL such as `https://mirror.example.com`; the registry itself comes last.
    #[attr(check = mirror())]
    pub mirrors: Option<Vec<String>>,
}

impl Default for Declared {
    fn default() -> Self {
        Self {
            name: String::new(),
            namespace: String::new(),
            hosts: BTreeMap::new(),
            runtimes: vec![Runtime::Containerd.name().to_owned()],
            containerd_folder: Runtime::Containerd.folder().to_owned(),
            containerd_config: "/etc/containerd/config.toml".to_owned(),
            image: "busybox:1.37".to_owned(),
            image_pull_secrets: None,
            node_selector: None,
            tolerations: None,
            wait: true,
            nodes: Computed::Unknown,
            drift: Computed::Unknown,
            timeouts: None,
        }
    }
}

impl Declared {
    /// What the cluster is to hold, under the mark of its owner.
    pub fn trust(&self, owner: &Owner) -> NodeTrust {
        let folder = |runtime: Runtime| match runtime {
            Runtime::Containerd => self.containerd_folder.clone(),
            Runtime::Crio => runtime.folder().to_owned(),
        };
        let everywhere = Toleration { operator: Some("Exists".to_owned()), ..Toleration::default() };
        let tolerations = self.tolerations.clone().unwrap_or_else(|| vec![everywhere]);
        NodeTrust {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            hosts: self.hosts.iter().map(|(name, host)| (name.clone(), host.into())).collect(),
            runtimes: self
                .runtimes
                .iter()
                .filter_map(|name| Runtime::parse(name))
                .map(|one| (one, folder(one)))
                .collect(),
            config_file: self.containerd_config.clone(),
            image: self.image.clone(),
            image_pull_secrets: self.image_pull_secrets.clone().unwrap_or_default(),
            node_selector: self.node_selector.clone().unwrap_or_default(),
            tolerations: tolerations.iter().map(Into::into).collect(),
            owner: owner.as_str().to_owned(),
            declaration: serde_json::to_string(self).unwrap_or_default(),
        }
    }

    /// The object that answers for all others.
    pub fn lead(&self) -> ObjectRef {
        daemon_set_ref(&self.namespace, &self.name)
    }

    /// What one of this name claims as its own.
    pub fn claim(&self, owner: Option<Owner>) -> Claim {
        Claim::intended(APPLICATION, &self.name, owner, self.lead())
    }
}

impl From<&HostModel> for Host {
    fn from(host: &HostModel) -> Self {
        let ca_pem = host.ca_pem.as_ref().map(|text| Chain::cleaned(text).unwrap_or_else(|_| text.clone()));
        Self { ca_pem, mirrors: host.mirrors.clone().unwrap_or_default() }
    }
}

fn host_names() -> Check {
    Check::new("must be names of registries, as images have them", |value: &Value| {
        value.members().into_iter().flatten().try_for_each(|(name, _)| is_host_name(name))
    })
}

fn is_host_name(name: &str) -> Result<(), String> {
    let is_plain = !name.contains('/') && !name.contains(char::is_whitespace);
    match RegistryName::parse(name) {
        Ok(_) if is_plain => Ok(()),
        Ok(_) => Err(format!("must be names of registries, and `{name}` is not `HOST` or `HOST:PORT`")),
        Err(fault) => Err(format!("must be names of registries, and `{name}` is none: {fault}")),
    }
}

fn certificates() -> Check {
    check::text("must be certificates in PEM", |text| match Chain::cleaned(text) {
        Ok(cleaned) if cleaned.is_empty() => Err("must be certificates in PEM, and holds none".to_owned()),
        Ok(_) => Ok(()),
        Err(fault) => Err(format!("must be certificates in PEM: {fault}")),
    })
}

fn mirror() -> Check {
    check::text("must be a URL such as `https://mirror.example.com`", |url| match url::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "https" | "http") && parsed.has_host() => {
            let is_plain = parsed.username().is_empty() && parsed.password().is_none();
            if is_plain && parsed.query().is_none() {
                Ok(())
            } else {
                Err("must have no login and no query".to_owned())
            }
        }
        _ => Err("must be a URL such as `https://mirror.example.com`".to_owned()),
    })
}

fn path() -> Check {
    check::text("must be a path of the node", |path| {
        let is_whole = path.starts_with('/') && !path.split('/').any(|part| part == "..") && path.len() > 1;
        if is_whole { Ok(()) } else { Err("must be a path of the node that begins with `/`".to_owned()) }
    })
}
