//! Single questions: to the recursive resolvers, and to one server directly.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError as RemoteError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use tokio::sync::OnceCell;

use super::DnsError;

/// Longest wait for one server's answer, twice at most.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The recursive resolvers, made ready at the first question.
pub(super) struct Recursive {
    resolvers: Vec<SocketAddr>,
    ready: OnceCell<TokioResolver>,
}

impl Recursive {
    pub fn new(resolvers: Vec<SocketAddr>) -> Self {
        Self { resolvers, ready: OnceCell::new() }
    }

    /// The configured servers, or the system's.
    pub fn servers(&self) -> Result<Vec<SocketAddr>, DnsError> {
        if !self.resolvers.is_empty() {
            return Ok(self.resolvers.clone());
        }
        let (config, _) = system()?;
        Ok(config.name_servers().iter().map(|server| SocketAddr::new(server.ip, port_of(server))).collect())
    }

    async fn resolver(&self) -> Result<&TokioResolver, DnsError> {
        self.ready.get_or_try_init(|| std::future::ready(self.build())).await
    }

    fn build(&self) -> Result<TokioResolver, DnsError> {
        let (config, mut options) = if self.resolvers.is_empty() {
            system()?
        } else {
            let servers = self.resolvers.iter().map(|address| server_config(*address)).collect();
            (ResolverConfig::from_parts(None, Vec::new(), servers), ResolverOpts::default())
        };
        options.cache_size = 0;
        let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
        *builder.options_mut() = options;
        builder.build().map_err(|error| DnsError::System(error.to_string()))
    }

    /// The records of one type at a name; empty when there are none.
    pub async fn records(&self, name: &str, kind: RecordType) -> Result<Vec<RData>, DnsError> {
        lookup(self.resolver().await?, name, kind).await.or_else(|trouble| trouble.or_empty(name))
    }

    /// The addresses of a host, IPv4 before IPv6.
    pub async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, DnsError> {
        let (v4, v6) = tokio::join!(self.records(host, RecordType::A), self.records(host, RecordType::AAAA));
        let found: Vec<_> = v4.iter().chain(&v6).flatten().filter_map(RData::ip_addr).collect();
        if found.is_empty() { v4.map(|_| found) } else { Ok(found) }
    }
}

fn system() -> Result<(ResolverConfig, ResolverOpts), DnsError> {
    hickory_resolver::system_conf::read_system_conf().map_err(|error| DnsError::System(error.to_string()))
}

fn port_of(server: &NameServerConfig) -> u16 {
    server.connections.first().map_or(53, |connection| connection.port)
}

fn server_config(address: SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        let ConnectionConfig { port, .. } = connection;
        *port = address.port();
    }
    server
}

/// A resolver that asks one server and nobody else, and does not remember.
pub(super) fn direct(address: SocketAddr, recursion: bool) -> Result<TokioResolver, DnsError> {
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server_config(address)]);
    let mut builder = Resolver::builder_with_config(config, TokioRuntimeProvider::default());
    let options = builder.options_mut();
    options.recursion_desired = recursion;
    options.cache_size = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.timeout = ANSWER_TIMEOUT;
    options.attempts = 1;
    options.num_concurrent_reqs = 1;
    options.try_tcp_on_error = true;
    options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
    builder.build().map_err(|error| DnsError::System(error.to_string()))
}

/// Why a lookup has no records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The name, or this type at it, does not exist; with the servers of a zone cut below, if the answer named some.
    Nothing(Vec<String>),
    /// The server answered with an error code.
    Code(String),
    /// No answer.
    Silent(String),
}

impl Trouble {
    /// The servers of the zone cut that an answer pointed to, an empty list without one; anything else as an error.
    pub fn or_referral(self, name: &str) -> Result<Vec<String>, DnsError> {
        match self {
            Self::Nothing(servers) => Ok(servers),
            other => other.or_empty(name),
        }
    }

    /// "There is none" as an empty list, anything else as an error about `name`.
    pub fn or_empty<T>(self, name: &str) -> Result<Vec<T>, DnsError> {
        match self {
            Self::Nothing(_) => Ok(Vec::new()),
            Self::Code(why) | Self::Silent(why) => Err(DnsError::NoAnswer { name: name.to_owned(), why }),
        }
    }
}

/// Asks; the records of the type that was asked for, whatever their owner. Only servers of a zone count at the very name:
/// a resolver follows a CNAME, and those of its target are not those of the name, which has no other data
/// (RFC 1034 §3.6.2).
pub(super) async fn lookup(resolver: &TokioResolver, name: &str, kind: RecordType) -> Result<Vec<RData>, Trouble> {
    let mut owner = Name::from_utf8(name).map_err(|error| Trouble::Silent(error.to_string()))?;
    owner.set_fqdn(true);
    match resolver.lookup(owner.clone(), kind).await {
        Ok(answer) => {
            let fits = |record: &&Record| kind != RecordType::NS || record.name == owner;
            let records = answer.answers().iter().filter(|record| record.record_type() == kind).filter(fits);
            let found: Vec<_> = records.map(|record| record.data.clone()).collect();
            if kind == RecordType::NS && answer.answers().iter().any(|record| record.record_type() == RecordType::CNAME)
            {
                return Err(Trouble::Nothing(Vec::new()));
            }
            if found.is_empty() && kind == RecordType::NS {
                // A referral to the very name that was asked for counts as an answer to the library.
                let cut = answer.authorities().iter().filter_map(|record| match &record.data {
                    RData::NS(ns) => Some(plain(&ns.0)),
                    _ => None,
                });
                return Err(Trouble::Nothing(cut.collect()));
            }
            Ok(found)
        }
        Err(NetError::Dns(RemoteError::NoRecordsFound(none))) => match none.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => {
                let cut = none.ns.iter().flat_map(|servers| servers.iter());
                let names = cut.filter_map(|data| match &data.ns.data {
                    RData::NS(ns) => Some(plain(&ns.0)),
                    _ => None,
                });
                Err(Trouble::Nothing(if none.soa.is_some() { Vec::new() } else { names.collect() }))
            }
            code => Err(Trouble::Code(code.to_string())),
        },
        Err(NetError::Dns(RemoteError::ResponseCode(code))) => Err(Trouble::Code(code.to_string())),
        Err(error) => Err(Trouble::Silent(error.to_string())),
    }
}

/// A name without its last dot, lower case.
pub(super) fn plain(name: &Name) -> String {
    name.to_utf8().trim_end_matches('.').to_ascii_lowercase()
}
