//! Name resolution as an ACME client needs it: a zone's own servers, asked directly, without caches.

mod error;
mod look;
mod question;
mod resolve;
mod survey;
mod visible;
mod zone;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

pub use error::DnsError;
pub use look::Look;
pub use question::Heard;
pub use survey::{CaaSet, ChallengePath};
pub use visible::{Answer, ServerAnswer};
pub use zone::{NameServer, Zone};

use resolve::Recursive;

use crate::retry::Budget;

/// How it is checked that a record is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Check {
    /// Ask each of the zone's own servers.
    #[default]
    Authoritative,
    /// Ask the recursive resolvers: for networks that let no DNS out.
    Recursive,
    /// Do not check.
    None,
}

/// How names are resolved.
#[derive(Clone, Debug, Default)]
pub struct DnsSettings {
    /// Recursive resolvers; empty means the system's.
    pub resolvers: Vec<SocketAddr>,
    /// How records are checked.
    pub check: Check,
}

/// The resolver of one configuration. Zones that were found are kept for the life of the process.
#[derive(Clone)]
pub struct Dns(Arc<Inner>);

struct Inner {
    settings: DnsSettings,
    recursive: Recursive,
    zones: zone::Found,
    /// Zones whose servers are known better than the resolvers know them.
    pinned: Vec<Arc<Zone>>,
    /// Where authoritative servers listen: 53 but in tests.
    server_port: u16,
}

impl Dns {
    /// A resolver by these settings; nothing is asked yet.
    pub fn new(settings: DnsSettings) -> Self {
        Self::with_server_port(settings, 53)
    }

    /// The same with another port of the authoritative servers, for tests on machines whose port 53 is taken.
    pub fn with_server_port(settings: DnsSettings, server_port: u16) -> Self {
        Self::with(settings, server_port, Vec::new())
    }

    fn with(settings: DnsSettings, server_port: u16, pinned: Vec<Arc<Zone>>) -> Self {
        let recursive = Recursive::new(settings.resolvers.clone());
        Self(Arc::new(Inner { settings, recursive, zones: zone::Found::default(), pinned, server_port }))
    }

    /// The same resolver that checks records in another way.
    #[must_use]
    pub fn checking(&self, check: Check) -> Self {
        Self::with(DnsSettings { check, ..self.0.settings.clone() }, self.0.server_port, self.0.pinned.clone())
    }

    /// The same resolver that asks these servers about all names in a zone, whatever the resolvers say of it: they may see
    /// a private zone of the same name. Without an address for any of the servers nothing changes.
    #[must_use]
    pub async fn pinning(&self, zone: &str, servers: &[String], budget: &Budget) -> Self {
        let names = servers.iter().map(|name| name.trim_end_matches('.').to_ascii_lowercase()).collect();
        match budget.run(self.with_addresses(names)).await {
            Ok(Ok(servers)) if servers.iter().any(|server| !server.addresses.is_empty()) => {
                let name = zone.trim_end_matches('.').to_ascii_lowercase();
                let pinned = self.0.pinned.iter().cloned().chain([Arc::new(Zone { name, servers })]);
                Self::with(self.0.settings.clone(), self.0.server_port, pinned.collect())
            }
            _ => self.clone(),
        }
    }

    /// How records are checked.
    pub fn check(&self) -> Check {
        self.0.settings.check
    }
}

/// Reads `ip` or `ip:port` (`[ip6]:port`); the port is 53 unless given.
pub fn parse_resolver(text: &str) -> Result<SocketAddr, DnsError> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    text.parse::<SocketAddr>()
        .or_else(|_| bare.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, 53)))
        .map_err(|_| DnsError::Resolver(text.to_owned()))
}

/// The name that dns-01 looks at for a domain (RFC 8555 §8.4); the star of a wildcard is left out.
pub fn challenge_name(domain: &str) -> String {
    let domain = domain.strip_prefix("*.").unwrap_or(domain);
    format!("_acme-challenge.{}", domain.trim_end_matches('.').to_ascii_lowercase())
}

/// How long a domain may be whose name for a proof begins with `prefix`: names have 253 characters (RFC 1035 §2.3.4).
pub fn longest_domain(prefix: &str) -> usize {
    253 - prefix.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolvers_are_addresses_with_or_without_a_port() {
        let cases = [
            ("192.0.2.1", "192.0.2.1:53"),
            ("192.0.2.1:5353", "192.0.2.1:5353"),
            ("2001:db8::1", "[2001:db8::1]:53"),
            ("[2001:db8::1]:5353", "[2001:db8::1]:5353"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_resolver(text).unwrap().to_string(), expected);
        }
        assert!(parse_resolver("dns.example").is_err());
    }

    #[test]
    fn the_challenge_stands_at_the_wildcards_base_name() {
        for domain in ["a.example", "*.a.example", "A.Example."] {
            assert_eq!(challenge_name(domain), "_acme-challenge.a.example");
        }
    }
}
