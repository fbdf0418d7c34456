//! A chart as an archive: the same bytes for the same files, on any machine and with any version of berth.

use std::collections::BTreeMap;

use super::super::packing::{READABLE, tar_gzip};

/// The files of a chart by their paths from its folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Packs the files of the chart `name`.
///
/// # Errors
/// A path that no archive can hold.
pub fn packed(name: &str, files: &Files) -> Result<Vec<u8>, String> {
    tar_gzip(files.iter().map(|(path, content)| (format!("{name}/{path}"), content.as_slice(), READABLE)))
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
