//! What the user writes and what Terraform keeps.

use std::collections::BTreeMap;

use crate::clients::acme::KeyType;
use crate::domain::certificate::Chain;
use crate::domain::certificate_name::{canonical, normalize};
use crate::domain::kubernetes::{check_label, check_subdomain};
use crate::domain::renewal::Settings;
use crate::explain::Explanation;
use crate::resources::account_key::Source;
use crate::sdk::{Computed, Diagnostics, Model, Secret, Set, Timeouts, View, check};

/// The certificate's configuration and state.
#[expect(clippy::struct_field_names, reason = "the names are those that users write")]
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Certificate {
    /// The CA's directory. Default: `acme.directory_url` of the provider. Another CA means a new certificate in place.
    #[attr(optional)]
    pub directory_url: Computed<String>,
    /// The private key of the ACME account: give exactly one source. Another key alone issues nothing.
    pub account_key: Source,
    /// The account's URL, as `berth_acme_account` tells it. Default: asked of the CA by the key.
    pub account_url: Option<String>,
    /// The names of the certificate; wildcards such as `*.example.com` and internationalised names are allowed.
    /// A change re-issues in place.
    #[attr(check = check::at_least(1), check = check::text("must be domain names", |name| normalize(name).map(|_| ())))]
    pub dns_names: Set<String>,
    /// The subject's common name: one of `dns_names`, of at most 64 characters. Default: no common name, as CAs advise.
    pub common_name: Option<String>,
    /// The kind of key: `ecdsa-p256`, `ecdsa-p384`, `rsa-2048`, `rsa-3072` or `rsa-4096`. Default `ecdsa-p256`.
    /// A change re-issues in place.
    #[attr(default = "ecdsa-p256", check = check::one_of(&KeyType::NAMES))]
    pub key_type: String,
    /// A signing request of yours, PEM, for a key that the provider never sees. Its names must be those of `dns_names`.
    pub csr_pem: Option<String>,
    /// When a new key is made: `always`, with each certificate, or `never` while the old one can be used.
    /// Default `always`.
    #[attr(default = "always", check = check::one_of(&["always", "never"]))]
    pub key_rotation: String,
    /// A certificate profile of the CA, such as `shortlived`. Default: the CA's own choice. A change re-issues in place.
    pub profile: Option<String>,
    /// The name of the root certificate that the chain should lead to, if the CA offers several.
    /// Default: the CA's first chain. A change re-issues in place.
    pub preferred_chain: Option<String>,
    /// When the certificate is renewed. Default: when the CA suggests (ARI), else when a third of the lifetime is left.
    pub renewal: Option<Renewal>,
    /// How the names are proved by TXT records. Default: in the Route53 zones that hold them.
    pub dns01: Option<Dns01>,
    /// The Secret that gets the certificate and its key.
    pub kubernetes_secret: Option<Destination>,
    /// Whether the private key is kept in the state, in clear text, as `private_key_pem`. Default `false`.
    #[attr(default = false)]
    pub private_key_in_state: bool,
    /// Whether a destroy revokes the certificate. Default `false`.
    #[attr(default = false)]
    pub revoke_on_destroy: bool,
    /// The certificate, PEM.
    #[attr(keep)]
    pub certificate_pem: Computed<String>,
    /// The certificates between it and the root, PEM.
    #[attr(keep)]
    pub chain_pem: Computed<String>,
    /// Both, the certificate first.
    #[attr(keep)]
    pub fullchain_pem: Computed<String>,
    /// The private key, PEM; null unless `private_key_in_state`.
    #[attr(keep)]
    pub private_key_pem: Computed<Secret>,
    /// The serial number, hexadecimal.
    #[attr(keep)]
    pub serial_number: Computed<String>,
    /// The SHA-256 fingerprint, hexadecimal.
    #[attr(keep)]
    pub fingerprint_sha256: Computed<String>,
    /// The name of the issuing certificate.
    #[attr(keep)]
    pub issuer: Computed<String>,
    /// The first moment of validity (RFC 3339).
    #[attr(keep)]
    pub not_before: Computed<String>,
    /// The last moment of validity (RFC 3339).
    #[attr(keep)]
    pub not_after: Computed<String>,
    /// From when on an apply renews the certificate (RFC 3339). A moment in the past with a reason means that the
    /// certificate must be made anew.
    #[attr(keep)]
    pub renew_at: Computed<String>,
    /// Why then.
    #[attr(keep)]
    pub renewal_reason: Computed<String>,
    /// How long operations may take.
    pub timeouts: Option<Timeouts>,
}

/// When a certificate is renewed.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Renewal {
    /// Whether the CA is asked when to renew (ARI, RFC 9773). Default `true`.
    #[attr(default = true)]
    pub ari: bool,
    /// Renew when this many days are left, if that is earlier. Not used where the lifetime is shorter.
    pub remaining_days: Option<f64>,
    /// Renew when this part of the lifetime is left, if that is earlier: above 0, below 1.
    pub remaining_fraction: Option<f64>,
}

/// How names are proved.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Dns01 {
    /// The Route53 zone for all TXT records. Default: for each name the public zone that holds it.
    pub zone_id: Option<String>,
    /// Zones by domain: a record goes to the zone of the longest domain that holds its name.
    pub zone_ids: Option<BTreeMap<String, String>>,
    /// Whether a CNAME at `_acme-challenge.NAME` is followed to where the record really belongs. Default `true`.
    #[attr(default = true)]
    pub follow_cname: bool,
    /// What is waited for before the CA looks: `authoritative`, that the record is to be seen as `dns.check` of the
    /// provider tells; `insync`, that Route53 says so; `none`. Default `authoritative`.
    #[attr(default = "authoritative", check = check::one_of(&["authoritative", "insync", "none"]))]
    pub wait: String,
    /// The records' time to live in seconds. Default `10`.
    #[attr(default = 10, check = check::range(0, 86400))]
    pub ttl: u32,
}

/// A Secret of type `kubernetes.io/tls`.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Destination {
    /// The namespace, which must exist.
    pub namespace: String,
    /// The Secret's name.
    pub name: String,
    /// Labels to set; those of others stay.
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations to set; those of others stay.
    pub annotations: Option<BTreeMap<String, String>>,
}

impl Certificate {
    /// The names as the CA wants them.
    pub fn names(&self) -> Vec<String> {
        canonical(self.dns_names.iter().map(String::as_str))
    }

    /// The names for a headline: the first, and how many more.
    pub fn title(&self) -> String {
        let names = self.names();
        match names.split_first() {
            Some((first, [])) => format!("`{first}`"),
            Some((first, more)) => format!("`{first}` and {} more", more.len()),
            None => "no name".to_owned(),
        }
    }

    /// What the user wishes about renewal.
    pub fn renewal_settings(&self) -> Settings {
        self.renewal.as_ref().map_or_else(Settings::default, |renewal| Settings {
            ari: renewal.ari,
            remaining_days: renewal.remaining_days,
            remaining_fraction: renewal.remaining_fraction,
        })
    }

    /// How names are proved, with defaults for what is not given.
    pub fn dns01(&self) -> Dns01 {
        let default = || Dns01 { follow_cname: true, wait: "authoritative".to_owned(), ttl: 10, ..Dns01::default() };
        self.dns01.clone().unwrap_or_else(default)
    }

    /// Takes in what a chain says.
    pub fn fill(&mut self, chain: &Chain) {
        let facts = &chain.facts;
        self.certificate_pem.set(chain.leaf_pem.clone());
        self.chain_pem.set(chain.intermediates_pem.clone());
        self.fullchain_pem.set(chain.full_pem());
        self.serial_number.set(facts.serial_number.clone());
        self.fingerprint_sha256.set(facts.fingerprint_sha256.clone());
        self.issuer.set(facts.issuer.clone());
        self.not_before.set(facts.not_before.to_string());
        self.not_after.set(facts.not_after.to_string());
        if !self.private_key_in_state {
            self.private_key_pem = Computed::Null;
        }
    }

    /// The chain in the state.
    pub fn chain(&self) -> Option<Chain> {
        Chain::parse(self.fullchain_pem.get()?).ok()
    }
}

/// Tests what the attributes' own checks cannot.
pub fn validate(config: View<'_>, found: &mut Diagnostics) {
    let mut complain = |code, what: &str, next: &str, at: &str| {
        found.error(&Explanation::new(code, what).next(next).at(at));
    };
    let (csr, secret) = (config.at("csr_pem"), config.at("kubernetes_secret"));
    let in_state = config.truth("private_key_in_state");
    let not_in_state = in_state != Some(true) && !config.at("private_key_in_state").is_unknown();
    if csr.is_null() && secret.is_null() && not_in_state {
        complain(
            "BERTH-ACME-042",
            "The certificate's private key would be lost",
            "set `kubernetes_secret`, or `private_key_in_state = true`, or give a signing request of your own as `csr_pem`",
            "kubernetes_secret",
        );
    }
    if csr.is_given() && (secret.is_given() || in_state == Some(true)) {
        complain(
            "BERTH-ACME-043",
            "A certificate for your own signing request has no private key to store",
            "leave `kubernetes_secret` and `private_key_in_state` out, or leave `csr_pem` out",
            "csr_pem",
        );
    }
    for (name, range) in [("remaining_days", 0.0..f64::MAX), ("remaining_fraction", 0.0..1.0)] {
        let at = format!("renewal.{name}");
        if config.read::<f64>(&at).is_some_and(|value| value <= range.start || value >= range.end) {
            complain(
                "BERTH-ACME-044",
                &format!("`{at}` is out of range"),
                "give a number above 0; a fraction below 1",
                &at,
            );
        }
    }
    check_common_name(config, &mut complain);
    check_destination(config, &mut complain);
}

fn check_common_name(config: View<'_>, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let (Some(common), Some(names)) = (config.text("common_name"), config.read::<Set<String>>("dns_names")) else {
        return;
    };
    let is_one = canonical(names.iter().map(String::as_str)).contains(&canonical([common]).concat());
    if !is_one || common.len() > 64 {
        complain(
            "BERTH-ACME-045",
            "`common_name` must be one of `dns_names`, of at most 64 characters",
            "leave it out, or name one of the `dns_names`",
            "common_name",
        );
    }
}

fn check_destination(config: View<'_>, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let checks = [("namespace", check_label as fn(&str) -> _), ("name", check_subdomain)];
    for (name, check) in checks {
        let at = format!("kubernetes_secret.{name}");
        let fault = config.text(&at).and_then(|text| check(text).err());
        if let Some(fault) = fault {
            complain(
                "BERTH-ACME-046",
                &format!("`{at}` cannot be a name in Kubernetes: {fault}"),
                "correct the name",
                &at,
            );
        }
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
        found.iter().map(|one| one.detail.rsplit("Code: ").next().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_key_needs_exactly_one_kind_of_home() {
        let secret = || Value::object([("namespace", Value::from("a")), ("name", Value::from("b"))]);
        let cases = [
            (vec![], vec!["BERTH-ACME-042"]),
            (vec![("kubernetes_secret", secret())], vec![]),
            (vec![("kubernetes_secret", Value::Unknown)], vec![]),
            (vec![("private_key_in_state", Value::from(true))], vec![]),
            (vec![("private_key_in_state", Value::Unknown)], vec![]),
            (vec![("csr_pem", Value::from("x"))], vec![]),
            (vec![("csr_pem", Value::from("x")), ("kubernetes_secret", secret())], vec!["BERTH-ACME-043"]),
        ];
        for (config, expected) in cases {
            assert_eq!(codes(&config), expected, "{config:?}");
        }
    }

    #[test]
    fn the_common_name_is_one_of_the_names() {
        let names = || ("dns_names", Value::set(vec![Value::from("A.example"), Value::from("*.a.example")]));
        let home = || ("private_key_in_state", Value::from(true));
        assert_eq!(codes(&[names(), home(), ("common_name", Value::from("a.example."))]), [""; 0]);
        assert_eq!(codes(&[names(), home(), ("common_name", Value::from("b.example"))]), ["BERTH-ACME-045"]);
    }

    #[test]
    fn names_of_kubernetes_and_numbers_are_tested() {
        let secret = Value::object([("namespace", Value::from("A")), ("name", Value::from("b"))]);
        assert_eq!(codes(&[("kubernetes_secret", secret)]), ["BERTH-ACME-046"]);
        let renewal = Value::object([("remaining_fraction", Value::from(1)), ("remaining_days", Value::from(0))]);
        let home = ("private_key_in_state", Value::from(true));
        assert_eq!(codes(&[home, ("renewal", renewal)]), ["BERTH-ACME-044", "BERTH-ACME-044"]);
    }
}
