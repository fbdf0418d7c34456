//! A registry, ORAS to look at it, and OpenTofu to use it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::distribution::{PASSWORD, USER};
use crate::images::scene::{Scene, told};
use crate::workspace::Cli;

/// A scene of images, which has the registry, seen as one of artifacts.
pub struct Stage(Scene);

impl std::ops::Deref for Stage {
    type Target = Scene;

    fn deref(&self) -> &Scene {
        &self.0
    }
}

/// An artifact.
pub fn artifact(name: &str, destination: &str, rest: &str) -> String {
    format!("resource \"berth_artifact\" \"{name}\" {{\n  destination = \"{destination}\"\n  {rest}\n}}\n")
}

/// What ORAS says to arguments about a registry with a self-signed certificate, in a folder.
#[track_caller]
pub fn oras(folder: &Path, arguments: &[&str]) -> String {
    let program = std::env::var_os("ORAS").unwrap_or_else(|| "oras".into());
    let mut oras = Command::new(program);
    oras.args(arguments).args(["--insecure"]).current_dir(folder);
    let output = oras.output().expect("ORAS tells where oras is: `sandbox/sandbox tool oras`");
    told(&output)
}

impl Stage {
    pub fn new() -> Self {
        Self(Scene::new())
    }

    /// What ORAS says, with the login.
    #[track_caller]
    pub fn oras(&self, arguments: &[&str]) -> String {
        let login = ["-u", USER, "-p", PASSWORD];
        oras(self.path("").as_path(), &[arguments, &login].concat())
    }

    /// Pushes an image, always the same, as somebody else would. Gives its digest.
    pub fn others_image(&self, name: &str) -> String {
        let (layout, _) = self.layout("others", &["linux/amd64"], 500);
        self.pushes(&layout, name);
        // skopeo compresses layers.
        self.digest(name).unwrap()
    }

    /// A manifest or index.
    pub fn manifest(&self, name: &str) -> Value {
        serde_json::from_str(&self.oras(&["manifest", "fetch", &self.name(name)])).unwrap()
    }

    /// Pulls an artifact into a folder of its own.
    pub fn pull(&self, name: &str) -> PathBuf {
        let to = self.path(&format!("pulled-{}", name.replace(['/', ':', '@'], "-")));
        self.oras(&["pull", &self.name(name), "--output", &to.display().to_string()]);
        to
    }

    /// The digests of what ORAS finds attached, in order.
    pub fn attached(&self, name: &str) -> Vec<String> {
        digests(&self.oras(&["discover", &self.name(name), "--format", "json", "--depth", "1"]))
    }

    /// The tags of a repository.
    pub fn tags(&self, repository: &str) -> Vec<String> {
        self.oras(&["repo", "tags", &self.name(repository)]).lines().map(str::to_owned).collect()
    }

    /// OpenTofu with a configuration that needs no provider of ours, in a folder of its own; `settings` are further ones of the host.
    pub fn tofu(&self, name: &str, configuration: &str, settings: &str) -> Tofu {
        let folder = self.path(name);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("main.tf"), configuration).unwrap();
        let login = format!(
            "oci_credentials \"{}\" {{\n  username = \"{USER}\"\n  password = \"{PASSWORD}\"\n}}\n",
            self.registry.place
        );
        std::fs::write(folder.join("host.rc"), format!("{login}{settings}")).unwrap();
        Tofu { folder, trust: self.certificate.file() }
    }
}

/// The digests in what `oras discover --format json` says.
pub fn digests(json: &str) -> Vec<String> {
    let found: Value = serde_json::from_str(json).unwrap();
    let mut all: Vec<String> = found["referrers"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| one["digest"].as_str().unwrap().to_owned())
        .collect();
    all.sort();
    all
}

/// OpenTofu in a folder.
pub struct Tofu {
    pub folder: PathBuf,
    trust: PathBuf,
}

impl Tofu {
    /// Whether there is an OpenTofu to ask.
    pub fn is_there() -> bool {
        Cli::all().iter().any(Cli::is_tofu)
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let cli = Cli::all().into_iter().find(Cli::is_tofu).expect("TOFU tells where OpenTofu is");
        let mut tofu = Command::new(cli.program());
        tofu.args(arguments).current_dir(&self.folder).env("SSL_CERT_FILE", &self.trust);
        tofu.env("TF_CLI_CONFIG_FILE", self.folder.join("host.rc")).output().unwrap()
    }
}
