//! The files of a folder as one archive: the same bytes for the same files, on any machine and with any version of berth.
//!
//! Files are sorted, and have one time and no owner; of their modes only whether they can be executed is kept. Nothing is compressed (a tar
//! archive becomes a gzip file of stored blocks, RFC 1951 §3.2.4): what a compressor makes differs from version to version, and with it a
//! digest that must not.

use flate2::Crc;
use tar::{Builder, Header};

/// The time of all files, in seconds since 1970: the first that every archiver takes, 1980-01-01.
const TIME: u64 = 315_532_800;

/// The mode of files: readable by all.
pub const READABLE: u32 = 0o644;

/// How many bytes a stored block holds.
const STORED: usize = 65_535;

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
