//! `berth_image` on a real registry, looked at by skopeo.

mod faulty;
mod law;
pub mod scene;
mod standing;

use std::process::Command;

use serde_json::json;

use crate::sandbox::value;
use crate::tokens::Certificate;
use crate::workspace::Cli;
use scene::{Scene, changing, image};

#[test]
#[ignore = "needs the sandbox"]
fn an_archive_is_pushed_planned_empty_healed_imported_and_destroyed() {
    for cli in Cli::all() {
        let scene = Scene::new();
        let archive = value("SANDBOX_IMAGE_ARCHIVE");
        let (source, to) = (format!("archive = \"{archive}\""), scene.name("team/busybox:1.35"));
        let workspace = scene.workspace(&cli, &image("x", &source, &to, ""));
        let plan = workspace.plan().changes_something();
        let planned = workspace.planned("digest");
        assert_eq!(plan.warnings(), Vec::<String>::new());
        workspace.apply_plan().succeeds();
        let attributes = workspace.attributes("berth_image.x");
        let digest = scene.digest("team/busybox:1.35").unwrap();
        assert_eq!((planned.as_str(), attributes["digest"].as_str()), (Some(&*digest), Some(&*digest)));
        assert_eq!(attributes["reference"], scene.name(&format!("team/busybox@{digest}")));
        scene.pulls("team/busybox:1.35");
        workspace.plan().changes_nothing();

        // Somebody moves the tag, and somebody takes it off.
        let (other, _) = scene.layout("other", &["linux/amd64"], 1000);
        scene.pushes(&other, "team/busybox:1.35");
        assert_ne!(scene.digest("team/busybox:1.35").unwrap(), digest);
        let moved = workspace.plan().changes_something();
        assert_eq!(moved.changes(), [("berth_image.x".to_owned(), "update".to_owned())]);
        workspace.apply_plan().succeeds();
        assert_eq!(scene.digest("team/busybox:1.35").unwrap(), digest);
        scene.removes("team/busybox", "1.35");
        assert_eq!(workspace.plan().changes(), [("berth_image.x".to_owned(), "create".to_owned())]);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();

        workspace.run(&["state", "rm", "berth_image.x"]).succeeds();
        workspace.import("berth_image.x", &to).succeeds();
        workspace.plan().changes_something();
        assert_eq!(changing(&workspace), ["source"], "the rest is read at the import");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();

        // A destroy keeps what others may pull, unless it is told otherwise.
        workspace.destroy().succeeds();
        assert_eq!(scene.digest("team/busybox:1.35").unwrap(), digest);
        workspace.configure(&scene.configured(&image("x", &source, &to, "delete_on_destroy = true")));
        workspace.apply().succeeds();
        workspace.destroy().succeeds();
        assert_eq!(scene.digest("team/busybox:1.35"), None);
        assert!(scene.digest(&format!("team/busybox@{digest}")).is_some(), "only the tag goes");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn one_image_has_one_digest_in_each_form_of_its_files() {
    let scene = Scene::new();
    let archive = value("SANDBOX_IMAGE_ARCHIVE");
    let packed = scene.path("packed.tar.gz");
    let shell = format!("gzip -c '{archive}' > '{}'", packed.display());
    assert!(Command::new("sh").args(["-c", &shell]).status().unwrap().success());
    let (layout, index) = scene.layout("layout", &["linux/amd64", "windows/amd64", "linux/arm64"], 70_000);
    let tarred = scene.path("layout.tar");
    let layout_folder = layout.display().to_string();
    let tar = Command::new("tar").args(["-C", &layout_folder, "-cf", tarred.to_str().unwrap(), "."]).status();
    assert!(tar.unwrap().success());
    let (plain, packed, tarred) = (
        format!("archive = \"{archive}\""),
        format!("archive = \"{}\"", packed.display()),
        format!("archive = \"{}\"", tarred.display()),
    );
    let folder = format!("oci_layout = \"{layout_folder}\"");
    let configuration = [
        image("plain", &plain, &scene.name("a:1"), ""),
        image("packed", &packed, &scene.name("b:1"), ""),
        image("tarred", &tarred, &scene.name("c:1"), ""),
        image("folder", &folder, &scene.name("d:1"), ""),
        image("one", &folder, &scene.name("e:1"), "platforms = [\"linux/arm64\"]"),
        image("two", &folder, &scene.name("f:1"), "platforms = [\"linux/arm64\", \"linux/amd64\"]"),
    ];
    let workspace = scene.workspace(&Cli::terraform(), &configuration.concat());
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    let digest =
        |name: &str| workspace.attributes(&format!("berth_image.{name}"))["digest"].as_str().unwrap().to_owned();
    assert_eq!(digest("plain"), digest("packed"));
    assert_eq!((digest("tarred"), digest("folder")), (index.clone(), index.clone()));
    assert!(digest("one") != index && digest("two") != index && digest("one") != digest("two"));
    for (name, tag) in
        [("plain", "a:1"), ("packed", "b:1"), ("tarred", "c:1"), ("folder", "d:1"), ("one", "e:1"), ("two", "f:1")]
    {
        assert_eq!(scene.digest(tag).unwrap(), digest(name));
        scene.pulls(tag);
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn an_image_is_copied_between_registries_and_within_one() {
    let (scene, other) = (Scene::new(), Scene::new());
    let (layout, index) = scene.layout("layout", &["linux/amd64", "linux/arm64"], 3_000_000);
    let first = image("first", &format!("oci_layout = \"{}\"", layout.display()), &scene.name("team/app:1"), "");
    let from = scene.name("team/app:1");
    let copies = [
        image(
            "mounted",
            &format!("reference = \"{from}\""),
            &scene.name("other/app:1"),
            "depends_on = [berth_image.first]",
        ),
        image("copied", "reference = berth_image.first.reference", &other.name("mirror/app:1"), ""),
        image(
            "one",
            &format!("reference = \"{from}\""),
            &other.name("mirror/app:arm"),
            "platforms = [\"linux/arm64\"]\n  depends_on = [berth_image.first]",
        ),
    ];
    let provider = scene.provider_of_both(&other);
    let workspace = scene.workspace(&Cli::terraform(), "");
    workspace.configure(&format!("{provider}{first}{}", copies.concat()));
    assert_eq!(workspace.plan().warnings(), Vec::<String>::new(), "what this run pushes is not missed");
    workspace.apply_plan().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(
        (scene.digest("other/app:1").unwrap(), other.digest("mirror/app:1").unwrap()),
        (index.clone(), index.clone())
    );
    scene.pulls("other/app:1");
    other.pulls("mirror/app:1");
    other.pulls("mirror/app:arm");
    assert_ne!(other.digest("mirror/app:arm").unwrap(), index);

    // A source by tag is not followed, and another value of a trigger has it looked up anew.
    let (newer, newer_index) = scene.layout("newer", &["linux/amd64"], 5000);
    let first = image("first", &format!("oci_layout = \"{}\"", newer.display()), &scene.name("team/app:1"), "");
    let mounted = |rest: &str| {
        image(
            "mounted",
            &format!("reference = \"{from}\""),
            &scene.name("other/app:1"),
            &format!("depends_on = [berth_image.first]\n  {rest}"),
        )
    };
    workspace.configure(&format!("{provider}{first}{}", mounted("")));
    workspace.apply().succeeds();
    assert_eq!(scene.digest("other/app:1").unwrap(), index);
    workspace.configure(&format!("{provider}{first}{}", mounted("triggers = { again = \"1\" }")));
    workspace.apply().succeeds();
    assert_eq!(scene.digest("other/app:1").unwrap(), newer_index);
    workspace.plan().changes_nothing();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_registry_with_tokens_is_pushed_to_and_copied_within() {
    let certificate = std::sync::Arc::new(Certificate::new());
    let auth = crate::tokens::serve(&certificate, std::time::Duration::from_secs(20));
    let registry = crate::distribution::Distribution::with_auth(&certificate.http(), &auth);
    let scene = Scene::new();
    let (layout, index) = scene.layout("layout", &["linux/amd64"], 1_000_000);
    let file = certificate.file().display().to_string();
    let provider = scene.provider(&[&registry.place]).replace(&scene.certificate.file().display().to_string(), &file);
    let to = |rest: &str| format!("{}/{rest}", registry.place);
    let configuration = [
        image("first", &format!("oci_layout = \"{}\"", layout.display()), &to("team/app:1"), ""),
        image("second", "reference = berth_image.first.reference", &to("other/app:1"), ""),
    ];
    let workspace = scene.workspace(&Cli::terraform(), "");
    workspace.configure(&format!("{provider}{}", configuration.concat()));
    workspace.apply().succeeds();
    workspace.plan().changes_nothing();
    assert_eq!(workspace.attributes("berth_image.second")["digest"], index);
}

#[test]
#[ignore = "needs the sandbox"]
fn what_a_registry_has_is_listed_and_told() {
    for cli in Cli::all().into_iter().take(1) {
        let scene = Scene::new();
        let (layout, digest) = scene.layout("layout", &["windows/amd64", "linux/amd64"], 5000);
        let source = format!("oci_layout = \"{}\"", layout.display());
        let tags = image(
            "tags",
            &source,
            &scene.name("team/app:${each.key}"),
            "for_each = toset([\"1.9.0\", \"v1.10.0\", \"2.0.0-rc.1\", \"latest\"])",
        );
        let place = &scene.registry.place;
        let data = format!(
            "data \"berth_image\" \"x\" {{\n  image = \"{place}/team/app\"\n  depends_on = [berth_image.tags]\n}}\n\
             data \"berth_repository_tags\" \"x\" {{\n  repository = \"{place}/team/app\"\n  depends_on = [berth_image.tags]\n}}\n\
             data \"berth_repository_tags\" \"old\" {{\n  repository = \"oci://{place}/team/app\"\n  constraint = \"~> 1.9.0\"\n  depends_on = [berth_image.tags]\n}}\n\
             data \"berth_catalog\" \"x\" {{\n  host = \"{place}\"\n  depends_on = [berth_image.tags]\n}}\n\
             data \"berth_catalog\" \"team\" {{\n  host = \"{place}\"\n  prefix = \"team/\"\n  depends_on = [berth_image.tags]\n}}\n\
             output \"parts\" {{\n  value = provider::berth::parse_image(data.berth_image.x.reference)\n}}\n"
        );
        let workspace = scene.workspace(&cli, &tags);
        workspace.apply().succeeds();
        // More repositories than one page of the registry's list holds.
        for number in 0..101 {
            scene.registry.copy("team/app", &format!("many/a{number}"));
        }
        workspace.configure(&scene.configured(&format!("{tags}{data}")));
        workspace.apply().succeeds();
        let told = workspace.attributes("data.berth_image.x");
        assert_eq!((&told["digest"], &told["created"]), (&json!(digest), &json!("2026-01-02T03:04:05Z")));
        assert_eq!(told["platforms"], json!(["windows/amd64", "linux/amd64"]));
        assert_eq!(told["labels"], json!({ "team": "yard" }));
        let listed = |name: &str, attribute: &str| workspace.attributes(&format!("data.{name}"))[attribute].clone();
        assert_eq!(listed("berth_repository_tags.x", "tags"), json!(["2.0.0-rc.1", "v1.10.0", "1.9.0", "latest"]));
        assert_eq!(listed("berth_repository_tags.x", "latest"), "v1.10.0");
        assert_eq!(listed("berth_repository_tags.old", "tags"), json!(["1.9.0"]));
        assert_eq!(listed("berth_catalog.x", "repositories").as_array().unwrap().len(), 102);
        assert_eq!(listed("berth_catalog.team", "repositories"), json!(["team/app"]));
        assert_eq!(workspace.state()["outputs"]["parts"]["value"]["repository"], "team/app");
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn images_are_imported_by_their_identity() {
    for cli in Cli::with_identities() {
        let scene = Scene::new();
        let (layout, _) = scene.layout("layout", &["linux/amd64"], 5000);
        let to = scene.name("team/app:1");
        let configuration = image("x", &format!("oci_layout = \"{}\"", layout.display()), &to, "");
        let workspace = scene.workspace(&cli, &configuration);
        workspace.apply().succeeds();
        workspace.run(&["state", "rm", "berth_image.x"]).succeeds();
        let import = format!("import {{\n  to = berth_image.x\n  identity = {{ destination = \"{to}\" }}\n}}\n");
        workspace.configure(&scene.configured(&format!("{configuration}{import}")));
        workspace.apply().succeeds();
        workspace.configure(&scene.configured(&configuration));
        workspace.plan().changes_nothing();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_source_that_does_not_exist_is_told_in_the_plan() {
    let scene = Scene::new();
    let (layout, _) = scene.layout("layout", &["linux/amd64"], 100);
    scene.pushes(&layout, "team/app:1");
    let digest = scene.digest("team/app:1").unwrap();
    for (source, is_told) in [
        ("team/app:2", true),
        ("team/other:1", true),
        (&*format!("team/app@sha256:{}", "0".repeat(64)), true),
        ("team/app:1", false),
        (&*format!("team/app@{digest}"), false),
    ] {
        let reference = format!("reference = \"{}\"", scene.name(source));
        let workspace = scene.workspace(&Cli::terraform(), &image("x", &reference, &scene.name("b:1"), ""));
        let told = workspace.plan().changes_something().warnings().concat();
        assert_eq!(told.contains("not there yet") && told.contains("BERTH-OCI-014"), is_told, "{source}: {told}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_images_are_told_where_they_are() {
    let scene = Scene::new();
    let archive = value("SANDBOX_IMAGE_ARCHIVE");
    let (layout, _) = scene.layout("layout", &["linux/amd64", "linux/arm64"], 100);
    let (to, folder) = (scene.name("a:1"), format!("oci_layout = \"{}\"", layout.display()));
    let junk = scene.path("junk.tar");
    std::fs::write(&junk, vec![7; 5000]).unwrap();
    let half = scene.path("half.tar");
    let whole = std::fs::read(&archive).unwrap();
    std::fs::write(&half, &whole[..whole.len() / 2]).unwrap();
    let source = format!("archive = \"{archive}\"");
    let archive_of = |path: &std::path::Path| format!("archive = \"{}\"", path.display());
    for (configuration, words, code) in [
        (image("x", "", &to, ""), "no source", "BERTH-OCI-001"),
        (image("x", &format!("{source}, {folder}"), &to, ""), "several sources", "BERTH-OCI-001"),
        (image("x", &source, "https://a.test/b:1", ""), "begins without a scheme", ""),
        (image("x", &source, &scene.name("A:1"), ""), "no repository name", ""),
        (image("x", &source, &to, "platforms = [\"amd64\"]"), "no platform", ""),
        (
            image("x", &source, &to, "platforms = [\"linux/s390x\"]"),
            "not for linux/s390x, but for linux/amd64",
            "BERTH-OCI-001",
        ),
        (
            image("x", &folder, &to, "platforms = [\"linux/s390x\"]"),
            "but for linux/amd64, linux/arm64",
            "BERTH-OCI-001",
        ),
        (image("x", &format!("{source}, image = \"other:1\""), &to, ""), "holds no image `other:1`", "BERTH-OCI-001"),
        (image("x", &archive_of(&junk), &to, ""), "holds no whole image", "BERTH-OCI-002"),
        (image("x", &archive_of(&half), &to, ""), "holds no whole image", "BERTH-OCI-002"),
    ] {
        let workspace = scene.workspace(&Cli::terraform(), &configuration);
        let told = workspace.plan().fails();
        assert!(
            told.split_whitespace().collect::<Vec<_>>().join(" ").contains(words) && told.contains(code),
            "{configuration}\n{told}"
        );
    }
    // A file that is not there yet is no mistake of a plan, and one of an apply.
    let absent = image("x", "archive = \"no-such.tar\"", &to, "");
    let workspace = scene.workspace(&Cli::terraform(), &absent);
    assert!(workspace.plan().changes_something().warnings().concat().contains("BERTH-OCI-014"));
    assert!(workspace.apply().fails().contains("there is no such file"));
    // The registry's own words.
    let wrong = scene.workspace(&Cli::terraform(), &image("x", &source, &to, "")).env("TF_VAR_password", "battery");
    let told = wrong.apply().fails();
    assert!(told.contains("does not accept the login") && told.contains("BERTH-OCI-003"), "{told}");
    let nobody = image("x", &source, "127.0.0.1:9/a:1", "timeouts = { create = \"3s\" }");
    let told = scene.workspace(&Cli::terraform(), &nobody).apply().fails();
    assert!(told.contains("BERTH-OCI-010") && told.contains("refused"), "{told}");
}
