//! What users reported of this kind of tool, as configurations of our own.

mod acme_authorities;
mod acme_plans;
mod cluster;
mod cluster_claims;
mod cluster_takeover;
mod dns_iam;
mod dns_iam_records;
mod env;
mod first_start;
mod mistakes;
mod nulls;
mod strict_refresh;
