//! What is attached to something, on a registry that keeps the list itself.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::distribution::PASSWORD;
use crate::helpers::helper;
use crate::images::scene::Scene;
use crate::tokens::Certificate;
use crate::workspace::{Cli, Workspace};

use super::stage::{artifact, digests, oras};

/// Such a registry, which keeps all in memory and ends with the test.
struct Noting {
    process: Child,
    place: String,
}

impl Noting {
    fn start(certificate: &Certificate) -> Self {
        let mut process = helper("referrers")
            .args([certificate.file(), certificate.key_file()])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut place = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut place).unwrap();
        Self { process, place: place.trim().to_owned() }
    }
}

impl Drop for Noting {
    fn drop(&mut self) {
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

#[test]
#[ignore = "needs the sandbox and the helpers"]
fn a_registry_that_tells_what_is_attached_gets_no_index() {
    for cli in Cli::all() {
        let scene = Scene::new();
        let registry = Noting::start(&scene.certificate);
        let name = |rest: &str| format!("{}/{rest}", registry.place);
        let policy = artifact(
            "policy",
            &name("a:1"),
            "artifact_type = \"a/policy\"\n  files = [{ content = \"x\", media_type = \"text/plain\" }]",
        );
        let attached = |text: &str| {
            let rest = format!(
                "artifact_type = \"a/signature\"\n  subject = berth_artifact.policy.digest\n  delete_on_destroy = true\n  annotations = {{ text = \"{text}\" }}"
            );
            format!("{}{policy}{}", scene.provider(&[&registry.place]), artifact("x", &name("a"), &rest))
        };
        let told = || digests(&oras(&scene.path(""), &["discover", &name("a:1"), "--format", "json", "--depth", "1"]));
        let workspace = Workspace::on(&cli, &attached("one")).secret("password", PASSWORD);
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        let digest = workspace.attributes("berth_artifact.x")["digest"].as_str().unwrap().to_owned();
        assert_eq!(told(), std::slice::from_ref(&digest));
        workspace.configure(&attached("two"));
        workspace.apply().succeeds();
        workspace.plan().changes_nothing();
        assert!(told().len() == 1 && told() != [digest], "{:?}", told());
        assert_eq!(oras(&scene.path(""), &["repo", "tags", &name("a")]).trim(), "1", "there is no index under a tag");
        workspace.run(&["destroy", "-auto-approve", "-target=berth_artifact.x"]).succeeds();
        assert_eq!(told(), Vec::<String>::new());
        workspace.destroy().succeeds();
    }
}
