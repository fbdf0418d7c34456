//! The files of a folder as one archive: the same bytes for the same files, on any machine and with any version of berth.
//!
//! Files are sorted, and have one time and no owner; of their modes only whether they can be executed is kept. Nothing is compressed (a tar
//! archive becomes a gzip file of stored blocks, RFC 1951 §3.2.4): what a compressor makes differs from version to version, and with it a
//! digest that must not.

use std::io::{Cursor, Write as _};

use flate2::Crc;
use tar::{Builder, Header};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// The time of all files, in seconds since 1970: the first that every archiver takes, 1980-01-01.
const TIME: u64 = 315_532_800;

/// The mode of files: readable by all.
pub const READABLE: u32 = 0o644;

/// The mode of files that can be executed as well.
pub const EXECUTABLE: u32 = 0o755;

/// How many bytes a stored block holds.
const STORED: usize = 65_535;

/// How a folder becomes one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A tar archive within a gzip file.
    TarGzip,
    /// A zip archive.
    Zip,
}

/// The names of the formats in a configuration.
pub const FORMATS: &[&str] = &["tar+gzip", "zip"];

impl Format {
    /// The format of a name of [`FORMATS`].
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "tar+gzip" => Some(Self::TarGzip),
            "zip" => Some(Self::Zip),
            _ => None,
        }
    }

    /// The format that a media type tells: `application/vnd.cncf.flux.content.v1.tar+gzip`, `archive/zip`.
    pub fn of(media_type: &str) -> Option<Self> {
        let ends = |endings: &[&str]| endings.iter().any(|ending| media_type.ends_with(ending));
        if ends(&["tar+gzip", "tar.gzip"]) {
            return Some(Self::TarGzip);
        }
        ends(&["/zip", "+zip", ".zip"]).then_some(Self::Zip)
    }

    /// How names of such files end.
    pub fn ending(self) -> &'static str {
        match self {
            Self::TarGzip => ".tar.gz",
            Self::Zip => ".zip",
        }
    }

    /// Packs files, each with its path, content and mode.
    ///
    /// # Errors
    /// A path that no archive can hold.
    pub fn pack<'a>(self, files: impl IntoIterator<Item = (String, &'a [u8], u32)>) -> Result<Vec<u8>, String> {
        match self {
            Self::TarGzip => tar_gzip(files),
            Self::Zip => zip(files),
        }
    }
}

/// Whether a file begins as a zip archive does: with a file, or with the end of an empty one (APPNOTE.TXT §4.3.7, §4.3.16).
pub fn is_zip(start: &[u8]) -> bool {
    start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06")
}

/// Packs files, each with its path, content and mode, into a tar archive within a gzip file.
///
/// # Errors
/// A path that no archive can hold.
pub fn tar_gzip<'a>(files: impl IntoIterator<Item = (String, &'a [u8], u32)>) -> Result<Vec<u8>, String> {
    let mut archive = Builder::new(Vec::new());
    for (path, content, mode) in files {
        let mut header = Header::new_ustar();
        header.set_mode(mode);
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(u64::try_from(content.len()).unwrap_or_default());
        archive
            .append_data(&mut header, &path, content)
            .map_err(|error| format!("{path} cannot be packed: {error}"))?;
    }
    archive.into_inner().map(|tar| stored(&tar)).map_err(|error| error.to_string())
}

/// The same as a zip archive.
fn zip<'a>(files: impl IntoIterator<Item = (String, &'a [u8], u32)>) -> Result<Vec<u8>, String> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // 1980-01-01, the first time that it can tell.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    for (path, content, mode) in files {
        let started = archive.start_file(path.as_str(), options.unix_permissions(mode));
        started.map_err(|error| format!("{path} cannot be packed: {error}"))?;
        archive.write_all(content).map_err(|error| format!("{path} cannot be packed: {error}"))?;
    }
    archive.finish().map(Cursor::into_inner).map_err(|error| error.to_string())
}

/// A gzip file (RFC 1952) that holds the content as it is.
fn stored(content: &[u8]) -> Vec<u8> {
    // Deflate, no flags, no time, no hint, an unknown system.
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut blocks = content.chunks(STORED).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).unwrap_or(u16::MAX);
        file.push(u8::from(blocks.peek().is_none()));
        file.extend(length.to_le_bytes());
        file.extend((!length).to_le_bytes());
        file.extend(block);
    }
    let mut crc = Crc::new();
    crc.update(content);
    file.extend(crc.sum().to_le_bytes());
    file.extend(crc.amount().to_le_bytes());
    file
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::super::digest_of;
    use super::*;

    fn files() -> Vec<(String, &'static [u8], u32)> {
        let file = |path: &str, content: &'static str, mode| (path.to_owned(), content.as_bytes(), mode);
        vec![file("main.tf", "# nothing\n", READABLE), file("scripts/run.sh", "#!/bin/sh\n", EXECUTABLE)]
    }

    #[test]
    fn the_same_files_have_this_digest_for_good() {
        let digest = |format: Format| digest_of(&format.pack(files()).unwrap());
        assert_eq!(digest(Format::Zip), "sha256:a3fbd55064eedb83d5cc41a3cda27f09eafdf125706c27f6441e7431daa9bb55");
        assert_eq!(digest(Format::TarGzip), "sha256:ceaf6a2c56e0f20b15cd3558858d35dbc5e25691e97ad27167c0e9aeafc10e1e");
    }

    #[test]
    fn a_zip_holds_the_files_with_their_modes() {
        let packed = Format::Zip.pack(files()).unwrap();
        assert!(is_zip(&packed) && is_zip(&Format::Zip.pack([]).unwrap()) && !is_zip(b"PK"));
        let mut zip = zip::ZipArchive::new(Cursor::new(packed)).unwrap();
        for (path, content, mode) in files() {
            let mut file = zip.by_name(&path).unwrap();
            let mut read = Vec::new();
            file.read_to_end(&mut read).unwrap();
            assert_eq!((read.as_slice(), file.unix_mode().map(|mode| mode & 0o777)), (content, Some(mode)));
        }
    }

    #[test]
    fn a_media_type_tells_how_its_folder_is_packed() {
        for (media_type, format) in [
            ("archive/zip", Some(Format::Zip)),
            ("application/vnd.a.b+zip", Some(Format::Zip)),
            ("application/vnd.cncf.flux.content.v1.tar+gzip", Some(Format::TarGzip)),
            ("application/vnd.docker.image.rootfs.diff.tar.gzip", Some(Format::TarGzip)),
            ("application/gzip", None),
            ("text/plain", None),
        ] {
            assert_eq!(Format::of(media_type), format, "{media_type}");
        }
        assert!(FORMATS.iter().all(|name| Format::named(name).is_some()));
    }
}
