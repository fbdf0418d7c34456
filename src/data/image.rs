//! `berth_image`: what an image's name stands for.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::clients::oci::{GatherError, Image, Subject, patiently};
use crate::domain::image::ImageReference;
use crate::domain::oci::{Contents, Descriptor, Manifest, Platform};
use crate::explain::Explanation;
use crate::provider::{Berth, Cx};
use crate::sdk::{Check, Computed, Data, Meta, Model, ReadTimeouts, Result, check};

/// The data source.
pub struct ImageData;

/// What is asked and found.
#[derive(Clone, Debug, Model)]
pub struct ImageModel {
    /// The image, as `HOST/PATH:TAG` or `HOST/PATH@sha256:…`; without either, the tag `latest` is meant.
    #[attr(check = image())]
    pub image: String,
    /// Of an image for several platforms, the one whose size, labels and time of making are told. Default: `linux/amd64`,
    /// or the first if it is not for that.
    #[attr(check = platform())]
    pub platform: Option<String>,
    /// Its digest, `sha256:…`.
    pub digest: Computed<String>,
    /// The image by its digest, `HOST/PATH@sha256:…`.
    pub reference: Computed<String>,
    /// What the digest stands for: the media type of a manifest or of an index.
    pub media_type: Computed<String>,
    /// The platforms that it is for, such as `linux/arm64`, in its own order.
    pub platforms: Computed<Vec<String>>,
    /// The digest of each platform's manifest.
    pub platform_digests: Computed<BTreeMap<String, String>>,
    /// What a node pulls of it, in bytes: manifest, configuration and layers, of an image for several platforms those of
    /// the one that is told of. Null if there is no such manifest.
    pub size_bytes: Computed<i64>,
    /// The labels of its configuration.
    pub labels: Computed<BTreeMap<String, String>>,
    /// When it was made, as its configuration says (RFC 3339); null if that does not.
    pub created: Computed<String>,
    /// How long reading may take.
    pub timeouts: Option<ReadTimeouts>,
}

/// What is told of a configuration.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Config {
    created: Option<String>,
    #[serde(rename = "config")]
    settings: Option<Settings>,
    #[serde(flatten)]
    platform: Platform,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    #[serde(rename = "Labels")]
    labels: Option<BTreeMap<String, String>>,
}

fn image() -> Check {
    check::text("must be an image's name, `HOST/PATH:TAG` or `HOST/PATH@DIGEST`", |text| {
        text.parse::<ImageReference>().map(|_| ()).map_err(|fault| format!("must be an image's name, and {fault}"))
    })
}

fn platform() -> Check {
    check::text("must be a platform such as `linux/amd64`", |text| {
        text.parse::<Platform>().map(|_| ()).map_err(|fault| format!("must be a platform, and {fault}"))
    })
}

impl Data<Berth> for ImageData {
    type Model = ImageModel;

    const NAME: &'static str = "berth_image";

    const META: Meta = Meta::new(
        "Images and charts",
        "What an image's name stands for in its registry: digest, platforms, size, labels. What the name stands for is read, with the \
         manifest and the configuration of one platform: registries such as Docker Hub count who reads manifests.\n\n\
         Its `reference` as the source of a resource `berth_image` has a tag of another registry followed.",
    );

    async fn read(&self, cx: &Cx, model: &mut ImageModel) -> Result<()> {
        let what = format!("Cannot read the image `{}`", model.image);
        let named: ImageReference = model.image.parse().map_err(|fault: crate::domain::image::Fault| {
            Explanation::new("BERTH-OCI-001", &*what).next(format!("correct it: {fault}")).at("image")
        })?;
        let registry = cx.provider().oci((&named.registry, &named.repository), "image").await?;
        let subject = Subject { registry: &named.registry, attribute: "image", has_login: registry.has_login() };
        let name = named.digest.as_deref().or(named.tag.as_deref()).unwrap_or("latest");
        let told = |error: &GatherError| error.explain(&*what, subject, "image");
        let found = Image::outline(cx.budget(), &registry, (&named.repository, name)).await;
        let found = found.map_err(|error| told(&error))?;
        let entries = entries(&found);
        let part = match chosen(model, &entries, &what)? {
            Some(part) => {
                Some(Image::part(cx.budget(), &registry, &named.repository, part).await.map_err(|error| told(&error))?)
            }
            None => Some(found.top.clone()).filter(|_| entries.is_empty()),
        };
        model.size_bytes.set(part.as_ref().and_then(size));
        if let Some(Ok(Contents::Image { config, .. })) = part.as_ref().map(Manifest::contents) {
            let read = patiently(cx.budget(), || registry.pull_blob(&named.repository, &config.digest)).await;
            let text = read.map_err(|error| error.explain(&*what, subject))?;
            let config: Config = serde_json::from_slice(&text).unwrap_or_default();
            if entries.is_empty() && !config.platform.os.is_empty() {
                model.platforms.set(vec![config.platform.to_string()]);
                model.platform_digests.set(BTreeMap::from([(config.platform.to_string(), found.top.digest.clone())]));
            }
            model.labels.set(config.settings.and_then(|settings| settings.labels).unwrap_or_default());
            model.created.set(config.created);
        }
        fill(model, &named, &found, &entries);
        Ok(())
    }
}

/// The manifests of an image by platform, those of nested indexes too.
fn entries(image: &Image) -> Vec<(Platform, Descriptor)> {
    within(image, &image.top, &mut BTreeSet::new())
}

fn within(image: &Image, index: &Manifest, seen: &mut BTreeSet<String>) -> Vec<(Platform, Descriptor)> {
    let mut found = Vec::new();
    let Ok(Contents::Index(manifests)) = index.contents() else { return found };
    for named in manifests.into_iter().filter(|named| seen.insert(named.digest.clone())).collect::<Vec<_>>() {
        let child = image.children.iter().find(|child| child.digest == named.digest);
        match child.filter(|child| matches!(child.contents(), Ok(Contents::Index(_)))) {
            Some(child) => found.extend(within(image, child, seen)),
            None => found.extend(named.platform.clone().filter(|it| it.os != "unknown").map(|it| (it, named))),
        }
    }
    found
}

/// What a node pulls of an image for one platform, in bytes.
fn size(manifest: &Manifest) -> Option<i64> {
    let Ok(Contents::Image { config, layers }) = manifest.contents() else { return None };
    let blobs = layers.iter().chain([&config]).map(|blob| blob.size).fold(0, u64::saturating_add);
    i64::try_from(blobs).ok()?.checked_add(i64::try_from(manifest.content.len()).ok()?)
}

/// The manifest that is told of, among those of several platforms.
fn chosen<'a>(model: &ImageModel, entries: &'a [(Platform, Descriptor)], what: &str) -> Result<Option<&'a Descriptor>> {
    let wanted = model.platform.as_deref().and_then(|text| text.parse::<Platform>().ok());
    let usual = "linux/amd64".parse::<Platform>().ok();
    let is = |platform: &Option<Platform>| {
        entries.iter().find(|(it, _)| platform.as_ref().is_some_and(|wanted| wanted.is_met_by(it)))
    };
    let entry = match &wanted {
        Some(_) => is(&wanted),
        None => is(&usual).or(entries.first()),
    };
    if let (Some(wanted), None, false) = (&wanted, entry, entries.is_empty()) {
        let offered: Vec<String> = entries.iter().map(|(platform, _)| platform.to_string()).collect();
        return Err(Explanation::new("BERTH-OCI-001", what)
            .said("The image", format!("it is not for {wanted}, but for {}", offered.join(", ")))
            .next("name one of these, or none")
            .at("platform"));
    }
    Ok(entry.map(|(_, named)| named))
}

fn fill(model: &mut ImageModel, named: &ImageReference, image: &Image, entries: &[(Platform, Descriptor)]) {
    model.digest.set(image.top.digest.clone());
    model.reference.set(named.with_digest(&image.top.digest).to_string());
    model.media_type.set(image.top.media_type.clone());
    if model.platforms.get().is_none() {
        model.platforms.set(entries.iter().map(|(platform, _)| platform.to_string()).collect::<Vec<_>>());
        let digests = entries.iter().map(|(platform, named)| (platform.to_string(), named.digest.clone()));
        model.platform_digests.set(digests.collect::<BTreeMap<_, _>>());
    }
    if model.labels.get().is_none() {
        model.labels.set(BTreeMap::new());
    }
    if model.created.get().is_none() {
        model.created.set(None);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::oci::{OCI_INDEX, OCI_MANIFEST};

    #[test]
    fn the_platforms_of_a_nested_index_are_told() {
        let index = |entries: serde_json::Value| {
            let document = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
            Manifest::new(OCI_INDEX, document.to_string().into())
        };
        let platform = |architecture: &str| {
            let digest = format!("sha256:{}", crate::digest::sha256_hex(architecture.as_bytes()));
            json!({ "mediaType": OCI_MANIFEST, "digest": digest, "size": 2, "platform": { "os": "linux", "architecture": architecture } })
        };
        let inner = index(json!([platform("amd64"), platform("arm64")]));
        let named = json!({ "mediaType": OCI_INDEX, "digest": inner.digest, "size": inner.content.len() });
        let top = index(json!([named, named, platform("s390x")]));
        let image = Image { top, children: vec![inner], blobs: Vec::new() };
        let told: Vec<String> = entries(&image).iter().map(|(platform, _)| platform.to_string()).collect();
        assert_eq!(told, ["linux/amd64", "linux/arm64", "linux/s390x"]);
    }

    #[test]
    fn a_configuration_without_settings_has_all_else() {
        let read = r#"{"created":"2026-01-02T03:04:05Z","os":"linux","architecture":"amd64","config":null}"#;
        let read: Config = serde_json::from_str(read).unwrap();
        assert_eq!((read.created.as_deref(), read.platform.os.as_str()), (Some("2026-01-02T03:04:05Z"), "linux"));
    }
}
