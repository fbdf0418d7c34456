//! Packs a built provider as a Terraform registry publishes it
//! (<https://developer.hashicorp.com/terraform/registry/providers/publishing>): `…_VERSION_OS_ARCH.zip` for each
//! platform, `…_VERSION_manifest.json`, and `…_VERSION_SHA256SUMS` over all of them. Whoever publishes signs the last
//! with `gpg --detach-sign`.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use berth::digest::sha256_hex;
use clap::Args;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

/// The program's name.
pub const NAME: &str = "terraform-provider-berth";
/// This version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What a program needs to be started, and the mode of Terraform's own providers.
const EXECUTABLE: u32 = 0o755;

/// What to pack, and for whom.
#[derive(Args)]
pub struct Options {
    /// The built provider.
    #[arg(long, default_value = "target/release/terraform-provider-berth")]
    binary: PathBuf,
    /// The platform that it was built for, `OS_ARCH` in Go's words. Default: that of this machine.
    #[arg(long, default_value_t = platform())]
    platform: String,
    /// The folder to write to; what it holds of this version for other platforms stays among the checksums.
    #[arg(long, default_value = "dist")]
    output: PathBuf,
}

/// This machine's platform, in Go's words.
pub fn platform() -> String {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    format!("{os}_{architecture}")
}

/// The program's name as hosts look for it.
pub fn program_name(platform: &str) -> String {
    let suffix = if platform.starts_with("windows") { ".exe" } else { "" };
    format!("{NAME}_v{VERSION}{suffix}")
}

/// Writes the archive, the manifest and the checksums.
pub fn package(options: &Options) -> Result<()> {
    if options.platform.split('_').filter(|part| !part.is_empty()).count() != 2 {
        bail!("`{}` is no platform: give OS_ARCH, such as linux_amd64", options.platform);
    }
    fs::create_dir_all(&options.output).with_context(|| format!("cannot make {}", options.output.display()))?;
    let archive = options.output.join(format!("{NAME}_{VERSION}_{}.zip", options.platform));
    pack(&options.binary, &archive, &program_name(&options.platform))?;
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform-registry-manifest.json");
    fs::copy(manifest, options.output.join(format!("{NAME}_{VERSION}_manifest.json")))
        .context("cannot copy the manifest")?;
    let sums = checksums(&options.output)?;
    let list = options.output.join(format!("{NAME}_{VERSION}_SHA256SUMS"));
    fs::write(&list, &sums).with_context(|| format!("cannot write {}", list.display()))?;
    eprint!("{sums}");
    Ok(())
}

/// An archive that holds the program under the name that Terraform looks for.
fn pack(binary: &Path, archive: &Path, name: &str) -> Result<()> {
    let mut program = File::open(binary)
        .with_context(|| format!("cannot read {}: build it first (make build), or name another", binary.display()))?;
    let file = File::create(archive).with_context(|| format!("cannot write {}", archive.display()))?;
    let mut zip = ZipWriter::new(file);
    let entry =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(EXECUTABLE);
    zip.start_file(name, entry)?;
    io::copy(&mut program, &mut zip).with_context(|| format!("cannot pack {}", binary.display()))?;
    zip.finish()?;
    Ok(())
}

/// The checksums of this version's archives and manifest, in the form of `sha256sum`, by name.
fn checksums(folder: &Path) -> Result<String> {
    let entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    let mut names: Vec<String> = entries.iter().filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let ours = |name: &String| {
        let rest = name.strip_prefix(&format!("{NAME}_{VERSION}_")).unwrap_or_default();
        rest == "manifest.json" || Path::new(rest).extension().is_some_and(|extension| extension == "zip")
    };
    names.retain(ours);
    names.sort();
    let line = |name: String| {
        let content = fs::read(folder.join(&name)).with_context(|| format!("cannot read {name}"))?;
        Ok(format!("{}  {name}\n", sha256_hex(&content)))
    };
    names.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn packed(folder: &Path, platform: &str) -> Result<()> {
        let binary = folder.join("program");
        fs::write(&binary, "#!/bin/sh\nexit 0\n")?;
        package(&Options { binary, platform: platform.to_owned(), output: folder.join("dist") })
    }

    #[test]
    fn an_archive_holds_the_program_under_its_versioned_name_and_may_be_executed() {
        let folder = tempfile::tempdir().expect("a folder");
        packed(folder.path(), "linux_amd64").expect("packed");
        let archive = folder.path().join(format!("dist/{NAME}_{VERSION}_linux_amd64.zip"));
        let mut archive = zip::ZipArchive::new(File::open(archive).expect("an archive")).expect("readable");
        assert_eq!(archive.len(), 1);
        let mut entry = archive.by_index(0).expect("an entry");
        assert_eq!(entry.name(), format!("{NAME}_v{VERSION}"));
        assert_eq!(entry.unix_mode().map(|mode| mode & 0o777), Some(EXECUTABLE));
        let mut content = String::new();
        entry.read_to_string(&mut content).expect("text");
        assert_eq!(content, "#!/bin/sh\nexit 0\n");
    }

    #[test]
    fn the_checksums_cover_every_platform_and_the_manifest_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        packed(folder.path(), "linux_amd64").expect("packed");
        fs::write(folder.path().join("dist/notes.txt"), "mine").expect("written");
        packed(folder.path(), "windows_arm64").expect("packed");
        let dist = folder.path().join("dist");
        let sums = fs::read_to_string(dist.join(format!("{NAME}_{VERSION}_SHA256SUMS"))).expect("checksums");
        let names: Vec<_> = sums.lines().filter_map(|line| line.split_once("  ")).collect();
        assert_eq!(names.len(), 3, "{sums}");
        for (sum, name) in names {
            assert!(name.starts_with(&format!("{NAME}_{VERSION}_")), "{name}");
            assert_eq!(sum, sha256_hex(&fs::read(dist.join(name)).expect("a file")));
        }
    }

    #[test]
    fn the_same_program_gives_the_same_archive() {
        let sums = || {
            let folder = tempfile::tempdir().expect("a folder");
            packed(folder.path(), "linux_amd64").expect("packed");
            checksums(&folder.path().join("dist")).expect("checksums")
        };
        assert_eq!(sums(), sums());
    }

    #[test]
    fn a_missing_program_and_a_strange_platform_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let options = |binary: &str, platform: &str| Options {
            binary: folder.path().join(binary),
            platform: platform.to_owned(),
            output: folder.path().join("dist"),
        };
        let error = package(&options("absent", "linux_amd64")).expect_err("no program");
        assert!(format!("{error:#}").contains("make build"), "{error:#}");
        assert!(package(&options("absent", "linux")).is_err());
    }
}
