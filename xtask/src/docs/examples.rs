//! The examples that the pages show, from `examples/`.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::render::Place;

/// The folder of examples. What a type has no example for is left out of its page.
pub struct Examples {
    folder: PathBuf,
}

impl Examples {
    /// The examples of a folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// How the provider is configured.
    pub fn provider(&self) -> Result<Option<String>> {
        self.read("provider/provider.tf")
    }

    /// How a type of a kind is used: `resources/NAME/resource.tf` and so on.
    pub fn of(&self, place: Place, name: &str) -> Result<Option<String>> {
        let Place { folder, ending, .. } = place;
        self.read(&format!("{folder}/{name}/{}.{ending}", folder.trim_end_matches('s')))
    }

    /// Further ways to use a type, from `KIND-WAY.tf`: the title, which is its first line, and the text.
    pub fn ways(&self, folder: &str, name: &str) -> Result<Vec<(String, String)>> {
        let start = format!("{}-", folder.trim_end_matches('s'));
        let folder = format!("{folder}/{name}");
        let Ok(entries) = fs::read_dir(self.folder.join(&folder)) else { return Ok(Vec::new()) };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut files: Vec<String> = names.filter(|file| file.starts_with(&start)).collect();
        files.sort();
        let mut ways = Vec::new();
        for file in files {
            let text = self.read(&format!("{folder}/{file}"))?.unwrap_or_default();
            let (title, text) = text.split_once('\n').with_context(|| format!("{folder}/{file} has one line only"))?;
            let title = title.strip_prefix("# ").with_context(|| format!("{folder}/{file} begins without a title"))?;
            ways.push((title.trim_end_matches('.').to_owned(), text.trim().to_owned()));
        }
        Ok(ways)
    }

    /// How an object is imported.
    pub fn import(&self, folder: &str, name: &str) -> Result<Option<String>> {
        self.read(&format!("{folder}/{name}/import.sh"))
    }

    /// How an object is imported by its identity.
    pub fn import_by_identity(&self, folder: &str, name: &str) -> Result<Option<String>> {
        self.read(&format!("{folder}/{name}/import-by-identity.tf"))
    }

    /// How a function is called.
    pub fn function(&self, name: &str) -> Result<Option<String>> {
        self.read(&format!("functions/{name}/function.tf"))
    }

    fn read(&self, path: &str) -> Result<Option<String>> {
        match fs::read_to_string(self.folder.join(path)) {
            Ok(text) => Ok(Some(text.trim_end().to_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("cannot read examples/{path}")),
        }
    }
}
