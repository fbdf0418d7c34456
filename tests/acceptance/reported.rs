//! What users reported about tools of this kind, as configurations of their own.

mod cluster;
mod cluster_claims;
mod cluster_takeover;
