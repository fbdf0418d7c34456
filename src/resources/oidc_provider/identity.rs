//! What tells OIDC providers apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{OidcProvider, OidcProviderModel};

/// An OIDC provider in IAM.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// Its ARN.
    pub arn: String,
}

impl Identified<Berth> for OidcProvider {
    type Identity = Identity;

    fn identity(model: &OidcProviderModel) -> Option<Identity> {
        Some(Identity { arn: model.arn.get()?.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        identity.arn.clone()
    }
}
