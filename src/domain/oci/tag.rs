//! A tag of a repository: where something is pushed to.

use std::fmt;
use std::str::FromStr;

use crate::domain::image::{Fault, ImageReference};

/// The tag that a name without one means.
pub const LATEST: &str = "latest";

/// A tag of a repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The registry's host, with its port.
    pub registry: String,
    /// The repository.
    pub repository: String,
    /// The tag; or a digest, of what is pushed without one.
    pub tag: String,
}

impl Tag {
    /// Reads what stands behind `oci://`, where the first part is the host in any case.
    ///
    /// # Errors
    /// What is wrong, in words that complete "The value …".
    pub fn at_host(text: &str) -> Result<Self, String> {
        Self::of(ImageReference::at_host(text))
    }

    fn of(image: Result<ImageReference, Fault>) -> Result<Self, String> {
        let image = image.map_err(|fault| wrong(&fault.to_string()))?;
        if image.digest.is_some() {
            return Err(wrong("names no digest: that follows from what is pushed"));
        }
        let tag = image.tag.unwrap_or_else(|| LATEST.to_owned());
        Ok(Self { registry: image.registry, repository: image.repository, tag })
    }

    /// The name by digest of what is pushed here.
    pub fn by_digest(&self, digest: &str) -> String {
        format!("{}/{}@{digest}", self.registry, self.repository)
    }
}

impl FromStr for Tag {
    type Err = String;

    /// Reads `HOST/PATH:TAG`; answers what is wrong in words that complete "The value …".
    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err(wrong("begins without a scheme"));
        }
        Self::of(text.parse())
    }
}

fn wrong(why: &str) -> String {
    format!("must be of the form `HOST/PATH:TAG`, and {why}")
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if self.tag.contains(':') { '@' } else { ':' };
        write!(f, "{}/{}{separator}{}", self.registry, self.repository, self.tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_in_full() {
        let read = |text: &str| text.parse::<Tag>().map(|tag| tag.to_string());
        assert_eq!(read("Hub.test:5000/a/b:v1").unwrap(), "hub.test:5000/a/b:v1");
        assert_eq!(read("hub.test/a").unwrap(), "hub.test/a:latest");
        assert_eq!(read("team/app:1").unwrap(), "docker.io/team/app:1");
        for wrong in ["", "hub.test/", "hub.test/A:v1", "https://hub.test/a:v1", "hub.test/a:b:c"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        let digest = format!("hub.test/a@sha256:{}", "0".repeat(64));
        assert!(read(&digest).unwrap_err().contains("names no digest"));
    }
}
