//! Record sets as Route53 keeps them: what answers for one name and type, and for whom.

use std::fmt;
use std::str::FromStr;

use super::name::DnsName;
use super::value;

/// The record types that Route53 keeps
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the RFCs")]
pub enum RecordType {
    A,
    Aaaa,
    Caa,
    Cname,
    Ds,
    Https,
    Mx,
    Naptr,
    Ns,
    Ptr,
    Soa,
    Spf,
    Srv,
    Sshfp,
    Svcb,
    Tlsa,
    Txt,
}

/// A text that names no record type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no record type that Route53 keeps; it keeps {list}", list = RecordType::list())]
pub struct UnknownType(pub String);

impl RecordType {
    /// All types, by name.
    pub const ALL: [Self; 17] = [
        Self::A,
        Self::Aaaa,
        Self::Caa,
        Self::Cname,
        Self::Ds,
        Self::Https,
        Self::Mx,
        Self::Naptr,
        Self::Ns,
        Self::Ptr,
        Self::Soa,
        Self::Spf,
        Self::Srv,
        Self::Sshfp,
        Self::Svcb,
        Self::Tlsa,
        Self::Txt,
    ];

    /// The name in capital letters, as the RFCs and Route53 write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Caa => "CAA",
            Self::Cname => "CNAME",
            Self::Ds => "DS",
            Self::Https => "HTTPS",
            Self::Mx => "MX",
            Self::Naptr => "NAPTR",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Soa => "SOA",
            Self::Spf => "SPF",
            Self::Srv => "SRV",
            Self::Sshfp => "SSHFP",
            Self::Svcb => "SVCB",
            Self::Tlsa => "TLSA",
            Self::Txt => "TXT",
        }
    }

    /// All names in one line, for messages.
    pub fn list() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RecordType {
    type Err = UnknownType;

    /// Reads a type's name in any case.
    fn from_str(text: &str) -> Result<Self, UnknownType> {
        let same = |kind: &Self| kind.as_str().eq_ignore_ascii_case(text.trim());
        Self::ALL.into_iter().find(same).ok_or_else(|| UnknownType(text.to_owned()))
    }
}

/// What tells one record set of a zone from all others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// The name that the set answers for.
    pub name: DnsName,
    /// The type that the set answers for.
    pub kind: RecordType,
    /// Tells apart the sets of one name and type under a routing policy.
    pub set_identifier: Option<String>,
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.kind)?;
        self.set_identifier.as_ref().map_or(Ok(()), |id| write!(f, " ({id})"))
    }
}

/// A record set: one answer of a zone.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordSet {
    /// Which set it is.
    pub key: RecordKey,
    /// What it answers.
    pub data: RecordData,
    /// When it answers, among the sets of one name and type.
    pub routing: Option<Routing>,
    /// The health check that takes it out of service.
    pub health_check_id: Option<String>,
}

/// What a record set answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordData {
    /// Values in Route53's notation (TXT in quotation marks).
    Values {
        /// How long resolvers may keep the answer, in seconds.
        ttl: u32,
        /// The values; their order has no meaning.
        values: Vec<String>,
    },
    /// The addresses of another AWS object.
    Alias(AliasTarget),
    /// Kept by a traffic policy instance of this id: not ours to change.
    TrafficPolicy(String),
}

/// The AWS object whose addresses an alias answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasTarget {
    /// The DNS name of the load balancer, bucket, distribution or record.
    pub name: DnsName,
    /// The hosted zone of that service, not of the record.
    pub zone_id: String,
    /// Whether the target's health decides if the alias answers.
    pub evaluate_target_health: bool,
}

/// A routing policy
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy.html>).
#[derive(Clone, Debug, PartialEq)]
pub enum Routing {
    /// In proportion to a weight of 0 to 255.
    Weighted(u8),
    /// From the AWS region that is nearest in time.
    Latency(String),
    /// The set that answers while it is healthy.
    Primary,
    /// The set that answers when the primary is not healthy.
    Secondary,
    /// By the place of who asks: continent, country (`*` is everywhere else), subdivision.
    Geolocation {
        /// Two letters, such as `EU`.
        continent: Option<String>,
        /// Two letters, or `*`.
        country: Option<String>,
        /// A state of the USA or of Ukraine.
        subdivision: Option<String>,
    },
    /// By distance, with a bias.
    Geoproximity {
        /// An AWS region.
        region: Option<String>,
        /// A local zone group.
        local_zone_group: Option<String>,
        /// Latitude and longitude in degrees, as text with at most two decimals.
        coordinates: Option<(String, String)>,
        /// −99 to 99.
        bias: i32,
    },
    /// Up to eight healthy sets at random.
    Multivalue,
    /// By the address block of who asks.
    Cidr {
        /// The collection of blocks.
        collection_id: String,
        /// The location within it, or `*`.
        location: String,
    },
}

impl RecordSet {
    /// A plain set of values without a routing policy.
    pub fn simple(name: DnsName, kind: RecordType, ttl: u32, values: Vec<String>) -> Self {
        let key = RecordKey { name, kind, set_identifier: None };
        Self { key, data: RecordData::Values { ttl, values }, routing: None, health_check_id: None }
    }

    /// The values, if it has any.
    pub fn values(&self) -> &[String] {
        match &self.data {
            RecordData::Values { values, .. } => values,
            RecordData::Alias(_) | RecordData::TrafficPolicy(_) => &[],
        }
    }

    /// Whether both sets mean the same, whatever their values' order and spelling.
    pub fn means_the_same_as(&self, other: &Self) -> bool {
        let data = match (&self.data, &other.data) {
            (RecordData::Values { ttl, values }, RecordData::Values { ttl: ttl2, values: values2 }) => {
                ttl == ttl2 && value::same_values(self.key.kind, values, values2)
            }
            (mine, theirs) => mine == theirs,
        };
        data && self.key == other.key && self.routing == other.routing && self.health_check_id == other.health_check_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn txt(values: &[&str]) -> RecordSet {
        let values = values.iter().map(ToString::to_string).collect();
        RecordSet::simple(DnsName::parse("a.example").unwrap(), RecordType::Txt, 60, values)
    }

    #[test]
    fn reads_every_type_in_any_case() {
        for kind in RecordType::ALL {
            assert_eq!(kind.as_str().to_lowercase().parse(), Ok(kind));
        }
        let message = "AXFR".parse::<RecordType>().unwrap_err().to_string();
        assert!(message.starts_with("`AXFR` is no record type that Route53 keeps; it keeps A, AAAA,"), "{message}");
    }

    #[test]
    fn order_and_spelling_of_values_have_no_meaning() {
        assert!(txt(&[r#""a""#, r#""b""#]).means_the_same_as(&txt(&[r#""b""#, r#""\141""#])));
        assert!(!txt(&[r#""a""#]).means_the_same_as(&txt(&[r#""a""#, r#""b""#])));
    }
}
