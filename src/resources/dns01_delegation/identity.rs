//! What tells delegations of challenges apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Dns01Delegation, Dns01DelegationModel};

/// The CNAME at the challenge name of a domain.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The id of the hosted zone of the domain.
    pub zone_id: String,
    /// The domain whose challenges are handed over.
    pub domain: String,
}

impl Identified<Berth> for Dns01Delegation {
    type Identity = Identity;

    fn identity(model: &Dns01DelegationModel) -> Option<Identity> {
        Some(Identity { zone_id: model.zone_id.get()?.clone(), domain: model.domain.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}/{}", identity.zone_id, identity.domain)
    }
}
