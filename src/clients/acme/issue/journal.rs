//! What a later run needs to complete an order that this one began.

use std::future::Future;

use crate::digest::sha256_hex;
use crate::explain::Explanation;
use crate::retry::Budget;
use crate::secret::Secret;

use super::{LeafKey, TxtRecord, Wish};

/// One order under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names the wish: another wish cannot take the order up.
    pub fingerprint: String,
    /// The order.
    pub order_url: String,
    /// The certificate's key; `None` when the user gave the signing request.
    pub key: Option<Secret>,
    /// Every record that was or may have been published for the order.
    pub records: Vec<TxtRecord>,
    /// Every site at which files were or may have been served for the order ([`super::Publisher::site`]).
    pub sites: Vec<String>,
}

/// Keeps one [`Entry`] where it survives a killed process, beside the certificate's destination.
pub trait Journal: Sync {
    /// The entry, if there is one.
    fn load(&self, budget: &Budget) -> impl Future<Output = Result<Option<Entry>, Explanation>> + Send;
    /// Writes the entry over the one before.
    fn save(&self, entry: &Entry, budget: &Budget) -> impl Future<Output = Result<(), Explanation>> + Send;
    /// Removes the entry; none is a success.
    fn forget(&self, budget: &Budget) -> impl Future<Output = Result<(), Explanation>> + Send;
}

/// Names a wish at a CA: what must be the same for an order to be the one that is wanted. The certificate that is
/// replaced is part of it, so that a renewal never takes the order of the certificate it renews.
pub(super) fn fingerprint(directory_url: &str, account_url: &str, wish: &Wish) -> String {
    let mut names = wish.names.clone();
    names.sort_unstable();
    let key = match &wish.key {
        LeafKey::New(kind) => kind.to_string(),
        LeafKey::Kept(pem) => sha256_hex(pem.expose().as_bytes()),
        LeafKey::Foreign(csr) => sha256_hex(csr.as_bytes()),
    };
    let Wish { common_name, profile, replaces, must_staple, order_url, .. } = wish;
    let parts = serde_json::json!([
        directory_url,
        account_url,
        names,
        common_name,
        key,
        profile,
        replaces,
        must_staple,
        order_url
    ]);
    sha256_hex(parts.to_string().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::super::KeyType;
    use super::*;

    fn wish(names: &[&str], replaces: Option<&str>) -> Wish {
        Wish {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            common_name: None,
            key: LeafKey::New(KeyType::EcdsaP256),
            profile: None,
            replaces: replaces.map(str::to_owned),
            preferred_root: None,
            must_staple: false,
            order_url: None,
        }
    }

    #[test]
    fn the_order_of_the_names_is_no_difference_and_all_else_is() {
        let print = |wish: &Wish| fingerprint("https://ca/dir", "https://ca/acct/1", wish);
        let base = print(&wish(&["a", "b"], None));
        assert_eq!(base, print(&wish(&["b", "a"], None)));
        assert_ne!(base, print(&wish(&["a"], None)));
        assert_ne!(base, print(&wish(&["a", "b"], Some("aki.serial"))));
        assert_ne!(base, print(&Wish { key: LeafKey::New(KeyType::Rsa2048), ..wish(&["a", "b"], None) }));
        assert_ne!(base, fingerprint("https://other/dir", "https://ca/acct/1", &wish(&["a", "b"], None)));
    }
}
