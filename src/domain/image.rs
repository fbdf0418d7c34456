//! Names of images: `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`.
//!
//! Source: distribution's reference grammar (`github.com/distribution/reference`, `reference.go`).

use std::fmt;
use std::str::FromStr;

/// The registry that names without a host mean.
pub const DEFAULT_REGISTRY: &str = "docker.io";
/// A name that it had (distribution's `reference`, `legacyDefaultDomain`).
const FORMER_DEFAULT_REGISTRY: &str = "index.docker.io";

/// Longest name of a repository, host included, in characters.
const NAME_LIMIT: usize = 255;

/// Longest tag, in characters.
const TAG_LIMIT: usize = 128;

/// The name of an image, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    /// The registry's host, with its port if one was given.
    pub registry: String,
    /// The repository within the registry.
    pub repository: String,
    /// The tag, if one was given.
    pub tag: Option<String>,
    /// The digest (`sha256:…`), if one was given.
    pub digest: Option<String>,
}

/// Why a text is no image's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is an address.
    #[error("a scheme such as {0:?} does not belong before it: it begins with the host")]
    Scheme(String),
    /// The host part has characters that no host has.
    #[error("{0:?} is no registry host")]
    Registry(String),
    /// The path is empty or has characters that a repository's name cannot have.
    #[error("{0:?} is no repository name: lower-case letters, digits and single separators . _ - / are allowed")]
    Repository(String),
    /// The tag is empty, too long or has characters that a tag cannot have.
    #[error("{0:?} is no tag: up to {TAG_LIMIT} letters, digits, '_', '.' and '-' are allowed")]
    Tag(String),
    /// The digest is not of the form `sha256:` and 64 hexadecimal digits.
    #[error("{0:?} is no digest: write sha256: and 64 hexadecimal digits")]
    Digest(String),
}

impl ImageReference {
    /// The major version that a tag such as `3`, `3.1`, `v2.8.3` or `3-alpine` names.
    pub fn major_version(&self) -> Option<u32> {
        let tag = self.tag.as_deref()?;
        let digits = tag.strip_prefix('v').unwrap_or(tag);
        let number = digits.split(['.', '-']).next()?;
        number.parse().ok()
    }

    /// Reads a name that begins with its host, whatever that looks like: behind `oci://`, nothing stands for Docker Hub.
    ///
    /// # Errors
    /// It is no such name.
    pub fn at_host(text: &str) -> Result<Self, Fault> {
        Self::read(text, |name| name.split_once('/').unwrap_or((name, "")))
    }

    fn read(text: &str, split: impl Fn(&str) -> (&str, &str)) -> Result<Self, Fault> {
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(Fault::Scheme(format!("{scheme}://")));
        }
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(checked_digest(digest)?)),
            None => (text, None),
        };
        let (registry, rest) = split(rest);
        let registry = if registry == FORMER_DEFAULT_REGISTRY { DEFAULT_REGISTRY } else { registry };
        let (repository, tag) = match rest.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(checked_tag(tag)?)),
            None => (rest, None),
        };
        check_registry(registry)?;
        check_repository(registry, repository)?;
        let official = registry == DEFAULT_REGISTRY && !repository.contains('/');
        Ok(Self {
            registry: registry.to_ascii_lowercase(),
            repository: if official { format!("library/{repository}") } else { repository.to_owned() },
            tag,
            digest,
        })
    }

    /// The same image by another digest, without a tag.
    #[must_use]
    pub fn with_digest(&self, digest: &str) -> Self {
        Self { tag: None, digest: Some(digest.to_owned()), ..self.clone() }
    }
}

impl FromStr for ImageReference {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        Self::read(text, split_registry)
    }
}

impl fmt::Display for ImageReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        self.digest.as_ref().map_or(Ok(()), |digest| write!(f, "@{digest}"))
    }
}

/// The first part is a host if it has a dot or a colon, or is `localhost`.
fn split_registry(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
        _ => (DEFAULT_REGISTRY, name),
    }
}

fn check_registry(registry: &str) -> Result<(), Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
    let fits = !registry.is_empty() && !registry.starts_with([':', '-']) && registry.chars().all(allowed);
    if fits { Ok(()) } else { Err(Fault::Registry(registry.to_owned())) }
}

fn check_repository(registry: &str, repository: &str) -> Result<(), Fault> {
    let fits = registry.len() + 1 + repository.len() <= NAME_LIMIT && repository.split('/').all(is_path_part);
    if fits { Ok(()) } else { Err(Fault::Repository(repository.to_owned())) }
}

/// Letters and digits, with `.`, `_`, `__` or dashes between them.
fn is_path_part(part: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(alphanumeric).filter(|between| !between.is_empty());
    part.starts_with(alphanumeric)
        && part.ends_with(alphanumeric)
        && separators
            .into_iter()
            .all(|between| matches!(between, "." | "_" | "__") || between.chars().all(|c| c == '-'))
}

fn checked_tag(tag: &str) -> Result<String, Fault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let fits = (1..=TAG_LIMIT).contains(&tag.len()) && !tag.starts_with(['.', '-']) && tag.chars().all(allowed);
    if fits { Ok(tag.to_owned()) } else { Err(Fault::Tag(tag.to_owned())) }
}

fn checked_digest(digest: &str) -> Result<String, Fault> {
    let hex = digest.strip_prefix("sha256:").unwrap_or_default();
    let fits = hex.len() == 64 && hex.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c));
    if fits { Ok(digest.to_owned()) } else { Err(Fault::Digest(digest.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> ImageReference {
        text.parse().unwrap()
    }

    #[test]
    fn fills_in_docker_hub() {
        assert_eq!(parsed("registry:3").to_string(), "docker.io/library/registry:3");
        assert_eq!(parsed("team/app").to_string(), "docker.io/team/app");
        assert_eq!(parsed("docker.io/registry").to_string(), "docker.io/library/registry");
        assert_eq!(parsed("index.docker.io/registry:3").to_string(), "docker.io/library/registry:3");
    }

    #[test]
    fn tells_a_port_from_a_tag() {
        let image = parsed("localhost:5000/a/b:v1");
        assert_eq!((image.registry.as_str(), image.repository.as_str()), ("localhost:5000", "a/b"));
        assert_eq!(image.tag.as_deref(), Some("v1"));
        assert_eq!(parsed("registry.test/a").tag, None);
    }

    #[test]
    fn a_host_that_is_written_for_certain_is_one_without_dots_too() {
        let image = ImageReference::at_host("plainhost/charts/app:1").unwrap();
        assert_eq!((image.registry.as_str(), image.repository.as_str()), ("plainhost", "charts/app"));
        assert_eq!(parsed("plainhost/charts/app").registry, "docker.io");
        assert!(ImageReference::at_host("plainhost").is_err());
    }

    #[test]
    fn reads_a_digest_beside_a_tag() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        let image = parsed(&format!("registry.test/a:1@{digest}"));
        assert_eq!(image.digest.as_deref(), Some(digest.as_str()));
        assert_eq!(image.to_string(), format!("registry.test/a:1@{digest}"));
    }

    #[test]
    fn reads_the_major_version_off_the_tag() {
        let cases = [("registry:3", Some(3)), ("registry:2.8.3", Some(2)), ("registry:v3.1-alpine", Some(3))];
        for (text, major) in cases {
            assert_eq!(parsed(text).major_version(), major, "{text}");
        }
        assert_eq!(parsed("registry:latest").major_version(), None);
        assert_eq!(parsed("registry").major_version(), None);
    }

    #[test]
    fn refuses_what_no_registry_takes() {
        for (text, fault) in [
            ("oci://hub.test/a:b", Fault::Scheme("oci://".to_owned())),
            ("Registry", Fault::Repository("Registry".to_owned())),
            ("a..b", Fault::Repository("a..b".to_owned())),
            ("a/", Fault::Repository("a/".to_owned())),
            ("a:", Fault::Tag(String::new())),
            ("a@sha256:12", Fault::Digest("sha256:12".to_owned())),
        ] {
            assert_eq!(text.parse::<ImageReference>(), Err(fault), "{text}");
        }
    }
}
