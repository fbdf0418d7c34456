//! The release that a configuration names: read from its file or its text, and checked against what is said of it.

use std::fmt;

use crate::digest::sha256_hex;
use crate::domain::cert_manager::{Fault, Release, release};
use crate::explain::Explanation;
use crate::resources::objects::content::{Content, told};
use crate::sdk::{Diagnostics, Result, View};

use super::Declared;
use super::model::MANIFEST;
use super::source::{self, Reader, Unread, is_address, is_text, pinned};

const WHAT: &str = "cert-manager cannot be installed";

/// The note of the private state of the namespace that the manifest says, wherever it was installed.
pub const HOME: &str = "home";

/// What a manifest was read as.
pub struct Read {
    /// The release, in its namespace.
    pub release: Release,
    /// The digest of the text.
    pub sha256: String,
    /// The namespace that the text says.
    pub home: String,
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@sha256:{}", self.release.version, self.sha256)
    }
}

/// Tests what is known of a configuration: a text; files are read by the plan.
pub fn check(config: View<'_>, found: &mut Diagnostics) {
    if let Some(text) = config.text("manifest").filter(|manifest| is_text(manifest))
        && let Err(told) = parsed(text, WHAT)
    {
        found.error(&told);
    }
    let needs = |manifest: &&str| is_address(manifest) && pinned(manifest).1.is_none();
    if config.text("manifest").is_some_and(|manifest| needs(&manifest)) && config.at("manifest_sha256").is_null() {
        found.error(&source::needs_digest(WHAT));
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
pub async fn read(reader: &Reader<'_>, manifest: &str, said: Said<'_>) -> std::result::Result<Read, Unread> {
    let (place, pin) = pinned(manifest);
    let text = reader.text(place, said.sha256.or(pin)).await?;
    let (sha256, what) = (sha256_hex(text.as_bytes()), reader.what);
    let given = [said.sha256, pin].into_iter().flatten().find(|given| *given != sha256);
    if let Some(given) = given {
        return Err(Unread::Refused(source::other(what, &sha256, given)));
    }
    let release = parsed(&text, what).map_err(Unread::Refused)?;
    if let Some(given) = said.version.filter(|given| release::parsed(given).as_ref() != Some(&release.version)) {
        let told = Explanation::new("BERTH-CM-006", what)
            .on(format!("the manifest is of version {}, and {given} is declared", release.version))
            .next("correct `version`, or take the manifest of that version");
        return Err(Unread::Refused(told.at("version")));
    }
    let home = release.namespace().to_owned();
    let release = match said.namespace {
        Some(namespace) => release.moved_to(namespace),
        None => release,
    };
    Ok(Read { release, sha256, home })
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
