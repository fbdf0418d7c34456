//! Pushes over connections that break.

use crate::cutter::{Break, Cutter};
use crate::workspace::Cli;

use super::scene::{Scene, image};

#[test]
#[ignore = "needs the sandbox"]
fn an_upload_that_breaks_off_goes_on_where_it_was_and_no_blob_is_damaged() {
    let scene = Scene::new();
    let size = 48 * 1024 * 1024;
    let (layout, digest) = scene.layout("big", &["linux/amd64"], size);
    let mib = |count: u64| count * 1024 * 1024;
    let way =
        Cutter::before(&scene.registry.place, &[(mib(5), Break::Cut), (mib(21), Break::Cut), (mib(47), Break::Cut)]);
    let source = format!("oci_layout = \"{}\"", layout.display());
    let workspace = scene.workspace(&Cli::terraform(), "");
    let configuration = image("x", &source, &format!("{}/big:1", way.place), "");
    workspace.configure(&format!("{}{configuration}", scene.provider(&[&way.place])));
    workspace.apply().succeeds();
    assert_eq!((way.left(), scene.digest("big:1")), (0, Some(digest)));
    scene.pulls("big:1");
    let whole = u64::try_from(size).unwrap();
    assert!(way.sent() < whole + mib(16), "{} bytes were sent for {whole}: nothing was resumed", way.sent());
    workspace.plan().changes_nothing();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_damaged_file_is_refused_and_nothing_of_it_can_be_pulled() {
    let scene = Scene::new();
    let (layout, _) = scene.layout("damaged", &["linux/amd64"], 3_000_000);
    let blobs = std::fs::read_dir(layout.join("blobs/sha256")).unwrap().flatten();
    let layer = blobs.max_by_key(|blob| blob.metadata().unwrap().len()).unwrap().path();
    let mut content = std::fs::read(&layer).unwrap();
    content[2_999_999] ^= 1;
    std::fs::write(&layer, content).unwrap();
    let source = format!("oci_layout = \"{}\"", layout.display());
    let workspace = scene.workspace(&Cli::terraform(), &image("x", &source, &scene.name("a:1"), ""));
    let told = workspace.apply().fails();
    assert!(told.contains("does not fit its digest") && told.contains("BERTH-OCI-007"), "{told}");
    assert_eq!(scene.digest("a:1"), None);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_file_that_changes_between_plan_and_apply_is_not_pushed() {
    let scene = Scene::new();
    let (layout, _) = scene.layout("one", &["linux/amd64"], 5000);
    let source = format!("oci_layout = \"{}\"", layout.display());
    let workspace = scene.workspace(&Cli::terraform(), &image("x", &source, &scene.name("a:1"), ""));
    workspace.plan().changes_something();
    let (other, _) = scene.layout("other", &["linux/amd64"], 6000);
    std::fs::copy(other.join("index.json"), layout.join("index.json")).unwrap();
    for blob in std::fs::read_dir(other.join("blobs/sha256")).unwrap().flatten() {
        std::fs::copy(blob.path(), layout.join("blobs/sha256").join(blob.file_name())).unwrap();
    }
    workspace.apply_plan().fails();
    assert_eq!(scene.digest("a:1"), None);
    workspace.plan().changes_something();
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
}
