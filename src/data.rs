//! The data sources that berth offers, one file each.

pub mod hosted_zone;
pub mod workload_policy;
