//! Modules of users tested without remotes: `examples/mocks` under the pipeline.

use std::fs;
use std::path::Path;

use crate::workspace::{Cli, Workspace};

const TEST: &str = "pipeline.tftest.hcl";

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let files = fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    for file in files {
        fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// OpenTofu has no `source` for its mocks: they stand in the test itself, as the file says.
fn with_mocks_inside(folder: &Path) {
    let test = folder.join("pipeline").join(TEST);
    let mocks = fs::read_to_string(folder.join("mocks/berth.tfmock.hcl")).unwrap();
    let before = fs::read_to_string(&test).unwrap();
    let inside = before.replace("  source = \"../mocks\"\n", &mocks);
    assert_ne!(inside, before);
    fs::write(test, inside).unwrap();
}

#[test]
#[ignore = "needs terraform"]
fn the_pipeline_is_planned_and_applied_over_made_up_answers() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for cli in Cli::all() {
        let workspace = Workspace::on(&cli, "");
        for folder in ["pipeline", "mocks"] {
            copy(&examples.join(folder), &workspace.path(folder));
        }
        if cli.is_tofu() {
            with_mocks_inside(&workspace.path(""));
        } else {
            workspace.run(&["-chdir=mocks", "fmt", "-check", "-diff"]).succeeds();
            workspace.run(&["-chdir=pipeline", "fmt", "-check", "-diff"]).succeeds();
        }
        // Nothing may be connected to.
        let nowhere = workspace.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("KUBECONFIG", "/nonexistent");
        nowhere.run(&["-chdir=pipeline", "test", "-no-color"]).succeeds();
    }
}
