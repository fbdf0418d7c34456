//! What tells manifests apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Declared, Manifest};

/// A manifest.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// Its objects: `apps/v1/Deployment/NAMESPACE/NAME`, `v1/Namespace/NAME`.
    pub objects: Vec<String>,
}

impl Identified<Berth> for Manifest {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        model.objects.get().filter(|objects| !objects.is_empty()).map(|objects| Identity { objects: objects.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        identity.objects.join(",")
    }
}
