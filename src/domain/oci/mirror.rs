//! Where images lie in a mirror: under its own path, by the names that they have elsewhere.

use std::collections::BTreeMap;

use crate::domain::image::ImageReference;
use crate::domain::oci::tag::{LATEST, Tag};

/// What a tag begins with that keeps an image which is named by its digest alone.
const BY_DIGEST: &str = "digest-";

/// A part of a registry that images are copied into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    registry: String,
    path: String,
    keeps_hosts: bool,
}

/// An image, and where it lies in the mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirrored {
    /// The image.
    pub source: ImageReference,
    /// The tag that keeps it. It is the name of those that have no digest.
    pub place: Tag,
}

/// Why the images of a set cannot be mirrored together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It has no name, or none that a mirror can have.
    #[error("`{name}` {why}")]
    Name {
        /// As it was written.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// Two different images would have one name.
    #[error("`{one}` and `{other}` would both lie at `{place}`")]
    Together {
        /// An image.
        one: String,
        /// Another one.
        other: String,
        /// The name of both.
        place: String,
    },
}

impl Mirror {
    /// Reads `HOST` or `HOST/PATH`. With `keeps_hosts`, the host of an image is a part of its path in the mirror.
    ///
    /// # Errors
    /// What is wrong, in words that complete "The value …".
    pub fn at(text: &str, keeps_hosts: bool) -> Result<Self, String> {
        let wrong = |why: String| format!("must be of the form `HOST` or `HOST/PATH`, and {why}");
        let (host, path) = text.trim_end_matches('/').split_once('/').unwrap_or((text.trim_end_matches('/'), ""));
        let named = ImageReference::at_host(&format!("{host}/{}", if path.is_empty() { "any" } else { path }));
        let named = named.map_err(|fault| wrong(fault.to_string()))?;
        if named.tag.is_some() || named.digest.is_some() {
            return Err(wrong("has no tag or digest: those are the images' own".to_owned()));
        }
        Ok(Self { registry: named.registry, path: path.to_owned(), keeps_hosts })
    }

    /// Where an image lies.
    ///
    /// # Errors
    /// What is wrong with its name in the mirror.
    pub fn place(&self, image: &ImageReference) -> Result<Tag, String> {
        let host = if self.keeps_hosts { image.registry.replace(':', "-") } else { String::new() };
        let parts = [self.path.as_str(), &host, &image.repository];
        let repository = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
        let tag = match (&image.digest, &image.tag) {
            (Some(digest), _) => format!("{BY_DIGEST}{}", digest.rsplit(':').next().unwrap_or_default()),
            (None, tag) => tag.clone().unwrap_or_else(|| LATEST.to_owned()),
        };
        let name = format!("{}/{repository}:{tag}", self.registry);
        ImageReference::at_host(&name).map_err(|fault| format!("would be `{name}` there, and {fault}"))?;
        Ok(Tag { registry: self.registry.clone(), repository, tag })
    }

    /// Whether an image lies in the mirror.
    pub fn holds(&self, image: &ImageReference) -> bool {
        let rest = image.repository.strip_prefix(self.path.as_str());
        image.registry == self.registry && rest.is_some_and(|rest| self.path.is_empty() || rest.starts_with('/'))
    }

    /// All images of a set, by their names. Several names may mean one image.
    ///
    /// # Errors
    /// They cannot be mirrored together.
    pub fn all<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Result<BTreeMap<String, Mirrored>, Fault> {
        let (mut all, mut at) = (BTreeMap::new(), BTreeMap::<String, String>::new());
        for name in names {
            let wrong = |why| Fault::Name { name: name.to_owned(), why };
            let source: ImageReference = name.parse().map_err(|fault| wrong(format!("is no image: {fault}")))?;
            let place = self.place(&source).map_err(wrong)?;
            let earlier = at.entry(place.to_string()).or_insert_with(|| name.to_owned()).clone();
            let mirrored = Mirrored { source, place };
            if all.get(&earlier).is_some_and(|other: &Mirrored| !other.is_of(&mirrored.source)) {
                return Err(Fault::Together {
                    one: earlier,
                    other: name.to_owned(),
                    place: mirrored.place.to_string(),
                });
            }
            all.insert(name.to_owned(), mirrored);
        }
        Ok(all)
    }
}

impl Mirrored {
    /// What the image is called in its repository.
    pub fn reference(&self) -> &str {
        self.source.digest.as_deref().or(self.source.tag.as_deref()).unwrap_or(LATEST)
    }

    /// Whether both names mean one image, whatever else they say.
    fn is_of(&self, other: &ImageReference) -> bool {
        let it = &self.source;
        (&it.registry, &it.repository) == (&other.registry, &other.repository)
    }

    /// Whether a name means the copy in the mirror, which has this digest.
    pub fn is_named(&self, image: &ImageReference, digest: Option<&str>) -> bool {
        let by_tag = match (&image.tag, &image.digest) {
            (None, Some(_)) => false,
            (tag, _) => tag.as_deref().unwrap_or(LATEST) == self.place.tag,
        };
        self.is_beside(image) && (by_tag || (image.digest.is_some() && image.digest.as_deref() == digest))
    }

    /// Whether a name is of the copy's repository.
    pub fn is_beside(&self, image: &ImageReference) -> bool {
        (&image.registry, &image.repository) == (&self.place.registry, &self.place.repository)
    }

    /// The name by which it is pulled from the mirror; `None` while the digest decides and is not known.
    pub fn name(&self, digest: Option<&str>) -> Option<String> {
        if self.source.digest.is_none() {
            return Some(self.place.to_string());
        }
        digest.map(|digest| self.place.by_digest(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn place(mirror: &str, keeps_hosts: bool, image: &str) -> Result<String, String> {
        Mirror::at(mirror, keeps_hosts)?.place(&image.parse().unwrap()).map(|tag| tag.to_string())
    }

    #[test]
    fn an_image_keeps_its_name_below_the_mirror() {
        let kept = [
            ("nginx", "hub.test/m/docker.io/library/nginx:latest"),
            ("index.docker.io/library/nginx:1.27", "hub.test/m/docker.io/library/nginx:1.27"),
            ("ghcr.io/team/app:v1", "hub.test/m/ghcr.io/team/app:v1"),
            ("localhost:5000/app:v1", "hub.test/m/localhost-5000/app:v1"),
        ];
        for (image, wanted) in kept {
            assert_eq!(place("hub.test/m", true, image).as_deref(), Ok(wanted), "{image}");
        }
        assert_eq!(place("Hub.test:5000", false, "ghcr.io/team/app:v1").as_deref(), Ok("hub.test:5000/team/app:v1"));
        let pinned = format!("hub.test/m/team/app:digest-{}", &DIGEST[7..]);
        for image in ["team/app", "team/app:v1"] {
            assert_eq!(place("hub.test/m/", false, &format!("{image}@{DIGEST}")), Ok(pinned.clone()));
        }
    }

    #[test]
    fn what_no_mirror_can_be_is_told() {
        for wrong in ["", "/", "https://hub.test/m", "hub.test/M", "hub.test/m:v1", &format!("hub.test/m@{DIGEST}")] {
            assert!(Mirror::at(wrong, true).is_err(), "{wrong}");
        }
        assert!(place("hub.test", true, "[::1]:5000/app").unwrap_err().contains("hub.test/[--1]-5000/app:latest"));
        let long = format!("hub.test/{}", "a".repeat(200));
        assert!(place(&long, true, &format!("ghcr.io/{}/app", "b".repeat(60))).is_err());
    }

    #[test]
    fn names_of_one_image_lie_together_and_those_of_two_do_not() {
        let mirror = |keeps_hosts| Mirror::at("hub.test/m", keeps_hosts).unwrap();
        let names = ["nginx", "docker.io/library/nginx:latest", "ghcr.io/library/nginx"];
        assert_eq!(mirror(true).all(names).unwrap().len(), 3);
        let fault = mirror(false).all(names).unwrap_err().to_string();
        assert_eq!(fault, "`nginx` and `ghcr.io/library/nginx` would both lie at `hub.test/m/library/nginx:latest`");
        assert!(mirror(true).all(["a:b:c"]).unwrap_err().to_string().starts_with("`a:b:c` is no image"));
    }

    #[test]
    fn what_lies_in_the_mirror_is_known() {
        let mirror = Mirror::at("hub.test/m", true).unwrap();
        let holds = |image: &str| mirror.holds(&image.parse().unwrap());
        assert!(holds("hub.test/m/docker.io/library/nginx") && !holds("hub.test/mine/app") && !holds("ghcr.io/m/app"));
        assert!(Mirror::at("hub.test", true).unwrap().holds(&"hub.test/app".parse().unwrap()));
    }

    #[test]
    fn an_image_is_pulled_by_its_digest_where_it_is_named_by_one() {
        let mirror = Mirror::at("hub.test", true).unwrap();
        let (tagged, pinned) = ("ghcr.io/app:v1", format!("ghcr.io/app:v1@{DIGEST}"));
        let all = mirror.all([tagged, pinned.as_str()]).unwrap();
        assert_eq!(all[tagged].name(None).as_deref(), Some("hub.test/ghcr.io/app:v1"));
        assert_eq!(all[&pinned].name(None), None);
        assert_eq!(all[&pinned].name(Some("sha256:1")).as_deref(), Some("hub.test/ghcr.io/app@sha256:1"));
        assert_eq!((all[tagged].reference(), all[&pinned].reference()), ("v1", DIGEST));
    }
}
