//! What tells pushed images apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Declared, ImageResource};

/// A tag of a repository.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// Where the image is pushed to, as `HOST/PATH:TAG`.
    pub destination: String,
}

impl Identified<Berth> for ImageResource {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        Some(Identity { destination: model.destination.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        identity.destination.clone()
    }
}
