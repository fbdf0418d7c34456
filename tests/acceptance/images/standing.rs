//! Tags that several resources have, and images of which only the tag stands.

use crate::workspace::Cli;

use super::scene::{Scene, image};

#[test]
#[ignore = "needs the sandbox"]
fn a_tag_that_two_resources_have_stays_when_one_of_them_goes() {
    for cli in Cli::all() {
        let scene = Scene::new();
        let (layout, digest) = scene.layout("layout", &["linux/amd64"], 500);
        let (source, to) = (format!("oci_layout = \"{}\"", layout.display()), scene.name("team/app:1"));
        let one = image("one", &source, &to, "");
        let both = format!("{one}{}", image("other", &source, &to, "delete_on_destroy = true"));
        let workspace = scene.workspace(&cli, &one);
        workspace.apply().succeeds();
        workspace.configure(&scene.configured(&both));
        let told = workspace.plan().changes_something().warnings().concat();
        assert!(told.contains("BERTH-OCI-009"), "{told}");
        workspace.apply_plan().succeeds();
        // Whichever of the two is refreshed first, the tag is there in the end.
        workspace.configure(&scene.configured(&one));
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        assert_eq!(scene.digest("team/app:1"), Some(digest));
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_replacement_with_another_file_takes_over_its_own_tag() {
    for cli in Cli::all() {
        let scene = Scene::new();
        let to = scene.name("team/app:latest");
        let configuration = |revision: &str| {
            let (layout, digest) = scene.layout(revision, &["linux/amd64"], 500);
            let build = format!("resource \"terraform_data\" \"build\" {{\n  input = \"{revision}\"\n}}\n");
            let rest = "lifecycle {\n    replace_triggered_by = [terraform_data.build]\n  }";
            let source = format!("oci_layout = \"{}\"", layout.display());
            (scene.configured(&format!("{build}{}", image("x", &source, &to, rest))), digest)
        };
        let (first, _) = configuration("one");
        let (second, digest) = configuration("two");
        let workspace = scene.workspace(&cli, "");
        workspace.configure(&first);
        workspace.apply().succeeds();
        workspace.configure(&second);
        assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new());
        workspace.apply_plan().succeeds();
        assert_eq!(scene.digest("team/app:latest"), Some(digest));
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn parts_that_somebody_takes_away_come_back_with_a_replacement() {
    let scene = Scene::new();
    let (layout, _) = scene.layout("layout", &["linux/amd64", "linux/arm64"], 500);
    let index = std::fs::read_to_string(layout.join("index.json")).unwrap();
    let index: serde_json::Value = serde_json::from_str(&index).unwrap();
    let root = index["manifests"][0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned();
    let root = std::fs::read_to_string(layout.join("blobs/sha256").join(root)).unwrap();
    let root: serde_json::Value = serde_json::from_str(&root).unwrap();
    let child = root["manifests"][1]["digest"].as_str().unwrap();
    let source = format!("oci_layout = \"{}\"", layout.display());
    let configuration = |tag: &str| image("x", &source, &scene.name(&format!("team/app:{tag}")), "");
    let workspace = scene.workspace(&Cli::terraform(), &configuration("1"));
    workspace.apply().succeeds();
    scene.removes("team/app", child);
    workspace.run(&["apply", "-auto-approve", "-replace=berth_image.x"]).succeeds();
    scene.pulls("team/app:1");
    scene.removes("team/app", child);
    workspace.configure(&scene.configured(&configuration("2")));
    workspace.apply().succeeds();
    scene.pulls("team/app:2");
}
