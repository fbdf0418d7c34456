//! What befalls artifacts: another address, a second state, a taint, a replacement, a killed run.

use crate::cutter::{Break, Cutter};
use crate::workspace::{Cli, End};

use super::stage::{Stage, artifact};

const TEXT: &str = "artifact_type = \"a/b\"\n  files = [{ content = \"TEXT\", media_type = \"text/plain\" }]\n  delete_on_destroy = true";

fn text(word: &str) -> String {
    TEXT.replace("TEXT", word)
}

#[test]
#[ignore = "needs the sandbox"]
fn a_tag_of_an_artifact_has_one_owner_and_survives_renames_and_replacements() {
    for cli in Cli::all() {
        let stage = Stage::new();
        let to = stage.name("a:1");
        let workspace = stage.workspace(&cli, &artifact("x", &to, &text("one")));
        workspace.apply().succeeds();
        let digest = stage.digest("a:1");

        // Renamed without a `moved` block and with one, tainted, replaced either way: the tag is there in the end.
        workspace.configure(&stage.configured(&artifact("y", &to, &text("one"))));
        workspace.apply().succeeds();
        assert_eq!(stage.digest("a:1"), digest, "renamed");
        workspace.plan().changes_nothing();
        let moved = "moved {\n  from = berth_artifact.y\n  to = berth_artifact.z\n}\n";
        workspace.configure(&stage.configured(&format!("{moved}{}", artifact("z", &to, &text("one")))));
        workspace.apply().succeeds();
        assert_eq!(stage.digest("a:1"), digest, "moved");
        workspace.plan().changes_nothing();
        workspace.run(&["taint", "berth_artifact.z"]).succeeds();
        workspace.apply().succeeds();
        assert_eq!(stage.digest("a:1"), digest, "tainted");
        let first = format!("{}\n  lifecycle {{\n    create_before_destroy = true\n  }}", text("one"));
        workspace.configure(&stage.configured(&artifact("z", &to, &first)));
        workspace.run(&["apply", "-auto-approve", "-replace=berth_artifact.z"]).succeeds();
        assert_eq!(stage.digest("a:1"), digest, "replaced");
        workspace.plan().changes_nothing();

        // A second state, with other content, is refused; with `overwrite`, it takes the tag.
        let second = stage.workspace(&cli, &artifact("x", &to, &text("two")));
        assert!(second.plan().changes_something().warnings().concat().contains("BERTH-OCI-008"));
        assert!(second.apply_plan().fails().contains("BERTH-OCI-008"));
        assert_eq!(stage.digest("a:1"), digest);
        second.configure(&stage.configured(&artifact("x", &to, &format!("{}\n  overwrite = true", text("two")))));
        second.apply().succeeds();
        let destroyed = workspace.run(&["destroy", "-json", "-auto-approve", "-refresh=false"]).succeeds();
        assert!(destroyed.warnings().concat().contains("BERTH-OCI-012"), "{destroyed}");
        assert!(stage.digest("a:1").is_some());
        second.destroy().succeeds();
        assert_eq!(stage.digest("a:1"), None);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn two_artifacts_of_a_configuration_do_not_push_to_one_tag_and_one_stays_when_the_other_goes() {
    for cli in Cli::all() {
        let stage = Stage::new();
        let to = stage.name("a:1");
        let one = artifact("one", &to, &text("same"));
        let both = format!("{one}{}", artifact("other", &to, &text("same")));
        let fresh = stage.workspace(&cli, &both);
        assert!(fresh.plan().changes_something().warnings().concat().contains("BERTH-OCI-009"));
        assert!(fresh.apply_plan().fails().contains("BERTH-OCI-009"));
        fresh.destroy().succeeds();

        let workspace = stage.workspace(&cli, &one);
        workspace.apply().succeeds();
        workspace.configure(&stage.configured(&both));
        assert!(workspace.plan().changes_something().warnings().concat().contains("BERTH-OCI-009"));
        workspace.apply_plan().succeeds();
        workspace.configure(&stage.configured(&one));
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        assert!(stage.digest("a:1").is_some());
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_is_attached_survives_renames_and_replacements_and_twins() {
    for cli in Cli::all() {
        let stage = Stage::new();
        let pushed = stage.others_image("a:1");
        let attached = |name: &str, place: &str, rest: &str| {
            artifact(name, &stage.name(place), &format!("{}\n  subject = \"{pushed}\"\n  {rest}", text("one")))
        };
        let workspace = stage.workspace(&cli, &attached("x", "a", ""));
        workspace.apply().succeeds();
        let there = stage.attached("a:1");
        assert_eq!(there.len(), 1);
        let is_there = |why: &str| {
            assert_eq!(stage.attached("a:1"), there, "{why}");
            assert!(stage.digest(&format!("a@{}", there[0])).is_some(), "{why}");
        };

        workspace.configure(&stage.configured(&attached("y", "a", "")));
        workspace.apply().succeeds();
        is_there("renamed");
        workspace.plan().changes_nothing();
        workspace.run(&["taint", "berth_artifact.y"]).succeeds();
        workspace.apply().succeeds();
        is_there("tainted");
        let first = attached("y", "a", "lifecycle {\n    create_before_destroy = true\n  }");
        workspace.configure(&stage.configured(&first));
        workspace.run(&["apply", "-auto-approve", "-replace=berth_artifact.y"]).succeeds();
        is_there("replaced");
        workspace.plan().changes_nothing();

        // The same content under a tag as well: one goes, and what the other has attached stays.
        let twin = attached("twin", "a:sbom", "");
        workspace.configure(&stage.configured(&format!("{first}{twin}")));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        workspace.configure(&stage.configured(&twin));
        workspace.apply().succeeds();
        is_there("the twin has it");
        assert!(stage.digest("a:sbom").is_some());
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert_eq!(stage.tags("a"), ["1"]);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_push_that_ends_half_way_is_completed_and_attached_by_the_next_apply() {
    let stage = Stage::new();
    let content: Vec<u8> =
        (0..8 * 1024 * 1024_u32).map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap()).collect();
    std::fs::write(stage.path("large"), content).unwrap();
    for (ending, end) in [("interrupt", End::Interrupt), ("provider", End::KillProvider), ("all", End::KillAll)] {
        let pushed = stage.others_image(&format!("{ending}/a:1"));
        let way = Cutter::before(&stage.registry.place, &[(3_000_000, Break::Hold)]);
        let rest = format!(
            "artifact_type = \"a/b\"\n  subject = \"{pushed}\"\n  files = [{{ path = \"{}\", media_type = \"application/octet-stream\" }}]",
            stage.path("large").display()
        );
        let workspace = stage.workspace(&Cli::terraform(), "");
        let to = format!("{}/{ending}/a", way.place);
        workspace.configure(&format!("{}{}", stage.provider(&[&way.place]), artifact("x", &to, &rest)));
        let run = workspace.start_apply();
        run.wait_until(|| way.is_holding(), "a push in its middle");
        let told = run.end_by(end);
        assert!(end != End::Interrupt || told.contains("BERTH-OCI-010"), "{told}");
        way.let_go();
        workspace.run(&["force-unlock", "-force", "none"]);
        workspace.apply().succeeds();
        assert_eq!(stage.attached(&format!("{ending}/a:1")).len(), 1, "{ending}");
        workspace.plan().changes_nothing();
    }
}
