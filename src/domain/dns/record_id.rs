//! How records are named in an import: in our spelling and in that of the AWS provider. What is written here is read here.

use super::name::{DnsName, DnsNameError};
use super::record::{RecordKey, RecordType};
use super::zone::{ZoneId, full_name};

/// A record as an id names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordId {
    /// The whole name, or its part below the zone, or nothing for the zone itself.
    pub name: String,
    /// The type.
    pub kind: RecordType,
    /// The set's identifier, if it has one.
    pub set_identifier: Option<String>,
}

impl RecordId {
    /// The record's key in the zone of this name.
    pub fn within(&self, zone: &DnsName) -> Result<RecordKey, DnsNameError> {
        let name = full_name(&self.name, zone)?;
        Ok(RecordKey { name, kind: self.kind, set_identifier: self.set_identifier.clone() })
    }
}

/// `ZONE_ID/NAME/TYPE[/SET_IDENTIFIER]`.
pub fn write(zone: &ZoneId, key: &RecordKey) -> String {
    format!("{zone}/{}", plain(key))
}

/// `NAME/TYPE[/SET_IDENTIFIER]`.
pub fn plain(key: &RecordKey) -> String {
    let set = key.set_identifier.as_ref().map(|set| format!("/{set}")).unwrap_or_default();
    format!("{}/{}{set}", key.name, key.kind)
}

/// Reads what [`write`] writes, and the AWS provider's `ZONE_ID_NAME_TYPE[_SET_IDENTIFIER]`. A zone's id holds neither of
/// the two dividers, so the first one tells which of the two it is.
pub fn read(id: &str) -> Option<(ZoneId, RecordId)> {
    let id = id.trim_start();
    let id = id.strip_prefix("/hostedzone/").unwrap_or(id);
    let (zone, rest) = id.split_at_checked(id.find(['/', '_'])?)?;
    let mut rest = rest.chars();
    let divider = rest.next()?;
    let record = if divider == '/' { read_plain(rest.as_str()) } else { read_divided(rest.as_str(), '_', exactly) };
    (!zone.is_empty()).then_some((ZoneId::new(zone), record?))
}

/// Reads what [`plain`] writes.
pub fn read_plain(text: &str) -> Option<RecordId> {
    read_divided(text, '/', exactly).or_else(|| read_divided(text, '/', |part| part.parse().ok()))
}

/// A type in capital letters. Names are written in small letters, so that none of their parts is taken for a type.
fn exactly(part: &str) -> Option<RecordType> {
    RecordType::ALL.into_iter().find(|kind| kind.as_str() == part)
}

/// Names may hold the divider too: the type is the first part after them that is one.
fn read_divided(text: &str, divider: char, kind_of: impl Fn(&str) -> Option<RecordType>) -> Option<RecordId> {
    let mut at = 0;
    for (index, part) in text.split(divider).enumerate() {
        let end = at + part.len();
        if let Some(kind) = kind_of(part).filter(|_| index > 0) {
            let name = text.get(..at.checked_sub(1)?)?;
            if !name.is_empty() {
                DnsName::parse(name).ok()?;
            }
            let set_identifier = text.get(end + 1..).map(str::to_owned);
            return Some(RecordId { name: name.to_owned(), kind, set_identifier });
        }
        at = end + 1;
    }
    None
}

/// Several records of a zone, each under a key: `ZONE_ID/KEY=NAME/TYPE,…`.
pub fn write_all<'a>(zone: &ZoneId, records: impl IntoIterator<Item = (&'a str, &'a RecordKey)>) -> String {
    let records = records.into_iter().map(|(key, record)| write_one(key, record));
    format!("{zone}/{}", records.collect::<Vec<_>>().join(","))
}

/// One record of such a list: `KEY=NAME/TYPE[/SET_IDENTIFIER]`.
pub fn write_one(key: &str, record: &RecordKey) -> String {
    let name = format!("{}/{}", record.name, record.kind).replace(',', "\\054").replace('=', "\\075");
    let set = record.set_identifier.as_ref().map(|set| format!("/{}", escaped(set))).unwrap_or_default();
    format!("{}={name}{set}", escaped(key))
}

/// One record of a list that [`write_all`] wrote, cut at its commas, with its key if there is one.
pub fn read_one(text: &str) -> Option<(Option<String>, RecordId)> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let (key, record) = match text.split_once('=') {
        Some((key, record)) => (Some(unescaped(key)?).filter(|key| !key.is_empty()), record),
        None => (None, text),
    };
    if key.is_none() && text.contains('=') {
        return None;
    }
    let record = read_plain(record)?;
    let set_identifier = match &record.set_identifier {
        Some(set) => Some(unescaped(set)?),
        None => None,
    };
    Some((key, RecordId { set_identifier, ..record }))
}

/// With `\NNN` in octal for what divides a list, for blanks and for the backslash itself.
fn escaped(text: &str) -> String {
    use std::fmt::Write as _;
    text.chars().fold(String::with_capacity(text.len()), |mut written, c| {
        if matches!(c, ',' | '=' | '\\') || c.is_ascii_whitespace() || c.is_ascii_control() {
            let _infallible = write!(written, "\\{:03o}", u32::from(c));
        } else {
            written.push(c);
        }
        written
    })
}

/// Reads what [`escaped`] writes; a backslash without three octal digits stands for itself.
fn unescaped(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((octet, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| *octet == b'\\').and_then(|digits| std::str::from_utf8(digits).ok());
        let code = code.and_then(|digits| u8::from_str_radix(digits, 8).ok());
        octets.push(code.unwrap_or(*octet));
        rest = code.and_then(|_| after.get(3..)).unwrap_or(after);
    }
    String::from_utf8(octets).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn zone() -> DnsName {
        DnsName::parse("example.com").unwrap()
    }

    #[test]
    fn an_import_names_zone_name_type_and_set() {
        let cases = [
            ("Z1/www.Example.com./a", "www.example.com A", None),
            ("Z1/www/A", "www.example.com A", None),
            ("Z1/@/MX", "example.com MX", None),
            ("/hostedzone/Z1/*.example.com/TXT/blue/green", "*.example.com TXT (blue/green)", Some("blue/green")),
            ("Z1/0/25.2.0.192.example.com/NS", "0/25.2.0.192.example.com NS", None),
            (r"Z1/0\05725.2.0.192.example.com/NS", "0/25.2.0.192.example.com NS", None),
            ("Z1/a/mx/b.example.com/A/eu/MX/1", "a/mx/b.example.com A (eu/MX/1)", Some("eu/MX/1")),
            ("Z1/_sip._tcp.example.com/SRV", "_sip._tcp.example.com SRV", None),
            ("Z1_www.example.com_A", "www.example.com A", None),
            ("Z1_www_CNAME_set", "www.example.com CNAME (set)", Some("set")),
            ("Z1__A", "example.com A", None),
            ("Z1_0/25.2.0.192.example.com_NS", "0/25.2.0.192.example.com NS", None),
            ("Z1_region.example.com_A_eu/case01_1", "region.example.com A (eu/case01_1)", Some("eu/case01_1")),
            ("Z1__acme-challenge.example.com_TXT", "_acme-challenge.example.com TXT", None),
            ("Z1__sip._tcp.example.com_SRV_a_b", "_sip._tcp.example.com SRV (a_b)", Some("a_b")),
            ("Z1_\\052.example.com_CNAME_live", "*.example.com CNAME (live)", Some("live")),
        ];
        for (id, shown, set) in cases {
            let (in_zone, record) = read(id).unwrap_or_else(|| panic!("{id}"));
            let key = record.within(&zone()).unwrap();
            assert_eq!((in_zone.as_str(), key.to_string().as_str()), ("Z1", shown), "{id}");
            assert_eq!(key.set_identifier.as_deref(), set, "{id}");
        }
        for bad in ["Z1", "Z1/a.example", "Z1/a.example/AXFR", "/a.example/A", "Z1_a.example", "_a.example_A", "Z1_A"] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }

    /// Any name that Route53 takes, below the zone.
    fn names() -> impl Strategy<Value = DnsName> {
        let labels = proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 1..4);
        labels.prop_map(|labels| {
            let label =
                |octets: Vec<u8>| octets.iter().map(|octet| format!("\\{octet:03o}")).collect::<Vec<_>>().concat();
            let labels: Vec<_> = labels.into_iter().map(label).collect();
            DnsName::parse(&format!("{}.example.com", labels.join("."))).unwrap()
        })
    }

    fn keys() -> impl Strategy<Value = RecordKey> {
        let set = proptest::option::of(prop_oneof!["\\PC{1,30}", "[ -~]{1,30}", "[A-Z/_,=\\\\]{1,12}"]);
        (names(), proptest::sample::select(RecordType::ALL.to_vec()), set)
            .prop_map(|(name, kind, set_identifier)| RecordKey { name, kind, set_identifier })
    }

    proptest! {
        #[test]
        fn the_id_of_any_record_is_read_back(key in keys()) {
            let (id, record) = read(&write(&ZoneId::new("Z1"), &key)).unwrap();
            prop_assert_eq!(id, ZoneId::new("Z1"));
            prop_assert_eq!(record.within(&zone()).unwrap(), key);
        }

        #[test]
        fn the_aws_providers_id_of_any_record_is_read_back(key in keys()) {
            let set = key.set_identifier.as_ref().map(|set| format!("_{set}")).unwrap_or_default();
            let written = format!("Z1_{}_{}{set}", key.name, key.kind);
            prop_assert_eq!(read(&written).unwrap().1.within(&zone()).unwrap(), key);
        }

        #[test]
        fn the_id_of_any_map_of_records_is_read_back(
            records in proptest::collection::btree_map(prop_oneof!["\\PC{1,20}", "[ -~]{1,20}"], keys(), 1..4)
        ) {
            let id = write_all(&ZoneId::new("Z1"), records.iter().map(|(key, record)| (key.as_str(), record)));
            let list = id.strip_prefix("Z1/").unwrap();
            let read: Vec<_> = list.split(',').map(|one| read_one(one).unwrap()).collect();
            let read = read.into_iter().map(|(key, record)| (key.unwrap(), record.within(&zone()).unwrap()));
            prop_assert_eq!(read.collect::<std::collections::BTreeMap<_, _>>(), records);
        }

        #[test]
        fn no_text_is_too_strange_to_be_refused(text in "\\PC{0,60}") {
            let _any = (read(&text), read_one(&text));
        }
    }
}
