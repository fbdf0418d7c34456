//! Decisions without I/O.

pub mod admission;
pub mod certificate;
pub mod certificate_name;
pub mod check;
pub mod credential;
pub mod dns;
pub mod dns_persist;
pub mod dockerconfig;
pub mod drift;
pub mod htpasswd;
pub mod http01_solver;
pub mod image;
pub mod irsa;
pub mod issuance;
pub mod keystore;
pub mod kubernetes;
pub mod load_balancer;
pub mod permissions;
pub mod probe_image;
pub mod registry;
pub mod renewal;
pub mod rollout;
pub mod tags;
pub mod tls_secret;
pub mod workload;
