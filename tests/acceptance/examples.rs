//! The examples of the reference, as Terraform and OpenTofu judge them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{Cli, Workspace};

/// The configurations below a folder.
fn configurations(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> =
        paths.flat_map(|path| if path.is_dir() { configurations(&path) } else { vec![path] }).collect();
    // Terraform 1.11 has no import by identity.
    found.retain(|path| {
        path.extension().is_some_and(|extension| extension == "tf") && !path.ends_with("import-by-identity.tf")
    });
    found
}

#[test]
#[ignore = "needs terraform"]
fn every_example_is_valid_by_itself_and_formatted() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = ["provider", "resources", "data-sources", "ephemeral-resources", "functions"]
        .map(|kind| configurations(&examples.join(kind)));
    for cli in Cli::all() {
        for file in files.iter().flatten() {
            let text = fs::read_to_string(file).unwrap();
            // The workspace says itself where the provider comes from.
            let start = if text.starts_with("terraform {") { text.find("provider \"berth\"").unwrap() } else { 0 };
            let workspace = Workspace::on(&cli, &text[start..]);
            eprintln!("{}", file.display());
            workspace.validate().succeeds();
            workspace.run(&["fmt", "-check", "-diff"]).succeeds();
        }
    }
}
