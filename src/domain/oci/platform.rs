//! What an image runs on: `linux/amd64`, `linux/arm/v7`, `windows/amd64`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// An operating system and a processor.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Platform {
    /// `linux`
    #[serde(default)]
    pub os: String,
    /// `amd64`
    #[serde(default)]
    pub architecture: String,
    /// `v7`
    pub variant: Option<String>,
}

/// A text that names no platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no platform: write it as OS/ARCHITECTURE, such as linux/amd64 or linux/arm/v7")]
pub struct NoPlatform(pub String);

impl Platform {
    /// Whether an image for `other` is what is wanted. `linux/arm64` and `linux/arm64/v8` are the same (containerd,
    /// `platforms/database.go`); without a variant, any will do.
    pub fn is_met_by(&self, other: &Self) -> bool {
        let variant = |it: &Self| {
            it.variant.clone().filter(|variant| (it.architecture.as_str(), variant.as_str()) != ("arm64", "v8"))
        };
        self.os == other.os
            && self.architecture == other.architecture
            && (self.variant.is_none() || variant(self) == variant(other))
    }
}

impl FromStr for Platform {
    type Err = NoPlatform;

    fn from_str(text: &str) -> Result<Self, NoPlatform> {
        let wrong = || NoPlatform(text.to_owned());
        let is_word =
            |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        let parts: Vec<&str> = text.split('/').collect();
        if !parts.iter().all(is_word) {
            return Err(wrong());
        }
        let (os, architecture, variant) = match parts.as_slice() {
            [os, architecture] => (os, architecture, None),
            [os, architecture, variant] => (os, architecture, Some((*variant).to_ascii_lowercase())),
            _ => return Err(wrong()),
        };
        // The names that `uname -m` gives, as containerd reads them.
        let architecture = match architecture.to_ascii_lowercase().as_str() {
            "x86_64" | "x86-64" => "amd64".to_owned(),
            "aarch64" => "arm64".to_owned(),
            other => other.to_owned(),
        };
        Ok(Self { os: os.to_ascii_lowercase(), architecture, variant })
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |variant| write!(f, "/{variant}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms_are_read_as_containerd_does() {
        let read = |text: &str| text.parse::<Platform>().map(|platform| platform.to_string());
        assert_eq!(read("Linux/x86_64").unwrap(), "linux/amd64");
        assert_eq!(read("linux/aarch64").unwrap(), "linux/arm64");
        assert_eq!(read("linux/arm/v7").unwrap(), "linux/arm/v7");
        for wrong in ["", "amd64", "linux/", "/amd64", "linux/a/b/c", "linux /amd64"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_variant_any_will_do() {
        let meets = |wanted: &str, given: &str| wanted.parse::<Platform>().unwrap().is_met_by(&given.parse().unwrap());
        assert!(meets("linux/arm64", "linux/arm64/v8") && meets("linux/arm64/v8", "linux/arm64"));
        assert!(meets("linux/arm", "linux/arm/v7") && !meets("linux/arm/v6", "linux/arm/v7"));
        assert!(!meets("linux/amd64", "windows/amd64") && !meets("linux/amd64", "linux/arm64"));
    }
}
