//! A folder with a configuration, and Terraform or OpenTofu running in it with the built provider.
//!
//! Each run logs at TRACE. After each, what it printed, logged and stored is searched for the secrets that the test
//! named: one that is found fails the test.

#[path = "workspace/run.rs"]
mod run;
#[path = "workspace/running.rs"]
mod running;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tfplugin_testing::{Secrets, private_state};
use tokio::{process::Command, runtime::Runtime, time::timeout};

pub use run::{Run, Shown};
pub use running::{End, Running};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-berth");
/// How long one run may take before it counts as hanging.
const RUN_LIMIT: Duration = Duration::from_mins(10);
const PLAN_FILE: &str = "saved.plan";
const STATE_FILE: &str = "terraform.tfstate";
const REQUIREMENTS: &str = "terraform {\n  required_providers {\n    berth = { source = \"berth/berth\" }\n  }\n}\n";

/// A command line that hosts providers.
#[derive(Clone, Debug)]
pub struct Cli(PathBuf);

impl Cli {
    /// Terraform from `PATH`.
    pub fn terraform() -> Self {
        Self("terraform".into())
    }

    /// Terraform, and OpenTofu if the variable `TOFU` tells where it is.
    pub fn all() -> Vec<Self> {
        let tofu = std::env::var_os("TOFU").map(|path| Self(path.into()));
        std::iter::once(Self::terraform()).chain(tofu).collect()
    }

    /// The one of [`Cli::all`] whose turn it is: where the cases of a law differ in more than their host, each is worth one.
    pub fn turn(case: usize) -> Self {
        let mut all = Self::all();
        all.swap_remove(case % all.len())
    }

    /// The hosts that keep identities: OpenTofu, and the newer Terraform that the variable `TERRAFORM_NEW` tells of.
    pub fn with_identities() -> Vec<Self> {
        let paths = ["TERRAFORM_NEW", "TOFU"].into_iter().filter_map(std::env::var_os);
        let hosts: Vec<_> = paths.map(|path| Self(path.into())).collect();
        assert!(!hosts.is_empty(), "set TOFU or TERRAFORM_NEW, as `tests/run` does");
        hosts
    }

    /// The host that has lists and actions: the newer Terraform.
    pub fn with_actions() -> Self {
        let path =
            std::env::var_os("TERRAFORM_NEW").expect("TERRAFORM_NEW tells of a newer Terraform, as in `tests/run`");
        Self(path.into())
    }

    /// The program, by its path or its name on `PATH`.
    pub fn program(&self) -> &Path {
        &self.0
    }

    pub fn is_tofu(&self) -> bool {
        self.0.ends_with("tofu")
    }
}

/// A configuration and what became of it.
pub struct Workspace {
    folder: TempDir,
    cli: Cli,
    environment: Vec<(String, String)>,
    secrets: Secrets,
    runtime: Runtime,
}

impl Workspace {
    /// A workspace for Terraform. `configuration` needs no `required_providers`.
    pub fn new(configuration: &str) -> Self {
        Self::on(&Cli::terraform(), configuration)
    }

    /// A workspace for one of [`Cli::all`].
    pub fn on(cli: &Cli, configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let workspace =
            Self { folder, cli: cli.clone(), environment: Vec::new(), secrets: Secrets::default(), runtime };
        workspace.write("requirements.tf", REQUIREMENTS);
        workspace.write("host.rc", &host_settings());
        workspace.configure(configuration);
        workspace
    }

    /// Sets a variable of the environment for all runs.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives an input variable, which the configuration declares, a value that must never be stored, logged or printed.
    /// Declare it `ephemeral = true`: hosts store others in their plans.
    #[must_use]
    pub fn secret(mut self, variable: &str, value: &str) -> Self {
        self.secrets.text(value);
        self.env(&format!("TF_VAR_{variable}"), value)
    }

    /// Names a secret that is made elsewhere, for example by the provider itself.
    pub fn never_shows(&mut self, secret: &str) {
        self.secrets.text(secret);
    }

    /// Names a private key (PKCS#8 as PEM) of which no part may show, in whatever form.
    pub fn never_shows_key(&mut self, pem: &str) {
        self.secrets.key(pem);
    }

    /// Has the host show the state and the plan that [`Workspace::plan`] kept, and searches that too.
    pub fn show_all(&self) {
        self.run(&["show", "-json"]).succeeds();
        if self.path(PLAN_FILE).exists() {
            self.run(&["show", "-json", PLAN_FILE]).succeeds();
        }
    }

    /// Replaces the configuration.
    pub fn configure(&self, configuration: &str) {
        self.write("main.tf", configuration);
    }

    /// Writes a file beside the configuration, and says where it is.
    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Where a file of this workspace is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Has berth stand in for a provider that the state names: the host starts it, although it asks it nothing for a move.
    pub fn stand_in_for(&self, provider: &str) {
        let registry = if self.cli.is_tofu() { "registry.opentofu.org" } else { "registry.terraform.io" };
        let name = format!("terraform-provider-{}", provider.rsplit('/').next().unwrap());
        let folder = self.path("stand-in");
        fs::create_dir(&folder).unwrap();
        let program = folder.join(name);
        fs::hard_link(PROGRAM, &program).or_else(|_| fs::copy(PROGRAM, &program).map(drop)).unwrap();
        let settings = fs::read_to_string(self.path("host.rc")).unwrap();
        let line = format!("    \"{registry}/{provider}\" = \"{}\"\n", folder.display());
        self.write("host.rc", &settings.replace("dev_overrides {\n", &format!("dev_overrides {{\n{line}")));
    }

    /// Checks the configuration without state or remotes.
    pub fn validate(&self) -> Run {
        self.run(&["validate", "-json"])
    }

    /// Plans, and keeps the plan for [`Workspace::apply_plan`].
    pub fn plan(&self) -> Run {
        let run = self.run(&["plan", "-json", "-input=false", "-detailed-exitcode", "-out", PLAN_FILE]);
        self.search_plan();
        run
    }

    /// Applies what [`Workspace::plan`] kept.
    pub fn apply_plan(&self) -> Run {
        self.run(&["apply", "-json", "-input=false", PLAN_FILE])
    }

    /// Plans and applies in one run.
    pub fn apply(&self) -> Run {
        self.run(&["apply", "-json", "-input=false", "-auto-approve"])
    }

    /// Begins to apply and comes back at once.
    pub fn start_apply(&self) -> Running<'_> {
        self.start("apply")
    }

    /// Begins to destroy and comes back at once.
    pub fn start_destroy(&self) -> Running<'_> {
        self.start("destroy")
    }

    fn start(&self, what: &str) -> Running<'_> {
        let _entered = self.runtime.enter();
        let state = fs::read(self.path(STATE_FILE)).ok();
        let child = self.command(&[what, "-json", "-input=false", "-auto-approve"]).kill_on_drop(true).spawn().unwrap();
        Running { workspace: self, child, state }
    }

    /// Brings the state in line with the remote, and changes nothing there.
    pub fn refresh(&self) -> Run {
        self.run(&["apply", "-json", "-input=false", "-auto-approve", "-refresh-only"])
    }

    pub fn destroy(&self) -> Run {
        self.run(&["destroy", "-json", "-input=false", "-auto-approve"])
    }

    pub fn import(&self, address: &str, id: &str) -> Run {
        self.run(&["import", "-input=false", "-no-color", address, id])
    }

    /// Applies after a run that was cut short. Where the state never heard of what was finished, the refusal says how to go on, and
    /// that does.
    #[track_caller]
    pub fn go_on(&self, address: &str, id: &str, step: &str) {
        let run = self.apply();
        if !run.is_success() {
            let errors = run.fails();
            assert!(errors.contains("BERTH-K8S-015") && errors.contains("import it"), "{step}: {errors}");
            self.import(address, id).succeeds();
            self.apply().succeeds();
        }
    }

    /// What the saved plan says of an attribute of its first resource; null if it is not known yet.
    pub fn planned(&self, attribute: &str) -> Value {
        let shown = self.run(&["show", "-json", PLAN_FILE]);
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        shown["resource_changes"][0]["change"]["after"][attribute].clone()
    }

    /// Any other command.
    pub fn run(&self, arguments: &[&str]) -> Run {
        let output = self.runtime.block_on(async {
            let child = self.command(arguments).kill_on_drop(true).spawn().expect("the command line is installed");
            timeout(RUN_LIMIT, child.wait_with_output()).await.expect("the run does not hang").unwrap()
        });
        self.ended(arguments, &output)
    }

    /// The stored state; `Null` before there is one.
    pub fn state(&self) -> Value {
        fs::read(self.path(STATE_FILE)).map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap())
    }

    /// The stored instance of a managed resource or data source: `attributes`, `status` (`tainted`), `private` and so on.
    /// Addresses look like `berth_x.name`, `data.berth_x.name`, `berth_x.name["key"]` or `berth_x.name[0]`.
    pub fn instance(&self, address: &str) -> Option<Value> {
        let state = self.state();
        let (resource, index) = address.split_once('[').map_or((address, None), |(resource, index)| {
            (resource, Some(serde_json::from_str::<Value>(index.trim_end_matches(']')).unwrap()))
        });
        let matches = |candidate: &&Value| {
            let prefix = if candidate["mode"] == "data" { "data." } else { "" };
            format!("{prefix}{}.{}", candidate["type"].as_str().unwrap(), candidate["name"].as_str().unwrap())
                == resource
        };
        let resource = state["resources"].as_array()?.iter().find(matches)?;
        let instances = resource["instances"].as_array()?;
        instances.iter().find(|instance| instance.get("index_key") == index.as_ref()).cloned()
    }

    /// The stored attributes of an instance.
    pub fn attributes(&self, address: &str) -> Value {
        let instance = self.instance(address).unwrap_or_else(|| panic!("{address} is not in {}", self.state()));
        instance["attributes"].clone()
    }

    /// All that host and provider logged so far, at TRACE.
    pub fn log(&self) -> String {
        fs::read(self.path("trace.log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cli.0);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TF_")) {
            command.env_remove(name);
        }
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
            .env("TF_CLI_CONFIG_FILE", self.path("host.rc"))
            .env("TF_LOG", "TRACE")
            .env("TF_LOG_PATH", self.path("trace.log"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .envs(self.environment.iter().cloned());
        command
    }

    fn ended(&self, arguments: &[&str], output: &Output) -> Run {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let run = Run {
            what: format!("{} {}", self.cli.0.display(), arguments.join(" ")),
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        self.search("the output", &run.stdout);
        self.search("the errors", &run.stderr);
        let log = fs::read(self.path("trace.log")).unwrap_or_default();
        assert_eq!(self.secrets.form_in_log(&log), None, "a secret is in the log");
        for name in [STATE_FILE, "terraform.tfstate.backup", "errored.tfstate"] {
            let text = fs::read_to_string(self.path(name)).unwrap_or_default();
            self.search(name, &text);
            let state = serde_json::from_str(&text).unwrap_or_default();
            self.search(&format!("the private state in {name}"), &private_state(&state));
        }
        run
    }

    /// Searches the saved plan, which is an archive of the plan, two states and a copy of the configuration.
    fn search_plan(&self) {
        let plan = self.path(PLAN_FILE);
        if self.secrets.is_empty() || !plan.exists() {
            return;
        }
        let unpacked = self.path("unpacked");
        let mut python = std::process::Command::new("python3");
        let status =
            python.args(["-m", "zipfile", "-e"]).args([&plan, &unpacked]).status().expect("Python is installed");
        assert!(status.success());
        for name in ["tfplan", "tfstate", "tfstate-prev"] {
            let bytes = fs::read(unpacked.join(name)).unwrap();
            self.search(&format!("{name} of the saved plan"), &String::from_utf8_lossy(&bytes));
        }
    }

    fn search(&self, place: &str, text: &str) {
        let form = self.secrets.form_in(text);
        assert!(form.is_none(), "a secret is in {place}, {}", form.unwrap_or_default());
    }
}

fn host_settings() -> String {
    let programs = Path::new(PROGRAM).parent().unwrap().display();
    format!(
        "provider_installation {{\n  dev_overrides {{\n    \"registry.terraform.io/berth/berth\" = \"{programs}\"\n    \
         \"registry.opentofu.org/berth/berth\" = \"{programs}\"\n  }}\n  direct {{}}\n}}\n"
    )
}
