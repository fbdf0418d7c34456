//! Names for certificates as a CA wants them: lower case, ASCII, no last dot.

use std::net::IpAddr;

/// Brings a name into the form that the CA and the certificate use: `Bücher.Example.` becomes
/// `xn--bcher-kva.example`. A wildcard keeps its star.
///
/// # Errors
/// What is wrong, in words that complete "`NAME` …".
pub fn normalize(name: &str) -> Result<String, String> {
    let trimmed = name.strip_suffix('.').unwrap_or(name);
    if trimmed.parse::<IpAddr>().is_ok() {
        return Err("is an IP address, which cannot be proved by DNS".to_owned());
    }
    let (wildcard, base) = trimmed.strip_prefix("*.").map_or(("", trimmed), |rest| ("*.", rest));
    if base.contains('*') {
        return Err("has a star that is not its whole first label".to_owned());
    }
    let ascii = idna::domain_to_ascii_strict(base).map_err(|_| "is no domain name".to_owned())?;
    if !ascii.contains('.') {
        return Err("is no domain name with at least two labels".to_owned());
    }
    Ok(format!("{wildcard}{ascii}"))
}

/// The normalized names, sorted and each once; names that cannot be normalized stay as they are.
pub fn canonical<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut all: Vec<_> = names.into_iter().map(|name| normalize(name).unwrap_or_else(|_| name.to_owned())).collect();
    all.sort_unstable();
    all.dedup();
    all
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
    fn names_that_mean_the_same_are_one() {
        assert_eq!(canonical(["b.example", "A.example.", "a.example"]), ["a.example", "b.example"]);
    }
}
