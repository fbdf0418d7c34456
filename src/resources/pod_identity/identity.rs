//! What tells associations apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{PodIdentity, PodIdentityModel};

/// A Pod Identity association.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The EKS cluster.
    pub cluster_name: String,
    /// The association's id.
    pub association_id: String,
}

impl Identified<Berth> for PodIdentity {
    type Identity = Identity;

    fn identity(model: &PodIdentityModel) -> Option<Identity> {
        let association_id = model.association_id.get()?.clone();
        Some(Identity { cluster_name: model.cluster_name.clone(), association_id })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{},{}", identity.cluster_name, identity.association_id)
    }
}
