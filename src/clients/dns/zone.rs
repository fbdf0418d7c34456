//! Which servers hold a name: the zone cut above it, and where its challenge record really lives.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use hickory_resolver::proto::rr::{RData, RecordType};

use crate::retry::Budget;

use super::resolve::{Trouble, direct, lookup, plain};
use super::{Check, Dns, DnsError, challenge_name};

/// The longest CNAME chain that is followed.
const MAX_CNAMES: usize = 8;

/// A zone with the servers that hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its apex, without the last dot.
    pub name: String,
    /// Its servers.
    pub servers: Vec<NameServer>,
}

/// One name server of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameServer {
    /// Its host name.
    pub name: String,
    /// Its addresses, IPv4 first.
    pub addresses: Vec<IpAddr>,
}

/// Zones found so far, by the name they were looked up for.
#[derive(Default)]
pub(super) struct Found(Mutex<HashMap<String, Arc<Zone>>>);

impl Dns {
    /// The zone that holds a name: the nearest ancestor (or the name itself) with name servers, as the
    /// recursive resolvers see it.
    pub async fn zone_of(&self, name: &str, budget: &Budget) -> Result<Arc<Zone>, DnsError> {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        if let Some(pinned) = self.pinned(&name) {
            return Ok(pinned);
        }
        if let Some(zone) = self.0.zones.0.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(zone.clone());
        }
        let found = budget.run(self.find_zone(&name)).await;
        let zone = Arc::new(found.map_err(|stopped| stopped_while("looking for the zone of", &name, stopped))??);
        self.0.zones.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, zone.clone());
        Ok(zone)
    }

    fn pinned(&self, name: &str) -> Option<Arc<Zone>> {
        let holding = self.0.pinned.iter().filter(|zone| is_within(name, &zone.name));
        holding.max_by_key(|zone| zone.name.len()).cloned()
    }

    async fn find_zone(&self, name: &str) -> Result<Zone, DnsError> {
        let mut ancestor = name;
        loop {
            let records = self.0.recursive.records(ancestor, RecordType::NS).await?;
            let servers: Vec<_> = records.iter().filter_map(server_name).collect();
            if !servers.is_empty() {
                return Ok(Zone { name: ancestor.to_owned(), servers: self.with_addresses(servers).await? });
            }
            match ancestor.split_once('.') {
                Some((_, parent)) => ancestor = parent,
                None => return Err(DnsError::NoZone(name.to_owned())),
            }
        }
    }

    pub(super) async fn with_addresses(&self, names: Vec<String>) -> Result<Vec<NameServer>, DnsError> {
        let lookups = names.iter().map(|name| self.0.recursive.addresses(name));
        let found = futures_util::future::join_all(lookups).await;
        let mut servers = Vec::with_capacity(names.len());
        for (name, addresses) in names.into_iter().zip(found) {
            servers.push(NameServer { name, addresses: addresses.unwrap_or_default() });
        }
        servers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(servers)
    }

    /// The zone that holds a challenge name. The name itself is asked for at the zone's own servers only: a
    /// recursive resolver would remember that it does not exist yet. Where nothing above it is known, as above a zone of
    /// its own network, it can only be a zone itself.
    pub(super) async fn challenge_zone(&self, name: &str, budget: &Budget) -> Result<Arc<Zone>, DnsError> {
        let parent = name.split_once('.').map_or(name, |(_, parent)| parent);
        let above = match self.zone_of(parent, budget).await {
            Err(DnsError::NoZone(_)) => return self.zone_of(name, budget).await,
            found => found?,
        };
        let cut = budget.run(self.ask_zone(&above, name, RecordType::NS)).await;
        let delegated = match cut.map_err(|stopped| stopped_while("asking the servers of", name, stopped))? {
            Ok(records) => records.iter().filter_map(server_name).collect(),
            Err(Trouble::Nothing(servers)) => servers,
            Err(_) => Vec::new(),
        };
        if delegated.is_empty() {
            return Ok(above);
        }
        Ok(Arc::new(Zone { name: name.to_owned(), servers: self.with_addresses(delegated).await? }))
    }

    /// Asks the servers of a zone in turn, until one answers.
    pub(super) async fn ask_zone(&self, zone: &Zone, name: &str, kind: RecordType) -> Result<Vec<RData>, Trouble> {
        let mut last = Trouble::Silent("the zone's servers have no addresses".to_owned());
        for address in zone.servers.iter().flat_map(|server| &server.addresses) {
            let resolver = match direct((*address, self.0.server_port).into(), false) {
                Ok(resolver) => resolver,
                Err(error) => return Err(Trouble::Silent(error.to_string())),
            };
            match lookup(&resolver, name, kind).await {
                Err(trouble @ (Trouble::Silent(_) | Trouble::Code(_))) => last = trouble,
                answer => return answer,
            }
        }
        Err(last)
    }

    /// Where the challenge record of a domain really lives: `_acme-challenge.DOMAIN`, or the end of the CNAME
    /// chain that begins there. The chain's names come first to last.
    pub async fn challenge_chain(&self, domain: &str, budget: &Budget) -> Result<Vec<String>, DnsError> {
        self.chain_from(challenge_name(domain), budget).await
    }

    /// A name and the CNAMEs from it on, to where they end.
    pub async fn chain_from(&self, name: String, budget: &Budget) -> Result<Vec<String>, DnsError> {
        let (chain, ended) = self.follow(name, budget).await;
        ended.map(|()| chain)
    }

    /// The same as far as it can be followed, and why no further.
    pub(super) async fn follow(&self, name: String, budget: &Budget) -> (Vec<String>, Result<(), DnsError>) {
        let mut chain = vec![name];
        loop {
            let next = match self.cname_of(chain.last().map_or("", String::as_str), budget).await {
                Ok(Some(next)) => next,
                Ok(None) => return (chain, Ok(())),
                Err(error) => return (chain, Err(error)),
            };
            let again = chain.contains(&next);
            chain.push(next);
            if again || chain.len() > MAX_CNAMES {
                return (chain.clone(), Err(DnsError::CnameLoop(chain)));
            }
        }
    }

    /// Where the CNAME at a name leads; none if it is no CNAME.
    pub(super) async fn cname_of(&self, name: &str, budget: &Budget) -> Result<Option<String>, DnsError> {
        let records = match self.check() {
            Check::Authoritative => {
                let zone = self.challenge_zone(name, budget).await?;
                let asked = budget.run(self.ask_zone(&zone, name, RecordType::CNAME)).await;
                let answer = asked.map_err(|stopped| stopped_while("asking for a CNAME at", name, stopped))?;
                answer.or_else(|trouble| trouble.or_empty(name))?
            }
            Check::Recursive | Check::None => {
                let asked = budget.run(self.0.recursive.records(name, RecordType::CNAME)).await;
                match asked.map_err(|stopped| stopped_while("asking for a CNAME at", name, stopped))? {
                    // Who does not want DNS to be asked may have none that answers.
                    Err(_) if self.check() == Check::None => Vec::new(),
                    answer => answer?,
                }
            }
        };
        Ok(records.iter().find_map(|record| match record {
            RData::CNAME(target) => Some(plain(&target.0)),
            _ => None,
        }))
    }
}

pub(super) fn server_name(record: &RData) -> Option<String> {
    match record {
        RData::NS(server) => Some(plain(&server.0)),
        _ => None,
    }
}

pub(super) fn stopped_while(doing: &str, name: &str, stopped: crate::retry::Stopped) -> DnsError {
    DnsError::Stopped { doing: format!("{doing} {name}"), stopped }
}

/// Whether a name is a zone's own or lies below it.
pub(super) fn is_within(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clients::dns::DnsSettings;

    #[tokio::test]
    async fn a_pinned_zone_is_not_looked_for_and_one_without_addresses_is_not_pinned() {
        let mute = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let settings = DnsSettings { resolvers: vec![mute.local_addr().unwrap()], check: Check::Authoritative };
        let server = NameServer { name: "ns".to_owned(), addresses: vec![IpAddr::from([192, 0, 2, 1])] };
        let zone = Arc::new(Zone { name: "a.example".to_owned(), servers: vec![server] });
        let short = Budget::uninterrupted(Duration::from_millis(100));
        let dns = Dns::with(settings.clone(), 53, vec![zone.clone()]);
        assert_eq!(dns.zone_of("x.a.example.", &short).await.unwrap(), zone);
        assert!(dns.zone_of("xa.example", &short).await.is_err(), "the resolvers are asked");
        let dns = Dns::with(settings, 53, Vec::new()).pinning("a.example", &["ns".to_owned()], &short).await;
        assert!(dns.0.pinned.is_empty());
    }

    /// A resolver on the loopback network, which answers questions for name servers as recursive ones do: it follows
    /// a CNAME, and answers with the servers of its target as well.
    fn resolver() -> std::net::SocketAddr {
        use hickory_resolver::proto::op::{Message, MessageType};
        use hickory_resolver::proto::rr::rdata::{CNAME, NS};
        use hickory_resolver::proto::rr::{Name, Record};

        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let name = |text: &str| Name::from_ascii(text).unwrap();
        let ns = move |owner: &str| Record::from_rdata(name(owner), 60, RData::NS(NS(name(&format!("ns.{owner}")))));
        let cname = move |owner: &str, to: &str| Record::from_rdata(name(owner), 60, RData::CNAME(CNAME(name(to))));
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let Ok(mut message) = Message::from_vec(&buffer[..length]) else { continue };
                message.metadata.message_type = MessageType::Response;
                message.metadata.recursion_available = true;
                let asked = message.queries[0].clone();
                if asked.query_type() == RecordType::NS {
                    match asked.name().to_ascii().as_str() {
                        "example.test." | "cdn.test." => drop(message.add_answer(ns(&asked.name().to_ascii()))),
                        "www.example.test." => {
                            message.add_answers([cname("www.example.test.", "cdn.test."), ns("cdn.test.")]);
                        }
                        "own.example.test." => {
                            message.add_answers([cname("own.example.test.", "example.test."), ns("example.test.")]);
                        }
                        _ => {}
                    }
                }
                let _sent = socket.send_to(&message.to_vec().unwrap(), from);
            }
        });
        address
    }

    #[tokio::test]
    async fn the_servers_of_a_cnames_target_are_not_those_of_the_name() {
        let settings = DnsSettings { resolvers: vec![resolver()], check: Check::Authoritative };
        let dns = Dns::with(settings, 53, Vec::new());
        let budget = Budget::uninterrupted(Duration::from_secs(20));
        for (name, zone) in [
            ("www.example.test", "example.test"),
            ("own.example.test", "example.test"),
            ("a.www.example.test", "example.test"),
            ("cdn.test", "cdn.test"),
        ] {
            assert_eq!(dns.zone_of(name, &budget).await.unwrap().name, zone, "{name}");
        }
    }

    #[tokio::test]
    async fn a_zone_is_found_by_its_own_name_where_nothing_above_it_is_known() {
        let settings = DnsSettings { resolvers: vec![resolver()], check: Check::Authoritative };
        let dns = Dns::with(settings, 53, Vec::new());
        let budget = Budget::uninterrupted(Duration::from_secs(20));
        assert_eq!(dns.challenge_zone("cdn.test", &budget).await.unwrap().name, "cdn.test");
        assert!(matches!(dns.challenge_zone("none.test", &budget).await, Err(DnsError::NoZone(_))));
    }
}
