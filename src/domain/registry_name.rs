//! The names that people write for a registry, and the texts by which clients know it.
//!
//! The kubelet compares texts: case and port count, a scheme does not, and of the paths of the registry's own interface
//! only `/v1/` and `/v2/` with the slash behind them are cut (Kubernetes, `pkg/credentialprovider/keyring.go`, `Add` and
//! `URLsMatch`). So everything that people write is brought into texts that it finds.

use std::fmt;

use url::Url;

/// The key under which every client looks for Docker Hub's login.
pub const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Docker Hub, as images name it.
const HUB: &str = "docker.io";

/// Docker Hub's other names. None of them is a host that images are pulled from by that name.
const HUBS: [&str; 4] = [HUB, "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"];

/// Where Docker Hub's interface answers; `docker.io` is a web page.
const HUB_SERVER: &str = "registry-1.docker.io";

/// Schemes that people copy together with a host.
const SCHEMES: [&str; 4] = ["https", "http", "oci", "docker"];

/// The port that HTTPS has anyway (RFC 9110 §4.2.2).
const USUAL_PORT: u16 = 443;

/// A registry, or a part of one, as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryName {
    /// In lower case, in ASCII, without a last dot; it may hold wildcards.
    host: String,
    /// As it was written, if in another case.
    typed: Option<String>,
    port: Option<u16>,
    /// The repositories that are meant; empty for all.
    path: String,
}

/// A text that names no registry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no registry host: write it as HOST, HOST:PORT or HOST/PATH, without login and tag")]
pub struct NoRegistry(pub String);

impl RegistryName {
    /// Reads a name as people write it: with scheme, capitals, slashes, the path of the interface.
    pub fn parse(text: &str) -> Result<Self, NoRegistry> {
        Self::read(text.trim()).ok_or_else(|| NoRegistry(text.to_owned()))
    }

    fn read(text: &str) -> Option<Self> {
        let bare = without_scheme(text);
        let (authority, path) = bare.split_once('/').unwrap_or((bare, ""));
        let (name, port) = split_port(authority)?;
        let host = readable(name)?;
        let typed = Some(name).filter(|name| name.is_ascii() && *name != host).map(without_last_dot);
        Some(Self { typed: typed.filter(|name| *name != host).map(str::to_owned), host, port, path: own_path(path)? })
    }

    /// One text for each registry, however it is written: two names with the same one mean the same.
    pub fn identity(&self) -> String {
        self.with_path(&self.authority())
    }

    /// The host and port that images are named by.
    pub fn authority(&self) -> String {
        if self.is_hub() {
            return HUB.to_owned();
        }
        self.port
            .filter(|port| *port != USUAL_PORT)
            .map_or_else(|| self.host.clone(), |port| with_port(&self.host, port))
    }

    /// The host and port that its interface answers at.
    pub fn server(&self) -> String {
        if self.is_hub() { HUB_SERVER.to_owned() } else { self.authority() }
    }

    /// Whether only a part of the registry is meant.
    pub fn has_path(&self) -> bool {
        !self.path.is_empty()
    }

    /// The part of the registry that is meant; empty for all of it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a repository of a registry, whose own path does not count, is meant by this name: it lies in its path or is just that.
    pub fn holds(&self, registry: &Self, repository: &str) -> bool {
        let rest = repository.strip_prefix(self.path.as_str());
        self.authority() == registry.authority()
            && (self.path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    /// The key that stands for it in a Docker configuration: as it was written, but for what clients would not find.
    pub fn key(&self) -> String {
        if self.is_hub() {
            return if self.path.is_empty() { DOCKER_HUB.to_owned() } else { self.with_path(HUB) };
        }
        self.with_path(&self.port.map_or_else(|| self.host.clone(), |port| with_port(&self.host, port)))
    }

    /// Further texts under which the kubelet may look for it: without the port that HTTPS has anyway, and in the case that
    /// it was written in, since images may be named so.
    pub fn other_keys(&self) -> Vec<String> {
        let mut keys = vec![self.identity()];
        if self.is_hub() {
            // Images that name this very host are not Docker Hub's to the kubelet.
            let own = (self.host != HUB).then(|| self.with_path(&self.host));
            keys = own.into_iter().collect();
        }
        if let Some(typed) = self.typed.as_ref().filter(|_| !self.is_hub()) {
            keys.push(self.with_path(typed));
            keys.extend(self.port.map(|port| self.with_path(&with_port(typed, port))));
        }
        let key = self.key();
        keys.retain(|other| *other != key);
        keys.dedup();
        keys
    }

    /// Whether this name, which may hold wildcards and a path, stands for a host without a path. Wildcards hold for one part
    /// of the name.
    pub fn covers(&self, other: &Self) -> bool {
        let port = |name: &Self| name.port.filter(|port| *port != USUAL_PORT);
        let (mine, theirs): (Vec<_>, Vec<_>) = (self.host.split('.').collect(), other.host.split('.').collect());
        !self.has_path()
            && (self.authority() == other.authority()
                || (port(self) == port(other)
                    && mine.len() == theirs.len()
                    && mine.iter().zip(&theirs).all(|(pattern, part)| is_like(pattern, part))))
    }

    fn is_hub(&self) -> bool {
        HUBS.contains(&self.host.as_str()) && self.port.is_none_or(|port| port == USUAL_PORT)
    }

    fn with_path(&self, authority: &str) -> String {
        if self.path.is_empty() { authority.to_owned() } else { format!("{authority}/{}", self.path) }
    }
}

impl fmt::Display for RegistryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.identity())
    }
}

fn with_port(host: &str, port: u16) -> String {
    format!("{host}:{port}")
}

fn without_scheme(text: &str) -> &str {
    match text.split_once("://") {
        Some((scheme, rest)) if SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) => rest,
        _ => text,
    }
}

fn without_last_dot(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Host and port; a colon within brackets belongs to an address.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_address = authority.rfind(']').unwrap_or(0);
    match authority.rfind(':').filter(|colon| *colon > end_of_address) {
        Some(colon) => {
            let (host, port) = authority.split_at_checked(colon)?;
            let digits = port.strip_prefix(':').filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))?;
            Some((host, Some(digits.parse().ok().filter(|port| *port != 0)?)))
        }
        None => Some((authority, None)),
    }
}

/// A host with or without a port, without it.
pub fn without_port(authority: &str) -> &str {
    split_port(authority).map_or(authority, |(host, _)| host)
}

/// The host as clients compare it.
fn readable(name: &str) -> Option<String> {
    let name = without_last_dot(name);
    let ascii = if name.is_ascii() { name.to_ascii_lowercase() } else { idna::domain_to_ascii_strict(name).ok()? };
    let is_address = ascii.starts_with('[');
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._*[]".contains(c) || (is_address && c == ':');
    let fits = !ascii.is_empty() && ascii.chars().all(allowed) && !ascii.starts_with('.') && !ascii.contains("..");
    fits.then_some(ascii)
}

/// The repositories, without the path of the registry's interface and without slashes that say nothing.
fn own_path(path: &str) -> Option<String> {
    let wrong = |c: char| c.is_whitespace() || c.is_control() || "?#@:\\".contains(c);
    if path.contains(wrong) {
        return None;
    }
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    if matches!(parts.first(), Some(&("v1" | "v2"))) {
        parts.remove(0);
    }
    Some(parts.join("/"))
}

/// Whether a part of a host fits a pattern in which each star stands for any text.
pub fn is_like(pattern: &str, part: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == part };
    let Some(tail) = part.strip_prefix(start) else { return false };
    let ends = tail.char_indices().map(|(index, _)| index).chain([tail.len()]);
    ends.into_iter().any(|index| tail.get(index..).is_some_and(|tail| is_like(rest, tail)))
}

/// The address of a registry's interface. It is spoken to by HTTPS, and has no path and no wildcard.
///
/// # Errors
/// What is wrong with it, in words that complete "The value …".
pub fn base_url(host: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("must be `HOST` or `HOST:PORT`{why}, and is `{host}`");
    let name = RegistryName::parse(host).map_err(|_| wrong(""))?;
    if host.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:")) {
        return Err(wrong(" and is spoken to by HTTPS"));
    }
    if name.has_path() || host.contains('*') {
        return Err(wrong(" without path and wildcard"));
    }
    Url::parse(&format!("https://{}/", name.server())).map_err(|_| wrong(""))
}

#[cfg(test)]
mod tests;
