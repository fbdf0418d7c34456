//! What the user writes and what Terraform keeps.

pub mod destination;

use std::collections::BTreeMap;

use crate::clients::acme::{KeyType, Method, RevocationReason};
use crate::domain::certificate::{Chain, moment_text};
use crate::domain::certificate_name::{canonical, canonical_with_addresses, normalize, normalize_address};
use crate::domain::renewal::Settings;
use crate::provider::{AssumeRole, directory_url};
use crate::resources::account_key::Source;
use crate::resources::acme_order::model::parse_reference;
use crate::sdk::{Computed, Model, Secret, Set, Timeouts, check};

use super::http01::Http01;
use destination::Destination;

/// The certificate's configuration and state.
#[expect(clippy::struct_field_names, reason = "the names are those that users write")]
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Certificate {
    /// The CA's directory. Default: `acme.directory_url` of the provider. Another CA means a new certificate in place.
    #[attr(optional, check = directory_url())]
    pub directory_url: Computed<String>,
    /// The private key of the ACME account: give exactly one source. Another key alone issues nothing.
    pub account_key: Source,
    /// The account's URL, as `berth_acme_account` tells it. Default: asked of the CA by the key.
    pub account_url: Option<String>,
    /// The names of the certificate; wildcards such as `*.example.com` and internationalised names are allowed. Empty only
    /// if there are `ip_addresses`. A change re-issues in place.
    #[attr(check = check::text("must be domain names", |name| normalize(name).map(|_| ())))]
    pub dns_names: Set<String>,
    /// IP addresses of the certificate (RFC 8738), where the CA and the profile allow them. They are proved by `http01`.
    /// A change re-issues in place.
    #[attr(check = check::text("must be IP addresses", |address| normalize_address(address).map(|_| ())))]
    pub ip_addresses: Option<Set<String>>,
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
    /// Any values: when one changes, the certificate is issued anew in place, before it is due: after a key was lost, for
    /// example. The first ones that are given change nothing. With an `order`, that is to be made anew instead.
    pub renew_triggers: Option<BTreeMap<String, String>>,
    /// Whether servers must staple the certificate's status (RFC 7633). Let's Encrypt refuses that since it gave up OCSP.
    /// Default `false`. A change re-issues in place.
    #[attr(default = false)]
    pub must_staple: bool,
    /// How the names are proved by TXT records. Default: in the Route53 zones that hold them.
    pub dns01: Option<Dns01>,
    /// How names are proved by a file on their port 80: by an Ingress of the cluster, or by the provider itself.
    pub http01: Option<Http01>,
    /// How names are proved by TXT records that stand for good (dns-persist-01), where the CA offers that: renewals then need
    /// no access to DNS.
    pub dns_persist01: Option<DnsPersist01>,
    /// The URL of an order that a `berth_acme_order` made for the same names, whose challenges you publish yourself: that
    /// order is completed instead of a new one. The order then also decides on renewals: another one re-issues in place.
    pub order: Option<String>,
    /// Another CA, such as Let's Encrypt's staging environment, at which the names are ordered and proved first, whenever
    /// they are new: what is wrong then does not count against the limits of the CA itself. Not with `dns_persist01`, whose
    /// records name one CA and one account.
    pub rehearsal: Option<Rehearsal>,
    /// The Secret that gets the certificate and its key.
    pub kubernetes_secret: Option<Destination>,
    /// Whether the private key is kept in the state, in clear text, as `private_key_pem`. Default `false`. Without a
    /// `kubernetes_secret` there is no place but the state to note an order in, and Terraform never gets the state of a
    /// provider that is killed (an interrupt does no harm: the certificate is unfinished then, its attributes null, and the next
    /// apply completes the order): the next apply then orders anew, a certificate that was issued already is lost with its key,
    /// and the TXT values of the killed run stay in the zone. Give a first issuance time enough in `timeouts`: one that ends
    /// before the CA has issued orders anew, too.
    #[attr(default = false)]
    pub private_key_in_state: bool,
    /// Whether a destroy revokes the certificate. Default `false`. One that has expired needs no revocation; where the account
    /// is lost, the certificate's own key signs (RFC 8555 §7.6).
    #[attr(default = false)]
    pub revoke_on_destroy: bool,
    /// Why, if it does: `unspecified`, `key_compromise`, `affiliation_changed`, `superseded` or `cessation_of_operation`.
    /// Default `cessation_of_operation`. Let's Encrypt takes no `affiliation_changed`; a CA that refuses a reason is asked
    /// once more without one.
    #[attr(default = "cessation_of_operation", check = check::one_of(&RevocationReason::NAMES))]
    pub revocation_reason: String,
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
    /// The profile that the CA issued by, as its order tells it: with `profile` the one that was wished, else the CA's own
    /// choice, which may be another one the next time. Null where the CA has no profiles or does not tell.
    #[attr(keep)]
    pub issued_profile: Computed<String>,
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
    /// What the Secrets lack or hold otherwise although the key is there, a sentence each. Empty after an apply; what a
    /// refresh finds, the next apply sets right without a new certificate.
    pub drift: Computed<Vec<String>>,
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

impl Renewal {
    /// The wishes for the rules of renewal.
    pub fn settings(&self) -> Settings {
        let Self { ari, remaining_days, remaining_fraction } = *self;
        Settings { ari, remaining_days, remaining_fraction }
    }
}

/// How names are proved.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Dns01 {
    /// The Route53 zone for all TXT records. Default: for each name the public zone that holds it.
    pub zone_id: Option<String>,
    /// Zones by domain: a record goes to the zone of the longest domain that holds its name.
    pub zone_ids: Option<BTreeMap<String, String>>,
    /// Which zones hold the names, where none is given: `public` ones, or `private` ones for a CA within your network that
    /// asks the same servers as you. With `private`, the resolvers are asked whether a record is to be seen, as the
    /// servers of private zones answer nobody else. Default `public`.
    #[attr(default = "public", check = check::one_of(&["public", "private"]))]
    pub zone_visibility: String,
    /// A role to assume for these records, such as one of the account that has the zones. It is assumed with what the
    /// provider's `aws` leads to. Default: the provider's own credentials.
    pub assume_role: Option<AssumeRole>,
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

/// A CA to rehearse at. Its account is that of the same key, made if there is none; its certificate is thrown away.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct Rehearsal {
    /// The CA's directory, such as `https://acme-staging-v02.api.letsencrypt.org/directory`.
    #[attr(check = directory_url())]
    pub directory_url: String,
    /// Whether you agree to that CA's terms of service. Default `false`; needed where it has no account for the key.
    #[attr(default = false)]
    pub terms_of_service_agreed: bool,
}

/// How names are proved by TXT records at `_validation-persist.NAME`, which you publish once and which stay
/// (draft-ietf-acme-dns-persist). Their values: `provider::berth::dns_persist01_value`.
#[derive(Clone, Debug, Default, PartialEq, Model)]
pub struct DnsPersist01 {
    /// The names that are proved this way, wildcards with their star. Default: all that `http01` does not prove.
    pub names: Option<Set<String>>,
}

impl Certificate {
    /// A certificate that was made elsewhere. What the chain does not tell is left open, so that a configuration may say it
    /// without a new certificate.
    pub fn existing(chain: &Chain) -> Self {
        let mut model = Self {
            directory_url: Computed::Null,
            dns_names: Set(chain.facts.dns_names.clone()),
            ip_addresses: Some(Set(chain.facts.ip_addresses.clone())).filter(|all| !all.is_empty()),
            revocation_reason: RevocationReason::default().to_string(),
            key_type: chain.facts.key_type.clone().unwrap_or_default(),
            key_rotation: "always".to_owned(),
            drift: Computed::Known(Vec::new()),
            ..Self::default()
        };
        model.fill(chain);
        model
    }

    /// The names and addresses as the CA wants them.
    pub fn names(&self) -> Vec<String> {
        let addresses = self.ip_addresses.as_ref().map(|all| &all.0[..]).unwrap_or_default();
        canonical_with_addresses(&self.dns_names.0, addresses)
    }

    /// How a name (without star) or an address is proved.
    pub fn method(&self, name: &str, wildcard: bool) -> Method {
        // Who made the order has published the proofs.
        if let Some(method) = self.order.as_deref().and_then(|order| parse_reference(order).1) {
            return method;
        }
        let whole = if wildcard { format!("*.{name}") } else { name.to_owned() };
        let is_listed = |names: &Set<String>| canonical(names.iter().map(String::as_str)).contains(&whole);
        let by_records = self.dns01.is_some() || self.dns_persist01.is_some();
        if let Some(http01) = self.http01.as_ref().filter(|_| !wildcard)
            && (normalize_address(name).is_ok() || http01.names.as_ref().map_or(!by_records, is_listed))
        {
            return Method::Http01;
        }
        match &self.dns_persist01 {
            Some(standing) if standing.names.as_ref().is_none_or(is_listed) => Method::DnsPersist01,
            _ => Method::Dns01,
        }
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

    /// Whether cert-manager renews.
    pub fn is_handed_over(&self) -> bool {
        self.kubernetes_secret.as_ref().is_some_and(|place| place.cert_manager.is_some())
    }

    /// What the user wishes about renewal.
    pub fn renewal_settings(&self) -> Settings {
        self.renewal.as_ref().map_or_else(Settings::default, Renewal::settings)
    }

    /// How names are proved, with defaults for what is not given.
    pub fn dns01(&self) -> Dns01 {
        let (wait, zone_visibility) = ("authoritative".to_owned(), "public".to_owned());
        let default = || Dns01 { follow_cname: true, wait, zone_visibility, ttl: 10, ..Dns01::default() };
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
        self.not_before.set(moment_text(facts.not_before));
        self.not_after.set(moment_text(facts.not_after));
        self.issued_profile = Computed::Null;
        if !self.private_key_in_state {
            self.private_key_pem = Computed::Null;
        }
    }

    /// Leaves what only a certificate tells as null.
    pub fn leave_unfinished(&mut self) {
        let texts = [
            &mut self.certificate_pem,
            &mut self.chain_pem,
            &mut self.fullchain_pem,
            &mut self.serial_number,
            &mut self.fingerprint_sha256,
            &mut self.issuer,
            &mut self.issued_profile,
            &mut self.not_before,
            &mut self.not_after,
            &mut self.renew_at,
            &mut self.renewal_reason,
        ];
        texts.into_iter().filter(|text| text.is_unknown()).for_each(|text| *text = Computed::Null);
        if self.private_key_pem.is_unknown() {
            self.private_key_pem = Computed::Null;
        }
    }

    /// The chain in the state.
    pub fn chain(&self) -> Option<Chain> {
        Chain::parse(self.fullchain_pem.get()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_way_of_proof() {
        let set = |names: &[&str]| Some(Set(names.iter().map(|name| (*name).to_owned()).collect()));
        let http01 = |names| Some(Http01 { listen: Some("0.0.0.0:80".to_owned()), names, ..Http01::default() });
        let with = |http01, dns01| Certificate { dns01, http01, ..Certificate::default() };
        let (dns, file) = (Method::Dns01, Method::Http01);
        let cases = [
            (with(None, None), [dns, dns, dns]),
            (with(http01(None), None), [file, dns, file]),
            (with(http01(None), Some(Dns01::default())), [dns, dns, file]),
            (with(http01(set(&["A.example."])), None), [file, dns, file]),
            (with(http01(set(&["b.example"])), Some(Dns01::default())), [dns, dns, file]),
        ];
        let standing = |names| Certificate { dns_persist01: Some(DnsPersist01 { names }), ..with(http01(None), None) };
        let stays = Method::DnsPersist01;
        let cases = cases
            .into_iter()
            .chain([(standing(None), [stays, stays, file]), (standing(set(&["*.a.example"])), [dns, stays, file])]);
        let ordered = |order: &str| Certificate { order: Some(order.to_owned()), ..Certificate::default() };
        let cases =
            cases.chain([(ordered("https://ca/o/1"), [dns; 3]), (ordered("https://ca/o/1#http-01"), [file; 3])]);
        for (model, expected) in cases {
            let found = [("a.example", false), ("a.example", true), ("192.0.2.7", false)];
            assert_eq!(found.map(|(name, wildcard)| model.method(name, wildcard)), expected, "{model:?}");
        }
    }
}
