//! The release that a configuration names: read from its file or its text, and checked against what is said of it.

use std::io::ErrorKind;

use crate::digest::sha256_hex;
use crate::domain::cert_manager::{Fault, Release, release};
use crate::explain::Explanation;
use crate::resources::objects::content::{Content, told};
use crate::sdk::{Diagnostics, Result, View};

use super::Declared;
use super::model::MANIFEST;

const WHAT: &str = "cert-manager cannot be installed";

/// What a manifest was read as.
pub struct Read {
    /// The release, in its namespace.
    pub release: Release,
    /// The digest of the text.
    pub sha256: String,
}

/// Why there is no release.
pub enum Unread {
    /// The file is not there.
    Absent,
    /// It will not do.
    Refused(Explanation),
}

impl Unread {
    /// As the failure of an apply.
    pub fn explained(self, path: &str, what: &str) -> Explanation {
        match self {
            Self::Refused(told) => told,
            Self::Absent => Explanation::new("BERTH-CM-005", what)
                .on(format!("`{path}`, which is not there"))
                .next("correct the path; relative ones begin where Terraform runs")
                .at(MANIFEST),
        }
    }
}

/// Whether it is the text itself and no path.
fn is_text(manifest: &str) -> bool {
    manifest.contains('\n') || manifest.trim_start().starts_with('{')
}

/// Tests what is known of a configuration: a text; files are read by the plan.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    if let Some(text) = config.text("manifest").filter(|manifest| is_text(manifest))
        && let Err(told) = parsed(text, WHAT)
    {
        found.error(&told);
    }
}

/// What is said of a manifest beside its name.
#[derive(Clone, Copy, Debug, Default)]
pub struct Said<'a> {
    /// Its digest.
    pub sha256: Option<&'a str>,
    /// Its version.
    pub version: Option<&'a str>,
    /// Where it is to be.
    pub namespace: Option<&'a str>,
}

impl Declared {
    /// What it says of its manifest.
    pub fn said(&self) -> Said<'_> {
        Said {
            sha256: self.manifest_sha256.get().map(String::as_str),
            version: self.version.get().map(String::as_str),
            namespace: self.namespace.get().map(String::as_str),
        }
    }
}

/// Reads a release.
pub async fn read(manifest: &str, said: Said<'_>, what: &str) -> std::result::Result<Read, Unread> {
    let text = text_of(manifest, what).await?;
    let sha256 = sha256_hex(text.as_bytes());
    if let Some(given) = said.sha256.filter(|given| *given != sha256) {
        let told = Explanation::new("BERTH-CM-006", what)
            .on(format!("the manifest has the SHA-256 {sha256}, and {given} is declared"))
            .next("if the file is the one that is meant, correct `manifest_sha256`; else fetch it anew");
        return Err(Unread::Refused(told.at("manifest_sha256")));
    }
    let release = parsed(&text, what).map_err(Unread::Refused)?;
    if let Some(given) = said.version.filter(|given| release::parsed(given).as_ref() != Some(&release.version)) {
        let told = Explanation::new("BERTH-CM-006", what)
            .on(format!("the manifest is of version {}, and {given} is declared", release.version))
            .next("correct `version`, or take the manifest of that version");
        return Err(Unread::Refused(told.at("version")));
    }
    let release = match said.namespace {
        Some(namespace) => release.moved_to(namespace),
        None => release,
    };
    Ok(Read { release, sha256 })
}

async fn text_of(manifest: &str, what: &str) -> std::result::Result<String, Unread> {
    if is_text(manifest) {
        return Ok(manifest.to_owned());
    }
    tokio::fs::read_to_string(manifest).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => Unread::Absent,
        _ => Unread::Refused(
            Explanation::new("BERTH-CM-005", what)
                .on(format!("`{manifest}`: {error}"))
                .next("correct the path, and let it be read")
                .at(MANIFEST),
        ),
    })
}

fn parsed(text: &str, what: &str) -> Result<Release> {
    let told = |why: &str, next: &str| {
        Explanation::new("BERTH-CM-005", format!("{what}: {why}")).next(next.to_owned()).at(MANIFEST)
    };
    Release::read(text).map_err(|fault| match fault {
        Fault::Text(mistake) => self::told(&mistake, what, MANIFEST),
        Fault::NoController => told(
            "the manifest has no Deployment of cert-manager's controller",
            "give the manifest of a whole release: `cert-manager.yaml`, or `helm template` of the chart with its definitions",
        ),
        Fault::NoDefinitions => told(
            "the manifest has no definitions",
            "give a manifest with them: `helm template` writes them with `--set crds.enabled=true` (before 1.15, `installCRDs=true`)",
        ),
        Fault::NoVersion => told(
            "neither the label `app.kubernetes.io/version` of the controller nor the tag of its image tells the version",
            "give the controller's Deployment that label",
        ),
    })
}

/// The objects of a release, as sets of objects take them.
pub fn content(release: &Release) -> Content {
    Content::of(release.items().to_vec(), release.namespace())
}
