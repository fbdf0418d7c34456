//! Images as registries keep them: manifests, what they name, and for which platforms.
//!
//! Source: OCI Image Specification 1.1, and Docker's Image Manifest V2, Schema 2.

pub mod artifact;
pub mod chart;
pub mod docker_archive;
pub mod docker_login;
pub mod ignore;
pub mod layout;
pub mod mirror;
pub mod packing;
pub mod platform;
pub mod tag;
pub mod unclear;
pub mod versions;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::digest::sha256_hex;

pub use platform::Platform;

/// Media types.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";
pub const OCI_LAYER: &str = "application/vnd.oci.image.layer.v1.tar";
const DOCKER_INDEX: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// The annotation by which a manifest of an index says which other one it attests something of (`BuildKit`).
const ATTESTS: &str = "vnd.docker.reference.digest";

/// The digest of bytes, `sha256:…`.
pub fn digest_of(content: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(content))
}

/// Whether a text is a digest, `ALGORITHM:HEX` (OCI Image Specification, "Digests"): it becomes a part of paths and URLs.
pub fn is_digest(text: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit());
    let is_hex = |hex: &str| hex.len() >= 32 && hex.bytes().all(|octet| octet.is_ascii_hexdigit());
    text.split_once(':')
        .is_some_and(|(algorithm, hex)| algorithm.split(['+', '.', '_', '-']).all(is_word) && is_hex(hex))
}

fn digest<'de, D: Deserializer<'de>>(document: D) -> Result<String, D::Error> {
    let text = String::deserialize(document)?;
    if is_digest(&text) { Ok(text) } else { Err(serde::de::Error::custom(format!("{text:?} is no digest"))) }
}

/// What one document says of another.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What it is.
    #[serde(default)]
    pub media_type: String,
    /// Its digest.
    #[serde(deserialize_with = "digest")]
    pub digest: String,
    /// Its size in bytes.
    pub size: u64,
    /// Where else it is to be had: layers of Windows that no registry need keep.
    #[serde(default)]
    pub urls: Vec<String>,
    /// What it runs on.
    pub platform: Option<Platform>,
    /// Notes.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

impl Descriptor {
    /// Whether an index that names it means a manifest: what is of no kind that one knows is taken for one, blobs of known kinds are not.
    pub fn is_manifest(&self) -> bool {
        let is_like = |word: &str| self.media_type.contains(word);
        !(is_like(".layer.") || is_like(".rootfs.") || is_like(".cacheconfig.")) || is_like("manifest")
    }

    /// Whether it is an index by what is said of it.
    pub fn is_index(&self) -> bool {
        self.media_type == OCI_INDEX || self.media_type.ends_with(".manifest.list.v2+json")
    }

    /// Whether a registry need not have it.
    pub fn is_foreign(&self) -> bool {
        let named = self.media_type.contains(".foreign.") || self.media_type.contains(".nondistributable.");
        named && !self.urls.is_empty()
    }
}

/// A manifest or index, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What it is.
    pub media_type: String,
    /// Its digest.
    pub digest: String,
    /// Its bytes.
    pub content: Bytes,
}

/// What a manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Other manifests, a platform each.
    Index(Vec<Descriptor>),
    /// A configuration and layers.
    Image {
        /// The configuration.
        config: Descriptor,
        /// The layers, the lowest first.
        layers: Vec<Descriptor>,
    },
}

/// Why a document is no manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be read.
    #[error("the manifest {digest} cannot be read: {why}")]
    Unreadable {
        /// Which.
        digest: String,
        /// Why.
        why: String,
    },
    /// It is of a kind from before 2016 that registries refuse by now.
    #[error("the manifest {digest} is of Docker's schema 1, which registries take no more")]
    Schema1 {
        /// Which.
        digest: String,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    schema_version: u32,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

impl Manifest {
    /// A manifest of a media type; without one, that which it calls itself or looks like.
    pub fn new(media_type: &str, content: Bytes) -> Self {
        let digest = digest_of(&content);
        let known = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST].contains(&media_type);
        let media_type = if known { media_type.to_owned() } else { own_media_type(&content, media_type) };
        Self { media_type, digest, content }
    }

    /// What it names.
    pub fn contents(&self) -> Result<Contents, Fault> {
        let unreadable = |why: String| Fault::Unreadable { digest: self.digest.clone(), why };
        let read: Document = serde_json::from_slice(&self.content).map_err(|error| unreadable(error.to_string()))?;
        if read.schema_version == 1 {
            return Err(Fault::Schema1 { digest: self.digest.clone() });
        }
        match (read.manifests, read.config) {
            (Some(manifests), _) => Ok(Contents::Index(manifests)),
            (None, Some(config)) => Ok(Contents::Image { config, layers: read.layers.unwrap_or_default() }),
            (None, None) => Err(unreadable("it names neither manifests nor a configuration".to_owned())),
        }
    }

    /// The index with only those of its manifests that are kept.
    pub fn with_only(&self, keep: impl Fn(&Descriptor) -> bool) -> Option<Self> {
        let mut document: Value = serde_json::from_slice(&self.content).ok()?;
        let manifests = document.get_mut("manifests")?.as_array_mut()?;
        manifests.retain(|entry| serde_json::from_value(entry.clone()).is_ok_and(|entry: Descriptor| keep(&entry)));
        Some(Self::new(&self.media_type, Bytes::from(document.to_string())))
    }
}

/// The media type that a document names, or that follows from what it holds.
fn own_media_type(content: &[u8], other: &str) -> String {
    let document: Value = serde_json::from_slice(content).unwrap_or_default();
    if let Some(named) = document.get("mediaType").and_then(Value::as_str) {
        return named.to_owned();
    }
    match (document.get("manifests"), document.get("config")) {
        (Some(_), _) => OCI_INDEX.to_owned(),
        (None, Some(_)) => OCI_MANIFEST.to_owned(),
        (None, None) => other.to_owned(),
    }
}

/// A manifest of one configuration and its layers.
pub fn image_manifest(config: &Descriptor, layers: &[Descriptor], annotations: &BTreeMap<String, String>) -> Manifest {
    let plain = |it: &Descriptor| json!({ "mediaType": it.media_type, "digest": it.digest, "size": it.size });
    let mut document = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": plain(config),
        "layers": layers.iter().map(plain).collect::<Vec<_>>(),
    });
    if let (false, Some(members)) = (annotations.is_empty(), document.as_object_mut()) {
        members.insert("annotations".to_owned(), json!(annotations));
    }
    Manifest::new(OCI_MANIFEST, Bytes::from(document.to_string()))
}

/// What is pushed of an index when only some platforms are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// The index as it is.
    All,
    /// One manifest of it, in its place.
    One(Descriptor),
    /// The index with only these digests.
    Some(Vec<String>),
}

/// Chooses the manifests of an index by platform. What attests something of a chosen one goes with it.
///
/// # Errors
/// The platforms for which there is none.
pub fn choose(manifests: &[Descriptor], wanted: &[Platform]) -> Result<Choice, Vec<Platform>> {
    if wanted.is_empty() {
        return Ok(Choice::All);
    }
    let found = |platform: &&Platform| manifests.iter().any(|it| is_for(it, platform));
    let missing: Vec<Platform> = wanted.iter().filter(|platform| !found(platform)).cloned().collect();
    if !missing.is_empty() {
        return Err(missing);
    }
    let chosen: Vec<&Descriptor> =
        manifests.iter().filter(|it| wanted.iter().any(|platform| is_for(it, platform))).collect();
    if let ([one], [_]) = (chosen.as_slice(), wanted) {
        return Ok(Choice::One((*one).clone()));
    }
    let digests: Vec<&String> = chosen.iter().map(|it| &it.digest).collect();
    let goes_with = |it: &&Descriptor| it.annotations.get(ATTESTS).is_some_and(|of| digests.contains(&of));
    let kept = manifests.iter().filter(|it| digests.contains(&&it.digest) || goes_with(it));
    Ok(Choice::Some(kept.map(|it| it.digest.clone()).collect()))
}

fn is_for(descriptor: &Descriptor, wanted: &Platform) -> bool {
    descriptor.platform.as_ref().is_some_and(|platform| wanted.is_met_by(platform))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digest of a name.
    fn of(name: &str) -> String {
        digest_of(name.as_bytes())
    }

    fn entry(name: &str, platform: &str, attests: Option<&str>) -> Value {
        let platform = platform.parse::<Platform>().unwrap();
        let mut entry = json!({
            "mediaType": OCI_MANIFEST, "digest": of(name), "size": 1,
            "platform": { "os": platform.os, "architecture": platform.architecture },
        });
        if let Some(attests) = attests {
            entry["annotations"] = json!({ ATTESTS: of(attests) });
        }
        entry
    }

    fn index() -> Manifest {
        let manifests = [
            entry("a", "linux/amd64", None),
            entry("b", "linux/arm64", None),
            entry("c", "windows/amd64", None),
            entry("d", "unknown/unknown", Some("a")),
            entry("e", "unknown/unknown", Some("c")),
        ];
        let document = json!({ "schemaVersion": 2, "manifests": manifests, "annotations": { "x": "y" } });
        Manifest::new("application/json", Bytes::from(document.to_string()))
    }

    fn chosen(platforms: &[&str]) -> Result<Choice, Vec<Platform>> {
        let Contents::Index(manifests) = index().contents().unwrap() else { panic!("it is an index") };
        choose(&manifests, &platforms.iter().map(|it| it.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn a_document_is_what_it_calls_itself_or_looks_like() {
        assert_eq!(index().media_type, OCI_INDEX);
        let named = json!({ "mediaType": DOCKER_MANIFEST, "config": {} }).to_string();
        assert_eq!(Manifest::new("text/plain", Bytes::from(named)).media_type, DOCKER_MANIFEST);
        assert_eq!(Manifest::new(DOCKER_INDEX, Bytes::from("{}")).media_type, DOCKER_INDEX);
    }

    #[test]
    fn one_platform_is_a_manifest_and_several_are_an_index_with_what_attests_them() {
        assert_eq!(chosen(&[]).unwrap(), Choice::All);
        let Choice::One(one) = chosen(&["linux/arm64"]).unwrap() else { panic!("one") };
        assert_eq!(one.digest, of("b"));
        let Choice::Some(kept) = chosen(&["linux/amd64", "linux/arm64"]).unwrap() else { panic!("some") };
        assert_eq!(kept, [of("a"), of("b"), of("d")]);
        let left = index().with_only(|it| kept.contains(&it.digest)).unwrap();
        let Contents::Index(manifests) = left.contents().unwrap() else { panic!("it is an index") };
        assert_eq!(manifests.len(), 3);
        assert!(String::from_utf8_lossy(&left.content).contains(r#""x":"y""#));
        assert_eq!(chosen(&["linux/s390x", "linux/amd64"]).unwrap_err().len(), 1);
    }

    #[test]
    fn what_is_no_manifest_is_told() {
        let told = |text: &'static str| Manifest::new("", Bytes::from(text)).contents().unwrap_err();
        assert!(matches!(told("{}"), Fault::Unreadable { .. }));
        assert!(matches!(told("<html>"), Fault::Unreadable { .. }));
        let escape = r#"{"config":{"digest":"sha256:../../../etc/passwd","size":1}}"#;
        assert!(matches!(told(escape), Fault::Unreadable { why, .. } if why.contains("is no digest")));
        assert!(matches!(told(r#"{"schemaVersion":1,"fsLayers":[]}"#), Fault::Schema1 { .. }));
    }

    #[test]
    fn the_same_parts_have_this_manifest_for_good() {
        let part = |name: &str| Descriptor {
            media_type: name.to_owned(),
            digest: of(name),
            size: 1,
            urls: Vec::new(),
            platform: None,
            annotations: BTreeMap::new(),
        };
        let notes = BTreeMap::from([("b".to_owned(), "2".to_owned()), ("a".to_owned(), "1".to_owned())]);
        let manifest = image_manifest(&part("c"), &[part("l")], &notes);
        assert_eq!(manifest.digest, "sha256:7ad8e0ed01f091e34efa3390308b65dea8f3c558f1d43f06301d4120d290b0a9");
        assert_eq!(
            image_manifest(&part("c"), &[part("l")], &BTreeMap::new()).digest,
            "sha256:325ab13d05759b264955257a057954870a8a92861e072d461afd2e9a1cfb06c7"
        );
    }

    #[test]
    fn a_digest_is_an_algorithm_and_hexadecimal_digits() {
        let hex = "0a".repeat(32);
        for digest in [format!("sha256:{hex}"), format!("sha512:{hex}{hex}"), format!("multihash+base58:{hex}")] {
            assert!(is_digest(&digest), "{digest}");
        }
        for other in
            ["", "latest", "sha256:", "sha256:12", "sha256:../../x", &hex, &format!("..:{hex}"), &format!("a/b:{hex}")]
        {
            assert!(!is_digest(other), "{other}");
        }
    }

    #[test]
    fn a_layer_that_is_kept_elsewhere_is_told_by_type_and_place() {
        let layer = |media_type: &str, urls: Vec<String>| Descriptor {
            media_type: media_type.to_owned(),
            digest: String::new(),
            size: 0,
            urls,
            platform: None,
            annotations: BTreeMap::new(),
        };
        let foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
        assert!(layer(foreign, vec!["https://a.test".to_owned()]).is_foreign());
        assert!(!layer(foreign, Vec::new()).is_foreign(), "it is to be had nowhere else");
        assert!(!layer(OCI_LAYER, vec!["https://a.test".to_owned()]).is_foreign());
    }
}
