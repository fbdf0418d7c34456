//! A chart as an archive: the same bytes for the same files, on any machine and with any version of berth.
//!
//! Files are sorted, and have one time, one mode and no owner. The archive is a gzip file of stored blocks (RFC 1951 §3.2.4): what a
//! compressor makes differs from version to version, and with it a digest that must not.

use std::collections::BTreeMap;

use flate2::Crc;
use tar::{Builder, Header};

/// The files of a chart by their paths from its folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The time of all files, in seconds since 1970: the first that every archiver takes, 1980-01-01.
const TIME: u64 = 315_532_800;

/// Readable by all.
const MODE: u32 = 0o644;

/// How many bytes a stored block holds.
const STORED: usize = 65_535;

/// Packs the files of the chart `name`.
///
/// # Errors
/// A path that no archive can hold.
pub fn packed(name: &str, files: &Files) -> Result<Vec<u8>, String> {
    let mut archive = Builder::new(Vec::new());
    for (path, content) in files {
        let mut header = Header::new_ustar();
        header.set_mode(MODE);
        header.set_mtime(TIME);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(u64::try_from(content.len()).unwrap_or_default());
        let path = format!("{name}/{path}");
        archive
            .append_data(&mut header, &path, content.as_slice())
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn files() -> Files {
        let big = (0..200_000).map(|at: u32| u8::try_from(at % 250).unwrap()).collect();
        let deep = format!("templates/{}/a.yaml", "long".repeat(30));
        Files::from([
            ("Chart.yaml".to_owned(), b"name: app\n".to_vec()),
            ("files/big".to_owned(), big),
            (deep, b"x".to_vec()),
        ])
    }

    #[test]
    fn any_reader_finds_the_files_again() {
        let archive = packed("app", &files()).unwrap();
        let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive.as_slice()));
        let mut found = Files::new();
        for entry in tar.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            entry.read_to_end(&mut content).unwrap();
            found.insert(entry.path().unwrap().to_string_lossy().trim_start_matches("app/").to_owned(), content);
        }
        assert_eq!(found, files());
    }

    #[test]
    fn the_same_files_have_this_digest_for_good() {
        let digest = |files: &Files| crate::domain::oci::digest_of(&packed("app", files).unwrap());
        let small = Files::from([("Chart.yaml".to_owned(), b"name: app\n".to_vec())]);
        assert_eq!(digest(&small), "sha256:98f0cf7dc153ed1a1a055dcbb3fb585633b0369a39a9a3ed4a16e7223902b4b4");
        assert_eq!(digest(&files()), "sha256:b7cd264f43effbda236ba3fa91fdef9ff4d52e4785c165ff6dc8fa58b439e7ad");
    }
}
