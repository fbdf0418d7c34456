//! What is attached to something, on a registry that keeps no list of it: the index under the tag `sha256-…` is kept here.

use crate::images::scene::{changing, image};
use crate::workspace::{Cli, Workspace};

use super::stage::{Stage, artifact};

/// A bill of materials.
fn report(stage: &Stage, name: &str, destination: &str, subject: &str, text: &str, rest: &str) -> String {
    let content = format!(
        "artifact_type = \"application/spdx+json\"\n  files = [{{ content = \"{text}\", media_type = \"application/spdx+json\", title = \"s.json\" }}]\n  \
         subject = {subject}\n  {rest}"
    );
    artifact(name, &stage.name(destination), &content)
}

fn digest_of(workspace: &Workspace, name: &str) -> String {
    workspace.attributes(&format!("berth_artifact.{name}"))["digest"].as_str().unwrap().to_owned()
}

#[test]
#[ignore = "needs the sandbox"]
fn a_report_is_attached_to_an_image_of_the_same_run_changed_healed_imported_and_detached() {
    for cli in Cli::all() {
        let stage = Stage::new();
        let (layout, pushed) = stage.layout("app", &["linux/amd64"], 500);
        let app = image("app", &format!("oci_layout = \"{}\"", layout.display()), &stage.name("team/app:1"), "");
        let rest = "delete_on_destroy = true";
        let with = |text: &str, rest: &str| {
            let report = report(&stage, "x", "team/app", "berth_image.app.reference", text, rest);
            stage.configured(&format!("{app}{report}"))
        };
        let workspace = stage.workspace(&cli, "");
        workspace.configure(&with("one", rest));
        assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new());
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let first = digest_of(&workspace, "x");
        assert_eq!(stage.attached("team/app:1"), std::slice::from_ref(&first));
        assert_eq!(workspace.attributes("berth_artifact.x")["subject_digest"], pushed);
        let index = format!("sha256-{}", pushed.strip_prefix("sha256:").unwrap());
        assert!(stage.tags("team/app").contains(&index));
        assert_eq!(
            stage.manifest(&format!("team/app:{index}"))["manifests"][0]["artifactType"],
            "application/spdx+json"
        );

        // Another tool attaches something too; a change of ours replaces what was attached before.
        stage.oras(&["attach", &stage.name("team/app:1"), "--artifact-type", "a/theirs", "--annotation", "by=them"]);
        let theirs: Vec<String> = stage.attached("team/app:1").into_iter().filter(|one| *one != first).collect();
        workspace.configure(&with("two", rest));
        let plan = workspace.plan().changes_something();
        assert_eq!(plan.changes(), [("berth_artifact.x".to_owned(), "replace".to_owned())]);
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let second = digest_of(&workspace, "x");
        let mut both = [theirs.clone(), vec![second.clone()]].concat();
        both.sort();
        assert_eq!(stage.attached("team/app:1"), both);
        assert_eq!(stage.digest(&format!("team/app@{first}")), None, "what was attached before is deleted");

        // Somebody removes the index: it is told, and set right.
        stage.removes("team/app", &index);
        let drifted = workspace.plan().changes_something();
        assert_eq!(drifted.changes(), [("berth_artifact.x".to_owned(), "update".to_owned())]);
        assert_eq!(changing_of(&workspace), ["attached"]);
        workspace.apply_plan().succeeds();
        assert_eq!(stage.attached("team/app:1"), std::slice::from_ref(&second));
        workspace.plan().changes_nothing();

        // It is imported by its digest.
        workspace.run(&["state", "rm", "berth_artifact.x"]).succeeds();
        workspace.import("berth_artifact.x", &stage.name(&format!("team/app@{second}"))).succeeds();
        workspace.plan().changes_something();
        assert_eq!(changing_of(&workspace), ["delete_on_destroy", "files"]);
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();

        stage.oras(&["attach", &stage.name("team/app:1"), "--artifact-type", "a/theirs", "--annotation", "by=them"]);
        workspace.destroy().succeeds();
        assert_eq!(stage.attached("team/app:1").len(), 1, "what others attach stays");
        assert_eq!(stage.digest(&format!("team/app@{second}")), None);
        assert_eq!(stage.digest("team/app:1"), Some(pushed), "the image stays");
    }
}

/// The attributes that a saved plan changes of the artifact.
fn changing_of(workspace: &Workspace) -> Vec<String> {
    let shown = workspace.run(&["show", "-json", "saved.plan"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    let all = shown["resource_changes"].as_array().unwrap();
    let artifact = all.iter().position(|it| it["type"] == "berth_artifact").unwrap();
    if artifact == 0 {
        return changing(workspace);
    }
    let change = &all[artifact]["change"];
    let after = change["after"].as_object().unwrap();
    let differing =
        after.iter().filter(|(name, value)| change["before"][name] != **value).map(|(name, _)| name.clone());
    differing.collect()
}

#[test]
#[ignore = "needs the sandbox"]
fn the_last_one_takes_the_index_along_and_a_tag_keeps_its_resource() {
    for cli in Cli::all() {
        let stage = Stage::new();
        let pushed = stage.others_image("team/app:1");
        let index = format!("sha256-{}", pushed.strip_prefix("sha256:").unwrap());
        let (by_digest, by_tag) = (format!("\"{pushed}\""), format!("\"{}\"", stage.name("team/app:1")));
        let both = |one: &str, two: &str| {
            let rest = "delete_on_destroy = true";
            let one = report(&stage, "one", "team/app:1-sbom", &by_digest, one, rest);
            stage.configured(&format!("{one}{}", report(&stage, "two", "team/app:1-scan", &by_tag, two, rest)))
        };
        let workspace = stage.workspace(&cli, "");
        workspace.configure(&both("a", "b"));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert_eq!(stage.attached("team/app:1").len(), 2, "two of one run meet in the index");

        // A change under a tag is an update, and takes off what was attached before.
        let before = digest_of(&workspace, "one");
        workspace.configure(&both("c", "b"));
        assert_eq!(workspace.plan().changes(), [("berth_artifact.one".to_owned(), "update".to_owned())]);
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let after = stage.attached("team/app:1");
        assert!(
            after.len() == 2 && !after.contains(&before) && after.contains(&digest_of(&workspace, "one")),
            "{after:?}"
        );
        assert_eq!(stage.digest("team/app:1-sbom"), Some(digest_of(&workspace, "one")));

        workspace.destroy().succeeds();
        assert_eq!(stage.tags("team/app"), ["1"], "{index} is gone with the last one");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_to_be_attached_to_must_be_there() {
    let stage = Stage::new();
    let pushed = stage.others_image("elsewhere:1");
    let configuration = report(&stage, "x", "team/app", &format!("\"{pushed}\""), "one", "");
    let workspace = stage.workspace(&Cli::terraform(), &configuration);
    let told = workspace.plan().changes_something().warnings().concat();
    assert!(told.contains("BERTH-OCI-014"), "{told}");
    let told = workspace.apply_plan().fails();
    assert!(told.contains("BERTH-OCI-017"), "{told}");
    assert_eq!(stage.others_image("team/app:1"), pushed);
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
}
