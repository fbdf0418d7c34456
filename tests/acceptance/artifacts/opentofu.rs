//! Modules and providers that OpenTofu installs from a registry.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::images::scene::changing;
use crate::workspace::Cli;

use super::stage::{Stage, Tofu, artifact};
use crate::images::scene::told;

/// A module with one below it, a script, and what does not belong to it.
fn module(stage: &Stage, folder: &str, word: &str) -> PathBuf {
    let root = stage.path(folder);
    for (name, text) in [
        ("main.tf", format!("output \"word\" {{\n  value = \"{word}\"\n}}\n")),
        ("modules/inner/main.tf", "output \"inner\" {\n  value = \"inner\"\n}\n".to_owned()),
        ("run.sh", "#!/bin/sh\n".to_owned()),
        ("terraform.tfstate", "secret".to_owned()),
        (".terraform/providers/x", "large".to_owned()),
    ] {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    assert!(Command::new("chmod").arg("+x").arg(root.join("run.sh")).status().unwrap().success());
    root
}

fn package(path: &Path, rest: &str) -> String {
    format!(
        "artifact_type = \"application/vnd.opentofu.modulepkg\"\n  files = [{{ path = \"{}\", media_type = \"archive/zip\", title = \"net.zip\" }}]\n  {rest}",
        path.display()
    )
}

#[test]
#[ignore = "needs the sandbox"]
fn a_module_is_published_and_tofu_installs_it() {
    for cli in Cli::all() {
        let stage = Stage::new();
        let (path, to) = (module(&stage, "net", "one"), stage.name("modules/net:1.0.0"));
        let workspace = stage.workspace(&cli, &artifact("x", &to, &package(&path, "")));
        workspace.plan().changes_something();
        let digest = workspace.planned("digest").as_str().unwrap().to_owned();
        workspace.apply_plan().succeeds();
        assert_eq!(stage.digest("modules/net:1.0.0"), Some(digest.clone()));
        workspace.plan().changes_nothing();

        if Tofu::is_there() {
            let source = |rest: &str| format!("oci://{}{rest}", stage.name("modules/net"));
            let uses = format!(
                "module \"whole\" {{\n  source = \"{}\"\n}}\nmodule \"inner\" {{\n  source = \"{}\"\n}}\noutput \"words\" {{\n  value = \
                 \"${{module.whole.word}} ${{module.inner.inner}}\"\n}}\n",
                source("?tag=1.0.0"),
                source(&format!("//modules/inner?digest={digest}")),
            );
            let tofu = stage.tofu("user", &uses, "");
            told(&tofu.run(&["init", "-no-color"]));
            told(&tofu.run(&["apply", "-auto-approve", "-no-color"]));
            assert_eq!(told(&tofu.run(&["output", "-raw", "words"])), "one inner");
            let installed = tofu.folder.join(".terraform/modules/whole");
            assert!(installed.join("run.sh").exists() && !installed.join("terraform.tfstate").exists());
            assert!(!installed.join(".terraform").exists());
            assert!(
                told(&Command::new("stat").args(["-c", "%A"]).arg(installed.join("run.sh")).output().unwrap())
                    .contains('x')
            );
        }

        // The same tree elsewhere has the same digest; another time of a file makes no difference.
        let other = module(&stage, "copy/elsewhere", "one");
        let touched = Command::new("touch").args(["-d", "2001-02-03"]).arg(other.join("main.tf")).status();
        assert!(touched.unwrap().success());
        workspace.configure(&stage.configured(&artifact("x", &to, &package(&other, ""))));
        workspace.apply().succeeds();
        assert_eq!(stage.digest("modules/net:1.0.0"), Some(digest.clone()));

        // A change moves the tag.
        module(&stage, "copy/elsewhere", "two");
        workspace.apply().succeeds();
        assert_ne!(stage.digest("modules/net:1.0.0"), Some(digest));
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}

#[test]
#[ignore = "needs the sandbox"]
fn a_provider_is_mirrored_for_several_platforms_and_tofu_installs_it() {
    for cli in Cli::all() {
        let stage = Stage::new();
        for platform in ["linux_amd64", "darwin_arm64"] {
            let folder = stage.path(platform);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("terraform-provider-tiny_v1.2.3"), format!("#!/bin/sh\n# {platform}\n"))
                .unwrap();
            let chmod = Command::new("chmod").arg("+x").arg(folder.join("terraform-provider-tiny_v1.2.3")).status();
            assert!(chmod.unwrap().success());
        }
        let to = stage.name("providers/example/tiny:1.2.3");
        let rest = format!(
            "artifact_type = \"application/vnd.opentofu.provider\"\n  platforms = {{ for platform in [\"linux/amd64\", \"darwin/arm64\"] : platform \
             => {{\n    artifact_type = \"application/vnd.opentofu.provider-target\"\n    files = [{{ path = \"{}/${{replace(platform, \"/\", \"_\")}}\", \
             media_type = \"archive/zip\" }}]\n  }} }}",
            stage.path("").display()
        );
        let workspace = stage.workspace(&cli, &artifact("x", &to, &rest));
        workspace.plan().changes_something();
        let digest = workspace.planned("digest");
        workspace.apply_plan().succeeds();
        assert_eq!(stage.digest("providers/example/tiny:1.2.3").as_deref(), digest.as_str());
        workspace.plan().changes_nothing();
        let index = stage.manifest("providers/example/tiny:1.2.3");
        assert_eq!(index["manifests"].as_array().unwrap().len(), 2);

        if Tofu::is_there() {
            let uses = "terraform {\n  required_providers {\n    tiny = {\n      source  = \"example/tiny\"\n      version = \"~> 1.2\"\n    }\n  }\n}\n";
            let mirror = format!(
                "provider_installation {{\n  oci_mirror {{\n    repository_template = \"{}/providers/${{namespace}}/${{type}}\"\n    include = \
                 [\"registry.opentofu.org/*/*\"]\n  }}\n}}\n",
                stage.registry.place
            );
            let tofu = stage.tofu("user", uses, &mirror);
            told(&tofu.run(&["init", "-no-color"]));
            let installed = ".terraform/providers/registry.opentofu.org/example/tiny/1.2.3/linux_amd64/terraform-provider-tiny_v1.2.3";
            let program = std::fs::read_to_string(tofu.folder.join(installed)).unwrap();
            assert!(program.contains("linux_amd64"), "{program}");
            assert!(Command::new(tofu.folder.join(installed)).status().unwrap().success(), "it can be executed");
        }

        workspace.run(&["state", "rm", "berth_artifact.x"]).succeeds();
        workspace.import("berth_artifact.x", &to).succeeds();
        workspace.plan().changes_something();
        assert_eq!(changing(&workspace), ["platforms"]);
        workspace.apply_plan().succeeds();
        workspace.plan().changes_nothing();
        workspace.destroy().succeeds();
    }
}
