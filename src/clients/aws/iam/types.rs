//! Roles, policies and OIDC providers as IAM keeps them.

use std::collections::{BTreeMap, BTreeSet};

/// A role to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewRole {
    /// Up to 64 characters.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
    /// Empty for none.
    pub description: String,
    /// Who may assume it, as JSON.
    pub trust_policy: String,
    /// In seconds, 3,600 to 43,200.
    pub max_session_duration: u32,
    /// The ARN of the policy that bounds its rights.
    pub permissions_boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A role with everything that hangs on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Its ARN.
    pub arn: String,
    /// The id that no other role ever has.
    pub unique_id: String,
    /// Empty for none.
    pub description: String,
    /// In seconds.
    pub max_session_duration: u32,
    /// The ARN of the policy that bounds its rights.
    pub permissions_boundary: Option<String>,
    /// Who may assume it, as JSON.
    pub trust_policy: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Inline policies: JSON by name.
    pub inline_policies: BTreeMap<String, String>,
    /// The ARNs of the managed policies attached to it.
    pub attached_policies: BTreeSet<String>,
}

/// A managed policy to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPolicy {
    /// Up to 128 characters.
    pub name: String,
    /// Begins and ends with a slash.
    pub path: String,
    /// Empty for none; IAM never changes it.
    pub description: String,
    /// What it allows, as JSON.
    pub document: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A managed policy in its version in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedPolicy {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What it says of itself; none if it says nothing, or it was not read (the account's listing leaves it out).
    pub description: Option<String>,
    /// What it allows, as JSON.
    pub document: String,
    /// Its tags; none if they were not read (the account's listing leaves them out).
    pub tags: Option<BTreeMap<String, String>>,
    /// How many users, groups and roles it is attached to; none if IAM does not say.
    pub attachments: Option<u32>,
}

/// An OIDC provider to make.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewProvider {
    /// The issuer, `https`.
    pub url: String,
    /// Audiences that tokens may be made for.
    pub client_ids: BTreeSet<String>,
    /// SHA-1 fingerprints of the issuer's CA; empty lets AWS find or disregard them.
    pub thumbprints: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// An OIDC provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OidcProvider {
    /// Its ARN.
    pub arn: String,
    /// The issuer without its scheme, as IAM keeps it.
    pub url: String,
    /// Audiences that tokens may be made for.
    pub client_ids: BTreeSet<String>,
    /// SHA-1 fingerprints of the issuer's CA.
    pub thumbprints: Vec<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}
