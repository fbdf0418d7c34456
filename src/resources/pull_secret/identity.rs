//! What tells pull secrets apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Declared, PullSecret};

/// A pull secret.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The first of the namespaces that have the Secret.
    pub namespace: String,
    /// The name of the Secret.
    pub name: String,
}

impl Identified<Berth> for PullSecret {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        let namespace = model.places().into_iter().next()?;
        Some(Identity { namespace, name: model.name.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}/{}", identity.namespace, identity.name)
    }
}
