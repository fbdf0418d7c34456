//! How many records are named in an import.

use crate::domain::dns::record_id::{self, RecordId};
use crate::domain::dns::{DnsName, RecordSet, RecordType};

/// What an import asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The zone's id.
    pub zone: String,
    /// Keys, where the user gives some, and records; none for all of the zone.
    records: Option<Vec<(Option<String>, RecordId)>>,
}

/// `ZONE_ID`, or `ZONE_ID/KEY=NAME/TYPE[/SET_IDENTIFIER],…`; the key may be left out.
pub fn parse(id: &str) -> Option<Wanted> {
    let id = id.trim_start();
    let id = id.strip_prefix("/hostedzone/").unwrap_or(id);
    let (zone, list) = id.split_once('/').map_or((id.trim_end(), None), |(zone, list)| (zone, Some(list)));
    if zone.is_empty() || zone.contains(['=', ',', '_']) {
        return None;
    }
    let records = list.map(|list| list.split(',').map(record_id::read_one).collect::<Option<Vec<_>>>());
    let records = match records {
        Some(None) => return None,
        Some(Some(records)) => Some(records),
        None => None,
    };
    Some(Wanted { zone: zone.to_owned(), records })
}

impl Wanted {
    /// The records with their keys, of those that the zone has; all but the zone's own SOA and NS where none are named.
    ///
    /// # Errors
    /// The first record that is not there.
    pub fn chosen(&self, zone: &DnsName, live: &[RecordSet]) -> Result<Vec<(String, RecordSet)>, String> {
        let Some(records) = &self.records else {
            let own =
                |set: &&RecordSet| set.key.name == *zone && matches!(set.key.kind, RecordType::Soa | RecordType::Ns);
            let others = live.iter().filter(|set| !own(set));
            return Ok(others.map(|set| (record_id::plain(&set.key), set.clone())).collect());
        };
        let find = |(key, record): &(Option<String>, RecordId)| {
            let wanted = record.within(zone).map_err(|error| error.to_string())?;
            let set = live.iter().find(|set| set.key == wanted).ok_or_else(|| wanted.to_string())?;
            Ok((key.clone().unwrap_or_else(|| record_id::plain(&wanted)), set.clone()))
        };
        records.iter().map(find).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dns::ZoneId;

    fn set(name: &str, kind: RecordType) -> RecordSet {
        RecordSet::simple(DnsName::parse(name).unwrap(), kind, 60, vec!["x".to_owned()])
    }

    #[test]
    fn an_import_names_a_zone_and_records_of_it_or_all() {
        let zone = DnsName::parse("x.test").unwrap();
        let live = [set("x.test", RecordType::Soa), set("x.test", RecordType::Mx), set("a.x.test", RecordType::A)];
        let chosen = |id: &str| {
            let chosen = parse(id).unwrap().chosen(&zone, &live).unwrap();
            chosen.into_iter().map(|(key, set)| format!("{key}: {}", set.key)).collect::<Vec<_>>()
        };
        assert_eq!(chosen("Z1"), ["x.test/MX: x.test MX", "a.x.test/A: a.x.test A"]);
        assert_eq!(chosen("/hostedzone/Z1/web=A.x.test./a"), ["web: a.x.test A"]);
        assert_eq!(chosen("Z1/a.x.test/A,mail=x.test/MX"), ["a.x.test/A: a.x.test A", "mail: x.test MX"]);
        assert!(parse("Z1/b.x.test/A").unwrap().chosen(&zone, &live).is_err());
        for bad in ["", "/", "Z1/a", "Z1/=a.x.test/A", "Z1/a.x.test/AXFR", "k=a.x.test/A"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_id_of_records_can_be_read_back() {
        let key = set("a.x.test", RecordType::A).key;
        let id = record_id::write_all(&ZoneId::new("Z1"), [("web", &key)]);
        assert_eq!(id, "Z1/web=a.x.test/A");
        assert!(parse(&id).is_some());
    }
}
