//! From a kubeconfig to the client's configuration, as kubectl reads it.
//!
//! kube's own way is not gone: it takes proxies from the process's environment by rules of its own, and fails at lists of
//! exceptions that all others read.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{AuthInfo, Cluster, Context, ExecAuthCluster, Kubeconfig};
use url::Url;

use crate::clients::http::Network;
use crate::domain::certificate::Chain;
use crate::domain::proxy::Proxy;
use crate::env::Env;
use crate::explain::{chain, listed as some_of};

use super::overlay::{fit, from_host, overlay};
use super::{bad_source, files};
use crate::clients::cluster::error::ClusterError;
use crate::clients::cluster::settings::{Settings, Source};

/// How many names are told where one is not among them.
const NAMES: usize = 20;

/// The configuration, and the proxy that it goes through.
pub(super) struct Configuration {
    pub(super) config: Config,
    pub(super) proxy: Option<Proxy>,
}

pub(super) fn read(settings: &Settings, env: &Env, source: &Source) -> Result<Configuration, ClusterError> {
    let bad = |words: String| bad_source(source, words);
    let (mut kubeconfig, context) = match source {
        Source::InCluster => {
            // A Pod's own API server is asked directly: no proxy is nearer.
            let config = Config::incluster().map_err(|error| bad(chain(&error)))?;
            return Ok(Configuration { config, proxy: None });
        }
        Source::Host(host) => (from_host(host).map_err(bad)?, None),
        Source::ConfigPath(_) | Source::Variable(..) => {
            (files::read(source.files()).map_err(bad)?, settings.context(env))
        }
        Source::Setting(_) => return Err(bad("it names no cluster".to_owned())),
    };
    fit(settings)?;
    overlay(&mut kubeconfig, context.as_deref(), settings).map_err(bad)?;
    let chosen = Chosen::of(&kubeconfig, context.as_deref()).map_err(bad)?;
    let proxy = proxy(&chosen.cluster, settings, &Network::of(env))
        .map_err(|(place, words)| bad_source(place.as_ref().unwrap_or(source), words))?;
    let mut config = chosen.config().map_err(bad)?;
    config.proxy_url = proxy.as_ref().map(address).transpose().map_err(bad)?;
    Ok(Configuration { config, proxy })
}

/// What a context stands for.
struct Chosen {
    context: Context,
    cluster: Cluster,
    user: AuthInfo,
}

impl Chosen {
    fn of(kubeconfig: &Kubeconfig, context: Option<&str>) -> Result<Self, String> {
        let contexts = || kubeconfig.contexts.iter().map(|it| it.name.as_str());
        let name = context.or(kubeconfig.current_context.as_deref()).filter(|name| !name.is_empty());
        let Some(name) = name else {
            return Err(format!("it has no current context; set kubernetes.config_context to {}", listed(contexts())));
        };
        let context = kubeconfig.contexts.iter().find(|it| it.name == name).and_then(|it| it.context.clone());
        let context = context.ok_or_else(|| format!("it has no context `{name}`; there is {}", listed(contexts())))?;
        let cluster = kubeconfig.clusters.iter().find(|it| it.name == context.cluster);
        let cluster = cluster.and_then(|it| it.cluster.clone()).ok_or_else(|| {
            let clusters = kubeconfig.clusters.iter().map(|it| it.name.as_str());
            format!("its context `{name}` is for the cluster `{}`; there is {}", context.cluster, listed(clusters))
        })?;
        // An absent user is nobody's mistake: client-go goes on without a login.
        let user = context.user.as_ref().and_then(|user| kubeconfig.auth_infos.iter().find(|it| it.name == *user));
        let mut user = user.and_then(|it| it.auth_info.clone()).unwrap_or_default();
        if let Some(exec) = user.exec.as_mut().filter(|exec| exec.provide_cluster_info) {
            exec.cluster = Some(ExecAuthCluster::try_from(&cluster).map_err(|error| chain(&error))?);
        }
        Ok(Self { context, cluster, user })
    }

    fn config(self) -> Result<Config, String> {
        let server = server(&self.cluster)?;
        let mut config = Config::new(server.as_str().parse().map_err(|_| format!("its server `{server}` is no URL"))?);
        config.default_namespace = self.context.namespace.clone().unwrap_or_else(|| "default".to_owned());
        config.accept_invalid_certs = self.cluster.insecure_skip_tls_verify.unwrap_or(false);
        config.disable_compression = self.cluster.disable_compression.unwrap_or(false);
        config.tls_server_name = self.cluster.tls_server_name.clone().filter(|name| !name.is_empty());
        config.root_cert = authority(&self.cluster)?;
        config.auth_info = self.user;
        Ok(config)
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    names.sort();
    if names.is_empty() { "none".to_owned() } else { some_of(&names, NAMES) }
}

fn server(cluster: &Cluster) -> Result<Url, String> {
    let server = cluster.server.as_deref().map(str::trim).filter(|server| !server.is_empty());
    let server = server.ok_or_else(|| "its cluster names no server".to_owned())?;
    // client-go completes an address without a scheme by http, which no cluster of today serves.
    Url::parse(server).map_err(|error| format!("its server `{server}` is no URL: {error}"))
}

/// The certificates that the API server's is to come from, DER; none where the system's roots count.
fn authority(cluster: &Cluster) -> Result<Option<Vec<Vec<u8>>>, String> {
    let data = cluster.certificate_authority_data.as_deref().filter(|data| !data.is_empty());
    let file = cluster.certificate_authority.as_deref().filter(|path| !path.is_empty());
    let (text, place) = match (data, file) {
        (Some(data), _) => {
            let place = "its certificate-authority-data".to_owned();
            let joined: String = data.split_whitespace().collect();
            (STANDARD.decode(joined).map_err(|error| format!("{place} is no base64: {error}"))?, place)
        }
        (None, Some(path)) => {
            let place = format!("its certificate-authority {path:?}");
            (std::fs::read(path).map_err(|error| format!("{place} cannot be read: {error}"))?, place)
        }
        (None, None) => return Ok(None),
    };
    let certificates = Chain::ders(&String::from_utf8_lossy(&text)).map_err(|error| format!("{place}: {error}"))?;
    if certificates.is_empty() { Err(format!("{place} holds no PEM certificate")) } else { Ok(Some(certificates)) }
}

/// The proxy: the provider block's, the kubeconfig's, or else the environment's. The first two are for this cluster alone, and
/// `NO_PROXY` does not count against them (client-go, `clientcmd` and `rest`).
fn proxy(cluster: &Cluster, settings: &Settings, network: &Network) -> Result<Option<Proxy>, (Option<Source>, String)> {
    let given = |name: &Option<String>| name.clone().filter(|url| !url.trim().is_empty());
    if let Some(url) = given(&settings.proxy_url) {
        let place = Source::Setting("kubernetes.proxy_url");
        return Proxy::parse(&url, "kubernetes.proxy_url").map(Some).map_err(|unfit| (Some(place), unfit.to_string()));
    }
    if let Some(url) = given(&cluster.proxy_url) {
        return Proxy::parse(&url, "the kubeconfig's proxy-url").map(Some).map_err(|unfit| (None, unfit.to_string()));
    }
    let server = server(cluster).map_err(|words| (None, words))?;
    network.proxy(&server).map_err(|unfit| (None, unfit.to_string()))
}

/// The proxy's address as the client knows it, which leaves names to SOCKS proxies in any case.
fn address(proxy: &Proxy) -> Result<http::Uri, String> {
    if proxy.is_socks() && proxy.has_login() {
        return Err(format!("the {proxy}, has a login, which berth cannot give to a SOCKS proxy for the cluster"));
    }
    let url = proxy.url().as_str();
    let url = url.strip_prefix("socks5h://").map_or_else(|| url.to_owned(), |rest| format!("socks5://{rest}"));
    url.parse().map_err(|_| format!("the {proxy}, is no address of a proxy"))
}
