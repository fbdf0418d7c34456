//! What the plans of a run declare, so that two that exclude each other are told before one is made.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::dns::DnsName;
use crate::domain::dns::clash::{Clash, Footing};

/// The records that were planned since the provider was configured. A host plans each object once in that time; what is
/// replaced is planned as a change first, and not noted again as a creation.
#[derive(Debug, Default)]
pub struct PlannedRecords(Mutex<BTreeMap<(String, DnsName), Vec<Footing>>>);

impl PlannedRecords {
    /// Notes a record that is to stand in a zone, however that is named; gives back an earlier one that excludes it.
    pub fn add(&self, zone: &str, record: Footing) -> Option<(Footing, Clash)> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let earlier = planned.entry((zone.to_owned(), record.key.name.clone())).or_default();
        let clash = earlier.iter().find_map(|other| Some((other.clone(), other.clash(&record)?)));
        earlier.push(record);
        clash
    }
}

/// Which role each service account is to be annotated with.
#[derive(Debug, Default)]
pub struct PlannedAnnotations(Mutex<BTreeMap<(String, String), String>>);

impl PlannedAnnotations {
    /// Notes the role of an account; gives back another role that an earlier plan has named.
    pub fn add(&self, account: &(String, String), role: &str) -> Option<String> {
        let mut planned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = planned.entry(account.clone()).or_insert_with(|| role.to_owned());
        (first != role).then(|| first.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::{RecordSet, RecordType};

    #[test]
    fn two_new_records_that_exclude_each_other_are_found_within_one_zone() {
        let record = |kind| {
            let name = DnsName::parse("a.x").unwrap();
            Footing::from(&RecordSet::simple(name, kind, 60, vec!["v".into()]))
        };
        let planned = PlannedRecords::default();
        assert_eq!(planned.add("Z1", record(RecordType::A)), None);
        assert_eq!(planned.add("Z1", record(RecordType::Txt)), None);
        assert_eq!(planned.add("Z2", record(RecordType::A)), None);
        assert_eq!(planned.add("Z1", record(RecordType::Cname)).map(|(_, clash)| clash), Some(Clash::BesideCname));
        assert_eq!(planned.add("Z2", record(RecordType::A)).map(|(_, clash)| clash), Some(Clash::Same));
    }

    #[test]
    fn an_account_has_one_role() {
        let (planned, account) = (PlannedAnnotations::default(), ("a".to_owned(), "b".to_owned()));
        assert_eq!(planned.add(&account, "one"), None);
        assert_eq!(planned.add(&account, "one"), None, "the same role is planned again where it is replaced");
        assert_eq!(planned.add(&account, "other"), Some("one".to_owned()));
    }
}
