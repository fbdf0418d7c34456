//! IAM roles for service accounts: who may assume them, what they allow, and whether that fits IAM's limits.
//!
//! The mechanism: <https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html>.

pub mod arn;
pub mod document;
pub mod limits;
pub mod mistakes;
pub mod pods;
pub mod policy;
pub mod thumbprint;
pub mod trust;

pub use arn::{Partition, oidc_host, oidc_provider_arn};
pub use document::{canonical, same_policy};
pub use limits::{Problem, Size, check_role_name, size};
pub use policy::{Condition, Effect, Statement, parse_policy, policy_json};
pub use thumbprint::same_thumbprints;
pub use trust::{ServiceAccount, Trust, alike, parse_trust_policy, trust_policy};

/// What roles are held apart by: IAM does not tell the case of their names
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>, `RoleName`).
pub fn role_key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The audience that AWS expects in a service account's token.
pub const AUDIENCE: &str = "sts.amazonaws.com";
/// The annotation that tells EKS's webhook which role a service account assumes.
pub const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";
