//! Artifacts: manifests of content of any kind, alone or one a platform.
//!
//! Source: OCI Image Specification 1.1, `manifest.md` ("Guidelines for Artifact Usage") and `image-index.md`. Members stand in the order of
//! its Go structures, so that other tools make the same manifest of the same parts.

pub mod opentofu;
pub mod referrers;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{Descriptor, Manifest, OCI_INDEX, OCI_MANIFEST, Platform};

/// The media type of a blob that says nothing, and that blob.
pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
pub const EMPTY_CONTENT: &str = "{}";

/// The same within its descriptor, in base64.
const EMPTY_DATA: &str = "e30=";

/// The annotation of a layer that names the file that it is.
pub const TITLE: &str = "org.opencontainers.image.title";

/// How long each half of a media type may be, in characters (RFC 6838 §4.2).
const HALF: usize = 127;

/// The manifest that another one is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subject {
    /// What it is.
    pub media_type: String,
    /// Its digest.
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
}

impl Subject {
    /// What a manifest is as a subject.
    pub fn of(manifest: &Manifest) -> Self {
        let size = u64::try_from(manifest.content.len()).unwrap_or_default();
        Self { media_type: manifest.media_type.clone(), digest: manifest.digest.clone(), size }
    }
}

/// What a manifest or index says beside what it holds.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// What kind of artifact it is.
    pub artifact_type: Option<&'a str>,
    /// What it is attached to.
    pub subject: Option<&'a Subject>,
    /// Notes.
    pub annotations: &'a BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    media_type: &'a str,
    digest: &'a str,
    size: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<WrittenPlatform<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
}

#[derive(Serialize)]
struct WrittenPlatform<'a> {
    architecture: &'a str,
    os: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    media_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<Written<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<Vec<Written<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manifests: Option<Vec<Written<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Subject>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    annotations: &'a BTreeMap<String, String>,
}

impl<'a> Document<'a> {
    fn new(media_type: &'a str, head: Head<'a>) -> Self {
        let Head { artifact_type, subject, annotations } = head;
        let (config, layers, manifests) = (None, None, None);
        Self { schema_version: 2, media_type, artifact_type, config, layers, manifests, subject, annotations }
    }

    fn manifest(&self) -> Manifest {
        // Texts, numbers and maps of texts: JSON can hold them all.
        let content = serde_json::to_vec(self).unwrap_or_default();
        Manifest::new(self.media_type, Bytes::from(content))
    }
}

fn written(blob: &Descriptor) -> Written<'_> {
    Written {
        media_type: &blob.media_type,
        digest: &blob.digest,
        size: blob.size,
        annotations: &blob.annotations,
        data: (blob.media_type == EMPTY && blob.size == 2).then_some(EMPTY_DATA),
        platform: None,
        artifact_type: None,
    }
}

/// A manifest of a configuration and layers.
pub fn manifest(head: Head<'_>, config: &Descriptor, layers: &[Descriptor]) -> Manifest {
    let (config, layers) = (Some(written(config)), Some(layers.iter().map(written).collect()));
    Document { config, layers, ..Document::new(OCI_MANIFEST, head) }.manifest()
}

/// One of the manifests of an index.
#[derive(Clone, Debug)]
pub struct Child {
    /// What it runs on.
    pub platform: Platform,
    /// What kind of artifact it is.
    pub artifact_type: Option<String>,
    /// The manifest.
    pub manifest: Manifest,
}

/// An index of manifests, one a platform.
pub fn index(head: Head<'_>, children: &[Child]) -> Manifest {
    let none = BTreeMap::new();
    let manifests = children.iter().map(|child| Written {
        media_type: &child.manifest.media_type,
        digest: &child.manifest.digest,
        size: u64::try_from(child.manifest.content.len()).unwrap_or_default(),
        annotations: &none,
        data: None,
        platform: Some(WrittenPlatform {
            architecture: &child.platform.architecture,
            os: &child.platform.os,
            variant: child.platform.variant.as_deref(),
        }),
        artifact_type: child.artifact_type.as_deref(),
    });
    Document { manifests: Some(manifests.collect()), ..Document::new(OCI_INDEX, head) }.manifest()
}

/// What a manifest of a registry says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Stored {
    /// What kind of artifact it is.
    pub artifact_type: Option<String>,
    /// What it is attached to.
    pub subject: Option<Subject>,
    /// Notes.
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Stored {
    /// Reads it; nothing is known of what is none.
    pub fn read(manifest: &Manifest) -> Self {
        serde_json::from_slice(&manifest.content).unwrap_or_default()
    }
}

/// Whether a text is a media type (RFC 6838 §4.2).
///
/// # Errors
/// What is wrong with it, in words that complete "The value …".
pub fn check_media_type(text: &str) -> Result<(), String> {
    let is_half = |half: &str| {
        half.starts_with(|c: char| c.is_ascii_alphanumeric())
            && half.len() <= HALF
            && half.chars().all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    if text.split_once('/').is_some_and(|(kind, rest)| is_half(kind) && is_half(rest)) {
        return Ok(());
    }
    Err(format!("must be a media type such as `application/vnd.example.config.v1+json`, and is `{text}`"))
}

#[cfg(test)]
mod tests {
    use super::super::digest_of;
    use super::*;

    fn blob(media_type: &str, content: &str) -> Descriptor {
        Descriptor {
            media_type: media_type.to_owned(),
            digest: digest_of(content.as_bytes()),
            size: u64::try_from(content.len()).unwrap(),
            urls: Vec::new(),
            platform: None,
            annotations: BTreeMap::new(),
        }
    }

    fn text(manifest: &Manifest) -> String {
        String::from_utf8_lossy(&manifest.content).into_owned()
    }

    #[test]
    fn a_manifest_is_that_which_oras_makes_of_the_same_parts() {
        let notes =
            BTreeMap::from([("org.opencontainers.image.created".to_owned(), "2026-11-30T17:48:27Z".to_owned())]);
        let mut layer = blob("text/plain", "sbom\n");
        layer.annotations.insert(TITLE.to_owned(), "s.txt".to_owned());
        let subject = Subject {
            media_type: OCI_MANIFEST.to_owned(),
            digest: "sha256:3e2c157d0f21c3de8f98ee397652fbcc736f3e66f25494009afa8949bd56cf43".to_owned(),
            size: 867,
        };
        let head = Head { artifact_type: Some("application/x.sbom"), subject: Some(&subject), annotations: &notes };
        let made = manifest(head, &blob(EMPTY, EMPTY_CONTENT), &[layer]);
        // What `oras attach` 1.3.0 pushed.
        assert_eq!(
            made.digest,
            "sha256:e860ebf6f6a3617e25b19546c2f522dcb5cd6e8d9e198177b3d58b87b4042196",
            "{}",
            text(&made)
        );
        let stored = Stored::read(&made);
        assert_eq!((stored.subject.as_ref(), stored.annotations.as_ref()), (Some(&subject), Some(&notes)));
        assert_eq!(stored.artifact_type.as_deref(), Some("application/x.sbom"));
    }

    #[test]
    fn an_index_names_platforms_and_kinds_in_one_order() {
        let none = BTreeMap::new();
        let head = |kind| Head { artifact_type: Some(kind), subject: None, annotations: &none };
        let child = manifest(head("a/target"), &blob(EMPTY, EMPTY_CONTENT), &[blob("archive/zip", "x")]);
        let child = Child {
            platform: "linux/arm/v7".parse().unwrap(),
            artifact_type: Some("a/target".to_owned()),
            manifest: child,
        };
        let made = text(&index(head("a/whole"), std::slice::from_ref(&child)));
        assert_eq!(
            made,
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","artifactType":"a/whole","manifests":[{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":{},"platform":{{"architecture":"arm","os":"linux","variant":"v7"}},"artifactType":"a/target"}}]}}"#,
                child.manifest.digest,
                child.manifest.content.len(),
            )
        );
    }

    #[test]
    fn media_types_have_two_halves() {
        for right in ["archive/zip", "application/vnd.oci.empty.v1+json", "text/plain"] {
            assert_eq!(check_media_type(right), Ok(()), "{right}");
        }
        for wrong in ["", "zip", "a/", "/b", "a/b/c", "a b/c", "text/plain; charset=utf-8"] {
            assert!(check_media_type(wrong).is_err(), "{wrong}");
        }
    }
}
