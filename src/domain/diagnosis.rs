//! Why a certificate, a Pod or a registry fails: causes with their evidence and remedy, ranked.
//!
//! All decisions are made from a [`Snapshot`]: what the cluster and the world outside answered, as plain data. Nothing is
//! asked here. `clients::diagnosis` collects snapshots.

mod cause;
mod certificate;
mod challenge;
mod deployment;
mod installation;
mod issuer;
mod pod;
mod pull;
mod reduced;
mod registry;
mod report;
mod snapshot;
mod walk;

pub use cause::Cause;
pub use certificate::certificate;
pub use deployment::{deployment, newest_pods};
pub use issuer::issuer;
pub use pod::pod;
pub use pull::{is_failed_pull, pulled_images};
pub use reduced::{pull_config, reduced};
pub use registry::registry;
pub use report::{Evidence, Finding, Health, Link, LinkState, Report, Severity};
pub use snapshot::{
    Answer, CaaAnswer, Directory, LoginAnswer, LoginProbe, NameAnswer, Presented, RegistryAnswer, Seen, Snapshot,
    TxtAnswer, Visited,
};

#[cfg(test)]
mod tests;
