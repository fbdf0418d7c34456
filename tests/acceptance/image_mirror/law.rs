//! What befalls a mirror: another address, a taint, a replacement, a second state, an interrupt.

use crate::cutter::{Break, Cutter};
use crate::workspace::{Cli, End};

use super::{MIRROR, Two, declared};

#[test]
#[ignore = "needs the sandbox"]
fn the_tags_of_a_mirror_have_one_owner_and_survive_renames_and_replacements() {
    let two = Two::new();
    let (app, tool) = (two.puts("app:1", "app"), two.puts("tool:2", "tool"));
    let stands = || (two.mirrored("app:1"), two.mirrored("tool:2")) == (Some(app.clone()), Some(tool.clone()));
    let rest = "delete_on_destroy = true";
    let both = two.mirror(&["app:1", "tool:2"], rest);
    let workspace = two.workspace(&Cli::terraform(), &both);
    workspace.apply().succeeds();

    workspace.configure(&two.configured(&both.replace("\"x\"", "\"y\"")));
    workspace.apply().succeeds();
    assert!(stands(), "renamed");
    workspace.plan().changes_nothing();
    workspace.run(&["taint", "berth_image_mirror.y"]).succeeds();
    workspace.apply().succeeds();
    assert!(stands(), "tainted");
    let first = format!("{rest}\n  lifecycle {{\n    create_before_destroy = true\n  }}");
    workspace.configure(&two.configured(&two.mirror(&["app:1", "tool:2"], &first).replace("\"x\"", "\"y\"")));
    workspace.run(&["apply", "-auto-approve", "-replace=berth_image_mirror.y"]).succeeds();
    assert!(stands(), "replaced");
    workspace.plan().changes_nothing();

    // A second state with the same images has them too; what the first one destroys is gone, and put back.
    let second = two.workspace(&Cli::terraform(), &both);
    second.apply().succeeds();
    workspace.destroy().succeeds();
    second.plan().changes_something();
    second.apply_plan().succeeds();
    assert!(stands());
    second.destroy().succeeds();
    assert_eq!((two.mirrored("app:1"), two.mirrored("tool:2")), (None, None));
}

#[test]
#[ignore = "needs the sandbox"]
fn what_a_tag_of_the_mirror_stands_for_already_is_told_and_left() {
    let two = Two::new();
    let app = two.puts("app:1", "app");
    let (other, _) = two.to.layout("other", &["linux/amd64"], 5000);
    two.to.pushes(&other, &two.called("app:1"));
    let digest = two.mirrored("app:1").unwrap();
    let workspace = two.workspace(&Cli::terraform(), &two.mirror(&["app:1"], ""));
    assert!(workspace.plan().changes_something().warnings().concat().contains("BERTH-OCI-008"));
    assert!(workspace.apply_plan().fails().contains("BERTH-OCI-008"));
    assert_eq!(two.mirrored("app:1"), Some(digest));
    workspace.configure(&two.configured(&two.mirror(&["app:1"], "overwrite = true")));
    workspace.apply().succeeds();
    assert_eq!(two.mirrored("app:1"), Some(app));
}

#[test]
#[ignore = "needs the sandbox"]
fn an_image_is_the_same_by_another_spelling_of_its_name() {
    let two = Two::new();
    two.puts("app:latest", "app");
    let workspace = two.workspace(&Cli::terraform(), &two.mirror(&["app:latest"], ""));
    workspace.apply().succeeds();
    let newer = two.puts("app:latest", "newer");
    workspace.configure(&two.configured(&two.mirror(&["app:latest", "app"], "")));
    workspace.plan().changes_something();
    // What moves after the plan waits for the next one, whatever the image is called.
    let newest = two.puts("app:latest", "newest");
    workspace.apply_plan().succeeds();
    assert_eq!(two.mirrored("app:latest"), Some(newer));
    workspace.configure(&two.configured(&two.mirror(&["app"], "delete_on_destroy = true")));
    workspace.apply().succeeds();
    workspace.apply().succeeds();
    assert_eq!(two.mirrored("app"), Some(newest), "its tag is that of the name that left");
    workspace.plan().changes_nothing();
}

#[test]
#[ignore = "needs the sandbox"]
fn two_mirrors_of_a_configuration_do_not_push_to_one_tag() {
    let two = Two::new();
    let (app, tool) = (two.puts("app:1", "app"), two.puts("tool:2", "tool"));
    let one = two.mirror(&["app:1", "tool:2"], "");
    let workspace =
        two.workspace(&Cli::terraform(), &(one.clone() + &two.mirror(&["app:1"], "").replace("\"x\"", "\"y\"")));
    assert!(workspace.plan().changes_something().warnings().concat().contains("BERTH-OCI-009"));
    assert!(workspace.apply_plan().fails().contains("BERTH-OCI-009"));
    workspace.configure(&two.configured(&one));
    workspace.apply().succeeds();
    assert_eq!((two.mirrored("app:1"), two.mirrored("tool:2")), (Some(app), Some(tool)));
    workspace.plan().changes_nothing();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_copy_that_is_interrupted_or_killed_is_completed_by_the_next_apply() {
    for (ending, end) in [("interrupt", End::Interrupt), ("provider", End::KillProvider), ("all", End::KillAll)] {
        let two = Two::new();
        let small = two.puts("small:1", "small");
        let large = two.puts_whole("large:1", &["linux/amd64"], 8 * 1024 * 1024);
        let way = Cutter::before(&two.to.registry.place, &[(3_000_000, Break::Hold)]);
        let images = ["small:1", "large:1"].map(|name| format!("\"{}\"", two.from.name(name))).join(", ");
        let mirror = declared("x", &format!("{}/m", way.place), &format!("images = [{images}]"));
        let provider = two.provider().replace(&two.to.registry.place, &way.place);
        let workspace = two.workspace(&Cli::terraform(), "");
        workspace.configure(&format!("{provider}{mirror}"));
        let run = workspace.start_apply();
        run.wait_until(|| way.is_holding(), "a copy in its middle");
        let told = run.end_by(end);
        assert!(end != End::Interrupt || told.contains("BERTH-OCI-010"), "{told}");
        way.let_go();
        workspace.run(&["force-unlock", "-force", "none"]);
        workspace.apply().succeeds();
        assert_eq!((two.mirrored("small:1"), two.mirrored("large:1")), (Some(small), Some(large)), "{ending}");
        workspace.plan().changes_nothing();
        assert!(workspace.instance(MIRROR).is_some());
    }
}
