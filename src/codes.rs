//! Every code that a message can have: when it comes, what can be done, and whether the same again may help.
//!
//! A site names its code as a literal. `tests/codes.rs` compares the literals of the source with these lists, and the
//! pages of the codes in `docs/guides` are generated from them. A number is never used for anything else again.

mod acme;
mod aws;
mod cert_manager;
mod check;
mod diagnosis;
mod dns;
mod k8s;
mod login;
mod oci;
mod policy;
mod provider;
mod pull;
mod registry;
mod route53;
mod sdk;
mod trust;

/// Whether another attempt may succeed although nobody has changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// What failed passes by itself now and then: a connection, a limit of requests, a wait.
    MayHelp,
    /// Somebody has to do something first.
    DoesNotHelp,
}

/// One code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// The code: `BERTH-FAMILY-NNN`.
    pub code: &'static str,
    /// Whether trying again alone may help.
    pub again: Again,
    /// When it comes, in a user's words.
    pub meaning: &'static str,
    /// What can be done.
    pub remedy: &'static str,
}

/// A code of what somebody has to mend.
const fn lasting(code: &'static str, meaning: &'static str, remedy: &'static str) -> Code {
    Code { code, again: Again::DoesNotHelp, meaning, remedy }
}

/// A code of what may pass by itself.
const fn passing(code: &'static str, meaning: &'static str, remedy: &'static str) -> Code {
    Code { code, again: Again::MayHelp, meaning, remedy }
}

/// The codes of one part of the provider.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// What its codes have in the middle: `ACME`.
    pub name: &'static str,
    /// What it is about, as a heading.
    pub title: &'static str,
    /// Its codes, list by list.
    pub lists: &'static [&'static [Code]],
}

impl Family {
    /// Its codes by their numbers.
    pub fn codes(&self) -> Vec<&'static Code> {
        let mut codes: Vec<_> = self.lists.iter().copied().flatten().collect();
        codes.sort_by_key(|code| code.code);
        codes
    }
}

/// All families, by their names.
pub static FAMILIES: &[Family] = &[
    Family { name: "ACME", title: "Accounts, orders and certificates of ACME CAs", lists: acme::CODES },
    Family { name: "AWS", title: "AWS, roles and OIDC providers", lists: &[aws::CODES] },
    Family { name: "CHECK", title: "The check of a registry", lists: &[check::CODES] },
    Family { name: "CM", title: "Issuers and certificates of cert-manager", lists: &[cert_manager::CODES] },
    Family { name: "DIAG", title: "Diagnoses", lists: &[diagnosis::CODES] },
    Family { name: "DNS", title: "Resolvers and name servers", lists: &[dns::CODES] },
    Family { name: "K8S", title: "The Kubernetes cluster", lists: &[k8s::CODES] },
    Family { name: "LOGIN", title: "Logins to registries", lists: &[login::CODES] },
    Family { name: "OCI", title: "Images, charts and tags in registries", lists: &[oci::CODES] },
    Family { name: "POLICY", title: "Policies of workloads", lists: &[policy::CODES] },
    Family { name: "PROVIDER", title: "The provider block", lists: &[provider::CODES] },
    Family { name: "PULL", title: "Pull secrets", lists: &[pull::CODES] },
    Family { name: "REG", title: "Registries", lists: &[registry::CODES] },
    Family { name: "ROUTE53", title: "Zones and records of Route53", lists: &[route53::CODES] },
    Family { name: "SDK", title: "Values, states and the talk with Terraform", lists: &[sdk::CODES] },
    Family { name: "TRUST", title: "Trust on the nodes", lists: &[trust::CODES] },
];

/// Every code, family by family.
pub fn all() -> impl Iterator<Item = &'static Code> {
    FAMILIES.iter().flat_map(Family::codes)
}
