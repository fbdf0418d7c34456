//! Where an artifact is: under a tag of a repository, or in it by its digest alone.

use std::fmt;
use std::str::FromStr;

use crate::domain::image::ImageReference;
use crate::domain::oci::tag::Tag;
use crate::explain::Explanation;
use crate::sdk::{Check, Result, check};

use super::super::oci_tag::Destination;
use super::Declared;

/// The attribute that names it.
const ATTRIBUTE: &str = "destination";

/// A repository, and a tag in it if one is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The registry's host, with its port.
    pub registry: String,
    /// The repository.
    pub repository: String,
    /// The tag.
    pub tag: Option<String>,
}

/// What a destination may be.
pub fn destination() -> Check {
    check::text("must be of the form `HOST/PATH:TAG`", |text| text.parse::<Place>().map(|_| ()))
}

impl Place {
    /// The place of a model.
    ///
    /// # Errors
    /// It names none.
    pub fn of(model: &Declared, what: &str) -> Result<Self> {
        model.destination.parse().map_err(|why: String| {
            Explanation::new("BERTH-OCI-001", what).next(format!("the destination {why}")).at(ATTRIBUTE)
        })
    }

    /// The place that the id of an import means, and the tag or digest there.
    ///
    /// # Errors
    /// What is wrong with it, in words that complete "The id …".
    pub fn imported(id: &str) -> std::result::Result<(Self, String), String> {
        let image = id.parse::<ImageReference>().map_err(|fault| wrong(&fault.to_string()))?;
        let ImageReference { registry, repository, tag, digest } = image;
        let Some(reference) = digest.as_ref().or(tag.as_ref()).cloned() else {
            return Err(wrong("names neither a tag nor a digest"));
        };
        Ok((Self { registry, repository, tag: tag.filter(|_| digest.is_none()) }, reference))
    }

    /// The tag that is pushed; without one, the digest stands in its place.
    pub fn named(&self, digest: &str) -> Tag {
        let (registry, repository) = (self.registry.clone(), self.repository.clone());
        Tag { registry, repository, tag: self.tag.clone().unwrap_or_else(|| digest.to_owned()) }
    }

    /// What is done there with a tag of [`Place::named`].
    pub fn at<'a>(&self, tag: &'a Tag) -> Destination<'a> {
        let called = if self.tag.is_some() { "tag" } else { "content" };
        Destination { tag, attribute: ATTRIBUTE, called }
    }

    /// The registry and the repository.
    pub fn repository(&self) -> (&str, &str) {
        (&self.registry, &self.repository)
    }
}

impl FromStr for Place {
    type Err = String;

    /// Reads `HOST/PATH:TAG` or `HOST/PATH`; answers what is wrong in words that complete "The value …".
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let image = text.parse::<ImageReference>().map_err(|fault| wrong(&fault.to_string()))?;
        if image.digest.is_some() {
            return Err(wrong("names no digest: that follows from what is pushed"));
        }
        Ok(Self { registry: image.registry, repository: image.repository, tag: image.tag })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        self.tag.as_ref().map_or(Ok(()), |tag| write!(f, ":{tag}"))
    }
}

fn wrong(why: &str) -> String {
    format!("must be of the form `HOST/PATH:TAG`, or `HOST/PATH` with `subject`, and {why}")
}

#[cfg(test)]
mod tests {
    use super::super::{Artifact, Declared};
    use super::*;
    use crate::sdk::Identified as _;

    #[test]
    fn an_artifact_is_imported_by_its_identity_with_and_without_a_tag() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (destination, id) in [
            ("hub.test:5000/a/b:v1", "hub.test:5000/a/b:v1".to_owned()),
            ("hub.test/a", format!("hub.test/a@{digest}")),
        ] {
            let mut model = Declared { destination: destination.to_owned(), ..Declared::default() };
            model.digest.set(digest.clone());
            assert_eq!(Artifact::import_id(&Artifact::identity(&model).unwrap()), id);
            let (place, reference) = Place::imported(&id).unwrap();
            assert_eq!((place.to_string(), place.named(&reference).to_string()), (destination.to_owned(), id));
        }
        assert!(Place::imported("hub.test/a").unwrap_err().contains("neither"));
        assert!(format!("hub.test/a@{digest}").parse::<Place>().unwrap_err().contains("no digest"));
    }
}
