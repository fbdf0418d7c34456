//! The way to all remotes: which proxy, whose certificates.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::redirect::{Action, Attempt, Policy};
use reqwest::{Certificate, Client, ClientBuilder};
use rustls::pki_types::CertificateDer;
use url::Url;

use super::{AGENT, CONNECT_TIMEOUT, HttpError, fault, with_words};
use crate::digest::sha256_hex;
use crate::domain::certificate;
use crate::domain::proxy::{NoProxy, Proxies, Proxy, decoded};
use crate::env::Env;
use crate::explain::chain;

/// How many redirects of one request are followed.
const REDIRECTS: usize = 10;

/// What this machine's environment says of the way to others. Cheap to copy.
#[derive(Clone, Default)]
pub struct Network(Arc<Proxies>);

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Network {
    /// As the environment says.
    pub fn of(env: &Env) -> Self {
        Self(Arc::new(Proxies::of(env)))
    }

    /// The proxy on the way to an address; `None` for those that are reached directly.
    pub fn proxy(&self, target: &Url) -> Result<Option<Proxy>, NoProxy> {
        self.0.of_target(target)
    }

    /// A client that trusts the system's roots and those of `ca_pem`, and follows redirects.
    pub fn https(&self, ca_pem: Option<&str>) -> Result<Client, HttpError> {
        let roots = ca_pem.map(roots).transpose().map_err(|fault| HttpError::Roots { fault })?.unwrap_or_default();
        built(self.builder().tls_certs_merge(roots.certificates).redirect(Policy::custom(follow)))
    }

    /// A client that goes the right way and follows nothing; its caller says what it trusts.
    pub fn builder(&self) -> ClientBuilder {
        let network = self.clone();
        // A setting that names no proxy is told before the first request, by `checked`.
        let proxy = reqwest::Proxy::custom(move |url| network.proxy(url).ok().flatten().map(|proxy| far(proxy.url())));
        let builder = Client::builder().connect_timeout(CONNECT_TIMEOUT).user_agent(AGENT);
        builder.no_proxy().proxy(proxy).redirect(Policy::none())
    }

    /// What became of a request without an answer.
    pub async fn fault(&self, error: &reqwest::Error) -> HttpError {
        let target = error.url();
        let proxy = match target.map(|target| self.proxy(target)) {
            Some(Err(unfit)) => return unfit.into(),
            Some(Ok(proxy)) => proxy,
            None => None,
        };
        with_words(fault(error, target, proxy.as_ref()), target, proxy.as_ref()).await
    }
}

/// The client.
pub fn built(builder: ClientBuilder) -> Result<Client, HttpError> {
    builder.build().map_err(|error| HttpError::Roots { fault: chain(&error) })
}

/// Roots that a client takes.
#[derive(Debug, Default)]
pub struct Roots {
    /// The certificates.
    pub certificates: Vec<Certificate>,
    /// Those that cannot be used, a clause each.
    pub unused: Vec<String>,
}

/// Reads a bundle of roots as people have it. One that TLS cannot use spoils none of the others, and is told.
///
/// # Errors
/// Why none can be used.
pub fn roots(pem: &str) -> Result<Roots, String> {
    let read = certificate::Roots::parse(pem).map_err(|error| error.to_string())?;
    let (mut certificates, mut unused) = (Vec::new(), read.unused);
    for der in read.ders {
        let tried = rustls::RootCertStore::empty().add(CertificateDer::from(der.as_slice()));
        match tried.map_err(|error| error.to_string()) {
            Ok(()) => certificates.extend(Certificate::from_der(&der)),
            Err(error) => unused.push(format!("{}: {error}", sha256_hex(&der))),
        }
    }
    for why in &unused {
        tracing::warn!(why, "a trusted certificate cannot be used");
    }
    if certificates.is_empty() { Err(unused.join("; ")) } else { Ok(Roots { certificates, unused }) }
}

/// SOCKS with the name left to the proxy, as Go does: within a network only that may know it.
fn far(proxy: &Url) -> Url {
    match proxy.as_str().strip_prefix("socks5://") {
        Some(rest) => Url::parse(&format!("socks5h://{rest}")).unwrap_or_else(|_| proxy.clone()),
        None => proxy.clone(),
    }
}

/// The login of a proxy as a header has it (RFC 7617), percent-encoding undone.
pub(super) fn basic_login(proxy: &Url) -> Option<String> {
    let password = proxy.password().unwrap_or_default();
    let is_given = !proxy.username().is_empty() || !password.is_empty();
    is_given.then(|| {
        let login = format!("{}:{}", decoded(proxy.username()), decoded(password));
        format!("Basic {}", STANDARD.encode(login))
    })
}

/// Follows redirects, but not from TLS to an address without: reqwest takes the login along where host and port stay.
fn follow(attempt: Attempt<'_>) -> Action {
    let was_safe = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
    if was_safe && attempt.url().scheme() != "https" {
        return attempt.error("it redirects to an address without TLS");
    }
    if attempt.previous().len() > REDIRECTS { attempt.error("it redirects too often") } else { attempt.follow() }
}
