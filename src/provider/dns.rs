//! `dns = { … }`: how DNS is asked.

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
pub struct Clients {}
