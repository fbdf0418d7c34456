//! Which record sets cannot stand beside each other in one zone.

use std::fmt;

use super::name::DnsName;
use super::record::{RecordData, RecordKey, RecordSet, RecordType, Routing};

/// What of a record set decides whether another one may stand beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footing {
    /// Which set it is.
    pub key: RecordKey,
    /// The kind of its routing policy; none if it has none, or if it is not known yet.
    pub policy: Option<Policy>,
    /// How long resolvers may keep it, in seconds; none for an alias, or if it is not known yet.
    pub ttl: Option<u32>,
}

/// The kinds of routing policies: sets of one name and type follow the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are Route53's")]
pub enum Policy {
    Weighted,
    Latency,
    Failover,
    Geolocation,
    Geoproximity,
    Multivalue,
    Cidr,
}

/// Why two sets cannot stand in one zone
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>,
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clash {
    /// They are one set.
    Same,
    /// RFC 1034 §3.6.2.
    BesideCname,
    /// A set without an identifier beside one with an identifier.
    SimpleBesideRouted,
    /// Two routing policies at one name and type.
    UnlikePolicies,
    /// Weighted sets of one name and type with different times to live.
    UnlikeTtl,
}

impl fmt::Display for Clash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => "mean the same record",
            Self::BesideCname => "cannot stand at one name: beside a CNAME there is nothing else",
            Self::SimpleBesideRouted => {
                "cannot stand at one name and type: one follows a routing policy, and the other does not"
            }
            Self::UnlikePolicies => "cannot stand at one name and type: they follow different routing policies",
            Self::UnlikeTtl => "cannot stand at one name and type: weighted records have one `ttl` in common",
        })
    }
}

impl Footing {
    /// Why the two cannot stand in one zone; none if they can, as far as is known.
    pub fn clash(&self, other: &Self) -> Option<Clash> {
        let (mine, theirs) = (&self.key, &other.key);
        if mine.name != theirs.name {
            return None;
        }
        if mine.kind != theirs.kind {
            return [mine.kind, theirs.kind].contains(&RecordType::Cname).then_some(Clash::BesideCname);
        }
        if mine.set_identifier == theirs.set_identifier {
            return Some(Clash::Same);
        }
        if mine.set_identifier.is_none() || theirs.set_identifier.is_none() {
            return Some(Clash::SimpleBesideRouted);
        }
        let (policy, other_policy) = (self.policy?, other.policy?);
        if policy != other_policy {
            return Some(Clash::UnlikePolicies);
        }
        let unlike = self.ttl.zip(other.ttl).is_some_and(|(mine, theirs)| mine != theirs);
        (policy == Policy::Weighted && unlike).then_some(Clash::UnlikeTtl)
    }

    /// Whether it is a CNAME at the zone's own name, where the SOA and NS records stand.
    pub fn is_cname_at_apex(&self, zone: &DnsName) -> bool {
        self.key.kind == RecordType::Cname && self.key.name == *zone
    }
}

impl From<&RecordSet> for Footing {
    fn from(set: &RecordSet) -> Self {
        let ttl = match set.data {
            RecordData::Values { ttl, .. } => Some(ttl),
            RecordData::Alias(_) | RecordData::TrafficPolicy(_) => None,
        };
        Self { key: set.key.clone(), policy: set.routing.as_ref().map(Policy::from), ttl }
    }
}

impl From<&Routing> for Policy {
    fn from(routing: &Routing) -> Self {
        match routing {
            Routing::Weighted(_) => Self::Weighted,
            Routing::Latency(_) => Self::Latency,
            Routing::Primary | Routing::Secondary => Self::Failover,
            Routing::Geolocation { .. } => Self::Geolocation,
            Routing::Geoproximity { .. } => Self::Geoproximity,
            Routing::Multivalue => Self::Multivalue,
            Routing::Cidr { .. } => Self::Cidr,
        }
    }
}

impl RecordSet {
    /// Why this set and another cannot stand in one zone; none if they can.
    pub fn clash(&self, other: &Self) -> Option<Clash> {
        Footing::from(self).clash(&Footing::from(other))
    }

    /// Whether both follow a routing policy, and not of the same kind: such sets of one name must all go before they
    /// come again.
    pub fn follows_another_policy_than(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.routing.as_ref(), other.routing.as_ref());
        mine.zip(theirs).is_some_and(|(mine, theirs)| Policy::from(mine) != Policy::from(theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kind: RecordType, identifier: Option<&str>, routing: Option<Routing>, ttl: u32) -> RecordSet {
        let name = DnsName::parse("a.x").unwrap();
        let mut set = RecordSet::simple(name, kind, ttl, vec!["v".into()]);
        set.key.set_identifier = identifier.map(str::to_owned);
        set.routing = routing;
        set
    }

    #[test]
    fn some_sets_exclude_each_other() {
        use RecordType::{A, Cname, Txt};
        let plain = |kind| set(kind, None, None, 60);
        let weighted = |id: &str, ttl| set(A, Some(id), Some(Routing::Weighted(1)), ttl);
        let latency = set(A, Some("eu"), Some(Routing::Latency("eu-west-1".into())), 60);
        let failover = |id: &str, role| set(A, Some(id), Some(role), 60);
        let cases = [
            (plain(A), plain(A), Some(Clash::Same)),
            (plain(A), plain(Txt), None),
            (plain(Cname), plain(Txt), Some(Clash::BesideCname)),
            (plain(Cname), plain(Cname), Some(Clash::Same)),
            (weighted("a", 60), weighted("b", 60), None),
            (weighted("a", 60), weighted("a", 60), Some(Clash::Same)),
            (weighted("a", 60), weighted("b", 30), Some(Clash::UnlikeTtl)),
            (weighted("a", 60), plain(A), Some(Clash::SimpleBesideRouted)),
            (weighted("a", 60), latency, Some(Clash::UnlikePolicies)),
            (failover("a", Routing::Primary), failover("b", Routing::Secondary), None),
        ];
        for (mine, theirs, clash) in cases {
            assert_eq!(mine.clash(&theirs), clash, "{mine:?} {theirs:?}");
            assert_eq!(theirs.clash(&mine), clash, "{mine:?} {theirs:?}");
            let mut elsewhere = theirs.clone();
            elsewhere.key.name = DnsName::parse("b.x").unwrap();
            assert_eq!(mine.clash(&elsewhere), None);
        }
    }

    #[test]
    fn a_cname_cannot_be_at_the_apex() {
        let zone = DnsName::parse("a.x").unwrap();
        assert!(Footing::from(&set(RecordType::Cname, None, None, 60)).is_cname_at_apex(&zone));
        assert!(!Footing::from(&set(RecordType::A, None, None, 60)).is_cname_at_apex(&zone));
        assert!(
            !Footing::from(&set(RecordType::Cname, None, None, 60)).is_cname_at_apex(&DnsName::parse("x").unwrap())
        );
    }
}
