//! What is declared of an artifact, and what is known of it.

use std::collections::BTreeMap;

use crate::domain::oci::artifact::check_media_type;
use crate::domain::oci::packing::FORMATS;
use crate::sdk::{Check, Computed, Model, Timeouts, check};

use super::place::destination;
use super::subject::{same_subject, subject};

/// The artifact's configuration and state.
#[derive(Clone, Debug, Default, Model)]
pub struct Declared {
    /// Where it is pushed to, as `HOST/PATH:TAG`; with `subject` also as `HOST/PATH`, without a tag: its digest names it then, so that other
    /// content is another artifact, and replaces this one. Of a `berth_registry`, `HOST` or `HOST:PORT` is
    /// `trimprefix(berth_registry.x.url, "https://")`. Changing it pushes to the new place, and treats the old one as `delete_on_destroy` says.
    #[attr(replace, check = destination())]
    pub destination: String,
    /// What kind of artifact it is, as a media type: `application/vnd.opentofu.modulepkg`, `application/spdx+json`. It may be left out only
    /// if `config` has a media type that tells it.
    #[attr(check = media_type())]
    pub artifact_type: Option<String>,
    /// Its files and folders, a layer each, in this order. Without any, and without `platforms`, it has one empty layer: all that it says are
    /// its annotations then.
    pub files: Option<Vec<File>>,
    /// Its configuration, a document beside the layers that some kinds of artifacts have. Default: an empty one, as OCI 1.1 wants it.
    pub config: Option<Config>,
    /// Its files for each platform, by `OS/ARCHITECTURE` such as `linux/amd64`, instead of `files`: pushed as an index with a manifest for
    /// each platform.
    #[attr(check = check::at_least(1))]
    pub platforms: Option<BTreeMap<String, ForPlatform>>,
    /// Annotations of the manifest, or of the index.
    pub annotations: Option<BTreeMap<String, String>>,
    /// What it is attached to, in the same repository: a digest, `HOST/PATH@sha256:…` or `HOST/PATH:TAG`. A tag is looked up when this resource
    /// is created or this argument changes; to follow it, name the `digest` or `reference` of what is pushed, as of a `berth_image`.
    #[attr(check = subject(), equal = same_subject)]
    pub subject: Option<String>,
    /// Any values: when one changes, the files are read anew. As long as one is not known, the digest is not either: name here what makes
    /// the files, if the same run does.
    pub triggers: Option<BTreeMap<String, String>>,
    /// Whether a tag that stands for something else already may be moved when this resource is created. Later changes move the tag in any
    /// case. Default `false`.
    #[attr(default = false)]
    pub overwrite: bool,
    /// Whether a destroy takes the tag off. The artifact itself stays until the registry collects what has no tag. With `subject`, the
    /// artifact is deleted by its digest, and with it further tags that others have put on it: what is attached would not be collected, but told
    /// for as long as the subject is there; a change deletes the former content likewise. Default `false`: others may pull it.
    #[attr(default = false)]
    pub delete_on_destroy: bool,
    /// The digest of what was pushed, `sha256:…`; known in the plan if the files are there.
    pub digest: Computed<String>,
    /// The artifact by its digest, `HOST/PATH@sha256:…`.
    pub reference: Computed<String>,
    /// What the digest stands for: the media type of a manifest or of an index.
    pub media_type: Computed<String>,
    /// The size of all its manifests, its configuration and its layers, in bytes, each counted once.
    pub size_bytes: Computed<i64>,
    /// What the tag stands for, as the last refresh found it; without a tag, `digest`. If it is not `digest`, the next apply sets it right.
    pub tag_digest: Computed<String>,
    /// The digest of what it is attached to; null without `subject`.
    pub subject_digest: Computed<String>,
    /// Whether the registry tells that it is attached to its subject, as the last refresh found it; null without `subject`. If it is `false`,
    /// the next apply sets it right.
    pub attached: Computed<bool>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// A file or folder, or a text: a layer.
#[derive(Clone, Debug, Default, Model)]
pub struct File {
    /// A file, which is pushed as it is, or a folder, which is packed. Just one of `path` and `content` is set.
    #[attr(check = check::length(1, 4096))]
    pub path: Option<String>,
    /// A text, instead of a file. It is stored in the state: what is secret does not belong here.
    pub content: Option<String>,
    /// What it is: `archive/zip`, `application/vnd.cncf.flux.content.v1.tar+gzip`, `application/spdx+json`.
    #[attr(check = media_type())]
    pub media_type: String,
    /// The name under which `oras pull` writes it, an annotation of the layer. Default: the last part of `path` as it is written, with `.zip`
    /// or `.tar.gz` behind that of a folder; of a `content`, and of a `path` that ends with `.` or `..`, none. An empty text is none.
    #[attr(check = check::length(0, 255))]
    pub title: Option<String>,
    /// Annotations of the layer.
    pub annotations: Option<BTreeMap<String, String>>,
    /// How a folder is packed: `zip` or `tar+gzip`. Default: as `media_type` ends.
    #[attr(check = check::one_of(FORMATS))]
    pub pack: Option<String>,
    /// What of a folder is left out: patterns of names, or with a slash within them of paths from the folder; one with a slash at its end fits
    /// folders only. `*` and `?` fit no slash, and `**` is not known. Default: `.git`, `.terraform`, `*.tfstate` and `*.tfstate.*`, since states
    /// hold secrets; an empty list leaves nothing out.
    pub exclude: Option<Vec<String>>,
}

/// The configuration of an artifact.
#[derive(Clone, Debug, Default, Model)]
pub struct Config {
    /// What it is: `application/vnd.cncf.flux.config.v1+json`.
    #[attr(check = media_type())]
    pub media_type: String,
    /// A file with it.
    #[attr(check = check::length(1, 4096))]
    pub path: Option<String>,
    /// A text, instead of a file; it is stored in the state. Without `path` and `content`, it is `{}`.
    pub content: Option<String>,
}

/// What an artifact is for one platform.
#[derive(Clone, Debug, Default, Model)]
pub struct ForPlatform {
    /// What kind of artifact the manifest of the platform is, as a media type. Default: that of the whole.
    #[attr(check = media_type())]
    pub artifact_type: Option<String>,
    /// Its files and folders, a layer each, in this order.
    #[attr(check = check::at_least(1))]
    pub files: Vec<File>,
    /// Annotations of the manifest of the platform.
    pub annotations: Option<BTreeMap<String, String>>,
}

fn media_type() -> Check {
    check::text("must be a media type", check_media_type)
}
