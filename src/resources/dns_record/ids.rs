//! How records are named in an import: in our spelling and in that of the AWS provider.

use crate::domain::dns::{DnsName, RecordKey, RecordType, ZoneId};

/// `ZONE_ID/NAME/TYPE`, `ZONE_ID/NAME/TYPE/SET_IDENTIFIER`, or `ZONE_ID_NAME_TYPE` and `ZONE_ID_NAME_TYPE_SET_IDENTIFIER`.
pub fn parse(id: &str) -> Option<(ZoneId, RecordKey)> {
    let id = id.trim().trim_start_matches("/hostedzone/");
    let Some((zone, rest)) = id.split_once('/') else { return parse_underscored(id) };
    (!zone.is_empty()).then_some(())?;
    Some((ZoneId::new(zone), parse_key(rest)?))
}

/// `NAME/TYPE` or `NAME/TYPE/SET_IDENTIFIER`.
pub fn parse_key(text: &str) -> Option<RecordKey> {
    let mut parts = text.splitn(3, '/');
    let (name, kind) = (parts.next()?, parts.next()?);
    Some(RecordKey {
        name: DnsName::parse(name).ok()?,
        kind: kind.parse().ok()?,
        set_identifier: parts.next().map(str::to_owned),
    })
}

/// The AWS provider's spelling. Names may hold underscores: the type is the first part in capital letters that is one.
fn parse_underscored(id: &str) -> Option<(ZoneId, RecordKey)> {
    let (zone, rest) = id.split_once('_')?;
    let parts: Vec<_> = rest.split('_').collect();
    let is_kind = |part: &&str| RecordType::ALL.iter().any(|kind| kind.as_str() == *part);
    let place = parts.iter().skip(1).position(is_kind)? + 1;
    let (name, rest) = parts.split_at_checked(place)?;
    let (kind, set) = rest.split_first()?;
    let key = RecordKey {
        name: DnsName::parse(&name.join("_")).ok()?,
        kind: kind.parse().ok()?,
        set_identifier: (!set.is_empty()).then(|| set.join("_")),
    };
    (!zone.is_empty()).then(|| (ZoneId::new(zone), key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_names_zone_name_type_and_set() {
        let cases = [
            ("Z1/www.Example.com./a", "www.example.com A", None),
            ("/hostedzone/Z1/*.example.com/TXT/blue/green", "*.example.com TXT (blue/green)", Some("blue/green")),
            ("Z1_www.example.com_A", "www.example.com A", None),
            ("Z1__acme-challenge.example.com_TXT", "_acme-challenge.example.com TXT", None),
            ("Z1__sip._tcp.example.com_SRV_a_b", "_sip._tcp.example.com SRV (a_b)", Some("a_b")),
            ("Z1_\\052.example.com_CNAME_live", "*.example.com CNAME (live)", Some("live")),
        ];
        for (id, shown, set) in cases {
            let (zone, key) = parse(id).unwrap_or_else(|| panic!("{id}"));
            assert_eq!((zone.as_str(), key.to_string().as_str()), ("Z1", shown), "{id}");
            assert_eq!(key.set_identifier.as_deref(), set, "{id}");
        }
        for bad in ["Z1", "Z1/a.example", "Z1/a.example/AXFR", "/a.example/A", "Z1_a.example", "_a.example_A", "Z1_A"] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }
}
