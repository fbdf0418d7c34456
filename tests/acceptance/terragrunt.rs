//! The stack of `examples/terragrunt`, run by terragrunt with terraform and with tofu below it.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::aws::{Account, unique};
use crate::kubectl::kubectl_ok;
use crate::sandbox::value;
use crate::workspace::Cli;

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-berth");
const UNITS: [&str; 5] = ["certificate", "dns", "pull", "registry", "roles"];

/// A copy of the example with the values of the sandbox, and the programs to run it with.
struct Stack {
    folder: tempfile::TempDir,
    below: PathBuf,
    environment: String,
}

impl Stack {
    fn new(below: &Path) -> Self {
        let stack = Self { folder: tempfile::tempdir().unwrap(), below: below.to_owned(), environment: unique("tg") };
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/terragrunt"), stack.folder.path());
        fs::write(stack.path("live/environment.hcl"), stack.values()).unwrap();
        // What a registry of providers would be: each program looks for the provider under its own registry's name.
        for registry in ["registry.terraform.io", "registry.opentofu.org"] {
            let platform =
                stack.path(&format!("mirror/{registry}/berth/berth/{}/linux_amd64", env!("CARGO_PKG_VERSION")));
            fs::create_dir_all(&platform).unwrap();
            symlink(PROGRAM, platform.join(format!("terraform-provider-berth_v{}", env!("CARGO_PKG_VERSION"))))
                .unwrap();
        }
        let mirror = stack.path("mirror");
        let settings =
            format!("provider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n", mirror.display());
        fs::write(stack.path("host.rc"), settings).unwrap();
        stack
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `environment.hcl` for the sandbox: the same names as in the example.
    fn values(&self) -> String {
        let example = fs::read_to_string(self.path("live/environment.hcl")).unwrap();
        let values = [
            ("environment", self.environment.clone()),
            ("cluster_oidc_issuer_url", value("SANDBOX_OIDC_ISSUER_URL")),
            // A zone of its own: other tests have the registry's name in the main one.
            ("zone_name", value("SANDBOX_CHILD_ZONE_NAME")),
            ("registry_namespace", self.namespace("registry")),
            ("private_zone_id", value("SANDBOX_OTHER_ZONE_ID")),
            ("registry_address", value("SANDBOX_NODE_IP")),
            ("acme_directory_url", value("SANDBOX_ACME_DIRECTORY")),
            ("acme_ca_file", value("SANDBOX_ACME_CA_FILE")),
        ];
        let line = |line: &str| {
            let name = line.split('=').next().unwrap_or_default().trim();
            match values.iter().find(|(wanted, _)| *wanted == name) {
                Some((name, value)) => format!("  {name} = {value:?}"),
                None => line.replace("team-a", &self.namespace("a")).replace("team-b", &self.namespace("b")),
            }
        };
        example.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    fn namespace(&self, team: &str) -> String {
        format!("{}-{team}", self.environment)
    }

    /// Runs terragrunt; gives its exit code and all that it printed.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let program = std::env::var_os("TERRAGRUNT").expect("TERRAGRUNT names the program: see tests/run");
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.path("live"))
            .env_remove("TF_LOG")
            .env("TG_TF_PATH", &self.below)
            .env("TG_NON_INTERACTIVE", "true")
            .env("TG_NO_COLOR", "true")
            .env("TF_CLI_CONFIG_FILE", self.path("host.rc"))
            .env("TF_VAR_push_password", "push-correct-horse")
            .env("TF_VAR_pull_password", "pull-correct-horse")
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(!text.contains("correct-horse"), "a password is printed: {text}");
        (output.status.code(), text)
    }

    #[track_caller]
    fn succeeds(&self, arguments: &[&str]) -> String {
        let (code, text) = self.run(arguments);
        assert_eq!(code, Some(0), "terragrunt {arguments:?} with {}\n{text}", self.below.display());
        text
    }

    fn state_path(&self, unit: &str) -> PathBuf {
        self.path(&format!(".state/live/{unit}.tfstate"))
    }

    /// The state of a unit.
    fn state(&self, unit: &str) -> Value {
        let path = self.state_path(unit);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(!text.contains("correct-horse"), "a password is in the state of {unit}");
        serde_json::from_str(&text).unwrap()
    }

    /// From nothing to the whole stack, a plan that changes nothing, and back.
    fn comes_and_goes(&self) {
        let plan = self.succeeds(&["run", "--all", "--", "plan", "-input=false"]);
        assert_eq!(plan.matches("No changes.").count(), 0, "{plan}");
        assert!(plan.contains("registry.mock.example"), "units are planned with mock outputs: {plan}");
        assert!(UNITS.iter().all(|unit| !self.state_path(unit).exists()), "a plan stores nothing");

        self.succeeds(&["run", "--all", "--", "apply", "-input=false", "-auto-approve"]);
        self.check_roles();
        let (code, plan) = self.run(&["run", "--all", "--", "plan", "-input=false", "-detailed-exitcode"]);
        assert_eq!((code, plan.matches("No changes.").count()), (Some(0), UNITS.len()), "{plan}");

        self.succeeds(&["run", "--all", "--", "destroy", "-input=false", "-auto-approve"]);
        for unit in UNITS {
            assert_eq!(self.state(unit)["resources"], Value::Array(Vec::new()), "{unit}");
        }
        assert_eq!(Account::open().role(&format!("{}-cert-manager-cert-manager", self.environment)), None);
    }

    /// The four roles, called as the module says, and their annotations.
    fn check_roles(&self) {
        let annotations = &self.state("roles")["outputs"]["annotations"]["value"];
        let roles = [
            ("cert-manager", "cert-manager"),
            ("external-dns-private", "external-dns"),
            ("external-dns-central", "external-dns"),
            ("ecr-operator", "ecr-operator"),
        ];
        assert_eq!(annotations.as_object().unwrap().len(), roles.len());
        for (key, namespace) in roles {
            let name = format!("{}-{key}-{namespace}", self.environment);
            let role = Account::open().role(&name).unwrap_or_else(|| panic!("there is no role {name}"));
            assert_eq!(annotations[key]["eks.amazonaws.com/role-arn"], role.arn);
            assert_eq!(role.tags["unit"], "live/roles");
            assert!(
                role.trust_policy.contains(&format!("system:serviceaccount:{namespace}:")),
                "{}",
                role.trust_policy
            );
        }
    }
}

/// The namespaces of those who pull, which exist before the stack.
struct Teams(Vec<String>);

impl Teams {
    fn of(stack: &Stack) -> Self {
        let teams = ["a", "b"].map(|team| stack.namespace(team));
        for name in &teams {
            kubectl_ok(&["create", "namespace", name]);
        }
        // The stack makes the registry's namespace, and keeps it when it goes.
        Self(teams.into_iter().chain([stack.namespace("registry")]).collect())
    }
}

impl Drop for Teams {
    fn drop(&mut self) {
        for name in &self.0 {
            let _ended = Command::new("kubectl").args(["delete", "namespace", name, "--wait=false"]).status();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, name) = (entry.path(), entry.file_name());
        // What a run of the example by hand leaves behind.
        if name.to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(name));
        } else {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// One test for both programs: they want the same port of the node, so one follows the other.
#[test]
#[ignore = "needs the sandbox and terragrunt"]
fn the_stack_comes_and_goes() {
    for cli in Cli::all() {
        let stack = Stack::new(cli.program());
        let _teams = Teams::of(&stack);
        stack.comes_and_goes();
    }
}

#[test]
#[ignore = "needs terragrunt"]
fn the_stack_is_formatted() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/terragrunt");
    let terragrunt = std::env::var_os("TERRAGRUNT").expect("TERRAGRUNT names the program: see tests/run");
    let checks: [(&OsStr, &[&str]); 2] =
        [(&terragrunt, &["hcl", "fmt", "--check"]), (OsStr::new("terraform"), &["fmt", "-check", "-recursive"])];
    for (program, arguments) in checks {
        let output = Command::new(program).args(arguments).current_dir(&example).env_remove("TF_LOG").output().unwrap();
        assert!(output.status.success(), "{program:?}: {output:?}");
    }
}
