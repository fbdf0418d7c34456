//! `dns = { … }`: how DNS is asked.

use std::sync::OnceLock;

use super::Berth;
use crate::clients::dns::{Check, Dns, DnsSettings, parse_resolver};
use crate::explain::Explanation;
use crate::sdk::{Model, check};

/// How DNS is asked whether a record can be seen.
#[derive(Clone, Debug, Default, Model)]
pub struct Block {
    /// Resolvers to use instead of the machine's, as `IP` or `IP:PORT`.
    pub resolvers: Option<Vec<String>>,
    /// Who must see a record: `authoritative` asks all name servers of its zone directly, `recursive` asks the
    /// resolvers, `none` does not ask. Default `authoritative`.
    #[attr(check = check::one_of(&["authoritative", "recursive", "none"]))]
    pub check: Option<String>,
}

/// The client, built when first used.
#[derive(Default)]
pub struct Clients(OnceLock<Dns>);

impl Berth {
    /// How names are resolved and records looked for.
    pub fn dns(&self) -> Result<Dns, Explanation> {
        self.settled("dns")?;
        if let Some(known) = self.dns.0.get() {
            return Ok(known.clone());
        }
        let block = self.config.dns.clone().unwrap_or_default();
        let resolvers = block.resolvers.unwrap_or_default();
        let resolvers = resolvers.iter().map(|text| parse_resolver(text)).collect::<Result<_, _>>();
        let check = match block.check.as_deref() {
            Some("recursive") => Check::Recursive,
            Some("none") => Check::None,
            _ => Check::Authoritative,
        };
        let resolvers = resolvers.map_err(|error| error.explain("Cannot use the provider's `dns.resolvers`"))?;
        Ok(self.dns.0.get_or_init(|| Dns::new(DnsSettings { resolvers, check })).clone())
    }
}
