//! What befalls a pushed image: another address, a second state, a taint, an interrupt, a killed run.

use crate::cutter::{Break, Cutter};
use crate::workspace::{Cli, End};

use super::scene::{Scene, image};

#[test]
#[ignore = "needs the sandbox"]
fn a_tag_has_one_owner_and_survives_renames_and_replacements() {
    let scene = Scene::new();
    let (one, digest) = scene.layout("one", &["linux/amd64"], 9000);
    let (two, other) = scene.layout("two", &["linux/amd64"], 9000);
    let source = |folder: &std::path::Path| format!("oci_layout = \"{}\"", folder.display());
    let (to, terraform) = (scene.name("a:1"), Cli::terraform());
    let rest = "delete_on_destroy = true";
    let workspace = scene.workspace(&terraform, &image("x", &source(&one), &to, rest));
    workspace.apply().succeeds();

    // Renamed without a `moved` block, tainted, replaced either way: the tag is there in the end.
    workspace.configure(&scene.configured(&image("y", &source(&one), &to, rest)));
    workspace.apply().succeeds();
    assert_eq!(scene.digest("a:1"), Some(digest.clone()), "renamed");
    workspace.plan().changes_nothing();
    workspace.run(&["taint", "berth_image.y"]).succeeds();
    workspace.apply().succeeds();
    assert_eq!(scene.digest("a:1"), Some(digest.clone()), "tainted");
    let first = format!("{rest}\n  lifecycle {{\n    create_before_destroy = true\n  }}");
    workspace.configure(&scene.configured(&image("y", &source(&one), &to, &first)));
    workspace.run(&["apply", "-auto-approve", "-replace=berth_image.y"]).succeeds();
    assert_eq!(scene.digest("a:1"), Some(digest.clone()), "replaced");
    workspace.plan().changes_nothing();

    // A second state, with other content, is refused; with leave, it takes the tag.
    let second = scene.workspace(&terraform, &image("z", &source(&two), &to, rest));
    let plan = second.plan().changes_something();
    assert!(plan.warnings().concat().contains("BERTH-OCI-008"), "{:?}", plan.warnings());
    assert!(second.apply_plan().fails().contains("BERTH-OCI-008"));
    assert_eq!(scene.digest("a:1"), Some(digest));
    second.configure(&scene.configured(&image(
        "z",
        &source(&two),
        &to,
        "overwrite = true\n  delete_on_destroy = true",
    )));
    second.apply().succeeds();
    assert_eq!(scene.digest("a:1"), Some(other.clone()));
    // What the first state destroys now is not its own any more.
    let destroyed = workspace.run(&["destroy", "-json", "-auto-approve", "-refresh=false"]).succeeds();
    assert!(destroyed.warnings().concat().contains("BERTH-OCI-012"), "{destroyed}");
    assert_eq!(scene.digest("a:1"), Some(other));
    second.destroy().succeeds();
    assert_eq!(scene.digest("a:1"), None);
}

#[test]
#[ignore = "needs the sandbox"]
fn two_resources_of_a_configuration_do_not_push_to_one_tag() {
    let scene = Scene::new();
    let (one, _) = scene.layout("one", &["linux/amd64"], 9000);
    let source = format!("oci_layout = \"{}\"", one.display());
    let configuration = [image("x", &source, &scene.name("a"), ""), image("y", &source, &scene.name("a:latest"), "")];
    let workspace = scene.workspace(&Cli::terraform(), &configuration.concat());
    assert!(workspace.plan().changes_something().warnings().concat().contains("BERTH-OCI-009"));
    assert!(workspace.apply_plan().fails().contains("BERTH-OCI-009"));
    let has = |name: &str| workspace.instance(&format!("berth_image.{name}")).is_some();
    assert_ne!(has("x"), has("y"), "one of them has it");
}

#[test]
#[ignore = "needs the sandbox"]
fn a_push_that_is_interrupted_or_killed_is_completed_by_the_next_apply() {
    let scene = Scene::new();
    let (layout, digest) = scene.layout("one", &["linux/amd64", "linux/arm64"], 8 * 1024 * 1024);
    for (ending, end) in [("interrupt", End::Interrupt), ("provider", End::KillProvider), ("all", End::KillAll)] {
        let way = Cutter::before(&scene.registry.place, &[(3_000_000, Break::Hold)]);
        let to = format!("{}/{ending}/app:1", way.place);
        let provider = scene.provider(&[&way.place]);
        let source = format!("oci_layout = \"{}\"", layout.display());
        let workspace = scene.workspace(&Cli::terraform(), "");
        workspace.configure(&format!("{provider}{}", image("x", &source, &to, "")));
        let run = workspace.start_apply();
        run.wait_until(|| way.is_holding(), "a push in its middle");
        let told = run.end_by(end);
        assert!(end != End::Interrupt || told.contains("BERTH-OCI-010"), "{told}");
        way.let_go();
        assert_eq!(scene.digest(&format!("{ending}/app:1")), None);
        workspace.run(&["force-unlock", "-force", "none"]);
        workspace.apply().succeeds();
        assert_eq!(scene.digest(&format!("{ending}/app:1")), Some(digest.clone()), "{ending}");
        scene.pulls(&format!("{ending}/app:1"));
        workspace.plan().changes_nothing();
    }
}
