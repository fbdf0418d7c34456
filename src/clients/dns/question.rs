//! One question as a user asks it: the values, and what the server said beside them.

use std::net::SocketAddr;

use hickory_resolver::TokioResolver;
use hickory_resolver::net::{DnsError as RemoteError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RecordType as WireType};

use crate::domain::dns::RecordType;
use crate::retry::Budget;

use super::resolve::direct;
use super::visible::value_of;
use super::zone::stopped_while;
use super::{Dns, DnsError};

/// What one server said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The server: its name or address.
    pub server: String,
    /// The response code as zone files' tools write it: `NOERROR`, `NXDOMAIN`, `SERVFAIL`, `REFUSED` …
    pub rcode: String,
    /// The values of the type that was asked for, sorted; TXT as plain text.
    pub values: Vec<String>,
    /// How long they may be kept, in seconds; none without values.
    pub ttl: Option<u32>,
}

impl Dns {
    /// The same resolver that asks other recursive servers.
    #[must_use]
    pub fn asking(&self, resolvers: Vec<SocketAddr>) -> Self {
        let settings = super::DnsSettings { resolvers, ..self.0.settings.clone() };
        Self::with_server_port(settings, self.0.server_port)
    }

    /// Asks the recursive resolvers in turn; the first one that answers counts.
    pub async fn ask(&self, name: &str, kind: RecordType, budget: &Budget) -> Result<Heard, DnsError> {
        let mut silent = Vec::new();
        for server in self.0.recursive.servers()? {
            match self.ask_one(&server.ip().to_string(), server, true, (name, kind), budget).await? {
                Ok(heard) => return Ok(heard),
                Err(why) => silent.push(format!("{}: {why}", server.ip())),
            }
        }
        Err(DnsError::NoAnswer { name: name.to_owned(), why: silent.join("; ") })
    }

    /// Asks each of the zone's own servers; those that answer, at least one.
    pub async fn ask_authoritative(
        &self,
        name: &str,
        kind: RecordType,
        budget: &Budget,
    ) -> Result<Vec<Heard>, DnsError> {
        let zone = self.challenge_zone(name, budget).await?;
        let (mut heard, mut silent) = (Vec::new(), Vec::new());
        for server in &zone.servers {
            for address in &server.addresses {
                let address = SocketAddr::new(*address, self.0.server_port);
                match self.ask_one(&server.name, address, false, (name, kind), budget).await? {
                    Ok(answer) => {
                        heard.push(answer);
                        break;
                    }
                    Err(why) => silent.push(format!("{}: {why}", server.name)),
                }
            }
        }
        if heard.is_empty() {
            return Err(DnsError::NoAnswer { name: name.to_owned(), why: silent.join("; ") });
        }
        Ok(heard)
    }

    /// One server's answer, or why it gave none.
    async fn ask_one(
        &self,
        server: &str,
        address: SocketAddr,
        recursion: bool,
        (name, kind): (&str, RecordType),
        budget: &Budget,
    ) -> Result<Result<Heard, String>, DnsError> {
        let resolver = direct(address, recursion)?;
        let asked = budget.run(question(&resolver, name, kind)).await;
        let answer = asked.map_err(|stopped| stopped_while("asking about", name, stopped))?;
        Ok(answer.map(|(rcode, values, ttl)| Heard { server: server.to_owned(), rcode, values, ttl }))
    }
}

async fn question(
    resolver: &TokioResolver,
    name: &str,
    kind: RecordType,
) -> Result<(String, Vec<String>, Option<u32>), String> {
    let mut owner = Name::from_utf8(name).map_err(|error| error.to_string())?;
    owner.set_fqdn(true);
    let wire: WireType = kind.as_str().parse().map_err(|_| format!("{kind} records cannot be asked for"))?;
    match resolver.lookup(owner, wire).await {
        Ok(answer) => {
            let records: Vec<_> = answer.answers().iter().filter(|record| record.record_type() == wire).collect();
            let mut values: Vec<_> = records.iter().map(|record| value_of(&record.data)).collect();
            values.sort();
            Ok(("NOERROR".to_owned(), values, records.iter().map(|record| record.ttl).min()))
        }
        Err(NetError::Dns(RemoteError::NoRecordsFound(none))) => Ok((code(none.response_code), Vec::new(), None)),
        Err(NetError::Dns(RemoteError::ResponseCode(refused))) => Ok((code(refused), Vec::new(), None)),
        Err(error) => Err(error.to_string()),
    }
}

/// A response code by its name in the IANA registry "DNS RCODEs".
fn code(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "NOERROR".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        ResponseCode::FormErr => "FORMERR".to_owned(),
        ResponseCode::NotImp => "NOTIMP".to_owned(),
        other => format!("{other:?}").to_uppercase(),
    }
}
