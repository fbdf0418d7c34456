//! The folder of generated pages: what differs from what it should hold, and making it so.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A page.
#[derive(Debug)]
pub struct Page {
    /// Its place in the folder, such as `resources/dns_record.md`.
    pub path: String,
    /// Its text, Markdown.
    pub text: String,
}

impl Page {
    /// A page.
    pub fn new(path: impl Into<String>, text: String) -> Self {
        Self { path: path.into(), text }
    }
}

/// A folder that holds generated pages and nothing else.
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder at that place. It need not exist.
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// What differs, one line a file, in the order of their paths.
    pub fn differences(&self, pages: &[Page]) -> Result<Vec<String>> {
        let mut present = self.present()?;
        let mut found = BTreeMap::new();
        for page in pages {
            match present.remove(&page.path) {
                None => found.insert(page.path.clone(), "is missing"),
                Some(text) if text != page.text => found.insert(page.path.clone(), "is stale"),
                Some(_) => None,
            };
        }
        found.extend(present.into_keys().map(|path| (path, "belongs to nothing")));
        Ok(found.into_iter().map(|(path, what)| format!("{path} {what}")).collect())
    }

    /// Makes the folder hold exactly these pages.
    pub fn write(&self, pages: &[Page]) -> Result<()> {
        let mut left_over = self.present()?;
        for page in pages {
            left_over.remove(&page.path);
            self.write_page(page).with_context(|| format!("cannot write {}", page.path))?;
        }
        for path in left_over.keys() {
            fs::remove_file(self.root.join(path)).with_context(|| format!("cannot remove {path}"))?;
        }
        Ok(())
    }

    fn write_page(&self, page: &Page) -> Result<()> {
        let path = self.root.join(&page.path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        Ok(fs::write(path, &page.text)?)
    }

    /// The files of the folder with their text, by their path in it.
    fn present(&self) -> Result<BTreeMap<String, String>> {
        let mut files = BTreeMap::new();
        if self.root.is_dir() {
            collect(&self.root, "", &mut files).with_context(|| format!("cannot read {}", self.root.display()))?;
        }
        Ok(files)
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), files)?;
        } else {
            files.insert(path, String::from_utf8_lossy(&fs::read(entry.path())?).into_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own for one test, removed in the end.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new(test: &str) -> Self {
            Self(std::env::temp_dir().join(format!("berth-docs-{}-{test}", std::process::id())))
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn page(path: &str, text: &str) -> Page {
        Page::new(path, text.to_owned())
    }

    #[test]
    fn what_was_written_does_not_differ() {
        let scratch = Scratch::new("written");
        let folder = Folder::new(scratch.0.clone());
        let pages = [page("index.md", "one\n"), page("resources/thing.md", "two\n")];
        assert_eq!(folder.differences(&pages).expect("read"), ["index.md is missing", "resources/thing.md is missing"]);
        folder.write(&pages).expect("write");
        assert!(folder.differences(&pages).expect("read").is_empty());
    }

    #[test]
    fn a_stale_page_is_named_and_a_page_of_nothing_is_removed() {
        let scratch = Scratch::new("stale");
        let folder = Folder::new(scratch.0.clone());
        folder.write(&[page("index.md", "old\n"), page("resources/gone.md", "two\n")]).expect("write");
        let pages = [page("index.md", "new\n")];
        assert_eq!(
            folder.differences(&pages).expect("read"),
            ["index.md is stale", "resources/gone.md belongs to nothing"]
        );
        folder.write(&pages).expect("write");
        assert!(!scratch.0.join("resources/gone.md").exists());
    }
}
