//! The data sources that berth offers, one file each.

pub mod catalog;
pub mod certificate_diagnosis;
pub mod diagnosis;
pub mod dns_lookup;
pub mod eks_cluster;
pub mod hosted_zone;
pub mod image;
pub mod ingress_address;
pub mod pod_diagnosis;
pub mod registry_diagnosis;
pub mod repository_tags;
pub mod workload_policy;
