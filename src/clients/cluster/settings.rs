//! Which cluster to talk to, as whom, and where that was said.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::env::Env;
use crate::secret::Secret;

/// How to reach a cluster, as written in the provider block. All empty means: ask the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// A kubeconfig file.
    pub config_path: Option<String>,
    /// The context within the kubeconfig, instead of its current one.
    pub config_context: Option<String>,
    /// The API server's address, `https://HOST:PORT`, instead of a kubeconfig.
    pub host: Option<String>,
    /// A bearer token.
    pub token: Option<Secret>,
    /// The CA that the API server's certificate comes from, PEM.
    pub cluster_ca_certificate: Option<String>,
    /// A client certificate, PEM.
    pub client_certificate: Option<String>,
    /// The key of the client certificate, PEM.
    pub client_key: Option<Secret>,
    /// The name that the API server's certificate is checked for, instead of the host.
    pub tls_server_name: Option<String>,
    /// A proxy to go through.
    pub proxy_url: Option<String>,
    /// A program that prints a token (`aws eks get-token`).
    pub exec: Option<Exec>,
}

/// A program that prints credentials (`client.authentication.k8s.io`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exec {
    /// The version of the answer: `client.authentication.k8s.io/v1beta1`.
    pub api_version: String,
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Environment variables added for it.
    pub env: BTreeMap<String, String>,
}

/// Where the way to the cluster is described; told in every error about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `kubernetes.host` of the provider block.
    Host(String),
    /// `kubernetes.config_path` of the provider block.
    ConfigPath(PathBuf),
    /// Files named by an environment variable.
    Variable(&'static str, Vec<PathBuf>),
    /// The service account of the Pod this process runs in.
    InCluster,
    /// One attribute of the provider block, which is to blame by itself.
    Setting(&'static str),
}

impl Source {
    /// The provider attribute that an error blames; `None` when the environment is to blame.
    pub fn attribute(&self) -> Option<&'static str> {
        match self {
            Self::Host(_) => Some("kubernetes.host"),
            Self::ConfigPath(_) => Some("kubernetes.config_path"),
            Self::Setting(name) => Some(name),
            Self::Variable(..) | Self::InCluster => None,
        }
    }

    /// The kubeconfig files, if the source is any.
    pub fn files(&self) -> &[PathBuf] {
        match self {
            Self::ConfigPath(path) => std::slice::from_ref(path),
            Self::Variable(_, paths) => paths,
            Self::Host(_) | Self::InCluster | Self::Setting(_) => &[],
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(f, "provider setting kubernetes.host = {host:?}"),
            Self::ConfigPath(path) => write!(f, "provider setting kubernetes.config_path = {:?}", path.display()),
            Self::Variable(name, paths) => {
                let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
                write!(f, "environment variable {name} = {:?}", paths.join(":"))
            }
            Self::InCluster => f.write_str("the service account of the Pod this runs in"),
            Self::Setting(name) => write!(f, "provider setting {name}"),
        }
    }
}

/// Why the settings name no cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSource {
    /// Neither the provider block nor the environment names one.
    #[error("neither the provider block nor the environment names a cluster")]
    Nothing,
    /// Both a kubeconfig and a host were set.
    #[error("both kubernetes.host and kubernetes.config_path are set")]
    Both,
    /// The provider block says how to log in, and nothing says where.
    #[error("{0} is set, and neither the provider block nor the environment names a cluster")]
    LoginOnly(&'static str),
}

/// The variables that name kubeconfig files, the first that is set counts. `KUBECONFIG` is kubectl's
/// own; the others are what other providers read.
const VARIABLES: [&str; 3] = ["KUBE_CONFIG_PATH", "KUBE_CONFIG_PATHS", "KUBECONFIG"];

impl Settings {
    /// Where the way to the cluster is described. There is no default: no `localhost`, no
    /// `~/.kube/config` that nobody mentioned. In a Pod, its own account counts only where nothing else was said: a
    /// block whose `host` is null by mistake must not reach the runner's own cluster.
    pub fn source(&self, env: &Env) -> Result<Source, NoSource> {
        match (&self.host, &self.config_path) {
            (Some(_), Some(_)) => return Err(NoSource::Both),
            (Some(host), None) => return Ok(Source::Host(host.clone())),
            (None, Some(path)) => return Ok(Source::ConfigPath(expand_home(path, env))),
            (None, None) => {}
        }
        if let Some(name) = VARIABLES.into_iter().find(|name| env.get(name).is_some()) {
            let value = env.get(name).unwrap_or_default();
            let paths = std::env::split_paths(value).filter(|path| !path.as_os_str().is_empty());
            return Ok(Source::Variable(name, paths.map(|path| expand_home(&path.to_string_lossy(), env)).collect()));
        }
        if let Some(name) = self.given() {
            return Err(NoSource::LoginOnly(name));
        }
        if env.get("KUBERNETES_SERVICE_HOST").is_some() { Ok(Source::InCluster) } else { Err(NoSource::Nothing) }
    }

    /// The first attribute that describes a login or a connection, if one does.
    fn given(&self) -> Option<&'static str> {
        let given = [
            ("kubernetes.token", self.token.is_some()),
            ("kubernetes.exec", self.exec.is_some()),
            ("kubernetes.client_certificate", self.client_certificate.is_some()),
            ("kubernetes.client_key", self.client_key.is_some()),
            ("kubernetes.cluster_ca_certificate", self.cluster_ca_certificate.is_some()),
            ("kubernetes.config_context", self.config_context.is_some()),
            ("kubernetes.tls_server_name", self.tls_server_name.is_some()),
            ("kubernetes.proxy_url", self.proxy_url.is_some()),
        ];
        given.into_iter().find(|(_, is_given)| *is_given).map(|(name, _)| name)
    }

    /// The context within the kubeconfig: the setting, or else `KUBE_CTX`.
    pub fn context(&self, env: &Env) -> Option<String> {
        self.config_context.clone().or_else(|| env.get("KUBE_CTX").map(str::to_owned))
    }
}

/// Replaces a leading `~/` by the home folder, as Terraform's users write paths.
fn expand_home(path: &str, env: &Env) -> PathBuf {
    let home = env.first(&["HOME", "USERPROFILE"]).map(|(_, home)| home);
    match (path.strip_prefix("~/").or_else(|| path.strip_prefix("~\\")), home) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().copied().collect()
    }

    #[test]
    fn never_falls_back_to_a_file_that_nobody_mentioned() {
        assert_eq!(Settings::default().source(&env(&[("HOME", "/home/ann")])), Err(NoSource::Nothing));
        assert_eq!(Settings::default().source(&env(&[("KUBECONFIG", "")])), Err(NoSource::Nothing));
    }

    #[test]
    fn the_provider_block_wins_over_the_environment() {
        let both = env(&[("KUBECONFIG", "/env"), ("HOME", "/home/ann")]);
        let settings = Settings { config_path: Some("~/.kube/config".to_owned()), ..Settings::default() };
        let source = settings.source(&both).unwrap();
        assert_eq!(source, Source::ConfigPath("/home/ann/.kube/config".into()));
        assert_eq!(source.attribute(), Some("kubernetes.config_path"));
        let settings = Settings { host: Some("https://a".to_owned()), ..Settings::default() };
        assert_eq!(settings.source(&both), Ok(Source::Host("https://a".to_owned())));
    }

    #[test]
    fn names_the_variable_and_takes_several_files() {
        let source = Settings::default().source(&env(&[("KUBECONFIG", "/a::/b")])).unwrap();
        assert_eq!(source.to_string(), r#"environment variable KUBECONFIG = "/a:/b""#);
        assert_eq!(source.files().len(), 2);
        let source = Settings::default().source(&env(&[("KUBECONFIG", "/a"), ("KUBE_CONFIG_PATH", "/b")])).unwrap();
        assert_eq!(source, Source::Variable("KUBE_CONFIG_PATH", vec!["/b".into()]));
    }

    #[test]
    fn in_a_pod_its_own_account_counts_only_where_nothing_else_was_said() {
        let pod = env(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1")]);
        assert_eq!(Settings::default().source(&pod), Ok(Source::InCluster));
        let text = || Some("x".to_owned());
        let secret = || Some(Secret::new("x"));
        for (settings, name) in [
            (Settings { token: secret(), ..Settings::default() }, "kubernetes.token"),
            (Settings { exec: Some(Exec::default()), ..Settings::default() }, "kubernetes.exec"),
            (Settings { client_key: secret(), ..Settings::default() }, "kubernetes.client_key"),
            (Settings { cluster_ca_certificate: text(), ..Settings::default() }, "kubernetes.cluster_ca_certificate"),
            (Settings { proxy_url: text(), ..Settings::default() }, "kubernetes.proxy_url"),
        ] {
            assert_eq!(settings.source(&pod), Err(NoSource::LoginOnly(name)));
            let file = env(&[("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("KUBECONFIG", "/a")]);
            assert!(settings.source(&file).is_ok(), "it is laid over the file");
        }
    }

    #[test]
    fn two_ways_at_once_are_a_mistake() {
        let settings =
            Settings { host: Some("https://a".to_owned()), config_path: Some("/a".to_owned()), ..Settings::default() };
        assert_eq!(settings.source(&env(&[])), Err(NoSource::Both));
    }
}
