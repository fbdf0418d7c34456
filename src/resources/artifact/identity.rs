//! What tells pushed artifacts apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::place::Place;
use super::{Artifact, Declared};

/// A tag of a repository, or a digest in it.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// Where the artifact is: `HOST/PATH:TAG`, or `HOST/PATH@sha256:…` of one without a tag.
    pub destination: String,
}

impl Identified<Berth> for Artifact {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        let place: Place = model.destination.parse().ok()?;
        if place.tag.is_some() {
            return Some(Identity { destination: model.destination.clone() });
        }
        Some(Identity { destination: place.named(model.digest.get()?).to_string() })
    }

    fn import_id(identity: &Identity) -> String {
        identity.destination.clone()
    }
}
