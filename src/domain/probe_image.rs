//! A tiny image that is pushed and pulled to see whether a registry works.
//!
//! Its layer never changes. Configurations, and with them all digests, are each check's own: what one check deletes, no
//! other needs.
//! Source: OCI Image Specification 1.1.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::digest::sha256_hex;

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// The processors that the image claims to be for: nodes refuse an image that is not for theirs.
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// The one file of the image.
const FILE_NAME: &str = "berth-check.txt";
const FILE_TEXT: &str = "Pushed to see whether this registry works; it may be deleted.\n";

/// Size of a block of a tar archive, in bytes (POSIX ustar).
const BLOCK: usize = 512;

/// A blob or manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it is.
    pub media_type: &'static str,
    /// Its digest, `sha256:…`.
    pub digest: String,
    /// Its bytes.
    pub content: Bytes,
}

impl Document {
    fn new(media_type: &'static str, content: Vec<u8>) -> Self {
        Self { media_type, digest: format!("sha256:{}", sha256_hex(&content)), content: Bytes::from(content) }
    }

    fn descriptor(&self) -> Value {
        json!({ "mediaType": self.media_type, "digest": self.digest, "size": self.content.len() })
    }
}

/// The image: one layer, and a configuration and manifest for each processor.
#[derive(Clone, Debug)]
pub struct ProbeImage {
    blobs: Vec<Document>,
    manifests: Vec<Document>,
    index: Document,
}

impl ProbeImage {
    /// Builds the image of the check that `mark` names: another mark, another image.
    pub fn new(mark: &str) -> Self {
        let layer = Document::new(LAYER, archive(FILE_NAME, FILE_TEXT.as_bytes()));
        let mut blobs = vec![layer.clone()];
        let mut manifests = Vec::new();
        let mut entries = Vec::new();
        for architecture in ARCHITECTURES {
            let config = Document::new(CONFIG, configuration(architecture, &layer, mark).to_string().into_bytes());
            let manifest = json!({
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": config.descriptor(),
                "layers": [layer.descriptor()],
            });
            let manifest = Document::new(MANIFEST, manifest.to_string().into_bytes());
            let mut entry = manifest.descriptor();
            if let Some(entry) = entry.as_object_mut() {
                entry.insert("platform".to_owned(), json!({ "architecture": architecture, "os": "linux" }));
            }
            entries.push(entry);
            blobs.push(config);
            manifests.push(manifest);
        }
        let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": entries });
        Self { blobs, manifests, index: Document::new(INDEX, index.to_string().into_bytes()) }
    }

    /// Layer and configurations.
    pub fn blobs(&self) -> &[Document] {
        &self.blobs
    }

    /// The manifests, one a processor.
    pub fn manifests(&self) -> &[Document] {
        &self.manifests
    }

    /// What the tag points at.
    pub fn index(&self) -> &Document {
        &self.index
    }
}

fn configuration(architecture: &str, layer: &Document, mark: &str) -> Value {
    json!({
        "architecture": architecture,
        "os": "linux",
        "config": { "Labels": { "berth.check": mark } },
        "rootfs": { "type": "layers", "diff_ids": [layer.digest] },
    })
}

/// A tar archive of one file, readable by all, without a time.
fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = header(name, content.len());
    archive.extend_from_slice(content);
    // The content fills whole blocks, and two empty ones end the archive.
    let end = (archive.len().div_ceil(BLOCK) + 2) * BLOCK;
    archive.resize(end, 0);
    archive
}

/// A header block (POSIX.1-1988, "ustar Interchange Format"): fields at fixed places, numbers in octal.
fn header(name: &str, size: usize) -> Vec<u8> {
    let mut block = vec![0; BLOCK];
    let mut put = |offset: usize, text: &str| {
        for (place, byte) in block.iter_mut().skip(offset).zip(text.bytes()) {
            *place = byte;
        }
    };
    put(0, name);
    put(100, "0000444");
    put(108, "0000000");
    put(116, "0000000");
    put(124, &format!("{size:011o}"));
    put(136, "00000000000");
    // The sum is taken as if its own field were spaces.
    put(148, "        ");
    put(156, "0");
    put(257, "ustar");
    put(263, "00");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let text = format!("{sum:06o}\0 ");
    for (place, byte) in block.iter_mut().skip(148).zip(text.bytes()) {
        *place = byte;
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_check_deletes_no_other_needs() {
        let (one, two) = (ProbeImage::new("1"), ProbeImage::new("2"));
        assert_eq!(ProbeImage::new("1").index(), one.index());
        for deleted in one.manifests().iter().chain([one.index()]) {
            assert!(two.manifests().iter().chain([two.index()]).all(|kept| kept.digest != deleted.digest));
        }
    }

    #[test]
    fn everything_that_is_named_is_there() {
        let image = ProbeImage::new("1");
        let have: Vec<&str> = image.blobs().iter().chain(image.manifests()).map(|it| it.digest.as_str()).collect();
        for manifest in image.manifests() {
            let manifest: Value = serde_json::from_slice(&manifest.content).unwrap();
            for pointer in ["/config/digest", "/layers/0/digest"] {
                assert!(have.contains(&manifest.pointer(pointer).unwrap().as_str().unwrap()), "{pointer}");
            }
        }
        let index: Value = serde_json::from_slice(&image.index().content).unwrap();
        assert_eq!(index.pointer("/manifests/1/platform/architecture"), Some(&json!("arm64")));
    }

    #[test]
    fn tar_reads_the_layer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("layer.tar");
        std::fs::write(&path, archive(FILE_NAME, FILE_TEXT.as_bytes())).unwrap();
        let read = std::process::Command::new("tar").arg("-xOf").arg(&path).arg(FILE_NAME).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&read.stdout), FILE_TEXT, "{read:?}");
    }
}
