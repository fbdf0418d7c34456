//! What tells pushed charts apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Chart, Declared};

/// A version of a chart.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The chart in its registry, as `oci://HOST/PATH/NAME`.
    pub reference: String,
    /// Its version.
    pub version: String,
}

impl Identified<Berth> for Chart {
    type Identity = Identity;

    fn identity(model: &Declared) -> Option<Identity> {
        Some(Identity { reference: model.reference.get()?.clone(), version: model.version.get()?.clone() })
    }

    fn import_id(identity: &Identity) -> String {
        format!("{}:{}", identity.reference, identity.version)
    }
}
