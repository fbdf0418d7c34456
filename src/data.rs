//! The data sources that berth offers, one file each.

pub mod eks_cluster;
pub mod hosted_zone;
pub mod workload_policy;
