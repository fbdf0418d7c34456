//! What tells record sets apart.

use crate::domain::dns::{RecordKey, ZoneId};
use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{DnsRecord, DnsRecordModel};

/// A record set.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The id of the hosted zone.
    pub zone_id: String,
    /// The record's whole name, in small letters and without a last dot.
    pub name: String,
    /// The type, such as `A`.
    pub r#type: String,
    /// What tells it from other sets of this name and type, under a routing policy.
    pub set_identifier: Option<String>,
}

impl Identity {
    /// That of a record set.
    pub fn of(zone: &ZoneId, key: &RecordKey) -> Self {
        Self {
            zone_id: zone.as_str().to_owned(),
            name: key.name.as_str().to_owned(),
            r#type: key.kind.to_string(),
            set_identifier: key.set_identifier.clone(),
        }
    }
}

impl Identified<Berth> for DnsRecord {
    type Identity = Identity;

    fn identity(model: &DnsRecordModel) -> Option<Identity> {
        let (zone, key) = model.stored_place()?;
        Some(Identity::of(&zone, &key))
    }

    fn import_id(identity: &Identity) -> String {
        let set = identity.set_identifier.as_ref().map(|set| format!("/{set}")).unwrap_or_default();
        format!("{}/{}/{}{set}", identity.zone_id, identity.name, identity.r#type)
    }
}
