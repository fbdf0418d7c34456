//! What tells maps of records apart: the records in them.

use crate::domain::dns::record_id;
use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{DnsRecords, DnsRecordsModel};

/// Records of one zone.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The id of the hosted zone.
    pub zone_id: String,
    /// The records, each as `KEY=NAME/TYPE` or `KEY=NAME/TYPE/SET_IDENTIFIER`. Absent, all of the zone.
    pub records: Option<Vec<String>>,
}

impl Identified<Berth> for DnsRecords {
    type Identity = Identity;

    fn identity(model: &DnsRecordsModel) -> Option<Identity> {
        let zone_id = model.given_zone_id()?.as_str().to_owned();
        let stored = model.stored();
        let records = stored.iter().map(|(key, record)| record_id::write_one(key, record)).collect();
        Some(Identity { zone_id, records: Some(records) })
    }

    fn import_id(identity: &Identity) -> String {
        let records = identity.records.iter().map(|records| format!("/{}", records.join(",")));
        std::iter::once(identity.zone_id.clone()).chain(records).collect()
    }
}
