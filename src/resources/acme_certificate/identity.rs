//! What tells certificates apart: the Secret they are stored in. One that is only in the state has no identity.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{AcmeCertificate, Certificate};

/// A certificate in the cluster.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The namespace of its Secret.
    pub namespace: String,
    /// The name of its Secret.
    pub name: String,
}

impl Identified<Berth> for AcmeCertificate {
    type Identity = Identity;

    fn identity(model: &Certificate) -> Option<Identity> {
        let place = model.kubernetes_secret.as_ref()?;
        Some(Identity { namespace: place.namespace.clone(), name: place.name.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}/{}", identity.namespace, identity.name)
    }
}
