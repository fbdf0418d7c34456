//! Installs a built provider where `terraform init` and `tofu init` look without being told (the implied local mirror,
//! <https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories>), or into any folder
//! that a `filesystem_mirror` names: `HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/terraform-provider-TYPE_vVERSION`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::package::{NAME, VERSION, platform, program_name};

/// The hosts that a source without one stands for: Terraform's, and OpenTofu's.
const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// What to install, and where.
#[derive(Args)]
pub struct Options {
    /// The built provider.
    #[arg(long, default_value = "target/release/terraform-provider-berth")]
    binary: PathBuf,
    /// The mirror. Default: the folder in which Terraform and OpenTofu look by themselves.
    #[arg(long)]
    mirror: Option<PathBuf>,
}

/// Copies the program to its place for either host, and says where.
pub fn install(options: &Options) -> Result<()> {
    let mirror = options.mirror.clone().map_or_else(implied_mirror, Ok)?;
    for place in HOSTS.map(|host| place(&mirror, host)) {
        put(&options.binary, &place)?;
        eprintln!("installed {}", place.display());
    }
    Ok(())
}

fn place(mirror: &Path, host: &str) -> PathBuf {
    let platform = platform();
    let program = program_name(&platform);
    mirror.join(host).join("berth/berth").join(VERSION).join(platform).join(program)
}

/// A program that runs cannot be written over, so the new one takes its place by a new name.
fn put(binary: &Path, place: &Path) -> Result<()> {
    let folder = place.parent().unwrap_or(place);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let new = folder.join(format!(".{NAME}.new"));
    fs::copy(binary, &new)
        .with_context(|| format!("cannot read {}: build it first (make build), or name another", binary.display()))?;
    fs::rename(&new, place).with_context(|| format!("cannot write {}", place.display()))
}

fn implied_mirror() -> Result<PathBuf> {
    let (variable, folder) =
        if cfg!(windows) { ("APPDATA", "terraform.d/plugins") } else { ("HOME", ".terraform.d/plugins") };
    let home = std::env::var_os(variable).with_context(|| format!("{variable} is not set: name a `--mirror`"))?;
    Ok(Path::new(&home).join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_stands_where_either_host_looks_and_is_replaced_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let (binary, mirror) = (folder.path().join("program"), folder.path().join("mirror"));
        for content in ["one", "two"] {
            fs::write(&binary, content).expect("written");
            install(&Options { binary: binary.clone(), mirror: Some(mirror.clone()) }).expect("installed");
            for host in HOSTS {
                let place = mirror.join(format!("{host}/berth/berth/{VERSION}/{}", platform()));
                let names: Vec<_> = fs::read_dir(&place).expect("a folder").flatten().map(|e| e.file_name()).collect();
                assert_eq!(names, [&*program_name(&platform())]);
                assert_eq!(fs::read_to_string(place.join(&names[0])).expect("readable"), content);
            }
        }
    }

    #[test]
    fn a_missing_program_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let (binary, mirror) = (folder.path().join("absent"), Some(folder.path().to_owned()));
        let error = install(&Options { binary, mirror }).expect_err("no program");
        assert!(format!("{error:#}").contains("make build"), "{error:#}");
    }
}
