//! `NO_PROXY`: who is reached without a proxy.

use std::net::IpAddr;

use url::Host;

/// The list, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions(Vec<Exception>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Exception {
    /// `*`: everyone.
    All,
    /// `10.0.0.0/8`
    Network { address: IpAddr, length: u8 },
    /// `10.0.0.1`, `[::1]:443`
    Address { address: IpAddr, port: Option<u16> },
    /// `example.com` and what is below it; with a leading `.` or `*.` only what is below.
    Domain { name: String, below_only: bool, port: Option<u16> },
}

impl Exceptions {
    /// Reads a list, divided by commas or blanks. What cannot be read is left out, as all others do.
    pub fn parse(list: &str) -> Self {
        let entries = list.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|entry| !entry.is_empty());
        Self(entries.filter_map(Exception::parse).collect())
    }

    /// Whether the list holds the host, asked at this port.
    pub fn hold(&self, host: &Host<&str>, port: Option<u16>) -> bool {
        self.0.iter().any(|exception| exception.holds(host, port))
    }
}

impl Exception {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.to_ascii_lowercase();
        if entry == "*" {
            return Some(Self::All);
        }
        if let Some((address, length)) = entry.split_once('/') {
            let (address, length): (IpAddr, u8) = (address.parse().ok()?, length.parse().ok()?);
            return (length <= bits(address)).then_some(Self::Network { address, length });
        }
        let (name, port) = host_and_port(&entry);
        if let Ok(address) = name.trim_start_matches('[').trim_end_matches(']').parse() {
            return Some(Self::Address { address, port });
        }
        let bare = name.strip_prefix("*.").or_else(|| name.strip_prefix('.'));
        let below_only = bare.is_some();
        let name = bare.unwrap_or(name).trim_end_matches('.').to_owned();
        (!name.is_empty()).then_some(Self::Domain { name, below_only, port })
    }

    fn holds(&self, host: &Host<&str>, asked: Option<u16>) -> bool {
        match (self, host) {
            (Self::All, _) => true,
            (Self::Network { address, length }, host) => ip(host).is_some_and(|ip| is_within(ip, *address, *length)),
            (Self::Address { address, port }, host) => {
                ip(host) == Some(address.to_canonical()) && (port.is_none() || *port == asked)
            }
            (Self::Domain { name, below_only, port }, Host::Domain(host)) => {
                let host = host.trim_end_matches('.').to_ascii_lowercase();
                let is_below = host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
                (is_below || (!below_only && host == *name)) && (port.is_none() || *port == asked)
            }
            (Self::Domain { .. }, Host::Ipv4(_) | Host::Ipv6(_)) => false,
        }
    }
}

/// `HOST:PORT` divided; an address of IP version 6 with a port stands in brackets.
fn host_and_port(entry: &str) -> (&str, Option<u16>) {
    match entry.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

fn ip(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(*ip).to_canonical()),
    }
}

fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn is_within(ip: IpAddr, network: IpAddr, length: u8) -> bool {
    let (ip, network, width) = match (ip, network) {
        (IpAddr::V4(ip), IpAddr::V4(network)) => (u128::from(u32::from(ip)), u128::from(u32::from(network)), 32_u8),
        (IpAddr::V6(ip), IpAddr::V6(network)) => (u128::from(ip), u128::from(network), 128),
        _ => return false,
    };
    let rest = u32::from(width.saturating_sub(length));
    ip.checked_shr(rest).unwrap_or(0) == network.checked_shr(rest).unwrap_or(0)
}
