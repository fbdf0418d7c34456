//! Which proxy a request goes through: by the variables, and the rules for them, of curl, Go's programs and AWS's tools.
//!
//! Source: the page of Go's `golang.org/x/net/http/httpproxy`, which kubectl, skopeo, Terraform and the AWS provider go by;
//! what curl and AWS's tools take beside it is taken too (curl's manual, section "Environment", and `NO_PROXY` with blanks).

mod exception;
#[cfg(test)]
mod tests;

use std::fmt;

use url::{Host, Url};

use crate::env::Env;
use crate::secret::learn;
use exception::Exceptions;

/// The variables for `https` and `http` addresses; the first that is set counts.
const HTTPS: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const HTTP: [&str; 4] = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// The kinds of proxies that can be gone through.
const SCHEMES: [&str; 4] = ["http", "https", "socks5", "socks5h"];

/// A proxy, and what named it.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    url: Url,
    origin: String,
}

/// Why a setting names no proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin} names no proxy: {why}")]
pub struct NoProxy {
    /// The variable or attribute.
    pub origin: String,
    /// What is wrong with its value, which may hold a login and is not told.
    pub why: String,
}

/// The proxies that the environment names, and who is reached without.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    https: Option<Result<Proxy, NoProxy>>,
    http: Option<Result<Proxy, NoProxy>>,
    exceptions: Exceptions,
}

impl Proxy {
    /// Reads a proxy's address. Without a scheme, as in `proxy.corp:3128`, it is a plain HTTP proxy.
    pub fn parse(text: &str, origin: &str) -> Result<Self, NoProxy> {
        let unfit = |why: String| NoProxy { origin: origin.to_owned(), why };
        let text = text.trim();
        let given = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&given).map_err(|error| unfit(format!("it is no URL ({error})")))?;
        if let Some(password) = url.password() {
            learn(password);
            learn(&decoded(password));
        }
        if !SCHEMES.contains(&url.scheme()) {
            let known = "http://, https://, socks5:// and socks5h:// can be used";
            return Err(unfit(format!("`{}://` is a kind that berth does not know; {known}", url.scheme())));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err(unfit("it names no host".to_owned()));
        }
        Ok(Self { url, origin: origin.to_owned() })
    }

    /// Its address, with the login if it wants one.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether it is gone through by SOCKS, which has no words of its own to refuse with.
    pub fn is_socks(&self) -> bool {
        self.url.scheme().starts_with("socks")
    }

    /// Whether it is given a login.
    pub fn has_login(&self) -> bool {
        !self.url.username().is_empty() || self.url.password().is_some()
    }

    /// What named it.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

/// `proxy http://HOST:PORT, from ORIGIN`; never the login.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port().map_or_else(String::new, |port| format!(":{port}"));
        write!(f, "proxy {}://{host}{port}, from {}", self.url.scheme(), self.origin)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Proxies {
    /// Reads the variables. A wrong value is told to whoever would go through it.
    pub fn of(env: &Env) -> Self {
        let named = |names: &[&'static str]| {
            env.first(names).map(|(name, value)| Proxy::parse(value, &format!("the environment variable {name}")))
        };
        let exceptions = env.first(&EXCEPTIONS).map(|(_, list)| Exceptions::parse(list));
        Self { https: named(&HTTPS), http: named(&HTTP), exceptions: exceptions.unwrap_or_default() }
    }

    /// The proxy that a request to this address goes through; `None` if it goes there directly.
    pub fn of_target(&self, target: &Url) -> Result<Option<Proxy>, NoProxy> {
        let named = if target.scheme() == "http" { &self.http } else { &self.https };
        match named {
            Some(named) if !self.is_direct(target) => named.clone().map(Some),
            _ => Ok(None),
        }
    }

    fn is_direct(&self, target: &Url) -> bool {
        let Some(host) = target.host() else { return true };
        is_own_machine(&host) || self.exceptions.hold(&host, target.port_or_known_default())
    }
}

/// Whether only this machine itself can be meant: its own addresses, and the link-local ones of metadata services, of which a
/// proxy would answer with its own machine's credentials.
fn is_own_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.trim_end_matches('.').eq_ignore_ascii_case("localhost"),
        Host::Ipv4(ip) => ip.is_loopback() || ip.is_link_local(),
        Host::Ipv6(ip) => ip.is_loopback() || ip.is_unicast_link_local() || ip.segments() == METADATA_V6,
    }
}

/// `fd00:ec2::254`, EC2's metadata service
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html>).
const METADATA_V6: [u16; 8] = [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254];

/// Percent-encoding undone, as a proxy is given the login.
pub fn decoded(text: &str) -> String {
    let sole = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(sole.as_bytes()).next().map_or_else(String::new, |(text, _)| text.into_owned())
}
