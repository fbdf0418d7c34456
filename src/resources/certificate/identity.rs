//! What tells Certificates apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Certificate, CertificateModel};

/// A Certificate.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Identified<Berth> for Certificate {
    type Identity = Identity;

    fn identity(model: &CertificateModel) -> Option<Identity> {
        Some(Identity { namespace: model.namespace.clone(), name: model.name.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}/{}", identity.namespace, identity.name)
    }
}
