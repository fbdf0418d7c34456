//! What a check of a registry found, step by step, and what to make of it.

use std::fmt;

/// The steps of a check, in the order in which they are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The name has an address.
    Resolve,
    /// The server's certificate is trusted, for this name, and from the expected CA.
    Tls,
    /// Without a login, the registry refuses.
    Anonymous,
    /// With the login, it does not.
    Login,
    /// An image can be pushed.
    Push,
    /// It comes back the same by digest.
    Pull,
    /// A Pod's node can pull it.
    InCluster,
}

impl Step {
    /// The step's name in results.
    pub fn name(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Tls => "tls",
            Self::Anonymous => "anonymous",
            Self::Login => "login",
            Self::Push => "push",
            Self::Pull => "pull",
            Self::InCluster => "in_cluster",
        }
    }

    /// What to do when it fails and the cause says nothing better.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Resolve => "create the DNS record, or let this resource depend on the one that does",
            Self::Tls => {
                "check which certificate the server presents: it must be for this host and still valid; only where the words \
                 speak of an unknown issuer, put its CA into ca_pem"
            }
            Self::Anonymous => "give the registry users, so that nobody comes in without a login",
            Self::Login => "check username and password_wo against the registry's users",
            Self::Push => {
                "check the registry's log and storage, and the limits of what stands before it: for the size of a body, and for \
                 the time of a request (Traefik: respondingTimeouts.readTimeout of the entry point, 60 seconds)"
            }
            Self::Pull => "check the registry's log and storage",
            Self::InCluster => {
                "go by these words: `401` or `no basic auth`: have the service account name a pull secret with this login; \
                 `x509`: have the nodes trust the CA by `berth_node_trust` (containerd: certs.d/HOST/hosts.toml), whatever Pods \
                 trust; `no such host`: have the nodes' own resolver know the name"
            }
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One certificate of a chain, as a person tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Who made it.
    pub issuer: String,
    /// Its last moment, RFC 3339.
    pub not_after: String,
}

/// Whether a CA of this name made any certificate of the chain. Names are compared without regard to
/// case, and a part of the name is enough: Let's Encrypt draws its intermediates by lot.
pub fn is_issued_by(chain: &[Presented], expected: &str) -> bool {
    let expected = expected.to_lowercase();
    chain.iter().any(|certificate| certificate.issuer.to_lowercase().contains(&expected))
}

/// The chain's issuers, leaf's first, in one clause.
pub fn issuers(chain: &[Presented]) -> String {
    chain.iter().map(|certificate| format!("`{}`", certificate.issuer)).collect::<Vec<_>>().join(", then ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_issuers_name_is_enough() {
        let chain = [
            Presented { issuer: "Pebble Intermediate CA 12ab".to_owned(), not_after: String::new() },
            Presented { issuer: "Pebble Root CA 34cd".to_owned(), not_after: String::new() },
        ];
        assert!(is_issued_by(&chain, "pebble intermediate"));
        assert!(is_issued_by(&chain, "Pebble Root"));
        assert!(!is_issued_by(&chain, "Let's Encrypt"));
        assert_eq!(issuers(&chain), "`Pebble Intermediate CA 12ab`, then `Pebble Root CA 34cd`");
    }
}
