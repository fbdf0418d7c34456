//! The index of an OCI layout: which of its images is meant.

use serde::Deserialize;

use super::Descriptor;
use super::unclear::Unclear;

/// The annotations that name an image of a layout: its tag, and containerd's whole name.
const NAMES: [&str; 2] = ["org.opencontainers.image.ref.name", "io.containerd.image.name"];

#[derive(Deserialize)]
struct Index {
    manifests: Vec<Descriptor>,
}

/// What of a layout is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Root {
    /// One of the manifests.
    One(Descriptor),
    /// The layout's index itself: its manifests have no names, so they are one image for several platforms.
    Whole,
}

/// Finds the image that is meant, by name, tag or digest; without one of these, the only one.
pub fn root(index_json: &[u8], wanted: Option<&str>) -> Result<Root, Unclear> {
    let unreadable = |why: String| Unclear::Unreadable { file: "index.json".to_owned(), why };
    let index: Index = serde_json::from_slice(index_json).map_err(|error| unreadable(error.to_string()))?;
    let all = index.manifests;
    if let Some(wanted) = wanted {
        let found = all.iter().find(|it| is_called(it, wanted)).cloned();
        let no_such = || Unclear::NoSuch { wanted: wanted.to_owned(), found: all.iter().map(shown).collect() };
        return found.map(Root::One).ok_or_else(no_such);
    }
    let first = all.first().cloned().ok_or(Unclear::Empty)?;
    // One image under several tags is one image.
    if all.iter().all(|it| it.digest == first.digest) {
        return Ok(Root::One(first));
    }
    let is_one_image = all.iter().all(|it| names(it).next().is_none() && it.platform.is_some());
    if is_one_image { Ok(Root::Whole) } else { Err(Unclear::Several(all.iter().map(shown).collect())) }
}

fn names(descriptor: &Descriptor) -> impl Iterator<Item = &str> {
    NAMES.into_iter().filter_map(|name| descriptor.annotations.get(name)).map(String::as_str)
}

fn is_called(descriptor: &Descriptor, wanted: &str) -> bool {
    descriptor.digest == wanted
        || names(descriptor).any(|name| name == wanted || super::docker_archive::is_same_name(name, wanted))
}

fn shown(descriptor: &Descriptor) -> String {
    // The whole name tells more than the tag.
    let name = names(descriptor).last().unwrap_or(&descriptor.digest);
    format!("`{name}`")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::oci::digest_of;

    fn entry(content: &str, name: Option<&str>, os: Option<&str>) -> serde_json::Value {
        let mut entry = json!({ "mediaType": "m", "digest": digest_of(content.as_bytes()), "size": 1 });
        if let Some(name) = name {
            entry["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
        }
        if let Some(os) = os {
            entry["platform"] = json!({ "os": os, "architecture": "amd64" });
        }
        entry
    }

    fn found(entries: &[serde_json::Value], wanted: Option<&str>) -> Result<String, Unclear> {
        let index = json!({ "schemaVersion": 2, "manifests": entries }).to_string();
        root(index.as_bytes(), wanted).map(|root| match root {
            Root::One(one) => {
                ["a", "b"].into_iter().find(|name| digest_of(name.as_bytes()) == one.digest).unwrap().to_owned()
            }
            Root::Whole => "whole".to_owned(),
        })
    }

    #[test]
    fn the_only_one_is_meant_or_that_which_is_named() {
        assert_eq!(found(&[entry("a", None, None)], None).unwrap(), "a");
        let two = [entry("a", Some("v1"), None), entry("b", Some("v2"), None)];
        assert_eq!(found(&two, Some("v2")).unwrap(), "b");
        assert_eq!(found(&two, Some(&digest_of(b"a"))).unwrap(), "a");
        assert_eq!(found(&two, None).unwrap_err(), Unclear::Several(vec!["`v1`".to_owned(), "`v2`".to_owned()]));
        assert!(matches!(found(&two, Some("v3")), Err(Unclear::NoSuch { .. })));
        assert_eq!(found(&[entry("a", Some("v1"), None), entry("a", Some("v2"), None)], None).unwrap(), "a");
        assert_eq!(found(&[], None).unwrap_err(), Unclear::Empty);
    }

    #[test]
    fn manifests_for_several_platforms_without_names_are_one_image() {
        assert_eq!(
            found(&[entry("a", None, Some("linux")), entry("b", None, Some("windows"))], None).unwrap(),
            "whole"
        );
        assert!(found(&[entry("a", None, None), entry("b", None, None)], None).is_err());
    }
}
