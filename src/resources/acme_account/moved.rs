//! Accounts of the provider `vancluever/acme` become ours: the key stays behind.

use serde_json::Value as Json;

use crate::clients::acme::AccountKey;
use crate::sdk::{Computed, MoveSource, Secret, Set};

use super::Account;

/// Whether a resource belongs to that provider, in whatever registry it was got from.
pub fn is_from_acme_provider(source: &MoveSource) -> bool {
    source.provider.ends_with("/vancluever/acme")
}

/// The account of an `acme_registration`. Its state does not tell the directory; its key is named, and not kept.
pub fn registration(state: &Json) -> Account {
    let text = |name: &str| state.get(name).and_then(Json::as_str).filter(|text| !text.is_empty());
    let key = text("account_key_pem").and_then(|pem| AccountKey::from_pem(&Secret::new(pem)).ok());
    let contact = text("email_address").map(|address| format!("mailto:{address}"));
    let url = text("registration_url").or_else(|| text("id"));
    Account {
        contacts: contact.map(|contact| Set(vec![contact])),
        key_thumbprint: key.map_or(Computed::Null, |key| Computed::Known(key.thumbprint())),
        status: Computed::Known("valid".to_owned()),
        ..Account::existing(Computed::Null, url.map_or(Computed::Null, |url| Computed::Known(url.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sdk::Model as _;

    #[test]
    fn the_account_is_taken_over_and_its_key_is_not() {
        let pem = AccountKey::generate().unwrap();
        let state = json!({
            "account_key_pem": pem.expose(), "email_address": "ops@example.com", "id": "https://ca/acct/7",
            "registration_url": "https://ca/acct/7", "external_account_binding": [],
        });
        let account = registration(&state);
        let thumbprint = AccountKey::from_pem(&pem).unwrap().thumbprint();
        assert_eq!(account.account_url.get().unwrap(), "https://ca/acct/7");
        assert_eq!(account.key_thumbprint.get(), Some(&thumbprint));
        assert_eq!(account.contacts.clone().unwrap().0, ["mailto:ops@example.com"]);
        let stored = format!("{:?}", account.encode());
        assert!(!stored.contains(pem.expose().lines().nth(1).unwrap()));
    }

    #[test]
    fn only_that_provider_is_known() {
        let source = |provider: &str| MoveSource {
            provider: provider.to_owned(),
            r#type: "acme_registration".to_owned(),
            version: 0,
            state: json!({}),
        };
        assert!(is_from_acme_provider(&source("registry.opentofu.org/vancluever/acme")));
        assert!(!is_from_acme_provider(&source("registry.terraform.io/other/acme")));
    }
}
