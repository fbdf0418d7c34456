//! Images in files of this machine: docker-archives, OCI layouts in a folder or an archive.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::archive::{GZIP, Members, ZSTD, begins_with};
use super::gather::{GatherError, Image, Parts, gathered};
use super::place::{Place, Places};
use crate::domain::oci::layout::{self, Root};
use crate::domain::oci::unclear::Unclear;
use crate::domain::oci::{
    Descriptor, Manifest, OCI_CONFIG, OCI_INDEX, OCI_LAYER, Platform, digest_of, docker_archive, image_manifest,
    is_digest,
};

/// An image, and where its blobs lie.
#[derive(Clone, Debug)]
pub struct LocalImage {
    /// What is to be pushed.
    pub image: Image,
    /// Where it lies.
    pub places: Arc<Places>,
}

/// Why files hold no image.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// They are not there (yet).
    #[error("there is no such file: {0}")]
    Absent(PathBuf),
    /// They cannot be read.
    #[error("{path} cannot be read: {fault}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: String,
    },
    /// They hold something else, or not all of it.
    #[error("{path} holds no whole image: {fault}")]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: String,
    },
    /// Which image is meant is not clear.
    #[error("{fault}")]
    Unclear {
        /// Why.
        fault: String,
    },
}

impl LocalImage {
    /// The image in an archive: `docker save`'s, or an OCI layout.
    pub async fn in_archive(path: &Path, wanted: Option<&str>, platforms: &[Platform]) -> Result<Self, GatherError> {
        let (at, name) = (path.to_owned(), wanted.map(str::to_owned));
        let found = blocking(path, move || found_in_archive(&at, name.as_deref())).await?;
        Self::whole(path, found, platforms).await
    }

    /// The image in a folder with an OCI layout.
    pub async fn in_layout(path: &Path, wanted: Option<&str>, platforms: &[Platform]) -> Result<Self, GatherError> {
        let (at, name) = (path.to_owned(), wanted.map(str::to_owned));
        let found = blocking(path, move || {
            let layout = Layout::Folder(at.clone());
            layout.found(&at, name.as_deref())
        });
        Self::whole(path, found.await?, platforms).await
    }

    async fn whole(path: &Path, found: Found, platforms: &[Platform]) -> Result<Self, GatherError> {
        let parts = Files { path: path.to_owned(), layout: Arc::new(found.layout) };
        let image = gathered(&parts, found.top, platforms).await?;
        let blobs = image.blobs.clone();
        let places = parts.blocking(move |files| {
            blobs.into_iter().map(|blob| files.place(&blob).map(|place| (blob.digest, place))).collect()
        });
        Ok(Self { image, places: Arc::new(places.await?) })
    }
}

/// What was found: the top of an image, and where the rest is.
struct Found {
    top: Manifest,
    layout: Layout,
}

/// Where blobs are, by digest.
enum Layout {
    Folder(PathBuf),
    Archive(Members),
    Made(Places),
}

impl Layout {
    fn blob(&self, digest: &str) -> io::Result<Option<Place>> {
        if !is_digest(digest) {
            return Ok(None);
        }
        let name = format!("blobs/{}", digest.replacen(':', "/", 1));
        match self {
            Self::Folder(path) => file(&path.join(name)),
            Self::Archive(members) => Ok(members.get(&name).cloned()),
            Self::Made(places) => Ok(places.get(digest).cloned()),
        }
    }

    fn document(&self, name: &str) -> io::Result<Option<Place>> {
        match self {
            Self::Folder(path) => file(&path.join(name)),
            Self::Archive(members) => Ok(members.get(name).cloned()),
            Self::Made(_) => Ok(None),
        }
    }

    /// The image that is meant.
    fn found(self, path: &Path, wanted: Option<&str>) -> Result<Found, LocalError> {
        let unreadable = |error: io::Error| io_error(path, &error);
        if !path.try_exists().map_err(unreadable)? {
            return Err(LocalError::Absent(path.to_owned()));
        }
        let no_layout = || content(path, "there is no index.json in it, so it is no OCI layout".to_owned());
        let index = self.document("index.json").map_err(unreadable)?.ok_or_else(no_layout)?;
        let index = index.read().map_err(unreadable)?;
        let top = match layout::root(&index, wanted).map_err(|why| unclear(path, &why))? {
            Root::Whole => Manifest::new(OCI_INDEX, index),
            Root::One(one) => self.manifest(path, &one)?,
        };
        Ok(Found { top, layout: self })
    }

    fn manifest(&self, path: &Path, named: &Descriptor) -> Result<Manifest, LocalError> {
        let unreadable = |error: io::Error| io_error(path, &error);
        let place = self.blob(&named.digest).map_err(unreadable)?.ok_or_else(|| missing(path, named))?;
        let manifest = Manifest::new(&named.media_type, place.read().map_err(unreadable)?);
        if manifest.digest == named.digest {
            return Ok(manifest);
        }
        Err(content(path, format!("{} is damaged: its content is {}", named.digest, manifest.digest)))
    }
}

fn file(path: &Path) -> io::Result<Option<Place>> {
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {
            Ok(Some(Place::File { path: path.to_owned(), offset: 0, size: metadata.len() }))
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(None),
    }
}

/// The parts of an image in files.
#[derive(Clone)]
struct Files {
    path: PathBuf,
    layout: Arc<Layout>,
}

impl Files {
    /// Blocks.
    fn place(&self, named: &Descriptor) -> Result<Place, LocalError> {
        let place = self.layout.blob(&named.digest).map_err(|error| io_error(&self.path, &error))?;
        let place = place.ok_or_else(|| missing(&self.path, named))?;
        if place.size() == named.size {
            return Ok(place);
        }
        let fault = format!("{} has {} bytes instead of {}", named.digest, place.size(), named.size);
        Err(content(&self.path, fault))
    }

    /// Does what blocks where nothing waits for it.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, LocalError> + Send + 'static,
    ) -> Result<T, GatherError> {
        let files = self.clone();
        blocking(&self.path, move || work(&files)).await
    }
}

impl Parts for Files {
    async fn manifest(&self, named: &Descriptor) -> Result<Manifest, GatherError> {
        let named = named.clone();
        self.blocking(move |files| files.layout.manifest(&files.path, &named)).await
    }

    async fn blob(&self, named: &Descriptor) -> Result<Bytes, GatherError> {
        let named = named.clone();
        self.blocking(move |files| files.place(&named)?.read().map_err(|error| io_error(&files.path, &error))).await
    }
}

/// Docker 25 and newer write both forms into one archive; the layout has the digests that the image has elsewhere.
fn found_in_archive(path: &Path, wanted: Option<&str>) -> Result<Found, LocalError> {
    let is_zstd = begins_with(path, &ZSTD).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => LocalError::Absent(path.to_owned()),
        _ => io_error(path, &error),
    });
    if is_zstd? {
        return Err(content(path, "it is compressed with zstd; unpack it first, or use gzip".to_owned()));
    }
    let members = Members::read(path).map_err(|error| io_error(path, &error))?;
    if members.get("oci-layout").is_some() && members.get("index.json").is_some() {
        return Layout::Archive(members).found(path, wanted);
    }
    let Some(manifest) = members.get("manifest.json") else {
        let fault = "there is neither a manifest.json nor an index.json in it; `docker save`, `skopeo copy` and \
                     `buildah push` make such archives";
        return Err(content(path, fault.to_owned()));
    };
    let text = manifest.read().map_err(|error| io_error(path, &error))?;
    let entry = docker_archive::entry(&text, wanted).map_err(|why| unclear(path, &why))?;
    made(path, &members, &entry)
}

/// The image that a docker-archive is in a registry.
fn made(path: &Path, members: &Members, entry: &docker_archive::Entry) -> Result<Found, LocalError> {
    let member =
        |name: &str| members.get(name).cloned().ok_or_else(|| content(path, format!("{name} is missing in it")));
    let config = member(&entry.config)?.read().map_err(|error| io_error(path, &error))?;
    let digests =
        docker_archive::layer_digests(&entry.config, &config).map_err(|error| content(path, error.to_string()))?;
    if digests.len() != entry.layers.len() {
        let fault = format!("it names {} layers, and its configuration {}", entry.layers.len(), digests.len());
        return Err(content(path, fault));
    }
    let (mut places, mut layers) = (Places::new(), Vec::new());
    for (name, diff_id) in entry.layers.iter().zip(digests) {
        let place = member(name)?;
        let layer = layer(&place, diff_id).map_err(|error| io_error(path, &error))?;
        places.insert(layer.digest.clone(), place);
        layers.push(layer);
    }
    let named = descriptor(OCI_CONFIG, digest_of(&config), u64::try_from(config.len()).unwrap_or_default());
    let top = image_manifest(&named, &layers, &BTreeMap::new());
    places.insert(named.digest, Place::Bytes(config));
    Ok(Found { top, layout: Layout::Made(places) })
}

/// A layer as it lies: the configuration names the digest of what is not compressed.
fn layer(place: &Place, diff_id: String) -> io::Result<Descriptor> {
    let start = place.start()?;
    for (magic, ending) in [(&GZIP[..], "+gzip"), (&ZSTD[..], "+zstd")] {
        if start.starts_with(magic) {
            return Ok(descriptor(&format!("{OCI_LAYER}{ending}"), place.digest()?, place.size()));
        }
    }
    Ok(descriptor(OCI_LAYER, diff_id, place.size()))
}

pub(super) fn descriptor(media_type: &str, digest: String, size: u64) -> Descriptor {
    Descriptor {
        media_type: media_type.to_owned(),
        digest,
        size,
        urls: Vec::new(),
        platform: None,
        annotations: BTreeMap::new(),
    }
}

async fn blocking<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, LocalError> + Send + 'static,
) -> Result<T, GatherError> {
    let failed = |error: tokio::task::JoinError| LocalError::Io { path: path.to_owned(), fault: error.to_string() };
    tokio::task::spawn_blocking(work).await.map_err(failed).flatten().map_err(GatherError::Local)
}

fn missing(path: &Path, named: &Descriptor) -> LocalError {
    let of = named.platform.as_ref().map(|platform| format!(" ({platform})")).unwrap_or_default();
    content(path, format!("{}{of} is named in it, and not there", named.digest))
}

fn unclear(path: &Path, why: &Unclear) -> LocalError {
    if why.is_choice() {
        return LocalError::Unclear { fault: format!("{}: {why}", path.display()) };
    }
    content(path, why.to_string())
}

fn content(path: &Path, fault: String) -> LocalError {
    LocalError::Content { path: path.to_owned(), fault }
}

fn io_error(path: &Path, error: &io::Error) -> LocalError {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidInput => {
            content(path, error.to_string())
        }
        // What tar says of an archive that is none.
        io::ErrorKind::Other => content(path, error.to_string()),
        _ => LocalError::Io { path: path.to_owned(), fault: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_not_there_at_all_may_come_later() {
        let folder = tempfile::tempdir().unwrap();
        let absent = LocalImage::in_layout(&folder.path().join("none"), None, &[]).await.unwrap_err();
        assert!(matches!(absent, GatherError::Local(LocalError::Absent(_))));
        let absent = LocalImage::in_archive(&folder.path().join("none"), None, &[]).await.unwrap_err();
        assert!(matches!(absent, GatherError::Local(LocalError::Absent(_))));
        let empty = LocalImage::in_layout(folder.path(), None, &[]).await.unwrap_err();
        assert!(matches!(empty, GatherError::Local(LocalError::Content { .. })));
    }

    #[tokio::test]
    async fn another_name_is_asked_for_only_where_it_helps() {
        let folder = tempfile::tempdir().unwrap();
        let index = |text: &str| std::fs::write(folder.path().join("index.json"), text).unwrap();
        index(r#"{"manifests":[]}"#);
        let told = LocalImage::in_layout(folder.path(), None, &[]).await.unwrap_err();
        assert!(matches!(told, GatherError::Local(LocalError::Content { .. })), "{told:?}");
        let digest = digest_of(b"");
        index(&format!(r#"{{"manifests":[{{"digest":"{digest}","size":1}}]}}"#));
        let told = LocalImage::in_layout(folder.path(), Some("other"), &[]).await.unwrap_err();
        assert!(matches!(told, GatherError::Local(LocalError::Unclear { .. })), "{told:?}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_cannot_be_looked_at_is_not_taken_for_missing() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("index.json", folder.path().join("index.json")).unwrap();
        let told = LocalImage::in_layout(folder.path(), None, &[]).await.unwrap_err();
        assert!(matches!(told, GatherError::Local(LocalError::Io { .. })), "{told:?}");
    }
}
