//! What tells installations apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{CertManager, Declared};

/// An installation: a cluster has one.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The namespace that the controller runs in.
    pub namespace: String,
}

impl Identified<Berth> for CertManager {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        Some(Identity { namespace: model.namespace.get()?.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        identity.namespace.clone()
    }
}
