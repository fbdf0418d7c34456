//! Challenge records and who puts them into the world.

use std::collections::BTreeMap;
use std::future::Future;

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

/// Puts values beside those of others at a name, and takes its own away again.
pub trait Publisher: Sync {
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
