//! Whether the certificate in a Secret fits the registry that serves it.

use jiff::Timestamp;
use serde_json::Value;

use crate::domain::certificate::Chain;
use crate::domain::certificate_name::normalize;
use crate::domain::tls_secret::entry;

/// What is wrong with a TLS Secret for a registry of this name, as a clause about the Secret; `None` if nothing is.
pub fn certificate_fault(secret: &Value, host: Option<&str>, now: Timestamp) -> Option<String> {
    let (Some(chain), Some(key)) = (entry(secret, "tls.crt"), entry(secret, "tls.key")) else {
        return Some("has no tls.crt and tls.key".to_owned());
    };
    let facts = match Chain::parse(chain.expose()) {
        Ok(chain) => chain.facts,
        Err(fault) => return Some(format!("has a tls.crt that cannot be read: {fault}")),
    };
    // Kinds of keys that cannot be read here may well be right.
    if facts.matches_key(key.expose()) == Ok(false) {
        return Some("has a tls.key that belongs to another certificate".to_owned());
    }
    if facts.not_after < now {
        return Some(format!("has a certificate that ended at {}", facts.not_after));
    }
    let host = host.map(|host| normalize(host).unwrap_or_else(|_| host.to_owned()))?;
    let names = facts.names();
    (!names.iter().any(|name| covers(name, &host))).then(|| {
        format!(
            "has a certificate for {} and not for `{host}`",
            if names.is_empty() { "no name".to_owned() } else { names.join(", ") }
        )
    })
}

/// Whether a name of a certificate is this host's. A star stands for one label (RFC 9525 §6.3).
pub fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix("*.") {
        Some(base) => host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == base),
        None => name == host,
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    fn secret(names: &[&str], other_key: bool) -> Value {
        let key = rcgen::KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut wish = rcgen::CertificateParams::new(names).unwrap();
        wish.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let certificate = wish.self_signed(&key).unwrap();
        let shown = if other_key { rcgen::KeyPair::generate().unwrap() } else { key };
        json!({ "data": {
            "tls.crt": STANDARD.encode(certificate.pem()), "tls.key": STANDARD.encode(shown.serialize_pem()),
        } })
    }

    fn told(secret: &Value, host: &str) -> Option<String> {
        certificate_fault(secret, Some(host), "2029-01-01T00:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_certificate_for_the_host_fits_also_by_a_star_of_one_label() {
        for (names, host, fits) in [
            (&["registry.test", "other.test"][..], "registry.test", true),
            (&["*.apps.test"], "registry.apps.test", true),
            (&["*.apps.test"], "a.registry.apps.test", false),
            (&["*.apps.test"], "apps.test", false),
            (&["registry.test"], "images.test", false),
            (&["xn--bcher-kva.test"], "xn--bcher-kva.test", true),
        ] {
            assert_eq!(told(&secret(names, false), host).is_none(), fits, "{names:?} {host}");
        }
        let words = told(&secret(&["registry.test"], false), "images.test");
        assert_eq!(words.as_deref(), Some("has a certificate for registry.test and not for `images.test`"));
        assert_eq!(
            certificate_fault(&secret(&["a.test"], false), None, Timestamp::UNIX_EPOCH),
            None,
            "no host is declared"
        );
    }

    #[test]
    fn what_cannot_be_served_is_told() {
        let fits = secret(&["registry.test"], false);
        let late = certificate_fault(&fits, Some("registry.test"), "2031-01-01T00:00:00Z".parse().unwrap());
        assert!(late.unwrap().contains("ended at 2030-01-01"));
        assert!(told(&secret(&["registry.test"], true), "registry.test").unwrap().contains("another certificate"));
        assert!(told(&json!({ "data": {} }), "registry.test").unwrap().contains("no tls.crt"));
        let data = json!({ "data": { "tls.crt": STANDARD.encode("x"), "tls.key": STANDARD.encode("y") } });
        assert!(told(&data, "registry.test").unwrap().contains("cannot be read"));
    }
}
