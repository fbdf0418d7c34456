//! Questions before an order: CAA records, the delegation of a zone, what a challenge name leads to, and addresses.
//!
//! Names that may not exist yet are asked for at their zone's own servers: a resolver would remember that they do not
//! exist. So all but CAA needs [`Check::Authoritative`].

use std::net::IpAddr;

use futures_util::future::join_all;
use hickory_resolver::proto::rr::{RData, RecordType};

use crate::domain::dns::caa::Caa;
use crate::retry::Budget;

use super::zone::{is_within, server_name, stopped_while};
use super::{Check, Dns, DnsError, challenge_name};

/// The records that decide who may issue for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaaSet {
    /// The name that has them: the one that was asked for, or an ancestor.
    pub at: String,
    /// The records.
    pub records: Vec<Caa>,
}

/// What a challenge name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChallengePath {
    /// The name, and the CNAMEs from it on; more than one name if it is a CNAME.
    pub chain: Vec<String>,
    /// Whether the chain has no end.
    pub endless: bool,
    /// The zone that holds the end of the chain; `None` if no zone does.
    pub zone: Option<String>,
    /// The wildcard whose CNAME answers for the name, if the name has none of its own.
    pub wildcard: Option<String>,
}

impl Dns {
    /// The relevant CAA records of a name without star (RFC 8659 §3): its own, else those of the nearest ancestor that
    /// has some; CNAMEs are followed at each step. `None` if there are none up to the top.
    pub async fn caa(&self, domain: &str, budget: &Budget) -> Result<Option<CaaSet>, DnsError> {
        let names: Vec<_> = ancestors(domain).collect();
        let found = join_all(names.iter().map(|name| self.caa_at(name, budget))).await;
        for (name, found) in names.iter().zip(found) {
            match found {
                Ok(records) if records.is_empty() => {}
                Ok(records) => return Ok(Some(CaaSet { at: (*name).to_owned(), records })),
                // Top-level domains need not answer us; hardly one has CAA records.
                Err(_) if !name.contains('.') => {}
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    async fn caa_at(&self, name: &str, budget: &Budget) -> Result<Vec<Caa>, DnsError> {
        let records = self.records_along(name, RecordType::CAA, budget).await?;
        let read = |record: &RData| match record {
            RData::CAA(caa) => Some(Caa {
                flags: caa.reserved_flags | if caa.issuer_critical { 0x80 } else { 0 },
                tag: caa.tag.to_ascii_lowercase(),
                value: String::from_utf8_lossy(&caa.value).into_owned(),
            }),
            _ => None,
        };
        Ok(records.iter().filter_map(read).collect())
    }

    /// The records of one type at the end of a name's CNAMEs.
    async fn records_along(&self, name: &str, kind: RecordType, budget: &Budget) -> Result<Vec<RData>, DnsError> {
        let stopped = |stopped| stopped_while("asking about", name, stopped);
        if self.check() != Check::Authoritative {
            return budget.run(self.0.recursive.records(name, kind)).await.map_err(stopped)?;
        }
        let chain = self.chain_from(name.to_owned(), budget).await?;
        let end = chain.last().map_or(name, String::as_str);
        let zone = self.challenge_zone(end, budget).await?;
        let asked = budget.run(self.ask_zone(&zone, end, kind)).await.map_err(stopped)?;
        asked.or_else(|trouble| trouble.or_empty(end))
    }

    /// The addresses of a name, IPv4 first, from its zone's own servers; empty if it has none.
    pub async fn own_addresses(&self, name: &str, budget: &Budget) -> Result<Vec<IpAddr>, DnsError> {
        let (v4, v6) = tokio::join!(
            self.records_along(name, RecordType::A, budget),
            self.records_along(name, RecordType::AAAA, budget)
        );
        Ok(v4?.iter().chain(&v6?).filter_map(RData::ip_addr).collect())
    }

    /// The servers that the zone above names for a zone, as its own servers say; empty if it names none.
    pub async fn delegation(&self, zone: &str, budget: &Budget) -> Result<Vec<String>, DnsError> {
        let Some((_, parent)) = zone.split_once('.') else { return Err(DnsError::NoZone(zone.to_owned())) };
        let above = self.zone_of(parent, budget).await?;
        let asked = budget.run(self.ask_zone(&above, zone, RecordType::NS)).await;
        match asked.map_err(|stopped| stopped_while("asking for the delegation of", zone, stopped))? {
            Ok(records) => Ok(records.iter().filter_map(server_name).collect()),
            Err(trouble) => trouble.or_referral(zone),
        }
    }

    /// Follows the CNAMEs from the challenge name of a domain on.
    pub async fn challenge_path(&self, domain: &str, budget: &Budget) -> Result<ChallengePath, DnsError> {
        let (chain, ended) = self.follow(challenge_name(domain), budget).await;
        let endless = match ended {
            Ok(()) => false,
            Err(DnsError::CnameLoop(_)) => true,
            // A CNAME to where nothing is.
            Err(DnsError::NoZone(_)) if chain.len() > 1 => false,
            Err(error) => return Err(error),
        };
        let end = chain.last().map_or("", String::as_str);
        let zone = match self.challenge_zone(end, budget).await {
            // A top-level domain holds nothing of anybody's.
            Ok(zone) => Some(zone.name.clone()).filter(|name| name.contains('.')),
            Err(DnsError::NoZone(_)) => None,
            Err(error) => return Err(error),
        };
        let wildcard = match chain.get(1) {
            Some(target) => self.wildcard_to(domain, target, budget).await?,
            None => None,
        };
        Ok(ChallengePath { chain, endless, zone, wildcard })
    }

    /// The wildcard above the challenge name that is a CNAME to `target`.
    async fn wildcard_to(&self, domain: &str, target: &str, budget: &Budget) -> Result<Option<String>, DnsError> {
        let challenge = challenge_name(domain);
        let zone = self.challenge_zone(&challenge, budget).await?;
        let above = ancestors(&challenge).skip(1).take_while(|name| is_within(name, &zone.name));
        let wildcards: Vec<_> = above.map(|name| format!("*.{name}")).collect();
        let targets = join_all(wildcards.iter().map(|wildcard| self.cname_of(wildcard, budget))).await;
        let mut nearest = None;
        for (wildcard, found) in wildcards.into_iter().zip(targets) {
            // A wildcard answers for the names of nearer ones, too, which need not exist: the last one in a row is it. And
            // if the nearest one leads elsewhere, it is none of them.
            if found?.as_deref() != Some(target) {
                break;
            }
            nearest = Some(wildcard);
        }
        Ok(nearest)
    }
}

/// The name and all above it, without the root.
fn ancestors(name: &str) -> impl Iterator<Item = &str> {
    let name = name.trim_end_matches('.');
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_up_to_the_top_are_asked() {
        assert_eq!(ancestors("x.a.example.").collect::<Vec<_>>(), ["x.a.example", "a.example", "example"]);
        assert!(is_within("a.example", "a.example") && is_within("x.a.example", "a.example"));
        assert!(!is_within("xa.example", "a.example") && !is_within("example", "a.example"));
    }
}
