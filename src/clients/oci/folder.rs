//! The files of a folder of this machine, by their paths from it.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

/// How deep folders may lie in each other: links may lead in a circle.
const DEPTH: usize = 40;

/// A file of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// What it holds.
    pub content: Vec<u8>,
    /// Whether its owner may execute it.
    pub is_executable: bool,
}

/// Why a folder cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FolderError {
    /// Its files are larger than they may be, together.
    TooLarge,
    /// Something in it will not do.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: String,
    },
}

/// Reads all files of a folder but those that are left out, by their paths with `/` between the parts; `leave_out` is told whether a path is
/// a folder's. All of them may have `limit` bytes. Links are followed. Blocks.
///
/// # Errors
/// Something cannot be read, is neither a file nor a folder, or is too large.
pub(super) fn files_of(
    root: &Path,
    limit: u64,
    leave_out: impl Fn(&str, bool) -> bool,
) -> Result<BTreeMap<String, File>, FolderError> {
    let mut walk = Walk { limit, leave_out, files: BTreeMap::new(), size: 0 };
    walk.enter(root, "", 0)?;
    Ok(walk.files)
}

struct Walk<F> {
    limit: u64,
    leave_out: F,
    files: BTreeMap<String, File>,
    size: u64,
}

impl<F: Fn(&str, bool) -> bool> Walk<F> {
    fn enter(&mut self, folder: &Path, below: &str, depth: usize) -> Result<(), FolderError> {
        if depth > DEPTH {
            return Err(fault(folder, "folders lie too deep in each other; links may lead in a circle".to_owned()));
        }
        for entry in std::fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
            let entry = entry.map_err(|error| unreadable(folder, &error))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                return Err(fault(&entry.path(), "its name is no UTF-8".to_owned()));
            };
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            let kind = std::fs::metadata(entry.path()).map_err(|error| unreadable(&entry.path(), &error))?;
            if (self.leave_out)(&path, kind.is_dir()) {
                continue;
            }
            if kind.is_dir() {
                self.enter(&entry.path(), &path, depth + 1)?;
            } else {
                self.take(&entry.path(), path, &kind)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, file: &Path, path: String, kind: &Metadata) -> Result<(), FolderError> {
        if !kind.is_file() {
            return Err(fault(file, "it is neither a file nor a folder".to_owned()));
        }
        self.size = self.size.saturating_add(kind.len());
        if self.size > self.limit {
            return Err(FolderError::TooLarge);
        }
        let content = std::fs::read(file).map_err(|error| unreadable(file, &error))?;
        self.files.insert(path, File { content, is_executable: is_executable(kind) });
        Ok(())
    }
}

#[cfg(unix)]
fn is_executable(kind: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    kind.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}

fn fault(path: &Path, fault: String) -> FolderError {
    FolderError::File { path: path.to_owned(), fault }
}

fn unreadable(path: &Path, error: &io::Error) -> FolderError {
    fault(path, format!("it cannot be read: {error}"))
}
