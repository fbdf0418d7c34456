//! What `cargo xtask package` makes, installed by the hosts as from a registry's mirror.

use std::{fs, path::Path, process::Command};

use crate::workspace::{Cli, Workspace};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-berth");

#[test]
#[ignore = "needs terraform"]
fn the_hosts_install_the_packed_provider_and_start_it() {
    let folder = tempfile::tempdir().unwrap();
    let dist = folder.path().join("dist");
    let xtask = Path::new(PROGRAM).with_file_name("xtask");
    let mut packing = Command::new(&xtask);
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
        let workspace =
            Workspace::on(&cli, "output \"host\" {\n value = provider::berth::oidc_host(\"https://a.example\")\n}\n");
        let place = folder.path().join("mirror");
        let settings =
            format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", place.display());
        workspace.write("host.rc", &settings);
        workspace.run(&["init", "-input=false", "-no-color"]).succeeds();
        workspace.apply().succeeds();
        assert_eq!(workspace.state()["outputs"]["host"]["value"], "a.example");
    }
}
