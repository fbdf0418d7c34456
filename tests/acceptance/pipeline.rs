//! The main example, `examples/pipeline`: one apply from nothing to a Pod that runs an image of the private registry.
//!
//! The same scripts as `make demo` run, with this build of the provider; what they assert, they ask of the real parts.

use std::path::Path;
use std::process::Command;

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-berth");

/// Runs a step of the demo with all of Terraform's log, in which no secret may stand either.
#[track_caller]
fn demo(step: &str, terraform: &Path, folder: &Path) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/pipeline/demo");
    let output = Command::new(script)
        .arg(step)
        .env("TERRAFORM", terraform)
        .env("BERTH_DEMO_DIR", folder)
        .env("BERTH_PROVIDER_DIR", Path::new(PROGRAM).parent().unwrap())
        .env("TF_LOG", "TRACE")
        .env("TF_LOG_PATH", folder.join("trace.log"))
        .output()
        .unwrap();
    let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "demo {step} ended with {}\n{told}\n{complained}", output.status);
}

fn there_and_gone(terraform: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("demo");
    std::fs::create_dir(&work).unwrap();
    demo("inside-up", terraform, &work);
    demo("inside-down", terraform, &work);
}

/// One test for both programs: they use the same names in the same cluster, so one follows the other.
#[test]
#[ignore = "needs the sandbox"]
fn a_pod_runs_an_image_of_the_registry_that_the_same_apply_made() {
    there_and_gone(Path::new("terraform"));
    if let Some(tofu) = std::env::var_os("TOFU") {
        there_and_gone(Path::new(&tofu));
    }
}
