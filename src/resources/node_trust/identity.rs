//! What tells the resources apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Declared, NodeTrust};

/// Trust on the nodes of a cluster.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The namespace of the `DaemonSet`.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Identified<Berth> for NodeTrust {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        Some(Identity { namespace: model.namespace.clone(), name: model.name.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}/{}", identity.namespace, identity.name)
    }
}
