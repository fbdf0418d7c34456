//! Proofs of names, and who puts them into the world.

use std::collections::BTreeMap;
use std::future::Future;

use crate::clients::acme::order::Method;
use crate::explain::Explanation;
use crate::retry::Budget;

/// One value that the CA will look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxtRecord {
    /// The domain that is validated.
    pub domain: String,
    /// Where the value is to stand: `_acme-challenge.DOMAIN` or the end of its CNAME chain.
    pub name: String,
    /// The value.
    pub value: String,
}

/// One file that the CA will ask a server for, on port 80 of the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFile {
    /// The domain or address that is validated.
    pub domain: String,
    /// The last part of its path: `/.well-known/acme-challenge/TOKEN`.
    pub token: String,
    /// What it holds.
    pub content: String,
}

/// Puts values beside those of others at a name, and takes its own away again.
pub trait Publisher: Sync {
    /// How a name (without the star of a wildcard) or an IP address is proved.
    fn method(&self, name: &str, wildcard: bool) -> Method {
        let _ = (name, wildcard);
        Method::Dns01
    }
    /// Serves files until they are taken down again.
    fn serve(&self, files: &[HttpFile], budget: &Budget) -> impl Future<Output = Result<(), Explanation>> + Send {
        let _ = (files, budget);
        std::future::ready(Ok(()))
    }
    /// Serves the files no more; none is a success.
    fn take_down(&self, files: &[HttpFile]) -> impl Future<Output = ()> + Send {
        let _ = files;
        std::future::ready(())
    }
    /// Where files are served, if that may outlive this process, in words that [`Publisher::clear`] understands: they are
    /// journalled before anything is served there.
    fn site(&self) -> Option<String> {
        None
    }
    /// Removes what serves files at a site; none is a success.
    fn clear(&self, site: &str, budget: &Budget) -> impl Future<Output = Result<(), Explanation>> + Send {
        let _ = (site, budget);
        std::future::ready(Ok(()))
    }
    /// Where a CNAME at a name leads, as far as the DNS service lists one that values are written to, whether or not the world
    /// sees it yet; none also where that cannot be found out.
    fn cname(&self, name: &str, budget: &Budget) -> impl Future<Output = Option<String>> + Send {
        let _ = (name, budget);
        std::future::ready(None)
    }
    /// Finds out whether a value could be added at a name, before anything is ordered; the record's value is empty.
    fn prepare(&self, record: &TxtRecord, budget: &Budget) -> impl Future<Output = Result<(), Explanation>> + Send {
        let _ = (record, budget);
        std::future::ready(Ok(()))
    }
    /// Adds the value; returns once the DNS service has taken it in. What was begun when the budget ended may
    /// still come to be: [`Publisher::withdraw`] follows in any case and must undo that too.
    fn publish(&self, record: &TxtRecord, budget: &Budget) -> impl Future<Output = Result<(), Explanation>> + Send;
    /// Removes the value; one that is gone is a success.
    fn withdraw(&self, record: &TxtRecord, budget: &Budget) -> impl Future<Output = Result<(), Explanation>> + Send;
}

/// The values wanted at each name.
pub(super) fn by_name(records: &[TxtRecord]) -> BTreeMap<String, Vec<String>> {
    let mut names: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for record in records {
        names.entry(record.name.clone()).or_default().push(record.value.clone());
    }
    names
}
