//! What is declared, as what is to be made.

use std::path::{Path, PathBuf};

use crate::clients::oci::{ArtifactWish, Blob, BlobSource, ForPlatform};
use crate::domain::oci::artifact::{EMPTY_CONTENT, Subject, TITLE};
use crate::domain::oci::packing::Format;

use super::Declared;
use super::model::{Config, File};

/// What is left out of a folder unless something else is declared: what tools keep there, and states.
const EXCLUDED: [&str; 4] = [".git", ".terraform", "*.tfstate", "*.tfstate.*"];

/// What a model is to become; its places and platforms were checked.
pub fn wish(model: &Declared, subject: Option<Subject>) -> ArtifactWish {
    let platforms = model.platforms.iter().flatten().filter_map(|(name, declared)| {
        let at = format!("platforms[\"{name}\"].files");
        Some(ForPlatform {
            platform: name.parse().ok()?,
            artifact_type: declared.artifact_type.clone().or_else(|| model.artifact_type.clone()),
            layers: layers(&declared.files, &at),
            annotations: declared.annotations.clone().unwrap_or_default(),
        })
    });
    ArtifactWish {
        artifact_type: model.artifact_type.clone(),
        config: model.config.as_ref().map(config),
        layers: layers(model.files.as_deref().unwrap_or_default(), "files"),
        platforms: platforms.collect(),
        subject,
        annotations: model.annotations.clone().unwrap_or_default(),
    }
}

fn config(declared: &Config) -> Blob {
    let source = match &declared.path {
        Some(path) => BlobSource::Path { path: PathBuf::from(path), format: None, exclude: Vec::new() },
        None => BlobSource::Text(declared.content.clone().unwrap_or_else(|| EMPTY_CONTENT.to_owned())),
    };
    let (media_type, annotations) = (declared.media_type.clone(), std::collections::BTreeMap::new());
    Blob { source, media_type, annotations, attribute: "config.path".to_owned() }
}

fn layers(files: &[File], at: &str) -> Vec<Blob> {
    files.iter().enumerate().map(|(index, file)| layer(file, format!("{at}[{index}].path"))).collect()
}

fn layer(file: &File, attribute: String) -> Blob {
    let format = format_of(file);
    let mut annotations = file.annotations.clone().unwrap_or_default();
    if let Some(title) = file.title.clone().or_else(|| own_title(file, format)).filter(|title| !title.is_empty()) {
        annotations.entry(TITLE.to_owned()).or_insert(title);
    }
    let source = match &file.path {
        Some(path) => BlobSource::Path { path: PathBuf::from(path), format, exclude: excluded(file) },
        None => BlobSource::Text(file.content.clone().unwrap_or_default()),
    };
    Blob { source, media_type: file.media_type.clone(), annotations, attribute }
}

/// How it is packed if it is a folder.
fn format_of(file: &File) -> Option<Format> {
    file.pack.as_deref().and_then(Format::named).or_else(|| Format::of(&file.media_type))
}

fn excluded(file: &File) -> Vec<String> {
    file.exclude.clone().unwrap_or_else(|| EXCLUDED.map(str::to_owned).to_vec())
}

/// The name that a file has by itself; that of a folder with an ending.
fn own_title(file: &File, format: Option<Format>) -> Option<String> {
    let path = Path::new(file.path.as_ref()?);
    let name = path.file_name()?.to_str()?;
    let ending = format.filter(|_| path.is_dir()).map_or("", Format::ending);
    Some(format!("{name}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn title(path: &str, title: Option<&str>) -> Option<String> {
        let file = File {
            path: Some(path.to_owned()),
            media_type: "archive/zip".to_owned(),
            title: title.map(str::to_owned),
            ..File::default()
        };
        layer(&file, String::new()).annotations.remove(TITLE)
    }

    #[test]
    fn a_layer_is_named_as_its_path_is_written() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("net")).unwrap();
        let path = |name: &str| format!("{}/{name}", folder.path().display());
        assert_eq!(title(&path("net"), None).as_deref(), Some("net.zip"));
        assert_eq!(title(&path("net/."), None).as_deref(), Some("net.zip"));
        assert_eq!(title(&path("a.zip"), None).as_deref(), Some("a.zip"));
        assert_eq!(title(".", None), None, "where it is run is nobody's business");
        assert_eq!(title(&path("net/.."), None), None);
        assert_eq!(title(&path("net"), Some("")), None);
        assert_eq!(title(&path("net"), Some("x.zip")).as_deref(), Some("x.zip"));
    }

    #[test]
    fn states_are_left_out_unless_all_is_asked_for() {
        let file = |exclude| File { path: Some("a".to_owned()), exclude, ..File::default() };
        assert!(excluded(&file(None)).contains(&"*.tfstate".to_owned()));
        assert_eq!(excluded(&file(Some(Vec::new()))), Vec::<String>::new());
    }
}
