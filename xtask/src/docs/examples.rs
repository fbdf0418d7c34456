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
