//! The examples that the pages show, from `examples/`.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use anyhow::{Context, Result};

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

    /// How a resource is declared.
    pub fn resource(&self, name: &str) -> Result<Option<String>> {
        self.read(&format!("resources/{name}/resource.tf"))
    }

    /// Further ways to declare a resource, from `resource-WAY.tf`: the title, which is its first line, and the text.
    pub fn ways(&self, name: &str) -> Result<Vec<(String, String)>> {
        let folder = format!("resources/{name}");
        let Ok(entries) = fs::read_dir(self.folder.join(&folder)) else { return Ok(Vec::new()) };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut files: Vec<String> = names.filter(|file| file.starts_with("resource-")).collect();
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

    /// How a resource is imported.
    pub fn import(&self, name: &str) -> Result<Option<String>> {
        self.read(&format!("resources/{name}/import.sh"))
    }

    /// How a data source is used.
    pub fn data_source(&self, name: &str) -> Result<Option<String>> {
        self.read(&format!("data-sources/{name}/data-source.tf"))
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
