//! Names for certificates as a CA wants them: lower case, ASCII, no last dot.

use std::net::IpAddr;

/// Brings a name into the form that the CA and the certificate use: `Bücher.Example.` becomes
/// `xn--bcher-kva.example`. A wildcard keeps its star.
///
/// # Errors
/// What is wrong, in words that complete "`dns_names` …".
pub fn normalize(name: &str) -> Result<String, String> {
    let trimmed = name.strip_suffix('.').unwrap_or(name);
    if trimmed.parse::<IpAddr>().is_ok() {
        return Err(format!("holds `{name}`, an IP address, which belongs into `ip_addresses`"));
    }
    let (wildcard, base) = trimmed.strip_prefix("*.").map_or(("", trimmed), |rest| ("*.", rest));
    if base.contains('*') {
        return Err(format!("holds `{name}`, whose star is not its whole first label"));
    }
    let ascii = idna::domain_to_ascii_strict(base).map_err(|_| format!("holds `{name}`, which is no domain name"))?;
    if !ascii.contains('.') {
        return Err(format!("holds `{name}`, which is no domain name with at least two labels"));
    }
    Ok(format!("{wildcard}{ascii}"))
}

/// Brings an IP address into the form that the CA uses: `2001:DB8::0:1` becomes `2001:db8::1`.
///
/// # Errors
/// What is wrong, in words that complete "`ip_addresses` …".
pub fn normalize_address(address: &str) -> Result<String, String> {
    let parsed = address.parse::<IpAddr>().map_err(|_| format!("holds `{address}`, which is no IP address"))?;
    Ok(parsed.to_string())
}

/// The normalized names, sorted and each once; names that cannot be normalized stay as they are.
pub fn canonical<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<_> = names.into_iter().map(|name| normalize(name).unwrap_or_else(|_| name.to_owned())).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Names as [`canonical`] has them, then addresses in the CA's form, sorted as text and each once.
pub fn canonical_with_addresses(names: &[String], addresses: &[String]) -> Vec<String> {
    let form = |address: &String| normalize_address(address).unwrap_or_else(|_| address.clone());
    let mut addresses: Vec<_> = addresses.iter().map(form).collect();
    addresses.sort_unstable();
    addresses.dedup();
    canonical(names.iter().map(String::as_str)).into_iter().chain(addresses).collect()
}

/// The most characters of a common name (X.520, `ub-common-name`).
const LONGEST_COMMON_NAME: usize = 64;

/// Whether a name can be a common name: in the form in which it will stand in the certificate.
pub fn fits_common_name(name: &str) -> bool {
    canonical([name]).concat().len() <= LONGEST_COMMON_NAME
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brings_names_into_the_cas_form() {
        let cases = [
            ("Registry.Sandbox.Test.", "registry.sandbox.test"),
            ("*.Registry.test", "*.registry.test"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("a-b.c1.example", "a-b.c1.example"),
        ];
        for (name, expected) in cases {
            assert_eq!(normalize(name).as_deref(), Ok(expected), "{name}");
        }
    }

    #[test]
    fn addresses_are_compared_in_their_form_and_in_one_order() {
        let list = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        let one =
            canonical_with_addresses(&list(&["B.a"]), &list(&["2001:DB8::0:1", "9.9.9.9", "10.0.0.1", "2001:db8::1"]));
        let other = canonical_with_addresses(&list(&["b.a"]), &list(&["9.9.9.9", "2001:db8:0::1", "10.0.0.1"]));
        assert_eq!(one, other);
        assert_eq!(one, ["b.a", "10.0.0.1", "2001:db8::1", "9.9.9.9"]);
    }

    #[test]
    fn a_common_name_is_measured_as_it_will_stand_in_the_certificate() {
        let label = "ü".repeat(15);
        let sharp = format!("{label}.{label}.{label}.example");
        assert!(sharp.chars().count() < 64 && !fits_common_name(&sharp));
        assert!(fits_common_name(&format!("{}.EXAMPLE.", "a".repeat(56))));
        assert!(!fits_common_name(&format!("{}.example", "a".repeat(57))));
    }

    #[test]
    fn says_what_is_wrong_with_a_name() {
        let long = "a.".repeat(126) + "aa";
        let cases = [
            ("192.0.2.1", "IP address"),
            ("a.*.example", "star"),
            ("*", "star"),
            ("localhost", "two labels"),
            ("a b.example", "no domain name"),
            ("_x.example", "no domain name"),
            ("-a.example", "no domain name"),
            ("", "no domain name"),
            (long.as_str(), "no domain name"),
        ];
        for (name, expected) in cases {
            let error = normalize(name).unwrap_err();
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn addresses_have_one_spelling() {
        assert_eq!(normalize_address("2001:DB8:0::1").as_deref(), Ok("2001:db8::1"));
        assert_eq!(normalize_address("192.0.2.7").as_deref(), Ok("192.0.2.7"));
        assert!(normalize_address("a.example").is_err());
    }

    #[test]
    fn names_that_mean_the_same_are_one() {
        assert_eq!(canonical(["b.example", "A.example.", "a.example"]), ["a.example", "b.example"]);
    }
}
