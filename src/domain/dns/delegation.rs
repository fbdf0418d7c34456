//! Whether the world is led to the zone that records are written to.

use std::collections::BTreeSet;

/// What is wrong with a delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misled {
    /// The zone above names no servers for it.
    Nowhere,
    /// The zone above names other servers.
    Elsewhere(Vec<String>),
    /// Some of the servers that the zone above names are others.
    Partly(Vec<String>),
}

/// Holds the servers that the zone above names against those that serve the zone; `own` are the servers that the zone
/// names itself, which may go by names of their own ("white label").
///
/// # Errors
/// What is wrong.
pub fn check(above: &[String], serving: &[String], own: &[String]) -> Result<(), Misled> {
    let set = |names: &[String]| names.iter().map(|name| normal(name)).collect::<BTreeSet<_>>();
    let (above, serving, own) = (set(above), set(serving), set(own));
    if above.is_empty() {
        return Err(Misled::Nowhere);
    }
    let others: Vec<_> = above.difference(&serving).cloned().collect();
    if others.is_empty() || above == own {
        return Ok(());
    }
    Err(if others.len() == above.len() { Misled::Elsewhere(others) } else { Misled::Partly(others) })
}

fn normal(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_zone_above_names_the_servers_that_serve() {
        let serving = names(&["ns-1.awsdns-01.com.", "ns-2.awsdns-02.net."]);
        let judge = |above: &[&str], own: &[&str]| check(&names(above), &serving, &names(own));
        assert_eq!(judge(&["NS-2.awsdns-02.net", "ns-1.awsdns-01.com"], &[]), Ok(()));
        assert_eq!(judge(&["ns-1.awsdns-01.com"], &[]), Ok(()), "some of them serve as well");
        assert_eq!(judge(&[], &["ns-1.awsdns-01.com"]), Err(Misled::Nowhere));
        let registrar = ["ns1.registrar.example", "ns2.registrar.example"];
        assert_eq!(judge(&registrar, &["ns-1.awsdns-01.com"]), Err(Misled::Elsewhere(names(&registrar))));
        assert_eq!(judge(&["ns1.a.example"], &["ns1.a.example."]), Ok(()), "names of their own");
        let mixed = judge(&["ns-1.awsdns-01.com", "ns1.other.example"], &[]);
        assert_eq!(mixed, Err(Misled::Partly(names(&["ns1.other.example"]))));
    }
}
