//! What tells ACME accounts apart.

use crate::provider::Berth;
use crate::sdk::{Identified, Model};

use super::{Account, AcmeAccount};

/// An ACME account.
#[derive(Clone, Debug, Model)]
pub struct Identity {
    /// The account's URL: its name at the CA.
    pub account_url: String,
    /// The URL of the CA's directory. Default: the provider's `acme.directory_url`.
    pub directory_url: Option<String>,
}

impl Identified<Berth> for AcmeAccount {
    type Identity = Identity;

    fn identity(model: &Account) -> Option<Identity> {
        let (account_url, directory_url) = (model.account_url.get()?.clone(), model.directory_url.get().cloned());
        Some(Identity { account_url, directory_url })
    }

    fn import_id(identity: &Identity) -> String {
        let directory = identity.directory_url.iter().map(|url| format!("{url},"));
        directory.chain([identity.account_url.clone()]).collect()
    }
}
