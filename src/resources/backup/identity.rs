//! What tells backups apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{CertManagerBackup, Declared};

/// A backup.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The namespace of its Secret.
    pub namespace: String,
    /// The name of its Secret.
    pub name: String,
}

impl Identified<Berth> for CertManagerBackup {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        Some(Identity { namespace: model.secret.namespace.clone(), name: model.secret.name.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}/{}", identity.namespace, identity.name)
    }
}
