//! `berth_chart` on a real registry, pulled and rendered by a real Helm.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::images::scene::{Scene, changing, told};
use crate::workspace::Cli;

/// Helm, where the variable `HELM` tells that it is, else on `PATH`.
fn helm(scene: &Scene, arguments: &[&str]) -> Output {
    let program = std::env::var_os("HELM").unwrap_or_else(|| "helm".into());
    let mut helm = Command::new(program);
    helm.args(arguments).env("HELM_REGISTRY_CONFIG", scene.path("helm.json"));
    helm.env("HELM_CACHE_HOME", scene.path("cache")).env("HELM_CONFIG_HOME", scene.path("config"));
    helm.output().expect("HELM tells where helm is: `sandbox/sandbox tool helm`")
}

fn log_in(scene: &Scene) {
    let login = ["registry", "login", &scene.registry.place, "--insecure", "-u", "ann", "-p", "correct horse"];
    told(&helm(scene, &login));
}

/// A chart with one template and one file that is left out.
fn chart(scene: &Scene, folder: &str, version: &str, value: &str) -> PathBuf {
    let root = scene.path(folder);
    for (name, text) in [
        ("Chart.yaml", format!("apiVersion: v2\nname: app\nversion: {version}\nappVersion: \"7\"\ndescription: An app\n")),
        ("values.yaml", format!("color: {value}\n")),
        (".helmignore", "*.bak\n".to_owned()),
        ("old.bak", "old".to_owned()),
        ("templates/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-app\ndata:\n  color: {{ .Values.color }}\n".to_owned()),
    ] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    root
}

fn declared(path: &Path, repository: &str, rest: &str) -> String {
    format!(
        "resource \"berth_chart\" \"x\" {{\n  path = \"{}\"\n  repository = \"oci://{repository}\"\n  {rest}\n}}\n",
        path.display()
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_chart_is_pushed_and_helm_pulls_renders_and_installs_it() {
    for cli in Cli::all() {
        let scene = Scene::new();
        log_in(&scene);
        let (path, repository) = (chart(&scene, "app", "1.2.3+build.5", "blue"), scene.name("charts"));
        let workspace = scene.workspace(&cli, &declared(&path, &repository, ""));
        workspace.plan().changes_something();
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        let attributes = workspace.attributes("berth_chart.x");
        let reference = attributes["reference"].as_str().unwrap().to_owned();
        assert_eq!(reference, format!("oci://{repository}/app"));
        assert_eq!(attributes["digest"], scene.digest("charts/app:1.2.3_build.5").unwrap());

        let to = scene.path("pulled").display().to_string();
        let from = [reference.as_str(), "--version", "1.2.3+build.5", "--insecure-skip-tls-verify"];
        let pull = [&["pull"], &from[..], &["--untar", "--untardir", &to]].concat();
        told(&helm(&scene, &pull));
        assert!(scene.path("pulled/app/values.yaml").exists() && !scene.path("pulled/app/old.bak").exists());
        let rendered = told(&helm(&scene, &[&["template", "one"], &from[..]].concat()));
        assert!(rendered.contains("color: blue"), "{rendered}");
        let namespace = crate::kubectl::Namespace::new("chart");
        let install = [&["install", "one"], &from[..], &["--namespace", &namespace.0, "--wait"]].concat();
        assert!(told(&helm(&scene, &install)).contains("STATUS: deployed"));

        // The same tree elsewhere has the same digest; another time of a file makes no difference.
        let other = chart(&scene, "copy", "1.2.3+build.5", "blue");
        assert!(
            Command::new("touch").args(["-d", "2001-02-03"]).arg(other.join("Chart.yaml")).status().unwrap().success()
        );
        workspace.configure(&scene.configured(&declared(&other, &repository, "")));
        workspace.apply().succeeds();
        assert_eq!(workspace.attributes("berth_chart.x")["digest"], attributes["digest"]);

        workspace.run(&["state", "rm", "berth_chart.x"]).succeeds();
        workspace.import("berth_chart.x", &format!("{reference}:1.2.3+build.5")).succeeds();
        workspace.plan().changes_something();
        assert_eq!(changing(&workspace), ["path"], "the rest is read at the import");
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
        assert!(scene.digest("charts/app:1.2.3_build.5").is_some(), "it stays");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_version_stands_for_one_content_and_another_version_is_another_tag() {
    let scene = Scene::new();
    let (path, repository) = (chart(&scene, "app", "1.0.0", "blue"), scene.name("charts"));
    let workspace = scene.workspace(&Cli::terraform(), &declared(&path, &repository, "delete_on_destroy = true"));
    workspace.apply().succeeds();
    let first = scene.digest("charts/app:1.0.0").unwrap();
    chart(&scene, "app", "1.0.0", "green");
    let refused = workspace.plan().fails();
    assert!(refused.contains("its version has not") && refused.contains("BERTH-OCI-008"), "{refused}");
    assert_eq!(scene.digest("charts/app:1.0.0"), Some(first.clone()));
    workspace.configure(&scene.configured(&declared(
        &path,
        &repository,
        "overwrite = true\n  delete_on_destroy = true",
    )));
    workspace.apply().succeeds();
    assert_ne!(scene.digest("charts/app:1.0.0"), Some(first));
    workspace.configure(&scene.configured(&declared(
        &path,
        &repository,
        "version = \"1.1.0\"\n  delete_on_destroy = true",
    )));
    let plan = workspace.plan().changes_something();
    assert_eq!(plan.changes(), [("berth_chart.x".to_owned(), "replace".to_owned())]);
    workspace.apply_plan().succeeds();
    assert!(scene.digest("charts/app:1.1.0").is_some() && scene.digest("charts/app:1.0.0").is_none());
    workspace.plan().changes_nothing();

    // Somebody takes the tag off; a second state with other content is refused.
    scene.removes("charts/app", "1.1.0");
    assert_eq!(workspace.plan().changes(), [("berth_chart.x".to_owned(), "create".to_owned())]);
    workspace.apply().succeeds();
    let other = chart(&scene, "other", "1.1.0", "red");
    let second = scene.workspace(&Cli::terraform(), &declared(&other, &repository, ""));
    let told = second.apply().fails();
    assert!(told.contains("BERTH-OCI-008") && told.contains("use another version"), "{told}");

    // A destroy plans first, and need not.
    chart(&scene, "app", "1.1.0", "pink");
    let held = workspace.destroy().fails();
    assert!(held.contains("-refresh=false"), "{held}");
    workspace.run(&["destroy", "-auto-approve", "-refresh=false"]).succeeds();
    assert_eq!(scene.digest("charts/app:1.1.0"), None);
}

#[test]
#[ignore = "needs the sandbox"]
fn a_chart_stays_where_its_files_are_gone_and_is_pushed_again_where_it_is_gone_itself() {
    let scene = Scene::new();
    let (path, repository) = (chart(&scene, "app", "1.0.0", "blue"), scene.name("charts"));
    std::fs::write(path.join("Chart.yaml"), "apiVersion: v2\nname: app\nversion: 1.0.0\n").unwrap();
    let workspace = scene.workspace(&Cli::terraform(), &declared(&path, &repository, ""));
    workspace.apply().succeeds();
    let digest = scene.digest("charts/app:1.0.0").unwrap();

    // Another setting, on a machine without the files.
    let away = scene.path("away");
    std::fs::rename(&path, &away).unwrap();
    workspace.configure(&scene.configured(&declared(&path, &repository, "delete_on_destroy = true")));
    assert_eq!(workspace.plan().changes_something().warnings(), Vec::<String>::new());
    workspace.apply_plan().succeeds();
    assert_eq!(workspace.attributes("berth_chart.x")["digest"], digest);
    workspace.plan().changes_nothing();
    std::fs::rename(&away, &path).unwrap();

    // Somebody has the tag stand for something else, and deletes what it stood for.
    let (other, _) = scene.layout("other", &["linux/amd64"], 1000);
    scene.pushes(&other, "charts/app:1.0.0");
    scene.removes("charts/app", &digest);
    assert_ne!(scene.digest("charts/app:1.0.0"), Some(digest.clone()));
    workspace.apply().succeeds();
    assert_eq!(scene.digest("charts/app:1.0.0"), Some(digest));
    workspace.plan().changes_nothing();
    workspace.destroy().succeeds();
}

#[test]
#[ignore = "needs the sandbox"]
fn a_chart_that_helm_pushed_is_imported_as_it_is() {
    for cli in Cli::all() {
        let scene = Scene::new();
        let (path, repository) = (chart(&scene, "app", "1.0.0", "blue"), scene.name("charts"));
        let folder = scene.path("packed");
        let text = |path: &Path| path.display().to_string();
        log_in(&scene);
        told(&helm(&scene, &["package", &text(&path), "--destination", &text(&folder)]));
        let (archive, to) = (folder.join("app-1.0.0.tgz"), format!("oci://{repository}"));
        told(&helm(&scene, &["push", &text(&archive), &to, "--insecure-skip-tls-verify"]));
        let digest = scene.digest("charts/app:1.0.0");
        let configuration = declared(&archive, &repository, "");
        let import = format!("import {{\n  to = berth_chart.x\n  id = \"{to}/app:1.0.0\"\n}}\n");
        let workspace = scene.workspace(&cli, &format!("{configuration}{import}"));
        workspace.apply().succeeds();
        assert_eq!(scene.digest("charts/app:1.0.0"), digest);
        workspace.configure(&scene.configured(&configuration));
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn mistakes_in_charts_are_told_in_the_plan() {
    let scene = Scene::new();
    let (good, repository) = (chart(&scene, "app", "1.0.0", "blue"), scene.name("charts"));
    let written = |name: &str, yaml: &str| {
        let folder = chart(&scene, name, "1.0.0", "blue");
        std::fs::write(folder.join("Chart.yaml"), yaml).unwrap();
        folder
    };
    let needs = written(
        "needs",
        "apiVersion: v2\nname: app\nversion: 1.0.0\ndependencies:\n  - name: redis\n    version: 1.0.0\n    repository: \"\"\n",
    );
    let capital = written("capital", "apiVersion: v2\nname: App\nversion: 1.0.0\n");
    for (path, place, rest, words) in [
        (&needs, &*repository, "", "not in its folder charts/: redis"),
        (&capital, &*repository, "", "small letters"),
        (&good, &*repository, "version = \"latest\"", "semantic version"),
        (&scene.path("cache-none"), &*repository, "version = 1", "not there yet"),
        (&good, "", "", "oci://HOST/PATH"),
    ] {
        let run = scene.workspace(&Cli::terraform(), &declared(path, place, rest)).plan();
        let told = format!("{} {run}", run.warnings().concat());
        assert!(told.split_whitespace().collect::<Vec<_>>().join(" ").contains(words), "{told}");
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_version_that_only_the_apply_finds_takes_the_place_of_the_former() {
    for cli in Cli::all() {
        let scene = Scene::new();
        let repository = scene.name("charts");
        let (one, two) = (chart(&scene, "one", "1.0.0", "blue"), chart(&scene, "two", "2.0.0", "blue"));
        let made = |from: &Path, name: &str, rest: &str| {
            let to = scene.path(name);
            let made = format!(
                "resource \"terraform_data\" \"made\" {{\n  triggers_replace = [\"{name}\"]\n  provisioner \"local-exec\" {{\n    \
                 command = \"cp -r {} {}\"\n  }}\n}}\n",
                from.display(),
                to.display(),
            );
            let rest = format!("delete_on_destroy = true\n  depends_on = [terraform_data.made]\n  {rest}");
            scene.configured(&format!("{made}{}", declared(&to, &repository, &rest)))
        };
        let workspace = scene.workspace(&cli, "");
        workspace.configure(&made(&one, "made-1", ""));
        workspace.apply().succeeds();
        workspace.configure(&made(&two, "made-2", ""));
        workspace.apply().succeeds();
        assert!(scene.digest("charts/app:2.0.0").is_some() && scene.digest("charts/app:1.0.0").is_none());
        workspace.plan().changes_nothing();
        workspace.configure(&made(&two, "made-3", "version = \"3.0.0\""));
        let plan = workspace.plan().changes_something();
        assert!(plan.changes().contains(&("berth_chart.x".to_owned(), "replace".to_owned())), "{:?}", plan.changes());
        workspace.apply_plan().succeeds();
        assert!(scene.digest("charts/app:3.0.0").is_some() && scene.digest("charts/app:2.0.0").is_none());
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}
