//! A tar archive by its members, read where they lie.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use super::place::{Place, START};

/// How a file begins that gzip made (RFC 1952 §2.3.1), and one of Zstandard (RFC 8878 §3.1.1).
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];
pub(super) const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// How many links lead from one to the next.
const LINKS: usize = 8;

/// How large a small file is, and how much is kept of them, in bytes.
const SMALL: u64 = 1024 * 1024;
const KEPT: u64 = 32 * 1024 * 1024;

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
            let mut kept = 0;
            return Self::of(archive.entries()?, |entry| packed(path, entry, &mut kept));
        }
        let mut archive = tar::Archive::new(File::open(path)?);
        Self::of(archive.entries_with_seek()?, |entry| {
            Ok(Place::File { path: path.to_owned(), offset: entry.raw_file_position(), size: entry.size() })
        })
    }

    fn of<R: Read>(
        entries: tar::Entries<'_, R>,
        mut place: impl FnMut(&mut tar::Entry<'_, R>) -> io::Result<Place>,
    ) -> io::Result<Self> {
        let mut members = BTreeMap::new();
        for entry in entries {
            let mut entry = entry?;
            let name = plain(&entry.path()?);
            let target = entry.link_name()?.map(std::borrow::Cow::into_owned).unwrap_or_default();
            let member = match entry.header().entry_type() {
                EntryType::Link => Member::Link(plain(&target)),
                EntryType::Symlink => {
                    let folder = Path::new(&name).parent().map(Path::to_owned).unwrap_or_default();
                    Member::Link(plain(&folder.join(target)))
                }
                kind if kind.is_file() => Member::File(place(&mut entry)?),
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

/// A file within what gzip has compressed. To read one later, all before it is unpacked again: so small ones, which documents are,
/// are kept, as long as all of them are no more than `KEPT`.
fn packed<R: Read>(path: &Path, entry: &mut tar::Entry<'_, R>, kept: &mut u64) -> io::Result<Place> {
    let (offset, size) = (entry.raw_file_position(), entry.size());
    let is_kept = size <= SMALL && *kept + size <= KEPT;
    let mut start = Vec::new();
    entry.take(if is_kept { size } else { START }).read_to_end(&mut start)?;
    if is_kept {
        *kept += size;
        return Ok(Place::Bytes(start.into()));
    }
    Ok(Place::Packed { path: path.to_owned(), offset, size, start: start.into() })
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
    fn a_compressed_archive_is_unpacked_once_for_its_documents() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.tar.gz");
        let mut packed = flate2::write::GzEncoder::new(File::create(&path).unwrap(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(&mut packed);
        let big = vec![7; usize::try_from(SMALL).unwrap() + 1];
        for (name, content) in [("big", big.as_slice()), ("manifest.json", b"[]")] {
            let mut header = tar::Header::new_ustar();
            header.set_size(u64::try_from(content.len()).unwrap());
            tar.append_data(&mut header, name, content).unwrap();
        }
        tar.into_inner().unwrap();
        packed.finish().unwrap();
        let members = Members::read(&path).unwrap();
        let Some(Place::Packed { size, start, .. }) = members.get("big") else { panic!("it is too large to be kept") };
        assert_eq!((*size, &start[..]), (SMALL + 1, &[7, 7, 7, 7][..]));
        let mut read = Vec::new();
        members.get("big").unwrap().open(SMALL).unwrap().read_to_end(&mut read).unwrap();
        assert_eq!(read, [7]);
        std::fs::remove_file(&path).unwrap();
        assert_eq!(members.get("manifest.json").unwrap().read().unwrap(), "[]");
    }

    #[test]
    fn names_are_compared_without_dots() {
        assert_eq!(plain(Path::new("./a/b")), "a/b");
        assert_eq!(plain(Path::new("a/../b/layer.tar")), "b/layer.tar");
        assert_eq!(plain(Path::new("/../x")), "x");
    }
}
