//! What a certificate's attributes must be together.

mod destination;

use crate::domain::certificate::Request;
use crate::domain::certificate_name::{canonical, fits_common_name};
use crate::explain::Explanation;
use crate::sdk::{Diagnostics, Set, View};

use super::model::Certificate;

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
        let wrong = config.read::<f64>(&at).filter(|value| *value <= range.start || *value >= range.end);
        if let Some(value) = wrong {
            let next = "give days above 0, or a fraction between 0 and 1";
            complain("BERTH-ACME-044", &format!("`{at}` is out of range: it is {value}"), next, &at);
        }
    }
    if config.at("rehearsal").is_given() && config.at("dns_persist01").is_given() {
        complain(
            "BERTH-ACME-098",
            "Names that are proved by standing records cannot be rehearsed",
            "leave `rehearsal` or `dns_persist01` out: a standing record names one CA and one account, and the other CA has neither",
            "rehearsal",
        );
    }
    if config.at("renew_triggers").is_given() && config.at("order").is_given() {
        complain(
            "BERTH-ACME-123",
            "The certificate of an order is made anew by a new order",
            "leave `renew_triggers` out, and have the order made anew: by `lifecycle { replace_triggered_by = […] }` there",
            "renew_triggers",
        );
    }
    check_names(config, &mut complain);
    check_common_name(config, &mut complain);
    destination::check(config, &mut complain);
    check_request(config, found);
}

fn check_names(config: View<'_>, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let (dns, addresses) = (config.read::<Set<String>>("dns_names"), config.read::<Set<String>>("ip_addresses"));
    let has_addresses = addresses.as_ref().is_some_and(|set| !set.is_empty());
    if dns.as_ref().is_some_and(|set| set.is_empty()) && !has_addresses && !config.at("ip_addresses").is_unknown() {
        complain(
            "BERTH-ACME-058",
            "A certificate needs a name or an address",
            "give `dns_names` or `ip_addresses`",
            "dns_names",
        );
    }
    if has_addresses && config.at("http01").is_null() && config.at("order").is_null() {
        complain(
            "BERTH-ACME-057",
            "IP addresses cannot be proved by DNS (RFC 8738)",
            "set `http01`, or leave `ip_addresses` out",
            "ip_addresses",
        );
    }
}

/// Tests the user's request against the names. RFC 8555 §7.4: it asks for exactly those of the order.
fn check_request(config: View<'_>, found: &mut Diagnostics) {
    let (Some(csr), Some(dns_names)) = (config.text("csr_pem"), config.read::<Set<String>>("dns_names")) else {
        return;
    };
    if config.at("ip_addresses").is_unknown() {
        return;
    }
    let ip_addresses = config.read::<Set<String>>("ip_addresses");
    let wished = Certificate { dns_names, ip_addresses, ..Certificate::default() }.names();
    let complaint = |what: String, next: &str| Explanation::new("BERTH-ACME-056", what).next(next).at("csr_pem");
    match Request::parse(csr) {
        Err(error) => found.error(&complaint(
            format!("`csr_pem` cannot be used: {error}"),
            "give one signing request as PEM, as `openssl req -new` writes it",
        )),
        Ok(request) => {
            if let Some(fault) = other_names(&request, &wished) {
                let next = "make the request for exactly the names in `dns_names` and `ip_addresses`; one of them may be its common name";
                found.error(&complaint(format!("`csr_pem` does not fit the certificate: {fault}"), next));
            }
            if let Some(doubt) = doubtful(&request, &wished) {
                let next = "make the request for domain names and IP addresses alone, without a common name or with one of them; Let's Encrypt refuses it as it is, after all names are proved";
                found.warning(&complaint(format!("CAs may refuse `csr_pem`: {doubt}"), next));
            }
        }
    }
}

/// The names that a request lacks or has too many.
fn other_names(request: &Request, wished: &[String]) -> Option<String> {
    let of = |names: &mut dyn Iterator<Item = &String>| canonical(names.map(String::as_str));
    let (own, wished) = (of(&mut request.names.iter()), of(&mut wished.iter()));
    let with_common_name = of(&mut request.names.iter().chain(&request.common_name));
    let lacks = |all: &[String], from: &[String]| {
        let names: Vec<_> = all.iter().filter(|name| !from.contains(name)).map(|name| format!("`{name}`")).collect();
        names.join(", ")
    };
    let faults =
        [("it also asks for", lacks(&own, &wished)), ("it does not ask for", lacks(&wished, &with_common_name))];
    let faults: Vec<_> =
        faults.iter().filter(|(_, names)| !names.is_empty()).map(|(words, names)| format!("{words} {names}")).collect();
    (!faults.is_empty()).then(|| faults.join(", and "))
}

/// What some CAs pass over and Boulder refuses (its `csr.VerifyCSR`).
fn doubtful(request: &Request, wished: &[String]) -> Option<String> {
    let is_wished =
        |name: &String| canonical(wished.iter().map(String::as_str)).contains(&canonical([name.as_str()]).concat());
    let foreign = request.common_name.iter().filter(|name| !is_wished(name));
    let foreign =
        foreign.map(|name| format!("its common name `{name}`, which counts as a name and is none of `dns_names`"));
    let doubts: Vec<_> = foreign.chain(request.beside.iter().cloned()).collect();
    (!doubts.is_empty()).then(|| format!("it asks for {}", doubts.join(" and for ")))
}

fn check_common_name(config: View<'_>, complain: &mut impl FnMut(&'static str, &str, &str, &str)) {
    let (Some(common), Some(names)) = (config.text("common_name"), config.read::<Set<String>>("dns_names")) else {
        return;
    };
    let is_one = canonical(names.iter().map(String::as_str)).contains(&canonical([common]).concat());
    if !is_one || !fits_common_name(common) {
        complain(
            "BERTH-ACME-045",
            "`common_name` must be one of `dns_names`, of at most 64 characters as it stands in the certificate",
            "leave it out, or name one of the `dns_names`",
            "common_name",
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
    fn names_addresses_and_requests_fit_together() {
        let home = || ("private_key_in_state", Value::from(true));
        let set = |all: &[&str]| Value::set(all.iter().map(|one| Value::from(*one)).collect());
        let http01 = || ("http01", Value::object([("listen", Value::from("0.0.0.0:80"))]));
        assert_eq!(codes(&[home(), ("dns_names", set(&[]))]), ["BERTH-ACME-058"]);
        let addresses = || [home(), ("dns_names", set(&[])), ("ip_addresses", set(&["192.0.2.7"]))];
        assert_eq!(codes(&addresses()), ["BERTH-ACME-057"]);
        assert_eq!(codes(&[&addresses()[..], &[http01()]].concat()), [""; 0]);

        let key = rcgen::KeyPair::generate().unwrap();
        let nobody = || {
            let mut wish = rcgen::CertificateParams::new(["a.example".to_owned()]).unwrap();
            wish.distinguished_name = rcgen::DistinguishedName::new();
            wish
        };
        let request = nobody().serialize_request(&key).unwrap();
        let csr = || ("csr_pem", Value::from(request.pem().unwrap()));
        assert_eq!(codes(&[csr(), ("dns_names", set(&["A.example"]))]), [""; 0]);
        assert_eq!(codes(&[csr(), ("dns_names", set(&["b.example"]))]), ["BERTH-ACME-056"]);
        assert_eq!(codes(&[("csr_pem", Value::from("x")), ("dns_names", set(&["b.example"]))]), ["BERTH-ACME-056"]);

        let mut named = nobody();
        named.distinguished_name.push(rcgen::DnType::CommonName, "C.example");
        let csr = || ("csr_pem", Value::from(named.serialize_request(&key).unwrap().pem().unwrap()));
        assert_eq!(codes(&[csr(), ("dns_names", set(&["a.example", "c.Example"]))]), [""; 0]);
        assert_eq!(codes(&[csr(), ("dns_names", set(&["a.example"]))]), ["BERTH-ACME-056"], "a warning");
        let told = |names: &[&str], request: String| {
            let config = Value::object([("csr_pem", Value::from(request)), ("dns_names", set(names))]);
            let mut found = Diagnostics::default();
            validate(View::new(&config), &mut found);
            found.has_errors()
        };
        let pem = named.serialize_request(&key).unwrap().pem().unwrap();
        assert!(!told(&["a.example"], pem.clone()) && told(&["c.example"], pem.clone()) && told(&["d.example"], pem));
        named.subject_alt_names.push(rcgen::SanType::Rfc822Name("o@a.example".try_into().unwrap()));
        let csr = || ("csr_pem", Value::from(named.serialize_request(&key).unwrap().pem().unwrap()));
        assert_eq!(codes(&[csr(), ("dns_names", set(&["a.example", "c.example"]))]), ["BERTH-ACME-056"], "a warning");
    }

    #[test]
    fn standing_records_are_not_rehearsed() {
        let home = || ("private_key_in_state", Value::from(true));
        let rehearsal = || ("rehearsal", Value::object([("directory_url", Value::from("https://staging/dir"))]));
        let standing = |value| ("dns_persist01", value);
        let given = || Value::object([("names", Value::Null)]);
        assert_eq!(codes(&[home(), rehearsal(), standing(given())]), ["BERTH-ACME-098"]);
        assert_eq!(codes(&[home(), rehearsal(), standing(Value::Unknown)]), [""; 0]);
        assert_eq!(codes(&[home(), standing(given())]), [""; 0]);
    }

    #[test]
    fn names_of_kubernetes_and_numbers_are_tested() {
        let secret = Value::object([("namespace", Value::from("A")), ("name", Value::from("b"))]);
        assert_eq!(codes(&[("kubernetes_secret", secret)]), ["BERTH-ACME-046"]);
        let renewal = Value::object([("remaining_fraction", Value::from(1)), ("remaining_days", Value::from(0))]);
        let home = ("private_key_in_state", Value::from(true));
        assert_eq!(codes(&[home, ("renewal", renewal)]), ["BERTH-ACME-044", "BERTH-ACME-044"]);
    }

    #[test]
    fn stores_have_one_password_and_secrets_are_named_once() {
        let home = |more: Vec<(&'static str, Value)>| {
            let place = [("namespace", Value::from("a")), ("name", Value::from("b"))].into_iter().chain(more);
            vec![("kubernetes_secret", Value::object(place))]
        };
        let copy = |pairs: &[(&'static str, &str)]| {
            Value::object(pairs.iter().map(|(name, text)| (*name, Value::from(*text))))
        };
        let copies = |all: Vec<Value>| home(vec![("copies", Value::set(all))]);
        assert_eq!(
            codes(&copies(vec![copy(&[("namespace", "c")]), copy(&[("namespace", "a"), ("name", "c")])])),
            [""; 0]
        );
        assert_eq!(codes(&copies(vec![copy(&[("namespace", "a")])])), ["BERTH-ACME-077"]);
        assert_eq!(codes(&copies(vec![copy(&[("namespace", "A")])])), ["BERTH-ACME-046"]);
        let twice = [copy(&[("namespace", "c")]), copy(&[("namespace", "c"), ("name", "b")])];
        assert_eq!(codes(&copies(twice.to_vec())), ["BERTH-ACME-077"]);

        for (alias, with_ca, refused) in [
            ("ca", true, true),
            ("CA", true, true),
            ("ca-1", true, true),
            ("ca-x", true, false),
            ("cab", true, false),
            ("ca", false, false),
        ] {
            let store = Value::object([("alias", Value::from(alias)), ("password_wo", Value::from("changeit"))]);
            let mut place = vec![("keystores", Value::object([("jks", store)]))];
            if with_ca {
                place.push(("ca_pem", Value::Unknown));
            }
            let expected: &[&str] = if refused { &["BERTH-ACME-117"] } else { &[] };
            assert_eq!(codes(&home(place)), expected, "{alias}");
        }
        let stores = |store| home(vec![("keystores", Value::object([("jks", Value::object(store))]))]);
        let entry = || ("password_secret_ref", Value::object([("name", Value::from("p"))]));
        let given = || ("password_wo", Value::from("changeit"));
        assert_eq!(codes(&stores(vec![])), ["BERTH-ACME-070"]);
        assert_eq!(codes(&stores(vec![entry(), given()])), ["BERTH-ACME-070"]);
        assert_eq!(codes(&stores(vec![entry()])), [""; 0]);
        assert_eq!(codes(&stores(vec![given()])), [""; 0]);
        assert_eq!(codes(&stores(vec![("password_wo", Value::Unknown)])), [""; 0]);
    }
}
