//! What tells values at challenge names apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Dns01Record, Dns01RecordModel};

/// A value at the challenge name of a domain.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The id of the hosted zone.
    pub zone_id: String,
    /// The domain that is proved.
    pub domain: String,
    /// The value, as the CA expects it.
    pub value: String,
}

impl Identified<Berth> for Dns01Record {
    type Identity = Identity;

    fn identity(model: &Dns01RecordModel) -> Option<Identity> {
        let zone_id = model.zone_id.get()?.clone();
        Some(Identity { zone_id, domain: model.domain.clone(), value: model.value.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}/{}/{}", identity.zone_id, identity.domain, identity.value)
    }
}
