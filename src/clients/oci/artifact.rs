//! Artifacts from files of this machine: each file or folder is a layer.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::folder::{FolderError, files_of};
use super::gather::Image;
use super::local::descriptor;
use super::place::{Place, Places};
use crate::domain::oci::artifact::{Child, EMPTY, EMPTY_CONTENT, Head, Subject, index, manifest};
use crate::domain::oci::ignore::Rules;
use crate::domain::oci::packing::{EXECUTABLE, Format, READABLE, is_zip};
use crate::domain::oci::{Descriptor, Manifest, Platform, digest_of};

/// How large a folder may be that is packed, in bytes.
const LIMIT: u64 = 100 * 1024 * 1024;

/// What an artifact is to be.
#[derive(Clone, Debug, Default)]
pub struct Wish {
    /// What kind it is.
    pub artifact_type: Option<String>,
    /// Its configuration; an empty one where there is none.
    pub config: Option<Blob>,
    /// Its layers. None of them, and no platforms: one that is empty.
    pub layers: Vec<Blob>,
    /// What it is for each platform, instead of layers.
    pub platforms: Vec<ForPlatform>,
    /// What it is attached to.
    pub subject: Option<Subject>,
    /// Notes.
    pub annotations: BTreeMap<String, String>,
}

/// What an artifact is for one platform.
#[derive(Clone, Debug)]
pub struct ForPlatform {
    /// Which.
    pub platform: Platform,
    /// What kind it is there.
    pub artifact_type: Option<String>,
    /// Its layers.
    pub layers: Vec<Blob>,
    /// Notes.
    pub annotations: BTreeMap<String, String>,
}

/// A configuration or layer.
#[derive(Clone, Debug)]
pub struct Blob {
    /// What it is made of.
    pub source: Source,
    /// What it is.
    pub media_type: String,
    /// Notes in the manifest.
    pub annotations: BTreeMap<String, String>,
    /// The attribute that declares it.
    pub attribute: String,
}

/// What a blob is made of.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file as it is, or a folder that is packed.
    Path {
        /// Which.
        path: PathBuf,
        /// How a folder is packed.
        format: Option<Format>,
        /// What of a folder is left out.
        exclude: Vec<String>,
    },
    /// This text.
    Text(String),
}

/// An artifact, ready to be pushed.
#[derive(Clone, Debug)]
pub struct LocalArtifact {
    /// What is pushed.
    pub image: Image,
    /// Its content.
    pub places: Arc<Places>,
}

/// Why files are no artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactError {
    /// The attribute that is to blame.
    pub attribute: String,
    /// Why.
    pub fault: Fault,
}

/// What is wrong with a file or folder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is not there (yet).
    #[error("there is no such file or folder: {0}")]
    Absent(PathBuf),
    /// It is a folder, and how it is to be packed is not said.
    #[error("{0} is a folder, and its media type does not tell how it is to be packed")]
    Unpacked(PathBuf),
    /// It cannot be taken.
    #[error("{path}: {fault}")]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: String,
    },
}

impl LocalArtifact {
    /// Reads the files and makes the manifests.
    ///
    /// # Errors
    /// A file or folder will not do.
    pub async fn read(wish: Wish) -> Result<Self, ArtifactError> {
        let made = tokio::task::spawn_blocking(move || Making::default().artifact(&wish)).await;
        made.map_err(|error| content("files", Path::new(""), error.to_string()))?
    }
}

/// What was made so far.
#[derive(Default)]
struct Making {
    places: Places,
    blobs: BTreeMap<String, Descriptor>,
}

impl Making {
    fn artifact(mut self, wish: &Wish) -> Result<LocalArtifact, ArtifactError> {
        let head = Head {
            artifact_type: wish.artifact_type.as_deref(),
            subject: wish.subject.as_ref(),
            annotations: &wish.annotations,
        };
        let (top, children) = if wish.platforms.is_empty() {
            (self.manifest(head, wish.config.as_ref(), &wish.layers)?, Vec::new())
        } else {
            let children = wish.platforms.iter().map(|one| self.child(one)).collect::<Result<Vec<_>, _>>()?;
            (index(head, &children), distinct(children))
        };
        let image = Image { top, children, blobs: self.blobs.into_values().collect() };
        Ok(LocalArtifact { image, places: Arc::new(self.places) })
    }

    fn child(&mut self, wish: &ForPlatform) -> Result<Child, ArtifactError> {
        let head = Head { artifact_type: wish.artifact_type.as_deref(), subject: None, annotations: &wish.annotations };
        let manifest = self.manifest(head, None, &wish.layers)?;
        Ok(Child { platform: wish.platform.clone(), artifact_type: wish.artifact_type.clone(), manifest })
    }

    fn manifest(&mut self, head: Head<'_>, config: Option<&Blob>, layers: &[Blob]) -> Result<Manifest, ArtifactError> {
        let config = config.map(|blob| self.blob(blob)).transpose()?.unwrap_or_else(|| self.empty());
        let mut named = layers.iter().map(|blob| self.blob(blob)).collect::<Result<Vec<_>, _>>()?;
        if named.is_empty() {
            named.push(self.empty());
        }
        Ok(manifest(head, &config, &named))
    }

    fn empty(&mut self) -> Descriptor {
        self.put(EMPTY, Bytes::from_static(EMPTY_CONTENT.as_bytes()))
    }

    fn blob(&mut self, blob: &Blob) -> Result<Descriptor, ArtifactError> {
        let mut found = match &blob.source {
            Source::Text(text) => self.put(&blob.media_type, Bytes::from(text.clone())),
            Source::Path { path, format, exclude } => self.file(blob, path, *format, exclude)?,
        };
        found.annotations.clone_from(&blob.annotations);
        Ok(found)
    }

    fn file(
        &mut self,
        blob: &Blob,
        path: &Path,
        format: Option<Format>,
        exclude: &[String],
    ) -> Result<Descriptor, ArtifactError> {
        let wrong = |fault: Fault| ArtifactError { attribute: blob.attribute.clone(), fault };
        let unreadable = |error: &io::Error| content(&blob.attribute, path, format!("it cannot be read: {error}"));
        let kind = match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(wrong(Fault::Absent(path.to_owned()))),
            kind => kind.map_err(|error| unreadable(&error))?,
        };
        if kind.is_dir() {
            let format = format.ok_or_else(|| wrong(Fault::Unpacked(path.to_owned())))?;
            let archive = packed(path, format, exclude).map_err(wrong)?;
            return Ok(self.put(&blob.media_type, Bytes::from(archive)));
        }
        if !kind.is_file() {
            return Err(content(&blob.attribute, path, "it is neither a file nor a folder".to_owned()));
        }
        let place = Place::File { path: path.to_owned(), offset: 0, size: kind.len() };
        let start = place.start().map_err(|error| unreadable(&error))?;
        if Format::of(&blob.media_type) == Some(Format::Zip) && !is_zip(&start) {
            let fault = format!("it is no zip archive, and its media type is `{}`", blob.media_type);
            return Err(content(&blob.attribute, path, fault));
        }
        let digest = place.digest().map_err(|error| unreadable(&error))?;
        let found = descriptor(&blob.media_type, digest, kind.len());
        self.places.insert(found.digest.clone(), place);
        self.blobs.insert(found.digest.clone(), found.clone());
        Ok(found)
    }

    fn put(&mut self, media_type: &str, content: Bytes) -> Descriptor {
        let size = u64::try_from(content.len()).unwrap_or_default();
        let found = descriptor(media_type, digest_of(&content), size);
        self.places.insert(found.digest.clone(), Place::Bytes(content));
        self.blobs.insert(found.digest.clone(), found.clone());
        found
    }
}

/// The manifests of an index, each once: platforms may have the same content.
fn distinct(children: Vec<Child>) -> Vec<Manifest> {
    let by_digest: BTreeMap<_, _> =
        children.into_iter().map(|child| (child.manifest.digest.clone(), child.manifest)).collect();
    by_digest.into_values().collect()
}

/// A folder as an archive.
fn packed(folder: &Path, format: Format, exclude: &[String]) -> Result<Vec<u8>, Fault> {
    let content = |fault: String| Fault::Content { path: folder.to_owned(), fault };
    let rules = Rules::of(exclude.iter().map(String::as_str)).map_err(content)?;
    let files = files_of(folder, LIMIT, |path, is_folder| rules.leave_out(path, is_folder));
    let files = files.map_err(|error| match error {
        FolderError::File { path, fault } => Fault::Content { path, fault },
        FolderError::TooLarge => content(format!(
            "its files have more than {LIMIT} bytes; leave some out by `exclude`, or pack it yourself and name the archive"
        )),
    })?;
    if files.is_empty() {
        return Err(content("there is no file in it".to_owned()));
    }
    let mode = |is_executable: bool| if is_executable { EXECUTABLE } else { READABLE };
    let entries = files.iter().map(|(path, file)| (path.clone(), file.content.as_slice(), mode(file.is_executable)));
    format.pack(entries).map_err(content)
}

fn content(attribute: &str, path: &Path, fault: String) -> ArtifactError {
    let fault = Fault::Content { path: path.to_owned(), fault };
    ArtifactError { attribute: attribute.to_owned(), fault }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oci::Contents;

    fn blob(path: &Path, media_type: &str) -> Blob {
        let source = Source::Path {
            path: path.to_owned(),
            format: Format::of(media_type),
            exclude: vec!["*.tfstate".to_owned()],
        };
        let (media_type, attribute) = (media_type.to_owned(), "files[0].path".to_owned());
        Blob { source, media_type, annotations: BTreeMap::new(), attribute }
    }

    async fn read(layers: Vec<Blob>) -> Result<LocalArtifact, ArtifactError> {
        LocalArtifact::read(Wish { artifact_type: Some("a/b".to_owned()), layers, ..Wish::default() }).await
    }

    #[tokio::test]
    async fn a_folder_is_packed_to_the_same_bytes_and_a_file_is_taken_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("module");
        std::fs::create_dir_all(root.join("modules/a")).unwrap();
        std::fs::write(root.join("main.tf"), "# nothing\n").unwrap();
        std::fs::write(root.join("modules/a/main.tf"), "").unwrap();
        std::fs::write(root.join("terraform.tfstate"), "secret").unwrap();
        let made = read(vec![blob(&root, "archive/zip")]).await.unwrap();
        assert_eq!(
            made.image.top.digest, "sha256:6f9033f778524efe30fba5170db6301a1b34da10907699d7461d2f21e231a39a",
            "it is the same for good"
        );
        assert_eq!(made.image.blobs.len(), 2);
        let Contents::Image { layers, .. } = made.image.top.contents().unwrap() else { panic!("one manifest") };
        let Place::Bytes(bytes) = &made.places[&layers[0].digest] else { panic!("it is packed") };
        let file = folder.path().join("module.zip");
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(read(vec![blob(&file, "archive/zip")]).await.unwrap().image.top, made.image.top);
        assert!(!bytes.windows(6).any(|six| six == b"secret"));
    }

    #[tokio::test]
    async fn an_index_has_a_manifest_for_each_platform_and_each_once() {
        let folder = tempfile::tempdir().unwrap();
        let one = folder.path().join("one");
        std::fs::write(&one, "1").unwrap();
        let platform = |name: &str| ForPlatform {
            platform: name.parse().unwrap(),
            artifact_type: Some("a/target".to_owned()),
            layers: vec![blob(&one, "text/plain")],
            annotations: BTreeMap::new(),
        };
        let platforms = vec![platform("linux/amd64"), platform("linux/arm64")];
        let made = LocalArtifact::read(Wish { platforms, ..Wish::default() }).await.unwrap().image;
        assert_eq!((made.children.len(), made.blobs.len()), (1, 2));
        let Contents::Index(named) = made.top.contents().unwrap() else { panic!("an index") };
        assert_eq!(named.len(), 2);
    }

    #[tokio::test]
    async fn what_will_not_do_is_told_at_its_attribute() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, text) = (folder.path().join("empty"), folder.path().join("text"));
        std::fs::create_dir(&empty).unwrap();
        std::fs::write(&text, "text").unwrap();
        for (path, media_type, words) in [
            (folder.path().join("none"), "text/plain", "no such file"),
            (empty.clone(), "text/plain", "does not tell how"),
            (empty, "archive/zip", "no file in it"),
            (text, "archive/zip", "no zip archive"),
        ] {
            let told = read(vec![blob(&path, media_type)]).await.unwrap_err();
            assert_eq!(told.attribute, "files[0].path");
            assert!(told.fault.to_string().contains(words), "{}", told.fault);
        }
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_script_can_still_be_executed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("run.sh"), "#!/bin/sh\n").unwrap();
        let digest = async || read(vec![blob(folder.path(), "archive/zip")]).await.unwrap().image.top.digest;
        let plain = digest().await;
        std::fs::set_permissions(folder.path().join("run.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_ne!(digest().await, plain);
    }
}
