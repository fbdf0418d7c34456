//! Hosted zones, and which of them a name belongs to.

use std::fmt;

use super::name::{DnsName, DnsNameError};

/// The id of a hosted zone, without the `/hostedzone/` that the API puts before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneId(String);

impl ZoneId {
    /// Takes an id with or without its `/hostedzone/` prefix.
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        Self(text.strip_prefix("/hostedzone/").unwrap_or(text).to_owned())
    }

    /// The bare id, such as `Z0123456789ABCDEFGHIJ`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ZoneId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its id.
    pub id: ZoneId,
    /// The name at its top.
    pub name: DnsName,
    /// Whether only the VPCs that it is bound to see it.
    pub private: bool,
    /// How many record sets it held when it was listed.
    pub record_count: u64,
    /// The note that was made at its creation.
    pub comment: Option<String>,
}

/// Which of an account's zones is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visibility {
    /// Zones that the world sees.
    Public,
    /// Zones that only VPCs see.
    Private,
}

impl Visibility {
    fn admits(self, zone: &Zone) -> bool {
        zone.private == (self == Self::Private)
    }
}

impl fmt::Display for Visibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "public",
            Self::Private => "private",
        })
    }
}

/// The zones of the longest name that `name` lies within: none, one, or several twins.
pub fn closest<'a>(zones: &'a [Zone], name: &DnsName, visibility: Visibility) -> Vec<&'a Zone> {
    let holding: Vec<_> = zones.iter().filter(|zone| visibility.admits(zone) && name.is_within(&zone.name)).collect();
    let longest = holding.iter().map(|zone| zone.name.label_count()).max();
    holding.into_iter().filter(|zone| Some(zone.name.label_count()) == longest).collect()
}

/// The zones of exactly this name.
pub fn named<'a>(zones: &'a [Zone], name: &DnsName, visibility: Visibility) -> Vec<&'a Zone> {
    zones.iter().filter(|zone| visibility.admits(zone) && zone.name == *name).collect()
}

/// The whole name of a record in a zone, from what a user writes: the whole name, or a part below the zone
/// (`www`, `*.apps`), or nothing or `@` for the zone itself. With a trailing dot it is always the whole name.
pub fn full_name(text: &str, zone: &DnsName) -> Result<DnsName, DnsNameError> {
    if matches!(text.trim(), "" | "@") {
        return Ok(zone.clone());
    }
    let name = DnsName::parse(text)?;
    if name.is_within(zone) || text.trim().ends_with('.') {
        return Ok(name);
    }
    DnsName::parse(&format!("{name}.{zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(id: &str, name: &str, private: bool) -> Zone {
        let name = DnsName::parse(name).unwrap();
        Zone { id: ZoneId::new(id), name, private, record_count: 2, comment: None }
    }

    #[test]
    fn the_longest_suffix_wins_within_its_visibility() {
        let zones = [
            zone("Z1", "example.com", false),
            zone("Z2", "dev.example.com", false),
            zone("Z3", "a.dev.example.com", true),
            zone("Z4", "dev.example.com", false),
        ];
        let ids = |name: &str, visibility| {
            let name = DnsName::parse(name).unwrap();
            closest(&zones, &name, visibility).iter().map(|zone| zone.id.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(ids("www.example.com", Visibility::Public), ["Z1"]);
        assert_eq!(ids("x.a.dev.example.com", Visibility::Public), ["Z2", "Z4"]);
        assert_eq!(ids("x.a.dev.example.com", Visibility::Private), ["Z3"]);
        assert!(ids("notexample.com", Visibility::Public).is_empty());
        assert!(ids("www.example.com", Visibility::Private).is_empty());
    }

    #[test]
    fn an_id_is_the_same_with_and_without_its_prefix() {
        assert_eq!(ZoneId::new("/hostedzone/Z1"), ZoneId::new("Z1"));
    }

    #[test]
    fn a_record_is_named_wholly_or_below_its_zone() {
        let zone = DnsName::parse("example.com").unwrap();
        let cases = [
            ("www", "www.example.com"),
            ("www.Example.com", "www.example.com"),
            ("*", "*.example.com"),
            ("@", "example.com"),
            ("", "example.com"),
            ("a.b", "a.b.example.com"),
            ("www.other.org.", "www.other.org"),
        ];
        for (text, full) in cases {
            assert_eq!(full_name(text, &zone).unwrap().as_str(), full, "{text}");
        }
    }
}
