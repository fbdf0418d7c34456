//! Docker's own archives (`docker save`): which image is meant, and what its manifest in a registry is.
//!
//! Layers are pushed as they lie in the archive. Compressing them would give another digest with each version of each
//! compressor; so one archive has one digest on any machine.
//! Source: Docker Image Specification 1.3, "Combined Image JSON + Filesystem Changeset Format".

use serde::Deserialize;

use super::unclear::Unclear;
use crate::domain::image::ImageReference;

/// One image of an archive.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Entry {
    /// The file with its configuration.
    pub config: String,
    /// Its names.
    pub repo_tags: Option<Vec<String>>,
    /// The files of its layers, the lowest first.
    pub layers: Vec<String>,
}

/// The part of a configuration that names the layers.
#[derive(Deserialize)]
struct Config {
    rootfs: RootFs,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

/// Finds the image that is meant, by one of its names; without one, the only one.
pub fn entry(manifest_json: &[u8], wanted: Option<&str>) -> Result<Entry, Unclear> {
    let unreadable = |why: String| Unclear::Unreadable { file: "manifest.json".to_owned(), why };
    let all: Vec<Entry> = serde_json::from_slice(manifest_json).map_err(|error| unreadable(error.to_string()))?;
    let shown = || all.iter().map(|it| format!("`{}`", it.name())).collect::<Vec<_>>();
    match (wanted, all.as_slice()) {
        (_, []) => Err(Unclear::Empty),
        (None, [one]) => Ok(one.clone()),
        (None, [_, ..]) => Err(Unclear::Several(shown())),
        (Some(wanted), all) => {
            let found = all.iter().find(|it| it.is_called(wanted)).cloned();
            found.ok_or_else(|| Unclear::NoSuch { wanted: wanted.to_owned(), found: shown() })
        }
    }
}

/// The digests of the layers, unpacked, as a configuration names them.
pub fn layer_digests(file: &str, config: &[u8]) -> Result<Vec<String>, Unclear> {
    let unreadable = |why: String| Unclear::Unreadable { file: file.to_owned(), why };
    let read: Config = serde_json::from_slice(config).map_err(|error| unreadable(error.to_string()))?;
    Ok(read.rootfs.diff_ids)
}

impl Entry {
    fn name(&self) -> &str {
        self.repo_tags.iter().flatten().next().unwrap_or(&self.config)
    }

    fn is_called(&self, wanted: &str) -> bool {
        self.config.trim_end_matches(".json") == wanted.trim_start_matches("sha256:")
            || self.repo_tags.iter().flatten().any(|name| name == wanted || is_same_name(name, wanted))
    }
}

/// Whether two texts name the same image: `busybox:1.35` and `docker.io/library/busybox:1.35`.
pub fn is_same_name(one: &str, other: &str) -> bool {
    let read = |text: &str| text.parse::<ImageReference>().ok();
    let latest = |image: ImageReference| (image.registry, image.repository, image.tag.or(Some("latest".to_owned())));
    matches!((read(one).map(latest), read(other).map(latest)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &[u8] = br#"[{"Config":"aa.json","RepoTags":["busybox:1.35"],"Layers":["1/layer.tar"]},
        {"Config":"blobs/sha256/bb","RepoTags":null,"Layers":[]}]"#;

    #[test]
    fn an_image_is_found_by_any_of_its_names() {
        for wanted in ["busybox:1.35", "docker.io/library/busybox:1.35", "sha256:aa"] {
            assert_eq!(entry(TWO, Some(wanted)).unwrap().config, "aa.json", "{wanted}");
        }
        assert!(matches!(entry(TWO, Some("busybox:1.36")), Err(Unclear::NoSuch { .. })));
        let told = entry(TWO, None).unwrap_err().to_string();
        assert_eq!(told, "it holds several images: `busybox:1.35`, `blobs/sha256/bb`");
        assert_eq!(entry(b"[]", None), Err(Unclear::Empty));
        assert!(matches!(entry(b"{", None), Err(Unclear::Unreadable { .. })));
    }

    #[test]
    fn the_configuration_names_the_layers() {
        let config = br#"{"architecture":"amd64","rootfs":{"type":"layers","diff_ids":["sha256:1","sha256:2"]}}"#;
        assert_eq!(layer_digests("c", config).unwrap(), ["sha256:1", "sha256:2"]);
        assert!(layer_digests("c", b"{}").is_err());
    }
}
