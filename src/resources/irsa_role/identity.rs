//! What tells roles apart within an account.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{IrsaRole, IrsaRoleModel};

/// A role.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// Its name.
    pub name: String,
}

impl Identified<Berth> for IrsaRole {
    type Identity = Identity;

    fn identity(model: &IrsaRoleModel) -> Option<Identity> {
        Some(Identity { name: model.name.get()?.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        identity.name.clone()
    }
}
