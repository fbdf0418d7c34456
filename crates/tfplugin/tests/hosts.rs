//! The provider of `examples/tiny.rs` under the hosts themselves: nothing but the framework is in it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A folder with a configuration of the tiny provider.
struct Workspace {
    host: PathBuf,
    folder: TempDir,
}

impl Workspace {
    fn new(host: &Path) -> Self {
        let workspace = Self { host: host.to_owned(), folder: tempfile::tempdir().unwrap() };
        let program = std::env::current_exe().unwrap();
        let examples = program.ancestors().nth(2).unwrap().join("examples");
        assert!(examples.join("terraform-provider-tiny").exists(), "build it: cargo build -p tfplugin --examples");
        let overrides = ["registry.terraform.io", "registry.opentofu.org"]
            .map(|registry| format!("    \"{registry}/example/tiny\" = \"{}\"\n", examples.display()))
            .concat();
        let settings = format!("provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n");
        workspace.write("host.rc", &settings);
        fs::create_dir(workspace.path("notes")).unwrap();
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// A note that is kept, its twins read, and the function called.
    fn declare(&self, name: &str, text: &str) {
        self.write(
            "main.tf",
            &format!(
                r#"
                terraform {{
                  required_providers {{
                    tiny = {{ source = "example/tiny" }}
                  }}
                }}
                provider "tiny" {{
                  folder = "notes"
                }}
                resource "tiny_note" "a" {{
                  name = "{name}"
                  text = "{text}"
                }}
                data "tiny_note" "a" {{
                  name = tiny_note.a.name
                }}
                ephemeral "tiny_note" "a" {{
                  name = tiny_note.a.name
                }}
                output "said" {{
                  value = provider::tiny::shout(coalesce(data.tiny_note.a.text, "none"))
                }}
                "#
            ),
        );
    }

    /// The exit code of a command, with all that it printed.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(&self.host)
            .args(arguments)
            .arg("-no-color")
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", self.path("host.rc"))
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .expect("the host is installed");
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        (output.status.code(), text)
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {text}");
        text
    }

    #[track_caller]
    fn fails(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {text}");
        // Hosts break lines, and draw a frame around a message.
        text.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    fn plans_nothing(&self) {
        self.succeeds(&["plan", "-detailed-exitcode", "-input=false"]);
    }
}

const APPLY: &[&str] = &["apply", "-auto-approve", "-input=false"];

/// A note's life: made, changed, replaced, refreshed, refused, imported, removed.
fn lives(host: &Path) {
    let workspace = Workspace::new(host);
    let text = |name: &str| fs::read_to_string(workspace.path(name)).ok();
    workspace.declare("one", "hello");
    let said = workspace.succeeds(APPLY);
    // OpenTofu opens an ephemeral resource only if something refers to it.
    let is_opened = host.ends_with("tofu") || said.contains("ephemeral.tiny_note.a: Opening complete");
    assert!(said.contains("HELLO!") && is_opened, "{said}");
    workspace.plans_nothing();

    workspace.declare("one", "hello again");
    workspace.succeeds(APPLY);
    assert_eq!(text("notes/one.txt").as_deref(), Some("hello again"));
    workspace.declare("two", "hello again");
    let said = workspace.succeeds(APPLY);
    assert!(said.contains("forces replacement"), "{said}");
    assert_eq!((text("notes/one.txt"), text("notes/two.txt").is_some()), (None, true));

    // What is gone is made anew, and what was changed is changed back.
    workspace.write("notes/two.txt", "scribbled");
    workspace.succeeds(APPLY);
    assert_eq!(text("notes/two.txt").as_deref(), Some("hello again"));
    fs::remove_file(workspace.path("notes/two.txt")).unwrap();
    workspace.succeeds(APPLY);
    workspace.plans_nothing();

    workspace.declare(&"x".repeat(61), "x");
    let told = workspace.fails(&["validate"]);
    assert!(told.contains("`name` must have 1 to 60 characters") && told.contains("Code: TINY-SDK-010"), "{told}");
    workspace.declare("three", "x");
    workspace.write("notes/three.txt", "of somebody else");
    let told = workspace.fails(APPLY);
    assert!(told.contains("There is a note `three` already") && told.contains("Code: TINY-002"), "{told}");
    assert_eq!(text("notes/three.txt").as_deref(), Some("of somebody else"));
    workspace.succeeds(&["import", "-input=false", "tiny_note.a", "three"]);
    workspace.succeeds(APPLY);
    assert_eq!(text("notes/three.txt").as_deref(), Some("x"));

    workspace.succeeds(&["destroy", "-auto-approve", "-input=false"]);
    assert_eq!(text("notes/three.txt"), None);
}

/// Notes are listed, and one is burned by an action, as newer versions of Terraform do it.
#[test]
#[ignore = "needs a newer terraform, by the variable TERRAFORM_NEW"]
fn the_tiny_provider_lists_and_acts() {
    let host = std::env::var_os("TERRAFORM_NEW").expect("TERRAFORM_NEW tells where a newer Terraform is");
    let workspace = Workspace::new(Path::new(&host));
    workspace.declare("one", "hello");
    workspace.succeeds(APPLY);
    let list = "list \"tiny_note\" \"all\" {\n  provider = tiny\n  include_resource = true\n  config {\n    name = \"o\"\n  }\n}\n";
    workspace.write("all.tfquery.hcl", list);
    let listed = workspace.succeeds(&["query", "-generate-config-out=generated.tf"]);
    assert!(listed.contains("list.tiny_note.all") && listed.contains("name=one"), "{listed}");
    let generated = fs::read_to_string(workspace.path("generated.tf")).unwrap();
    assert!(generated.contains("text     = \"hello\"") && generated.contains("import {"), "{generated}");
    fs::remove_file(workspace.path("generated.tf")).unwrap();

    let configuration = fs::read_to_string(workspace.path("main.tf")).unwrap();
    let action = "action \"tiny_burn\" \"one\" {\n  config {\n    name = \"one\"\n  }\n}\n";
    workspace.write("main.tf", &format!("{configuration}{action}"));
    let told = workspace.succeeds(&["apply", "-auto-approve", "-input=false", "-invoke=action.tiny_burn.one"]);
    assert!(told.contains("burning one") && !workspace.path("notes/one.txt").exists(), "{told}");
}

#[test]
#[ignore = "needs terraform"]
fn the_tiny_provider_lives_under_terraform() {
    lives(Path::new("terraform"));
}

#[test]
#[ignore = "needs tofu, by the variable TOFU"]
fn the_tiny_provider_lives_under_opentofu() {
    lives(Path::new(&std::env::var_os("TOFU").expect("TOFU tells where OpenTofu is")));
}
