//! What a user declares of a mirror, and what is kept of it.

use std::collections::BTreeMap;

use crate::domain::oci::Platform;
use crate::domain::oci::mirror::{Mirror, Mirrored};
use crate::explain::Explanation;
use crate::provider::checks;
use crate::sdk::{Check, Computed, Model, Result, Set, Timeouts, Value, check};

use super::super::platforms;

/// The mirror's configuration and state.
#[derive(Clone, Debug, Default, Model)]
pub struct Declared {
    /// The images, by the names that they have elsewhere: `nginx:1.27`, `ghcr.io/team/app@sha256:…`. At least one of `images` and
    /// `pods` is needed; both together are one set.
    #[attr(check = check::at_least(1), check = checks::image())]
    pub images: Option<Set<String>>,
    /// The images that a cluster's Pods name, also those of init and ephemeral containers. A Pod that names the copy
    /// in the mirror keeps the image in the set; `mapping` has the names as Pods write them. The cluster is that of the provider's
    /// `kubernetes`, asked by each refresh; while it does not answer, what was mirrored stays. `overwrite` lets an image come back whose tag has
    /// moved while nobody used it.
    pub pods: Option<Pods>,
    /// Where the copies lie, as `HOST` or `HOST/PATH`. Of a `berth_registry`, `HOST` or `HOST:PORT` is
    /// `trimprefix(berth_registry.x.url, "https://")`. Changing it copies all to the new place, and treats the old copies as
    /// `delete_on_destroy` says.
    #[attr(replace, check = destination(), equal = same_mirror)]
    pub destination: String,
    /// Whether the host of an image is a part of its path in the mirror. `false` gives the paths that a container runtime asks a
    /// mirror for; images of the same path at two hosts are refused then. Changing it copies all to the new names. Default `true`.
    #[attr(default = true, replace)]
    pub keep_host: bool,
    /// Platforms that are copied of images for several, such as `linux/amd64`. Absent, all of them are. An image that is not for
    /// them fails. One platform is copied as its manifest alone, several as an index with only these: so the digest in
    /// the mirror is another one.
    #[attr(check = check::at_least(1), check = platforms::check())]
    pub platforms: Option<Set<String>>,
    /// Any values: when one changes, all images are looked through again, and what the mirror lacks of them is sent.
    pub triggers: Option<BTreeMap<String, String>>,
    /// Whether a tag of the mirror that stands for something else already may be moved when an image joins the set. Later changes move it in
    /// any case. Default `false`.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Whether the tag of a copy is taken off when the image leaves the set or the resource is destroyed. The copy itself stays until the registry
    /// collects what has no tag. Default `false`: others may pull it.
    #[attr(default = false)]
    pub delete_on_destroy: bool,
    /// What each image is called in the mirror, by the name that it has elsewhere: `HOST/PATH:TAG`, or `HOST/PATH@sha256:…` of one that
    /// is named by a digest.
    pub mapping: Computed<BTreeMap<String, Computed<String>>>,
    /// What was copied, by the same names.
    pub copies: Computed<BTreeMap<String, Copied>>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// Whose images are meant.
#[derive(Clone, Debug, Default, Model)]
pub struct Pods {
    /// Only Pods of these namespaces. Absent, those of all namespaces, for which the whole cluster must be readable.
    #[attr(check = check::at_least(1), check = checks::label())]
    pub namespaces: Option<Set<String>>,
    /// Registries, or parts of them (`HOST/PATH`), whose images are left where they are.
    #[attr(check = registries())]
    pub exclude: Option<Set<String>>,
}

/// What was copied of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
pub struct Copied {
    /// The digest that its name stood for.
    pub source_digest: Computed<String>,
    /// The digest of what was pushed. It is another one where `platforms` leaves some out.
    pub digest: Computed<String>,
    /// What the tag of the copy stands for, as the last refresh found it. If it is not `digest`, the next apply sets it right.
    pub tag_digest: Computed<String>,
}

impl Copied {
    /// An image of this digest that was pushed as that one.
    pub fn of(source: &str, digest: &str) -> Self {
        let known = |digest: &str| Computed::Known(digest.to_owned());
        Self { source_digest: known(source), digest: known(digest), tag_digest: known(digest) }
    }
}

impl Declared {
    /// Where the images lie.
    pub fn mirror(&self, what: &str) -> Result<Mirror> {
        Mirror::at(&self.destination, self.keep_host).map_err(|why| {
            Explanation::new("BERTH-OCI-001", what).next(format!("the destination {why}")).at("destination")
        })
    }

    /// The platforms that are wanted.
    pub fn wanted(&self) -> Vec<Platform> {
        platforms::wanted(self.platforms.as_ref())
    }

    /// What was copied of an image.
    pub fn copied(&self, name: &str) -> Option<&Copied> {
        self.copies.get()?.get(name)
    }

    /// What was copied, by the tags of these images.
    pub fn by_place(&self, all: &BTreeMap<String, Mirrored>) -> BTreeMap<String, &Copied> {
        all.iter().filter_map(|(name, it)| Some((it.place.to_string(), self.copied(name)?))).collect()
    }

    /// The same, to be refreshed.
    pub fn copied_mut(&mut self, name: &str) -> Option<&mut Copied> {
        match &mut self.copies {
            Computed::Known(copies) => copies.get_mut(name),
            Computed::Unknown | Computed::Null => None,
        }
    }

    /// Notes what was copied, and what it is called.
    pub fn settle(&mut self, all: &BTreeMap<String, Mirrored>, copies: BTreeMap<String, Copied>) {
        let name = |(name, copied): (&String, &Copied)| {
            let called = all.get(name)?.name(copied.digest.get().map(String::as_str))?;
            Some((name.clone(), Computed::Known(called)))
        };
        let mapping: BTreeMap<_, _> = copies.iter().filter_map(name).collect();
        self.mapping.set(mapping);
        self.copies.set(copies);
    }
}

/// What fails if an operation does.
pub fn cannot(verb: &str, model: &Declared) -> String {
    format!("Cannot {verb} the mirror `{}`", model.destination)
}

fn destination() -> Check {
    check::text("must be of the form `HOST` or `HOST/PATH`", |text| Mirror::at(text, true).map(drop))
}

fn registries() -> Check {
    check::text("must be registries, `HOST` or `HOST/PATH`", |text| {
        Mirror::at(text, true).map(drop).map_err(|why| format!("must be registries: each {why}"))
    })
}

/// Whether two texts name the same place.
fn same_mirror(one: &Value, other: &Value) -> bool {
    let read = |value: &Value| Mirror::at(value.as_str()?, true).ok();
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}
