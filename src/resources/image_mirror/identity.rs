//! What tells mirrors apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Declared, ImageMirror};

/// A set of images in a registry.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// Where they lie, as `HOST` or `HOST/PATH`.
    pub destination: String,
    /// The images, by the names that they have elsewhere.
    pub images: Vec<String>,
}

impl Identified<Berth> for ImageMirror {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        let images: Vec<String> = model.copies.get()?.keys().cloned().collect();
        (!images.is_empty()).then(|| Identity { destination: model.destination.clone(), images })
    }

    fn import_id(identity: &Identity) -> String {
        let parts = std::iter::once(&identity.destination).chain(&identity.images);
        parts.map(String::as_str).collect::<Vec<_>>().join(",")
    }
}
