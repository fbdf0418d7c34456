//! `kubernetes = { … }`: the way to the cluster.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Berth;
use super::checks::{certificates, private_key, proxy, server, token};
use crate::clients::cluster::{self, Cluster};
use crate::explain::Explanation;
use crate::sdk::{Model, Secret};

/// How to reach the cluster: a kubeconfig file, or the API server's address with a credential.
#[derive(Clone, Debug, Default, Model)]
pub struct Block {
    /// A kubeconfig file. `~` stands for the home directory (`HOME`, on Windows else `USERPROFILE`).
    pub config_path: Option<String>,
    /// The context within the kubeconfig, instead of its current one.
    pub config_context: Option<String>,
    /// The API server's address, `https://HOST:PORT`, instead of a kubeconfig.
    #[attr(check = server())]
    pub host: Option<String>,
    /// A bearer token. White space around it is not part of it.
    #[attr(check = token())]
    pub token: Option<Secret>,
    /// The CA that the API server's certificate comes from, PEM. Kubeconfigs and AWS give it in base64: `base64decode` it.
    #[attr(check = certificates())]
    pub cluster_ca_certificate: Option<String>,
    /// A client certificate, PEM.
    #[attr(check = certificates())]
    pub client_certificate: Option<String>,
    /// The key of the client certificate, PEM.
    #[attr(check = private_key())]
    pub client_key: Option<Secret>,
    /// The name that the API server's certificate is checked for, instead of the host.
    pub tls_server_name: Option<String>,
    /// A proxy to go through, `http://`, `https://` or `socks5://`, whatever `NO_PROXY` says. Default: the kubeconfig's
    /// `proxy-url`, else `HTTPS_PROXY` unless `NO_PROXY` names the server.
    #[attr(check = proxy())]
    pub proxy_url: Option<String>,
    /// A program that prints a credential, such as `aws eks get-token`.
    pub exec: Option<Exec>,
}

/// A program that prints a credential (`client.authentication.k8s.io`).
#[derive(Clone, Debug, Default, Model)]
pub struct Exec {
    /// The version of its answer, such as `client.authentication.k8s.io/v1beta1`.
    pub api_version: String,
    /// The program.
    pub command: String,
    /// Its arguments.
    pub args: Option<Vec<String>>,
    /// Environment variables added for it.
    pub env: Option<BTreeMap<String, String>>,
}

/// The client, built when first used.
#[derive(Default)]
pub struct Clients(OnceLock<Cluster>);

impl Berth {
    /// The cluster. Nothing is read or connected to before it is asked something.
    ///
    /// # Errors
    /// A setting of the provider block is not known yet.
    pub fn cluster(&self) -> Result<&Cluster, Explanation> {
        self.settled("kubernetes")?;
        let settings = || self.config.kubernetes.as_ref().map(settings).unwrap_or_default();
        Ok(self.kubernetes.0.get_or_init(|| Cluster::new(settings(), self.env.clone())))
    }
}

pub(super) fn settings(block: &Block) -> cluster::Settings {
    cluster::Settings {
        config_path: block.config_path.clone(),
        config_context: block.config_context.clone(),
        host: block.host.clone(),
        token: block.token.clone(),
        cluster_ca_certificate: block.cluster_ca_certificate.clone(),
        client_certificate: block.client_certificate.clone(),
        client_key: block.client_key.clone(),
        tls_server_name: block.tls_server_name.clone(),
        proxy_url: block.proxy_url.clone(),
        exec: block.exec.as_ref().map(|exec| cluster::Exec {
            api_version: exec.api_version.clone(),
            command: exec.command.clone(),
            args: exec.args.clone().unwrap_or_default(),
            env: exec.env.clone().unwrap_or_default(),
        }),
    }
}
