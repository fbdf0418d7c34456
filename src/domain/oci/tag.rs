//! A tag of a repository: where something is pushed to.

use std::fmt;
use std::str::FromStr;

use crate::domain::image::ImageReference;

/// The tag that a name without one means.
const LATEST: &str = "latest";

/// A tag of a repository of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The registry's host, with its port.
    pub registry: String,
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: String,
}

impl Tag {
    /// The name by digest of what is pushed here.
    pub fn by_digest(&self, digest: &str) -> String {
        format!("{}/{}@{digest}", self.registry, self.repository)
    }
}

impl FromStr for Tag {
    type Err = String;

    /// Reads `HOST/PATH:TAG`; answers what is wrong in words that complete "The value …".
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("must be of the form `HOST/PATH:TAG`, and {why}");
        if text.contains("://") {
            return Err(wrong("begins without a scheme"));
        }
        let image: ImageReference =
            text.parse().map_err(|fault: crate::domain::image::Fault| wrong(&fault.to_string()))?;
        if image.digest.is_some() {
            return Err(wrong("names no digest: that follows from what is pushed"));
        }
        let tag = image.tag.unwrap_or_else(|| LATEST.to_owned());
        Ok(Self { registry: image.registry, repository: image.repository, tag })
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.registry, self.repository, self.tag)
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
