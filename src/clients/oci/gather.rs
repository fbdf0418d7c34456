//! All that belongs to an image: its manifests, nested as they may be, and the blobs that they name.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use bytes::Bytes;

use super::patience::{Unfinished, patiently};
use super::{LocalError, Oci};
use crate::domain::oci::{Choice, Contents, Descriptor, Fault, Manifest, Platform, choose};
use crate::retry::Budget;

/// How many manifests an image may have.
const MANIFESTS: usize = 5000;

/// An image as it is to be pushed.
#[derive(Clone, Debug)]
pub struct Image {
    /// What the tag stands for.
    pub top: Manifest,
    /// The manifests below it, each before those that name it.
    pub children: Vec<Manifest>,
    /// Configurations and layers, each once; without those that registries do not keep.
    pub blobs: Vec<Descriptor>,
}

/// Why an image cannot be gathered.
#[derive(Debug)]
pub enum GatherError {
    /// The registry that it is in.
    Remote(Unfinished),
    /// The files that it is in.
    Local(LocalError),
    /// A manifest is none.
    Fault(Fault),
    /// It is not for these platforms.
    Platforms {
        /// What it is not for.
        missing: Vec<Platform>,
        /// What it is for.
        offered: Vec<Platform>,
    },
}

impl From<Fault> for GatherError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Where the parts of an image are.
pub(super) trait Parts: Sync {
    /// A manifest.
    fn manifest(&self, named: &Descriptor) -> impl Future<Output = Result<Manifest, GatherError>> + Send;
    /// A small blob.
    fn blob(&self, named: &Descriptor) -> impl Future<Output = Result<Bytes, GatherError>> + Send;
}

impl Image {
    /// How many bytes it has, each blob and manifest counted once.
    pub fn size(&self) -> u64 {
        let manifests = self.children.iter().chain([&self.top]).map(|it| u64::try_from(it.content.len()).unwrap_or(0));
        manifests.chain(self.blobs.iter().map(|blob| blob.size)).fold(0, u64::saturating_add)
    }

    /// An image in a repository, as far as the platforms go; no blob but configurations is read.
    pub async fn in_registry(
        budget: &Budget,
        registry: &Arc<Oci>,
        (repository, reference): (&str, &str),
        platforms: &[Platform],
    ) -> Result<Self, GatherError> {
        let top = patiently(budget, || registry.get(repository, reference, "pull")).await;
        let parts = InRegistry { budget, registry, repository };
        gathered(&parts, top.map_err(GatherError::Remote)?, platforms).await
    }

    /// What is told of an image in a repository by itself: its top, and the indexes below. What is for one platform is not
    /// read: registries count who reads manifests, and some do not have them all.
    pub async fn outline(
        budget: &Budget,
        registry: &Oci,
        (repository, reference): (&str, &str),
    ) -> Result<Self, GatherError> {
        let top = patiently(budget, || registry.get(repository, reference, "pull")).await;
        let top = top.map_err(GatherError::Remote)?;
        let (mut pending, mut children) = (vec![top.clone()], Vec::new());
        while let Some(manifest) = pending.pop() {
            let Contents::Index(named) = manifest.contents()? else { continue };
            for named in named.iter().filter(|named| named.is_index()) {
                let child = Self::part(budget, registry, repository, named).await?;
                if children.len() < MANIFESTS && !children.contains(&child) {
                    pending.push(child.clone());
                    children.push(child);
                }
            }
        }
        Ok(Self { top, children, blobs: Vec::new() })
    }

    /// A manifest that such an image names.
    pub async fn part(
        budget: &Budget,
        registry: &Oci,
        repository: &str,
        named: &Descriptor,
    ) -> Result<Manifest, GatherError> {
        InRegistry { budget, registry, repository }.manifest(named).await
    }
}

struct InRegistry<'a> {
    budget: &'a Budget,
    registry: &'a Oci,
    repository: &'a str,
}

impl Parts for InRegistry<'_> {
    async fn manifest(&self, named: &Descriptor) -> Result<Manifest, GatherError> {
        let got = patiently(self.budget, || self.registry.get_named(self.repository, named)).await;
        got.map_err(GatherError::Remote)
    }

    async fn blob(&self, named: &Descriptor) -> Result<Bytes, GatherError> {
        let got = patiently(self.budget, || self.registry.pull_blob(self.repository, &named.digest)).await;
        got.map_err(GatherError::Remote)
    }
}

/// Gathers an image from its top.
pub(super) async fn gathered(parts: &impl Parts, top: Manifest, platforms: &[Platform]) -> Result<Image, GatherError> {
    let top = chosen(parts, top, platforms).await?;
    let (mut pending, mut seen, mut blobs) = (vec![top.clone()], Vec::new(), BTreeMap::new());
    while let Some(manifest) = pending.pop() {
        match manifest.contents()? {
            Contents::Index(named) => {
                for named in named {
                    if named.is_manifest() {
                        pending.push(parts.manifest(&named).await?);
                    } else {
                        // The caches of BuildKit are such an index.
                        blobs.extend(Some(named).filter(|it| !it.is_foreign()).map(|it| (it.digest.clone(), it)));
                    }
                }
            }
            Contents::Image { config, layers } => {
                let kept = layers.into_iter().chain([config]).filter(|blob| !blob.is_foreign());
                blobs.extend(kept.map(|blob| (blob.digest.clone(), blob)));
            }
        }
        seen.push(manifest);
        if seen.len() + pending.len() > MANIFESTS {
            let why = format!("it has more than {MANIFESTS} manifests");
            return Err(Fault::Unreadable { digest: top.digest, why }.into());
        }
    }
    Ok(Image { children: below(&top, seen), top, blobs: blobs.into_values().collect() })
}

/// The manifests below the top, each once and before all that name it.
fn below(top: &Manifest, seen: Vec<Manifest>) -> Vec<Manifest> {
    let mut children: Vec<Manifest> = Vec::new();
    for manifest in seen.into_iter().rev().filter(|it| it.digest != top.digest) {
        if !children.iter().any(|it| it.digest == manifest.digest) {
            children.push(manifest);
        }
    }
    children
}

/// What is left of the top when only some platforms are wanted.
async fn chosen(parts: &impl Parts, mut top: Manifest, platforms: &[Platform]) -> Result<Manifest, GatherError> {
    while !platforms.is_empty() {
        let manifests = match top.contents()? {
            Contents::Index(manifests) => manifests,
            Contents::Image { config, .. } => return fitting(parts, top, &config, platforms).await,
        };
        let offered =
            || manifests.iter().filter_map(|it| it.platform.clone()).filter(|it| it.os != "unknown").collect();
        let choice =
            choose(&manifests, platforms).map_err(|missing| GatherError::Platforms { missing, offered: offered() })?;
        top = match choice {
            Choice::All => return Ok(top),
            Choice::One(one) => parts.manifest(&one).await?,
            Choice::Some(kept) => {
                return Ok(top.with_only(|it| kept.contains(&it.digest)).unwrap_or(top));
            }
        };
    }
    Ok(top)
}

/// An image for one platform, if it is the one that is wanted; what names none fits any.
async fn fitting(
    parts: &impl Parts,
    top: Manifest,
    config: &Descriptor,
    platforms: &[Platform],
) -> Result<Manifest, GatherError> {
    let given: Platform = serde_json::from_slice(&parts.blob(config).await?).unwrap_or_default();
    if given.os.is_empty() || platforms.iter().all(|wanted| wanted.is_met_by(&given)) {
        return Ok(top);
    }
    let missing = platforms.iter().filter(|wanted| !wanted.is_met_by(&given)).cloned().collect();
    Err(GatherError::Platforms { missing, offered: vec![given] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::oci::{OCI_INDEX, OCI_MANIFEST, digest_of};
    use serde_json::{Value, json};

    /// Manifests and blobs by digest.
    #[derive(Default)]
    struct Box(BTreeMap<String, Bytes>);

    impl Box {
        fn put(&mut self, media_type: &str, document: &Value) -> Value {
            let content = Bytes::from(document.to_string());
            let entry = json!({ "mediaType": media_type, "digest": digest_of(&content), "size": content.len() });
            self.0.insert(digest_of(&content), content);
            entry
        }

        fn top(&self, entry: &Value) -> Manifest {
            Manifest::new("", self.0[entry["digest"].as_str().unwrap()].clone())
        }
    }

    impl Parts for Box {
        async fn manifest(&self, named: &Descriptor) -> Result<Manifest, GatherError> {
            Ok(Manifest::new(&named.media_type, self.0[&named.digest].clone()))
        }

        async fn blob(&self, named: &Descriptor) -> Result<Bytes, GatherError> {
            Ok(self.0[&named.digest].clone())
        }
    }

    fn image(parts: &mut Box, os: &str, layer: &str, foreign: bool) -> Value {
        let config = parts.put("c", &json!({ "os": os, "architecture": "amd64" }));
        let mut layer = json!({ "mediaType": "l", "digest": digest_of(layer.as_bytes()), "size": 7 });
        if foreign {
            layer["mediaType"] = json!("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
            layer["urls"] = json!(["https://a.test/"]);
        }
        let manifest = json!({ "schemaVersion": 2, "config": config, "layers": [layer, { "mediaType": "l", "digest": digest_of(b"shared"), "size": 5 }] });
        let mut entry = parts.put(OCI_MANIFEST, &manifest);
        entry["platform"] = json!({ "os": os, "architecture": "amd64" });
        entry
    }

    #[tokio::test]
    async fn a_nested_image_is_gathered_with_each_part_once_and_in_order() {
        let mut parts = Box::default();
        let (one, two) = (image(&mut parts, "linux", "x", false), image(&mut parts, "windows", "y", true));
        let inner = parts.put(OCI_INDEX, &json!({ "schemaVersion": 2, "manifests": [one, two] }));
        let top = parts.put(OCI_INDEX, &json!({ "schemaVersion": 2, "manifests": [inner, one] }));
        let image = gathered(&parts, parts.top(&top), &[]).await.unwrap();
        let order: Vec<&str> = image.children.iter().map(|it| it.digest.as_str()).collect();
        assert_eq!(order.len(), 3);
        let place = |entry: &Value| order.iter().position(|it| entry["digest"] == *it).unwrap();
        assert!(place(&one) < place(&inner) && place(&two) < place(&inner), "{order:?}");
        assert!(image.size() > 12);
        let has = |layer: &str| image.blobs.iter().any(|it| it.digest == digest_of(layer.as_bytes()));
        assert!(has("shared") && has("x") && !has("y"), "what is kept elsewhere is left out");
    }

    #[tokio::test]
    async fn an_index_may_name_blobs_as_the_caches_of_buildkit_do() {
        let mut parts = Box::default();
        let layer =
            json!({ "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest_of(b"x"), "size": 1 });
        let cache =
            json!({ "mediaType": "application/vnd.buildkit.cacheconfig.v0", "digest": digest_of(b"{}"), "size": 2 });
        let top = parts.put(OCI_INDEX, &json!({ "schemaVersion": 2, "manifests": [layer, cache] }));
        let image = gathered(&parts, parts.top(&top), &[]).await.unwrap();
        assert_eq!((image.children.len(), image.blobs.len()), (0, 2));
    }

    #[test]
    fn sizes_that_nothing_can_have_are_no_reason_to_panic() {
        let blob = crate::clients::oci::local::descriptor("l", digest_of(b""), u64::MAX);
        let image =
            Image { top: Manifest::new("", "{}".into()), children: Vec::new(), blobs: vec![blob.clone(), blob] };
        assert_eq!(image.size(), u64::MAX);
    }

    #[tokio::test]
    async fn only_what_is_wanted_is_gathered_and_what_is_not_there_is_told() {
        let mut parts = Box::default();
        let (one, two) = (image(&mut parts, "linux", "x", false), image(&mut parts, "windows", "y", false));
        let top = parts.put(OCI_INDEX, &json!({ "schemaVersion": 2, "manifests": [one, two] }));
        let wanted = |text: &str| [text.parse::<Platform>().unwrap()];
        let image = gathered(&parts, parts.top(&top), &wanted("windows/amd64")).await.unwrap();
        assert_eq!((image.top.digest.as_str(), image.children.len()), (two["digest"].as_str().unwrap(), 0));
        let same = gathered(&parts, parts.top(&one), &wanted("linux/amd64")).await.unwrap();
        assert_eq!(same.top.digest, one["digest"].as_str().unwrap());
        for top in [&top, &one] {
            let missing = gathered(&parts, parts.top(top), &wanted("linux/arm64")).await.unwrap_err();
            assert!(matches!(missing, GatherError::Platforms { offered, .. } if !offered.is_empty()));
        }
    }
}
