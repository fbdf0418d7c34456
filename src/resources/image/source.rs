//! Where an image comes from, found out.

use std::path::Path;

use crate::clients::oci::{Content, GatherError, Image, LocalImage, Subject};
use crate::domain::image::ImageReference;
use crate::domain::oci::Platform;
use crate::explain::Explanation;
use crate::provider::Cx;
use crate::sdk::{Diagnostics, Result, View};

use super::super::platforms;
use super::{Declared, Source};

/// The ways to name a source.
const WAYS: [&str; 3] = ["source.archive", "source.oci_layout", "source.reference"];

/// The source of an image on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Files {
    /// An archive.
    Archive(String),
    /// A folder with an OCI layout.
    Layout(String),
}

impl Files {
    pub fn of(source: &Source) -> Option<Self> {
        let layout = source.oci_layout.clone().map(Self::Layout);
        source.archive.clone().map(Self::Archive).or(layout)
    }

    pub fn attribute(&self) -> &'static str {
        match self {
            Self::Archive(_) => "source.archive",
            Self::Layout(_) => "source.oci_layout",
        }
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Archive(path) | Self::Layout(path) => Path::new(path),
        }
    }

    /// The image in them.
    pub async fn image(
        &self,
        cx: &Cx,
        wanted: Option<&str>,
        platforms: &[Platform],
    ) -> std::result::Result<LocalImage, GatherError> {
        match self {
            Self::Archive(_) => cx.provider().archived_image(self.path(), wanted, platforms).await,
            Self::Layout(_) => LocalImage::in_layout(self.path(), wanted, platforms).await,
        }
    }
}

/// Finds mistakes in the combination of the arguments.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    let source = config.at("source");
    if source.is_unknown() {
        return;
    }
    let given: Vec<&str> = WAYS.into_iter().filter(|way| config.at(way).is_given()).collect();
    let is_open = WAYS.iter().any(|way| config.at(way).is_unknown());
    let complain = |what: &str, next: &str, at: &str| Explanation::new("BERTH-OCI-001", what).next(next).at(at);
    if let [_, second, ..] = given.as_slice() {
        let next = "set just one of archive, oci_layout and reference";
        found.error(&complain("The image has several sources", next, second));
    }
    if given.is_empty() && !is_open && source.is_given() {
        let next = "set one of archive, oci_layout and reference";
        found.error(&complain("The image has no source", next, "source"));
    }
    if config.at("source.reference").is_given() && config.at("source.image").is_given() {
        let next = "take it out: the reference names the image";
        found.error(&complain("`source.image` is for files that hold several images", next, "source.image"));
    }
}

/// The image, and where its blobs come from.
pub async fn resolve(cx: &Cx, model: &Declared, what: &str) -> Result<(Image, Content)> {
    let platforms = platforms::wanted(model.platforms.as_ref());
    if let Some(files) = Files::of(&model.source) {
        let found = files.image(cx, model.source.image.as_deref(), &platforms).await;
        let nobody = Subject { registry: "", attribute: files.attribute(), has_login: false };
        let found = found.map_err(|error| error.explain(what, nobody, files.attribute()))?;
        return Ok((found.image, Content::Local(found.places)));
    }
    let attribute = "source.reference";
    let Some(reference) = model.source.reference.as_deref().and_then(|text| text.parse::<ImageReference>().ok()) else {
        let next = "set one of archive, oci_layout and reference";
        return Err(Explanation::new("BERTH-OCI-001", what).next(next).at("source"));
    };
    let registry = cx.provider().oci((&reference.registry, &reference.repository), attribute).await?;
    let name = reference.digest.as_deref().or(reference.tag.as_deref()).unwrap_or("latest");
    let found = Image::in_registry(cx.budget(), &registry, (&reference.repository, name), &platforms).await;
    let subject = Subject { registry: &reference.registry, attribute, has_login: registry.has_login() };
    let image = found.map_err(|error| error.explain(what, subject, attribute))?;
    Ok((image, Content::Remote { registry, repository: reference.repository }))
}

/// The failure of a source that is not what the plan saw.
pub fn changed(what: &str, planned: &str, found: &str, source: &Source) -> Explanation {
    let at = Files::of(source).map_or("source.reference", |files| files.attribute());
    Explanation::new("BERTH-OCI-007", what)
        .said("Reading the source", format!("it is {found} by now, and was planned as {planned}"))
        .next("plan and apply again; to push what a tag stands for by now, change a value in triggers; nothing was pushed")
        .at(at)
}
