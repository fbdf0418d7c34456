//! What tells issuers apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Issuer, IssuerModel};

/// An issuer.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The namespace of an Issuer; absent for a `ClusterIssuer`.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl Identified<Berth> for Issuer {
    type Identity = Identity;

    fn identity(model: &IssuerModel) -> Option<Identity> {
        Some(Identity { namespace: model.namespace.clone(), name: model.name.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        match &identity.namespace {
            Some(namespace) => format!("{namespace}/{}", identity.name),
            None => identity.name.clone(),
        }
    }
}
