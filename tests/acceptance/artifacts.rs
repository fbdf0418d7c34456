//! `berth_artifact` on a real registry, looked at by ORAS and used by OpenTofu.

mod attached;
mod law;
mod noting;
mod opentofu;
mod stage;

use crate::images::scene::changing;
use crate::workspace::Cli;
use stage::{Stage, artifact};

#[test]
#[ignore = "needs the sandbox"]
fn files_are_pushed_planned_empty_healed_imported_and_destroyed() {
    for cli in Cli::all() {
        let stage = Stage::new();
        std::fs::write(stage.path("policy.rego"), "package a\n").unwrap();
        let files = format!(
            "artifact_type = \"application/vnd.example.policy\"\n  files = [\n    {{ path = \"{}\", media_type = \"text/plain\" }},\n    \
             {{ content = jsonencode({{ a = 1 }}), media_type = \"application/json\", title = \"a.json\", annotations = {{ team = \"yard\" }} }},\n  ]\n  \
             annotations = {{ \"org.opencontainers.image.source\" = \"https://example.com/a\" }}\n  \
             config = {{ media_type = \"application/vnd.example.config+json\", content = \"{{\\\"b\\\":2}}\" }}",
            stage.path("policy.rego").display()
        );
        let to = stage.name("policies/a:1");
        let workspace = stage.workspace(&cli, &artifact("x", &to, &files));
        workspace.plan().changes_something();
        let planned = workspace.planned("digest");
        workspace.apply_plan().succeeds();
        let digest = stage.digest("policies/a:1").unwrap();
        let attributes = workspace.attributes("berth_artifact.x");
        assert_eq!((planned.as_str(), attributes["digest"].as_str()), (Some(&*digest), Some(&*digest)));
        assert_eq!(attributes["reference"], stage.name(&format!("policies/a@{digest}")));
        workspace.plan().changes_nothing();

        let manifest = stage.manifest("policies/a:1");
        assert_eq!(manifest["artifactType"], "application/vnd.example.policy");
        assert_eq!(manifest["config"]["mediaType"], "application/vnd.example.config+json");
        assert_eq!(manifest["layers"][1]["annotations"]["team"], "yard");
        let pulled = stage.pull("policies/a:1");
        assert_eq!(std::fs::read_to_string(pulled.join("policy.rego")).unwrap(), "package a\n");
        assert_eq!(std::fs::read_to_string(pulled.join("a.json")).unwrap(), "{\"a\":1}");

        // Somebody moves the tag, and somebody takes it off.
        stage.oras(&["push", &to, "policy.rego:text/plain", "--artifact-type", "a/other"]);
        assert_eq!(workspace.plan().changes(), [("berth_artifact.x".to_owned(), "update".to_owned())]);
        workspace.apply_plan().succeeds();
        assert_eq!(stage.digest("policies/a:1").unwrap(), digest);
        stage.removes("policies/a", "1");
        assert_eq!(workspace.plan().changes(), [("berth_artifact.x".to_owned(), "create".to_owned())]);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();

        workspace.run(&["state", "rm", "berth_artifact.x"]).succeeds();
        workspace.import("berth_artifact.x", &to).succeeds();
        workspace.plan().changes_something();
        assert_eq!(changing(&workspace), ["config", "files"], "the rest is read at the import");
        workspace.apply_plan().succeeds();
        assert_eq!(stage.digest("policies/a:1").unwrap(), digest);
        workspace.plan().changes_nothing();

        workspace.destroy().succeeds();
        assert_eq!(stage.digest("policies/a:1").unwrap(), digest, "others may pull it");
        workspace.configure(&stage.configured(&artifact("x", &to, &format!("{files}\n  delete_on_destroy = true"))));
        workspace.apply().succeeds();
        workspace.destroy().succeeds();
        assert_eq!(stage.digest("policies/a:1"), None);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn what_oras_pushed_is_imported_and_not_pushed_anew() {
    let stage = Stage::new();
    let file = stage.path("report.json");
    std::fs::write(&file, "{}").unwrap();
    let to = stage.name("reports:1");
    let created = "org.opencontainers.image.created=2026-01-02T03:04:05Z";
    let push = [
        "push",
        &to,
        "report.json:application/json",
        "--artifact-type",
        "application/vnd.example.report",
        "--annotation",
        created,
    ];
    stage.oras(&push);
    let digest = stage.digest("reports:1");
    let rest = format!(
        "artifact_type = \"application/vnd.example.report\"\n  files = [{{ path = \"{}\", media_type = \"application/json\" }}]\n  \
         annotations = {{ \"org.opencontainers.image.created\" = \"2026-01-02T03:04:05Z\" }}",
        file.display()
    );
    let import = format!("import {{\n  to = berth_artifact.x\n  id = \"{to}\"\n}}\n");
    let workspace = stage.workspace(&Cli::terraform(), &format!("{}{import}", artifact("x", &to, &rest)));
    workspace.apply().succeeds();
    assert_eq!(stage.digest("reports:1"), digest);
    assert_eq!(workspace.attributes("berth_artifact.x")["digest"].as_str(), digest.as_deref());
    workspace.plan().changes_nothing();
}

#[test]
#[ignore = "needs the sandbox"]
fn files_that_the_same_run_makes_are_pushed_once_they_are_there() {
    for cli in Cli::all() {
        let stage = Stage::new();
        let configuration = |text: &str| {
            let file = stage.path("made.txt").display().to_string();
            let made = format!(
                "resource \"terraform_data\" \"made\" {{\n  triggers_replace = [\"{text}\"]\n  provisioner \"local-exec\" {{\n    command = \
                 \"echo {text} > {file}\"\n  }}\n}}\n"
            );
            let rest = format!(
                "artifact_type = \"a/b\"\n  files = [{{ path = \"{file}\", media_type = \"text/plain\" }}]\n  triggers = {{ made = \
                 terraform_data.made.id }}"
            );
            stage.configured(&format!("{made}{}", artifact("x", &stage.name("made:1"), &rest)))
        };
        let workspace = stage.workspace(&cli, "");
        workspace.configure(&configuration("one"));
        workspace.apply().succeeds();
        let first = stage.digest("made:1").unwrap();
        workspace.plan().changes_nothing();
        workspace.configure(&configuration("two"));
        workspace.apply().succeeds();
        assert_ne!(stage.digest("made:1").unwrap(), first);
        workspace.plan().changes_nothing();

        // On a machine without the file, another setting changes nothing of it.
        std::fs::remove_file(stage.path("made.txt")).unwrap();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_artifacts_are_told_where_they_are() {
    let stage = Stage::new();
    std::fs::create_dir(stage.path("folder")).unwrap();
    std::fs::write(stage.path("folder/a.tf"), "").unwrap();
    let (folder, file) = (stage.path("folder").display().to_string(), stage.path("folder/a.tf").display().to_string());
    let one = |part: &str| format!("artifact_type = \"a/b\"\n  files = [{{ {part} }}]");
    let module = "artifact_type = \"application/vnd.opentofu.modulepkg\"";
    let provider = |rest: &str| {
        let platforms = format!(
            "platforms = {{ \"linux/amd64\" = {{ {rest}files = [{{ path = \"{file}\", media_type = \"archive/zip\" }}] }} }}"
        );
        format!("artifact_type = \"application/vnd.opentofu.provider\"\n  {platforms}")
    };
    let target = "artifact_type = \"application/vnd.opentofu.provider-target\", ";
    let cases = [
        ("a:1", one("media_type = \"text/plain\""), "set path or content"),
        ("a:1", one(&format!("path = \"{file}\", content = \"x\", media_type = \"text/plain\"")), "not both"),
        ("a:1", one(&format!("path = \"{folder}\", media_type = \"text/plain\"")), "BERTH-OCI-018"),
        ("a:1", one(&format!("path = \"{file}\", media_type = \"archive/zip\"")), "no zip archive"),
        (
            "a:1",
            one(&format!("path = \"{folder}\", media_type = \"archive/zip\", exclude = [\"**/x\"]")),
            "is no pattern",
        ),
        ("a:1", one(&format!("path = \"{file}\", media_type = \"text\"")), "must be a media type"),
        ("a:1", "files = []".to_owned(), "set artifact_type"),
        ("a", one("content = \"x\", media_type = \"text/plain\""), "only what is attached to a subject"),
        (
            "a:1",
            format!("{}\n  subject = \"{}\"", one("content = \"x\", media_type = \"text/plain\""), stage.name("b:1")),
            "must be in the repository",
        ),
        (
            "a:1",
            format!("{module}\n  files = [{{ path = \"{file}\", media_type = \"application/zip\" }}]"),
            "there is none",
        ),
        ("a:1.0.0", provider(""), "each platform"),
        ("a:latest", provider(target), "the tag is `latest`"),
    ];
    for (name, rest, words) in cases {
        let workspace = stage.workspace(&Cli::terraform(), &artifact("x", &stage.name(name), &rest));
        let told = workspace.plan().fails();
        assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{words}: {told}");
    }
}
