//! A tar archive by its members, read where they lie.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use super::local::Place;

/// How a file begins that gzip made (RFC 1952 §2.3.1), and one of Zstandard (RFC 8878 §3.1.1).
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];
pub(super) const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How many links lead from one to the next.
const LINKS: usize = 8;

/// Where the members of an archive are.
pub(super) struct Members(BTreeMap<String, Member>);

enum Member {
    File(Place),
    Link(String),
}

impl Members {
    /// Reads the heads of an archive, which gzip may have compressed. Blocks.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        if begins_with(path, &GZIP)? {
            let mut archive = tar::Archive::new(MultiGzDecoder::new(BufReader::new(File::open(path)?)));
            return Self::of(archive.entries()?, |offset, size| Place::Packed { path: path.to_owned(), offset, size });
        }
        let mut archive = tar::Archive::new(File::open(path)?);
        Self::of(archive.entries_with_seek()?, |offset, size| Place::File { path: path.to_owned(), offset, size })
    }

    fn of<R: Read>(entries: tar::Entries<'_, R>, place: impl Fn(u64, u64) -> Place) -> io::Result<Self> {
        let mut members = BTreeMap::new();
        for entry in entries {
            let entry = entry?;
            let name = plain(&entry.path()?);
            let target = entry.link_name()?.map(std::borrow::Cow::into_owned).unwrap_or_default();
            let member = match entry.header().entry_type() {
                EntryType::Link => Member::Link(plain(&target)),
                EntryType::Symlink => {
                    let folder = Path::new(&name).parent().map(Path::to_owned).unwrap_or_default();
                    Member::Link(plain(&folder.join(target)))
                }
                kind if kind.is_file() => Member::File(place(entry.raw_file_position(), entry.size())),
                _ => continue,
            };
            members.insert(name, member);
        }
        Ok(Self(members))
    }

    /// A file, by the name that it has or that a link has.
    pub(super) fn get(&self, name: &str) -> Option<&Place> {
        let mut name = plain(Path::new(name));
        for _ in 0..LINKS {
            match self.0.get(&name)? {
                Member::File(place) => return Some(place),
                Member::Link(target) => name.clone_from(target),
            }
        }
        None
    }
}

/// Whether a file begins with these bytes.
pub(super) fn begins_with(path: &Path, magic: &[u8]) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(u64::try_from(magic.len()).unwrap_or_default()).read_to_end(&mut start)?;
    Ok(start == magic)
}

/// A name without `./` and `..`, by which members and links are compared.
fn plain(path: &Path) -> String {
    let mut parts = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::Normal(part) => parts.push(part),
            std::path::Component::ParentDir => {
                parts.pop();
            }
            _ => {}
        }
    }
    parts.to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_dots() {
        assert_eq!(plain(Path::new("./a/b")), "a/b");
        assert_eq!(plain(Path::new("a/../b/layer.tar")), "b/layer.tar");
        assert_eq!(plain(Path::new("/../x")), "x");
    }
}
