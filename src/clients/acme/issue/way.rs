//! Where the record of a domain goes: along the CNAMEs that the DNS service lists, and those that the world sees.

use futures_util::future::join_all;

use crate::clients::dns::{DnsError, challenge_name};
use crate::domain::dns::RecordType;
use crate::retry::Budget;

use super::{Begun, Issuance, Journal, Publisher, TxtRecord};
use crate::clients::acme::error::AcmeError;
use crate::clients::acme::order::Challenge;

/// The longest way that is followed.
const MAX_NAMES: usize = 9;

/// A CNAME that the DNS service lists, and that the world may not see yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hop {
    owner: String,
    target: String,
}

/// From a challenge name to where its record goes.
#[derive(Clone, Debug)]
struct Way {
    names: Vec<String>,
    hops: Vec<Hop>,
}

impl Way {
    fn end(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    fn go_on(&mut self, target: String) -> Result<(), AcmeError> {
        let again = self.names.contains(&target);
        self.names.push(target);
        if again || self.names.len() > MAX_NAMES {
            return Err(AcmeError::Dns(DnsError::CnameLoop(self.names.clone())));
        }
        Ok(())
    }
}

impl<P: Publisher, J: Journal> Issuance<'_, P, J> {
    /// The records of challenges, and the CNAMEs on the way to them that the world may not see yet.
    pub(super) async fn records(
        &self,
        challenges: Vec<Challenge>,
        budget: &Budget,
    ) -> Result<(Vec<TxtRecord>, Vec<Hop>), AcmeError> {
        let places = challenges.into_iter().map(|challenge| async move {
            let way = self.way(&challenge.domain, budget).await?;
            let (name, value) = (way.end().to_owned(), challenge.txt_value());
            Ok::<_, AcmeError>((TxtRecord { domain: challenge.domain, name, value }, way.hops))
        });
        let found = join_all(places).await.into_iter().collect::<Result<Vec<_>, _>>()?;
        let (records, hops): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        Ok((records, hops.concat()))
    }

    /// Where the record of a domain goes.
    pub(super) async fn record_name(&self, domain: &str, budget: &Budget) -> Result<String, AcmeError> {
        Ok(self.way(domain, budget).await?.end().to_owned())
    }

    /// What the DNS service lists comes first: a delegation that the same run makes is in no resolver's answers yet, or
    /// still with its old target.
    async fn way(&self, domain: &str, budget: &Budget) -> Result<Way, AcmeError> {
        let mut way = Way { names: vec![challenge_name(domain)], hops: Vec::new() };
        if !self.follow_cname {
            return Ok(way);
        }
        loop {
            let owner = way.end().to_owned();
            if let Some(target) = self.publisher.cname(&owner, budget).await {
                way.hops.push(Hop { owner, target: target.clone() });
                way.go_on(target)?;
                continue;
            }
            let seen = self.dns.chain_from(owner, budget).await?;
            let mut further = seen.into_iter().skip(1).peekable();
            if further.peek().is_none() {
                return Ok(way);
            }
            further.try_for_each(|target| way.go_on(target))?;
        }
    }

    /// Publishes all records at once and waits until each is to be seen, with the CNAMEs that lead there.
    pub(super) async fn publish(&self, begun: &mut Begun, budget: &Budget) -> Result<(), AcmeError> {
        if let Err(error) = self.put(&begun.waiting, budget).await {
            if !self.is_led_elsewhere(begun, budget).await? {
                return Err(error);
            }
            self.put(&begun.waiting, budget).await?;
        }
        let names = super::publish::by_name(&begun.waiting);
        let values = join_all(names.iter().map(|(name, values)| self.dns.wait_for_txt(name, values, budget)));
        let cnames = join_all(begun.hops.iter().map(|hop| async move {
            self.dns.wait_for(&hop.owner, RecordType::Cname, std::slice::from_ref(&hop.target), budget).await
        }));
        let (values, cnames) = tokio::join!(values, cnames);
        cnames.into_iter().chain(values).collect::<Result<(), _>>().map_err(AcmeError::Dns)
    }

    async fn put(&self, records: &[TxtRecord], budget: &Budget) -> Result<(), AcmeError> {
        let published = join_all(records.iter().map(|record| self.publisher.publish(record, budget))).await;
        published.into_iter().collect::<Result<(), _>>().map_err(AcmeError::Told)
    }

    /// Whether a CNAME came to stand at one of the names since they were looked at, which another resource of the run made;
    /// then the journal knows where the records go now.
    async fn is_led_elsewhere(&self, begun: &mut Begun, budget: &Budget) -> Result<bool, AcmeError> {
        let mut news = Vec::new();
        for record in &mut begun.waiting {
            let way = self.way(&record.domain, budget).await?;
            if way.end() != record.name {
                way.end().clone_into(&mut record.name);
                news.push(record.clone());
                begun.hops.extend(way.hops);
            }
        }
        if !news.is_empty() {
            begun.entry.records.extend(news.iter().cloned());
            self.journal.save(&begun.entry, budget).await.map_err(AcmeError::Told)?;
        }
        Ok(!news.is_empty())
    }
}
