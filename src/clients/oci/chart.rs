//! Charts in files of this machine: a folder that is packed, or an archive that somebody has packed.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use super::folder::{FolderError, files_of};
use super::gather::Image;
use super::local::descriptor;
use super::place::{Place, Places};
use crate::domain::oci::chart::packing::{Files, packed};
use crate::domain::oci::chart::{
    CHART_FILE, CONFIG, CONTENT, Metadata, PROVENANCE, REQUIREMENTS_FILE, inner_name, with_version,
};
use crate::domain::oci::ignore::Rules;
use crate::domain::oci::{digest_of, image_manifest};

/// How large a chart may be, packed or not, in bytes. Helm itself takes no more than 100 MiB.
const LIMIT: u64 = 100 * 1024 * 1024;

/// How large one file of a chart may be, in bytes: Helm refuses a chart with a larger one (`pkg/chart/loader/archive.go`).
const FILE_LIMIT: usize = 5 * 1024 * 1024;

/// A chart, ready to be pushed.
#[derive(Clone, Debug)]
pub struct LocalChart {
    /// What its `Chart.yaml` says.
    pub metadata: Metadata,
    /// The digest of its archive.
    pub archive_digest: String,
    /// What is pushed.
    pub image: Image,
    /// Its content.
    pub places: Arc<Places>,
}

/// Why files are no chart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChartError {
    /// They are not there (yet).
    #[error("there is no such file or folder: {0}")]
    Absent(PathBuf),
    /// They are none.
    #[error("{path}: {fault}")]
    Content {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: String,
    },
    /// Charts that it needs are not in it.
    #[error("charts that it depends on are not in its folder charts/: {}", .0.join(", "))]
    Dependencies(Vec<String>),
}

/// What was read.
struct Found {
    metadata: Metadata,
    archive: Vec<u8>,
    provenance: Option<Vec<u8>>,
}

impl LocalChart {
    /// Reads a chart, with another version if one is given.
    pub async fn read(path: &Path, version: Option<&str>) -> Result<Self, ChartError> {
        let (at, version) = (path.to_owned(), version.map(str::to_owned));
        let read = tokio::task::spawn_blocking(move || found(&at, version.as_deref()).map(Self::of)).await;
        read.map_err(|error| content(path, error.to_string()))?
    }

    fn of(found: Found) -> Self {
        let mut places = Places::new();
        let mut put = |media_type: &str, content: Vec<u8>| {
            let blob = descriptor(media_type, digest_of(&content), u64::try_from(content.len()).unwrap_or_default());
            places.insert(blob.digest.clone(), Place::Bytes(Bytes::from(content)));
            blob
        };
        let config = put(CONFIG, found.metadata.config().into_bytes());
        let archive = put(CONTENT, found.archive);
        let archive_digest = archive.digest.clone();
        let layers: Vec<_> =
            std::iter::once(archive).chain(found.provenance.map(|text| put(PROVENANCE, text))).collect();
        let top = image_manifest(&config, &layers, &found.metadata.annotations());
        let blobs = layers.into_iter().chain([config]).collect();
        let image = Image { top, children: Vec::new(), blobs };
        Self { metadata: found.metadata, archive_digest, image, places: Arc::new(places) }
    }
}

fn found(path: &Path, version: Option<&str>) -> Result<Found, ChartError> {
    let kind = match std::fs::metadata(path) {
        // Only the chart itself may come later: what is missing within it is a fault.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ChartError::Absent(path.to_owned())),
        kind => kind.map_err(|error| unreadable(path, &error))?,
    };
    if kind.is_dir() {
        let files = folder(path)?;
        return repacked(path, files, version);
    }
    if kind.len() > LIMIT {
        return Err(too_large(path));
    }
    let archive = std::fs::read(path).map_err(|error| unreadable(path, &error))?;
    let files = unpacked(path, &archive)?;
    let metadata = metadata(path, &files)?;
    if version.is_some_and(|version| version != metadata.version) {
        return repacked(path, files, version);
    }
    check(path, &metadata, &files)?;
    let beside = PathBuf::from(format!("{}.prov", path.display()));
    let provenance = match std::fs::read(&beside) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(&beside, &error)),
    };
    Ok(Found { metadata, archive, provenance })
}

/// Packs files, whose `Chart.yaml` gets another version if one is given.
fn repacked(path: &Path, mut files: Files, version: Option<&str>) -> Result<Found, ChartError> {
    let mut metadata = metadata(path, &files)?;
    let other = version.filter(|version| *version != metadata.version);
    if let (Some(version), Some(yaml)) = (other, files.get_mut(CHART_FILE)) {
        let text = std::str::from_utf8(yaml).map_err(|_| content(path, format!("{CHART_FILE} is no UTF-8")))?;
        *yaml = with_version(text, version).map_err(|fault| content(path, fault))?.into_bytes();
        metadata = self::metadata(path, &files)?;
    }
    check(path, &metadata, &files)?;
    let archive = packed(&metadata.name, &files).map_err(|fault| content(path, fault))?;
    Ok(Found { metadata, archive, provenance: None })
}

fn metadata(path: &Path, files: &Files) -> Result<Metadata, ChartError> {
    let yaml = files.get(CHART_FILE).ok_or_else(|| content(path, format!("there is no {CHART_FILE} in it")))?;
    Metadata::parse(&String::from_utf8_lossy(yaml)).map_err(|fault| content(path, fault))
}

/// All files of a folder that belong to its chart.
fn folder(path: &Path) -> Result<Files, ChartError> {
    let rules = rules(path)?;
    let found =
        files_of(path, LIMIT, |file, is_folder| rules.leave_out(file, is_folder)).map_err(|error| match error {
            FolderError::TooLarge => too_large(path),
            FolderError::File { path, fault } => ChartError::Content { path, fault },
        })?;
    Ok(found.into_iter().map(|(name, file)| (name, file.content)).collect())
}

/// What is left out of a folder. One that cannot be read counts as a fault: what it leaves out may be a secret.
fn rules(folder: &Path) -> Result<Rules, ChartError> {
    let file = folder.join(".helmignore");
    let text = match std::fs::read_to_string(&file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| unreadable(&file, &error))?,
    };
    Rules::parse(&text).map_err(|fault| content(folder, fault))
}

/// The files of a packed chart, without its own folder.
fn unpacked(path: &Path, archive: &[u8]) -> Result<Files, ChartError> {
    let mut tar = MultiGzDecoder::new(archive).take(LIMIT + 1);
    let files = members(&mut tar);
    // What was cut off may still look whole.
    if tar.limit() == 0 {
        return Err(too_large(path));
    }
    files.map_err(|error| content(path, format!("it is no packed chart: {error}")))
}

fn members(tar: impl io::Read) -> io::Result<Files> {
    let mut files = Files::new();
    for entry in tar::Archive::new(tar).entries()? {
        let mut entry = entry?;
        let name = entry.path()?.to_string_lossy().into_owned();
        let Some((_, inner)) = name.trim_start_matches("./").split_once('/') else { continue };
        if entry.header().entry_type().is_file() {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            files.insert(inner.to_owned(), bytes);
        }
    }
    Ok(files)
}

/// Whether Helm takes the files for a whole chart.
fn check(path: &Path, metadata: &Metadata, files: &Files) -> Result<(), ChartError> {
    if let Some((name, _)) = files.iter().find(|(_, bytes)| bytes.len() > FILE_LIMIT) {
        let why = format!(
            "{name} has more than {FILE_LIMIT} bytes, which Helm takes of no file; .helmignore leaves files of a folder out"
        );
        return Err(content(path, why));
    }
    check_dependencies(path, metadata, files)
}

fn check_dependencies(path: &Path, metadata: &Metadata, files: &Files) -> Result<(), ChartError> {
    let requirements = files.get(REQUIREMENTS_FILE).map(Vec::as_slice);
    let missing = metadata.missing(requirements, &inner_charts(path, files)).map_err(|fault| content(path, fault))?;
    if missing.is_empty() { Ok(()) } else { Err(ChartError::Dependencies(missing)) }
}

/// The names of the charts in `charts/`: folders, and archives.
fn inner_charts(path: &Path, files: &Files) -> Vec<String> {
    let inner = files.iter().filter_map(|(file, bytes)| Some((file.strip_prefix("charts/")?, bytes)));
    inner
        .filter_map(|(file, bytes)| match file.split('/').collect::<Vec<_>>().as_slice() {
            [_, CHART_FILE] => inner_name(bytes),
            [archive] if is_archive(archive) => inner_name(unpacked(path, bytes).ok()?.get(CHART_FILE)?),
            _ => None,
        })
        .collect()
}

fn is_archive(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "tgz")
}

fn too_large(path: &Path) -> ChartError {
    content(path, format!("it has more than {LIMIT} bytes; .helmignore leaves files of a folder out"))
}

fn content(path: &Path, fault: String) -> ChartError {
    ChartError::Content { path: path.to_owned(), fault }
}

fn unreadable(path: &Path, error: &io::Error) -> ChartError {
    content(path, format!("it cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    const CHART: &str = "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n  - name: one\n    version: 1.0.0\n    repository: \"\"\n";

    #[tokio::test]
    async fn a_folder_and_its_archive_are_one_chart() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("any-name");
        let inner = "apiVersion: v2\nname: one\nversion: 1.0.0\n";
        write(
            &root,
            &[("Chart.yaml", CHART), ("templates/a.yaml", "a: b"), (".helmignore", "*.bak\n"), ("x.bak", "old")],
        );
        let missing = LocalChart::read(&root, Some("1.0.0")).await.unwrap_err();
        assert_eq!(missing, ChartError::Dependencies(vec!["one".to_owned()]));
        write(&root, &[("charts/one/Chart.yaml", inner)]);
        let chart = LocalChart::read(&root, None).await.unwrap();
        assert_eq!(
            chart.image.top.digest, "sha256:e32be028f419920478d8da6868e11b887ff2c1b5ed0f135ca677c8792ad6a8e4",
            "it is the same for good"
        );
        assert_eq!(LocalChart::read(&root, Some("1.0.0")).await.unwrap().image.top, chart.image.top);
        let Place::Bytes(bytes) = &chart.places[&chart.archive_digest] else { panic!("it is packed") };
        let archive = folder.path().join("app-1.0.0.tgz");
        std::fs::write(&archive, bytes).unwrap();
        let again = LocalChart::read(&archive, Some("1.0.0")).await.unwrap();
        assert_eq!(again.image.top, chart.image.top);
        assert!(!unpacked(&archive, bytes).unwrap().contains_key("x.bak"));

        // Another version is packed anew, from the folder and from the archive alike.
        let (from_folder, from_archive) =
            (LocalChart::read(&root, Some("2.0.0+x")), LocalChart::read(&archive, Some("2.0.0+x")));
        let (from_folder, from_archive) = (from_folder.await.unwrap(), from_archive.await.unwrap());
        assert_eq!(from_folder.image.top, from_archive.image.top);
        assert_eq!(from_folder.metadata.tag(), "2.0.0_x");

        std::fs::write(folder.path().join("app-1.0.0.tgz.prov"), "signed").unwrap();
        let signed = LocalChart::read(&archive, None).await.unwrap();
        assert_eq!(signed.image.blobs.len(), 3);
        assert_ne!(signed.image.top, chart.image.top);
    }

    #[tokio::test]
    async fn what_is_no_chart_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let told = LocalChart::read(folder.path(), None).await.unwrap_err();
        assert!(told.to_string().contains("no Chart.yaml"), "{told}");
        let file = folder.path().join("a.tgz");
        std::fs::write(&file, "junk").unwrap();
        let told = LocalChart::read(&file, None).await.unwrap_err();
        assert!(told.to_string().contains("no packed chart"), "{told}");
        let absent = LocalChart::read(&folder.path().join("none"), None).await.unwrap_err();
        assert!(matches!(absent, ChartError::Absent(_)));
    }

    #[tokio::test]
    async fn a_file_that_helm_refuses_is_not_pushed() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n")]);
        std::fs::write(folder.path().join("model.bin"), vec![0; FILE_LIMIT]).unwrap();
        LocalChart::read(folder.path(), None).await.unwrap();
        std::fs::write(folder.path().join("model.bin"), vec![0; FILE_LIMIT + 1]).unwrap();
        let told = LocalChart::read(folder.path(), None).await.unwrap_err().to_string();
        assert!(told.contains("model.bin has more than 5242880 bytes"), "{told}");
    }

    #[tokio::test]
    async fn an_archive_is_taken_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(&mut packed);
        let big = usize::try_from(LIMIT).unwrap() - 3 * 512;
        let yaml = b"apiVersion: v2\nname: app\nversion: 1.0.0\n".to_vec();
        // What is cut off just behind a file looks whole.
        for (name, bytes) in [("app/Chart.yaml", yaml), ("app/big", vec![0; big]), ("app/last", b"x".to_vec())] {
            let mut header = tar::Header::new_ustar();
            header.set_size(u64::try_from(bytes.len()).unwrap());
            header.set_mode(0o644);
            tar.append_data(&mut header, name, bytes.as_slice()).unwrap();
        }
        tar.into_inner().unwrap();
        let file = folder.path().join("a.tgz");
        std::fs::write(&file, packed.finish().unwrap()).unwrap();
        let told = LocalChart::read(&file, None).await.unwrap_err().to_string();
        assert!(told.contains("more than 104857600 bytes"), "{told}");
    }

    #[tokio::test]
    async fn rules_that_cannot_be_read_are_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"), ("key.bak", "secret")]);
        std::fs::write(folder.path().join(".helmignore"), b"# caf\xe9\n*.bak\n").unwrap();
        let told = LocalChart::read(folder.path(), None).await.unwrap_err().to_string();
        assert!(told.contains(".helmignore: it cannot be read"), "{told}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_that_leads_nowhere_is_a_fault_of_the_chart() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &[("Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n")]);
        std::os::unix::fs::symlink("nowhere", folder.path().join("values.yaml")).unwrap();
        let told = LocalChart::read(folder.path(), None).await.unwrap_err();
        let ChartError::Content { path, .. } = told else { panic!("{told}") };
        assert_eq!(path, folder.path().join("values.yaml"));
    }
}
