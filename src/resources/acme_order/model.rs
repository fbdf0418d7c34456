//! What the user writes and what Terraform keeps.

use std::collections::BTreeMap;

use crate::clients::acme::Method;
use crate::domain::certificate_name::{normalize, normalize_address};
use crate::explain::Explanation;
use crate::provider::directory_url;
use crate::resources::account_key::Source;
use crate::resources::acme_certificate::model::{Certificate, Renewal};
use crate::sdk::{Computed, Diagnostics, Model, Set, Timeouts, View, check};

/// The order's configuration and state.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct Declared {
    /// The CA's directory. Default: `acme.directory_url` of the provider.
    #[attr(optional, check = directory_url())]
    pub directory_url: Computed<String>,
    /// The private key of the ACME account: give exactly one source. A refresh needs it to see what became of the order.
    /// A write-only key is not there then: the order is not looked at again, `status` and `renew_at` stay as they were, and it
    /// is not made anew by itself when its certificate is due. Give the key by `file`, `env` or `kubernetes_secret` for that,
    /// or have the order made anew with `-replace`.
    pub account_key: Source,
    /// The account's URL, as `berth_acme_account` tells it. Default: asked of the CA by the key.
    pub account_url: Option<String>,
    /// The names; wildcards such as `*.example.com` and internationalised names are allowed. Empty only if there are
    /// `ip_addresses`. Another set is another order.
    #[attr(check = check::text("must be domain names", |name| normalize(name).map(|_| ())))]
    pub dns_names: Set<String>,
    /// IP addresses (RFC 8738), where the CA allows them.
    #[attr(check = check::text("must be IP addresses", |address| normalize_address(address).map(|_| ())))]
    pub ip_addresses: Option<Set<String>>,
    /// A certificate profile of the CA. Default: the CA's own choice.
    pub profile: Option<String>,
    /// How the names are proved: `dns-01`, by TXT records, or `http-01`, by files on port 80. Default `dns-01`.
    #[attr(default = "dns-01", check = check::one_of(&["dns-01", "http-01"]))]
    pub challenge: String,
    /// When the order is made anew for the next certificate. Default: when the CA suggests (ARI), else when a third of the
    /// lifetime is left.
    pub renewal: Option<Renewal>,
    /// The order's URL: what `order` of a `berth_acme_certificate` wants. With `challenge = "http-01"` it ends in `#http-01`, by
    /// which the certificate knows how you prove the names.
    #[attr(keep)]
    pub order_url: Computed<String>,
    /// `pending` until the names are proved, then `ready`, `processing` and `valid`; `invalid` if it failed or expired.
    #[attr(keep)]
    pub status: Computed<String>,
    /// What proves each name, by the name as the CA writes it (lower case, ASCII, wildcards with their star).
    #[attr(keep)]
    pub challenges: Computed<BTreeMap<String, Proof>>,
    /// All values of each TXT record, by the record's name: a name and its wildcard share one record.
    #[attr(keep)]
    pub txt_records: Computed<BTreeMap<String, Vec<String>>>,
    /// From when on an apply makes a new order (RFC 3339); null before there is a certificate.
    #[attr(keep)]
    pub renew_at: Computed<String>,
    /// Why then.
    #[attr(keep)]
    pub renewal_reason: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// What proves a name.
#[derive(Clone, Debug, PartialEq, Model)]
pub struct Proof {
    /// The TXT record's name, such as `_acme-challenge.example.com`.
    pub record_name: String,
    /// `TXT`.
    pub record_type: String,
    /// The TXT record's value; `none-needed` if the CA knows the name to be yours from an earlier order.
    pub record_value: String,
    /// For `http-01`: the file's path on port 80 of the name, `/.well-known/acme-challenge/TOKEN`.
    pub file_path: String,
    /// For `http-01`: what the file holds.
    pub file_content: String,
}

impl Proof {
    /// The proof of a name that needs none.
    pub fn unneeded(record_name: String) -> Self {
        let (record_type, none) = ("TXT".to_owned(), "none-needed".to_owned());
        Self { record_name, record_type, record_value: none.clone(), file_path: none.clone(), file_content: none }
    }
}

impl Declared {
    fn subject(&self) -> Certificate {
        let (dns_names, ip_addresses) = (self.dns_names.clone(), self.ip_addresses.clone());
        Certificate { dns_names, ip_addresses, ..Certificate::default() }
    }

    /// The names and addresses as the CA wants them.
    pub fn names(&self) -> Vec<String> {
        self.subject().names()
    }

    /// The names for a headline.
    pub fn title(&self) -> String {
        self.subject().title()
    }

    /// How the names are proved.
    pub fn method(&self) -> Method {
        if self.challenge == Method::Http01.name() { Method::Http01 } else { Method::Dns01 }
    }

    /// Tells the proofs, by name and by record.
    pub fn tell(&mut self, proofs: Vec<(String, Proof)>) {
        let mut records: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (_, proof) in &proofs {
            records.entry(proof.record_name.clone()).or_default().push(proof.record_value.clone());
        }
        for values in records.values_mut() {
            values.sort_unstable();
            values.dedup();
        }
        self.txt_records.set(records);
        self.challenges.set(proofs.into_iter().collect::<BTreeMap<_, _>>());
    }
}

/// An order for who completes it: its URL, and how its names are proved where that is not by TXT records.
pub fn reference(url: &str, method: Method) -> String {
    if method == Method::Dns01 { url.to_owned() } else { format!("{url}#{}", method.name()) }
}

/// The URL of an order, and how its names are proved, if that is told.
pub fn parse_reference(reference: &str) -> (&str, Option<Method>) {
    match reference.rsplit_once('#') {
        Some((url, name)) if name == Method::Http01.name() => (url, Some(Method::Http01)),
        _ => (reference, None),
    }
}

/// Tests what the attributes' own checks cannot.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    let names = config.read::<Set<String>>("dns_names");
    let addresses = config.read::<Set<String>>("ip_addresses");
    let has_addresses = addresses.is_some_and(|set| !set.is_empty());
    if names.as_ref().is_some_and(|set| set.is_empty()) && config.at("ip_addresses").is_null() {
        found.error(
            &Explanation::new("BERTH-ACME-058", "An order needs a name or an address")
                .next("give `dns_names` or `ip_addresses`")
                .at("dns_names"),
        );
    }
    let by_file = config.text("challenge") == Some("http-01");
    if has_addresses && !by_file && !config.at("challenge").is_unknown() {
        found.error(
            &Explanation::new("BERTH-ACME-057", "IP addresses cannot be proved by DNS (RFC 8738)")
                .next("set `challenge = \"http-01\"`, or leave `ip_addresses` out")
                .at("ip_addresses"),
        );
    }
    let has_wildcard = names.is_some_and(|set| set.iter().any(|name| name.starts_with("*.")));
    if has_wildcard && by_file {
        found.error(
            &Explanation::new("BERTH-ACME-060", "Wildcards cannot be proved by a file (RFC 8555 §7.4.1)")
                .next("set `challenge = \"dns-01\"`, or make another order for the wildcards")
                .at("challenge"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sdk::Value;

    fn codes(pairs: &[(&str, Value)]) -> Vec<String> {
        let config = Value::object(pairs.iter().cloned());
        let mut found = Diagnostics::default();
        validate(View::new(&config), &mut found);
        found.codes()
    }

    #[test]
    fn an_order_tells_how_its_names_are_proved() {
        for (method, told) in [(Method::Dns01, None), (Method::Http01, Some(Method::Http01))] {
            assert_eq!(parse_reference(&reference("https://ca/o/1", method)), ("https://ca/o/1", told));
        }
        assert_eq!(parse_reference("https://ca/o/#x"), ("https://ca/o/#x", None));
    }

    #[test]
    fn what_cannot_be_proved_the_chosen_way_is_told() {
        let set = |all: &[&str]| Value::set(all.iter().map(|one| Value::from(*one)).collect());
        let names = |all: &[&str]| ("dns_names", set(all));
        let by_file = || ("challenge", Value::from("http-01"));
        let address = || ("ip_addresses", set(&["192.0.2.7"]));
        assert_eq!(codes(&[names(&["*.a.example"])]), [""; 0]);
        assert_eq!(codes(&[names(&[])]), ["BERTH-ACME-058"]);
        assert_eq!(codes(&[names(&[]), address()]), ["BERTH-ACME-057"]);
        assert_eq!(codes(&[names(&["a.example"]), address(), by_file()]), [""; 0]);
        assert_eq!(codes(&[names(&["*.a.example"]), by_file()]), ["BERTH-ACME-060"]);
        assert_eq!(codes(&[("dns_names", Value::Unknown), ("challenge", Value::Unknown), address()]), [""; 0]);
    }
}
