//! What `cargo xtask package` and `cargo xtask install` make, installed by the hosts.

use std::{fs, path::Path, process::Command};

use crate::workspace::{Cli, Workspace};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-berth");
const FUNCTION: &str = "output \"host\" {\n value = provider::berth::oidc_host(\"https://a.example\")\n}\n";

/// The helper that is built beside the provider.
fn xtask() -> Command {
    Command::new(Path::new(PROGRAM).with_file_name("xtask"))
}

#[test]
#[ignore = "needs terraform"]
fn what_is_installed_is_found_by_init_without_any_setting() {
    let home = tempfile::tempdir().unwrap();
    let mut installing = xtask();
    installing.args(["install", "--binary", PROGRAM]).env("HOME", home.path());
    let installed = installing.output().expect("xtask is built: cargo build --workspace --all-targets");
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&installed.stderr));
    for cli in Cli::all() {
        let workspace = Workspace::on(&cli, FUNCTION).env("HOME", home.path().to_str().unwrap());
        workspace.write("host.rc", "");
        workspace.run(&["init", "-input=false", "-no-color"]).succeeds();
        workspace.apply().succeeds();
        assert_eq!(workspace.state()["outputs"]["host"]["value"], "a.example");
    }
}

#[test]
#[ignore = "needs terraform"]
fn the_hosts_install_the_packed_provider_and_start_it() {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    let mut packing = xtask();
    packing.args(["package", "--binary", PROGRAM, "--output"]).arg(&dist);
    let packed = packing.output().expect("xtask is built: cargo build --workspace --all-targets");
    assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
    for cli in Cli::all() {
        let host = if cli.is_tofu() { "registry.opentofu.org" } else { "registry.terraform.io" };
        let mirror = folder.path().join("mirror").join(host).join("berth/berth");
        fs::create_dir_all(&mirror).unwrap();
        let archives = fs::read_dir(&dist).unwrap().map(|entry| entry.unwrap().path());
        for archive in archives.filter(|path| path.extension().is_some_and(|extension| extension == "zip")) {
            fs::copy(&archive, mirror.join(archive.file_name().unwrap())).unwrap();
        }
        let workspace = Workspace::on(&cli, FUNCTION);
        let place = folder.path().join("mirror");
        let settings =
            format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", place.display());
        workspace.write("host.rc", &settings);
        workspace.run(&["init", "-input=false", "-no-color"]).succeeds();
        workspace.apply().succeeds();
        assert_eq!(workspace.state()["outputs"]["host"]["value"], "a.example");
    }
}
