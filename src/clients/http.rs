//! HTTP to all remotes: one decision on proxies, trust and what can heal, for AWS, the CA, the registry and the cluster.

mod fault;
mod headers;
mod network;
mod presented;
#[cfg(test)]
pub(in crate::clients) mod servers;
#[cfg(test)]
mod tests;
pub mod visit;

use std::net::IpAddr;
use std::time::Duration;

pub use fault::Flaw;
pub(in crate::clients) use fault::{causes, fault, with_words};
pub(in crate::clients) use headers::{links, retry_after};
pub use network::Network;
pub(in crate::clients) use network::{built, roots};

use crate::domain::proxy::NoProxy;

/// How long a connection may take to be made.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const AGENT: &str = concat!("terraform-provider-berth/", env!("CARGO_PKG_VERSION"));

/// Why a server was not reached.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The text of trusted roots is no PEM file of certificates.
    #[error("the trusted roots are no PEM certificates: {fault}")]
    Roots {
        /// What is wrong with it.
        fault: String,
    },
    /// What the environment says of proxies cannot be used.
    #[error(transparent)]
    NoProxy(#[from] NoProxy),
    /// The name is not known to the resolver.
    #[error("the name `{host}` does not resolve: {fault}")]
    Name {
        /// The name.
        host: String,
        /// The resolver's words.
        fault: String,
    },
    /// The server's certificate is not trusted, has ended or is for another name.
    #[error("the certificate is not accepted: {fault}")]
    Certificate {
        /// Why.
        fault: String,
        /// What has to be mended.
        flaw: Flaw,
    },
    /// What is there does not speak TLS, or none that we speak.
    #[error("no TLS is spoken there: {fault}")]
    NotTls {
        /// What came instead.
        fault: String,
    },
    /// The proxy lets nothing through.
    #[error("the {proxy}, answers {words}")]
    Proxy {
        /// The proxy, and what named it.
        proxy: String,
        /// Its status, and the words for it.
        words: String,
        /// Whether it is a login that it wants.
        wants_login: bool,
        /// Whether the trouble is its own or the server's, and may pass.
        is_passing: bool,
    },
    /// Something in between answers with a page for people.
    #[error("a web page came in place of the answer: {words}")]
    WebPage {
        /// Its status and title, or where it sends one.
        words: String,
    },
    /// Nothing answers, or not in time.
    #[error("no answer: {fault}")]
    Unreachable {
        /// What happened.
        fault: String,
    },
}

impl HttpError {
    /// Whether the same can be expected of another attempt: somebody has to change something first.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Unreachable { .. } => false,
            Self::Proxy { is_passing, .. } => !is_passing,
            Self::Roots { .. }
            | Self::NoProxy(_)
            | Self::Name { .. }
            | Self::Certificate { .. }
            | Self::NotTls { .. }
            | Self::WebPage { .. } => true,
        }
    }

    /// What to do about it, where `trust` says how a further CA is trusted; `None` where the remote knows better.
    pub fn remedy(&self, trust: &str) -> Option<String> {
        Some(match self {
            Self::NoProxy(fault) => format!("correct {}, then apply again", fault.origin),
            Self::Name { host, .. } => {
                format!("correct the name `{host}` where it was given, or the machine's DNS, then apply again")
            }
            Self::Certificate { flaw: Flaw::Issuer | Flaw::Other, .. } => format!(
                "if the server or a proxy before it has its certificate from a CA of your own, trust that one: {trust}; \
                 then apply again"
            ),
            Self::Certificate { .. } => UNFIT.to_owned(),
            Self::NotTls { .. } => NOT_TLS.to_owned(),
            Self::Proxy { wants_login: true, .. } => LOGIN.to_owned(),
            Self::Proxy { .. } => REFUSED.to_owned(),
            Self::WebPage { .. } => PAGE.to_owned(),
            Self::Roots { .. } | Self::Unreachable { .. } => return None,
        })
    }
}

const UNFIT: &str =
    "have the certificate renewed or made for this name; a proxy that presents its own may be in between";
const NOT_TLS: &str = "check scheme and port of the address: https:// needs a port where TLS is spoken";
const LOGIN: &str = "give the proxy its login in the variable's URL, http://USER:PASSWORD@HOST:PORT with special characters \
                     percent-encoded, or list the host in NO_PROXY if it is reached without";
const REFUSED: &str = "ask those who run the proxy to let this host through, or list the host in NO_PROXY if it is reached \
                       without";
const PAGE: &str = "open the address with a browser: a login page or a proxy of your network answers in place of the \
                    server; set HTTPS_PROXY or NO_PROXY as your network wants it";

/// The addresses of a name, as this machine resolves it.
pub async fn addresses(host: &str) -> Result<Vec<IpAddr>, HttpError> {
    let unknown = |fault: String| HttpError::Name { host: host.to_owned(), fault };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let found = tokio::net::lookup_host((bare, 0)).await.map_err(|error| unknown(error.to_string()))?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort();
    addresses.dedup();
    if addresses.is_empty() { Err(unknown("it has no address".to_owned())) } else { Ok(addresses) }
}
