//! A registry with TLS and a login, images to push to it, and skopeo to look at it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use berth::digest::sha256_hex;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::distribution::{Distribution, PASSWORD, USER};
use crate::tokens::Certificate;
use crate::workspace::{Cli, Workspace};

const CREDENTIALS: &str = "ann:correct horse";

pub struct Scene {
    pub registry: Distribution,
    pub certificate: Certificate,
    folder: TempDir,
}

/// What skopeo, which knows nothing of ours, says.
pub fn skopeo(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("skopeo").args(arguments).output().expect("skopeo is installed");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// What a program has printed, which has to end well.
#[track_caller]
pub fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

impl Scene {
    pub fn new() -> Self {
        let certificate = Certificate::new();
        let registry = Distribution::start(&certificate.http(), "  delete: { enabled: true }\n");
        Self { registry, certificate, folder: tempfile::tempdir().unwrap() }
    }

    /// The provider block, with the login to the registry under these addresses.
    pub fn provider(&self, places: &[&str]) -> String {
        let (file, mut entries) = (self.certificate.file().display().to_string(), String::new());
        for place in places {
            let login = format!("username = \"{USER}\", password = var.password, ca_file = \"{file}\"");
            entries.extend(["\"", place, "\" = { ", &login, " }\n"]);
        }
        format!(
            "variable \"password\" {{\n  type = string\n  ephemeral = true\n}}\nprovider \"berth\" {{\n  registries = {{\n{entries}  }}\n}}\n"
        )
    }

    /// The provider block, with logins to this registry and to another one.
    pub fn provider_of_both(&self, other: &Self) -> String {
        let file = other.certificate.file().display().to_string();
        let login = format!("username = \"{USER}\", password = var.password, ca_file = \"{file}\"");
        let second = format!("registries = {{\n\"{}\" = {{ {login} }}\n", other.registry.place);
        self.provider(&[&self.registry.place]).replace("registries = {\n", &second)
    }

    /// A workspace with the provider block for the registry and this configuration.
    pub fn workspace(&self, cli: &Cli, configuration: &str) -> Workspace {
        Workspace::on(cli, &self.configured(configuration)).secret("password", PASSWORD)
    }

    pub fn configured(&self, configuration: &str) -> String {
        format!("{}{configuration}", self.provider(&[&self.registry.place]))
    }

    /// A name in the registry.
    pub fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.registry.place)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The digest that a tag stands for.
    pub fn digest(&self, name: &str) -> Option<String> {
        let name = format!("docker://{}", self.name(name));
        let asked = ["inspect", "--raw", "--tls-verify=false", "--creds", CREDENTIALS, &name];
        skopeo(&asked).ok().map(|raw| format!("sha256:{}", sha256_hex(raw.as_bytes())))
    }

    /// Copies all of an image out of the registry: skopeo checks each digest.
    pub fn pulls(&self, name: &str) {
        let (from, to) = (format!("docker://{}", self.name(name)), format!("dir:{}", self.path("pulled").display()));
        let asked = ["copy", "--all", "--src-tls-verify=false", "--src-creds", CREDENTIALS, &from, &to];
        skopeo(&asked).unwrap();
    }

    /// Has a tag stand for the image in an OCI layout, as somebody else would.
    pub fn pushes(&self, layout: &Path, name: &str) {
        self.copies(layout, name, &[]);
    }

    /// The same for all its platforms, byte for byte.
    pub fn pushes_whole(&self, layout: &Path, name: &str) {
        self.copies(layout, name, &["--all", "--preserve-digests"]);
    }

    fn copies(&self, layout: &Path, name: &str, how: &[&str]) {
        let (from, to) = (format!("oci:{}", layout.display()), format!("docker://{}", self.name(name)));
        let login = ["copy", "--dest-tls-verify=false", "--dest-creds", CREDENTIALS];
        skopeo(&[&login[..], how, &[from.as_str(), to.as_str()]].concat()).unwrap();
    }

    /// Takes a tag off, or a manifest with all its tags.
    pub fn removes(&self, repository: &str, tag: &str) {
        let url = format!("https://{}/v2/{repository}/manifests/{tag}", self.registry.place);
        let asked =
            ["--silent", "--insecure", "--user", CREDENTIALS, "-X", "DELETE", "--write-out", "%{http_code}", &url];
        let output = Command::new("curl").args(asked).output().expect("curl is installed");
        assert!(String::from_utf8_lossy(&output.stdout).ends_with("202"), "{output:?}");
    }

    /// An OCI layout with an image for each platform, whose layer has so many bytes. Gives its folder and its digest.
    pub fn layout(&self, name: &str, platforms: &[&str], size: usize) -> (PathBuf, String) {
        let folder = self.path(name);
        std::fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
        let put = |media_type: &str, content: &[u8]| {
            let hex = sha256_hex(content);
            std::fs::write(folder.join("blobs/sha256").join(&hex), content).unwrap();
            json!({ "mediaType": media_type, "digest": format!("sha256:{hex}"), "size": content.len() })
        };
        let text = |value: &Value| value.to_string().into_bytes();
        let mut manifests = Vec::new();
        for platform in platforms {
            let (os, architecture) = platform.split_once('/').unwrap();
            let seed =
                name.bytes().chain(platform.bytes()).fold(0, |sum, byte| (sum * 31 + usize::from(byte)) % 65_536);
            let content: Vec<u8> =
                (0..size).map(|at| u8::try_from((at * 7 + at / 251 + seed) % 256).unwrap()).collect();
            let layer = put("application/vnd.oci.image.layer.v1.tar", &content);
            let digest = layer["digest"].clone();
            let config = json!({ "os": os, "architecture": architecture, "rootfs": { "type": "layers", "diff_ids": [digest] },
                "config": { "Labels": { "team": "yard" } }, "created": "2026-01-02T03:04:05Z" });
            let config = put("application/vnd.oci.image.config.v1+json", &text(&config));
            let manifest = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": config, "layers": [layer] });
            let mut entry = put("application/vnd.oci.image.manifest.v1+json", &text(&manifest));
            entry["platform"] = json!({ "os": os, "architecture": architecture });
            manifests.push(entry);
        }
        let root = match manifests.as_slice() {
            [one] => one.clone(),
            _ => put(
                "application/vnd.oci.image.index.v1+json",
                &text(
                    &json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": manifests }),
                ),
            ),
        };
        let digest = root["digest"].as_str().unwrap().to_owned();
        std::fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        std::fs::write(folder.join("index.json"), json!({ "schemaVersion": 2, "manifests": [root] }).to_string())
            .unwrap();
        (folder, digest)
    }
}

/// The attributes that the saved plan of a workspace changes.
pub fn changing(workspace: &Workspace) -> Vec<String> {
    let shown = workspace.run(&["show", "-json", "saved.plan"]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    let change = &shown["resource_changes"][0]["change"];
    let after = change["after"].as_object().unwrap();
    let open = change["after_unknown"].as_object().unwrap().keys();
    let differing = after.iter().filter(|(name, value)| change["before"][name] != **value).map(|(name, _)| name);
    let names: std::collections::BTreeSet<String> = differing.chain(open).cloned().collect();
    names.into_iter().collect()
}

/// An image resource.
pub fn image(name: &str, source: &str, destination: &str, rest: &str) -> String {
    format!(
        "resource \"berth_image\" \"{name}\" {{\n  source = {{ {source} }}\n  destination = \"{destination}\"\n  {rest}\n}}\n"
    )
}
